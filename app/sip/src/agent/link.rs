use super::Config;
use super::servers::Servers;
use crate::{Instant, Random};
use core::time::Duration;

/// How long opening a transport may take before it is tried anew.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take when another one was open, and is waited for again.
const SWITCH_TIMEOUT: Duration = Duration::from_secs(4);
/// The back-off after the second round in vain; it doubles from there.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// The longest back-off.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
/// A transport that lived as long as this was a good one: losing it is no reason to wait.
const GOOD: Duration = Duration::from_secs(10);
/// How long nothing may follow on a request before the transport is probed.
const PATIENCE: Duration = Duration::from_secs(4);

/// The transport: whether it is there, and when it is tried or probed next. Which server it leads to is told by
/// [`Servers`]; a round is a try of each.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | LK1 | Off | wanted | Connect | Connecting |
/// | LK2 | Connecting | Connected | – | Up, idle |
/// | LK3 | Connecting, Up | Disconnected, and the round has another server | Connect | Connecting |
/// | LK4 | Connecting, Up | Disconnected, the first round in vain | Connect | Connecting |
/// | LK5 | Up for 10 s | Disconnected | Connect, to another server first | Connecting |
/// | LK6 | Connecting, Up | Disconnected, a later round in vain | – | Waiting |
/// | LK7 | Connecting | no news in 10 s, or in 4 s on the way back to a better server | Disconnect | as Disconnected |
/// | LK8 | Waiting | its time came, or a hint | Connect | Connecting |
/// | LK9 | Up | it is time to return to a better server | Disconnect, Connect | Connecting |
/// | LK10 | Up, idle | nothing arrived for the ping interval, the Flow-Timer is near, or a hint | ping | Up, probing |
/// | LK11 | Up, idle | nothing arrived in 4 s after a request left | ping | Up, probing |
/// | LK12 | Up, idle | LK10 or LK11, where pings are not answered | OPTIONS | Up, probing |
/// | LK13 | Up, probing | anything arrived | – | Up, idle |
/// | LK14 | Up, probing | no pong ever came, and half of the pong timeout is over | OPTIONS | Up, probing |
/// | LK15 | Up, probing | nothing in the pong timeout | Disconnect | as Disconnected |
/// | LK16 | Off, Waiting | Connected, Disconnected | – | same |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// Not wanted.
    Off,
    /// Being opened.
    Connecting {
        /// How many rounds in a row were in vain.
        failures: u32,
        until: Instant,
    },
    /// Opened again later.
    Waiting { failures: u32, at: Instant },
    /// Open.
    Up { failures: u32, since: Instant, alive: Alive },
}

/// How it is known that an open transport is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alive {
    probe: Probe,
    pongs: Pongs,
    /// When the server heard a keep-alive last.
    pinged: Instant,
    /// How often it must hear one (RFC 5626 4.4 Flow-Timer).
    flow_timer: Option<Duration>,
}

/// Whether an open transport is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// It was, lately; asked again at this time.
    Idle { at: Instant },
    /// Asked.
    Awaiting { until: Instant },
    /// Asked, with a ping that this server may not know.
    Doubting { until: Instant },
}

/// Whether the server answers CRLF pings. Some do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pongs {
    Unknown,
    Come,
    Never,
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
    /// Send OPTIONS: anything that answers is a sign of life.
    Options,
    /// Close it: it counts as lost, and [`Link::lost`] is to be told.
    GiveUp,
}

impl Link {
    /// Opens it.
    pub(super) fn open(&mut self, now: Instant) {
        *self = Self::Connecting { failures: 0, until: now + CONNECT_TIMEOUT };
    }

    /// Opens another one in the place of the one that is open.
    pub(super) fn switch(&mut self, now: Instant) {
        *self = Self::Connecting { failures: 0, until: now + SWITCH_TIMEOUT };
    }

    /// It is open. Says whether that was wanted.
    pub(super) fn opened(&mut self, now: Instant, ping_interval: Duration) -> bool {
        match *self {
            Self::Connecting { failures, .. } => {
                let probe = Probe::Idle { at: now + ping_interval };
                let alive = Alive { probe, pongs: Pongs::Unknown, pinged: now, flow_timer: None };
                *self = Self::Up { failures, since: now, alive };
                true
            }
            Self::Off | Self::Waiting { .. } | Self::Up { .. } => false,
        }
    }

    /// It is closed, or could not be opened.
    pub(super) fn lost(&mut self, now: Instant, random: &mut Random, servers: &mut Servers, config: &Config) -> Step {
        let failures = match *self {
            Self::Off | Self::Waiting { .. } => return Step::None,
            Self::Up { since, .. } if now.since(since) >= GOOD => {
                servers.begin(&config.servers, random, true);
                1
            }
            Self::Connecting { failures, .. } | Self::Up { failures, .. } if servers.advance() => {
                *self = Self::Connecting { failures, until: now + CONNECT_TIMEOUT };
                return Step::Connect;
            }
            Self::Connecting { failures, .. } | Self::Up { failures, .. } => {
                servers.begin(&config.servers, random, false);
                failures.saturating_add(1)
            }
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
            Self::Up { alive, .. } if matches!(alive.probe, Probe::Idle { .. }) => alive.ask(now, pong_timeout),
            Self::Off | Self::Connecting { .. } | Self::Up { .. } => Step::None,
        }
    }

    /// Something arrived: it is alive.
    pub(super) fn heard(&mut self, now: Instant, ping_interval: Duration) {
        if let Self::Up { alive, .. } = self {
            alive.probe = Probe::Idle { at: alive.next(now + ping_interval) };
        }
    }

    /// A pong arrived.
    pub(super) const fn ponged(&mut self) {
        if let Self::Up { alive, .. } = self {
            alive.pongs = Pongs::Come;
        }
    }

    /// A request left, and something has to follow on it.
    pub(super) fn expect(&mut self, now: Instant) {
        if let Self::Up { alive, .. } = self
            && let Probe::Idle { at } = &mut alive.probe
        {
            *at = (*at).min(now + PATIENCE);
        }
    }

    /// The server takes it for dead after so long without a keep-alive, less what is for safety.
    pub(super) fn keep_alive_within(&mut self, flow_timer: Option<Duration>) {
        if let Self::Up { alive, .. } = self {
            alive.flow_timer = flow_timer;
            if let Probe::Idle { at } = alive.probe {
                alive.probe = Probe::Idle { at: alive.next(at) };
            }
        }
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, now: Instant, pong_timeout: Duration) -> Step {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return Step::None;
        }
        match self {
            Self::Up { alive, .. } => alive.timeout(now, pong_timeout),
            Self::Waiting { .. } => self.hint(now, pong_timeout),
            Self::Connecting { .. } => Step::GiveUp,
            Self::Off => Step::None,
        }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::Connecting { until: at, .. } | Self::Waiting { at, .. } => Some(*at),
            Self::Up { alive, .. } => match alive.probe {
                Probe::Idle { at } | Probe::Awaiting { until: at } | Probe::Doubting { until: at } => Some(at),
            },
        }
    }

    pub(super) const fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }

    pub(super) const fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }

    /// Whether it is down, and wanted.
    pub(super) const fn is_away(&self) -> bool {
        !self.is_up() && !self.is_off()
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

impl Alive {
    /// Asks for a sign of life.
    fn ask(&mut self, now: Instant, pong_timeout: Duration) -> Step {
        self.pinged = now;
        let until = now + pong_timeout;
        match self.pongs {
            Pongs::Unknown => {
                self.probe = Probe::Doubting { until: now + pong_timeout / 2 };
                Step::Ping
            }
            Pongs::Come => {
                self.probe = Probe::Awaiting { until };
                Step::Ping
            }
            Pongs::Never => {
                self.probe = Probe::Awaiting { until };
                Step::Options
            }
        }
    }

    fn timeout(&mut self, now: Instant, pong_timeout: Duration) -> Step {
        match self.probe {
            Probe::Idle { .. } => self.ask(now, pong_timeout),
            Probe::Doubting { .. } => {
                self.pongs = Pongs::Never;
                self.probe = Probe::Awaiting { until: now + pong_timeout / 2 };
                Step::Options
            }
            Probe::Awaiting { .. } => Step::GiveUp,
        }
    }

    /// When to ask again: at this time, or before the server misses a keep-alive.
    fn next(&self, at: Instant) -> Instant {
        self.flow_timer.map_or(at, |within| at.min(self.pinged + within))
    }
}
