//! A notifier on a bench, with the registrar that tells it of phones, and a clock that is set by hand.

use crate::messages::{register, subscribe};
use sip::body::pidf::{Activity, Presence};
use sip::header::{ContentType, Event as EventHeader, SubscriptionState};
use sip::message::{Header, Message, Request, Response, Status};
use sip::notifier::{
    Answer, CallState, Config, Direction, Event, Input, Notifier, Output, Progress, Question, SendId, Waiting,
};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, Party, QuestionId, Registrar};
use sip::transaction::Reliability;
use sip::{Duration, Instant};
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub const DOMAIN: &str = "tabphone";

/// A NOTIFY that is under way.
#[derive(Clone, Debug)]
pub struct Notify {
    pub id: SendId,
    pub user: String,
    pub device: String,
    pub request: Request,
}

pub struct Bench {
    pub notifier: Notifier,
    registrar: Registrar,
    pub now: u64,
    /// Whether all is saved and restored after every step.
    restoring: bool,
    /// Whether questions are left open.
    pub holds: bool,
    pub open: Vec<(QuestionId, Question)>,
    pub presence: Vec<(String, Presence)>,
    /// What was sent, and is not answered.
    sent: Vec<Notify>,
    responses: BTreeMap<QuestionId, Response>,
    pub ladder: String,
    pub config: Config,
    last: u64,
    seeds: u8,
    jumped: u64,
}

/// Both benches: as it runs, and saved and restored after every step.
pub fn benches() -> [Bench; 2] {
    [false, true].map(|restoring| Bench::with(config(), restoring))
}

pub fn config() -> Config {
    Config::new(domain())
}

impl Bench {
    pub fn with(config: Config, restoring: bool) -> Self {
        Self {
            notifier: Notifier::new(config.clone(), [3; 32]),
            registrar: Registrar::new(registrar::Config::new(domain(), [7; 32]), [1; 32]),
            now: 1_000_000,
            restoring,
            holds: false,
            open: Vec::new(),
            presence: Vec::new(),
            sent: Vec::new(),
            responses: BTreeMap::new(),
            ladder: String::new(),
            config,
            last: 0,
            seeds: 10,
            jumped: 0,
        }
    }

    /// A request of a phone that never registered; the response, if there is one at once.
    pub fn ask(&mut self, user: &str, request: &Request) -> Option<Response> {
        self.ask_from(user, "~1", request)
    }

    pub fn ask_from(&mut self, user: &str, device: &str, request: &Request) -> Option<Response> {
        self.last += 1;
        let id = QuestionId(self.last);
        let line = format!("{} {}", request.method, request.uri);
        self.note(&format!("{user} -> : {line}{}", about(request)));
        let from = Party { user: user.into(), name: None };
        self.tell(Input::Received { id, from, device: device.into(), request: request.clone() });
        self.responses.remove(&id)
    }

    /// The response to a request that is answered at once.
    #[track_caller]
    pub fn answer(&mut self, user: &str, request: &Request) -> Response {
        self.ask(user, request).expect("it is answered")
    }

    #[track_caller]
    pub fn code(&mut self, user: &str, request: &Request) -> u16 {
        self.answer(user, request).status.code()
    }

    /// A subscription that is accepted: the request and its response. The first NOTIFY is under way.
    #[track_caller]
    pub fn watch(&mut self, user: &str, to: &str, event: &str) -> (Request, Response) {
        let request = subscribe(user, to, event, &["Expires: 600"]);
        let response = self.answer(user, &request);
        assert_eq!(response.status, Status::OK);
        (request, response)
    }

    /// Registers a phone; its device.
    pub fn register(&mut self, user: &str, phone: &str, seq: u32, expires: u32) -> String {
        self.register_flow(user, phone, seq, expires, 1)
    }

    /// Registers one of the flows of a phone.
    pub fn register_flow(&mut self, user: &str, phone: &str, seq: u32, expires: u32, reg_id: u32) -> String {
        let party = Party { user: user.into(), name: None };
        let flow = Flow(phone.bytes().map(u64::from).sum::<u64>() * 10 + u64::from(reg_id));
        let arrival =
            Arrival { flow, admission: Admission::Account(party), host: None, reliability: Reliability::Reliable };
        self.registrar.handle(registrar::Input::Opened(arrival), self.at());
        let request = register(user, phone, seq, expires, reg_id);
        self.note(&format!("{phone} of {user} registers for {expires} s"));
        self.registrar.handle(registrar::Input::Received { flow, request }, self.at());
        self.settle_registrar();
        let instance = format!("\"<urn:uuid:{phone}>\"");
        let bound = self.registrar.bindings(user).iter();
        let mut bound = bound.filter(|binding| binding.contact.params.to_string().contains(&instance));
        let device = bound.next().map(|binding| binding.device.clone()).unwrap_or_default();
        let bindings = self.registrar.bindings(user).to_vec();
        // Told also when only its times changed.
        self.tell(Input::Bindings { user: user.into(), bindings, removed: Vec::new() });
        device
    }

    /// The exchange takes the bindings of a phone away.
    pub fn unbind(&mut self, user: &str, phone: &str) {
        self.registrar.unbind(user, &format!("urn:uuid:{phone}"));
        self.settle_registrar();
    }

    pub fn call(&mut self, user: &str, dialogs: Vec<CallState>) {
        let said: Vec<String> = dialogs.iter().map(|call| format!("{:?} {:?}", call.direction, call.state)).collect();
        self.note(&format!("calls of {user}: [{}]", said.join(", ")));
        self.tell(Input::Dialogs { user: user.into(), dialogs });
    }

    pub fn mailbox(&mut self, user: &str, new: u32, old: u32) {
        self.tell(Input::Mailbox { user: user.into(), waiting: Waiting { new, old } });
    }

    pub fn disturb(&mut self, user: &str, on: bool) {
        self.note(&format!("{user} does {}want to be disturbed", if on { "not " } else { "" }));
        self.tell(Input::DoNotDisturb { user: user.into(), on });
    }

    pub fn state(&mut self, user: &str, activity: Option<Activity>, note: &str) {
        self.note(&format!("{user} states {activity:?} {note:?}"));
        self.tell(Input::Stated { user: user.into(), activity, note: note.into() });
    }

    /// What is under way and nobody looked at yet.
    pub fn take(&mut self) -> Vec<Notify> {
        std::mem::take(&mut self.sent)
    }

    /// The one NOTIFY that is under way.
    #[track_caller]
    pub fn one(&mut self) -> Notify {
        let sent = self.take();
        assert_eq!(sent.len(), 1, "{}", self.ladder);
        sent.into_iter().next().unwrap()
    }

    /// The one NOTIFY that is under way, which is answered 200.
    #[track_caller]
    pub fn heard(&mut self) -> Notify {
        let notify = self.one();
        self.respond(&notify, 200);
        notify
    }

    /// Answers all that is sent with 200, until nothing is.
    pub fn hear_all(&mut self) -> Vec<Notify> {
        let mut heard = Vec::new();
        while !self.sent.is_empty() {
            for notify in self.take() {
                self.respond(&notify, 200);
                heard.push(notify);
            }
        }
        heard
    }

    pub fn respond(&mut self, notify: &Notify, status: u16) {
        let response = Response::to_request(&notify.request, Status::new(status).unwrap());
        self.respond_with(notify, Some(response));
    }

    pub fn respond_with(&mut self, notify: &Notify, response: Option<Response>) {
        let line = response.as_ref().map_or_else(|| "no response".into(), |response| response.status.to_string());
        self.note(&format!("{} -> : {line}", notify.user));
        self.tell(Input::Sent { id: notify.id, response });
    }

    /// Lets time pass, and everything happen that falls into it.
    pub fn pass(&mut self, millis: u64) {
        let (start, jumped) = (self.now, self.jumped);
        loop {
            let end = start + millis + self.jumped - jumped;
            let deadlines = self.registrar.deadline().into_iter().chain(self.notifier.deadline());
            let Some(next) = deadlines.min().map(Instant::as_millis).filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.registrar.handle(registrar::Input::Timeout, self.at());
            self.settle_registrar();
            self.tell(Input::Timeout);
        }
    }

    pub fn tell(&mut self, input: Input) {
        self.notifier.handle(input, self.at());
        self.drain();
        if self.restoring {
            self.restore(Duration::ZERO);
        }
    }

    /// All goes through JSON, away for this time, into a clock that begins elsewhere.
    pub fn restore(&mut self, away: Duration) {
        let registrar = self.registrar.snapshot(self.at()).expect("drained");
        let notifier = self.notifier.snapshot(self.at()).expect("drained");
        let registrar = serde_json::from_str(&serde_json::to_string(&registrar).unwrap()).unwrap();
        let notifier = serde_json::from_str(&serde_json::to_string(&notifier).unwrap()).unwrap();
        self.now += 77_000;
        self.jumped += 77_000;
        self.seeds = self.seeds.wrapping_add(1);
        let (now, seed) = (self.at(), [self.seeds; 32]);
        let known = registrar::Config::new(domain(), [7; 32]);
        self.registrar = Registrar::restore(registrar, known, away, seed, now).unwrap();
        self.notifier = Notifier::restore(notifier, self.config.clone(), away, seed, now).unwrap();
        let open = std::mem::take(&mut self.open);
        self.drain();
        assert_eq!(self.open, open, "what was open is asked again");
    }

    pub fn at(&self) -> Instant {
        Instant::from_millis(self.now)
    }

    /// A heading, or what happened beside messages.
    pub fn note(&mut self, text: &str) {
        let at = self.now - self.jumped - 1_000_000;
        let _ = writeln!(self.ladder, "{at:>7} {text}");
    }

    fn settle_registrar(&mut self) {
        while let Some(output) = self.registrar.poll() {
            if let registrar::Output::Event(registrar::Event::Bindings { user, bindings, removed }) = output {
                self.notifier.handle(Input::Bindings { user, bindings, removed }, self.at());
                self.drain();
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.notifier.poll() {
            match output {
                Output::Answer(id, response) => {
                    let bytes = response.to_bytes();
                    Message::parse(&bytes).expect("it can be read").validate().expect("it is complete");
                    self.note(&format!(" -> : {}{}", response.status, refused(&response)));
                    assert!(self.responses.insert(id, response).is_none(), "it is answered once");
                }
                Output::Send { id, user, device, request } => {
                    self.note(&format!(" -> {user}: NOTIFY{}{}", about(&request), told(&request)));
                    self.sent.push(Notify { id, user, device, request });
                }
                Output::Ask(id, question) if self.holds => self.open.push((id, question)),
                Output::Ask(id, Question::Account { user }) => {
                    let party = account(&user);
                    self.notifier.handle(Input::Answer(id, Answer::Account(party)), self.at());
                }
                Output::Event(Event::Presence { user, presence }) => self.presence.push((user, presence)),
            }
        }
    }
}

impl Notify {
    pub fn header<H: Header>(&self) -> H {
        self.request.headers.get().unwrap()
    }

    /// `active`, `terminated timeout`
    pub fn state(&self) -> String {
        let state = self.header::<SubscriptionState>();
        state.reason().map_or_else(|| state.state.to_string(), |reason| format!("{} {reason}", state.state))
    }

    #[track_caller]
    pub fn presence(&self) -> Presence {
        assert!(self.header::<ContentType>().is("application/pidf+xml"));
        Presence::parse(&self.request.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.request.body.clone()).unwrap()
    }
}

/// A call of a user's.
pub fn call(id: u64, direction: Direction, state: Progress) -> CallState {
    CallState {
        call_id: format!("call-{id}"),
        local_tag: "local".into(),
        remote_tag: Some("remote".into()),
        direction,
        state,
        device: None,
        remote: Party { user: "1003".into(), name: Some("Carol".into()) },
        remote_target: "sip:carol@c.invalid;transport=ws".parse().ok(),
        id,
    }
}

/// Who there is: 1001 to 1009, and 2001, which is 1001's other number.
fn account(user: &str) -> Option<Party> {
    match user {
        "2001" => Some(Party { user: "1001".into(), name: None }),
        _ if user.len() == 4 && user.starts_with("100") => Some(Party { user: user.into(), name: None }),
        _ => None,
    }
}

fn domain() -> Domain {
    Domain::new(DOMAIN, &[]).unwrap()
}

/// What a request is about, for the ladder.
fn about(request: &Request) -> String {
    let mut line = String::new();
    if let Ok(event) = request.headers.get::<EventHeader>() {
        let _ = write!(line, " ({event})");
    }
    for name in ["Expires", "SIP-If-Match", "Subscription-State"] {
        let name = name.parse().unwrap();
        for value in request.headers.raw(&name) {
            let value = if value.len() == 24 { "…" } else { value };
            let _ = write!(line, ", {name}: {value}");
        }
    }
    line
}

fn refused(response: &Response) -> String {
    let mut line = String::new();
    for name in ["Expires", "Min-Expires", "Allow-Events", "Retry-After", "Accept"] {
        let name = name.parse().unwrap();
        for value in response.headers.raw(&name) {
            let _ = write!(line, ", {name}: {value}");
        }
    }
    line
}

/// What a NOTIFY tells, in a line.
fn told(request: &Request) -> String {
    match request.headers.get::<ContentType>() {
        Ok(kind) if kind.is("application/pidf+xml") => {
            let presence = Presence::parse(&request.body).unwrap();
            let person = &presence.person;
            let basics: Vec<_> = presence.tuples.iter().map(|tuple| tuple.basic.unwrap()).collect();
            format!(" {basics:?} {:?} {:?}", person.activities, presence.note().unwrap_or_default())
        }
        Ok(kind) if kind.is("application/dialog-info+xml") => {
            let info = sip::body::dialog_info::DialogInfo::parse(&request.body).unwrap();
            let states: Vec<_> = info.dialogs.iter().map(|dialog| dialog.state.unwrap()).collect();
            format!(" version {} {states:?}", info.version.unwrap())
        }
        Ok(kind) => format!(" {kind}"),
        Err(_) => String::new(),
    }
}
