//! How the line goes from one to the next.

use super::{Closing, Effect, GRACE, Hub, KEEPS, LIVELY, Seat, SocketId, Tab, YIELD};
use crate::ports::{LineKept, SessionId};
use app::lease::{Grant, ToTab};
use app::phone::LineState;

/// Who may have the line next; the greatest has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    asked: u64,
    socket: SocketId,
}

impl Hub {
    pub(super) fn hello(&mut self, socket: SocketId, name: String, running: Option<u64>, loaded: bool, now: u64) {
        let Some(session) = self.sockets.get(&socket).copied().filter(|_| !self.tabs.contains_key(&socket)) else {
            return;
        };
        let returns = self.lease.holder.as_ref() == Some(&name) && self.may_unasked(session);
        let resumes = returns && running.is_some() && running == self.ran;
        let reloads = returns && loaded;
        let inherits = loaded && self.lease.session == Some(session);
        let own = self.lease.session == Some(session);
        // The epoch is in the memory of one page alone, and a name in the storage only while its page is away: so this is
        // no copy, and the old socket just does not know yet that it is dead.
        let same = |other: &SocketId, tab: &Tab| {
            let own = returns || self.sockets.get(other) == Some(&session);
            own && tab.name == name && (loaded || resumes)
        };
        let dead: Vec<SocketId> =
            self.tabs.iter().filter(|(other, tab)| same(other, tab)).map(|(other, _)| *other).collect();
        for old in dead {
            self.tabs.remove(&old);
            self.sockets.remove(&old);
            self.effects.push_back(Effect::Close(old, Closing::Replaced));
            if let Seat::Yielding { to, .. } = &mut self.seat
                && *to == old
            {
                *to = socket;
            }
        }
        self.tabs.insert(socket, Tab { name, heard: now, asked: 0, leaving: false });
        match self.seat {
            Seat::Yielding { to, until, .. } if resumes => {
                self.seat = Seat::Yielding { from: socket, to, until };
                self.effects.push_back(Effect::Send(socket, ToTab::Yield));
            }
            Seat::Yielding { to, .. } if reloads => {
                self.grant(to, now);
                self.watch(socket);
            }
            Seat::Ending { .. } => self.watch(socket),
            Seat::Free { .. } | Seat::Held { .. } | Seat::Grace { .. } | Seat::Minded { .. } if resumes => {
                self.resume(socket, now);
            }
            Seat::Free { .. } => self.grant(socket, now),
            Seat::Held { .. } if reloads => self.grant(socket, now),
            Seat::Grace { .. } | Seat::Minded { .. } if returns || inherits => self.grant(socket, now),
            Seat::Minded { open: None, .. } if own => self.grant(socket, now),
            Seat::Held { .. } | Seat::Yielding { .. } | Seat::Grace { .. } | Seat::Minded { .. } => self.watch(socket),
        }
    }

    pub(super) fn take(&mut self, socket: SocketId, now: u64) {
        let Some(tab) = self.tabs.get_mut(&socket) else { return };
        tab.leaving = false;
        tab.asked = now;
        match self.seat {
            Seat::Held { socket: holder, .. } if holder == socket => {}
            Seat::Held { socket: from, .. } if self.is_lively(from, now) => {
                self.seat = Seat::Yielding { from, to: socket, until: now.saturating_add(YIELD) };
                self.effects.push_back(Effect::Send(from, ToTab::Yield));
            }
            Seat::Yielding { from, .. } if from == socket => self.resume(socket, now),
            Seat::Yielding { from, until, .. } => self.seat = Seat::Yielding { from, to: socket, until },
            Seat::Ending { .. } => {}
            Seat::Free { .. } | Seat::Held { .. } | Seat::Grace { .. } | Seat::Minded { .. } => self.grant(socket, now),
        }
    }

    /// The holder's state and snapshot: whether it is the holder.
    pub(super) fn publish(&mut self, socket: SocketId, epoch: u64, kept: LineKept, to_lose: bool, now: u64) -> bool {
        if self.holder() != Some(socket) || epoch != self.lease.epoch {
            return false;
        }
        self.lease.to_lose = to_lose;
        self.note(kept, now);
        self.tell();
        true
    }

    /// The holder said its last word.
    pub(super) fn yielded(&mut self, now: u64) {
        if let Seat::Yielding { from, to, .. } = self.seat {
            self.seat = Seat::held(from, now);
            self.grant(to, now);
        }
    }

    pub(super) fn alive(&mut self, socket: SocketId) {
        if self.tabs.contains_key(&socket) {
            self.effects.push_back(Effect::Send(socket, ToTab::Alive));
        }
    }

    pub(super) fn release(&mut self, socket: SocketId, epoch: u64, now: u64) {
        if self.holder() != Some(socket) || epoch != self.lease.epoch {
            return;
        }
        if let Some(tab) = self.tabs.get_mut(&socket) {
            tab.leaving = true;
        }
        if self.lease.to_lose {
            self.finish(now);
            return;
        }
        self.vacate();
        if let Some((state, _)) = &mut self.lease.line {
            *state = std::mem::take(state).stale();
        }
        self.fence();
        self.hand_over(now);
    }

    /// Any word of a tab shows that it lives.
    pub(super) fn heard(&mut self, socket: SocketId, now: u64) {
        let wants = self.tabs.get(&socket).is_some_and(|tab| !tab.leaving);
        let own = self.lease.session.is_some() && self.sockets.get(&socket).copied() == self.lease.session;
        match self.seat {
            Seat::Held { socket: holder, .. } if holder == socket => {
                self.seat = Seat::held(socket, now);
                self.vouch(now);
            }
            Seat::Yielding { from, .. } if from == socket => self.vouch(now),
            // Nobody acted meanwhile: it goes on as it is.
            Seat::Free { silent: Some(silent) } | Seat::Minded { silent: Some(silent), .. }
                if silent == socket && self.ran.is_some() =>
            {
                self.resume(socket, now);
            }
            Seat::Minded { silent: Some(silent), .. } if silent == socket => self.grant(socket, now),
            Seat::Free { .. } if wants => self.grant(socket, now),
            Seat::Minded { open: None, .. } if wants && own => self.grant(socket, now),
            Seat::Free { .. }
            | Seat::Held { .. }
            | Seat::Yielding { .. }
            | Seat::Grace { .. }
            | Seat::Minded { .. }
            | Seat::Ending { .. } => {}
        }
    }

    /// This tab is not there any more.
    pub(super) fn left(&mut self, socket: SocketId, session: SessionId, tab: &Tab, now: u64) {
        match &mut self.seat {
            Seat::Held { socket: holder, .. } if *holder == socket => {
                let twin = self.tabs.iter().rev().find(|(other, twin)| {
                    twin.name == tab.name && !twin.leaving && self.sockets.get(other) == Some(&session)
                });
                match twin.map(|(socket, _)| *socket) {
                    Some(twin) => self.grant(twin, now),
                    None => self.seat = Seat::lost(now),
                }
            }
            Seat::Yielding { from, to, .. } if *from == socket => {
                let to = *to;
                self.grant(to, now);
            }
            Seat::Yielding { from, to, .. } if *to == socket => {
                let from = *from;
                self.resume(from, now);
            }
            Seat::Free { silent } | Seat::Minded { silent, .. } => {
                silent.take_if(|silent| *silent == socket);
            }
            Seat::Held { .. } | Seat::Yielding { .. } | Seat::Grace { .. } | Seat::Ending { .. } => {}
        }
    }

    /// The deadline came.
    pub(super) fn expire(&mut self, now: u64) {
        match self.seat {
            Seat::Free { .. } => {}
            Seat::Held { socket, .. } => match self.next(now) {
                Some(next) => self.grant(next, now),
                // It was waited for already.
                None if self.lease.to_lose => self.mind(Some(socket), None, now.saturating_add(KEEPS)),
                None => {
                    self.seat = Seat::Free { silent: Some(socket) };
                    self.fence();
                    self.tell();
                }
            },
            Seat::Yielding { .. } => self.yielded(now),
            // Who slept through all of it leaves time for a goodbye.
            Seat::Grace { lost, minds: Some(_), until } if self.lease.to_lose => {
                self.mind(None, Some(until), lost.saturating_add(KEEPS).max(now));
            }
            Seat::Grace { lost, minds: Some(_), until } => {
                self.seat = Seat::Grace { lost, minds: None, until };
                self.tell();
            }
            Seat::Grace { .. } => {
                self.fence();
                self.hand_over(now);
            }
            Seat::Minded { silent, open: Some(_), until } => {
                self.seat = Seat::Minded { silent, open: None, until };
                if let Some(next) = self.next(now) {
                    self.grant(next, now);
                }
            }
            Seat::Minded { .. } | Seat::Ending { .. } => self.relieve(None, now),
        }
    }

    /// Calls the caretaker.
    pub(super) fn mind(&mut self, silent: Option<SocketId>, open: Option<u64>, until: u64) {
        self.seat = Seat::Minded { silent, open, until };
        self.employ(until);
    }

    /// What is left of the line is ended, for whoever had it does not come back.
    pub(super) fn finish(&mut self, now: u64) {
        self.lease.holder = None;
        self.lease.session = None;
        self.ran = None;
        self.seat = Seat::Ending { until: now };
        self.employ(now);
    }

    fn employ(&mut self, until: u64) {
        self.lease.minded_until = Some(until);
        self.fence();
        self.effects.push_back(Effect::Mind { epoch: self.lease.epoch, until });
        self.tell();
    }

    /// The caretaker has nothing to do any more, or does nothing.
    pub(super) fn relieve(&mut self, state: Option<LineState>, now: u64) {
        let silent = match self.seat {
            Seat::Minded { silent, .. } => silent,
            Seat::Ending { .. } => {
                self.lease.line = None;
                None
            }
            Seat::Free { .. } | Seat::Held { .. } | Seat::Yielding { .. } | Seat::Grace { .. } => return,
        };
        // How the last call ended is for the next page to show.
        if let Some((shown, at)) = &mut self.lease.line {
            let mut state = state.unwrap_or_else(|| std::mem::take(shown));
            let ended = state.ended.take();
            (*shown, *at) = (LineState { ended, ..state.stale() }, now);
        }
        self.lease.snapshot = None;
        self.lease.to_lose = false;
        self.lease.minded_until = None;
        self.seat = Seat::Free { silent };
        self.fence();
        self.hand_over(now);
    }

    /// Gives the line to the next tab, or to nobody.
    pub(super) fn hand_over(&mut self, now: u64) {
        match self.next(now) {
            Some(next) => self.grant(next, now),
            None => {
                let silent = self.sitting();
                self.seat = Seat::Free { silent };
            }
        }
    }

    pub(super) fn grant(&mut self, socket: SocketId, now: u64) {
        let Some(name) = self.tabs.get(&socket).map(|tab| tab.name.clone()) else { return };
        let before = self.sitting().filter(|before| *before != socket && self.tabs.contains_key(before));
        self.lease.epoch = self.lease.epoch.saturating_add(1);
        self.lease.holder = Some(name);
        self.lease.session = self.sockets.get(&socket).copied();
        self.lease.minded_until = None;
        self.ran = Some(self.lease.epoch);
        self.seat = Seat::held(socket, now);
        if let Some(before) = before {
            self.watch(before);
        }
        // What ended while nobody was there stands in no snapshot.
        if std::mem::take(&mut self.kept)
            && let Some((state, _)) = &self.lease.line
        {
            self.effects.push_back(Effect::Send(socket, ToTab::Line(state.clone())));
        }
        let snapshot = self.lease.snapshot.clone().map(|(snapshot, at)| (snapshot, now.saturating_sub(at)));
        let grant = Grant { epoch: self.lease.epoch, identity: self.lease.identity.clone(), snapshot };
        self.effects.push_back(Effect::SaveNow);
        self.effects.push_back(Effect::Moved(self.lease.epoch));
        self.effects.push_back(Effect::Send(socket, ToTab::Granted(grant)));
    }

    /// The page goes on with what it has in memory: under another epoch, when it was fenced meanwhile.
    pub(super) fn resume(&mut self, socket: SocketId, now: u64) {
        if self.ran != Some(self.lease.epoch) {
            self.fence();
            self.ran = Some(self.lease.epoch);
        }
        self.lease.session = self.sockets.get(&socket).copied();
        self.lease.minded_until = None;
        self.seat = Seat::held(socket, now);
        self.vouch(now);
        self.effects.push_back(Effect::Send(socket, ToTab::Resumed { epoch: self.lease.epoch }));
    }

    pub(super) fn watch(&mut self, socket: SocketId) {
        self.effects.push_back(Effect::Send(socket, ToTab::Watching));
        if let Some(state) = self.shown() {
            self.effects.push_back(Effect::Send(socket, ToTab::Line(state)));
        }
    }

    /// Shows every tab that watches what the line is.
    pub(super) fn tell(&mut self) {
        let Some(state) = self.shown() else { return };
        let sitting = self.sitting();
        for watching in self.tabs.keys().filter(|socket| Some(**socket) != sitting) {
            self.effects.push_back(Effect::Send(*watching, ToTab::Line(state.clone())));
        }
    }

    pub(super) fn note(&mut self, kept: LineKept, now: u64) {
        self.lease.line = Some((kept.state, now));
        self.lease.snapshot = Some((kept.snapshot, now));
        self.effects.push_back(Effect::SaveSoon);
    }

    /// Nobody has the line, and nobody goes on with what its last holder did.
    pub(super) fn vacate(&mut self) {
        self.seat = Seat::Free { silent: None };
        self.ran = None;
        self.kept = false;
        self.lease.holder = None;
        self.lease.session = None;
        self.lease.snapshot = None;
        self.lease.to_lose = false;
        self.lease.minded_until = None;
    }

    /// Nobody acts under the epoch that was.
    fn fence(&mut self) {
        self.lease.epoch = self.lease.epoch.saturating_add(1);
        self.effects.push_back(Effect::SaveNow);
        self.effects.push_back(Effect::Moved(self.lease.epoch));
    }

    fn vouch(&mut self, now: u64) {
        if let Some((_, at)) = &mut self.lease.line {
            *at = now;
        }
    }

    /// The tab that has the line, or does not know yet that it does not have it any more.
    pub(super) fn sitting(&self) -> Option<SocketId> {
        match self.seat {
            Seat::Held { socket, .. } | Seat::Yielding { from: socket, .. } => Some(socket),
            Seat::Free { silent } | Seat::Minded { silent, .. } => silent,
            Seat::Grace { .. } | Seat::Ending { .. } => None,
        }
    }

    fn is_lively(&self, socket: SocketId, now: u64) -> bool {
        self.tabs.get(&socket).is_some_and(|tab| now.saturating_sub(tab.heard) < LIVELY)
    }

    /// Whether a tab of this session may have the line without a person asking for it.
    fn may_unasked(&self, session: SessionId) -> bool {
        !self.lease.to_lose || self.lease.session.is_none_or(|holder| holder == session)
    }

    fn next(&self, now: u64) -> Option<SocketId> {
        let candidates = self.tabs.iter().filter(|(socket, tab)| {
            let may = self.sockets.get(socket).is_some_and(|session| self.may_unasked(*session));
            may && !tab.leaving && self.sitting() != Some(**socket) && now.saturating_sub(tab.heard) < GRACE
        });
        candidates.map(|(socket, tab)| Next { asked: tab.asked, socket: *socket }).max().map(|next| next.socket)
    }
}
