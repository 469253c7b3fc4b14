//! A phone: registers, makes and takes calls (RFC 3261 sections 8 to 15, over RFC 7118).
//!
//! What the user of an [`Agent`] does:
//! - opens the transport when told [`Output::Connect`], to the server that it names, and says [`Input::Connected`] or [`Input::Disconnected`];
//! - passes every message that arrives to [`Input::Received`] and sends every [`Output::Transmit`];
//! - answers each [`Output::Ask`] with an [`Input::Answer`], whenever it can;
//! - calls the verbs ([`Agent::call`], [`Agent::answer`], …);
//! - keeps each [`Event::Message`], and decides about each [`Event::SubscriptionAsked`], within 30 s;
//! - drains [`Agent::poll`] after each of these, then arms one timer for [`Agent::deadline`] and passes
//!   [`Input::Timeout`] when it is due.
//!
//! What the phone is doing is read from it: [`Agent::registration`], [`Agent::calls`].
//!
//! A call ends for the user the moment it is decided ([`Event::Ended`], exactly once); what is still owed to
//! the other end (CANCEL, BYE, ACK) is done behind that.

mod api;
mod auto_answer;
mod cause;
mod challenge;
mod compose;
mod config;
mod core;
mod description;
mod early;
mod established;
mod events;
mod hold;
mod hooked;
mod identity;
mod incoming;
mod info;
mod link;
mod modify;
mod outcomes;
mod outgoing;
mod profile;
mod questions;
mod receive;
mod redirect;
mod refer;
mod refusal;
mod registering;
mod reliable;
mod replaces;
mod report;
mod servers;
mod session;
mod session_timer;
mod snapshot;
mod target;
mod telling;
mod transactions;
mod transfer;
mod trickle;
mod update;

#[cfg(test)]
mod tests;

pub use api::*;
pub use cause::Cause;
pub use config::{Config, ConfigError, Server};
pub use events::*;
pub use identity::{CallOptions, DiversionReason, Diverted, Identity};
pub use refusal::Refusal;
pub use snapshot::{RestoreError, Snapshot};
pub use transfer::TransferProgress;

use self::core::Core;
use self::events::Events;
use self::registering::Registering;
use self::session::{Session, State};
use self::transactions::{Effects, Purpose};
use crate::clock::Clock;
use crate::hook::Hook;
use crate::message::{Headers, KeepAlive, is_keepalive};
use crate::uri::Uri;
use crate::{Instant, Random, Seed};
use ::core::time::Duration;
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
            Input::Received(bytes) => {
                if is_keepalive(bytes) == Some(KeepAlive::Pong) {
                    self.core.link.ponged();
                }
                self.received(bytes);
            }
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
        let fixed = [
            self.core.link.deadline(),
            self.core.servers.deadline().filter(|_| self.core.link.is_up()),
            self.core.transactions.deadline(),
            self.registering.deadline(),
            self.events.deadline(),
        ];
        let sessions = self.sessions.iter().filter_map(Session::deadline);
        let own = fixed.into_iter().flatten().chain(sessions).chain(strays).min()?;
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

    /// As [`Agent::call`], shown to the other end as the options say.
    ///
    /// # Errors
    /// As many calls are up as are allowed.
    pub fn call_as(&mut self, target: Uri, options: CallOptions, now: Instant) -> Result<CallId, VerbError> {
        self.call_with(target, options.into_headers(), now)
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

    /// Puts an answered call on hold: nothing of theirs is received any more, by the direction of the media alone (RFC 3264
    /// 8.4). While its media is being changed it waits; what the user wanted last is done. If the other end refuses, it
    /// stays as it was ([`Event::Call`]).
    ///
    /// # Errors
    /// There is no such call, or it is not established.
    pub fn hold(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| session.hold(core, true))
    }

    /// Ends [the hold](Agent::hold) of a call.
    ///
    /// # Errors
    /// There is no such call, or it is not established.
    pub fn resume(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| session.hold(core, false))
    }

    /// Sends a digit by INFO (`application/dtmf-relay`), after those that were sent before; for phones and gateways that take
    /// no RFC 4733. Its duration is kept between 40 ms and 6 s.
    ///
    /// # Errors
    /// There is no such call, it is not established, or too many digits wait already.
    pub fn send_digit(&mut self, id: CallId, digit: Digit, duration: Duration, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, _| session.send_digit(digit, duration))
    }

    /// Asks for a whole picture by INFO (RFC 5168), where feedback in RTCP is not to be had.
    ///
    /// # Errors
    /// There is no such call, it is not established, or too much waits to be sent already.
    pub fn request_picture(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, _| session.request_picture())
    }

    /// Sends candidates that follow our description (RFC 8840), if [`Config::trickle`] and they take them; as long as that is
    /// not known, or there is no dialog, they wait. Each fragment has all candidates of its ICE session so far: the newest
    /// replaces one that waits.
    ///
    /// # Errors
    /// There is no such call, or [`Config::trickle`] is off, or it is no fragment.
    pub fn trickle(&mut self, id: CallId, fragment: Body, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| session.trickle(core, fragment))
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
        &self.core.config.config
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
        if self.core.leave_server(!self.sessions.is_empty()) {
            self.registering.disconnected(&mut self.core);
        }
        let mut effects = Effects::default();
        self.core.transactions.timeout(now, &mut effects);
        self.core.apply(effects);
        if self.registering.timeout(&mut self.core) {
            self.drop_transport();
        }
        for session in &mut self.sessions {
            session.timeout(&mut self.core);
        }
        self.events.timeout(&mut self.core);
        self.core.strays.retain(|stray| stray.until > now);
    }

    /// The transport is there: register at once, then repeat what may have been lost.
    fn connected(&mut self) {
        let core = &mut self.core;
        if !core.link.opened(core.now, core.config.ping_interval) {
            return;
        }
        let config = &core.config.config;
        core.servers.opened(&config.servers, config.return_after, core.now, &mut core.random);
        let mut effects = Effects::default();
        self.core.transactions.resend(&mut effects);
        self.registering.connected(&mut self.core);
        self.core.apply(effects);
        for session in &mut self.sessions {
            if let State::Established(established) = &mut session.state {
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
        let core = &mut self.core;
        core.transactions.drop_purpose(Purpose::Probe);
        let step = core.link.lost(core.now, &mut core.random, &mut core.servers, &core.config.config);
        core.step(step);
        self.registering.disconnected(&mut self.core);
    }

    fn answer_question(&mut self, id: QuestionId, answer: Answer) {
        let Some(open) = self.core.questions.take(id) else { return };
        match open.question {
            Question::Offer { call, .. } => self.with(call, |session, core| match session.state {
                State::Outgoing(_) => session.offered(core, answer),
                State::Established(_) => session.reoffered(core, answer),
                State::Incoming(_) | State::Gone => {}
            }),
            Question::Answer { call, .. } => self.with(call, |session, core| match session.state {
                State::Incoming(_) => session.answered(core, answer),
                State::Established(_) => session.reanswered(core, answer),
                State::Outgoing(_) => session.update_answered(core, answer),
                State::Gone => {}
            }),
            Question::Digest { .. } => {
                if let Some(challenged) = open.challenged {
                    self.signed(*challenged, answer);
                }
            }
        }
    }
}
