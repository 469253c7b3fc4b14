//! The exchange: the registrar, the proxy and the notifier, wired as a server wires them, with a directory and a mailbox.

mod directory;
mod mailbox;
mod notices;
mod ringing;

pub(crate) use directory::QUIET;

use crate::network::Exchange;
use directory::Directory;
use mailbox::{Mailbox, Want};
use notices::Notices;
use ringing::Ringing;
use sip::digest::Ha1s;
use sip::message::{KeepAlive, Method, Request, Response, Status};
use sip::notifier::{self, Notifier, Waiting};
use sip::proxy::{self, CallState, Destination, Inbound, Load, Party, Progress, Proxy, Route, Rules};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, QuestionId, Registrar, Secrets};
use sip::transaction::Reliability;
use sip::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The domain of the network's phones.
const DOMAIN: &str = "example.com";

/// What was kept of the registrar, the proxy and the notifier.
pub(crate) type Saved = [serde_json::Value; 3];

/// The exchange.
pub(crate) struct Whole {
    registrar: Registrar,
    proxy: Proxy,
    notifier: Notifier,
    out: VecDeque<(u64, Vec<u8>)>,
    /// Who has to sign requests.
    pub(crate) strangers: Vec<String>,
    directory: Directory,
    pub(crate) mailbox: Mailbox,
    /// Whether there is a notifier, and a mailbox.
    pub(crate) tells: bool,
    /// Whether it runs.
    pub(crate) up: bool,
    /// Whether who is in no call may pick one up.
    pub(crate) picks_up: bool,
    pub(crate) ringing: Ringing,
    notices: Notices,
    /// The calls of users, as the proxy told them last.
    dialogs: BTreeMap<String, Vec<CallState>>,
    /// Who uses which connection.
    flows: BTreeMap<u64, String>,
}

impl Whole {
    pub(crate) fn new() -> Self {
        Self {
            registrar: Registrar::new(registrar_config(), [1; 32]),
            proxy: Proxy::new(proxy_config(false, true), [2; 32]),
            notifier: Notifier::new(notifier_config(), [3; 32]),
            out: VecDeque::new(),
            strangers: Vec::new(),
            directory: Directory::default(),
            mailbox: Mailbox::default(),
            tells: false,
            up: true,
            picks_up: true,
            ringing: Ringing::default(),
            notices: Notices::default(),
            dialogs: BTreeMap::new(),
            flows: BTreeMap::new(),
        }
    }

    /// Nothing is left of any call.
    pub(crate) fn is_idle(&self) -> bool {
        self.proxy.pending() == 0
    }

    /// How many requests there are of one connection.
    pub(crate) fn load(&self, flow: u64) -> Load {
        self.proxy.load(Flow(flow))
    }

    /// How many there may be.
    pub(crate) fn max_load() -> Load {
        proxy_config(false, false).max_load()
    }

    /// How many registrations of a user there are, and subscriptions of all.
    pub(crate) fn known(&self, user: &str) -> (usize, usize) {
        (self.registrar.bindings(user).len(), self.notifier.subscriptions())
    }

    /// The bindings of a user, each by its Contact.
    pub(crate) fn bindings(&self, user: &str) -> BTreeSet<String> {
        self.registrar.bindings(user).iter().map(|binding| binding.uri().to_string()).collect()
    }

    /// A user's calls.
    pub(crate) fn dialogs(&self, user: &str) -> &[CallState] {
        self.dialogs.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a connection is open.
    pub(crate) fn is_open(&self, flow: u64) -> bool {
        self.flows.contains_key(&flow)
    }

    /// What is kept of the three.
    pub(crate) fn saved(&self, now: Instant) -> Saved {
        let registrar = serde_json::to_value(self.registrar.snapshot(now).expect("drained")).unwrap();
        let proxy = serde_json::to_value(self.proxy.snapshot(now).expect("drained")).unwrap();
        let notifier = serde_json::to_value(self.notifier.snapshot(now).expect("drained")).unwrap();
        [registrar, proxy, notifier]
    }

    /// What would be kept of three that know nothing.
    pub(crate) fn fresh(now: Instant) -> Saved {
        Self::new().saved(now)
    }

    /// Another process goes on, with what was saved or with nothing; all connections are gone. What lies in the mailbox and
    /// stands in the directory is there still.
    pub(crate) fn restart(&mut self, saved: Option<Saved>, away: Duration, seed: [u8; 32], now: Instant) {
        self.out.clear();
        self.flows.clear();
        let config = proxy_config(self.tells, self.picks_up);
        match saved {
            Some([registrar, proxy, notifier]) => {
                let registrar = serde_json::from_value(registrar).unwrap();
                let proxy = serde_json::from_value(proxy).unwrap();
                let notifier = serde_json::from_value(notifier).unwrap();
                self.registrar = Registrar::restore(registrar, registrar_config(), away, seed, now).unwrap();
                self.proxy = Proxy::restore(proxy, config, away, seed, now).unwrap();
                self.notifier = Notifier::restore(notifier, notifier_config(), away, seed, now).unwrap();
                self.ringing.unplugged();
            }
            None => {
                self.registrar = Registrar::new(registrar_config(), seed);
                self.proxy = Proxy::new(config, seed);
                self.notifier = Notifier::new(notifier_config(), seed);
                self.mailbox.forgotten();
                self.ringing = Ringing::default();
                self.notices = Notices::default();
                self.dialogs.clear();
            }
        }
        self.up = true;
        self.tell_again(now);
        self.drain(now);
        let flows: Vec<Flow> = self.registrar.flows().chain(self.proxy.flows()).collect();
        for Flow(flow) in flows {
            self.closed(flow, now);
        }
        // The proxy counts from the first that it hears for how long phones may come back: whoever sends first, it begins now,
        // when it knows that all connections are gone.
        self.timeout(now);
        self.out.clear();
    }

    /// What a person wants done with calls.
    pub(crate) fn rules(&mut self, user: &str, rules: Rules, now: Instant) {
        let on = rules.do_not_disturb;
        let destination = Destination::User(rules);
        self.directory.set(user, Route { party: party(user), destination }, now);
        if self.tells && self.up {
            self.notifier.handle(notifier::Input::DoNotDisturb { user: user.into(), on }, now);
            self.drain(now);
        }
    }

    /// Somebody is not to be disturbed any more, or is again.
    pub(crate) fn quiet(&mut self, user: &str, on: bool, now: Instant) {
        let rules = Rules { do_not_disturb: on, ..self.directory.rules(user) };
        self.rules(user, rules, now);
    }

    /// What a number that is nobody's own leads to.
    pub(crate) fn number(&mut self, number: &str, destination: Destination, now: Instant) {
        self.directory.set(number, Route { party: party(number), destination }, now);
    }

    /// Whether somebody is not to be disturbed.
    pub(crate) fn is_quiet(&self, user: &str) -> bool {
        self.directory.rules(user).do_not_disturb
    }

    /// Nobody wants anything any more, and nothing waits for anybody.
    pub(crate) fn clear(&mut self, now: Instant) {
        for user in self.directory.users() {
            self.rules(&user, Rules::default(), now);
        }
        self.mailbox.clear();
        self.settle(now);
    }

    fn tell_again(&mut self, now: Instant) {
        if self.tells {
            for user in self.directory.users() {
                let on = self.is_quiet(&user);
                self.notifier.handle(notifier::Input::DoNotDisturb { user, on }, now);
            }
        }
    }

    fn settle(&mut self, now: Instant) {
        self.drain(now);
        self.ringing.check(now);
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.registrar.poll() {
                self.registrar_says(output, now);
            } else if let Some(output) = self.proxy.poll() {
                self.proxy_says(output, now);
            } else if let Some(output) = self.notifier.poll() {
                self.notifier_says(output, now);
            } else if let Some(want) = self.mailbox.poll() {
                self.mailbox_wants(want, now);
            } else {
                return;
            }
        }
    }

    fn registrar_says(&mut self, output: registrar::Output, now: Instant) {
        match output {
            registrar::Output::Transmit { flow, bytes } => self.out.push_back((flow.0, bytes)),
            registrar::Output::Ask(id, registrar::Question::Credentials { user }) => {
                self.registrar.handle(registrar::Input::Answer(id, Some(secrets(&user))), now);
            }
            registrar::Output::Event(registrar::Event::Bindings { user, bindings, removed }) => {
                let flows = bindings.iter().filter_map(|binding| Some(binding.flow()?.0)).collect();
                self.proxy.handle(proxy::Input::Bindings { user: user.clone(), bindings: bindings.clone() }, now);
                if self.tells {
                    self.mailbox.bindings(&user, flows, now);
                    self.notifier.handle(notifier::Input::Bindings { user, bindings, removed }, now);
                }
            }
            registrar::Output::Event(registrar::Event::Refreshed { .. } | registrar::Event::Rejected { .. }) => {}
        }
    }

    fn proxy_says(&mut self, output: proxy::Output, now: Instant) {
        match output {
            proxy::Output::Transmit { flow, bytes } => {
                let user = self.flows.get(&flow.0).map(String::as_str).unwrap_or_default();
                self.ringing.sent(flow.0, user, &bytes, &self.directory, now);
                self.out.push_back((flow.0, bytes));
            }
            proxy::Output::Ask(id, question) => {
                if let Some(answer) = self.answer(id, question, now) {
                    self.proxy.handle(proxy::Input::Answer(id, answer), now);
                }
            }
            proxy::Output::Event(proxy::Event::Dialogs { user, dialogs }) => {
                if self.tells {
                    let input = notifier::Input::Dialogs { user: user.clone(), dialogs: dialogs.clone() };
                    self.notifier.handle(input, now);
                }
                self.dialogs.insert(user, dialogs);
            }
            proxy::Output::Event(proxy::Event::Sent { id, response }) => {
                if Mailbox::is_ours(id) {
                    self.mailbox.sent(id, response.as_ref(), now);
                } else {
                    self.notifier.handle(notifier::Input::Sent { id, response }, now);
                }
            }
            proxy::Output::Event(proxy::Event::Call(_) | proxy::Event::Rejected { .. }) => {}
        }
    }

    fn notifier_says(&mut self, output: notifier::Output, now: Instant) {
        match output {
            notifier::Output::Answer(id, response) => {
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Served(response)), now);
            }
            notifier::Output::Send { id, user, device, request } => {
                self.notices.sent(id, &user, &request);
                self.proxy.handle(proxy::Input::Send { id, user, device: Some(device), request }, now);
            }
            notifier::Output::Ask(id, notifier::Question::Account { user }) => {
                let party = self.directory.route(&user).map(|route| route.party);
                self.notifier.handle(notifier::Input::Answer(id, notifier::Answer::Account(party)), now);
            }
            notifier::Output::Event(notifier::Event::Presence { .. }) => {}
        }
    }

    fn mailbox_wants(&mut self, want: Want, now: Instant) {
        match want {
            Want::Send { id, user, request } => {
                self.proxy.handle(proxy::Input::Send { id, user, device: None, request }, now);
            }
            Want::Hold { user, hold } => self.proxy.handle(proxy::Input::Hold { user, hold }, now),
            Want::Count { user, new } => {
                let waiting = Waiting { new, old: 0 };
                self.notifier.handle(notifier::Input::Mailbox { user, waiting }, now);
            }
        }
    }

    fn answer(&mut self, id: QuestionId, question: proxy::Question, now: Instant) -> Option<proxy::Answer> {
        Some(match question {
            proxy::Question::Credentials { user } => proxy::Answer::Credentials(Some(secrets(&user))),
            proxy::Question::Route { user } => proxy::Answer::Route(self.directory.route(&user)),
            proxy::Question::Serve { caller, request, .. } if request.method == Method::Invite => {
                proxy::Answer::Served(self.dialled(&caller, &request, now))
            }
            proxy::Question::Serve { request, .. } if !self.tells => {
                proxy::Answer::Served(Response::to_request(&request, Status::BAD_EVENT))
            }
            proxy::Question::Serve { caller, device, request } => {
                self.notifier.handle(notifier::Input::Received { id, from: caller, device, request }, now);
                return None;
            }
            proxy::Question::Keep { .. } if !self.tells => proxy::Answer::Kept(Err(proxy::Refusal::Full)),
            proxy::Question::Keep { to, from, request } => {
                let bindings = self.registrar.bindings(&to).iter();
                let flows = bindings.filter_map(|binding| Some(binding.flow()?.0)).collect();
                self.mailbox.keep(&to, &from, request, flows, now);
                proxy::Answer::Kept(Ok(()))
            }
        })
    }

    /// A feature code: nobody is to disturb who dialled it, or anybody may again.
    fn dialled(&mut self, caller: &Party, invite: &Request, now: Instant) -> Response {
        let number = invite.uri.as_sip().and_then(|uri| uri.user_unescaped()).unwrap_or_default();
        self.quiet(&caller.user, number == directory::QUIET, now);
        Response::to_request(invite, Status::DECLINE)
    }
}

impl Whole {
    /// Somebody connects; without an account everything they send is to be signed.
    pub(crate) fn admit(&mut self, flow: u64, user: &str, admission: Admission, now: Instant) {
        let arrival = Arrival { flow: Flow(flow), admission, host: None, reliability: Reliability::Reliable };
        self.flows.insert(flow, user.into());
        self.registrar.handle(registrar::Input::Opened(arrival.clone()), now);
        self.proxy.handle(proxy::Input::Opened(arrival), now);
        self.settle(now);
    }
}

impl Exchange for Whole {
    fn opened(&mut self, flow: u64, user: &str, now: Instant) {
        let stranger = self.strangers.iter().any(|stranger| stranger == user);
        let admission = if stranger { Admission::Digest } else { Admission::Account(party(user)) };
        self.admit(flow, user, admission, now);
    }

    fn closed(&mut self, flow: u64, now: Instant) {
        self.flows.remove(&flow);
        self.ringing.closed(flow);
        self.registrar.handle(registrar::Input::Closed(Flow(flow)), now);
        self.proxy.handle(proxy::Input::Closed(Flow(flow)), now);
        self.settle(now);
    }

    fn received(&mut self, flow: u64, bytes: &[u8], now: Instant) {
        let name = Flow(flow);
        match Inbound::read(bytes) {
            Inbound::KeepAlive(KeepAlive::Ping) => self.out.push_back((flow, b"\r\n".to_vec())),
            Inbound::KeepAlive(KeepAlive::Pong | KeepAlive::Empty) | Inbound::Dropped => {}
            Inbound::Register(request) => {
                self.registrar.handle(registrar::Input::Received { flow: name, request }, now);
            }
            Inbound::Other(message) => {
                let user = self.flows.get(&flow).map(String::as_str).unwrap_or_default();
                // Who has to sign, and comes back without a word of who it is, is nobody yet.
                let is_here = |binding: &registrar::Binding| binding.flow() == Some(name);
                let stranger = self.strangers.iter().any(|stranger| stranger == user);
                let known = !stranger || self.registrar.bindings(user).iter().any(is_here);
                self.ringing.received((flow, known), user, &message, now);
                self.proxy.handle(proxy::Input::Received { flow: name, message }, now);
            }
            Inbound::Refused(response) => self.out.push_back((flow, response)),
        }
        self.settle(now);
    }

    fn timeout(&mut self, now: Instant) {
        self.registrar.handle(registrar::Input::Timeout, now);
        self.proxy.handle(proxy::Input::Timeout, now);
        self.notifier.handle(notifier::Input::Timeout, now);
        self.mailbox.timeout(now);
        self.settle(now);
    }

    fn poll(&mut self) -> Option<(u64, Vec<u8>)> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let machines = [self.registrar.deadline(), self.proxy.deadline(), self.notifier.deadline()];
        machines.into_iter().flatten().chain(self.mailbox.deadline()).min()
    }
}

/// Whether a user talks, as busy lamps have it.
pub(crate) fn is_engaged(call: &CallState) -> bool {
    match call.state {
        Progress::Confirmed => true,
        Progress::Trying | Progress::Early => call.direction == proxy::Direction::Initiator,
    }
}

/// Everybody's password.
pub(crate) fn password(user: &str) -> String {
    format!("the password of {user}")
}

pub(crate) fn party(user: &str) -> Party {
    Party { user: user.into(), name: Some(format!("{user} of the directory")) }
}

fn secrets(user: &str) -> Secrets {
    Secrets { ha1s: Ha1s::new(user, DOMAIN, &password(user)), name: party(user).name }
}

fn domain() -> Domain {
    Domain::new(DOMAIN, &[]).unwrap()
}

fn registrar_config() -> registrar::Config {
    registrar::Config::new(domain(), [7; 32])
}

fn proxy_config(tells: bool, picks_up: bool) -> proxy::Config {
    let mut config = proxy::Config::new(domain(), [7; 32]);
    config.ringing = Some(directory::RINGING);
    config.pick_up = picks_up;
    if tells {
        config.serves = notifier::PACKAGES.map(String::from).into();
    }
    config
}

fn notifier_config() -> notifier::Config {
    notifier::Config::new(domain())
}
