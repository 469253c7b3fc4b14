//! The line, the phone at the other end of its calls, and a registrar that says yes, in virtual time.

use super::super::charge::{Charge, Input, Output, Owner, Unreadable};
use crate::ports::{self, LineKept, SignedIn};
use app::backend::{Contact, Opening};
use app::history::Report;
use app::lease::RegistrationIdentity;
use app::phone::LineState;
use line::reports::Reports;
use line::snapshot::{self, Facts};
use sip::agent::{
    Agent, Answer, Body, Call, CallId, Cause, Event, Input as AgentInput, MessageId, Output as AgentOutput, Phase,
    Question, TransferProgress,
};
use sip::header::{CSeq, Contact as ContactHeader, Expires};
use sip::message::{HeaderName, Message, Method, Request, Response, Status};
use sip::{Duration, Instant};
use std::collections::VecDeque;

/// When the page is lost.
pub(super) const LOST: Instant = Instant::from_millis(1_700_000_000_000);
/// When its calls are ended.
pub(super) const UNTIL: Duration = Duration::from_secs(20);
pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn identity(extension: &str) -> RegistrationIdentity {
    RegistrationIdentity {
        instance: format!("urn:uuid:00000000-0000-4000-8000-00000000{extension}"),
        contact_user: format!("page-of-{extension}"),
        call_id: format!("registration-of-{extension}"),
    }
}

pub(super) fn person(extension: &str) -> SignedIn {
    SignedIn { account: 1, extension: extension.to_owned(), name: format!("Person {extension}") }
}

/// An agent as a page has it.
pub(super) fn agent(extension: &str, seed: u8) -> Agent {
    let opening = Opening {
        me: Contact { extension: extension.to_owned(), name: String::new() },
        domain: "tabphone".to_owned(),
        ringing_seconds: 45,
        ..Opening::default()
    };
    let config = line::identity::config(&identity(extension), &opening, 0).unwrap();
    Agent::new(config, [seed; 32], LOST)
}

/// A description as a browser writes it.
pub(super) fn browser(ufrag: &str, setup: &str) -> String {
    format!(
        "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
         c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdef012345\r\n\
         a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\na=rtpmap:111 opus/48000/2\r\na=sendrecv\r\n",
        ["AA"; 32].join(":")
    )
}

/// Who has Alice's line: her page, or the caretaker, or nobody.
#[allow(clippy::large_enum_variant, reason = "there is one for a test")]
pub(super) enum Holder {
    Page(Agent),
    Caretaker(Charge),
    Nobody,
}

pub(super) struct World {
    pub(super) now: Instant,
    pub(super) alice: Holder,
    pub(super) bob: Agent,
    /// What Bob's browser says of its transport.
    pub(super) bob_ufrag: &'static str,
    /// What Bob noticed.
    pub(super) causes: Vec<Cause>,
    pub(super) heard: Vec<String>,
    pub(super) progress: Vec<TransferProgress>,
    pub(super) letters: Vec<MessageId>,
    /// What the line's agent said, in order: requests by method, responses by status and method, and `keep`.
    pub(super) log: Vec<String>,
    pub(super) sent: Vec<Message>,
    pub(super) kept: Option<LineKept>,
    /// Whether what is to be kept is accepted.
    pub(super) current: bool,
    /// Whether the registrar answers, and whether the uplink can be had.
    pub(super) answers: bool,
    pub(super) reachable: bool,
    pub(super) over: Option<LineState>,
    pub(super) asked: Vec<(sip::agent::QuestionId, app::sign::ToSign)>,
    /// Challenges the next REGISTER.
    pub(super) challenge: bool,
    pub(super) under_way: VecDeque<(To, Vec<u8>)>,
    pub(super) began: Instant,
    /// What her page left of calls that were over.
    pub(super) left: Reports,
    /// What was written to the history.
    pub(super) reported: Vec<Report>,
}

#[derive(Clone, Copy)]
pub(super) enum To {
    Alice,
    Bob,
}

impl World {
    /// Both registered.
    pub(super) fn new() -> Self {
        let (mut alice, mut bob) = (agent("1001", 1), agent("1002", 2));
        alice.start(LOST);
        bob.start(LOST);
        let mut world = Self {
            now: LOST,
            alice: Holder::Page(alice),
            bob,
            bob_ufrag: "bobby",
            causes: Vec::new(),
            heard: Vec::new(),
            progress: Vec::new(),
            letters: Vec::new(),
            log: Vec::new(),
            sent: Vec::new(),
            kept: None,
            current: true,
            answers: true,
            reachable: true,
            over: None,
            asked: Vec::new(),
            challenge: false,
            under_way: VecDeque::new(),
            began: LOST,
            left: Reports::default(),
            reported: Vec::new(),
        };
        world.settle();
        world
    }

    /// Bob called Alice, and they talk.
    pub(super) fn talking() -> Self {
        let mut world = Self::ringing();
        let now = world.now;
        let Holder::Page(alice) = &mut world.alice else { panic!("no page") };
        let call = alice.calls().next().unwrap().id;
        alice.answer(call, now).unwrap();
        world.settle();
        assert_eq!(world.bobs().unwrap().phase, Phase::Established);
        world
    }

    /// Bob calls Alice, whose page rings.
    pub(super) fn ringing() -> Self {
        let mut world = Self::new();
        world.bob.call("sip:1001@tabphone".parse().unwrap(), world.now).unwrap();
        world.settle();
        world
    }

    /// Alice calls Bob, whose phone rings.
    pub(super) fn calling() -> Self {
        let mut world = Self::new();
        let now = world.now;
        let Holder::Page(alice) = &mut world.alice else { panic!("no page") };
        alice.call("sip:1002@tabphone".parse().unwrap(), now).unwrap();
        world.settle();
        world
    }

    /// Alice's page is gone, and the caretaker keeps her line three seconds later.
    pub(super) fn minded(mut self) -> Self {
        let charge = self.charge();
        self.now = self.now + 3 * SECOND;
        self.begin(charge).unwrap();
        self.settle();
        self
    }

    /// What her page left.
    pub(super) fn charge(&mut self) -> ports::Charge {
        let Holder::Page(page) = core::mem::replace(&mut self.alice, Holder::Nobody) else { panic!("no page") };
        let call = page.calls().next();
        let facts: Vec<_> = call
            .iter()
            .map(|call| (call.id, Facts { answered_at: Some(7), muted: true, ..Facts::default() }))
            .collect();
        let shown = call.map(|call| line::project::call(&call, true, &Facts::default(), "tabphone"));
        ports::Charge {
            account: 1,
            epoch: 8,
            identity: identity("1001"),
            snapshot: snapshot::save(&page, (facts, self.left.clone()), self.now).unwrap(),
            state: LineState { calls: shown.into_iter().collect(), ..LineState::default() },
            age: 3_000,
            until: (LOST + UNTIL).as_millis(),
        }
    }

    pub(super) fn begin(&mut self, charge: ports::Charge) -> Result<(), Unreadable> {
        let home = ports::Home::exchange("tabphone");
        let owner = Owner { person: &person("1001"), home: &home, ringing: Duration::from_secs(45) };
        self.log.clear();
        self.sent.clear();
        self.began = self.now;
        self.alice = Holder::Caretaker(Charge::begin(charge, &owner, [3; 32], self.now)?);
        Ok(())
    }

    /// The next page goes on with what was kept last.
    pub(super) fn page(&mut self) -> Vec<AgentOutput> {
        let kept = self.kept.clone().unwrap();
        let config = agent("1001", 9).config().clone();
        let (mut agent, (facts, _)) =
            snapshot::restore(&kept.snapshot, config, Duration::ZERO, [9; 32], self.now).unwrap();
        assert!(facts.iter().all(|(_, facts)| facts.answered_at == Some(7) && facts.muted));
        let outputs = std::iter::from_fn(|| agent.poll()).collect();
        self.alice = Holder::Page(agent);
        outputs
    }

    /// Lets all be said that there is to say.
    pub(super) fn settle(&mut self) {
        loop {
            self.poll_alice();
            self.poll_bob();
            let Some((to, bytes)) = self.under_way.pop_front() else { return };
            match (to, &mut self.alice) {
                (To::Bob, _) => self.bob.handle(AgentInput::Received(&bytes), self.now),
                (To::Alice, Holder::Page(page)) => page.handle(AgentInput::Received(&bytes), self.now),
                (To::Alice, Holder::Caretaker(charge)) => charge.handle(Input::Received(&bytes), self.now),
                (To::Alice, Holder::Nobody) => {}
            }
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let alice = match &self.alice {
                Holder::Page(page) => page.deadline(),
                Holder::Caretaker(charge) => charge.deadline(),
                Holder::Nobody => None,
            };
            let next = alice.into_iter().chain(self.bob.deadline()).min().filter(|next| *next <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            match &mut self.alice {
                Holder::Page(page) => page.handle(AgentInput::Timeout, self.now),
                Holder::Caretaker(charge) => charge.handle(Input::Timeout, self.now),
                Holder::Nobody => {}
            }
            self.bob.handle(AgentInput::Timeout, self.now);
            self.settle();
        }
        self.now = end;
    }

    pub(super) fn poll_alice(&mut self) {
        match &mut self.alice {
            Holder::Page(_) => self.poll_page(),
            Holder::Caretaker(_) => self.poll_charge(),
            Holder::Nobody => {}
        }
    }

    pub(super) fn poll_page(&mut self) {
        let now = self.now;
        loop {
            let Holder::Page(page) = &mut self.alice else { return };
            let Some(output) = page.poll() else { return };
            match output {
                AgentOutput::Connect(_) => page.handle(AgentInput::Connected, now),
                AgentOutput::Transmit(bytes) => self.alice_says(bytes),
                AgentOutput::Ask(id, question) => {
                    let description = answer_of(&question, "alice");
                    page.handle(AgentInput::Answer(id, description), now);
                }
                AgentOutput::Event(_) | AgentOutput::Disconnect => {}
            }
        }
    }

    pub(super) fn poll_charge(&mut self) {
        let now = self.now;
        loop {
            let Holder::Caretaker(charge) = &mut self.alice else { return };
            let Some(output) = charge.poll() else { return };
            match output {
                Output::Keep(kept) => {
                    self.log.push("keep".to_owned());
                    if !self.current {
                        self.alice = Holder::Nobody;
                        return;
                    }
                    self.kept = Some(kept);
                }
                Output::Open if self.reachable => charge.handle(Input::Opened, now),
                Output::Open => charge.handle(Input::Closed, now),
                Output::Close => {}
                Output::Transmit(bytes) => self.alice_says(bytes),
                Output::Sign(id, wanted) => self.asked.push((id, wanted)),
                Output::Report(report) => {
                    charge.handle(Input::Recorded(&report.local_tag), now);
                    self.log.push("report".to_owned());
                    self.reported.push(report);
                }
                Output::Receive(received) => {
                    self.log.push(format!("kept {}", String::from_utf8_lossy(&received.body)));
                    charge.handle(Input::Kept(received.id, Some(200)), now);
                }
                Output::Sent(sent) => self.log.push(format!("{} {:?}", sent.call_id, sent.outcome)),
                Output::Over(state) => {
                    self.over = Some(state);
                    self.alice = Holder::Nobody;
                    return;
                }
            }
        }
    }

    pub(super) fn alice_says(&mut self, bytes: Vec<u8>) {
        let Ok(message) = Message::parse(&bytes) else { return };
        self.sent.push(message.clone());
        match message {
            Message::Request(register) if register.method == Method::Register => {
                self.log.push("REGISTER".to_owned());
                self.registered(&register, To::Alice);
            }
            Message::Request(request) => {
                self.log.push(request.method.to_string());
                self.under_way.push_back((To::Bob, bytes));
            }
            Message::Response(response) => {
                let method = response.headers.get::<CSeq>().unwrap().method;
                self.log.push(format!("{} {method}", response.status.code()));
                self.under_way.push_back((To::Bob, bytes));
            }
        }
    }

    pub(super) fn registered(&mut self, register: &Request, to: To) {
        if !self.answers {
            return;
        }
        let mut response = Response::to_request(register, Status::OK);
        if core::mem::take(&mut self.challenge) {
            response = Response::to_request(register, Status::UNAUTHORIZED);
            let challenge = "Digest realm=\"tabphone\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"";
            response.headers.push_raw("WWW-Authenticate", challenge).unwrap();
        } else if let Ok(contact) = register.headers.get::<ContactHeader>() {
            response.headers.push(&contact);
            response.headers.push(&Expires(600));
        }
        response.set_to_tag("registrar");
        self.under_way.push_back((to, response.to_bytes()));
    }

    pub(super) fn poll_bob(&mut self) {
        let now = self.now;
        while let Some(output) = self.bob.poll() {
            match output {
                AgentOutput::Connect(_) => self.bob.handle(AgentInput::Connected, now),
                AgentOutput::Transmit(bytes) => match Message::parse(&bytes) {
                    Ok(Message::Request(register)) if register.method == Method::Register => {
                        self.registered(&register, To::Bob);
                    }
                    Ok(_) => self.under_way.push_back((To::Alice, bytes)),
                    Err(_) => {}
                },
                AgentOutput::Ask(id, question) => {
                    let description = answer_of(&question, self.bob_ufrag);
                    self.bob.handle(AgentInput::Answer(id, description), now);
                }
                AgentOutput::Event(Event::Ended { cause, .. }) => self.causes.push(cause),
                AgentOutput::Event(Event::Remote { answer, .. }) => {
                    self.heard.push(String::from_utf8(answer.bytes).unwrap());
                }
                AgentOutput::Event(Event::Transfer { progress, .. }) => self.progress.push(progress),
                AgentOutput::Event(Event::Message { id, .. }) => self.letters.push(id),
                AgentOutput::Event(_) | AgentOutput::Disconnect => {}
            }
        }
    }

    /// What Bob does in his call.
    pub(super) fn bob_does(&mut self, act: impl FnOnce(&mut Agent, CallId, Instant)) {
        let call = self.bobs().unwrap().id;
        act(&mut self.bob, call, self.now);
        self.settle();
    }

    pub(super) fn bobs(&self) -> Option<sip::agent::Call> {
        self.bob.calls().next()
    }

    /// A request that Bob's phone says in his call, whatever its agent thinks.
    pub(super) fn said(&mut self, method: &Method) {
        let (id, tag) = self.bobs().map(|call| (call.call_id, call.local_tag)).unwrap();
        let theirs = self.kept_call_tag();
        let text = format!(
            "{method} sip:page-of-1001@x.invalid SIP/2.0\r\nVia: SIP/2.0/WS b.invalid;branch=z9hG4bKsaid{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:1002@tabphone>;tag={tag}\r\nTo: <sip:1001@tabphone>;tag={theirs}\r\n\
             Call-ID: {id}\r\nCSeq: 900 {method}\r\nContent-Length: 0\r\n\r\n"
        );
        self.under_way.push_back((To::Alice, text.into_bytes()));
        self.settle();
    }

    /// A call of her page that was over before.
    pub(super) fn report_of_the_page(&self) -> Report {
        let Holder::Page(page) = &self.alice else { panic!("no page") };
        let call =
            Call { call_id: "before".to_owned(), local_tag: "before".to_owned(), ..page.calls().next().unwrap() };
        line::reports::report(&call, Cause::HungUpHere, &Facts::default(), "tabphone", 7)
    }

    /// What whoever comes next is to report.
    pub(super) fn kept_reports(&self) -> Reports {
        let kept = self.kept.as_ref().unwrap();
        snapshot::read(&kept.snapshot).unwrap().1.1
    }

    /// Alice's tag of the call.
    pub(super) fn kept_call_tag(&self) -> String {
        let config = agent("1001", 9).config().clone();
        let kept = self.kept.as_ref().unwrap();
        let (agent, _) = snapshot::restore(&kept.snapshot, config, Duration::ZERO, [9; 32], self.now).unwrap();
        agent.calls().next().unwrap().local_tag
    }

    pub(super) fn shown(&self) -> &LineState {
        &self.kept.as_ref().unwrap().state
    }

    /// Requests of this method that the caretaker sent.
    pub(super) fn requests(&self, method: &Method) -> Vec<&Request> {
        let requests = self.sent.iter().filter_map(|message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        });
        requests.filter(|request| request.method == *method).collect()
    }

    pub(super) fn said_this(&self, what: &str) -> bool {
        self.log.iter().any(|said| said == what)
    }
}

/// What a browser with this transport describes.
pub(super) fn answer_of(question: &Question, ufrag: &str) -> Answer {
    let setup = match question {
        Question::Answer { offer: Some(_), .. } => "active",
        Question::Answer { offer: None, .. } | Question::Offer { .. } => "actpass",
        Question::Digest { .. } => return Answer::NoCredentials,
    };
    let bytes = browser(ufrag, setup).into_bytes();
    Answer::Description(Body { content_type: "application/sdp".to_owned(), bytes })
}

pub(super) fn raw(request: &Request, name: HeaderName) -> String {
    request.headers.raw(&name).next().unwrap_or_default().to_owned()
}
