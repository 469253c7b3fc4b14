use crate::{Instant, Random};
use core::time::Duration;

/// How long opening a transport may take before it is tried anew.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The back-off after the second failure in a row; it doubles from there.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// The longest back-off.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
/// A transport that lived as long as this was a good one: losing it is no reason to wait.
const GOOD: Duration = Duration::from_secs(10);

/// The transport: whether it is there, and when it is tried or probed next.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | Off | wanted | Connect | Connecting |
/// | Connecting | Connected | – | Up |
/// | Connecting, Up | Disconnected, the first time in a row | Connect | Connecting |
/// | Connecting, Up | Disconnected, again | – | Waiting |
/// | Connecting | no news in 10 s | Disconnect | as Disconnected |
/// | Waiting | its time came, or a hint | Connect | Connecting |
/// | Up, idle | nothing arrived for the ping interval, or a hint | ping | Up, probing |
/// | Up, probing | anything arrived | – | Up, idle |
/// | Up, probing | nothing in the pong timeout | Disconnect | as Disconnected |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Not wanted.
    Off,
    /// Being opened.
    Connecting {
        /// How many times in a row it was lost or could not be opened.
        failures: u32,
        until: Instant,
    },
    /// Opened again later.
    Waiting { failures: u32, at: Instant },
    /// Open.
    Up { failures: u32, since: Instant, probe: Probe },
}

/// Whether an open transport is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// It was, lately; asked again at this time.
    Idle { at: Instant },
    /// Asked.
    Awaiting { until: Instant },
}

/// What the transport wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    None,
    /// Open it.
    Connect,
    /// Send a CRLF ping.
    Ping,
    /// Close it: it counts as lost, and [`Link::lost`] is to be told.
    GiveUp,
}

impl Link {
    /// Opens it.
    pub(super) fn open(&mut self, now: Instant) {
        *self = Self::Connecting { failures: 0, until: now + CONNECT_TIMEOUT };
    }

    /// It is open. Says whether that was wanted.
    pub(super) fn opened(&mut self, now: Instant, ping_interval: Duration) -> bool {
        match *self {
            Self::Connecting { failures, .. } => {
                *self = Self::Up { failures, since: now, probe: Probe::Idle { at: now + ping_interval } };
                true
            }
            Self::Off | Self::Waiting { .. } | Self::Up { .. } => false,
        }
    }

    /// It is closed, or could not be opened.
    pub(super) fn lost(&mut self, now: Instant, random: &mut Random) -> Step {
        let failures = match *self {
            Self::Off | Self::Waiting { .. } => return Step::None,
            Self::Up { since, .. } if now.since(since) >= GOOD => 1,
            Self::Connecting { failures, .. } | Self::Up { failures, .. } => failures.saturating_add(1),
        };
        if failures == 1 {
            *self = Self::Connecting { failures, until: now + CONNECT_TIMEOUT };
            return Step::Connect;
        }
        let doublings = failures.saturating_sub(2).min(5);
        let middle = FIRST_BACK_OFF.saturating_mul(1 << doublings).min(LONGEST_BACK_OFF);
        *self = Self::Waiting { failures, at: now + random.jitter(middle).min(LONGEST_BACK_OFF) };
        Step::None
    }

    /// The network seems to be back.
    pub(super) fn hint(&mut self, now: Instant, pong_timeout: Duration) -> Step {
        match self {
            Self::Waiting { failures, .. } => {
                *self = Self::Connecting { failures: *failures, until: now + CONNECT_TIMEOUT };
                Step::Connect
            }
            Self::Up { probe: probe @ Probe::Idle { .. }, .. } => {
                *probe = Probe::Awaiting { until: now + pong_timeout };
                Step::Ping
            }
            Self::Off | Self::Connecting { .. } | Self::Up { .. } => Step::None,
        }
    }

    /// Something arrived: it is alive.
    pub(super) fn heard(&mut self, now: Instant, ping_interval: Duration) {
        if let Self::Up { probe, .. } = self {
            *probe = Probe::Idle { at: now + ping_interval };
        }
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, now: Instant, pong_timeout: Duration) -> Step {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return Step::None;
        }
        match self {
            Self::Waiting { .. } | Self::Up { probe: Probe::Idle { .. }, .. } => self.hint(now, pong_timeout),
            Self::Connecting { .. } | Self::Up { probe: Probe::Awaiting { .. }, .. } => Step::GiveUp,
            Self::Off => Step::None,
        }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::Connecting { until: at, .. }
            | Self::Waiting { at, .. }
            | Self::Up { probe: Probe::Idle { at } | Probe::Awaiting { until: at }, .. } => Some(*at),
        }
    }

    pub(super) const fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }

    pub(super) const fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }

    /// Whether it is down because it was lost, or cannot be opened.
    pub(super) const fn is_failing(&self) -> bool {
        match self {
            Self::Off | Self::Up { .. } => false,
            Self::Connecting { failures, .. } => *failures > 0,
            Self::Waiting { .. } => true,
        }
    }
}
