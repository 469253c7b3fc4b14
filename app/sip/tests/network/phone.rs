use sip::agent::{
    Agent, Answer, Body, Branch, CallId, Cause, Config, Event, MediaFailure, MessageId, Phase, Question, QuestionId,
    Registration, Snapshot, SubscriptionId, TransferProgress,
};
use sip::digest;
use sip::{Duration, Instant, Random};

/// A phone and the person in front of it.
pub struct Phone {
    pub user: String,
    pub agent: Agent,
    /// Its connection.
    pub flow: Option<u64>,
    /// The server that it asked for last.
    pub server: usize,
    /// What its user noticed.
    pub seen: Vec<Seen>,
    /// What its user noticed beside calls: messages, states of others.
    pub noticed: Vec<String>,
    /// How many inputs its agent got.
    pub inputs: usize,
    /// When its page is replaced.
    pub replace: Replace,
    /// Whether what comes next follows from its registration, or came before: nothing new for the flow.
    pub refreshes: bool,
    /// How often its page was replaced.
    replaced: u8,
    /// What it sent.
    pub sent: Vec<Vec<u8>>,
    /// What it got.
    pub received: Vec<Vec<u8>>,
    /// After which of them its connection is cut.
    pub cut_after: Option<usize>,
    /// Whether it does not notice that; its page is only told that the network is back.
    pub cuts_silently: bool,
    /// Why it has no media, if it has none.
    pub media: Result<(), MediaFailure>,
    /// Its password; without one nobody signs.
    pub password: Option<String>,
    pub token: Option<sip::bearer::Token>,
    /// Whether questions stay open, in `held`, until they are answered one by one.
    pub holds: bool,
    pub held: Vec<(QuestionId, Question)>,
    /// What its descriptions are, if they are to be real ones.
    pub says: Option<String>,
    descriptions: usize,
    /// Messages that wait for an answer, or did.
    pub messages: Vec<MessageId>,
    /// How many messages it sent.
    pub said: usize,
    /// Subscriptions to it.
    pub asked_for: Vec<SubscriptionId>,
}

/// When a phone's page is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    Never,
    /// Once, after so many inputs.
    After(usize),
    /// After every input, but for those that a replacement itself leads to: a page registers anew, and sends again
    /// what may be lost.
    Always,
}

/// What a user notices. Phases that one may or may not see on the way are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Incoming(CallId, String),
    Established(CallId),
    Remote(CallId, String),
    /// What came by INFO.
    Said(CallId, String),
    Ended(CallId, Phase, Cause),
    Transfer(CallId, TransferProgress),
    TransferAsked(CallId, String),
    Stopped,
}

/// The configuration of a user's phone.
pub fn config(user: &str) -> Config {
    let address = format!("\"{}\" <sip:{user}@example.com>", user.to_uppercase()).parse().unwrap();
    let registrar = "sip:example.com".parse().unwrap();
    Config {
        contact_user: format!("{user}-page"),
        contact_host: format!("{user}.invalid"),
        instance: format!("urn:uuid:00000000-0000-4000-8000-{:0>12x}", user.len()),
        register_call_id: format!("registration-of-{user}"),
        // Few pings, so that ladders are short; `alive` has the usual ones.
        ping_interval: Duration::from_secs(25),
        pong_timeout: Duration::from_secs(5),
        ..Config::new(address, registrar, &mut Random::new([0; 32]))
    }
}

impl Phone {
    pub fn new(user: &str, at: usize, now: Instant) -> Self {
        let seed = [u8::try_from(at).unwrap() + 1; 32];
        Self {
            user: user.into(),
            agent: Agent::new(config(user), seed, now),
            flow: None,
            server: 0,
            seen: Vec::new(),
            noticed: Vec::new(),
            inputs: 0,
            replace: Replace::Never,
            refreshes: false,
            replaced: 0,
            sent: Vec::new(),
            received: Vec::new(),
            cut_after: None,
            cuts_silently: false,
            media: Ok(()),
            password: None,
            token: None,
            holds: false,
            held: Vec::new(),
            says: None,
            descriptions: 0,
            messages: Vec::new(),
            said: 0,
            asked_for: Vec::new(),
        }
    }

    /// Makes it anew with another configuration, before it is started.
    pub fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = self.agent.config().clone();
        change(&mut config);
        self.agent = Agent::new(config, [99; 32], Instant::from_millis(0));
    }

    pub fn registration(&self) -> Registration {
        self.agent.registration()
    }

    /// The phase of its only call.
    pub fn phase(&self) -> Option<Phase> {
        self.agent.calls().next().map(|call| call.phase)
    }

    /// How its calls ended.
    pub fn causes(&self) -> Vec<Cause> {
        let cause = |seen: &Seen| match seen {
            Seen::Ended(_, _, cause) => Some(cause.clone()),
            Seen::Incoming(..)
            | Seen::Established(_)
            | Seen::Remote(..)
            | Seen::Said(..)
            | Seen::Transfer(..)
            | Seen::TransferAsked(..)
            | Seen::Stopped => None,
        };
        self.seen.iter().filter_map(cause).collect()
    }

    /// An input was handled: whether the page is replaced now.
    pub fn is_replaced(&mut self) -> bool {
        self.inputs += 1;
        let refreshes = std::mem::take(&mut self.refreshes);
        match self.replace {
            Replace::Never => false,
            Replace::After(inputs) => self.inputs == inputs,
            Replace::Always => !refreshes,
        }
    }

    /// How far its transfers came, in order.
    pub fn transfers(&self) -> Vec<TransferProgress> {
        let progress = |seen: &Seen| match seen {
            Seen::Transfer(_, progress) => Some(*progress),
            Seen::Incoming(..)
            | Seen::Established(_)
            | Seen::Remote(..)
            | Seen::Said(..)
            | Seen::Ended(..)
            | Seen::TransferAsked(..)
            | Seen::Stopped => None,
        };
        self.seen.iter().filter_map(progress).collect()
    }

    /// What was said to it beside its calls: digits, candidates, the wish for a picture.
    pub fn heard(&self) -> Vec<String> {
        let said = |seen: &Seen| match seen {
            Seen::Said(_, what) => Some(what.clone()),
            Seen::Incoming(..)
            | Seen::Established(_)
            | Seen::Remote(..)
            | Seen::Ended(..)
            | Seen::Transfer(..)
            | Seen::TransferAsked(..)
            | Seen::Stopped => None,
        };
        self.seen.iter().filter_map(said).collect()
    }

    /// The descriptions of the other end that it was told of.
    pub fn described(&self) -> Vec<String> {
        let remote = |seen: &Seen| match seen {
            Seen::Remote(_, text) => Some(text.clone()),
            Seen::Incoming(..)
            | Seen::Established(_)
            | Seen::Said(..)
            | Seen::Ended(..)
            | Seen::Transfer(..)
            | Seen::TransferAsked(..)
            | Seen::Stopped => None,
        };
        self.seen.iter().filter_map(remote).collect()
    }

    /// Its calls, oldest first.
    pub fn calls(&self) -> Vec<CallId> {
        self.agent.calls().map(|call| call.id).collect()
    }

    /// Takes a question: the answer, unless it is held.
    pub fn asked(&mut self, id: QuestionId, question: &Question) -> Option<Answer> {
        if self.holds {
            self.held.retain(|(held, _)| *held != id);
            self.held.push((id, question.clone()));
            return None;
        }
        Some(self.answer_to(question))
    }

    pub fn answer_to(&mut self, question: &Question) -> Answer {
        match question {
            Question::Offer { .. } | Question::Answer { .. } => match self.media {
                Ok(()) => {
                    let what =
                        if matches!(question, Question::Answer { offer: Some(_), .. }) { "answer" } else { "offer" };
                    self.descriptions += 1;
                    let text = self.says.clone().unwrap_or_else(|| format!("{what} of {}", self.user));
                    Answer::Description(Body { content_type: "application/sdp".into(), bytes: text.into() })
                }
                Err(failure) => Answer::Media(failure),
            },
            Question::Digest { challenges, username, nc, method, uri, body } => {
                let Some(password) = &self.password else { return Answer::NoCredentials };
                let challenge = digest::choose(challenges, digest::Policy::default()).unwrap();
                let ha1 = digest::ha1(&challenge.algorithm(), username, &challenge.realm, password);
                let credentials = digest::sign(challenge, &ha1, username, method, uri, body, "cnonce", *nc);
                Answer::Credentials(credentials)
            }
            Question::Token { .. } => self.token.clone().map_or(Answer::NoCredentials, Answer::Token),
        }
    }

    /// Notes what was told; a line for the ladder if it is worth one.
    pub fn told(&mut self, event: Event) -> Option<String> {
        match event {
            Event::Registration => Some(format!("{:?}", self.agent.registration())),
            Event::Incoming(id) => {
                let call = self.agent.calls().find(|call| call.id == id).expect("the call is there");
                let caller = call.remote.to_string();
                self.seen.push(Seen::Incoming(id, caller.clone()));
                Some(format!("rings: {caller}"))
            }
            Event::Call(id) => {
                let call = self.agent.calls().find(|call| call.id == id)?;
                let phase = call.phase;
                let seen = Seen::Established(id);
                if phase == Phase::Established && !self.seen.contains(&seen) {
                    self.seen.push(seen);
                }
                let hold = match (call.held_here, call.held_there) {
                    (false, false) => "",
                    (true, false) => ", they are held",
                    (false, true) => ", held by them",
                    (true, true) => ", held by both",
                };
                Some(format!("{phase:?}{hold}"))
            }
            Event::Remote { call, branch, answer, early } => {
                let mut text = String::from_utf8_lossy(&answer.bytes).into_owned();
                if branch != Branch::default() {
                    text.push_str(&format!(" of branch {}", branch.0));
                }
                if early {
                    text.insert_str(0, "early ");
                }
                self.seen.push(Seen::Remote(call, text.clone()));
                let short = direction(answer.bytes.as_slice());
                Some(short.map_or_else(|| format!("applies \"{text}\""), |direction| format!("applies {direction}")))
            }
            Event::Digit { call, digit, duration } => {
                self.said(call, format!("{digit} for {} ms", duration.as_millis()))
            }
            Event::PictureWanted(call) => self.said(call, "a picture is wanted".into()),
            Event::Candidates { call, fragment } => {
                let text = String::from_utf8(fragment.bytes).unwrap();
                let count = text.matches("a=candidate:").count();
                self.said(call, format!("{count} candidates"))
            }
            Event::BranchEnded { call, branch } => {
                self.seen.push(Seen::Remote(call, format!("end of branch {}", branch.0)));
                Some(format!("branch {} ended", branch.0))
            }
            Event::Ended { call, last, cause } => {
                assert!(self.agent.calls().all(|other| other.id != call), "an ended call is forgotten");
                self.held.retain(|(_, question)| !is_about(question, call));
                self.seen.push(Seen::Ended(call, last.phase, cause.clone()));
                Some(format!("ended: {cause:?}"))
            }
            Event::Transfer { call, progress } => {
                self.seen.push(Seen::Transfer(call, progress));
                Some(format!("transfer: {progress:?}"))
            }
            Event::TransferAsked { call, target, by, replaces } => {
                let by = by.map_or_else(|| "somebody".into(), |by| by.to_string());
                let how = if replaces { ", attended" } else { "" };
                let what = format!("{by} wants a call to {target}{how}");
                let seen = Seen::TransferAsked(call, what.clone());
                // It is told again after a restore.
                if !self.seen.contains(&seen) {
                    self.seen.push(seen);
                }
                Some(what)
            }
            Event::Message { id, call, from, body, .. } => {
                self.messages.retain(|other| *other != id);
                self.messages.push(id);
                let place = if call.is_some() { " in the call" } else { "" };
                self.notice(format!("message{place} from {}: {}", from.uri, text(&body)))
            }
            Event::MessageSent { outcome, .. } => self.notice(format!("message: {outcome:?}")),
            Event::Answered { outcome, .. } => self.notice(format!("capabilities: {outcome:?}")),
            Event::Subscription { phase, .. } => self.notice(format!("subscription: {phase:?}")),
            Event::SubscriptionAsked { id, package, by, .. } => {
                self.asked_for.retain(|other| *other != id);
                self.asked_for.push(id);
                self.notice(format!("asked for {} by {}", package.name(), by.uri))
            }
            Event::Publication { phase, .. } => self.notice(format!("publication: {phase:?}")),
            Event::Notified { id, package, body, .. } => {
                let asked = if id.is_some() { "" } else { " without being asked" };
                self.notice(format!("is told{asked} ({}): {}", package.name(), text(&body)))
            }
            Event::Stopped => {
                self.seen.push(Seen::Stopped);
                Some("stopped".into())
            }
        }
    }

    /// Notes what was told beside calls. What is open is told again after a restore, and a state when it is refreshed:
    /// both are noticed once.
    fn notice(&mut self, line: String) -> Option<String> {
        let open = line.starts_with("message") || line.starts_with("asked");
        let again = if open { self.noticed.contains(&line) } else { self.noticed.last() == Some(&line) };
        if !again {
            self.noticed.push(line.clone());
        }
        Some(line)
    }

    fn said(&mut self, call: CallId, what: String) -> Option<String> {
        self.seen.push(Seen::Said(call, what.clone()));
        Some(format!("is told: {what}"))
    }

    /// Saves the agent as text, and goes on with one that was restored from it.
    pub fn restore(&mut self, now: Instant) {
        let config = self.agent.config().clone();
        let snapshot = self.agent.snapshot(now).expect("the agent is drained");
        let text = serde_json::to_string(&snapshot).unwrap();
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        self.held.clear();
        self.replaced = self.replaced.wrapping_add(1);
        let mut seed = [77; 32];
        seed[..self.user.len().min(16)].copy_from_slice(&self.user.as_bytes()[..self.user.len().min(16)]);
        seed[31] = self.replaced;
        self.agent = Agent::restore(snapshot, config, Duration::ZERO, seed, now).unwrap();
    }
}

fn text(body: &Body) -> String {
    format!("\"{}\"", String::from_utf8_lossy(&body.bytes))
}

/// The direction of the first section, if it is a description.
pub fn direction(bytes: &[u8]) -> Option<&'static str> {
    let description = sip::sdp::SessionDescription::parse(bytes).ok()?;
    description.direction(0).map(sip::sdp::Direction::as_str)
}

fn is_about(question: &Question, id: CallId) -> bool {
    question.call() == Some(id)
}
