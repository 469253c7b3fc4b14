//! An exchange on a bench: the two machines wired as a server wires them, with a clock that is set by hand.

use sip::digest::{self, Algorithm, Ha1s, Policy};
use sip::message::{HeaderName, Message, Method, Request, Response};
use sip::proxy::{self, Inbound, Party, Proxy};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, Registrar, Secrets};
use sip::transaction::Reliability;
use sip::{Duration, Instant};
use std::collections::BTreeMap;

pub const DOMAIN: &str = "tabphone";

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
    /// What was sent and not taken yet.
    mail: BTreeMap<Flow, Vec<Message>>,
    flows: u64,
    seeds: u8,
    /// How far the clock jumped at restores.
    jumped: u64,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            registrar: Registrar::new(registrar_config(), [1; 32]),
            proxy: Proxy::new(proxy_config(), [2; 32]),
            now: 1_000_000,
            restoring: false,
            events: Vec::new(),
            bound: Vec::new(),
            rejected: 0,
            mail: BTreeMap::new(),
            flows: 0,
            seeds: 10,
            jumped: 0,
        }
    }

    pub fn restoring() -> Self {
        Self { restoring: true, ..Self::new() }
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
        self.send_bytes(flow, &message.into().to_bytes());
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

    pub fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    fn settle(&mut self) {
        self.drain();
        if self.restoring {
            self.restore();
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
                    registrar::Output::Event(registrar::Event::Bindings { user, bindings }) => {
                        let reachable = bindings.iter().filter(|binding| binding.flow().is_some()).count();
                        self.bound.push((user.clone(), bindings.len(), reachable));
                        self.proxy.handle(proxy::Input::Bindings { user, bindings }, self.at());
                    }
                    registrar::Output::Event(registrar::Event::Rejected { .. }) => self.rejected += 1,
                }
            }
            match self.proxy.poll() {
                Some(proxy::Output::Transmit { flow, bytes }) => self.deliver(flow, &bytes),
                Some(proxy::Output::Ask(id, proxy::Question::Credentials { user })) => {
                    let answer = proxy::Answer::Credentials(secrets(&user));
                    self.proxy.handle(proxy::Input::Answer(id, answer), self.at());
                }
                Some(proxy::Output::Ask(id, proxy::Question::Account { user })) => {
                    let party = password(&user).map(|_| Party { name: name(&user), user });
                    self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Account(party)), self.at());
                }
                Some(proxy::Output::Event(proxy::Event::Rejected { .. })) => self.rejected += 1,
                Some(proxy::Output::Event(event)) => self.events.push(event),
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
        self.proxy = Proxy::restore(proxy, proxy_config(), Duration::ZERO, seed, now).unwrap();
    }

    fn deliver(&mut self, flow: Flow, bytes: &[u8]) {
        let message = Message::parse(bytes).expect("what is sent can be read");
        message.validate().expect("what is sent is complete");
        self.mail.entry(flow).or_default().push(message);
    }
}

pub fn registrar_config() -> registrar::Config {
    registrar::Config::new(domain(), [7; 32])
}

pub fn proxy_config() -> proxy::Config {
    let mut config = proxy::Config::new(domain(), [7; 32]);
    config.ringing = Some(Duration::from_secs(45));
    config
}

fn domain() -> Domain {
    Domain::new(DOMAIN, &["alias.example"]).unwrap()
}

/// Who there is: 1001 to 1003, with their passwords.
pub fn password(user: &str) -> Option<&'static str> {
    match user {
        "1001" => Some("secret of one"),
        "1002" => Some("secret of two"),
        "1003" => Some("secret of three"),
        _ => None,
    }
}

pub fn name(user: &str) -> Option<String> {
    match user {
        "1001" => Some("Alice".into()),
        "1002" => Some("Bob".into()),
        _ => None,
    }
}

fn secrets(user: &str) -> Option<Secrets> {
    let password = password(user)?;
    Some(Secrets { ha1s: Ha1s::new(user, DOMAIN, password), name: name(user) })
}

/// The request again, signed with this password for the challenge of that algorithm.
pub fn signed(request: &Request, response: &Response, algorithm: Algorithm, user: &str, password: &str) -> Request {
    let offered = digest::offered(response);
    let wanted: Vec<_> = offered.into_iter().filter(|challenge| challenge.algorithm() == algorithm).collect();
    let challenge = digest::choose(&wanted, Policy::default()).expect("that algorithm is offered");
    let ha1 = digest::ha1(&algorithm, user, DOMAIN, password);
    let uri = request.uri.to_string();
    let credentials =
        digest::sign(challenge, &ha1, user, &request.method, &uri, &request.body, "a cnonce", 1);
    let mut next = request.clone();
    let header = if response.status.code() == 401 { "Authorization" } else { "Proxy-Authorization" };
    next.headers.push_raw(header, &credentials.to_string()).unwrap();
    again(&next)
}

/// The request as a new transaction: the next CSeq, a new branch.
pub fn again(request: &Request) -> Request {
    let mut next = request.clone();
    let mut cseq = next.headers.get::<sip::header::CSeq>().unwrap();
    cseq.seq += 1;
    next.headers.set(&cseq);
    let mut via = next.headers.get::<sip::header::Via>().unwrap();
    let branch = format!("{}n", via.branch().unwrap());
    via.params.set("branch", Some(&branch)).unwrap();
    next.headers.set(&via);
    next
}

/// A request from its lines; what is left out is what every request has.
pub fn request(line: &str, from: &str, to: &str, call_id: &str, headers: &[&str]) -> Request {
    let method: Method = line.split(' ').next().unwrap().parse().unwrap();
    let cseq = headers.iter().find(|header| header.starts_with("CSeq: ")).map_or("CSeq: 1 ", |_| "");
    let cseq = if cseq.is_empty() { String::new() } else { format!("{cseq}{method}\r\n") };
    let branch = format!("{call_id}{method}{}", headers.concat().len() + from.len() * 7 + to.len());
    let branch: String = branch.chars().filter(char::is_ascii_alphanumeric).collect();
    let rest: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let text = format!(
        "{line} SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
         From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n{cseq}{rest}\r\n"
    );
    match Message::parse(text.as_bytes()).expect("the test's own request") {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!("it was written as a request"),
    }
}

/// A REGISTER of a user's phone.
pub fn register(user: &str, phone: &str, seq: u32, expires: u32) -> Request {
    let own = format!("<sip:{user}@{DOMAIN}>");
    request(
        &format!("REGISTER sip:{DOMAIN}"),
        &format!("{own};tag=r{phone}"),
        &own,
        &format!("reg-{user}-{phone}"),
        &[&format!("CSeq: {seq} REGISTER"), &contact(user, phone), &format!("Expires: {expires}")],
    )
}

pub fn contact(user: &str, phone: &str) -> String {
    format!("Contact: <sip:{user}-{phone}@{phone}.invalid;transport=ws>;+sip.instance=\"<urn:uuid:{phone}>\";reg-id=1")
}

/// An INVITE that begins a call.
pub fn invite(user: &str, phone: &str, to: &str) -> Request {
    request(
        &format!("INVITE sip:{to}@{DOMAIN}"),
        &format!("\"me\" <sip:{user}@{DOMAIN}>;tag=c{phone}"),
        &format!("<sip:{to}@{DOMAIN}>"),
        &format!("call-{user}-{phone}-{to}"),
        &[&format!("Contact: <sip:{user}-{phone}@{phone}.invalid;transport=ws>")],
    )
}

/// The response of a phone, with its tag and contact.
pub fn answer(request: &Request, status: u16, user: &str, phone: &str) -> Response {
    let mut response = Response::to_request(request, sip::message::Status::new(status).unwrap());
    response.set_to_tag(&format!("t{phone}"));
    if request.method == Method::Invite {
        let contact = format!("<sip:{user}-{phone}@{phone}.invalid;transport=ws>");
        response.headers.push_raw("Contact", &contact).unwrap();
    }
    response
}

/// A request within the dialog that this response made, from the one who called.
pub fn within(method: &str, invite: &Request, response: &Response, seq: u32) -> Request {
    let mut next = from_dialog(method, seq, response);
    next.headers.copy_from(&invite.headers, HeaderName::From);
    next.headers.copy_from(&response.headers, HeaderName::To);
    next
}

/// A request within the dialog, from the one who was called: `invite` as it arrived there.
pub fn within_back(method: &str, invite: &Request, response: &Response, seq: u32) -> Request {
    let mut next = from_dialog(method, seq, &{
        let mut seen = response.clone();
        seen.headers.remove(HeaderName::Contact);
        seen.headers.copy_from(&invite.headers, HeaderName::Contact);
        seen
    });
    let from = response.headers.get::<sip::header::To>().unwrap();
    let to = response.headers.get::<sip::header::From>().unwrap();
    next.headers.push_raw("From", &from.to_string()).unwrap();
    next.headers.push_raw("To", &to.to_string()).unwrap();
    next
}

fn from_dialog(method: &str, seq: u32, response: &Response) -> Request {
    let target = response.headers.get::<sip::header::Contact>().unwrap();
    let method: Method = method.parse().unwrap();
    let mut next = Request::new(method.clone(), target.address().unwrap().uri.clone());
    next.headers.push_raw("Via", &format!("SIP/2.0/WS d.invalid;branch=z9hG4bKd{method}{seq}")).unwrap();
    let route = response.headers.get::<sip::header::RecordRoute>().unwrap();
    next.headers.push_raw("Route", &route.to_string()).unwrap();
    next.headers.copy_from(&response.headers, HeaderName::CallId);
    next.headers.push_raw("CSeq", &format!("{seq} {method}")).unwrap();
    next
}

pub fn first_line(message: &Message) -> String {
    match message {
        Message::Request(request) => format!("{} {}", request.method, request.uri),
        Message::Response(response) => format!("{} {}", response.status, response.reason()),
    }
}

fn lines(messages: &[Message]) -> String {
    messages.iter().map(first_line).collect::<Vec<_>>().join(", ")
}
