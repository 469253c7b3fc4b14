use super::core::Core;
use super::events::Events;
use super::profile::Learned;
use super::questions::Questions;
use super::registering::Registering;
use super::servers::Servers;
use super::session::Session;
use super::strays::{MAX_STRAYS, Stray};
use super::transactions::{Effects, Purpose, Transactions};
use super::{Agent, Config, Registration};
use crate::clock::Clock;
use crate::hook::Hook;
use crate::transaction::T1_X64;
use crate::{Instant, Random, Seed};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

/// The version that is written.
const VERSION: u32 = 3;
/// The oldest that is read: what it lacks has a default. An encoding without the names of fields cannot tell that.
const OLDEST: u32 = 2;
/// How far the CSeq of a restored dialog jumps: a request that was sent after the snapshot was taken must not
/// collide with the next one.
const STRIDE: u32 = 1000;
/// How long a call may be left alone: after 64*T1 without a word the other end gave it up too.
const LONGEST_AWAY: Duration = T1_X64;

/// All of an agent that outlives its page: registration and what the registrar said with it, calls, transactions and open
/// questions. It holds no secret. Who the agent is, its [`Config`], is not kept.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot {
    version: u32,
    /// The agent's time when it was taken.
    at: Instant,
    registering: Registering,
    #[cfg_attr(feature = "serde", serde(default))]
    learned: Learned,
    #[cfg_attr(feature = "serde", serde(default))]
    servers: Servers,
    sessions: Vec<Session>,
    last_call: u64,
    transactions: Transactions,
    questions: Questions,
    strays: Vec<Stray>,
    #[cfg_attr(feature = "serde", serde(default))]
    events: Events,
}

/// A [`Snapshot`] as an agent without messages left it, in an encoding without names: nothing stands for them.
#[cfg(feature = "serde")]
#[derive(Clone, Debug, serde::Deserialize)]
pub struct SnapshotWithoutMessages {
    version: u32,
    at: Instant,
    registering: Registering,
    learned: Learned,
    servers: Servers,
    sessions: Vec<Session>,
    last_call: u64,
    transactions: Transactions,
    questions: Questions,
    strays: Vec<Stray>,
}

#[cfg(feature = "serde")]
impl From<SnapshotWithoutMessages> for Snapshot {
    fn from(before: SnapshotWithoutMessages) -> Self {
        let SnapshotWithoutMessages {
            version,
            at,
            registering,
            learned,
            servers,
            sessions,
            last_call,
            transactions,
            questions,
            strays,
        } = before;
        let events = Events::default();
        Self {
            version,
            at,
            registering,
            learned,
            servers,
            sessions,
            last_call,
            transactions,
            questions,
            strays,
            events,
        }
    }
}

/// A snapshot cannot be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It has a version that is not read.
    #[error("the snapshot has version {0}, which is not read")]
    Version(u32),
    /// It holds more than any agent leaves, or is of a time that no agent lives to see.
    #[error("the snapshot holds what no agent leaves")]
    Unbounded,
}

/// More sessions than calls are there only while the ends of some are awaited, and transfers are told of.
const SPARE_SESSIONS: usize = 16;
/// The latest time of an agent, some 9000 years after its clock began: time has to pass for it.
const LATEST: Instant = Instant::from_millis(1 << 48);

impl Snapshot {
    /// Checks what somebody else wrote, before an agent goes on with it: that it holds no more than an agent of this
    /// configuration leaves. What it says may be nonsense all the same; the agent can live with that.
    ///
    /// # Errors
    /// It has a version that is not read, or is unbounded.
    pub fn check(&self, config: &Config) -> Result<(), RestoreError> {
        if !(OLDEST..=VERSION).contains(&self.version) {
            return Err(RestoreError::Version(self.version));
        }
        let bounded = self.at <= LATEST
            && self.sessions.len() <= config.max_calls.saturating_add(SPARE_SESSIONS)
            && self.sessions.iter().all(|session| session.id.0 <= self.last_call)
            && self.strays.len() <= MAX_STRAYS
            && self.transactions.is_bounded()
            && self.questions.is_bounded()
            && self.registering.is_bounded()
            && self.events.is_bounded();
        if bounded { Ok(()) } else { Err(RestoreError::Unbounded) }
    }
}

impl Agent {
    /// What [`Agent::restore`] needs; `None` unless the agent is drained.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Option<Snapshot> {
        if !self.core.is_drained() {
            return None;
        }
        Some(Snapshot {
            version: VERSION,
            at: self.clock.inside(now),
            registering: self.registering.clone(),
            learned: self.core.config.learned.clone(),
            servers: self.core.servers.clone(),
            sessions: self.sessions.clone(),
            last_call: self.last_call,
            transactions: self.core.transactions.clone(),
            questions: self.core.questions.clone(),
            strays: self.core.strays.clone(),
            events: self.events.clone(),
        })
    }

    /// Goes on where a snapshot stopped, `away` later. If a transport was wanted, it is opened at once; open
    /// questions are asked again; the calls stay, unless it was away for longer than 32 s: then they end.
    ///
    /// # Errors
    /// The snapshot's version is not read.
    pub fn restore(
        snapshot: Snapshot,
        config: Config,
        away: Duration,
        seed: Seed,
        now: Instant,
    ) -> Result<Self, RestoreError> {
        Self::restore_with(snapshot, config, None, away, seed, now)
    }

    /// As [`Agent::restore`], with a hook: calls that end by this are ended with messages that it saw.
    ///
    /// # Errors
    /// The snapshot's version is not read.
    pub fn restore_with(
        snapshot: Snapshot,
        config: Config,
        hook: Option<Box<dyn Hook + Send>>,
        away: Duration,
        seed: Seed,
        now: Instant,
    ) -> Result<Self, RestoreError> {
        if !(OLDEST..=VERSION).contains(&snapshot.version) {
            return Err(RestoreError::Version(snapshot.version));
        }
        let clock = Clock::resumed(snapshot.at, away, now);
        let own = clock.inside(now);
        let mut core = Core::new(config, Random::new(seed), own);
        core.hook.0 = hook;
        core.config.learned = snapshot.learned;
        core.servers = snapshot.servers;
        core.transactions = snapshot.transactions;
        core.transactions.drop_purpose(Purpose::Probe);
        core.questions = snapshot.questions;
        core.questions.name(&core.config.signer());
        core.strays = snapshot.strays;
        let mut agent = Self {
            core,
            clock,
            registering: snapshot.registering,
            told: Registration::Idle,
            sessions: snapshot.sessions,
            last_call: snapshot.last_call,
            events: snapshot.events,
        };
        agent.go_on(away);
        Ok(agent)
    }

    fn go_on(&mut self, away: Duration) {
        self.registering.resume(&self.core.config, STRIDE);
        for session in &mut self.sessions {
            session.skip(STRIDE);
        }
        // The connection that REGISTER was sent over is gone, whatever it said.
        let wanted = self.registering.is_wanted() || !self.sessions.is_empty();
        self.registering.disconnected(&mut self.core);
        if wanted {
            self.core.open();
        }
        if away > LONGEST_AWAY {
            self.abandon();
        }
        self.core.ask_again();
        for session in &self.sessions {
            if let Some(report) = &session.refer.report {
                report.ask(&mut self.core, session.id);
            }
        }
        self.core.questions.skip(STRIDE);
        self.events.resume(&mut self.core, STRIDE);
        self.settle();
    }

    /// Ends every call. What the other end is still to be told (BYE, CANCEL) leaves when the transport is there.
    fn abandon(&mut self) {
        // What timed out meanwhile must not be sent again.
        let mut effects = Effects::default();
        self.core.transactions.timeout(self.core.now, false, &mut effects);
        self.core.apply(effects);
        for session in &mut self.sessions {
            session.abandon(&mut self.core);
        }
    }
}
