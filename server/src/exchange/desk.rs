//! The task that owns the registrar and the proxy.

mod census;
mod claims;
mod history;
mod lines;
mod notices;
pub(super) mod relay;
mod storage;
mod trust;

use super::known::Known;
use super::mail::{Found, Mail, Order, Outgoing, Queue};
use super::plain::Edge;
use super::presence::Presence;
use super::{Board, Door, Options, Ports, StartError};
use crate::clock;
use crate::meters::{Asked, Meters};
use crate::ports::{Accounts, Guesses, Kept, Routes, Sessions, Shared};
use crate::stop::Stop;
use axum::extract::ws::close_code;
use census::Tally;
use claims::nobody;
use history::Witness;
use notices::packages;
use relay::Passing;
use sip::digest::Ha1s;
use sip::message::{Method, Request, Response, Status};
use sip::notifier::{self, Notifier};
use sip::proxy::{self, Party, Proxy};
use sip::registrar::{self, Flow, QuestionId, Registrar, Secrets};
use sip::uri::{Host, SipUri};
use sip::{Instant, Seed};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use storage::{Before, Storage};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How many messages are worked on before the connections get their turn.
const AT_ONCE: usize = 64;

pub(super) struct Desk {
    registrar: Registrar,
    proxy: Proxy,
    notifier: Notifier,
    /// What was there before a restart is known.
    ready: bool,
    presence: Presence,
    connections: HashMap<Flow, Connection>,
    accounts: Shared<dyn Accounts>,
    routes: Shared<dyn Routes>,
    guesses: Shared<dyn Guesses>,
    sessions: Shared<dyn Sessions>,
    storage: Storage,
    witness: Witness,
    /// The secrets of whoever does not exist or has to wait: as much work to check as anybody's, and never right.
    nobody: Secrets,
    known: Known,
    /// Whose message is worked on: the questions that it raises are about what was sent there.
    speaker: Option<Flow>,
    orders: mpsc::UnboundedSender<Order>,
    board: Arc<Board>,
    meters: Meters,
    tally: Tally,
    /// The SIP domain.
    domain: Host,
    passing: Passing,
}

struct Connection {
    queue: Queue,
    address: IpAddr,
    /// Where it meets a plain phone, if it does.
    edge: Option<Edge>,
    /// That phone is behind a NAT.
    natted: bool,
    rejected: u32,
    /// Who signed requests here, and with what: no guesses, so that a phone goes on while others guess.
    proved: BTreeMap<String, Ha1s>,
}

impl Desk {
    pub(super) fn new(
        options: &Options,
        ports: &Ports,
        orders: mpsc::UnboundedSender<Order>,
        board: Arc<Board>,
        kept: Kept,
        quiet: BTreeSet<String>,
        stop: &Stop,
    ) -> Result<Self, StartError> {
        let aliases: Vec<&str> = options.aliases.iter().map(String::as_str).collect();
        let domain = registrar::Domain::new(&options.domain, &aliases)
            .map_err(|_| StartError::Domain([&[options.domain.as_str()], aliases.as_slice()].concat().join(", ")))?;
        let mut registrar_config = registrar::Config::new(domain.clone(), options.secret);
        registrar_config.max_expires = options.registration;
        let mut proxy_config = proxy::Config::new(domain.clone(), options.secret);
        proxy_config.ringing = Some(options.ringing);
        proxy_config.serves = packages();
        let mut registrar = Registrar::new(registrar_config, seed()?);
        let Kept { bindings, calls, messages, snapshots } = kept;
        let before = Before { bindings, calls, messages };
        quiet.iter().for_each(|user| board.undisturb(user, true));
        let name = domain.name().clone();
        let notifier = notices::notifier(domain, snapshots, quiet)?;
        // What phones published before a restart.
        notifier.sayers().for_each(|user| board.say(user, notifier.said(user).as_ref()));
        let storage = Storage::open(&ports.ledger, &options.domain, before, &mut registrar);
        Ok(Self {
            registrar,
            proxy: Proxy::new(proxy_config, seed()?),
            notifier,
            ready: false,
            presence: Presence::default(),
            connections: HashMap::new(),
            accounts: Arc::clone(&ports.accounts),
            routes: Arc::clone(&ports.routes),
            guesses: Arc::clone(&ports.guesses),
            sessions: Arc::clone(&ports.sessions),
            storage,
            witness: Witness::new(Arc::clone(&ports.calls), stop.clone()),
            nobody: nobody()?,
            known: Known::default(),
            speaker: None,
            orders,
            board,
            meters: ports.meters.clone(),
            tally: Tally::default(),
            domain: name,
            passing: Passing::default(),
        })
    }

    pub(super) async fn run(
        mut self,
        mut mails: mpsc::Receiver<Mail>,
        mut orders: mpsc::UnboundedReceiver<Order>,
        door: Arc<Door>,
        mut stop: Stop,
    ) {
        // What was there before a restart: the phones, then their calls, then who is to be told of them.
        self.drain();
        self.take_calls();
        self.drain();
        self.calls_go_on();
        self.ready = true;
        self.drain();
        self.doubt(None);
        self.work(&mut mails, &mut orders, &mut stop).await;
        door.close();
        for (_, connection) in self.connections.drain() {
            // One whose queue is full is closed as well, when the queue is dropped.
            let _ = connection.queue.try_send(Outgoing::Close(close_code::AWAY, "the server stops"));
        }
        self.write_all(&mut orders).await;
    }

    async fn work(
        &mut self,
        mails: &mut mpsc::Receiver<Mail>,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        stop: &mut Stop,
    ) {
        let (mut changed, mut deaf) = (self.sessions.ended(), false);
        let mut batch = Vec::with_capacity(AT_ONCE);
        // What is waited for outlives a turn: most turns are over before it comes.
        let mut stopped = pin!(stop.requested());
        let mut timer = pin!(sleep(Duration::ZERO));
        let mut armed = None;
        loop {
            let due = self.deadline();
            if let Some(at) = due.filter(|_| due != armed) {
                timer.as_mut().reset(moment(at));
            }
            armed = due;
            tokio::select! {
                count = mails.recv_many(&mut batch, AT_ONCE) => {
                    if count == 0 {
                        return;
                    }
                    for mail in batch.drain(..) {
                        self.mail(mail);
                        self.drain();
                        // What is known already is answered at once.
                        while let Ok(order) = orders.try_recv() {
                            self.order(order);
                            self.drain();
                        }
                    }
                    if count == AT_ONCE {
                        tokio::task::yield_now().await;
                    }
                }
                Some(order) = orders.recv() => {
                    self.order(order);
                    self.drain();
                }
                () = &mut timer, if due.is_some() => {
                    self.timeout();
                    self.drain();
                }
                account = changed.recv(), if !deaf => {
                    self.known.forget();
                    deaf = matches!(account, Err(RecvError::Closed));
                    self.doubt(account.ok());
                }
                () = &mut stopped => return,
            }
        }
    }

    fn mail(&mut self, mail: Mail) {
        match mail {
            Mail::Opened { arrival, address, queue, edge } => {
                let connection =
                    Connection { queue, address, edge, natted: false, rejected: 0, proved: BTreeMap::new() };
                self.connections.insert(arrival.flow, connection);
                self.registrar.handle(registrar::Input::Opened(arrival.clone()), now());
                self.proxy.handle(proxy::Input::Opened(arrival), now());
            }
            Mail::Received { flow, bytes } => self.received(flow, &bytes),
            Mail::Closed { flow, for_good } => {
                if for_good {
                    // What its phone did not unregister itself is gone. What another connection took over stays.
                    self.registrar.unbind_flow(flow);
                }
                self.close(flow);
            }
        }
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Registrar(id, claim, Found { secrets, age }) => {
                let (secrets, guess) = self.weigh(&claim, secrets);
                self.registrar.handle(registrar::Input::Answer(id, Some(secrets.clone())), now());
                let outputs: Vec<_> = std::iter::from_fn(|| self.registrar.poll()).collect();
                let rejected = |output| matches!(output, &registrar::Output::Event(registrar::Event::Rejected { .. }));
                self.judged(&claim, &secrets, guess, outputs.is_empty(), outputs.iter().any(rejected));
                self.remember(&claim, &secrets, age);
                outputs.into_iter().for_each(|output| self.registrar_wants(output));
            }
            Order::Caller(id, claim, Found { secrets, age }) => {
                let (secrets, guess) = self.weigh(&claim, secrets);
                let answer = proxy::Answer::Credentials(Some(secrets.clone()));
                self.proxy.handle(proxy::Input::Answer(id, answer), now());
                let outputs: Vec<_> = std::iter::from_fn(|| self.proxy.poll()).collect();
                let rejected = |output| matches!(output, &proxy::Output::Event(proxy::Event::Rejected { .. }));
                self.judged(&claim, &secrets, guess, outputs.is_empty(), outputs.iter().any(rejected));
                self.remember(&claim, &secrets, age);
                outputs.into_iter().for_each(|output| self.proxy_wants(output));
            }
            Order::Callee(id, callee) => {
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Route(callee)), now());
            }
            Order::Served(id, response) => {
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Served(response)), now());
            }
            Order::Relayed(relayed) => self.relayed(relayed),
            Order::Trust(users) => self.trust(users),
            Order::Account(id, found) => self.account(id, found),
            Order::Quiet(user, on) => self.quiet(user, on),
            Order::Stated(user, stated) => self.stated(user, stated),
            Order::Written(done) => self.written(done),
            Order::Count(told) => {
                // Who asked may not wait any more.
                let _ = told.send(self.count());
            }
            Order::Read(id, read) => self.storage.mailbox.read(id, read, clock::now()),
        }
    }

    fn timeout(&mut self) {
        self.registrar.handle(registrar::Input::Timeout, now());
        self.proxy.handle(proxy::Input::Timeout, now());
        self.notifier.handle(notifier::Input::Timeout, now());
        self.storage.mailbox.timeout(clock::now());
        for change in self.presence.timeout(clock::now()) {
            self.board.tell(change);
        }
    }

    /// When something is due, by [`clock::now`].
    fn deadline(&self) -> Option<u64> {
        let machines = [self.registrar.deadline(), self.proxy.deadline(), self.notifier.deadline()];
        let machines = machines.into_iter().flatten().map(Instant::as_millis);
        machines.chain(self.presence.deadline()).chain(self.storage.deadline()).min()
    }

    /// Does what the machines want, until both are silent.
    fn drain(&mut self) {
        loop {
            while let Some(output) = self.registrar.poll() {
                self.registrar_wants(output);
            }
            if let Some(output) = self.proxy.poll() {
                self.proxy_wants(output);
            } else if let Some(output) = self.ready.then(|| self.notifier.poll()).flatten() {
                self.notifier_wants(output);
            } else if let Some(want) = self.storage.mailbox.poll() {
                self.mailbox_wants(want);
            } else if let Some((user, count)) = self.storage.mailbox.poll_count() {
                self.count_messages(user, count);
            } else {
                break;
            }
        }
        self.speaker = None;
        self.write();
    }

    fn registrar_wants(&mut self, output: registrar::Output) {
        match output {
            registrar::Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            registrar::Output::Ask(id, registrar::Question::Credentials { user }) => {
                self.look_up_secrets(user, move |claim, secrets| Order::Registrar(id, claim, secrets));
            }
            registrar::Output::Event(registrar::Event::Bindings { user, bindings, removed }) => {
                let reachable = bindings.iter().filter(|binding| binding.flow().is_some()).count();
                self.storage.bound(&user, &bindings);
                let change = self.presence.bindings(&user, bindings.len(), reachable, clock::now());
                let told = notifier::Input::Bindings { user: user.clone(), bindings: bindings.clone(), removed };
                self.notifier.handle(told, now());
                self.proxy.handle(proxy::Input::Bindings { user, bindings }, now());
                self.tell(change);
            }
            registrar::Output::Event(registrar::Event::Refreshed { user }) => self.refreshed(&user),
            registrar::Output::Event(registrar::Event::Rejected { flow }) => self.rejected(flow),
        }
    }

    fn proxy_wants(&mut self, output: proxy::Output) {
        match output {
            proxy::Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            proxy::Output::Ask(id, proxy::Question::Credentials { user }) => {
                self.look_up_secrets(user, move |claim, secrets| Order::Caller(id, claim, secrets));
            }
            proxy::Output::Ask(id, proxy::Question::Route { user }) => match self.routes.known(&user) {
                Some(route) => {
                    self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Route(Some(route))), now());
                }
                None => {
                    let routes = Arc::clone(&self.routes);
                    self.look_up(move |_| async move { Order::Callee(id, routes.route(&user).await) });
                }
            },
            proxy::Output::Ask(id, proxy::Question::Serve { caller, device, request }) => {
                if request.method == Method::Invite {
                    self.dialled(id, caller, request);
                } else {
                    self.serve(id, caller, device, request);
                }
            }
            proxy::Output::Ask(id, proxy::Question::Keep { to, from, request }) => self.keep(id, to, &from, request),
            proxy::Output::Event(proxy::Event::Sent { id, response }) => self.sent(id, response),
            proxy::Output::Event(proxy::Event::Dialogs { user, dialogs }) => {
                self.storage.called(&user, &dialogs);
                self.witness_calls(&user, &dialogs);
                let answered = dialogs.iter().filter(|call| call.state == proxy::Progress::Confirmed).count();
                let rings = |call: &&proxy::CallState| {
                    let coming = call.direction == proxy::Direction::Recipient;
                    coming && matches!(call.state, proxy::Progress::Trying | proxy::Progress::Early)
                };
                let ringing = dialogs.iter().filter(rings).count();
                let change = self.presence.calls(&user, answered, ringing);
                self.notifier.handle(notifier::Input::Dialogs { user, dialogs }, now());
                self.tell(change);
            }
            proxy::Output::Event(proxy::Event::Call(outcome)) => self.witness_outcome(outcome),
            proxy::Output::Event(proxy::Event::Rejected { flow }) => self.rejected(flow),
        }
    }

    /// A phone dialled a code.
    fn dialled(&self, id: QuestionId, caller: Party, invite: Request) {
        let routes = Arc::clone(&self.routes);
        self.look_up(move |_| async move {
            let number = invite.uri.as_sip().and_then(SipUri::user_unescaped).unwrap_or_default();
            let response = match routes.dialled(&caller.user, &number).await {
                Some(dialled) => dialled.response(&invite),
                None => Response::to_request(&invite, Status::NOT_FOUND),
            };
            Order::Served(id, response)
        });
    }

    fn look_up<F: Future<Output = Order> + Send + 'static>(
        &self,
        question: impl FnOnce(Shared<dyn Accounts>) -> F + Send + 'static,
    ) {
        let (accounts, orders, meters) = (self.accounts.clone(), self.orders.clone(), self.meters.clone());
        tokio::spawn(async move {
            let begun = std::time::Instant::now();
            let order = question(accounts).await;
            meters.stored(Asked::Look, begun.elapsed());
            // Without a desk nobody waits for it any more.
            let _ = orders.send(order);
        });
    }

    fn tell(&self, change: Option<super::presence::Change>) {
        if let Some(change) = change {
            self.board.tell(change);
        }
    }
}

pub(super) fn party(extension: String, name: String) -> Party {
    Party { user: extension, name: (!name.is_empty()).then_some(name) }
}

fn now() -> Instant {
    Instant::from_millis(clock::now())
}

/// A time of [`clock::now`], as timers have it.
fn moment(at: u64) -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_millis(at.saturating_sub(clock::now()))
}

fn seed() -> Result<Seed, StartError> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed).map_err(|_| StartError::Random)?;
    Ok(seed)
}
