//! The laws of an exchange between two connections: whatever they send, it says little, forgets it all in the
//! end, and what it sends can be read.

use super::script::{OUTPUTS, STEPS, Script, answer, readable};
use sip::digest::Ha1s;
use sip::message::{Method, Request, Response, Status};
use sip::proxy::{self, Inbound, Proxy, Refusal, SendId};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, Party, QuestionId, Registrar, Secrets};
use sip::transaction::Reliability;
use sip::{Duration, Instant};

/// A script of what two phones do.
pub fn exchange(data: &[u8]) {
    let domain = || Domain::new("tabphone", &["alias.example"]).expect("a domain");
    let mut config = proxy::Config::new(domain(), [7; 32]);
    config.serves = vec!["presence".into()];
    let mut exchange = Exchange {
        registrar: Registrar::new(registrar::Config::new(domain(), [7; 32]), [1; 32]),
        proxy: Proxy::new(config, [2; 32]),
        now: Instant::from_millis(0),
        questions: Vec::new(),
        sent: Vec::new(),
        flows: [Flow(1), Flow(2)],
        opened: 2,
    };
    exchange.open(0);
    exchange.open(1);
    let mut script = Script(data);
    for _ in 0..STEPS {
        if script.0.is_empty() {
            break;
        }
        exchange.step(&mut script);
        exchange.drain();
    }
    exchange.at_rest();
}

enum Asked {
    Registrar(QuestionId, String),
    Credentials(QuestionId, String),
    Account(QuestionId, String),
    Service(QuestionId, Box<Request>),
    Keep(QuestionId),
}

struct Exchange {
    registrar: Registrar,
    proxy: Proxy,
    now: Instant,
    questions: Vec<Asked>,
    sent: Vec<(Flow, Vec<u8>)>,
    flows: [Flow; 2],
    opened: u64,
}

impl Exchange {
    fn step(&mut self, script: &mut Script<'_>) {
        let step = script.byte();
        // Which of the two.
        let phone = usize::from(step >> 7);
        let flow = self.flows[phone];
        match step % 12 {
            0 | 1 => self.receive(flow, script.chunk()),
            2..=4 => {
                let bytes = self.composed(phone, script);
                self.receive(flow, &bytes);
            }
            5 | 6 => {
                let index = self.sent.len().wrapping_sub(1 + usize::from(script.byte() % 4));
                let Some((flow, sent)) = self.sent.get(index).cloned() else { return };
                if let Some(bytes) = answer(&sent, script) {
                    self.receive(flow, &bytes);
                }
            }
            7 | 8 => self.answer(script),
            9 => self.timeout(),
            10 => self.now = self.now + Duration::from_millis(script.millis()),
            _ => {
                self.registrar.handle(registrar::Input::Closed(flow), self.now);
                self.proxy.handle(proxy::Input::Closed(flow), self.now);
                self.drain();
                self.opened += 1;
                self.flows[phone] = Flow(self.opened);
                self.open(phone);
            }
        }
    }

    /// The first phone is known; the second has to sign what it sends.
    fn open(&mut self, phone: usize) {
        let admission = match phone {
            0 => Admission::Account(Party { user: "1001".into(), name: Some("Alice".into()) }),
            _ => Admission::Digest,
        };
        let reliability = if phone == 0 { Reliability::Reliable } else { Reliability::Unreliable };
        let arrival = Arrival { flow: self.flows[phone], admission, host: None, reliability };
        self.registrar.handle(registrar::Input::Opened(arrival.clone()), self.now);
        self.proxy.handle(proxy::Input::Opened(arrival), self.now);
        self.drain();
    }

    fn receive(&mut self, flow: Flow, bytes: &[u8]) {
        match Inbound::read(bytes) {
            Inbound::Register(request) => {
                self.registrar.handle(registrar::Input::Received { flow, request }, self.now);
            }
            Inbound::Other(message) => self.proxy.handle(proxy::Input::Received { flow, message }, self.now),
            Inbound::Refused(response) => {
                assert!(sip::message::Message::parse(&response).is_ok(), "{}", response.escape_ascii());
            }
            Inbound::KeepAlive(_) | Inbound::Dropped => {}
        }
    }

    /// A request of a phone, with lines of the script.
    fn composed(&self, phone: usize, script: &mut Script<'_>) -> Vec<u8> {
        let methods = ["REGISTER", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "MESSAGE", "X", "SUBSCRIBE"];
        let method = methods[usize::from(script.byte()) % methods.len()];
        let (branch, seq, target) = (script.byte() % 4, script.byte() % 4, script.byte() % 4);
        let (user, other) = if phone == 0 { ("1001", "1002") } else { ("1002", "1001") };
        let target = match (method, target) {
            ("REGISTER", 0..=2) => "sip:tabphone",
            (_, 0) => "sip:nobody@tabphone",
            (_, 1) => "sip:1001@tabphone",
            (_, _) => "sip:1002@tabphone",
        };
        let lines = script.text().replace('\n', "\r\n");
        let lines = if method == "SUBSCRIBE" { format!("Event: presence\r\n{lines}") } else { lines };
        let to = if method == "REGISTER" { user } else { other };
        let mut bytes = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/WS {user}.invalid;branch=z9hG4bK{branch}\r\n\
             From: <sip:{user}@tabphone>;tag=here\r\nTo: <sip:{to}@tabphone>\r\nCall-ID: {user}\r\n\
             CSeq: {seq} {method}\r\nContact: <sip:{user}@{user}.invalid>\r\nMax-Forwards: 70\r\n{lines}\r\n\r\n"
        )
        .into_bytes();
        bytes.extend_from_slice(script.chunk());
        bytes
    }

    fn answer(&mut self, script: &mut Script<'_>) {
        if self.questions.is_empty() {
            return;
        }
        let asked = self.questions.remove(usize::from(script.byte()) % self.questions.len());
        let known = |user: &str| user.starts_with("100");
        let secrets =
            |user: &str| known(user).then(|| Secrets { ha1s: Ha1s::new(user, "tabphone", "password"), name: None });
        match asked {
            Asked::Registrar(id, user) => {
                self.registrar.handle(registrar::Input::Answer(id, secrets(&user)), self.now);
            }
            Asked::Credentials(id, user) => {
                let answer = proxy::Answer::Credentials(secrets(&user));
                self.proxy.handle(proxy::Input::Answer(id, answer), self.now);
            }
            Asked::Account(id, user) => {
                let answer = proxy::Answer::Route(known(&user).then_some(Party { user, name: None }.into()));
                self.proxy.handle(proxy::Input::Answer(id, answer), self.now);
            }
            Asked::Service(id, request) => {
                let response = Response::to_request(&request, Status::ACCEPTED);
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Served(response)), self.now);
                let notify = Request::new(Method::Notify, "sip:1001@tabphone".parse().expect("a URI"));
                let send = proxy::Input::Send { id: SendId(id.0), user: "1001".into(), device: None, request: notify };
                self.proxy.handle(send, self.now);
            }
            Asked::Keep(id) => {
                let kept = [Ok(()), Err(Refusal::Full), Err(Refusal::Unavailable)][usize::from(script.byte() % 3)];
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Kept(kept)), self.now);
            }
        }
    }

    fn timeout(&mut self) {
        let deadlines = self.registrar.deadline().into_iter().chain(self.proxy.deadline());
        if let Some(deadline) = deadlines.min() {
            self.now = self.now.max(deadline);
            self.registrar.handle(registrar::Input::Timeout, self.now);
            self.proxy.handle(proxy::Input::Timeout, self.now);
        }
    }

    fn drain(&mut self) {
        let mut count = 0;
        loop {
            count += 1;
            assert!(count < OUTPUTS, "it says too much");
            match self.registrar.poll() {
                Some(registrar::Output::Transmit { flow, bytes }) => self.transmitted(flow, bytes),
                Some(registrar::Output::Ask(id, registrar::Question::Credentials { user })) => {
                    self.questions.push(Asked::Registrar(id, user));
                }
                Some(registrar::Output::Event(registrar::Event::Bindings { user, bindings, .. })) => {
                    self.proxy.handle(proxy::Input::Bindings { user, bindings }, self.now);
                }
                Some(registrar::Output::Event(
                    registrar::Event::Refreshed { .. } | registrar::Event::Rejected { .. },
                )) => {}
                None => match self.proxy.poll() {
                    Some(proxy::Output::Transmit { flow, bytes }) => self.transmitted(flow, bytes),
                    Some(proxy::Output::Ask(id, proxy::Question::Credentials { user })) => {
                        self.questions.push(Asked::Credentials(id, user));
                    }
                    Some(proxy::Output::Ask(id, proxy::Question::Route { user })) => {
                        self.questions.push(Asked::Account(id, user));
                    }
                    Some(proxy::Output::Ask(id, proxy::Question::Serve { request, .. })) => {
                        self.questions.push(Asked::Service(id, Box::new(request)));
                    }
                    Some(proxy::Output::Ask(id, proxy::Question::Keep { .. })) => {
                        self.questions.push(Asked::Keep(id));
                    }
                    Some(proxy::Output::Event(_)) => {}
                    None => return,
                },
            }
        }
    }

    fn transmitted(&mut self, flow: Flow, bytes: Vec<u8>) {
        readable(&bytes);
        self.sent.push((flow, bytes));
    }

    /// All ends, and is forgotten, once every question was answered.
    fn at_rest(&mut self) {
        while !self.questions.is_empty() {
            self.answer(&mut Script(&[]));
            self.drain();
        }
        for _ in 0..2000 {
            if self.registrar.deadline().is_none() && self.proxy.deadline().is_none() {
                assert_eq!(self.proxy.pending(), 0, "something is remembered for ever");
                return;
            }
            self.timeout();
            self.drain();
            while !self.questions.is_empty() {
                self.answer(&mut Script(&[]));
                self.drain();
            }
        }
        panic!("timers without end");
    }
}
