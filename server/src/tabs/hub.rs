//! Who holds one line: a pure state machine over the tabs of one account; `now` comes from outside.
//!
//! | State | What | What it becomes |
//! | --- | --- | --- |
//! | `Free` | nobody has the line | `Hello` of any tab, `Take`: `Held` |
//! | `Held` | a tab has it and was heard within the grace | its socket closes: `Grace`; silent for the grace: the next tab's, else `Silent`; `Release`: the next tab's, else `Free`; `Take` of another tab: theirs |
//! | `Silent` | its tab fell silent and nobody else wants it | its tab speaks: `Held`; any other tab speaks or comes: theirs; its socket closes: `Free` |
//! | `Grace` | its tab went, and may come back (a reload, a cut) | a tab of the same name: theirs at once; the grace ends: the next tab's, else `Free` |
//!
//! In every state the end of the holder's session makes the line the next tab's, else `Free`; the end of another
//! session only takes its tabs away. In every state a `Hello` with the running epoch, from the tab that has it, goes on with the line (`Resumed`).
//!
//! The next tab is the one that came last, of those that were heard within the grace if there are any. Every
//! time the line goes to a tab its epoch goes up, but when a page goes on with the epoch it runs already.

use crate::ports::SessionId;
use app::lease::{FromTab, GRACE_MS, Grant, RegistrationIdentity, ToTab};
use app::phone::LineState;
use std::collections::{BTreeMap, VecDeque};

/// How long the line is kept, in milliseconds.
pub const GRACE: u64 = GRACE_MS as u64;

/// A tab's socket: later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// The tabs of one account and their line.
#[derive(Debug)]
pub struct Hub {
    lease: Lease,
    seat: Seat,
    /// The session of the tab that has the line or had it last, as far as this process knows.
    holder: Option<SessionId>,
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
    /// What the line was last, and when its holder last vouched for it.
    pub line: Option<(LineState, u64)>,
    /// What the last holder can be restored from, and when it was made.
    pub snapshot: Option<(Vec<u8>, u64)>,
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
    Free,
    Held { socket: SocketId, until: u64 },
    Silent { socket: SocketId },
    Grace { until: u64 },
}

#[derive(Clone, Debug)]
struct Tab {
    name: String,
    /// When it was last heard.
    heard: u64,
    /// It released the line and does not want it back.
    leaving: bool,
}

impl Hub {
    /// The hub of a lease that was stored; its holder, if it had one, is waited for.
    #[must_use]
    pub fn new(lease: Lease, now: u64) -> Self {
        let seat = if lease.holder.is_some() { Seat::Grace { until: now.saturating_add(GRACE) } } else { Seat::Free };
        Self { lease, seat, holder: None, sockets: BTreeMap::new(), tabs: BTreeMap::new(), effects: VecDeque::new() }
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
            FromTab::Hello { tab, running, loaded: _ } => self.hello(socket, tab, running, now),
            FromTab::Take => self.take(socket, now),
            FromTab::Publish { epoch, state, snapshot, to_lose: _, last: _ } => {
                self.publish(socket, epoch, state, snapshot, now)
            }
            FromTab::Alive => self.alive(socket),
            FromTab::Release { epoch } => self.release(socket, epoch, now),
        }
    }

    /// A tab's socket is gone.
    pub fn closed(&mut self, socket: SocketId, now: u64) {
        self.timeout(now);
        self.sockets.remove(&socket);
        let Some(tab) = self.tabs.remove(&socket) else { return };
        match self.seat {
            Seat::Held { socket: holder, .. } if holder == socket => {
                let twin = self.tabs.iter().rev().find(|(_, other)| other.name == tab.name && !other.leaving);
                match twin.map(|(socket, _)| *socket) {
                    Some(twin) => self.grant(twin, now),
                    None => self.seat = Seat::Grace { until: now.saturating_add(GRACE) },
                }
            }
            Seat::Silent { socket: holder } if holder == socket => self.hand_over(now),
            Seat::Held { .. } | Seat::Silent { .. } | Seat::Free | Seat::Grace { .. } => {}
        }
    }

    /// A session ended: its tabs go, and if the line was theirs it is forgotten, and the next tab's at once.
    pub fn end(&mut self, session: SessionId, now: u64) {
        let (gone, stay) = std::mem::take(&mut self.sockets).into_iter().partition(|(_, of)| *of == session);
        self.sockets = stay;
        let gone: BTreeMap<SocketId, SessionId> = gone;
        for socket in gone.into_keys() {
            self.tabs.remove(&socket);
            self.effects.push_back(Effect::Close(socket, Closing::LoggedOut));
        }
        if self.holder == Some(session) {
            self.vacate();
            self.lease.line = None;
            self.effects.push_back(Effect::SaveNow);
            self.hand_over(now);
        }
    }

    /// The deadline came; harmless at any other time.
    pub fn timeout(&mut self, now: u64) {
        match self.seat {
            Seat::Held { socket, until } if until <= now => match self.next(now).filter(|next| next.fresh) {
                Some(next) => {
                    self.watch(socket);
                    self.grant(next.socket, now);
                }
                None => self.seat = Seat::Silent { socket },
            },
            Seat::Grace { until } if until <= now => self.hand_over(now),
            Seat::Held { .. } | Seat::Grace { .. } | Seat::Silent { .. } | Seat::Free => {}
        }
    }

    /// When [`Self::timeout`] is due.
    #[must_use]
    pub const fn deadline(&self) -> Option<u64> {
        match self.seat {
            Seat::Held { until, .. } | Seat::Grace { until } => Some(until),
            Seat::Silent { .. } | Seat::Free => None,
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

    /// Whether a tab with this epoch may act for the line.
    #[must_use]
    pub const fn is_current(&self, epoch: u64) -> bool {
        self.lease.holder.is_some() && self.lease.epoch == epoch
    }

    /// What the line is, and for how many milliseconds nobody vouched for it.
    #[must_use]
    pub fn line(&self, now: u64) -> Option<(LineState, u64)> {
        self.lease.line.as_ref().map(|(state, at)| (state.clone(), now.saturating_sub(*at)))
    }

    /// The tab that holds the line, silent or not.
    #[must_use]
    pub const fn holder(&self) -> Option<SocketId> {
        match self.seat {
            Seat::Held { socket, .. } | Seat::Silent { socket } => Some(socket),
            Seat::Grace { .. } | Seat::Free => None,
        }
    }

    fn hello(&mut self, socket: SocketId, name: String, running: Option<u64>, now: u64) {
        if self.tabs.contains_key(&socket) || !self.sockets.contains_key(&socket) {
            return;
        }
        let returns = self.lease.holder.as_ref() == Some(&name);
        let resumes = returns && running == Some(self.lease.epoch);
        self.tabs.insert(socket, Tab { name, heard: now, leaving: false });
        match self.seat {
            Seat::Free | Seat::Grace { .. } if resumes => self.resume(socket, now),
            // The epoch is in the memory of that page alone, so it is no copy: its old socket just does not know
            // yet that it is dead.
            Seat::Held { socket: old, .. } | Seat::Silent { socket: old } if resumes => {
                self.tabs.remove(&old);
                self.sockets.remove(&old);
                self.effects.push_back(Effect::Close(old, Closing::Replaced));
                self.resume(socket, now);
            }
            Seat::Free => self.grant(socket, now),
            Seat::Grace { .. } if returns => self.grant(socket, now),
            Seat::Silent { socket: silent } => {
                self.watch(silent);
                self.grant(socket, now);
            }
            Seat::Grace { .. } | Seat::Held { .. } => self.watch(socket),
        }
    }

    fn take(&mut self, socket: SocketId, now: u64) {
        let Some(tab) = self.tabs.get_mut(&socket) else { return };
        tab.leaving = false;
        match self.holder() {
            Some(holder) if holder == socket => return,
            Some(holder) => self.watch(holder),
            None => {}
        }
        self.grant(socket, now);
    }

    fn publish(&mut self, socket: SocketId, epoch: u64, state: LineState, snapshot: Vec<u8>, now: u64) {
        if self.holder() != Some(socket) || epoch != self.lease.epoch {
            return;
        }
        for other in self.tabs.keys().filter(|other| **other != socket) {
            self.effects.push_back(Effect::Send(*other, ToTab::Line(state.clone())));
        }
        self.lease.line = Some((state, now));
        self.lease.snapshot = Some((snapshot, now));
        self.effects.push_back(Effect::SaveSoon);
    }

    fn alive(&mut self, socket: SocketId) {
        if self.tabs.contains_key(&socket) {
            self.effects.push_back(Effect::Send(socket, ToTab::Alive));
        }
    }

    fn release(&mut self, socket: SocketId, epoch: u64, now: u64) {
        if self.holder() != Some(socket) || epoch != self.lease.epoch {
            return;
        }
        if let Some(tab) = self.tabs.get_mut(&socket) {
            tab.leaving = true;
        }
        self.forget();
        self.hand_over(now);
    }

    /// Any word of a tab shows that it lives.
    fn heard(&mut self, socket: SocketId, now: u64) {
        let until = now.saturating_add(GRACE);
        match self.seat {
            Seat::Held { socket: holder, .. } | Seat::Silent { socket: holder } if holder == socket => {
                self.seat = Seat::Held { socket, until };
                if let Some((_, at)) = &mut self.lease.line {
                    *at = now;
                }
            }
            Seat::Silent { socket: silent } => {
                if self.tabs.get(&socket).is_some_and(|tab| !tab.leaving) {
                    self.watch(silent);
                    self.grant(socket, now);
                }
            }
            Seat::Held { .. } | Seat::Grace { .. } | Seat::Free => {}
        }
    }

    /// Gives the line to the next tab, or to nobody.
    fn hand_over(&mut self, now: u64) {
        match self.next(now) {
            Some(next) => self.grant(next.socket, now),
            None => self.seat = Seat::Free,
        }
    }

    fn next(&self, now: u64) -> Option<Next> {
        let candidates = self.tabs.iter().filter(|(socket, tab)| !tab.leaving && self.holder() != Some(**socket));
        let candidates =
            candidates.map(|(socket, tab)| Next { fresh: now.saturating_sub(tab.heard) < GRACE, socket: *socket });
        candidates.max()
    }

    fn grant(&mut self, socket: SocketId, now: u64) {
        let Some(tab) = self.tabs.get(&socket) else { return };
        self.lease.epoch = self.lease.epoch.saturating_add(1);
        self.lease.holder = Some(tab.name.clone());
        self.holder = self.sockets.get(&socket).copied();
        self.seat = Seat::Held { socket, until: now.saturating_add(GRACE) };
        let snapshot = self.lease.snapshot.clone().map(|(snapshot, at)| (snapshot, now.saturating_sub(at)));
        let grant = Grant { epoch: self.lease.epoch, identity: self.lease.identity.clone(), snapshot };
        self.effects.push_back(Effect::SaveNow);
        self.effects.push_back(Effect::Moved(self.lease.epoch));
        self.effects.push_back(Effect::Send(socket, ToTab::Granted(grant)));
    }

    fn resume(&mut self, socket: SocketId, now: u64) {
        self.holder = self.sockets.get(&socket).copied();
        self.seat = Seat::Held { socket, until: now.saturating_add(GRACE) };
        self.effects.push_back(Effect::Send(socket, ToTab::Resumed { epoch: self.lease.epoch }));
    }

    fn watch(&mut self, socket: SocketId) {
        self.effects.push_back(Effect::Send(socket, ToTab::Watching));
        if let Some((state, _)) = &self.lease.line {
            self.effects.push_back(Effect::Send(socket, ToTab::Line(state.clone())));
        }
    }

    /// Nobody has the line, and nobody goes on with what its last holder did.
    fn vacate(&mut self) {
        self.seat = Seat::Free;
        self.holder = None;
        self.lease.holder = None;
        self.lease.snapshot = None;
    }

    /// The line is nobody's and nothing of it may be gone on with.
    fn forget(&mut self) {
        self.vacate();
        self.lease.epoch = self.lease.epoch.saturating_add(1);
        if let Some((state, _)) = &mut self.lease.line {
            *state = std::mem::take(state).stale();
        }
        self.effects.push_back(Effect::SaveNow);
        self.effects.push_back(Effect::Moved(self.lease.epoch));
    }
}

/// Who may have the line next; the greatest has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    /// Heard within the grace.
    fresh: bool,
    socket: SocketId,
}

#[cfg(test)]
mod tests;
