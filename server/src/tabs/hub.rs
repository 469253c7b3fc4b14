//! Who holds one line: a pure state machine over the tabs of one account; `now` comes from outside.
//!
//! | Row | State | On | Does | Next |
//! | --- | --- | --- | --- | --- |
//! | HB1 | `Free` | `Hello` or a word of any tab, `Take` | | `Held` |
//! | HB2 | `Held` | a word of its tab | its time begins anew | same |
//! | HB3 | `Held` | `Take` of another tab; its own was heard within 4 s | asks it for its last word | `Yielding` |
//! | HB4 | `Held` | `Take` of another tab; its own was not | | `Held` by that one |
//! | HB5 | `Held` | its socket closes, a tab of the same name is open | | `Held` by that one |
//! | HB6 | `Held` | its socket closes | waits for its page | `Grace` |
//! | HB7 | `Held` | silent for 10 s, and a tab that may have the line unasked is not | | `Held` by that one |
//! | HB8 | `Held` | silent for 10 s, something to lose | calls the caretaker | `Minded` |
//! | HB9 | `Held` | silent for 10 s, nothing to lose | fences its tab | `Free` |
//! | HB10 | `Held`, `Yielding` | `Release`, nothing to lose | forgets what it was doing | as HB19 |
//! | HB11 | `Held`, `Yielding` | `Release`, something to lose | the caretaker ends it | `Ending` |
//! | HB12 | `Yielding` | the last word, its socket closes, 150 ms | | `Held` by who asked |
//! | HB13 | `Yielding` | who asked is gone, or its own tab asks | goes on (`Resumed`) | `Held` |
//! | HB14 | `Yielding` | `Take` of a third tab | that one is who asked | same |
//! | HB15 | `Grace`, `Minded` | `Hello` of the same name, or of the heir; `Take` | | `Held` |
//! | HB16 | `Grace` | 3 s, something to lose | calls the caretaker | `Minded` |
//! | HB17 | `Grace` | 3 s, nothing to lose | tells who watches that nobody is there | same |
//! | HB18 | `Minded` | a word of its silent tab | | `Held` |
//! | HB19 | `Grace` | 10 s | fences its tab | `Held` by the next tab, else `Free` |
//! | HB20 | `Minded` | 10 s, and a tab of the same session lives or comes | | `Held` by that one |
//! | HB21 | `Minded`, `Ending` | the caretaker keeps it | tells who watches | same |
//! | HB22 | `Minded`, `Ending` | the caretaker is done, or does not say so in time | forgets what it was doing | as HB19 |
//! | HB23 | `Ending` | `Hello`, `Take` | they wait | same |
//! | HB24 | any | `Hello` with the epoch that this page runs; nobody acted since | goes on (`Resumed`) | `Held` |
//! | HB25 | any | `Hello` of a page that was loaded anew, of the name of an open tab | closes the old socket | `Held` by it, or by who asked, if the old one had it |
//! | HB26 | any | the end of the holder's session, nothing to lose | forgets the line | as HB19 |
//! | HB27 | any | the end of the holder's session, something to lose | the caretaker ends it | `Ending` |
//!
//! The *heir* is a page that was loaded just now, in the session that had the line last: after a crash it has another name.
//! The *next tab* is one that was heard within the grace; of several, who asked last, then who came last. A line that has
//! something to lose goes unasked only to tabs of the same session. The end of another session takes its tabs away, no more.
//!
//! *Fencing*: when a page may still believe that it has the line (HB8, HB9, HB16, HB19) the epoch goes up although nobody
//! gets it, and its SIP socket closes. If that page speaks again before anybody acted, it goes on with all that it has in
//! memory, under a new epoch (`Resumed`): only its SIP socket is opened anew. Somebody acted when a tab was granted the line,
//! or the caretaker's first word was kept; then the page gets the line as it was left meanwhile (`Granted`), or watches.
//!
//! Every time the line goes to somebody its epoch goes up: to a tab, or to the caretaker.

mod moves;

use crate::ports::{LineKept, SessionId};
use app::lease::{FromTab, GRACE_MS, RegistrationIdentity, ToTab};
use app::phone::{LineState, Registration};
use std::collections::{BTreeMap, VecDeque};

/// How long the line is kept, in milliseconds.
pub const GRACE: u64 = GRACE_MS as u64;
/// How long after the loss of its page the caretaker begins, in milliseconds: reloads and short cuts do without it.
pub const MINDS: u64 = 3_000;
/// How long after the loss of its page the caretaker keeps a line, in milliseconds.
pub const KEEPS: u64 = 20_000;
/// How long the caretaker may take to end what it kept, in milliseconds.
pub const FAREWELL: u64 = 6_000;
/// How long a tab has for its last word, in milliseconds.
pub const YIELD: u64 = 150;
/// Who was heard within so many milliseconds is asked for a last word.
pub const LIVELY: u64 = 4_000;

/// A tab's socket: later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// The tabs of one account and their line.
#[derive(Debug)]
pub struct Hub {
    lease: Lease,
    seat: Seat,
    /// The epoch that the page of the last holder runs, as long as nobody acted for the line since.
    ran: Option<u64>,
    /// The caretaker acted since a page had the line.
    kept: bool,
    /// Every open socket, also before its `Hello`.
    sockets: BTreeMap<SocketId, SessionId>,
    tabs: BTreeMap<SocketId, Tab>,
    effects: VecDeque<Effect>,
}

/// What outlives the server. Times are those of the clock that `now` is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Goes up whenever the line moves.
    pub epoch: u64,
    /// What the line registers with.
    pub identity: RegistrationIdentity,
    /// The name of the tab that has it or had it last, unless it left for good.
    pub holder: Option<String>,
    /// The session of that tab.
    pub session: Option<SessionId>,
    /// What the line was last, and when its holder last vouched for it.
    pub line: Option<(LineState, u64)>,
    /// What the last holder can be restored from, and when it was made.
    pub snapshot: Option<(Vec<u8>, u64)>,
    /// Whether something is lost when nobody goes on with the snapshot.
    pub to_lose: bool,
    /// Until when the caretaker keeps it, if it does.
    pub minded_until: Option<u64>,
}

impl Lease {
    /// The lease of a line that nobody had yet.
    #[must_use]
    pub const fn new(identity: RegistrationIdentity) -> Self {
        Self {
            epoch: 0,
            identity,
            holder: None,
            session: None,
            line: None,
            snapshot: None,
            to_lose: false,
            minded_until: None,
        }
    }
}

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell a tab.
    Send(SocketId, ToTab),
    /// Close a tab's socket.
    Close(SocketId, Closing),
    /// Sockets with an older epoch than this one must close.
    Moved(u64),
    /// Write the lease down before the effects that follow are done.
    SaveNow,
    /// Write the lease down soon.
    SaveSoon,
    /// The caretaker is to go on with the snapshot.
    Mind {
        /// Its epoch.
        epoch: u64,
        /// When it is to end what it keeps: at once, if that is over.
        until: u64,
    },
}

/// Why a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Its session ended.
    LoggedOut,
    /// The same page came back over another socket.
    Replaced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seat {
    /// Nobody has the line; its last tab may be open and silent.
    Free { silent: Option<SocketId> },
    /// A tab has it, and was heard within the grace.
    Held { socket: SocketId, until: u64 },
    /// A tab has it, and was asked for its last word.
    Yielding { from: SocketId, to: SocketId, until: u64 },
    /// Its tab went, and may come back: a reload, a cut.
    Grace { lost: u64, minds: Option<u64>, until: u64 },
    /// The caretaker has it; its last tab may be open and silent. `open`: when others of the session may have it, too.
    Minded { silent: Option<SocketId>, open: Option<u64>, until: u64 },
    /// The caretaker has it to end what is left of it.
    Ending { until: u64 },
}

#[derive(Clone, Debug)]
struct Tab {
    name: String,
    /// When it was last heard.
    heard: u64,
    /// When it last asked for the line; 0 if it never did.
    asked: u64,
    /// It released the line and does not want it back.
    leaving: bool,
}

impl Hub {
    /// The hub of a lease that was stored; its holder, if it had one, is waited for.
    #[must_use]
    pub fn new(mut lease: Lease, now: u64) -> Self {
        // What cannot be read any more, nobody can go on with.
        lease.to_lose &= lease.snapshot.is_some();
        let minded = lease.minded_until.take().filter(|_| lease.to_lose);
        let (ran, kept) = (lease.holder.is_some().then_some(lease.epoch), minded.is_some());
        let seat = Seat::Free { silent: None };
        let mut hub = Self {
            lease,
            seat,
            ran: ran.filter(|_| !kept),
            kept,
            sockets: BTreeMap::new(),
            tabs: BTreeMap::new(),
            effects: VecDeque::new(),
        };
        match minded {
            Some(_) if hub.lease.holder.is_none() => hub.finish(now),
            // Whoever was away was away from the server, too.
            Some(until) => {
                let until = until.clamp(now.saturating_add(GRACE), now.saturating_add(KEEPS));
                hub.mind(None, Some(now.saturating_add(GRACE)), until);
            }
            None if hub.lease.holder.is_some() => hub.seat = Seat::lost(now),
            None => {}
        }
        hub
    }

    /// A socket of this session was opened.
    pub fn opened(&mut self, socket: SocketId, session: SessionId) {
        self.sockets.insert(socket, session);
    }

    /// A tab said something. Its first word must be `Hello`; others are ignored before it.
    pub fn receive(&mut self, socket: SocketId, message: FromTab, now: u64) {
        self.timeout(now);
        if let Some(tab) = self.tabs.get_mut(&socket) {
            tab.heard = now;
            self.heard(socket, now);
        }
        match message {
            FromTab::Hello { tab, running, loaded } => self.hello(socket, tab, running, loaded, now),
            FromTab::Take => self.take(socket, now),
            FromTab::Publish { epoch, state, snapshot, to_lose, last } => {
                if self.publish(socket, epoch, LineKept { state, snapshot }, to_lose, now) && last {
                    self.yielded(now);
                }
            }
            FromTab::Alive => self.alive(socket),
            FromTab::Release { epoch } => self.release(socket, epoch, now),
            // It says nothing of who has the line: the socket has it kept.
            FromTab::Report(_) | FromTab::Message(_) | FromTab::Sent(_) => {}
        }
    }

    /// A tab's socket is gone.
    pub fn closed(&mut self, socket: SocketId, now: u64) {
        self.timeout(now);
        self.sockets.remove(&socket).inspect(|session| {
            self.tabs.remove(&socket).inspect(|tab| self.left(socket, *session, tab, now));
        });
    }

    /// A session ended: its tabs go, and if the line was theirs it is forgotten, and the next tab's at once, or once what is
    /// left of it was ended.
    pub fn end(&mut self, session: SessionId, now: u64) {
        self.timeout(now);
        let (gone, stay) = std::mem::take(&mut self.sockets).into_iter().partition(|(_, of)| *of == session);
        self.sockets = stay;
        let gone: BTreeMap<SocketId, SessionId> = gone;
        for socket in gone.into_keys() {
            self.tabs.remove(&socket);
            self.effects.push_back(Effect::Close(socket, Closing::LoggedOut));
        }
        match self.seat {
            Seat::Yielding { from, to, .. } if !self.tabs.contains_key(&to) && self.tabs.contains_key(&from) => {
                self.resume(from, now);
            }
            Seat::Yielding { to, .. } if self.tabs.contains_key(&to) && self.lease.session == Some(session) => {
                self.grant(to, now);
            }
            Seat::Yielding { .. }
            | Seat::Free { .. }
            | Seat::Held { .. }
            | Seat::Grace { .. }
            | Seat::Minded { .. }
            | Seat::Ending { .. } => {}
        }
        if self.lease.session == Some(session) {
            if self.lease.to_lose {
                self.finish(now);
            } else {
                self.vacate();
                self.lease.line = None;
                self.effects.push_back(Effect::SaveNow);
                self.hand_over(now);
            }
        }
    }

    /// The caretaker says what is known of the line now: whether it still has it. If not, it must not act.
    pub fn keep(&mut self, epoch: u64, kept: LineKept, now: u64) -> bool {
        self.timeout(now);
        if !self.is_minded(epoch) {
            return false;
        }
        self.ran = None;
        self.kept = true;
        self.note(kept, now);
        self.tell();
        true
    }

    /// The caretaker is done, and leaves this.
    pub fn over(&mut self, epoch: u64, state: LineState, now: u64) {
        self.timeout(now);
        if self.is_minded(epoch) {
            self.relieve(Some(state), now);
        }
    }

    /// The deadline came; harmless at any other time.
    pub fn timeout(&mut self, now: u64) {
        while self.deadline().is_some_and(|deadline| deadline <= now) {
            self.expire(now);
        }
    }

    /// When [`Self::timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        match self.seat {
            Seat::Held { until, .. } | Seat::Yielding { until, .. } => Some(until),
            Seat::Grace { minds, until, .. } => Some(minds.map_or(until, |minds| minds.min(until))),
            Seat::Minded { open, until, .. } => {
                let until = until.saturating_add(FAREWELL);
                Some(open.map_or(until, |open| open.min(until)))
            }
            Seat::Ending { until } => Some(until.saturating_add(FAREWELL)),
            Seat::Free { .. } => None,
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// What is to be written down.
    #[must_use]
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether who has this epoch may act for the line: a tab, or the caretaker.
    #[must_use]
    pub fn is_current(&self, epoch: u64) -> bool {
        self.lease.epoch == epoch && !matches!(self.seat, Seat::Free { .. })
    }

    /// What the line is, and for how many milliseconds nobody vouched for it: none, as long as its calls are kept.
    #[must_use]
    pub fn line(&self, now: u64) -> Option<(LineState, u64)> {
        let (state, at) = self.lease.line.as_ref()?;
        let age = now.saturating_sub(*at);
        match self.seat {
            Seat::Minded { .. } | Seat::Ending { .. } => self.shown().map(|state| (state, 0)),
            Seat::Grace { .. } if self.lease.to_lose => Some((state.clone(), 0)),
            Seat::Grace { .. } | Seat::Free { .. } | Seat::Held { .. } | Seat::Yielding { .. } => {
                Some((state.clone(), age))
            }
        }
    }

    /// The tab that holds the line.
    #[must_use]
    pub const fn holder(&self) -> Option<SocketId> {
        match self.seat {
            Seat::Held { socket, .. } | Seat::Yielding { from: socket, .. } => Some(socket),
            Seat::Free { .. } | Seat::Grace { .. } | Seat::Minded { .. } | Seat::Ending { .. } => None,
        }
    }

    /// Whether the caretaker has the line, under this epoch.
    #[must_use]
    pub fn is_minded(&self, epoch: u64) -> bool {
        matches!(self.seat, Seat::Minded { .. } | Seat::Ending { .. }) && self.lease.epoch == epoch
    }

    /// The line as who watches is to see it.
    fn shown(&self) -> Option<LineState> {
        let (state, _) = self.lease.line.as_ref()?;
        let registration = match self.seat {
            Seat::Held { .. } | Seat::Yielding { .. } => state.registration,
            Seat::Free { .. } | Seat::Grace { .. } | Seat::Minded { .. } | Seat::Ending { .. } => Registration::Away,
        };
        Some(LineState { registration, ..state.clone() })
    }
}

impl Seat {
    /// The page went now.
    const fn lost(now: u64) -> Self {
        Self::Grace { lost: now, minds: Some(now.saturating_add(MINDS)), until: now.saturating_add(GRACE) }
    }

    const fn held(socket: SocketId, now: u64) -> Self {
        Self::Held { socket, until: now.saturating_add(GRACE) }
    }
}

#[cfg(test)]
mod tests;
