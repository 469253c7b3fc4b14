//! The registrar, the proxy and the notifier, wired as a server wires them, as what the network's phones connect to.

use crate::network::Exchange;
use sip::body::pidf::Availability;
use sip::message::KeepAlive;
use sip::notifier::{self, Notifier};
use sip::proxy::{self, Inbound, Party, Proxy};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, QuestionId, Registrar};
use sip::transaction::Reliability;
use sip::{Duration, Instant};
use std::collections::VecDeque;

/// The domain of the network's phones.
const DOMAIN: &str = "example.com";

/// The exchange, saved and restored once if asked to.
pub struct Whole {
    registrar: Registrar,
    proxy: Proxy,
    pub notifier: Notifier,
    out: VecDeque<(u64, Vec<u8>)>,
    pub inputs: usize,
    /// After which input the exchange is saved and restored.
    pub restore_after: Option<usize>,
    /// What the page's server was told.
    pub presence: Vec<(String, Availability)>,
}

impl Whole {
    pub fn new() -> Self {
        Self {
            registrar: Registrar::new(registrar_config(), [1; 32]),
            proxy: Proxy::new(proxy_config(), [2; 32]),
            notifier: Notifier::new(notifier_config(), [3; 32]),
            out: VecDeque::new(),
            inputs: 0,
            restore_after: None,
            presence: Vec::new(),
        }
    }

    /// The exchange is told something by its server.
    pub fn tell(&mut self, input: notifier::Input, now: Instant) {
        self.notifier.handle(input, now);
        self.settle(now);
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
            } else if let Some(output) = self.notifier.poll() {
                self.notifier_says(output, now);
            } else {
                return;
            }
        }
    }

    fn registrar_says(&mut self, output: registrar::Output, now: Instant) {
        match output {
            registrar::Output::Transmit { flow, bytes } => self.out.push_back((flow.0, bytes)),
            registrar::Output::Event(registrar::Event::Bindings { user, bindings, removed }) => {
                self.proxy.handle(proxy::Input::Bindings { user: user.clone(), bindings: bindings.clone() }, now);
                self.notifier.handle(notifier::Input::Bindings { user, bindings, removed }, now);
            }
            registrar::Output::Event(_) => {}
            registrar::Output::Ask(..) => panic!("everybody is known by their connection"),
        }
    }

    fn proxy_says(&mut self, output: proxy::Output, now: Instant) {
        match output {
            proxy::Output::Transmit { flow, bytes } => self.out.push_back((flow.0, bytes)),
            proxy::Output::Ask(id, proxy::Question::Serve { caller, device, request }) => {
                self.notifier.handle(notifier::Input::Received { id, from: caller, device, request }, now);
            }
            proxy::Output::Ask(id, proxy::Question::Route { user }) => {
                let route = exists(&user).then(|| party(&user).into());
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Route(route)), now);
            }
            proxy::Output::Event(proxy::Event::Dialogs { user, dialogs }) => {
                self.notifier.handle(notifier::Input::Dialogs { user, dialogs }, now);
            }
            proxy::Output::Event(proxy::Event::Sent { id, response }) => {
                self.notifier.handle(notifier::Input::Sent { id, response }, now);
            }
            other @ (proxy::Output::Ask(..) | proxy::Output::Event(_)) => panic!("unexpected: {other:?}"),
        }
    }

    fn notifier_says(&mut self, output: notifier::Output, now: Instant) {
        match output {
            notifier::Output::Answer(id, response) => self.answer(id, proxy::Answer::Served(response), now),
            notifier::Output::Send { id, user, device, request } => {
                self.proxy.handle(proxy::Input::Send { id, user, device: Some(device), request }, now);
            }
            notifier::Output::Ask(id, notifier::Question::Account { user }) => {
                let answer = notifier::Answer::Account(exists(&user).then(|| party(&user)));
                self.notifier.handle(notifier::Input::Answer(id, answer), now);
            }
            notifier::Output::Event(notifier::Event::Presence { user, presence }) => {
                self.presence.push((user, presence.state()));
            }
        }
    }

    fn answer(&mut self, id: QuestionId, answer: proxy::Answer, now: Instant) {
        self.proxy.handle(proxy::Input::Answer(id, answer), now);
    }

    fn restore(&mut self, now: Instant) {
        let registrar = serde_json::to_string(&self.registrar.snapshot(now).expect("drained")).unwrap();
        let proxy = serde_json::to_string(&self.proxy.snapshot(now).expect("drained")).unwrap();
        let notifier = serde_json::to_string(&self.notifier.snapshot(now).expect("drained")).unwrap();
        let (registrar, proxy, notifier) = (
            serde_json::from_str(&registrar).unwrap(),
            serde_json::from_str(&proxy).unwrap(),
            serde_json::from_str(&notifier).unwrap(),
        );
        let away = Duration::ZERO;
        self.registrar = Registrar::restore(registrar, registrar_config(), away, [4; 32], now).unwrap();
        self.proxy = Proxy::restore(proxy, proxy_config(), away, [5; 32], now).unwrap();
        self.notifier = Notifier::restore(notifier, notifier_config(), away, [6; 32], now).unwrap();
    }
}

impl Exchange for Whole {
    fn opened(&mut self, flow: u64, user: &str, now: Instant) {
        let admission = Admission::Account(party(user));
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
        self.notifier.handle(notifier::Input::Timeout, now);
        self.settle(now);
    }

    fn poll(&mut self) -> Option<(u64, Vec<u8>)> {
        self.out.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        [self.registrar.deadline(), self.proxy.deadline(), self.notifier.deadline()].into_iter().flatten().min()
    }
}

fn exists(user: &str) -> bool {
    user != "nobody"
}

fn party(user: &str) -> Party {
    Party { user: user.into(), name: Some(format!("{user} of the directory")) }
}

fn domain() -> Domain {
    Domain::new(DOMAIN, &[]).unwrap()
}

fn registrar_config() -> registrar::Config {
    registrar::Config::new(domain(), [7; 32])
}

fn proxy_config() -> proxy::Config {
    let mut config = proxy::Config::new(domain(), [7; 32]);
    config.serves = notifier::PACKAGES.map(String::from).into();
    config
}

fn notifier_config() -> notifier::Config {
    notifier::Config::new(domain())
}
