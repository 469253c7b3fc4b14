//! A phone: stays registered and reachable, makes, takes, changes and passes on calls (RFC 3261 sections 8 to 15, over
//! RFC 7118), and does what phones do beside calls: messages, capabilities, subscriptions, publications.
//!
//! What the user of an [`Agent`] does:
//! - opens the transport when told [`Output::Connect`], to the server that it names, and says [`Input::Connected`] or [`Input::Disconnected`];
//! - passes every message that arrives to [`Input::Received`] and sends every [`Output::Transmit`];
//! - answers each [`Output::Ask`] with an [`Input::Answer`], whenever it can;
//! - calls the verbs ([`Agent::call`], [`Agent::answer`], …);
//! - decides about each [`Event::TransferAsked`] within the ringing time; keeps each [`Event::Message`], and decides
//!   about each [`Event::SubscriptionAsked`], within 30 s;
//! - drains [`Agent::poll`] after each of these, then arms one timer for [`Agent::deadline`] and passes
//!   [`Input::Timeout`] when it is due.
//!
//! What the phone is doing is read from it: [`Agent::registration`], [`Agent::calls`], [`Agent::subscriptions`],
//! [`Agent::publications`].
//!
//! What holds at any time:
//! - A call ends for the user the moment it is decided ([`Event::Ended`], exactly once); what is still owed to the other
//!   end (CANCEL, BYE, ACK) is done behind that.
//! - A transport that is lost ends nothing: the calls stay, and a request that was under way leaves again as it was over
//!   the next one, so that nothing is done twice.
//! - All state is in the [`Snapshot`], each deadline in the state that it belongs to: an agent is saved and restored
//!   whenever it is drained, and goes on with the same dialogs.
//! - What others can make grow is bounded, and what does not fit is refused.
//!
//! To read it, begin with the words: `api.rs`, `call.rs`, `event.rs`, `question.rs`, `config.rs`, and the verbs in
//! `verbs.rs`. Then what all parts share, `core.rs`, and the way of a message through it: `receive.rs` (what comes),
//! `transactions.rs`, `outcomes.rs` (what came of what was sent), `challenge.rs`, `compose.rs` (what is written). Each
//! machine has its table of states above its type:
//!
//! | What | Where |
//! | --- | --- |
//! | The transport, its servers, the registration | `link.rs`, `servers.rs`, `registering.rs` |
//! | A call and its states | `session.rs`; `outgoing.rs`, `early.rs`, `redirect.rs`; `incoming.rs`; `reliable.rs`; `established.rs` |
//! | Changes of a call | `modify.rs` (ours), `update.rs` (theirs), `hold.rs`, `session_timer.rs` |
//! | What is said in it | `info.rs`, `trickle.rs` |
//! | Transfers | `transfer.rs` (asked by us), `report.rs` and `telling.rs` (asked of us), `refer.rs`, `replaces.rs`, `succession.rs` |
//! | Beside calls | `events/` |
//! | Saving, and calls without a page | `snapshot.rs`, `standing.rs` |

mod api;
mod auto_answer;
mod call;
mod cause;
mod challenge;
mod compose;
mod config;
mod core;
mod description;
mod early;
mod established;
mod event;
#[cfg(feature = "events")]
mod events;
#[cfg(all(feature = "messages", not(feature = "events")))]
#[path = "only_messages.rs"]
mod events;
#[cfg(not(feature = "messages"))]
#[path = "no_events.rs"]
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
mod question;
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
mod standing;
mod strays;
mod succession;
mod target;
mod telling;
mod transactions;
mod transfer;
mod trickle;
mod update;
mod verbs;

#[cfg(test)]
mod tests;

pub use api::*;
pub use call::*;
pub use cause::Cause;
pub use config::{Config, ConfigError, Server};
pub use event::Event;
pub use events::*;
pub use identity::{CallOptions, DiversionReason, Diverted, Identity};
pub use question::*;
pub use refusal::Refusal;
#[cfg(feature = "serde")]
pub use snapshot::SnapshotWithoutMessages;
pub use snapshot::{RestoreError, Snapshot};
pub use transfer::TransferProgress;

use self::core::Core;
use self::events::Events;
use self::registering::Registering;
use self::session::{Session, State};
use self::transactions::{Effects, Purpose};
use crate::clock::Clock;
use crate::hook::Hook;
use crate::message::{KeepAlive, is_keepalive};
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
            self.core.transactions.deadline(self.core.link.is_away()),
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
        self.end_all(None, now);
    }

    /// As [`Agent::stop`], for a user who is gone and does not come back: all calls end with [`Cause::Away`], and the
    /// other ends are told so (RFC 3326). Who asked for a transfer that nobody decided about is told 503.
    pub fn stop_away(&mut self, now: Instant) {
        self.end_all(Some(Cause::Away), now);
    }

    fn end_all(&mut self, cause: Option<Cause>, now: Instant) {
        self.enter(now);
        for id in self.ids() {
            self.with(id, |session, core| {
                if cause.is_some() {
                    session.refuse_transfer(core);
                    session.expect_no_ack();
                }
                let cause = cause.clone().or(match session.state {
                    // Not declined: other phones of this user go on ringing.
                    State::Incoming(_) => Some(Cause::NoAnswer),
                    State::Outgoing(_) | State::Established(_) | State::Gone => None,
                });
                session.hang_up(core, cause);
            });
        }
        self.events.stop(&mut self.core);
        let owing = self.is_owing();
        self.registering.stop(&mut self.core, owing);
        self.settle();
    }

    /// Whether the phone is registered.
    #[must_use]
    pub fn registration(&self) -> Registration {
        self.registering.registration(&self.core)
    }

    /// The calls that are up or coming up, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = Call> {
        self.sessions.iter().filter(|session| session.is_shown()).map(Session::call)
    }

    /// Whether something is lost when nobody goes on with this agent: a call, or what is still owed to the other end of
    /// one that is over.
    #[must_use]
    pub fn has_something_to_lose(&self) -> bool {
        !self.sessions.is_empty() || self.core.is_under_way(Purpose::Farewell)
    }

    /// Who the agent is.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.core.config.config
    }

    /// Whether candidates may follow descriptions from now on ([`Config::trickle`]): calls that begin say so, and those that
    /// are up send and take none any more, or may again. It is no part of a registration.
    pub const fn set_trickle(&mut self, trickle: bool) {
        self.core.config.config.trickle = trickle;
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

    /// Whether somebody has to acknowledge a call before they can be told that it is over.
    fn is_owing(&self) -> bool {
        self.sessions.iter().any(Session::is_owing)
    }

    /// How many calls the user knows of.
    fn live(&self) -> usize {
        self.sessions.iter().filter(|session| session.is_shown()).count()
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
        self.core.transactions.timeout(now, self.core.link.is_away(), &mut effects);
        self.core.apply(effects);
        if self.registering.timeout(&mut self.core) {
            self.drop_transport();
        }
        if self.registering.has_parted(now) {
            self.sessions.iter_mut().for_each(|session| session.part(&mut self.core));
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
        self.core.transactions.resend(self.core.now, &mut effects);
        self.registering.connected(&mut self.core);
        self.core.apply(effects);
        for session in &mut self.sessions {
            session.outgoing_connected(&mut self.core);
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
        if let Some(challenged) = open.challenged {
            return self.signed(*challenged, answer);
        }
        match open.question {
            Question::Offer { call, .. } => self.with(self.offering(call), |session, core| match session.state {
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
            Question::Digest { .. } => {}
            #[cfg(feature = "bearer")]
            Question::Token { .. } => {}
        }
    }
}
