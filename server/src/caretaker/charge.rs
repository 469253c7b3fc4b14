//! One line without a page, as a pure machine: no clock, no socket, no lock.

use crate::ports;
use crate::ports::LineKept;
use app::backend::{Contact, Opening};
use app::history::Report;
use app::messages::{Failure, Outcome, Received, Sent};
use app::phone::{self, LineState};
use app::sign::ToSign;
use line::identity::{self, IdentityError};
use line::mail;
use line::project;
use line::reports::{self, Reports};
use line::snapshot::{self, Facts, SnapshotError};
use sip::agent::{
    Agent, Answer, Call, CallId, Cause, Config, Event, Input as AgentInput, MessageId, Question, QuestionId,
    Registration,
};
use sip::agent::{Output as AgentOutput, Phase};
use sip::digest::Credentials;
use sip::message::is_keepalive;
use sip::{Duration, Instant, Seed};
use std::collections::VecDeque;

/// How long a deadline that came waits for the registrar: nobody can be told anything before.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long its end may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// How many timers may be due without time passing.
const STEPS: u32 = 200;
/// How much an agent may want at once: all of its transactions again, and its questions, are less.
const OUTPUTS: usize = 4_096;

/// Keeps the calls of a line whose page is gone, as the phone that it was.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | CT1 | – | begin, the snapshot is read | restores it, opens the uplink | Joining |
/// | CT2 | – | begin, it cannot be read | – | – |
/// | CT3 | Joining | uplink is open | REGISTER with the identity of the line; what was under way goes again | Joining |
/// | CT4 | Joining | registered | – | Minding |
/// | CT5 | Minding | uplink closed | opens another, as the agent says | Joining |
/// | CT6 | Joining, Minding | a question that [can be answered as it stands](Agent::standing_answer) | answers it | same |
/// | CT7 | Joining, Minding | any other question for a description | nothing: the page that comes is asked | same |
/// | CT8 | any | a digest is asked for | has it signed | same |
/// | CT9 | Joining, Minding | a transfer is asked for | nothing: the page that comes is asked | same |
/// | CT10 | Joining, Minding | a call comes | it rings, if there is room, and the page that comes rings on | same |
/// | CT11 | any | something changed | tells what is to be kept, then sends | same |
/// | CT12 | any | what is to be kept is refused: the line moved | sends nothing, is gone | – |
/// | CT13 | Joining, Minding | nothing is left to lose | unregisters | Leaving |
/// | CT14 | Minding | the deadline | ends all calls, and says why; unregisters | Leaving |
/// | CT15 | Joining | the deadline, and 4 s more without being registered | as CT14, as far as it gets | Leaving |
/// | CT16 | Leaving | all is said, or 2 s | tells that it is over | Over |
/// | CT17 | any | timers are due without end | tells that it is over | Over |
/// | CT18 | any | a call ended, or its page had not reported one | has it written to the history, once what led to it is kept | same |
/// | CT19 | Joining, Minding | a message comes, or came to its page | has it kept, once what led to it is, and answers it then | same |
/// | CT20 | any | a message that its page sent was answered | tells what became of it | same |
///
/// What others say meanwhile is answered by the agent as always: BYE, CANCEL, OPTIONS, INFO, what refreshes the session; a
/// 2xx to an INVITE that was ringing is acknowledged, and the page that comes connects the sound.
pub(super) struct Charge {
    epoch: u64,
    domain: String,
    agent: Agent,
    facts: Vec<(CallId, Facts)>,
    /// The calls that are over and that are not known to be in the history.
    reports: Reports,
    /// The tags of those that are being written.
    writing: Vec<String>,
    /// What is to be told of messages.
    letters: Vec<Output>,
    /// What every screen shows.
    state: LineState,
    stage: Stage,
    /// When its calls are ended.
    until: Instant,
    stopped: bool,
    out: VecDeque<Output>,
    /// How many timers were due at this moment.
    steps: (Instant, u32),
}

enum Stage {
    /// Not registered; a deadline that comes waits until then.
    Joining { patience: Instant },
    /// Registered.
    Minding,
    /// Says goodbye.
    Leaving { until: Instant },
    /// Nothing is done any more.
    Over,
}

/// What happens to it.
#[allow(clippy::large_enum_variant, reason = "it is passed on at once, never kept")]
pub(super) enum Input<'a> {
    /// The uplink is open.
    Opened,
    /// The uplink is closed, or cannot be had.
    Closed,
    /// A message came.
    Received(&'a [u8]),
    /// The deadline came.
    Timeout,
    /// What was to be signed; `None` when nobody signs that.
    Signed(QuestionId, Option<Credentials>),
    /// The line is to be ended now.
    Hurry,
    /// The call with this local tag is in the history.
    Recorded(&'a str),
    /// The message with this number is kept, or never will be: the status of its answer. `None`: it cannot be kept now.
    Kept(u64, Option<u16>),
}

/// What it wants, in this order.
#[derive(Debug)]
pub(super) enum Output {
    /// This is what is known from now on. If that is refused nothing of what follows may be done.
    Keep(LineKept),
    /// Open the uplink.
    Open,
    /// Close the uplink.
    Close,
    /// Send this.
    Transmit(Vec<u8>),
    /// Sign this.
    Sign(QuestionId, ToSign),
    /// Write this to the history: [`Input::Recorded`].
    Report(Report),
    /// Keep this message: [`Input::Kept`].
    Receive(Received),
    /// This became of a message.
    Sent(Sent),
    /// It has nothing to do any more; this is what the line is.
    Over(LineState),
}

/// A line cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// What its page left is not understood.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// It is nobody's.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Nothing can be said without random numbers.
    #[error("the system gave no random numbers")]
    Random,
}

/// Whose line it is, and where.
pub(super) struct Owner<'a> {
    pub(super) person: &'a ports::SignedIn,
    pub(super) home: &'a ports::Home,
    /// How long calls ring.
    pub(super) ringing: Duration,
}

impl Charge {
    /// Takes a line over (CT1).
    ///
    /// # Errors
    /// What the page left cannot be gone on with (CT2).
    pub(super) fn begin(
        charge: ports::Charge,
        owner: &Owner<'_>,
        seed: Seed,
        now: Instant,
    ) -> Result<Self, Unreadable> {
        let config = config(&charge, owner, now)?;
        let away = Duration::from_millis(charge.age);
        let (mut agent, (facts, reports)) = snapshot::restore_checked(&charge.snapshot, config, away, seed, now)?;
        if agent.has_something_to_lose() && matches!(agent.registration(), Registration::Idle | Registration::Stopped) {
            agent.start(now);
        }
        let mut begun = Self {
            epoch: charge.epoch,
            domain: owner.home.domain.clone(),
            agent,
            facts,
            reports,
            writing: Vec::new(),
            letters: Vec::new(),
            state: charge.state,
            stage: Stage::Joining { patience: now + PATIENCE },
            until: Instant::from_millis(charge.until),
            stopped: false,
            out: VecDeque::new(),
            steps: (now, 0),
        };
        begun.settle(true, now);
        Ok(begun)
    }

    /// Takes what happened.
    pub(super) fn handle(&mut self, input: Input<'_>, now: Instant) {
        let mut news = true;
        match (&self.stage, input) {
            (Stage::Over, _) => return,
            (_, Input::Opened) => self.agent.handle(AgentInput::Connected, now),
            (stage, Input::Closed) => {
                if matches!(stage, Stage::Minding) {
                    self.stage = Stage::Joining { patience: now + PATIENCE };
                }
                self.agent.handle(AgentInput::Disconnected, now);
            }
            (_, Input::Received(bytes)) => {
                news = is_keepalive(bytes).is_none();
                self.agent.handle(AgentInput::Received(bytes), now);
            }
            (_, Input::Timeout) => {
                news = false;
                if self.agent.deadline().is_some_and(|deadline| deadline <= now) {
                    if !self.may_go_on(now) {
                        return self.finish();
                    }
                    self.agent.handle(AgentInput::Timeout, now);
                }
            }
            (_, Input::Signed(id, credentials)) => {
                let answer = credentials.map_or(Answer::NoCredentials, Answer::Credentials);
                self.agent.handle(AgentInput::Answer(id, answer), now);
            }
            (_, Input::Hurry) => self.until = self.until.min(now),
            (_, Input::Recorded(local_tag)) => {
                self.writing.retain(|writing| writing != local_tag);
                news = self.reports.recorded(local_tag);
            }
            // Who is not answered sends it again, or keeps it for the page that comes.
            (_, Input::Kept(_, None)) => {}
            (_, Input::Kept(id, Some(status))) => {
                // It may have been too late.
                let _ = match mail::refusal(status) {
                    None => self.agent.accept_message(MessageId(id), now),
                    Some(status) => self.agent.reject_message(MessageId(id), status, now),
                };
            }
        }
        self.settle(news, now);
    }

    /// What is wanted next.
    pub(super) fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When [`Input::Timeout`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let own = match self.stage {
            Stage::Joining { patience } => self.until.max(patience),
            Stage::Minding => self.until,
            Stage::Leaving { until } => until,
            Stage::Over => return None,
        };
        Some(self.agent.deadline().map_or(own, |deadline| deadline.min(own)))
    }

    /// Lets the agent say what it has to say, then does what is due.
    fn settle(&mut self, mut news: bool, now: Instant) {
        let mut wanted = Vec::new();
        loop {
            if !self.drain(&mut wanted, now) {
                return self.finish();
            }
            if !self.advance(now) {
                break;
            }
            news = true;
        }
        let says = |output: &Output| matches!(output, Output::Transmit(bytes) if is_keepalive(bytes).is_none());
        news |= wanted.iter().any(says);
        if self.show(now) || news {
            // Drained, it can be saved.
            if let Some(snapshot) = snapshot::save(&self.agent, (self.facts.clone(), self.reports.clone()), now) {
                self.out.push_back(Output::Keep(LineKept { state: self.state.clone(), snapshot }));
            }
        }
        self.out.extend(wanted);
        self.out.extend(self.letters.drain(..));
        for report in self.reports.iter() {
            if !self.writing.contains(&report.local_tag) {
                self.writing.push(report.local_tag.clone());
                self.out.push_back(Output::Report(report.clone()));
            }
        }
        if let Stage::Leaving { until } = self.stage
            && (self.stopped || until <= now)
        {
            self.finish();
        }
    }

    /// Whether the agent came to rest.
    fn drain(&mut self, wanted: &mut Vec<Output>, now: Instant) -> bool {
        for _ in 0..OUTPUTS {
            let Some(output) = self.agent.poll() else { return true };
            match output {
                // There is one registrar.
                AgentOutput::Connect(_) => wanted.push(Output::Open),
                AgentOutput::Disconnect => wanted.push(Output::Close),
                AgentOutput::Transmit(bytes) => wanted.push(Output::Transmit(bytes)),
                AgentOutput::Ask(id, question) => wanted.extend(self.ask(id, question, now)),
                AgentOutput::Event(event) => self.happened(event, now),
            }
        }
        false
    }

    fn ask(&mut self, id: QuestionId, question: Question, now: Instant) -> Option<Output> {
        match question {
            Question::Answer { .. } => {
                let answer = self.agent.standing_answer(id)?;
                self.agent.handle(AgentInput::Answer(id, Answer::Description(answer)), now);
                None
            }
            Question::Offer { .. } => None,
            Question::Digest { challenges, nc, method, uri, body, .. } => {
                let challenges = challenges.iter().map(ToString::to_string).collect();
                let wanted = ToSign { epoch: self.epoch, challenges, nc, method: method.to_string(), uri, body };
                Some(Output::Sign(id, wanted))
            }
        }
    }

    fn happened(&mut self, event: Event, now: Instant) {
        match event {
            Event::Incoming(_) => self.state.ended = None,
            Event::Ended { last, cause, .. } => {
                self.ended(&last, &cause, now);
                if let Some(ended) = project::ended(&last, cause, &self.domain) {
                    self.state.ended = Some(ended);
                }
            }
            Event::Stopped => self.stopped = true,
            Event::Message { id, from, body, call_id, .. } => {
                let received = mail::received(id, &from, body, &call_id, &self.domain);
                self.letters.push(Output::Receive(received));
            }
            Event::MessageSent { call_id, outcome, .. } => {
                let outcome = mail::outcome(outcome);
                // Nobody answered who could be heard here: the page that comes sends it again.
                if outcome != Outcome::Failed(Failure::NoResponse) {
                    self.letters.push(Output::Sent(Sent { call_id, attempt: 0, outcome }));
                }
            }
            // What concerns media is for the page that comes, and so is what a person decides.
            Event::Registration
            | Event::Call(_)
            | Event::Remote { .. }
            | Event::BranchEnded { .. }
            | Event::Transfer { .. }
            | Event::TransferAsked { .. }
            | Event::Digit { .. }
            | Event::PictureWanted(_)
            | Event::Candidates { .. }
            | Event::Answered { .. }
            | Event::Subscription { .. }
            | Event::SubscriptionAsked { .. }
            | Event::Publication { .. }
            | Event::Notified { .. } => {}
        }
    }

    /// A call is over: it is to be in the history (CT18).
    fn ended(&mut self, last: &Call, cause: &Cause, now: Instant) {
        let known =
            self.facts.iter().find(|(id, _)| *id == last.id).map(|(_, facts)| facts.clone()).unwrap_or_default();
        match reports::successor(last, cause, self.agent.calls()) {
            Some(next) => match self.facts.iter_mut().find(|(id, _)| *id == next) {
                Some((_, facts)) => facts.carry(known),
                None => self.facts.push((next, known)),
            },
            None => {
                let report = reports::report(last, cause.clone(), &known, &self.domain, now.as_millis());
                self.reports.push(report);
            }
        }
    }

    /// Goes on to the next state; says whether it did.
    fn advance(&mut self, now: Instant) -> bool {
        let due = match self.stage {
            Stage::Joining { .. } if self.agent.registration() == Registration::Registered => {
                self.stage = Stage::Minding;
                return true;
            }
            Stage::Joining { patience } => self.until.max(patience) <= now,
            Stage::Minding => self.until <= now,
            Stage::Leaving { .. } | Stage::Over => return false,
        };
        if !due && self.agent.has_something_to_lose() {
            return false;
        }
        self.stage = Stage::Leaving { until: now + FAREWELL };
        self.agent.stop_away(now);
        true
    }

    /// Shows what the agent knows; says whether anything changed.
    fn show(&mut self, now: Instant) -> bool {
        let (before, calls) = (self.state.calls.clone(), self.agent.calls().collect::<Vec<_>>());
        let had_sound = |key| {
            let sounds = |phase| matches!(phase, phone::Phase::Talking | phone::Phase::Returning);
            before.iter().any(|call| call.key == key && sounds(call.phase))
        };
        self.facts.retain(|(id, _)| calls.iter().any(|call| call.id == *id));
        self.state.calls = Vec::with_capacity(calls.len());
        for call in &calls {
            let facts = self.facts_of(call, now);
            let mut shown = project::call(call, false, &facts, &self.domain);
            if shown.phase == phone::Phase::Connecting && had_sound(shown.key) {
                shown.phase = phone::Phase::Returning;
            }
            self.state.calls.push(shown);
        }
        let registration = match self.stage {
            Stage::Joining { .. } | Stage::Minding | Stage::Leaving { .. } => phone::Registration::Away,
            Stage::Over => phone::Registration::Unknown,
        };
        core::mem::replace(&mut self.state.registration, registration) != registration || before != self.state.calls
    }

    /// What is known of a call beside the agent, with what is known now.
    fn facts_of(&mut self, call: &Call, now: Instant) -> Facts {
        let at = self.facts.iter().position(|(id, _)| *id == call.id).unwrap_or_else(|| {
            self.facts.push((call.id, Facts::default()));
            self.facts.len() - 1
        });
        let facts = &mut self.facts[at].1;
        facts.begun.get_or_insert(now.as_millis());
        if call.phase == Phase::Established {
            facts.answered_at.get_or_insert(now.as_millis());
        }
        facts.clone()
    }

    /// Whether time passes, or not too many timers were due yet without.
    pub(super) fn may_go_on(&mut self, now: Instant) -> bool {
        let (at, steps) = self.steps;
        self.steps = if at == now { (at, steps.saturating_add(1)) } else { (now, 0) };
        self.steps.1 < STEPS
    }

    fn finish(&mut self) {
        self.stage = Stage::Over;
        self.out.push_back(Output::Close);
        self.out.push_back(Output::Over(over(core::mem::take(&mut self.state))));
    }
}

/// What is left of a line that nobody keeps any more.
pub(super) fn over(mut state: LineState) -> LineState {
    state.registration = phone::Registration::Unknown;
    if let Some(phone::Call { key, direction, remote, .. }) = state.calls.pop() {
        state.calls.clear();
        state.ended = Some(phone::Ended { key, direction, remote, cause: phone::Cause::Away });
    }
    state
}

/// Who the agent is: who its page was.
fn config(charge: &ports::Charge, owner: &Owner<'_>, now: Instant) -> Result<Config, IdentityError> {
    let opening = Opening {
        me: Contact { extension: owner.person.extension.clone(), name: owner.person.name.clone() },
        domain: owner.home.domain.clone(),
        dialect: owner.home.dialect,
        ringing_seconds: u32::try_from(owner.ringing.as_secs()).unwrap_or(u32::MAX),
        ..Opening::default()
    };
    let config = identity::config(&charge.identity, &opening, now.as_millis())?;
    // Nobody is there whom one more call could ring.
    Ok(Config { max_calls: 1, ..config })
}
