//! The task that owns the registrar and the proxy.

use super::mail::{Mail, Order, Outgoing};
use super::presence::Presence;
use super::{Board, Door, Options, StartError};
use crate::clock;
use crate::ports::{Accounts, Shared};
use crate::stop::Stop;
use axum::extract::ws::close_code;
use sip::digest::Ha1s;
use sip::message::KeepAlive;
use sip::proxy::{self, Inbound, Party, Proxy};
use sip::registrar::{self, Flow, QuestionId, Registrar, Secrets};
use sip::{Instant, Seed};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How often a connection may send wrong credentials.
const MAX_REJECTED: u32 = 10;
/// How long the task sleeps when nothing is due.
const LONG: Duration = Duration::from_secs(3600);

pub(super) struct Desk {
    registrar: Registrar,
    proxy: Proxy,
    presence: Presence,
    connections: HashMap<Flow, Connection>,
    accounts: Shared<dyn Accounts>,
    orders: mpsc::UnboundedSender<Order>,
    board: Arc<Board>,
}

struct Connection {
    queue: mpsc::Sender<Outgoing>,
    rejected: u32,
}

impl Desk {
    pub(super) fn new(
        options: &Options,
        accounts: Shared<dyn Accounts>,
        orders: mpsc::UnboundedSender<Order>,
        board: Arc<Board>,
    ) -> Result<Self, StartError> {
        let aliases: Vec<&str> = options.aliases.iter().map(String::as_str).collect();
        let domain = registrar::Domain::new(&options.domain, &aliases)
            .map_err(|_| StartError::Domain([&[options.domain.as_str()], aliases.as_slice()].concat().join(", ")))?;
        let registrar_config = registrar::Config::new(domain.clone(), options.secret);
        let mut proxy_config = proxy::Config::new(domain, options.secret);
        proxy_config.ringing = Some(options.ringing);
        Ok(Self {
            registrar: Registrar::new(registrar_config, seed()?),
            proxy: Proxy::new(proxy_config, seed()?),
            presence: Presence::default(),
            connections: HashMap::new(),
            accounts,
            orders,
            board,
        })
    }

    pub(super) async fn run(
        mut self,
        mut mails: mpsc::Receiver<Mail>,
        mut orders: mpsc::UnboundedReceiver<Order>,
        door: Arc<Door>,
        mut stop: Stop,
    ) {
        self.work(&mut mails, &mut orders, &mut stop).await;
        door.close();
        for connection in self.connections.into_values() {
            // One whose queue is full is closed as well, when the queue is dropped.
            let _ = connection.queue.try_send(Outgoing::Close(close_code::AWAY, "the server stops"));
        }
    }

    async fn work(
        &mut self,
        mails: &mut mpsc::Receiver<Mail>,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        stop: &mut Stop,
    ) {
        loop {
            let wait = self.until_deadline();
            tokio::select! {
                mail = mails.recv() => match mail {
                    Some(mail) => self.mail(mail),
                    None => return,
                },
                Some(order) = orders.recv() => self.order(order),
                () = tokio::time::sleep(wait) => self.timeout(),
                () = stop.requested() => return,
            }
            self.drain();
        }
    }

    fn mail(&mut self, mail: Mail) {
        match mail {
            Mail::Opened { arrival, queue } => {
                self.connections.insert(arrival.flow, Connection { queue, rejected: 0 });
                self.registrar.handle(registrar::Input::Opened(arrival.clone()), now());
                self.proxy.handle(proxy::Input::Opened(arrival), now());
            }
            Mail::Received { flow, bytes } => self.received(flow, &bytes),
            Mail::Closed(flow) => self.close(flow),
        }
    }

    fn received(&mut self, flow: Flow, bytes: &[u8]) {
        match Inbound::read(bytes) {
            Inbound::KeepAlive(KeepAlive::Ping) => self.transmit(flow, b"\r\n".to_vec()),
            Inbound::KeepAlive(KeepAlive::Pong | KeepAlive::Empty) | Inbound::Dropped => {}
            Inbound::Refused(response) => self.transmit(flow, response),
            Inbound::Register(request) => {
                self.registrar.handle(registrar::Input::Received { flow, request }, now());
            }
            Inbound::Other(message) => self.proxy.handle(proxy::Input::Received { flow, message }, now()),
        }
    }

    fn close(&mut self, flow: Flow) {
        if self.connections.remove(&flow).is_some() {
            self.registrar.handle(registrar::Input::Closed(flow), now());
            self.proxy.handle(proxy::Input::Closed(flow), now());
        }
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Registrar(id, secrets) => self.registrar.handle(registrar::Input::Answer(id, secrets), now()),
            Order::Proxy(id, answer) => self.proxy.handle(proxy::Input::Answer(id, answer), now()),
            Order::Unbind { user, instance } => self.registrar.unbind(&user, &instance),
        }
    }

    fn timeout(&mut self) {
        self.registrar.handle(registrar::Input::Timeout, now());
        self.proxy.handle(proxy::Input::Timeout, now());
        for change in self.presence.timeout(clock::now()) {
            self.board.tell(change);
        }
    }

    fn until_deadline(&self) -> Duration {
        let machines = self.registrar.deadline().into_iter().chain(self.proxy.deadline()).map(Instant::as_millis);
        let next = machines.chain(self.presence.deadline()).min();
        next.map_or(LONG, |at| Duration::from_millis(at.saturating_sub(clock::now())))
    }

    /// Does what the machines want, until both are silent.
    fn drain(&mut self) {
        loop {
            while let Some(output) = self.registrar.poll() {
                self.registrar_wants(output);
            }
            match self.proxy.poll() {
                Some(output) => self.proxy_wants(output),
                None => return,
            }
        }
    }

    fn registrar_wants(&mut self, output: registrar::Output) {
        match output {
            registrar::Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            registrar::Output::Ask(id, registrar::Question::Credentials { user }) => {
                self.look_up(move |accounts| async move { Order::Registrar(id, secrets(&*accounts, &user).await) });
            }
            registrar::Output::Event(registrar::Event::Bindings { user, bindings }) => {
                let reachable = bindings.iter().filter(|binding| binding.flow().is_some()).count();
                let change = self.presence.bindings(&user, bindings.len(), reachable, clock::now());
                self.proxy.handle(proxy::Input::Bindings { user, bindings }, now());
                self.tell(change);
            }
            registrar::Output::Event(registrar::Event::Rejected { flow }) => self.rejected(flow),
        }
    }

    fn proxy_wants(&mut self, output: proxy::Output) {
        match output {
            proxy::Output::Transmit { flow, bytes } => self.transmit(flow, bytes),
            proxy::Output::Ask(id, question) => self.ask(id, question),
            proxy::Output::Event(proxy::Event::Calls { user, count }) => {
                let change = self.presence.calls(&user, count);
                self.tell(change);
            }
            proxy::Output::Event(proxy::Event::Rejected { flow }) => self.rejected(flow),
        }
    }

    fn ask(&self, id: QuestionId, question: proxy::Question) {
        self.look_up(move |accounts| async move {
            Order::Proxy(
                id,
                match question {
                    proxy::Question::Credentials { user } => {
                        proxy::Answer::Credentials(secrets(&*accounts, &user).await)
                    }
                    proxy::Question::Account { user } => {
                        let found = accounts.by_extension(&user).await;
                        proxy::Answer::Account(found.map(|person| party(person.extension, person.name)))
                    }
                },
            )
        });
    }

    fn look_up<F: Future<Output = Order> + Send + 'static>(
        &self,
        question: impl FnOnce(Shared<dyn Accounts>) -> F + Send + 'static,
    ) {
        let (accounts, orders) = (self.accounts.clone(), self.orders.clone());
        tokio::spawn(async move {
            // Without a desk nobody waits for it any more.
            let _ = orders.send(question(accounts).await);
        });
    }

    /// Sends, or closes a connection whose client does not read.
    fn transmit(&mut self, flow: Flow, bytes: Vec<u8>) {
        let Some(connection) = self.connections.get(&flow) else {
            return;
        };
        match connection.queue.try_send(Outgoing::Message(bytes)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => self.close(flow),
        }
    }

    /// Closes a connection that guesses passwords.
    fn rejected(&mut self, flow: Flow) {
        if let Some(connection) = self.connections.get_mut(&flow) {
            connection.rejected += 1;
            if connection.rejected >= MAX_REJECTED {
                let close = Outgoing::Close(close_code::POLICY, "too many wrong passwords");
                // A full queue closes it as well, when the queue is dropped.
                let _ = connection.queue.try_send(close);
                self.close(flow);
            }
        }
    }

    fn tell(&self, change: Option<super::presence::Change>) {
        if let Some(change) = change {
            self.board.tell(change);
        }
    }
}

async fn secrets(accounts: &dyn Accounts, user: &str) -> Option<Secrets> {
    let ha1 = accounts.ha1(user).await?;
    let person = accounts.by_extension(user).await?;
    let ha1s = Ha1s { md5: Some(ha1.md5), sha256: Some(ha1.sha256), sha512_256: None };
    Some(Secrets { ha1s, name: party(person.extension, person.name).name })
}

pub(super) fn party(extension: String, name: String) -> Party {
    Party { user: extension, name: (!name.is_empty()).then_some(name) }
}

fn now() -> Instant {
    Instant::from_millis(clock::now())
}

fn seed() -> Result<Seed, StartError> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed).map_err(|_| StartError::Random)?;
    Ok(seed)
}
