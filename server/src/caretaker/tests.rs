//! A charge in virtual time, by the rows of its table: with the phone at the other end of its calls, a real agent, and a
//! registrar that says yes. Nothing takes any time but what the tests let pass.

use super::charge::{Charge, Input, Output, Owner, Unreadable};
use crate::ports::{self, LineKept, SignedIn};
use app::backend::{Contact, Opening};
use app::lease::RegistrationIdentity;
use app::phone::{self, LineState};
use line::snapshot::{self, Facts};
use sip::agent::{
    Agent, Answer, Body, CallId, Cause, Digit, Event, Input as AgentInput, Output as AgentOutput, Phase, Question,
    TransferProgress,
};
use sip::header::{CSeq, Contact as ContactHeader, Expires};
use sip::message::{HeaderName, Message, Method, Request, Response, Status};
use sip::sdp::SessionDescription;
use sip::{Duration, Instant};
use std::collections::VecDeque;

/// When the page is lost.
const LOST: Instant = Instant::from_millis(1_700_000_000_000);
/// When its calls are ended.
const UNTIL: Duration = Duration::from_secs(20);
const SECOND: Duration = Duration::from_secs(1);

fn identity(extension: &str) -> RegistrationIdentity {
    RegistrationIdentity {
        instance: format!("urn:uuid:00000000-0000-4000-8000-00000000{extension}"),
        contact_user: format!("page-of-{extension}"),
        call_id: format!("registration-of-{extension}"),
    }
}

fn person(extension: &str) -> SignedIn {
    SignedIn { account: 1, extension: extension.to_owned(), name: format!("Person {extension}") }
}

/// An agent as a page has it.
fn agent(extension: &str, seed: u8) -> Agent {
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
fn browser(ufrag: &str, setup: &str) -> String {
    format!(
        "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
         c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdef012345\r\n\
         a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\na=rtpmap:111 opus/48000/2\r\na=sendrecv\r\n",
        ["AA"; 32].join(":")
    )
}

/// Who has Alice's line: her page, or the caretaker, or nobody.
#[allow(clippy::large_enum_variant, reason = "there is one for a test")]
enum Holder {
    Page(Agent),
    Caretaker(Charge),
    Nobody,
}

struct World {
    now: Instant,
    alice: Holder,
    bob: Agent,
    /// What Bob's browser says of its transport.
    bob_ufrag: &'static str,
    /// What Bob noticed.
    causes: Vec<Cause>,
    heard: Vec<String>,
    progress: Vec<TransferProgress>,
    /// What the line's agent said, in order: requests by method, responses by status and method, and `keep`.
    log: Vec<String>,
    sent: Vec<Message>,
    kept: Option<LineKept>,
    /// Whether what is to be kept is accepted.
    current: bool,
    /// Whether the registrar answers, and whether the uplink can be had.
    answers: bool,
    reachable: bool,
    over: Option<LineState>,
    asked: Vec<(sip::agent::QuestionId, app::sign::ToSign)>,
    /// Challenges the next REGISTER.
    challenge: bool,
    under_way: VecDeque<(To, Vec<u8>)>,
    began: Instant,
}

#[derive(Clone, Copy)]
enum To {
    Alice,
    Bob,
}

impl World {
    /// Both registered.
    fn new() -> Self {
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
        };
        world.settle();
        world
    }

    /// Bob called Alice, and they talk.
    fn talking() -> Self {
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
    fn ringing() -> Self {
        let mut world = Self::new();
        world.bob.call("sip:1001@tabphone".parse().unwrap(), world.now).unwrap();
        world.settle();
        world
    }

    /// Alice calls Bob, whose phone rings.
    fn calling() -> Self {
        let mut world = Self::new();
        let now = world.now;
        let Holder::Page(alice) = &mut world.alice else { panic!("no page") };
        alice.call("sip:1002@tabphone".parse().unwrap(), now).unwrap();
        world.settle();
        world
    }

    /// Alice's page is gone, and the caretaker keeps her line three seconds later.
    fn minded(mut self) -> Self {
        let charge = self.charge();
        self.now = self.now + 3 * SECOND;
        self.begin(charge).unwrap();
        self.settle();
        self
    }

    /// What her page left.
    fn charge(&mut self) -> ports::Charge {
        let Holder::Page(page) = core::mem::replace(&mut self.alice, Holder::Nobody) else { panic!("no page") };
        let call = page.calls().next();
        let facts = call.iter().map(|call| (call.id, Facts { answered_at: Some(7), muted: true })).collect();
        let shown = call.map(|call| line::project::call(&call, true, &Facts::default(), "tabphone"));
        ports::Charge {
            account: 1,
            epoch: 8,
            identity: identity("1001"),
            snapshot: snapshot::save(&page, facts, self.now).unwrap(),
            state: LineState { calls: shown.into_iter().collect(), ..LineState::default() },
            age: 3_000,
            until: (LOST + UNTIL).as_millis(),
        }
    }

    fn begin(&mut self, charge: ports::Charge) -> Result<(), Unreadable> {
        let owner = Owner { person: &person("1001"), domain: "tabphone", ringing: Duration::from_secs(45) };
        self.log.clear();
        self.sent.clear();
        self.began = self.now;
        self.alice = Holder::Caretaker(Charge::begin(charge, &owner, [3; 32], self.now)?);
        Ok(())
    }

    /// The next page goes on with what was kept last.
    fn page(&mut self) -> Vec<AgentOutput> {
        let kept = self.kept.clone().unwrap();
        let config = agent("1001", 9).config().clone();
        let (mut agent, facts) = snapshot::restore(&kept.snapshot, config, Duration::ZERO, [9; 32], self.now).unwrap();
        assert!(facts.iter().all(|(_, facts)| facts.answered_at == Some(7) && facts.muted));
        let outputs = std::iter::from_fn(|| agent.poll()).collect();
        self.alice = Holder::Page(agent);
        outputs
    }

    /// Lets all be said that there is to say.
    fn settle(&mut self) {
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
    fn pass(&mut self, time: Duration) {
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

    fn poll_alice(&mut self) {
        match &mut self.alice {
            Holder::Page(_) => self.poll_page(),
            Holder::Caretaker(_) => self.poll_charge(),
            Holder::Nobody => {}
        }
    }

    fn poll_page(&mut self) {
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

    fn poll_charge(&mut self) {
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
                Output::Over(state) => {
                    self.over = Some(state);
                    self.alice = Holder::Nobody;
                    return;
                }
            }
        }
    }

    fn alice_says(&mut self, bytes: Vec<u8>) {
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

    fn registered(&mut self, register: &Request, to: To) {
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

    fn poll_bob(&mut self) {
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
                AgentOutput::Event(_) | AgentOutput::Disconnect => {}
            }
        }
    }

    /// What Bob does in his call.
    fn bob_does(&mut self, act: impl FnOnce(&mut Agent, CallId, Instant)) {
        let call = self.bobs().unwrap().id;
        act(&mut self.bob, call, self.now);
        self.settle();
    }

    fn bobs(&self) -> Option<sip::agent::Call> {
        self.bob.calls().next()
    }

    /// A request that Bob's phone says in his call, whatever its agent thinks.
    fn said(&mut self, method: &Method) {
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

    /// Alice's tag of the call.
    fn kept_call_tag(&self) -> String {
        let config = agent("1001", 9).config().clone();
        let kept = self.kept.as_ref().unwrap();
        let (agent, _) = snapshot::restore(&kept.snapshot, config, Duration::ZERO, [9; 32], self.now).unwrap();
        agent.calls().next().unwrap().local_tag
    }

    fn shown(&self) -> &LineState {
        &self.kept.as_ref().unwrap().state
    }

    /// Requests of this method that the caretaker sent.
    fn requests(&self, method: &Method) -> Vec<&Request> {
        let requests = self.sent.iter().filter_map(|message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        });
        requests.filter(|request| request.method == *method).collect()
    }

    fn said_this(&self, what: &str) -> bool {
        self.log.iter().any(|said| said == what)
    }
}

/// What a browser with this transport describes.
fn answer_of(question: &Question, ufrag: &str) -> Answer {
    let setup = match question {
        Question::Answer { offer: Some(_), .. } => "active",
        Question::Answer { offer: None, .. } | Question::Offer { .. } => "actpass",
        Question::Digest { .. } => return Answer::NoCredentials,
    };
    let bytes = browser(ufrag, setup).into_bytes();
    Answer::Description(Body { content_type: "application/sdp".to_owned(), bytes })
}

fn raw(request: &Request, name: HeaderName) -> String {
    request.headers.raw(&name).next().unwrap_or_default().to_owned()
}

#[test]
fn ct1_ct3_ct4_it_registers_as_the_page_did() {
    let world = World::talking().minded();
    let register = world.requests(&Method::Register)[0];
    assert_eq!(raw(register, HeaderName::CallId), "registration-of-1001");
    assert!(raw(register, HeaderName::Contact).contains("page-of-1001"));
    let call = &world.shown().calls[0];
    assert_eq!((call.phase, call.answered_at, call.muted), (phone::Phase::Returning, Some(7), true));
    assert_eq!(world.shown().registration, phone::Registration::Away);
    assert_eq!(world.bobs().unwrap().phase, Phase::Established, "and Bob noticed nothing");
}

#[test]
fn ct2_what_is_no_snapshot_is_not_kept() {
    let mut world = World::talking();
    let charge = ports::Charge { snapshot: vec![3, 1, 4], ..world.charge() };
    assert!(matches!(world.begin(charge), Err(Unreadable::Snapshot(_))));
}

#[test]
fn ct5_it_comes_back_over_another_uplink() {
    let mut world = World::talking().minded();
    world.log.clear();
    let Holder::Caretaker(charge) = &mut world.alice else { panic!("nobody keeps it") };
    charge.handle(Input::Closed, world.now);
    world.settle();
    world.pass(3 * SECOND);
    assert!(world.said_this("REGISTER"));
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    assert!(world.said_this("200 BYE"));
}

#[test]
fn ct6_hold_and_resume_are_answered() {
    let mut world = World::talking().minded();
    for (hold, direction) in [(true, "recvonly"), (false, "sendrecv")] {
        world.bob_does(|bob, call, now| if hold { bob.hold(call, now) } else { bob.resume(call, now) }.unwrap());
        let heard = SessionDescription::parse(world.heard.last().unwrap().as_bytes()).unwrap();
        assert_eq!(heard.direction(0).unwrap().as_str(), direction);
        assert_eq!(heard.transport(0).unwrap().ufrag, Some("alice"));
    }
    assert_eq!(world.causes, []);
}

#[test]
fn ct7_another_transport_is_for_the_page_that_comes() {
    let mut world = World::talking().minded();
    world.bob_ufrag = "fresh";
    world.bob_does(|bob, call, now| bob.reoffer(call, now).unwrap());
    world.pass(5 * SECOND);
    assert_eq!(world.heard.len(), 1, "only what was agreed at first");
    let asked = world.page();
    let is_asked =
        |output: &AgentOutput| matches!(output, AgentOutput::Ask(_, Question::Answer { offer: Some(_), .. }));
    assert!(asked.iter().any(is_asked), "{asked:?}");
}

#[test]
fn ct7_nobody_is_home_to_answer_the_telephone() {
    let mut world = World::ringing().minded();
    world.pass(10 * SECOND);
    assert_eq!(world.bobs().unwrap().phase, Phase::RingingThere, "it rings on");
    assert_eq!(world.shown().calls[0].phase, phone::Phase::RingingHere);
    world.page();
    let now = world.now;
    let Holder::Page(page) = &mut world.alice else { panic!("no page") };
    page.handle(AgentInput::Connected, now);
    let call = page.calls().next().unwrap().id;
    page.answer(call, now).unwrap();
    world.settle();
    assert_eq!(world.bobs().unwrap().phase, Phase::Established);
}

#[test]
fn ct8_a_digest_is_signed_for_this_epoch() {
    let mut world = World::talking();
    world.challenge = true;
    let mut world = world.minded();
    let (id, wanted) = world.asked.remove(0);
    assert_eq!((wanted.epoch, wanted.method.as_str(), wanted.nc), (8, "REGISTER", 1));
    let challenge = wanted.challenges[0].parse().unwrap();
    let signed = sip::digest::sign(&challenge, "00", "1001", &Method::Register, &wanted.uri, &wanted.body, "c", 1);
    let Holder::Caretaker(charge) = &mut world.alice else { panic!("nobody keeps it") };
    charge.handle(Input::Signed(id, Some(signed)), world.now);
    world.settle();
    let registers = world.requests(&Method::Register);
    assert!(raw(registers[1], HeaderName::Authorization).contains("nonce=\"n\""));
}

#[test]
fn ct9_a_transfer_waits_for_the_page_that_comes() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.transfer(call, "sip:1003@tabphone".parse().unwrap(), now).unwrap());
    assert!(world.said_this("202 REFER") && world.said_this("NOTIFY"));
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    let asked = world.page();
    let is_asked = |output: &AgentOutput| matches!(output, AgentOutput::Event(Event::TransferAsked { .. }));
    assert!(asked.iter().any(is_asked), "{asked:?}");
}

#[test]
fn ct9_a_transfer_that_nobody_follows_is_refused_at_the_deadline() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.transfer(call, "sip:1003@tabphone".parse().unwrap(), now).unwrap());
    world.pass(UNTIL);
    assert_eq!(world.progress.last(), Some(&TransferProgress::Failed(Status::SERVICE_UNAVAILABLE)));
}

#[test]
fn ct10_a_second_call_is_told_that_the_line_is_busy() {
    let mut world = World::talking().minded();
    let invite = format!(
        "INVITE sip:page-of-1001@x.invalid SIP/2.0\r\nVia: SIP/2.0/WS c.invalid;branch=z9hG4bKsecond\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1003@tabphone>;tag=c\r\nTo: <sip:1001@tabphone>\r\nCall-ID: second\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:c@c.invalid>\r\nContent-Type: application/sdp\r\n\r\n{}",
        browser("carol", "actpass")
    );
    world.under_way.push_back((To::Alice, invite.into_bytes()));
    world.settle();
    assert!(world.said_this("486 INVITE"));
    let ended = world.shown().ended.clone().unwrap();
    assert_eq!((ended.remote.number.as_str(), ended.cause), ("1003", phone::Cause::Busy), "who comes back reads it");
    assert_eq!(world.shown().calls.len(), 1);
}

#[test]
fn ct10_who_gives_up_is_a_missed_call() {
    let mut world = World::ringing().minded();
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    assert!(world.said_this("200 CANCEL") && world.said_this("487 INVITE"));
    assert_eq!(world.over.unwrap().ended.unwrap().cause, phone::Cause::CancelledThere);
}

#[test]
fn what_is_said_in_a_call_is_answered() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.send_digit(call, Digit::new('5').unwrap(), SECOND, now).unwrap());
    assert!(world.said_this("200 INFO"));
    world.said(&Method::Options);
    assert!(world.said_this("200 OPTIONS"));
    assert_eq!(world.bobs().unwrap().phase, Phase::Established);
}

#[test]
fn who_answers_a_call_of_ours_meanwhile_is_connected_by_the_page_that_comes() {
    let mut world = World::calling().minded();
    world.bob_does(|bob, call, now| bob.answer(call, now).unwrap());
    assert!(world.said_this("ACK"));
    let call = &world.shown().calls[0];
    assert_eq!(call.phase, phone::Phase::Connecting);
    world.pass(5 * SECOND);
    assert_eq!(world.bobs().unwrap().phase, Phase::Established);
}

#[test]
fn ct11_what_is_sent_was_kept_before() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.hold(call, now).unwrap());
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    let first = world.log.iter().position(|said| said != "keep").unwrap();
    assert!(first > 0, "{:?}", world.log);
    for answer in ["200 INVITE", "200 BYE"] {
        let at = world.log.iter().position(|said| said == answer).unwrap();
        assert_eq!(world.log[at - 1], "keep", "{:?}", world.log);
    }
}

#[test]
fn ct12_when_the_line_moved_nothing_is_said() {
    let mut world = World::talking().minded();
    world.log.clear();
    world.current = false;
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    world.pass(UNTIL);
    assert_eq!(world.log, ["keep"]);
    assert!(world.over.is_none());
}

#[test]
fn ct13_when_they_hang_up_nothing_is_left() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    assert!(world.said_this("200 BYE"));
    let over = world.over.as_ref().unwrap();
    assert_eq!((over.calls.len(), over.registration), (0, phone::Registration::Unknown));
    assert_eq!(over.ended.as_ref().unwrap().cause, phone::Cause::HungUpThere);
    let last = world.requests(&Method::Register).pop().unwrap();
    assert!(raw(last, HeaderName::Contact).contains("expires=0") || raw(last, HeaderName::Expires) == "0");
}

#[test]
fn ct14_at_the_deadline_the_other_end_is_told_why() {
    let mut world = World::talking().minded();
    world.pass(UNTIL - 3 * SECOND - Duration::from_millis(1));
    assert_eq!(world.causes, [], "not before");
    world.pass(Duration::from_millis(1));
    assert_eq!(world.causes, [Cause::HungUpThere]);
    let bye = world.requests(&Method::Bye)[0];
    assert_eq!(raw(bye, HeaderName::Reason), "SIP;cause=480;text=\"The other phone is gone\"");
    let over = world.over.unwrap();
    assert_eq!((over.calls.len(), over.ended.unwrap().cause), (0, phone::Cause::Away));
}

#[test]
fn ct14_what_rings_is_refused_or_cancelled() {
    let mut world = World::ringing().minded();
    world.pass(UNTIL);
    assert!(world.said_this("480 INVITE"));
    assert_eq!(world.causes, [Cause::NoAnswer]);
    let mut world = World::calling().minded();
    world.pass(UNTIL);
    assert!(raw(world.requests(&Method::Cancel)[0], HeaderName::Reason).starts_with("SIP;cause=480"));
    assert_eq!(world.causes, [Cause::CancelledThere]);
}

#[test]
fn ct14_a_deadline_that_is_over_ends_it_once_it_is_registered() {
    let mut world = World::talking();
    let charge = ports::Charge { until: LOST.as_millis(), ..world.charge() };
    world.begin(charge).unwrap();
    world.settle();
    assert_eq!(world.causes, [Cause::HungUpThere]);
    assert!(world.over.is_some());
}

#[test]
fn ct15_who_cannot_be_reached_is_waited_for_a_while() {
    let mut world = World::talking();
    let charge = ports::Charge { until: LOST.as_millis(), ..world.charge() };
    world.reachable = false;
    world.begin(charge).unwrap();
    world.settle();
    world.pass(Duration::from_millis(3_999));
    assert!(world.over.is_none());
    world.pass(Duration::from_millis(1));
    assert_eq!(world.over.unwrap().ended.unwrap().cause, phone::Cause::Away);
}

#[test]
fn ct16_who_does_not_answer_is_not_waited_for() {
    let mut world = World::talking().minded();
    world.answers = false;
    world.pass(UNTIL - 3 * SECOND);
    assert!(world.over.is_none());
    world.pass(4 * SECOND);
    assert!(world.over.is_some());
}

#[test]
fn ct17_what_never_comes_to_rest_is_over() {
    let mut world = World::talking().minded();
    let Holder::Caretaker(charge) = &mut world.alice else { panic!("nobody keeps it") };
    assert!((1..200).all(|_| charge.may_go_on(world.now)));
    assert!(!charge.may_go_on(world.now));
    assert!(charge.may_go_on(world.now + Duration::from_millis(1)), "time passed");
}

#[test]
fn a_goodbye_that_was_not_heard_is_said_again() {
    let mut world = World::talking();
    let now = world.now;
    let Holder::Page(page) = &mut world.alice else { panic!("no page") };
    let call = page.calls().next().unwrap().id;
    page.hangup(call, now).unwrap();
    // It closes in this very moment.
    while page.poll().is_some() {}
    assert!(page.has_something_to_lose());
    let world = world.minded();
    assert_eq!(world.causes, [Cause::HungUpThere]);
    assert!(world.over.is_some());
}
