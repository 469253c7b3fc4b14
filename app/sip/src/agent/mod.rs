//! A phone: registers, makes and takes calls (RFC 3261 sections 8 to 15, over RFC 7118).
//!
//! What the user of an [`Agent`] does:
//! - opens the transport when told [`Output::Connect`], and says [`Input::Connected`] or [`Input::Disconnected`];
//! - passes every message that arrives to [`Input::Received`] and sends every [`Output::Transmit`];
//! - answers each [`Output::Ask`] with an [`Input::Answer`], whenever it can;
//! - calls the verbs ([`Agent::call`], [`Agent::answer`], …);
//! - drains [`Agent::poll`] after each of these, then arms one timer for [`Agent::deadline`] and passes
//!   [`Input::Timeout`] when it is due.
//!
//! What the phone is doing is read from it: [`Agent::registration`], [`Agent::calls`].
//!
//! A call ends for the user the moment it is decided ([`Event::Ended`], exactly once); what is still owed to
//! the other end (CANCEL, BYE, ACK) is done behind that.

mod api;
mod cause;
mod challenge;
mod compose;
mod core;
mod description;
mod established;
mod events;
mod hooked;
mod incoming;
mod link;
mod modify;
mod outgoing;
mod questions;
mod receive;
mod registering;
mod session;
mod snapshot;
mod transactions;

pub use api::*;
pub use events::*;
pub use snapshot::{RestoreError, Snapshot};

use self::core::Core;
use self::events::Events;
use self::link::Link;
use self::registering::Registering;
use self::session::{Session, State};
use self::transactions::{Effects, Outcome, Purpose};
use crate::clock::Clock;
use crate::hook::Hook;
use crate::message::Headers;
use crate::uri::Uri;
use crate::{Instant, Random, Seed};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A phone without I/O; see the module.
#[derive(Debug)]
pub struct Agent {
    core: Core,
    clock: Clock,
    registering: Registering,
    /// What the user was told last.
    told: Registration,
    sessions: Vec<Session>,
    last_call: u64,
    events: Events,
}

impl Agent {
    /// An agent that does nothing yet: see [`Agent::start`].
    #[must_use]
    pub fn new(config: Config, seed: Seed, now: Instant) -> Self {
        let registering = Registering::new(&config);
        Self {
            core: Core::new(config, Random::new(seed), now),
            clock: Clock::default(),
            registering,
            told: Registration::Idle,
            sessions: Vec::new(),
            last_call: 0,
            events: Events::default(),
        }
    }

    /// Lets a user see and change messages; see [`Hook`]. It is not saved: give it again to what is restored, with
    /// [`Agent::restore_with`].
    pub fn set_hook(&mut self, hook: Option<Box<dyn Hook + Send>>) {
        self.core.hook.0 = hook;
    }

    /// Takes what happened outside.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        self.enter(now);
        match input {
            Input::Timeout => self.timeout(),
            Input::Connected => self.connected(),
            Input::Disconnected => self.lost(),
            Input::Hint => {
                let step = self.core.link.hint(self.core.now, self.core.config.pong_timeout);
                self.core.step(step);
            }
            Input::Received(bytes) => self.received(bytes),
            Input::Answer(id, answer) => self.answer_question(id, answer),
        }
        self.settle();
    }

    /// The next output; `None` when drained.
    pub fn poll(&mut self) -> Option<Output> {
        self.core.poll()
    }

    /// When [`Input::Timeout`] is to be passed.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let strays = self.core.strays.iter().map(|stray| stray.until);
        let fixed = [self.core.link.deadline(), self.core.transactions.deadline(), self.registering.deadline()];
        let fixed = fixed.into_iter().chain([self.events.deadline()]);
        let sessions = self.sessions.iter().filter_map(Session::deadline);
        let own = fixed.flatten().chain(sessions).chain(strays).min()?;
        Some(self.clock.outside(own))
    }

    /// Connects and registers, and keeps both up until [`Agent::stop`].
    pub fn start(&mut self, now: Instant) {
        self.enter(now);
        self.registering.start(&mut self.core);
        self.settle();
    }

    /// Ends all calls and unregisters. [`Event::Stopped`] comes at the latest 1.5 s later.
    pub fn stop(&mut self, now: Instant) {
        self.enter(now);
        for id in self.ids() {
            self.with(id, |session, core| match session.state {
                // Not declined: other phones of this user go on ringing.
                State::Incoming(_) => session.hang_up(core, Some(Cause::NoAnswer)),
                State::Outgoing(_) | State::Established(_) | State::Gone => session.hang_up(core, None),
            });
        }
        self.events.stop(&mut self.core);
        self.registering.stop(&mut self.core);
        self.settle();
    }

    /// Begins a call: it is prepared until its offer is made, then INVITE leaves.
    ///
    /// # Errors
    /// As many calls are up as are allowed.
    pub fn call(&mut self, target: Uri, now: Instant) -> Result<CallId, VerbError> {
        self.call_with(target, Headers::new(), now)
    }

    /// As [`Agent::call`], with more headers for the INVITE. Those that the agent writes itself stay as it writes them.
    ///
    /// # Errors
    /// As many calls are up as are allowed.
    pub fn call_with(&mut self, target: Uri, headers: Headers, now: Instant) -> Result<CallId, VerbError> {
        if self.live() >= self.core.config.max_calls {
            return Err(VerbError::TooMany);
        }
        self.enter(now);
        let id = self.next_call();
        let session = Session::dial(&mut self.core, id, target, headers);
        self.sessions.push(session);
        self.settle();
        Ok(id)
    }

    /// Answers a call that rings here.
    ///
    /// # Errors
    /// There is no such call, or it does not ring here.
    pub fn answer(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| match session.phase() {
            Phase::RingingHere => {
                session.accept(core);
                Ok(())
            }
            Phase::Preparing
            | Phase::Calling
            | Phase::RingingThere
            | Phase::Answering
            | Phase::Established
            | Phase::Ending => Err(VerbError::WrongPhase),
        })
    }

    /// Declines a call that rings here (603).
    ///
    /// # Errors
    /// There is no such call, or it is not an incoming one that is unanswered.
    pub fn decline(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| match session.phase() {
            Phase::RingingHere | Phase::Answering => {
                session.refuse(core, Cause::DeclinedHere);
                Ok(())
            }
            Phase::Preparing | Phase::Calling | Phase::RingingThere | Phase::Established | Phase::Ending => {
                Err(VerbError::WrongPhase)
            }
        })
    }

    /// Ends a call, in whatever phase it is: withdraws, cancels, declines, or hangs up.
    ///
    /// # Errors
    /// There is no such call.
    pub fn hangup(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| {
            session.hang_up(core, None);
            Ok(())
        })
    }

    /// Ends a call whose media cannot go on: like [`Agent::hangup`], with that cause. An incoming call that was
    /// not answered is refused with 488 and a Warning.
    ///
    /// # Errors
    /// There is no such call.
    pub fn fail(&mut self, id: CallId, failure: MediaFailure, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| {
            session.hang_up(core, Some(Cause::Media(failure)));
            Ok(())
        })
    }

    /// Offers anew in an established call: asks for the offer, sends re-INVITE; the answer comes as
    /// [`Event::Remote`]. If the other end refuses, the call goes on as it was.
    ///
    /// # Errors
    /// There is no such call, or it is not established, or its media is being changed already.
    pub fn reoffer(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, Session::reoffer)
    }

    /// Whether the phone is registered.
    #[must_use]
    pub fn registration(&self) -> Registration {
        self.registering.registration(&self.core)
    }

    /// The calls that are up or coming up, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = Call> {
        self.sessions.iter().filter(|session| !session.over).map(Session::call)
    }

    /// Who the agent is.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.core.config
    }

    /// Sets the time of what follows.
    fn enter(&mut self, now: Instant) {
        self.core.now = self.clock.inside(now);
    }

    fn verb(
        &mut self,
        id: CallId,
        now: Instant,
        verb: impl FnOnce(&mut Session, &mut Core) -> Result<(), VerbError>,
    ) -> Result<(), VerbError> {
        self.enter(now);
        let live = |session: &&mut Session| session.id == id && !session.over;
        let session = self.sessions.iter_mut().find(live).ok_or(VerbError::NoCall)?;
        let result = verb(session, &mut self.core);
        self.settle();
        result
    }

    /// Lets a call do something.
    fn with(&mut self, id: CallId, act: impl FnOnce(&mut Session, &mut Core)) {
        if let Some(session) = self.sessions.iter_mut().find(|session| session.id == id) {
            act(session, &mut self.core);
        }
    }

    fn session(&mut self, id: CallId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == id)
    }

    fn ids(&self) -> Vec<CallId> {
        self.sessions.iter().map(|session| session.id).collect()
    }

    /// How many calls the user knows of.
    fn live(&self) -> usize {
        self.sessions.iter().filter(|session| !session.over).count()
    }

    const fn next_call(&mut self) -> CallId {
        self.last_call = self.last_call.wrapping_add(1);
        CallId(self.last_call)
    }

    fn timeout(&mut self) {
        let now = self.core.now;
        let step = self.core.link.timeout(now, self.core.config.pong_timeout);
        if self.core.step(step) {
            self.lost();
        }
        let mut effects = Effects::default();
        self.core.transactions.timeout(now, &mut effects);
        self.core.apply(effects);
        self.registering.timeout(&mut self.core);
        for session in &mut self.sessions {
            session.timeout(&mut self.core);
        }
        self.events.timeout(&mut self.core);
        self.core.strays.retain(|stray| stray.until > now);
    }

    /// The transport is there: register at once, then repeat what may have been lost.
    fn connected(&mut self) {
        if !self.core.link.opened(self.core.now, self.core.config.ping_interval) {
            return;
        }
        let mut effects = Effects::default();
        self.core.transactions.resend(&mut effects);
        self.registering.connected(&mut self.core);
        self.core.apply(effects);
        for session in &self.sessions {
            if let State::Established(established) = &session.state {
                established.resend(&mut self.core);
            }
        }
        self.events.connected(&mut self.core);
    }

    /// The transport is gone: everything that was agreed stays agreed.
    fn lost(&mut self) {
        if self.core.link.is_off() {
            return;
        }
        let step = self.core.link.lost(self.core.now, &mut self.core.random);
        self.core.step(step);
        self.registering.disconnected(&mut self.core);
    }

    fn answer_question(&mut self, id: QuestionId, answer: Answer) {
        let Some(open) = self.core.questions.take(id) else { return };
        match open.question {
            Question::Offer { call } => self.with(call, |session, core| match session.state {
                State::Outgoing(_) => session.offered(core, answer),
                State::Established(_) => session.reoffered(core, answer),
                State::Incoming(_) | State::Gone => {}
            }),
            Question::Answer { call, .. } => self.with(call, |session, core| match session.state {
                State::Incoming(_) => session.answered(core, answer),
                State::Established(_) => session.reanswered(core, answer),
                State::Outgoing(_) | State::Gone => {}
            }),
            Question::Digest { .. } => {
                if let Some(challenged) = open.challenged {
                    self.signed(*challenged, answer);
                }
            }
        }
    }

    /// Does all that follows from what was handled, and tells what changed.
    fn settle(&mut self) {
        while let Some(outcome) = self.core.outcome() {
            let asked = self.is_wanted(outcome.purpose) && challenge::ask(&mut self.core, &outcome);
            if !asked {
                self.conclude(&outcome);
            }
        }
        self.sessions.retain(|session| !session.is_gone());
        let registration = self.registration();
        if registration == Registration::Stopped && !self.core.link.is_off() {
            self.halt();
        }
        if registration != self.told {
            self.events.set_ready(&mut self.core, registration == Registration::Registered);
            if registration == Registration::Stopped {
                self.events.end(&mut self.core);
            }
            self.told = registration;
            self.core.event(Event::Registration);
        }
        self.events.settle(&mut self.core);
    }

    /// Whether a request for this purpose is worth being signed and sent again.
    fn is_wanted(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Invite(id) | Purpose::Reinvite(id) => {
                self.sessions.iter().any(|session| session.id == id && !session.over)
            }
            Purpose::Register | Purpose::Farewell => true,
            Purpose::Event(subject) => self.is_subject_wanted(subject),
        }
    }

    /// Gives the outcome of a request to whoever sent it.
    fn conclude(&mut self, outcome: &Outcome) {
        match outcome.purpose {
            Purpose::Register => {
                if self.registering.outcome(&mut self.core, outcome) {
                    self.core.output(Output::Disconnect);
                    self.lost();
                }
            }
            Purpose::Invite(call) => {
                if self.session(call).is_some() {
                    self.with(call, |session, core| session.invite_outcome(core, outcome));
                } else if let Some(response) = &outcome.response
                    && response.status.is_success()
                {
                    outgoing::refuse_stray(&mut self.core, &outcome.key, &outcome.request, response);
                }
            }
            Purpose::Reinvite(call) => self.with(call, |session, core| session.reinvite_outcome(core, outcome)),
            Purpose::Event(subject) => self.conclude_about(subject, outcome),
            Purpose::Farewell => {}
        }
    }

    /// The agent stopped: nothing is under way any more.
    fn halt(&mut self) {
        self.core.link = Link::Off;
        self.core.output(Output::Disconnect);
        self.core.transactions = transactions::Transactions::default();
        self.core.questions.clear();
        self.core.strays.clear();
        self.sessions.clear();
    }
}
