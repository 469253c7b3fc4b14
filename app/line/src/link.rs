//! How a tab's socket to the server stands, and until when the server surely keeps the line for it.

use app::lease::{GRACE_MS, RENEW_MS, ToTab};
use core::time::Duration;
use sip::{Instant, Random};

const RENEW: Duration = Duration::from_millis(RENEW_MS as u64);
const GRACE: Duration = Duration::from_millis(GRACE_MS as u64);
/// How long a sign of life may take once the browser said that the network is gone.
const PROBE: Duration = Duration::from_millis(2_500);
/// The first pause between attempts, after one at once.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest, before it is jittered by a half.
const LONGEST_PAUSE: Duration = Duration::from_secs(6);
/// After every so many attempts in vain it is asked whether the session is over: a refused socket does not tell why.
const SUSPICIOUS: u32 = 3;

/// How the tab socket stands, without the socket itself: what is to be done is told as [`Due`].
///
/// | state | event | next |
/// | --- | --- | --- |
/// | Waiting | its time, a hint | Opening |
/// | Opening | opened | Open, Hello is said |
/// | Opening, Open | closed | Waiting |
/// | Opening, Open | nothing heard for its time | Opening anew |
/// | Open | time to renew, a hint, a probe | Open, Alive is said |
/// | any | shut | Shut, for good |
pub struct Link {
    random: Random,
    state: State,
    attempts: u32,
    vouched: Option<Vouched>,
}

enum State {
    Waiting { until: Instant },
    Opening { until: Instant },
    Open(Renewal),
    Shut,
}

/// Alive is said one at a time: its answer is what the next one waits for.
#[derive(Clone, Copy)]
enum Renewal {
    /// Hello was said, and is answered by who holds the line.
    Greeted { at: Instant, until: Instant },
    /// Alive is to be said.
    Due(Instant),
    /// Alive was said, and is answered by Alive.
    Sent { at: Instant, until: Instant },
}

/// The last moment at which the server is known to have counted us as alive, by both clocks: the monotonic one may
/// stand still while the machine sleeps.
#[derive(Clone, Copy)]
struct Vouched {
    at: Instant,
    wall: u64,
}

/// What is to be done with the socket now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Open one.
    Open,
    /// Give the open one up, for it is silent, and open another.
    OpenAnew,
    /// Say that this tab is alive.
    SayAlive,
}

impl Link {
    /// Nothing is open, and it is time to.
    pub const fn new(random: Random) -> Self {
        Self { random, state: State::Waiting { until: Instant::from_millis(0) }, attempts: 0, vouched: None }
    }

    /// A socket is being opened.
    pub fn opening(&mut self, now: Instant) {
        self.state = State::Opening { until: now + GRACE };
    }

    /// The browser did not even try to open one.
    pub fn refused(&mut self, now: Instant) {
        self.state = State::Waiting { until: now + LONGEST_PAUSE };
    }

    /// The socket is open, and Hello is being said.
    pub fn opened(&mut self, now: Instant) {
        self.state = State::Open(Renewal::Greeted { at: now, until: now + GRACE });
    }

    /// The socket was closed or could not be opened: whether the session is to be asked about.
    pub fn closed(&mut self, now: Instant) -> bool {
        let pause = match self.attempts {
            0 => Duration::ZERO,
            attempts => self.random.jitter(LONGEST_PAUSE.min(FIRST_PAUSE * 2u32.saturating_pow(attempts.min(8) - 1))),
        };
        self.attempts = self.attempts.saturating_add(1);
        self.state = State::Waiting { until: now + pause };
        self.attempts.is_multiple_of(SUSPICIOUS)
    }

    /// Nothing is to be opened any more.
    pub const fn shut(&mut self) {
        self.state = State::Shut;
    }

    /// The server said this; `wall` is in milliseconds since 1970.
    pub fn heard(&mut self, words: &ToTab, now: Instant, wall: u64) {
        self.attempts = 0;
        let State::Open(renewal) = &mut self.state else { return };
        let answered = match (*renewal, words) {
            (Renewal::Greeted { at, .. }, ToTab::Granted(_) | ToTab::Resumed { .. } | ToTab::Watching)
            | (Renewal::Sent { at, .. }, ToTab::Alive) => Some(at),
            (Renewal::Greeted { .. } | Renewal::Due(_) | Renewal::Sent { .. }, _) => None,
        };
        if let Some(at) = answered {
            let ago = u64::try_from(now.since(at).as_millis()).unwrap_or(0);
            self.vouched = Some(Vouched { at, wall: wall.saturating_sub(ago) });
            *renewal = Renewal::Due(at + RENEW);
        }
    }

    /// Whether the socket is open.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Until when the server surely keeps the line for this tab, as far as it is known.
    pub fn vouched_until(&self) -> Option<Instant> {
        self.vouched.map(|vouched| vouched.at + GRACE)
    }

    /// Whether that time is over, by either clock.
    pub fn lapsed(&self, now: Instant, wall: u64) -> bool {
        self.vouched.is_some_and(|vouched| {
            // The wall clock may be corrected while the page runs: it counts only when it says clearly so.
            now.since(vouched.at) >= GRACE || wall.saturating_sub(vouched.wall) > 2 * u64::from(GRACE_MS)
        })
    }

    /// When [`Link::timeout`] is due.
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } | State::Opening { until } => Some(until),
            State::Open(Renewal::Due(at)) => Some(at),
            State::Open(Renewal::Greeted { until, .. } | Renewal::Sent { until, .. }) => Some(until),
            State::Shut => None,
        }
    }

    /// What is due now.
    pub fn timeout(&mut self, now: Instant) -> Due {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Due::Nothing;
        }
        match self.state {
            State::Waiting { .. } | State::Opening { .. } => Due::Open,
            State::Open(Renewal::Due(_)) => self.ask(now, GRACE),
            State::Open(Renewal::Greeted { .. } | Renewal::Sent { .. }) => Due::OpenAnew,
            State::Shut => Due::Nothing,
        }
    }

    /// The network may be back: does not wait any longer, and asks an open socket for a sign of life.
    pub fn hint(&mut self, now: Instant) -> Due {
        match self.state {
            State::Waiting { .. } => Due::Open,
            State::Open(Renewal::Due(_)) => self.ask(now, GRACE),
            State::Open(Renewal::Greeted { .. } | Renewal::Sent { .. }) | State::Opening { .. } | State::Shut => {
                Due::Nothing
            }
        }
    }

    /// The network may be gone: an open socket has a short time to give a sign of life.
    pub fn probe(&mut self, now: Instant) -> Due {
        match &mut self.state {
            State::Open(Renewal::Due(_)) => self.ask(now, PROBE),
            State::Open(Renewal::Greeted { until, .. } | Renewal::Sent { until, .. }) => {
                *until = (*until).min(now + PROBE);
                Due::Nothing
            }
            State::Waiting { .. } | State::Opening { .. } | State::Shut => Due::Nothing,
        }
    }

    fn ask(&mut self, now: Instant, patience: Duration) -> Due {
        self.state = State::Open(Renewal::Sent { at: now, until: now + patience });
        Due::SayAlive
    }
}

#[cfg(test)]
mod tests;
