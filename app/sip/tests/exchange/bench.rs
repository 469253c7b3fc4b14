//! An exchange on a bench: the two machines wired as a server wires them, with a clock that is set by hand.

pub use crate::company::{DOMAIN, password, phone, proxy_config, registrar_config, ring};
use crate::company::{name, secrets};
use crate::ladder::Ladder;
use crate::messages::{first_line, lines};
use sip::message::{Message, Request, Response};
use sip::proxy::{self, Destination, Group, Inbound, Order, Party, Progress, Proxy, Route, Rules, SendId};
use sip::registrar::{self, Admission, Arrival, Flow, QuestionId, Registrar};
use sip::transaction::Reliability;
use sip::{Duration, Instant};
use std::collections::BTreeMap;

/// The two machines, the phones' mailboxes, and what happened.
pub struct Bench {
    pub registrar: Registrar,
    pub proxy: Proxy,
    pub now: u64,
    /// Whether both machines are saved and restored after every step.
    pub restoring: bool,
    pub events: Vec<proxy::Event>,
    pub bound: Vec<(String, usize, usize)>,
    pub rejected: usize,
    /// What became of calls, in order.
    pub outcomes: Vec<proxy::CallOutcome>,
    /// What the directory says of numbers, where that is more than who has them.
    pub routes: BTreeMap<String, Route>,
    /// Whether whose a number is stays unanswered until [`Bench::tell`].
    pub asking: bool,
    /// Whose numbers were asked for, and are not known yet.
    pub looked_up: Vec<(QuestionId, String)>,
    /// The limits of the proxy.
    pub config: proxy::Config,
    /// The first lines of all requests that were sent, in order.
    pub order: Vec<(Flow, String)>,
    /// Who is in how many answered calls, whenever that changed.
    pub counts: Vec<(String, usize)>,
    /// What services are asked, and have not answered.
    pub asked: Vec<(QuestionId, proxy::Question)>,
    /// Whether messages are kept: asked for as well, and not refused at once.
    pub keeping: bool,
    pub ladder: Ladder,
    heard: Vec<(QuestionId, proxy::Question)>,
    known: BTreeMap<String, usize>,
    /// Whose bindings only last longer now.
    pub refreshed: Vec<String>,
    /// Which bindings are gone.
    pub removed: Vec<registrar::Removed>,
    /// What was sent and not taken yet.
    mail: BTreeMap<Flow, Vec<Message>>,
    flows: u64,
    seeds: u8,
    /// How far the clock jumped at restores.
    jumped: u64,
}

impl Bench {
    pub fn new() -> Self {
        Self::seeded(1)
    }

    /// A process of its own: with the same secret, and another seed.
    pub fn seeded(seed: u8) -> Self {
        Self {
            registrar: Registrar::new(registrar_config(), [seed; 32]),
            proxy: Proxy::new(proxy_config(), [seed + 1; 32]),
            now: 1_000_000,
            restoring: false,
            events: Vec::new(),
            bound: Vec::new(),
            rejected: 0,
            outcomes: Vec::new(),
            routes: BTreeMap::new(),
            asking: false,
            looked_up: Vec::new(),
            config: proxy_config(),
            order: Vec::new(),
            counts: Vec::new(),
            asked: Vec::new(),
            keeping: false,
            ladder: Ladder::default(),
            heard: Vec::new(),
            known: BTreeMap::new(),
            refreshed: Vec::new(),
            removed: Vec::new(),
            mail: BTreeMap::new(),
            flows: 0,
            seeds: 10,
            jumped: 0,
        }
    }

    /// With limits of the proxy's that are not the usual ones.
    pub fn configured(config: proxy::Config) -> Self {
        let mut bench = Self::new();
        bench.proxy = Proxy::new(config.clone(), [2; 32]);
        bench.config = config;
        bench
    }

    pub fn restoring() -> Self {
        let mut bench = Self::new();
        bench.restoring = true;
        bench
    }

    /// A connection that was admitted as this user.
    pub fn open(&mut self, user: &str) -> Flow {
        let party = Party { user: user.into(), name: name(user) };
        self.open_as(Admission::Account(party), Reliability::Reliable)
    }

    /// A connection whose requests have to be signed.
    pub fn open_digest(&mut self) -> Flow {
        self.open_as(Admission::Digest, Reliability::Reliable)
    }

    pub fn open_as(&mut self, admission: Admission, reliability: Reliability) -> Flow {
        self.flows += 1;
        let flow = Flow(self.flows);
        let arrival = Arrival { flow, admission, host: "phone.example.com".parse().ok(), reliability };
        self.registrar.handle(registrar::Input::Opened(arrival.clone()), self.at());
        self.proxy.handle(proxy::Input::Opened(arrival), self.at());
        self.settle();
        flow
    }

    pub fn close(&mut self, flow: Flow) {
        self.registrar.handle(registrar::Input::Closed(flow), self.at());
        self.proxy.handle(proxy::Input::Closed(flow), self.at());
        self.settle();
    }

    /// What a phone sends.
    pub fn send(&mut self, flow: Flow, message: impl Into<Message>) {
        let message = message.into();
        self.ladder.came(flow, &message);
        self.send_bytes(flow, &message.to_bytes());
    }

    pub fn send_bytes(&mut self, flow: Flow, bytes: &[u8]) {
        match Inbound::read(bytes) {
            Inbound::Register(request) => {
                self.registrar.handle(registrar::Input::Received { flow, request }, self.at());
            }
            Inbound::Other(message) => self.proxy.handle(proxy::Input::Received { flow, message }, self.at()),
            Inbound::Refused(response) => {
                let message = Message::parse(&response).expect("what is sent can be read");
                self.mail.entry(flow).or_default().push(message);
            }
            Inbound::KeepAlive(_) | Inbound::Dropped => {}
        }
        self.settle();
    }

    /// Lets time pass, and everything happen that falls into it.
    pub fn pass(&mut self, millis: u64) {
        let (start, jumped) = (self.now, self.jumped);
        loop {
            let end = start + millis + self.jumped - jumped;
            let deadlines = self.registrar.deadline().into_iter().chain(self.proxy.deadline());
            let Some(next) = deadlines.min().map(Instant::as_millis).filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.registrar.handle(registrar::Input::Timeout, self.at());
            self.proxy.handle(proxy::Input::Timeout, self.at());
            self.settle();
        }
    }

    /// Says whose the numbers are that were asked for.
    pub fn tell(&mut self) {
        for (id, user) in std::mem::take(&mut self.looked_up) {
            let route = self.routes.get(&user).cloned();
            let is_service = user.starts_with('*');
            let party = Party { name: name(&user).filter(|_| !is_service), user: user.clone() };
            let route = route.or_else(|| match is_service {
                // The exchange's own numbers.
                true => {
                    let other = |user: &str| Destination::PickUp(user.to_owned());
                    let destination = user.strip_prefix("*8").map_or(Destination::Service, other);
                    Some(Route { party, destination })
                }
                false => password(&user).map(|_| party.into()),
            });
            self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Route(route)), self.at());
        }
        self.drain();
    }

    /// What a person wants done with calls.
    pub fn rules(&mut self, user: &str, rules: Rules) {
        let party = Party { user: user.into(), name: name(user) };
        self.routes.insert(user.into(), Route { party, destination: Destination::User(rules) });
    }

    /// A group, each of whose members has a number.
    pub fn group(&mut self, number: &str, order: Order, members: &[&str]) -> &mut Group {
        for member in members {
            let party = Party { user: (*member).into(), name: name(member) };
            self.routes.entry((*member).into()).or_insert_with(|| party.into());
        }
        let members = members.iter().map(ToString::to_string).collect();
        let group = Group { members, order, ringing: None, otherwise: None };
        let party = Party { user: number.into(), name: Some("Sales".into()) };
        self.routes.insert(number.into(), Route { party, destination: Destination::Group(group) });
        match self.routes.get_mut(number) {
            Some(Route { destination: Destination::Group(group), .. }) => group,
            _ => unreachable!("it was just put there"),
        }
    }

    /// All that arrived at a phone.
    pub fn take(&mut self, flow: Flow) -> Vec<Message> {
        self.mail.remove(&flow).unwrap_or_default()
    }

    /// The one request that arrived at a phone.
    #[track_caller]
    pub fn request(&mut self, flow: Flow) -> Request {
        match <[Message; 1]>::try_from(self.take(flow)) {
            Ok([Message::Request(request)]) => request,
            other => panic!("expected one request: {}", lines(&other.map_or_else(|all| all, Vec::from))),
        }
    }

    /// The one response that arrived at a phone.
    #[track_caller]
    pub fn response(&mut self, flow: Flow) -> Response {
        match <[Message; 1]>::try_from(self.take(flow)) {
            Ok([Message::Response(response)]) => response,
            other => panic!("expected one response: {}", lines(&other.map_or_else(|all| all, Vec::from))),
        }
    }

    /// The first lines of what arrived at a phone.
    pub fn first_lines(&mut self, flow: Flow) -> Vec<String> {
        self.take(flow).iter().map(first_line).collect()
    }

    /// The one thing that services are asked.
    #[track_caller]
    pub fn question(&mut self) -> (QuestionId, proxy::Question) {
        match <[_; 1]>::try_from(std::mem::take(&mut self.asked)) {
            Ok([asked]) => asked,
            Err(other) => panic!("expected one question: {other:?}"),
        }
    }

    /// What a service answers.
    pub fn answer(&mut self, id: QuestionId, answer: proxy::Answer) {
        self.ladder.answered(&answer);
        self.proxy.handle(proxy::Input::Answer(id, answer), self.at());
        self.settle();
    }

    /// What a service sends.
    pub fn serve(&mut self, id: u64, user: &str, device: Option<&str>, request: Request) {
        self.ladder.sends(user, &request.clone().into());
        let (user, device) = (user.into(), device.map(Into::into));
        self.proxy.handle(proxy::Input::Send { id: SendId(id), user, device, request }, self.at());
        self.settle();
    }

    /// What services were told of what they sent.
    pub fn sent(&mut self) -> Vec<(u64, Option<u16>)> {
        let mut told = Vec::new();
        self.events.retain(|event| match event {
            proxy::Event::Sent { id, response } => {
                told.push((id.0, response.as_ref().map(|response| response.status.code())));
                false
            }
            proxy::Event::Dialogs { .. } | proxy::Event::Call(_) | proxy::Event::Rejected { .. } => true,
        });
        told
    }

    pub fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn settle(&mut self) {
        self.drain();
        if self.restoring {
            self.restore();
            self.drain();
        }
    }

    fn drain(&mut self) {
        loop {
            while let Some(output) = self.registrar.poll() {
                match output {
                    registrar::Output::Transmit { flow, bytes } => self.deliver(flow, &bytes),
                    registrar::Output::Ask(id, registrar::Question::Credentials { user }) => {
                        self.save_open_questions();
                        self.registrar.handle(registrar::Input::Answer(id, secrets(&user)), self.at());
                    }
                    registrar::Output::Event(registrar::Event::Bindings { user, bindings, removed }) => {
                        self.removed.extend(removed);
                        let reachable = bindings.iter().filter(|binding| binding.flow().is_some()).count();
                        self.bound.push((user.clone(), bindings.len(), reachable));
                        self.proxy.handle(proxy::Input::Bindings { user, bindings }, self.at());
                    }
                    registrar::Output::Event(registrar::Event::Refreshed { user }) => self.refreshed.push(user),
                    registrar::Output::Event(registrar::Event::Rejected { .. }) => self.rejected += 1,
                }
            }
            match self.proxy.poll() {
                Some(proxy::Output::Transmit { flow, bytes }) => self.deliver(flow, &bytes),
                Some(proxy::Output::Ask(id, proxy::Question::Credentials { user })) => {
                    let answer = proxy::Answer::Credentials(secrets(&user));
                    self.proxy.handle(proxy::Input::Answer(id, answer), self.at());
                }
                Some(proxy::Output::Ask(id, proxy::Question::Route { user })) => {
                    self.looked_up.push((id, user));
                    if !self.asking {
                        self.tell();
                    }
                }
                Some(proxy::Output::Ask(id, proxy::Question::Keep { .. })) if !self.keeping => {
                    let full = proxy::Answer::Kept(Err(proxy::Refusal::Full));
                    self.proxy.handle(proxy::Input::Answer(id, full), self.at());
                }
                Some(proxy::Output::Ask(
                    id,
                    question @ (proxy::Question::Serve { .. } | proxy::Question::Keep { .. }),
                )) => {
                    // After a restore it is asked again, and in the same words.
                    match self.heard.iter().find(|(known, _)| *known == id) {
                        Some((_, known)) => assert_eq!(*known, question),
                        None => {
                            self.ladder.asked(&question);
                            self.heard.push((id, question.clone()));
                            self.asked.push((id, question));
                        }
                    }
                }
                Some(proxy::Output::Event(proxy::Event::Rejected { .. })) => self.rejected += 1,
                Some(proxy::Output::Event(proxy::Event::Call(outcome))) => self.outcomes.push(outcome),
                Some(proxy::Output::Event(proxy::Event::Dialogs { user, dialogs })) => {
                    let count = dialogs.iter().filter(|call| call.state == Progress::Confirmed).count();
                    if self.known.insert(user.clone(), count).unwrap_or(0) != count {
                        self.counts.push((user.clone(), count));
                    }
                    let event = proxy::Event::Dialogs { user, dialogs };
                    self.ladder.told(&event);
                    self.events.push(event);
                }
                Some(proxy::Output::Event(event)) => {
                    self.ladder.told(&event);
                    self.events.push(event);
                }
                None => return,
            }
        }
    }

    /// An open question survives a restore: it is asked again.
    fn save_open_questions(&mut self) {
        if self.restoring && self.registrar.snapshot(self.at()).is_some() {
            self.restore();
            while self.registrar.poll().is_some() {}
        }
    }

    /// Both machines go through JSON, away for no time, into a clock that begins elsewhere.
    fn restore(&mut self) {
        let registrar = self.registrar.snapshot(self.at()).expect("drained");
        let proxy = self.proxy.snapshot(self.at()).expect("drained");
        let registrar = serde_json::from_str(&serde_json::to_string(&registrar).unwrap()).unwrap();
        let proxy = serde_json::from_str(&serde_json::to_string(&proxy).unwrap()).unwrap();
        self.now += 77_000;
        self.jumped += 77_000;
        self.seeds = self.seeds.wrapping_add(1);
        let (now, seed) = (self.at(), [self.seeds; 32]);
        self.registrar = Registrar::restore(registrar, registrar_config(), Duration::ZERO, seed, now).unwrap();
        self.proxy = Proxy::restore(proxy, self.config.clone(), Duration::ZERO, seed, now).unwrap();
        // What was open is asked again.
        self.looked_up.clear();
    }

    fn deliver(&mut self, flow: Flow, bytes: &[u8]) {
        let message = Message::parse(bytes).expect("what is sent can be read");
        message.validate().expect("what is sent is complete");
        if let Message::Request(request) = &message {
            self.order.push((flow, request.method.to_string()));
        }
        self.ladder.went(flow, &message);
        self.mail.entry(flow).or_default().push(message);
    }
}

impl Drop for Bench {
    /// Whatever happened, nothing is remembered of it for ever.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.pass(1_000_000);
            assert_eq!(self.proxy.pending(), 0, "the exchange forgot it all");
        }
    }
}

/// Both benches: as it runs, and saved and restored after every step.
pub fn benches() -> [Bench; 2] {
    [Bench::new(), Bench::restoring()]
}
