//! The registrar and the proxy as what the network's phones connect to.

use crate::network::Exchange;
use sip::digest::Ha1s;
use sip::message::{KeepAlive, Response, Status};
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
    /// Whether nonsense may come: somebody hostile is connected.
    pub(crate) tolerant: bool,
}

impl Real {
    pub(crate) fn new() -> Self {
        Self {
            registrar: Registrar::new(registrar_config(), [1; 32]),
            proxy: Proxy::new(proxy_config(), [2; 32]),
            out: VecDeque::new(),
            strangers: Vec::new(),
            inputs: 0,
            restore_after: None,
            counts: Vec::new(),
            routes: BTreeMap::new(),
            tolerant: false,
        }
    }

    /// The bindings of a user, each by its Contact.
    pub(crate) fn bindings(&self, user: &str) -> Vec<String> {
        self.registrar.bindings(user).iter().map(|binding| binding.contact.to_string()).collect()
    }

    /// Nothing is left of any call.
    pub(crate) fn is_idle(&self) -> bool {
        self.proxy.pending() == 0
    }

    /// What is kept of the registrar and of the proxy.
    #[allow(dead_code, reason = "the simulation asks for it")]
    pub(crate) fn saved(&self, now: Instant) -> [serde_json::Value; 2] {
        let registrar = serde_json::to_value(self.registrar.snapshot(now).expect("drained")).unwrap();
        let proxy = serde_json::to_value(self.proxy.snapshot(now).expect("drained")).unwrap();
        [registrar, proxy]
    }

    /// Another process goes on, with what was saved or with nothing; all connections are gone.
    #[allow(dead_code, reason = "the simulation asks for it")]
    pub(crate) fn restart(
        &mut self,
        saved: Option<[serde_json::Value; 2]>,
        away: Duration,
        seed: [u8; 32],
        now: Instant,
    ) {
        self.out.clear();
        match saved {
            Some([registrar, proxy]) => {
                let registrar = serde_json::from_value(registrar).unwrap();
                let proxy = serde_json::from_value(proxy).unwrap();
                self.registrar = Registrar::restore(registrar, registrar_config(), away, seed, now).unwrap();
                self.proxy = Proxy::restore(proxy, proxy_config(), away, seed, now).unwrap();
            }
            None => {
                self.registrar = Registrar::new(registrar_config(), seed);
                self.proxy = Proxy::new(proxy_config(), seed);
            }
        }
        self.drain(now);
        let flows: Vec<Flow> = self.registrar.flows().chain(self.proxy.flows()).collect();
        for Flow(flow) in flows {
            self.closed(flow, now);
        }
        self.out.clear();
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
            while let Some(output) = self.registrar.poll() {
                match output {
                    registrar::Output::Transmit { flow, bytes } => self.out.push_back((flow.0, bytes)),
                    registrar::Output::Ask(id, registrar::Question::Credentials { user }) => {
                        self.registrar.handle(registrar::Input::Answer(id, Some(secrets(&user))), now);
                    }
                    registrar::Output::Event(registrar::Event::Bindings { user, bindings, .. }) => {
                        self.proxy.handle(proxy::Input::Bindings { user, bindings }, now);
                    }
                    registrar::Output::Event(
                        registrar::Event::Refreshed { .. } | registrar::Event::Rejected { .. },
                    ) => {}
                }
            }
            match self.proxy.poll() {
                Some(proxy::Output::Transmit { flow, bytes }) => self.out.push_back((flow.0, bytes)),
                Some(proxy::Output::Ask(id, question)) => {
                    let answer = self.answer(question);
                    self.proxy.handle(proxy::Input::Answer(id, answer), now);
                }
                Some(proxy::Output::Event(proxy::Event::Dialogs { user, dialogs })) => {
                    let count = dialogs.iter().filter(|call| call.state == proxy::Progress::Confirmed).count();
                    let before = self.counts.iter().rev().find(|(other, _)| *other == user).map_or(0, |(_, n)| *n);
                    if count != before {
                        self.counts.push((user, count));
                    }
                }
                Some(proxy::Output::Event(proxy::Event::Rejected { .. } | proxy::Event::Sent { .. })) => {}
                None => return,
            }
        }
    }

    /// What a person wants done with calls.
    #[allow(dead_code, reason = "the simulation is another")]
    pub(crate) fn rules(&mut self, user: &str, rules: Rules) {
        let route = Route { party: party(user), destination: Destination::User(rules) };
        self.routes.insert(user.into(), route);
    }

    /// A group.
    #[allow(dead_code, reason = "the simulation is another")]
    pub(crate) fn group(&mut self, number: &str, order: Order, members: &[&str], ringing: Option<Duration>) {
        let members = members.iter().map(ToString::to_string).collect();
        let destination = Destination::Group(Group { members, order, ringing, otherwise: None });
        self.routes.insert(number.into(), Route { party: party(number), destination });
    }

    fn answer(&self, question: proxy::Question) -> proxy::Answer {
        match question {
            proxy::Question::Credentials { user } => proxy::Answer::Credentials(Some(secrets(&user))),
            proxy::Question::Route { user } => {
                let known = (user != "nobody").then(|| party(&user).into());
                proxy::Answer::Route(self.routes.get(&user).cloned().or(known))
            }
            proxy::Question::Serve { request, .. } => {
                proxy::Answer::Served(Response::to_request(&request, Status::BAD_EVENT))
            }
            proxy::Question::Keep { .. } => proxy::Answer::Kept(Err(proxy::Refusal::Full)),
        }
    }

    fn restore(&mut self, now: Instant) {
        let registrar = serde_json::to_string(&self.registrar.snapshot(now).expect("drained")).unwrap();
        let proxy = serde_json::to_string(&self.proxy.snapshot(now).expect("drained")).unwrap();
        let registrar = serde_json::from_str(&registrar).unwrap();
        let proxy = serde_json::from_str(&proxy).unwrap();
        self.registrar = Registrar::restore(registrar, registrar_config(), Duration::ZERO, [3; 32], now).unwrap();
        self.proxy = Proxy::restore(proxy, proxy_config(), Duration::ZERO, [4; 32], now).unwrap();
    }
}

impl Exchange for Real {
    fn opened(&mut self, flow: u64, user: &str, now: Instant) {
        let admission = if self.strangers.iter().any(|stranger| stranger == user) {
            Admission::Digest
        } else {
            Admission::Account(party(user))
        };
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
            Inbound::Refused(response) if self.tolerant => self.out.push_back((flow, response)),
            Inbound::Refused(response) => {
                panic!("a phone of ours sent nonsense: {}", String::from_utf8_lossy(&response))
            }
        }
        self.settle(now);
    }

    fn timeout(&mut self, now: Instant) {
        self.registrar.handle(registrar::Input::Timeout, now);
        self.proxy.handle(proxy::Input::Timeout, now);
        self.settle(now);
    }

    fn poll(&mut self) -> Option<(u64, Vec<u8>)> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        self.registrar.deadline().into_iter().chain(self.proxy.deadline()).min()
    }
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

fn registrar_config() -> registrar::Config {
    registrar::Config::new(Domain::new(DOMAIN, &[]).unwrap(), [7; 32])
}

fn proxy_config() -> proxy::Config {
    let mut config = proxy::Config::new(Domain::new(DOMAIN, &[]).unwrap(), [7; 32]);
    config.ringing = Some(Duration::from_secs(45));
    config
}
