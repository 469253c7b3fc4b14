//! A page without a browser: it holds the line over `/line`, and its agent speaks over `/sip`; its media says yes at once.

use crate::house::{Tab, Visitor};
use app::backend::{OPENING_META, Opening};
use app::encoding;
use app::lease::{FromTab, Grant, ToTab};
use app::messages::{Sent, ToSend};
use app::phone::{self, LineState};
use app::sign::ToSign;
use line::reports::{self, Reports};
use line::snapshot::{self, Beside, Facts};
use line::{identity, project};
use reqwest::header;
use server::clock;
use sip::agent::{
    Agent, Answer, Body, Call, CallId, Cause, Event, Input, MessageId, Output, Phase, Question, QuestionId,
    Registration,
};
use sip::sdp::SessionDescription;
use sip::{Duration, Instant};
use std::collections::BTreeMap;
use tokio::time::timeout;

/// Longer than anything takes that is not broken.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Page {
    visitor: Visitor,
    line: Tab,
    sip: Option<Tab>,
    grant: Grant,
    pub agent: Agent,
    /// The call that ended last, and why.
    pub ended: Option<(Call, Cause)>,
    /// What the other end described, in order.
    pub heard: Vec<SessionDescription>,
    /// What was asked by REFER.
    pub asked_to_call: Option<String>,
    pub transfer: Option<sip::agent::TransferProgress>,
    /// What is known of calls beside the agent, and what the server is to be told of those that are over.
    facts: BTreeMap<CallId, Facts>,
    pub reports: Reports,
    /// Whether it tells the server of them: else it dies before.
    pub reporting: bool,
    pub mail: Mail,
    /// The SIP domain.
    domain: String,
}

/// What it does with messages.
#[derive(Default)]
pub struct Mail {
    /// After which step it does nothing more, as if it died there; `None`: it does not.
    pub dies: Option<Step>,
    /// The steps that it was at.
    pub steps: Vec<Step>,
    wanted: Vec<ToSend>,
    sent: Vec<String>,
}

/// A step of a message, on its way out and in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is told what to send.
    Told,
    /// It sent it.
    Sent,
    /// It was answered.
    Answered,
    /// It told the server so.
    Confirmed,
    /// A message came.
    Came,
    /// It told the server so.
    Reported,
    /// The server has it.
    Kept,
    /// It answered.
    Accepted,
}

pub fn now() -> Instant {
    Instant::from_millis(clock::now())
}

impl Page {
    /// Opens the phone of this extension in a tab of this name, and registers.
    pub async fn open(visitor: Visitor, extension: &str, name: &str) -> Self {
        let mut opening = Opening { domain: "tabphone".into(), ringing_seconds: 45, ..Opening::default() };
        opening.me.extension = extension.to_owned();
        Self::begin(visitor, opening, name).await
    }

    /// The same as the server's page says it is to be.
    pub async fn open_as_told(visitor: Visitor, name: &str) -> Self {
        let page = visitor.browser.get("/").await.text().await.unwrap();
        let meta = page.split('<').find(|tag| tag.starts_with("meta") && tag.contains(OPENING_META)).unwrap();
        let (_, content) = meta.split_once("content=\"").unwrap();
        let opening = Opening::from_text(content.split('"').next().unwrap()).unwrap();
        Self::begin(visitor, opening, name).await
    }

    async fn begin(visitor: Visitor, opening: Opening, name: &str) -> Self {
        let mut line = visitor.tab(name, None).await;
        let mut mail = Mail::default();
        let grant = loop {
            match line.hear_any().await {
                ToTab::Granted(grant) => break grant,
                ToTab::Send(wanted) => mail.wanted = wanted,
                ToTab::Resumed { .. } | ToTab::Yield => panic!("it is a new one"),
                _ => {}
            }
        };
        let config = identity::config(&grant.identity, &opening, clock::now()).unwrap();
        let seed = [u8::try_from(clock::now() % 251).unwrap(); 32];
        let left = grant.snapshot.as_ref().map(|(bytes, age)| {
            snapshot::restore(bytes, config.clone(), Duration::from_millis(*age), seed, now()).unwrap()
        });
        let (mut agent, (facts, reports)) =
            left.unwrap_or_else(|| (Agent::new(config, seed, now()), Beside::default()));
        if matches!(agent.registration(), Registration::Idle | Registration::Stopped) {
            agent.start(now());
        }
        let (ended, heard, asked_to_call, transfer) = (None, Vec::new(), None, None);
        let (facts, reporting) = (facts.into_iter().collect(), true);
        let mut page = Self {
            visitor,
            line,
            sip: None,
            grant,
            agent,
            ended,
            heard,
            asked_to_call,
            transfer,
            facts,
            reports,
            reporting,
            mail,
            domain: opening.domain,
        };
        page.report().await;
        page.until("it is registered", Self::is_registered).await;
        page
    }

    pub fn is_registered(&self) -> bool {
        self.agent.registration() == Registration::Registered
    }

    /// The call that there is.
    pub fn call(&self) -> Call {
        self.agent.calls().next().expect("there is a call")
    }

    pub fn phase(&self) -> Option<Phase> {
        self.agent.calls().next().map(|call| call.phase)
    }

    /// Calls somebody, who answers: both talk.
    pub async fn call_and_talk(&mut self, other: &mut Self, number: &str) -> CallId {
        let call = self.agent.call(format!("sip:{number}@{}", self.domain).parse().unwrap(), now()).unwrap();
        let answers = async {
            other.until("it rings", |other| other.phase() == Some(Phase::RingingHere)).await;
            let incoming = other.call().id;
            other.agent.answer(incoming, now()).unwrap();
            other.until("the call is up", |other| other.phase() == Some(Phase::Established)).await;
        };
        tokio::join!(self.until("the call is up", |page| page.phase() == Some(Phase::Established)), answers);
        // The ACK is there, too: nothing is sent once more in the next seconds (T2 is 4 s).
        let is_due = |page: &Self| page.agent.deadline().is_some_and(|due| due.since(now()) < Duration::from_secs(5));
        other.until("nothing is under way", |other| !is_due(other)).await;
        call
    }

    /// The page is gone without a word.
    pub fn crash(self) -> Visitor {
        self.visitor
    }

    /// Goes on until this is so.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let go_on = async {
            loop {
                self.drain().await;
                if done(self) {
                    return;
                }
                let due = self.agent.deadline().map_or(PATIENCE, |deadline| deadline.since(now()));
                let Some(sip) = &mut self.sip else {
                    tokio::time::sleep(due).await;
                    self.agent.handle(Input::Timeout, now());
                    continue;
                };
                match timeout(due, sip.next_raw()).await {
                    Ok(Some(text)) => self.agent.handle(Input::Received(text.as_bytes()), now()),
                    Ok(None) => {
                        self.sip = None;
                        self.agent.handle(Input::Disconnected, now());
                    }
                    Err(_) => self.agent.handle(Input::Timeout, now()),
                }
            }
        };
        timeout(2 * PATIENCE, go_on).await.unwrap_or_else(|_| panic!("{what}"));
    }

    /// Goes on with messages until it is at this step, or nobody waits any longer: `until` hears nothing of what the server says.
    pub async fn mail_until(&mut self, step: Step) {
        let go_on = async {
            while !self.mail.steps.contains(&step) {
                self.send_wanted().await;
                self.drain().await;
                if self.mail.steps.contains(&step) {
                    return;
                }
                let due = self.agent.deadline().map_or(PATIENCE, |deadline| deadline.since(now()));
                let Self { line, sip, .. } = self;
                let text = async {
                    match sip {
                        Some(sip) => sip.next_raw().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    word = line.next_word() => self.heard(word.expect("the server is there")),
                    text = text => match text {
                        Some(text) => self.agent.handle(Input::Received(text.as_bytes()), now()),
                        None => {
                            self.sip = None;
                            self.agent.handle(Input::Disconnected, now());
                        }
                    },
                    () = tokio::time::sleep(due) => self.agent.handle(Input::Timeout, now()),
                }
            }
        };
        timeout(2 * PATIENCE, go_on).await.unwrap_or_else(|_| panic!("{step:?}"));
        self.drain().await;
    }

    /// Goes on with messages for as long as somebody waits.
    pub async fn mail_for_good(&mut self) {
        loop {
            self.mail.steps.clear();
            self.mail_until(Step::Accepted).await;
        }
    }

    /// Whether it goes on at this step.
    fn at(&mut self, step: Step) -> bool {
        let dead = self.mail.dies.is_some_and(|dies| self.mail.steps.contains(&dies));
        if !dead {
            self.mail.steps.push(step);
        }
        !dead && self.mail.dies != Some(step)
    }

    fn heard(&mut self, word: ToTab) {
        match word {
            ToTab::Send(wanted) => self.mail.wanted = wanted,
            ToTab::Answer { id, status } if self.at(Step::Kept) => {
                let id = MessageId(id);
                let _ = match line::mail::refusal(status) {
                    None => self.agent.accept_message(id, now()),
                    Some(status) => self.agent.reject_message(id, status, now()),
                };
                self.at(Step::Accepted);
            }
            _ => {}
        }
    }

    async fn send_wanted(&mut self) {
        for wanted in core::mem::take(&mut self.mail.wanted) {
            let under_way = self.agent.sends_message(&wanted.call_id) || self.mail.sent.contains(&wanted.call_id);
            if under_way || !self.at(Step::Told) {
                continue;
            }
            self.mail.sent.push(wanted.call_id.clone());
            let to = format!("sip:{}@tabphone", wanted.to).parse().unwrap();
            let body = Body { content_type: line::mail::TEXT.into(), bytes: wanted.text.into_bytes() };
            self.agent.message_as(&wanted.call_id, to, body, now()).unwrap();
            self.drain().await;
            self.at(Step::Sent);
        }
    }

    /// Says what the agent has to say; what it leaves is published before.
    async fn drain(&mut self) {
        let mut messages = Vec::new();
        let mut words = Vec::new();
        let mut opens = false;
        let mut news = false;
        while let Some(output) = self.agent.poll() {
            news = true;
            match output {
                Output::Connect(_) => opens = true,
                Output::Disconnect => self.sip = None,
                Output::Transmit(bytes) => messages.push(String::from_utf8(bytes).unwrap()),
                Output::Ask(id, Question::Digest { challenges, nc, method, uri, body, .. }) => {
                    let challenges = challenges.iter().map(ToString::to_string).collect();
                    let epoch = self.grant.epoch;
                    let wanted = ToSign { epoch, challenges, nc, method: method.to_string(), uri, body };
                    self.sign(id, &wanted).await;
                }
                Output::Ask(id, question) => {
                    if let Some(body) = self.describe(&question) {
                        self.agent.handle(Input::Answer(id, Answer::Description(body)), now());
                    }
                }
                Output::Event(Event::Ended { last, cause, .. }) => {
                    let facts = self.facts.remove(&last.id).unwrap_or_default();
                    self.reports.push(reports::report(&last, cause.clone(), &facts, &self.domain, clock::now()));
                    self.ended = Some((last, cause));
                }
                Output::Event(Event::Remote { answer, .. }) => {
                    self.heard.push(SessionDescription::parse(&answer.bytes).unwrap());
                }
                Output::Event(Event::TransferAsked { target, .. }) => {
                    self.asked_to_call = Some(target.uri.to_string());
                }
                Output::Event(Event::Transfer { progress, .. }) => self.transfer = Some(progress),
                Output::Event(Event::Message { id, from, body, call_id, .. }) if self.at(Step::Came) => {
                    let received = line::mail::received(id, &from, body, &call_id, "tabphone");
                    words.push(FromTab::Message(received));
                }
                Output::Event(Event::MessageSent { call_id, outcome, .. }) if self.at(Step::Answered) => {
                    let sent = Sent { call_id, attempt: 0, outcome: line::mail::outcome(outcome) };
                    words.push(FromTab::Sent(sent));
                }
                Output::Event(_) => {}
            }
        }
        for call in self.agent.calls() {
            let facts = self.facts.entry(call.id).or_default();
            facts.begun.get_or_insert_with(clock::now);
            if call.phase == Phase::Established {
                facts.answered_at.get_or_insert_with(clock::now);
            }
        }
        if news {
            self.publish().await;
            self.report().await;
        }
        for word in words {
            let step = if matches!(word, FromTab::Message(_)) { Step::Reported } else { Step::Confirmed };
            self.line.try_say(word).await;
            self.at(step);
        }
        for message in messages {
            if let Some(sip) = &mut self.sip {
                sip.try_say_raw(&message).await;
            }
        }
        if opens {
            self.sip = self.visitor.open_sip(self.grant.epoch).await;
            let opened = if self.sip.is_some() { Input::Connected } else { Input::Disconnected };
            self.agent.handle(opened, now());
            Box::pin(self.drain()).await;
        }
    }

    async fn sign(&mut self, id: QuestionId, wanted: &ToSign) {
        let browser = &self.visitor.browser;
        let post = browser.client.post(format!("{}/sign", browser.origin)).header(header::ORIGIN, &browser.origin);
        let answer = post.body(encoding::encode(wanted)).send().await.unwrap().text().await.unwrap();
        let answer = answer.parse().map_or(Answer::NoCredentials, Answer::Credentials);
        self.agent.handle(Input::Answer(id, answer), now());
    }

    async fn publish(&mut self) {
        let facts = self.facts.iter().map(|(call, facts)| (*call, facts.clone())).collect();
        let Some(snapshot) = snapshot::save(&self.agent, (facts, self.reports.clone()), now()) else { return };
        let calls = self.agent.calls().map(|call| project::call(&call, true, &Facts::default(), &self.domain));
        let state =
            LineState { registration: phone::Registration::Ready, calls: calls.collect(), ..LineState::default() };
        let to_lose = self.agent.has_something_to_lose() || !self.reports.is_empty();
        let publish = FromTab::Publish { epoch: self.grant.epoch, state, snapshot, to_lose, last: false };
        self.line.try_say(publish).await;
    }

    /// Tells the server of calls that are over, if it does.
    pub async fn report(&mut self) {
        if self.reporting {
            for report in self.reports.iter() {
                self.line.try_say(FromTab::Report(report.clone())).await;
            }
        }
    }

    /// Hears that all of them are in the history, and leaves what does not hold them any more.
    pub async fn is_recorded(&mut self) {
        while !self.reports.is_empty() {
            if let ToTab::Recorded(local_tag) = self.line.hear_any().await {
                self.reports.recorded(&local_tag);
            }
        }
        self.publish().await;
    }

    fn describe(&self, question: &Question) -> Option<Body> {
        let setup = match question {
            Question::Answer { offer: Some(_), .. } => "active",
            Question::Offer { .. } | Question::Answer { offer: None, .. } => "actpass",
            Question::Digest { .. } => return None,
        };
        let contact = &self.agent.config().contact_user;
        let ufrag: String = contact.chars().filter(char::is_ascii_alphanumeric).take(4).collect();
        let fingerprint = ["AA"; 32].join(":");
        let text = format!(
            "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n\
             a=mid:0\r\na=rtcp-mux\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdef012345\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=rtpmap:111 opus/48000/2\r\na=sendrecv\r\n"
        );
        Some(Body { content_type: "application/sdp".into(), bytes: text.into_bytes() })
    }

    /// The line's `Registered` once more, with calls that go on: the registrar was gone.
    pub async fn registers_again(&mut self) {
        self.until("it is not registered any more", |page| !page.is_registered()).await;
        self.until("it is registered again", Self::is_registered).await;
    }

    /// The server was gone and is back: the tab says that it runs the line still.
    pub async fn come_back(&mut self, origin: &str) {
        self.visitor.browser.origin = origin.to_owned();
        self.sip = None;
        self.line = self.visitor.tab("tab", Some(self.grant.epoch)).await;
        loop {
            match self.line.hear().await {
                ToTab::Resumed { epoch } if epoch == self.grant.epoch => break,
                ToTab::Watching | ToTab::Line(_) => {}
                other => panic!("{other:?}"),
            }
        }
        self.agent.handle(Input::Disconnected, now());
        self.agent.handle(Input::Hint, now());
        self.until("it is registered", Self::is_registered).await;
    }
}
