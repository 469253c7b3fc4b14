//! The registrar and the proxy, wired as a server wires them, with one phone for each user they know.

use crate::cases::{ALIASES, Does, USERS};
use sip::Instant;
use sip::header::From;
use sip::message::{Message, Request, Response};
use sip::proxy::{self, Inbound, Proxy};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, Party, Registrar};
use sip::transaction::Reliability;
use sip::uri::Uri;

/// What all these messages come over.
const SENDER: Flow = Flow(100);
/// An exchange, and all that it has sent.
pub struct Exchange {
    registrar: Registrar,
    proxy: Proxy,
    pub sent: Vec<(Flow, Vec<u8>)>,
    /// The user parts that the proxy wanted to know the account of.
    pub dialled: Vec<String>,
}

impl Exchange {
    /// With a sender who is admitted as this user.
    pub fn admitting(user: &str) -> Self {
        Self::new(Admission::Account(party(user)))
    }

    /// With a sender who has to sign.
    pub fn challenging() -> Self {
        Self::new(Admission::Digest)
    }

    fn new(sender: Admission) -> Self {
        let domain = Domain::new("example.com", &ALIASES).unwrap();
        let mut exchange = Self {
            registrar: Registrar::new(registrar::Config::new(domain.clone(), [7; 32]), [1; 32]),
            proxy: Proxy::new(proxy::Config::new(domain, [7; 32]), [2; 32]),
            sent: Vec::new(),
            dialled: Vec::new(),
        };
        exchange.open(SENDER, sender);
        for (place, user) in USERS.into_iter().enumerate() {
            let flow = Flow(u64::try_from(place).unwrap());
            exchange.open(flow, Admission::Account(party(user)));
            exchange.receive(flow, &registering(user));
        }
        exchange.sent.clear();
        exchange
    }

    /// What the sender sends.
    pub fn send(&mut self, bytes: &[u8]) {
        self.receive(SENDER, bytes);
    }

    /// What became of it: the final answer, or where it went.
    pub fn did(&self) -> Does {
        if let Some(response) = self.answer() {
            return Does::Answers(response.status.code());
        }
        match self.sent.iter().filter(|(flow, _)| *flow != SENDER).count() {
            0 => Does::Drops,
            _ => Does::Forwards,
        }
    }

    /// The final answer to the sender, of which there is one at most.
    pub fn answer(&self) -> Option<Response> {
        let mut answers = self.sent.iter().filter(|(flow, _)| *flow == SENDER).filter_map(|(_, bytes)| {
            match Message::parse(bytes).expect("what is sent can be read") {
                Message::Response(response) => response.status.is_final().then_some(response),
                Message::Request(_) => None,
            }
        });
        let answer = answers.next();
        assert!(answers.next().is_none(), "more than one answer");
        answer
    }

    /// The one request that a phone got.
    pub fn forwarded(&self) -> Request {
        let requests: Vec<_> = self.sent.iter().filter(|(flow, _)| *flow != SENDER).collect();
        let [(_, bytes)] = requests.as_slice() else { panic!("{} requests", requests.len()) };
        match Message::parse(bytes).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => panic!("a response"),
        }
    }

    fn open(&mut self, flow: Flow, admission: Admission) {
        let arrival = Arrival { flow, admission, host: None, reliability: Reliability::Reliable };
        self.registrar.handle(registrar::Input::Opened(arrival.clone()), NOW);
        self.proxy.handle(proxy::Input::Opened(arrival), NOW);
    }

    fn receive(&mut self, flow: Flow, bytes: &[u8]) {
        match Inbound::read(bytes) {
            Inbound::Register(request) => self.registrar.handle(registrar::Input::Received { flow, request }, NOW),
            Inbound::Other(message) => self.proxy.handle(proxy::Input::Received { flow, message }, NOW),
            Inbound::Refused(response) => self.sent.push((flow, response)),
            Inbound::KeepAlive(_) => panic!("a keep-alive"),
            Inbound::Dropped => {}
        }
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(output) = self.registrar.poll() {
            match output {
                registrar::Output::Transmit { flow, bytes } => self.sent.push((flow, bytes)),
                registrar::Output::Event(registrar::Event::Bindings { user, bindings, .. }) => {
                    self.proxy.handle(proxy::Input::Bindings { user, bindings }, NOW);
                }
                registrar::Output::Event(registrar::Event::Refreshed { .. } | registrar::Event::Rejected { .. }) => {}
                registrar::Output::Ask(..) => panic!("no message is signed"),
            }
        }
        while let Some(output) = self.proxy.poll() {
            match output {
                proxy::Output::Transmit { flow, bytes } => self.sent.push((flow, bytes)),
                proxy::Output::Ask(id, proxy::Question::Route { user }) => {
                    let account = USERS.contains(&user.as_str()).then(|| party(&user));
                    self.dialled.push(user);
                    self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Route(account.map(Into::into))), NOW);
                }
                proxy::Output::Ask(_, proxy::Question::Credentials { .. }) => panic!("no message is signed"),
                proxy::Output::Ask(id, proxy::Question::Keep { .. }) => {
                    let full = proxy::Answer::Kept(Err(proxy::Refusal::Full));
                    self.proxy.handle(proxy::Input::Answer(id, full), NOW);
                }
                proxy::Output::Ask(_, proxy::Question::Serve { .. }) => panic!("nothing is served"),
                proxy::Output::Event(_) => {}
            }
        }
    }
}

/// What an exchange sends when it gets these bytes from whom they say they are from.
pub fn receives(bytes: &[u8]) -> Exchange {
    let mut exchange = Exchange::admitting(&sender(bytes));
    exchange.send(bytes);
    exchange
}

const NOW: Instant = Instant::from_millis(1_000_000);

/// The user of From, if that can be read.
fn sender(bytes: &[u8]) -> String {
    let from = Message::parse(bytes).ok().and_then(|message| message.headers().get::<From>().ok());
    from.and_then(|from| from.0.uri.as_sip().and_then(sip::uri::SipUri::user_unescaped)).unwrap_or("caller".into())
}

fn party(user: &str) -> Party {
    Party { user: user.into(), name: None }
}

fn registering(user: &str) -> Vec<u8> {
    let uri: Uri = format!("sip:{user}@example.com").parse().unwrap();
    format!(
        "REGISTER sip:example.com SIP/2.0\r\nMax-Forwards: 70\r\n\
         Via: SIP/2.0/WS {user}.invalid;branch=z9hG4bK{user}\r\n\
         From: <{uri}>;tag={user}\r\nTo: <{uri}>\r\nCall-ID: {user}\r\nCSeq: 1 REGISTER\r\n\
         Contact: <sip:{user}-phone@{user}.invalid;transport=ws>\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}
