//! How a tab's socket to the server stands, and until when the server surely keeps the line for it.

use app::lease::{GRACE_MS, RENEW_BUSY_MS, RENEW_MS, ToTab};
use core::time::Duration;
use sip::{Instant, Random};

const GRACE: Duration = Duration::from_millis(GRACE_MS as u64);
/// How long the answer to a word may take before it is doubted that the network is there: without a call, and with one.
const PATIENCE: Duration = Duration::from_millis(2_500);
const BUSY_PATIENCE: Duration = Duration::from_secs(1);
/// How much longer an open socket may stay silent once a probe came through beside it.
const SLOWER: Duration = Duration::from_millis(300);
/// How long it is doubted without a probe that comes through, until the network is gone.
const GONE: Duration = Duration::from_millis(1_500);
/// How long a socket may take to open, at first; twice that the next time, up to the grace.
const OPENING: Duration = Duration::from_secs(2);
/// The same in a call, for one that is opened without a probe that came through: a browser opens one socket to a server after
/// the other, and one that was begun while the network broke may hang and hold up all others.
const BLIND: Duration = Duration::from_millis(400);
/// The pause between probes while somebody waits for them: in a call, or beside an open socket. It does not wait for the
/// one before, which may hang.
const URGENT: Duration = Duration::from_millis(200);
/// For how long after the loss they do.
const URGENTLY: Duration = Duration::from_secs(30);
/// The first pause between attempts, after one at once.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest, before it is jittered by a half.
const LONGEST_PAUSE: Duration = Duration::from_secs(6);
/// After every so many sockets in vain it is asked whether the session is over: a refused socket does not tell why.
const SUSPICIOUS: u32 = 3;

/// How the tab socket stands, without the socket itself: what is to be done is told as [`Due`].
///
/// A probe is a request of its own that any server answers: it tells whether the network is there without the delays that
/// browsers put before sockets that failed.
///
/// | Row | State | Event | Next |
/// | --- | --- | --- | --- |
/// | TL1 | Waiting, for the first time | its time | Opening |
/// | TL2 | Waiting | its time, a hint | same, another probe is sent |
/// | TL3 | Waiting | reached | Opening |
/// | TL4 | Opening | opened | Said: Hello |
/// | TL5 | Opening | nothing for its time, which is short in a call where no probe came through before | Waiting, a probe is sent |
/// | TL6 | Opening, Open | closed | Waiting |
/// | TL7 | Due | its time | Said: Alive |
/// | TL8 | Said | answered | Due |
/// | TL9 | Said | not answered in time, a hint, a doubt | Doubted, a probe is sent |
/// | TL10 | Due | a hint, a doubt | Doubted, Alive is said, a probe is sent |
/// | TL11 | Doubted | answered | Due |
/// | TL12 | Doubted | anything else is heard | Said |
/// | TL13 | Doubted | its time | same, another probe is sent |
/// | TL14 | Doubted | reached, and not answered a moment later | Opening anew |
/// | TL15 | Doubted | not reached for its time | Waiting, the socket is given up |
/// | TL16 | any | shut | Shut, for good |
pub struct Link {
    random: Random,
    state: State,
    /// How many sockets in a row were in vain.
    attempts: u32,
    /// How many probes were sent since anything was heard.
    probes: u32,
    /// Since when nothing is open.
    lost: Instant,
    busy: bool,
    vouched: Option<Vouched>,
}

#[derive(Clone, Copy)]
enum State {
    /// `known`: no probe is needed before a socket is opened.
    Waiting {
        until: Instant,
        known: bool,
    },
    Opening {
        until: Instant,
    },
    Open(Renewal),
    Shut,
}

/// One word is said at a time: its answer is what the next one waits for.
#[derive(Clone, Copy)]
enum Renewal {
    /// Alive is to be said.
    Due(Instant),
    /// This was said.
    Said { word: Word, at: Instant, until: Instant },
    /// This was said, and is not answered as it should be.
    Doubted { word: Word, at: Instant, since: Instant, probe: Probe },
}

/// What was said last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Answered by who holds the line.
    Hello,
    /// Answered by Alive.
    Alive,
}

/// How a probe beside an open socket stands.
#[derive(Clone, Copy)]
enum Probe {
    /// None came through yet: when to send the next.
    Next(Instant),
    /// One came through: how long the socket has still time.
    Reached(Instant),
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
    /// Give the open one up: the network is gone.
    GiveUp,
    /// Say that this tab is alive.
    SayAlive,
    /// Find out whether the server can be reached, and tell by [`Link::reached`] if so.
    Probe,
    /// Say that this tab is alive, and find out whether the server can be reached.
    SayAliveAndProbe,
}

impl Link {
    /// Nothing is open, and it is time to.
    pub const fn new(random: Random) -> Self {
        let start = Instant::from_millis(0);
        Self {
            random,
            state: State::Waiting { until: start, known: true },
            attempts: 0,
            probes: 0,
            lost: start,
            busy: false,
            vouched: None,
        }
    }

    /// Whether a call is up: its loss is noticed sooner, and the way back is looked for more often.
    pub const fn busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// A socket is being opened.
    pub fn opening(&mut self, now: Instant) {
        let blind = self.busy && matches!(self.state, State::Waiting { known: true, .. });
        let patience = if blind { BLIND } else { OPENING.saturating_mul(1 << self.attempts.min(4)).min(GRACE) };
        self.state = State::Opening { until: now + patience };
    }

    /// The browser did not even try to open one.
    pub fn refused(&mut self, now: Instant) {
        self.state = State::Waiting { until: now + LONGEST_PAUSE, known: true };
    }

    /// The socket is open, and Hello is being said.
    pub fn opened(&mut self, now: Instant) {
        self.state = State::Open(Renewal::Said { word: Word::Hello, at: now, until: now + self.patience() });
    }

    /// The socket was closed or could not be opened: whether the session is to be asked about.
    pub fn closed(&mut self, now: Instant) -> bool {
        if self.is_open() {
            self.lost = now;
        }
        // The first time one is opened at once: most often it is the server that begins anew, and is there already.
        let known = self.attempts == 0;
        let pause = if known { Duration::ZERO } else { self.pause(self.attempts, now) };
        self.state = State::Waiting { until: now + pause, known };
        self.attempts = self.attempts.saturating_add(1);
        self.attempts.is_multiple_of(SUSPICIOUS)
    }

    /// Nothing is to be opened any more.
    pub const fn shut(&mut self) {
        self.state = State::Shut;
    }

    /// The server said this; `wall` is in milliseconds since 1970.
    pub fn heard(&mut self, words: &ToTab, now: Instant, wall: u64) {
        self.attempts = 0;
        self.probes = 0;
        let (patience, renewal) = (self.patience(), self.renewal());
        let State::Open(open) = &mut self.state else { return };
        let (Renewal::Said { word, at, .. } | Renewal::Doubted { word, at, .. }) = *open else { return };
        let answered = match words {
            ToTab::Granted(_) | ToTab::Resumed { .. } | ToTab::Watching => word == Word::Hello,
            ToTab::Alive => word == Word::Alive,
            ToTab::Yield
            | ToTab::Line(_)
            | ToTab::Presence(_)
            | ToTab::Media(_)
            | ToTab::Recorded(_)
            | ToTab::Missed(_)
            | ToTab::Wishes(_)
            | ToTab::Callers(_)
            | ToTab::Messages(_)
            | ToTab::Send(_)
            | ToTab::Answer { .. } => false,
        };
        if answered {
            let ago = u64::try_from(now.since(at).as_millis()).unwrap_or(0);
            self.vouched = Some(Vouched { at, wall: wall.saturating_sub(ago) });
            *open = Renewal::Due(at + renewal);
        } else if matches!(open, Renewal::Doubted { .. }) {
            *open = Renewal::Said { word, at, until: now + patience };
        }
    }

    /// A probe came through.
    pub fn reached(&mut self, now: Instant) -> Due {
        match self.state {
            State::Waiting { .. } => Due::Open,
            State::Open(Renewal::Doubted { word, at, since, probe: Probe::Next(_) }) => {
                let probe = Probe::Reached(now + SLOWER);
                self.state = State::Open(Renewal::Doubted { word, at, since, probe });
                Due::Nothing
            }
            State::Opening { .. } | State::Open(_) | State::Shut => Due::Nothing,
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
            State::Waiting { until, .. } | State::Opening { until } => Some(until),
            State::Open(
                Renewal::Due(at)
                | Renewal::Said { until: at, .. }
                | Renewal::Doubted { probe: Probe::Next(at) | Probe::Reached(at), .. },
            ) => Some(at),
            State::Shut => None,
        }
    }

    /// What is due now.
    pub fn timeout(&mut self, now: Instant) -> Due {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Due::Nothing;
        }
        match self.state {
            State::Waiting { known: true, .. } => Due::Open,
            State::Waiting { known: false, .. } => self.probing(now),
            State::Opening { .. } => {
                self.attempts = self.attempts.saturating_add(1);
                self.probing(now)
            }
            State::Open(Renewal::Due(_)) => {
                let until = now + self.patience();
                self.state = State::Open(Renewal::Said { word: Word::Alive, at: now, until });
                Due::SayAlive
            }
            State::Open(Renewal::Said { word, at, .. }) => self.doubted(word, at, now, now),
            State::Open(Renewal::Doubted { probe: Probe::Reached(_), .. }) => {
                self.lost = now;
                Due::OpenAnew
            }
            State::Open(Renewal::Doubted { since, .. }) if now.since(since) >= GONE => {
                self.lost = now;
                self.attempts = self.attempts.max(1);
                self.probing(now);
                Due::GiveUp
            }
            State::Open(Renewal::Doubted { word, at, since, probe: Probe::Next(_) }) => {
                self.doubted(word, at, since, now)
            }
            State::Shut => Due::Nothing,
        }
    }

    /// The network may be back: does not wait any longer, and asks an open socket for a sign of life.
    pub fn hint(&mut self, now: Instant) -> Due {
        match self.state {
            State::Waiting { .. } => self.probing(now),
            State::Open(_) => self.doubt(now),
            State::Opening { .. } | State::Shut => Due::Nothing,
        }
    }

    /// The network may be gone, or another one: it is found out at once whether an open socket still leads anywhere.
    pub fn doubt(&mut self, now: Instant) -> Due {
        match self.state {
            State::Open(Renewal::Due(_)) => {
                self.doubted(Word::Alive, now, now, now);
                Due::SayAliveAndProbe
            }
            State::Open(Renewal::Said { word, at, .. }) => self.doubted(word, at, now, now),
            State::Open(Renewal::Doubted { .. }) | State::Waiting { .. } | State::Opening { .. } | State::Shut => {
                Due::Nothing
            }
        }
    }

    fn probing(&mut self, now: Instant) -> Due {
        let pause = self.pause(self.probes, now);
        self.probes = self.probes.saturating_add(1);
        self.state = State::Waiting { until: now + pause, known: false };
        Due::Probe
    }

    fn doubted(&mut self, word: Word, at: Instant, since: Instant, now: Instant) -> Due {
        let probe = Probe::Next((now + URGENT).min(since + GONE));
        self.state = State::Open(Renewal::Doubted { word, at, since, probe });
        Due::Probe
    }

    const fn patience(&self) -> Duration {
        if self.busy { BUSY_PATIENCE } else { PATIENCE }
    }

    const fn renewal(&self) -> Duration {
        Duration::from_millis(if self.busy { RENEW_BUSY_MS } else { RENEW_MS } as u64)
    }

    /// How long to wait after so many attempts in vain.
    fn pause(&mut self, attempts: u32, now: Instant) -> Duration {
        let middle = if self.busy && now.since(self.lost) < URGENTLY {
            URGENT
        } else {
            LONGEST_PAUSE.min(FIRST_PAUSE * 2u32.saturating_pow(attempts.min(8).saturating_sub(1)))
        };
        self.random.jitter(middle)
    }
}

#[cfg(test)]
mod tests;
