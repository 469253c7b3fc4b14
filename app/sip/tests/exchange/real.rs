//! The registrar, the proxy and, if need be, the notifier, wired as a server wires them, as what the network's phones
//! connect to.
#![allow(dead_code, reason = "several tests share it, each a part")]

use crate::network::Exchange;
use sip::body::pidf::Availability;
use sip::digest::Ha1s;
use sip::message::{KeepAlive, Response, Status};
use sip::notifier::{self, Notifier};
use sip::proxy::{self, Destination, Group, Inbound, Order, Party, Proxy, Route, Rules};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, Registrar, Secrets};
use sip::transaction::Reliability;
use sip::{Duration, Instant};
use std::collections::{BTreeMap, VecDeque};

/// The domain of the network's phones.
const DOMAIN: &str = "example.com";

/// The exchange, saved and restored once if asked to.
pub(crate) struct Real {
    registrar: Registrar,
    proxy: Proxy,
    notifier: Option<Notifier>,
    out: VecDeque<(u64, Vec<u8>)>,
    /// Who has to sign requests.
    pub(crate) strangers: Vec<String>,
    /// How many inputs there were.
    pub(crate) inputs: usize,
    /// After which of them the exchange is saved and restored.
    pub(crate) restore_after: Option<usize>,
    /// Who is in how many calls, as it was told.
    pub(crate) counts: Vec<(String, usize)>,
    /// What the directory says of numbers, where that is more than who has them.
    pub(crate) routes: BTreeMap<String, Route>,
    /// What the page's server was told of everybody's presence.
    pub(crate) presence: Vec<(String, Availability)>,
}

impl Real {
    pub(crate) fn new() -> Self {
        Self {
            registrar: Registrar::new(registrar_config(), [1; 32]),
            proxy: Proxy::new(proxy_config(), [2; 32]),
            notifier: None,
            out: VecDeque::new(),
            strangers: Vec::new(),
            inputs: 0,
            restore_after: None,
            counts: Vec::new(),
            routes: BTreeMap::new(),
            presence: Vec::new(),
        }
    }

    /// With a notifier, that what it is for is asked of.
    pub(crate) fn with_notifier() -> Self {
        Self {
            proxy: Proxy::new(serving(proxy_config()), [2; 32]),
            notifier: Some(Notifier::new(notifier_config(), [3; 32])),
            ..Self::new()
        }
    }

    /// The notifier is told something by its server.
    pub(crate) fn tell(&mut self, input: notifier::Input, now: Instant) {
        self.notify(input, now);
        self.settle(now);
    }

    /// The bindings of a user, each by its Contact.
    pub(crate) fn bindings(&self, user: &str) -> Vec<String> {
        self.registrar.bindings(user).iter().map(|binding| binding.contact.to_string()).collect()
    }

    /// Nothing is left of any call.
    pub(crate) fn is_idle(&self) -> bool {
        self.proxy.pending() == 0
    }

    /// How many subscriptions there are.
    pub(crate) fn subscriptions(&self) -> usize {
        self.notifier.as_ref().map_or(0, Notifier::subscriptions)
    }

    fn is_stranger(&self, user: &str) -> bool {
        self.strangers.iter().any(|stranger| stranger == user)
    }

    fn settle(&mut self, now: Instant) {
        self.drain(now);
        self.inputs += 1;
        if self.restore_after == Some(self.inputs) {
            self.restore(now);
            self.drain(now);
        }
    }

    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.registrar.poll() {
                self.registrar_says(output, now);
            } else if let Some(output) = self.proxy.poll() {
                self.proxy_says(output, now);
            } else if let Some(output) = self.notifier.as_mut().and_then(Notifier::poll) {
                self.notifier_says(output, now);
            } else {
                return;
            }
        }
    }

    fn registrar_says(&mut self, output: registrar::Output, now: Instant) {
        match output {
            registrar::Output::Transmit { flow, bytes } => self.out.push_back((flow.0, bytes)),
            registrar::Output::Ask(id, registrar::Question::Credentials { user }) => {
                assert!(self.is_stranger(&user), "everybody else is known by their connection");
                self.registrar.handle(registrar::Input::Answer(id, Some(secrets(&user))), now);
            }
            registrar::Output::Event(registrar::Event::Bindings { user, bindings, removed }) => {
                let input = proxy::Input::Bindings { user: user.clone(), bindings: bindings.clone() };
                self.proxy.handle(input, now);
                self.notify(notifier::Input::Bindings { user, bindings, removed }, now);
            }
            registrar::Output::Event(registrar::Event::Refreshed { .. } | registrar::Event::Rejected { .. }) => {}
        }
    }

    fn proxy_says(&mut self, output: proxy::Output, now: Instant) {
        match output {
            proxy::Output::Transmit { flow, bytes } => self.out.push_back((flow.0, bytes)),
            proxy::Output::Ask(id, proxy::Question::Serve { caller, device, request }) if self.notifier.is_some() => {
                self.notify(notifier::Input::Received { id, from: caller, device, request }, now);
            }
            proxy::Output::Ask(id, question) => {
                let answer = self.answer(question);
                self.proxy.handle(proxy::Input::Answer(id, answer), now);
            }
            proxy::Output::Event(proxy::Event::Dialogs { user, dialogs }) => {
                let count = dialogs.iter().filter(|call| call.state == proxy::Progress::Confirmed).count();
                let before = self.counts.iter().rev().find(|(other, _)| *other == user).map_or(0, |(_, n)| *n);
                if count != before {
                    self.counts.push((user.clone(), count));
                }
                self.notify(notifier::Input::Dialogs { user, dialogs }, now);
            }
            proxy::Output::Event(proxy::Event::Sent { id, response }) => {
                self.notify(notifier::Input::Sent { id, response }, now);
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
                self.proxy.handle(proxy::Input::Send { id, user, device: Some(device), request }, now);
            }
            notifier::Output::Ask(id, notifier::Question::Account { user }) => {
                let answer = notifier::Answer::Account(exists(&user).then(|| party(&user)));
                self.notify(notifier::Input::Answer(id, answer), now);
            }
            notifier::Output::Event(notifier::Event::Presence { user, presence }) => {
                self.presence.push((user, presence.state()));
            }
        }
    }

    fn notify(&mut self, input: notifier::Input, now: Instant) {
        if let Some(notifier) = &mut self.notifier {
            notifier.handle(input, now);
        }
    }

    /// What a person wants done with calls.
    pub(crate) fn rules(&mut self, user: &str, rules: Rules) {
        let route = Route { party: party(user), destination: Destination::User(rules) };
        self.routes.insert(user.into(), route);
    }

    /// A group.
    pub(crate) fn group(&mut self, number: &str, order: Order, members: &[&str], ringing: Option<Duration>) {
        let members = members.iter().map(ToString::to_string).collect();
        let destination = Destination::Group(Group { members, order, ringing, otherwise: None });
        self.routes.insert(number.into(), Route { party: party(number), destination });
    }

    fn answer(&self, question: proxy::Question) -> proxy::Answer {
        match question {
            proxy::Question::Credentials { user } => {
                assert!(self.is_stranger(&user), "everybody else is known by their connection");
                proxy::Answer::Credentials(Some(secrets(&user)))
            }
            proxy::Question::Route { user } => {
                let known = exists(&user).then(|| party(&user).into());
                proxy::Answer::Route(self.routes.get(&user).cloned().or(known))
            }
            proxy::Question::Serve { request, .. } => {
                proxy::Answer::Served(Response::to_request(&request, Status::BAD_EVENT))
            }
            proxy::Question::Keep { .. } => proxy::Answer::Kept(Err(proxy::Refusal::Full)),
        }
    }

    fn restore(&mut self, now: Instant) {
        let registrar = again(&self.registrar.snapshot(now).expect("drained"));
        let proxy = again(&self.proxy.snapshot(now).expect("drained"));
        let notifier = self.notifier.as_ref().map(|notifier| again(&notifier.snapshot(now).expect("drained")));
        let config = if notifier.is_some() { serving(proxy_config()) } else { proxy_config() };
        let away = Duration::ZERO;
        self.registrar = Registrar::restore(registrar, registrar_config(), away, [3; 32], now).unwrap();
        self.proxy = Proxy::restore(proxy, config, away, [4; 32], now).unwrap();
        self.notifier =
            notifier.map(|notifier| Notifier::restore(notifier, notifier_config(), away, [5; 32], now).unwrap());
    }
}

/// What is read of what was written of it.
fn again<T: serde::Serialize + serde::de::DeserializeOwned>(snapshot: &T) -> T {
    serde_json::from_str(&serde_json::to_string(snapshot).unwrap()).unwrap()
}

impl Exchange for Real {
    fn opened(&mut self, flow: u64, user: &str, now: Instant) {
        let admission = if self.is_stranger(user) { Admission::Digest } else { Admission::Account(party(user)) };
        let arrival = Arrival { flow: Flow(flow), admission, host: None, reliability: Reliability::Reliable };
        self.registrar.handle(registrar::Input::Opened(arrival.clone()), now);
        self.proxy.handle(proxy::Input::Opened(arrival), now);
        self.settle(now);
    }

    fn closed(&mut self, flow: u64, now: Instant) {
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
            Inbound::Other(message) => self.proxy.handle(proxy::Input::Received { flow: name, message }, now),
            Inbound::Refused(response) => {
                panic!("a phone of ours sent nonsense: {}", String::from_utf8_lossy(&response))
            }
        }
        self.settle(now);
    }

    fn timeout(&mut self, now: Instant) {
        self.registrar.handle(registrar::Input::Timeout, now);
        self.proxy.handle(proxy::Input::Timeout, now);
        self.notify(notifier::Input::Timeout, now);
        self.settle(now);
    }

    fn poll(&mut self) -> Option<(u64, Vec<u8>)> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let notifier = self.notifier.as_ref().and_then(Notifier::deadline);
        [self.registrar.deadline(), self.proxy.deadline(), notifier].into_iter().flatten().min()
    }
}

fn exists(user: &str) -> bool {
    user != "nobody"
}

fn party(user: &str) -> Party {
    Party { user: user.into(), name: Some(format!("{user} of the directory")) }
}

fn secrets(user: &str) -> Secrets {
    Secrets { ha1s: Ha1s::new(user, DOMAIN, &password(user)), name: party(user).name }
}

/// Everybody's password.
pub(crate) fn password(user: &str) -> String {
    format!("the password of {user}")
}

fn domain() -> Domain {
    Domain::new(DOMAIN, &[]).unwrap()
}

fn registrar_config() -> registrar::Config {
    registrar::Config::new(domain(), [7; 32])
}

fn proxy_config() -> proxy::Config {
    let mut config = proxy::Config::new(domain(), [7; 32]);
    config.ringing = Some(Duration::from_secs(45));
    config
}

/// What a notifier is for is asked of it.
fn serving(mut config: proxy::Config) -> proxy::Config {
    config.serves = notifier::PACKAGES.map(String::from).into();
    config
}

fn notifier_config() -> notifier::Config {
    notifier::Config::new(domain())
}
