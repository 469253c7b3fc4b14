//! What must hold at every moment, and what was seen to happen at all.

use super::super::*;
use super::page::Page;
use std::collections::BTreeSet;

/// A page that wants the line and could have it has it after so long: the grace, and time to say so.
const IDLE: u64 = GRACE + 6_000;

/// What brought the hub's next step about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Cause {
    #[default]
    Other,
    Hello {
        socket: SocketId,
        loaded: bool,
    },
    Take(SocketId),
    End,
}

/// Who acted for the line last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    Page(usize),
    Caretaker,
}

/// What is undone when the server dies before it tells.
#[derive(Clone, Debug, Default)]
struct Known {
    actor: Option<Actor>,
    highest: u64,
    accepted: Option<Vec<u8>>,
}

#[derive(Default)]
pub(super) struct Laws {
    /// The page of every socket, by its number.
    tabs: BTreeMap<SocketId, usize>,
    over: BTreeSet<SessionId>,
    known: Known,
    earlier: Known,
    accepted_at: u64,
    written_at: u64,
    cause: Cause,
    before: Option<(Seat, Lease)>,
    /// How many sockets were open then.
    sockets: usize,
    /// When each tab was heard last, by the server's clock.
    heard: BTreeMap<SocketId, u64>,
    /// Whether each tab was told last that it runs the line.
    told: BTreeMap<SocketId, bool>,
    /// Pages that may not know yet that somebody was given their line at a person's wish.
    excused: BTreeSet<usize>,
    lost_since: Option<u64>,
    idle_since: Option<u64>,
    taking: Option<(SocketId, u64)>,
}

impl Laws {
    pub(super) fn opened(&mut self, socket: SocketId, number: usize) {
        self.tabs.insert(socket, number);
    }

    pub(super) fn is_over(&self, session: SessionId) -> bool {
        self.over.contains(&session)
    }

    pub(super) fn note_end(&mut self, session: SessionId) {
        self.over.insert(session);
        self.cause = Cause::End;
    }

    /// A tab is about to say this.
    pub(super) fn says(&mut self, socket: SocketId, words: &FromTab, hub: &Hub, now: u64) {
        match words {
            FromTab::Hello { loaded, .. } => self.cause = Cause::Hello { socket, loaded: *loaded },
            FromTab::Take => {
                self.cause = Cause::Take(socket);
                let ending = matches!(hub.seat, Seat::Ending { .. });
                let asks = hub.holder() != Some(socket) && hub.tabs.contains_key(&socket) && !ending;
                self.taking = asks.then_some((socket, now));
            }
            FromTab::Publish { epoch, snapshot, .. } => {
                if hub.holder() == Some(socket) && hub.lease.epoch == *epoch {
                    self.known.accepted = Some(snapshot.clone());
                    self.accepted_at = now;
                }
            }
            // It knows by itself.
            FromTab::Release { epoch } if hub.holder() == Some(socket) && hub.lease.epoch == *epoch => {
                self.told.insert(socket, false);
            }
            FromTab::Alive | FromTab::Release { .. } | FromTab::Report(_) | FromTab::Message(_) | FromTab::Sent(_) => {}
        }
        self.heard.insert(socket, now);
    }

    pub(super) fn before(&mut self, hub: &Hub) {
        self.sockets = hub.sockets.len();
        self.before = Some((hub.seat, hub.lease.clone()));
        self.earlier = self.known.clone();
    }

    /// What the hub wants done after a step.
    pub(super) fn effects(
        &mut self,
        effects: &[Effect],
        hub: &Hub,
        pages: &[Page],
        now: u64,
        ahead: u64,
        seen: &mut Seen,
    ) {
        assert!(effects.len() <= 8 + 4 * self.sockets.max(hub.sockets.len()), "L12: {effects:?}");
        let (seat, lease) = self.before.take().unwrap_or((hub.seat, hub.lease.clone()));
        let cause = std::mem::take(&mut self.cause);
        for effect in effects {
            match effect {
                Effect::Send(socket, ToTab::Granted(grant)) => {
                    seen.granted += 1;
                    assert!(grant.epoch > self.known.highest, "L3: epoch {} was given already", grant.epoch);
                    self.known.highest = grant.epoch;
                    let snapshot = grant.snapshot.as_ref().map(|(snapshot, _)| snapshot);
                    assert!(snapshot.is_none() || snapshot == self.known.accepted.as_ref(), "L5: another snapshot");
                    assert!(snapshot.is_some() || !hub.lease.to_lose, "L5: calls without a snapshot");
                    self.begins(*socket, cause, seat, &lease, hub, pages);
                }
                Effect::Send(socket, ToTab::Resumed { epoch }) => {
                    seen.resumed += 1;
                    let page = self.tabs[socket];
                    assert_eq!(self.known.actor, Some(Actor::Page(page)), "L8: somebody acted since");
                    assert!(*epoch >= self.known.highest, "L3: an old epoch is resumed");
                    seen.renamed += u64::from(*epoch > self.known.highest);
                    self.known.highest = *epoch;
                    self.told.insert(*socket, true);
                    self.taking.take_if(|(taking, _)| taking == socket);
                }
                Effect::Send(socket, ToTab::Watching) => {
                    self.told.insert(*socket, false);
                    let held = matches!(seat, Seat::Held { socket: holder, .. } if holder == *socket);
                    let silent = now + ahead - self.heard.get(socket).copied().unwrap_or(0);
                    let asked = matches!(cause, Cause::Take(_));
                    assert!(!held || asked || silent >= GRACE, "L4: it was heard {silent} ms ago");
                }
                Effect::Mind { epoch, until } => {
                    seen.minded += 1;
                    assert!(*epoch > self.known.highest, "L3: the caretaker has an old epoch");
                    self.known.highest = *epoch;
                    let left = until.saturating_sub(now + ahead);
                    let ending = hub.lease.holder.is_none();
                    seen.ended += u64::from(ending);
                    assert!((ending && left == 0) || (GRACE..=KEEPS).contains(&left), "L7: kept for {left} ms");
                    assert!(hub.lease.to_lose && hub.lease.snapshot.is_some(), "L6: there is nothing to lose");
                    // Its socket closed, which it may not know yet; it rests in time by itself.
                    self.excused.extend(pages.iter().filter(|page| page.acts()).map(|page| page.number));
                }
                Effect::Send(socket, ToTab::Yield) => {
                    seen.yields += 1;
                    self.told.insert(*socket, true);
                }
                Effect::Close(socket, _) => {
                    self.told.remove(socket);
                }
                Effect::Send(
                    _,
                    ToTab::Line(_)
                    | ToTab::Presence(_)
                    | ToTab::Media(_)
                    | ToTab::Recorded(_)
                    | ToTab::Missed(_)
                    | ToTab::Wishes(_)
                    | ToTab::Callers(_)
                    | ToTab::Messages(_)
                    | ToTab::Send(_)
                    | ToTab::Answer { .. }
                    | ToTab::Alive,
                )
                | Effect::Moved(_)
                | Effect::SaveNow
                | Effect::SaveSoon => {}
            }
        }
        if let Cause::Hello { socket, loaded: true } = cause
            && hub.sockets.get(&socket).copied() == lease.session
            && lease.session.is_some()
            && matches!(seat, Seat::Grace { .. } | Seat::Minded { .. })
        {
            assert_eq!(hub.holder(), Some(socket), "L9: the heir waits");
        }
    }

    /// A tab was granted the line.
    fn begins(&mut self, socket: SocketId, cause: Cause, seat: Seat, lease: &Lease, hub: &Hub, pages: &[Page]) {
        let number = self.tabs[&socket];
        let asked = cause == Cause::Take(socket) || matches!(seat, Seat::Yielding { to, .. } if to == socket);
        let session = hub.sockets.get(&socket).copied();
        if hub.lease.to_lose && lease.session.is_some() && lease.session != session {
            assert!(asked, "L9: a call went unasked to another session");
        }
        for page in pages.iter().filter(|page| page.number != number && page.acts()) {
            match cause {
                Cause::Take(_) | Cause::Hello { .. } | Cause::End => {
                    self.excused.insert(page.number);
                }
                Cause::Other if asked => {
                    self.excused.insert(page.number);
                }
                Cause::Other => {
                    let known = self.excused.contains(&page.number) || page.misled.is_some();
                    assert!(
                        known,
                        "L1: page {} ({:?}) acts while page {number} is given the line: {seat:?}",
                        page.number, page.socket
                    );
                }
            }
        }
        self.known.actor = Some(Actor::Page(number));
        self.told.insert(socket, true);
        self.taking.take_if(|(taking, _)| *taking == socket);
    }

    /// The caretaker's word was kept.
    pub(super) fn accepted(&mut self, snapshot: Vec<u8>, pages: &[Page], now: u64) {
        self.known.actor = Some(Actor::Caretaker);
        self.known.accepted = Some(snapshot);
        self.accepted_at = now;
        let highest = self.known.highest;
        let rival = pages.iter().find(|page| page.holding.is_some_and(|holding| holding.epoch >= highest));
        assert!(rival.is_none(), "L1: a page runs the caretaker's epoch");
    }

    pub(super) fn over(&mut self) {
        self.lost_since = None;
    }

    pub(super) fn written(&mut self, now: u64) {
        self.written_at = now;
    }

    /// The server died before anything of its last step was told.
    pub(super) fn untold(&mut self) {
        self.known = self.earlier.clone();
    }

    pub(super) fn restarted(&mut self, written: &Lease) {
        let snapshot = written.snapshot.as_ref().map(|(snapshot, _)| snapshot.clone());
        if snapshot != self.known.accepted {
            self.known.accepted = snapshot;
        }
        assert!(written.epoch >= self.known.highest, "L3: an epoch that was told is not written");
        self.heard.clear();
        self.told.clear();
        self.taking = None;
        self.lost_since = None;
        self.idle_since = None;
        self.before = None;
        self.cause = Cause::Other;
    }

    /// After every event.
    pub(super) fn check(&mut self, hub: &Hub, pages: &[Page], now: u64, ahead: u64) {
        let server = now + ahead;
        let acts = |number: usize| pages.iter().any(|page| page.number == number && page.acts());
        self.excused.retain(|number| acts(*number));
        let current =
            pages.iter().filter(|page| !page.gone && page.holding.is_some_and(|holding| hub.is_current(holding.epoch)));
        assert!(current.count() <= 1, "L1: two pages have the current epoch");

        for (socket, tab) in hub.tabs.iter().filter(|(_, tab)| !tab.leaving) {
            let told = self.told.get(socket).copied();
            let runs = hub.holder() == Some(*socket);
            assert!(told.is_some(), "L11: {} was told nothing", tab.name);
            assert!(told != Some(true) || runs || hub.sitting() == Some(*socket), "L11: {} is not told", tab.name);
            assert!(told == Some(true) || !runs, "L11: {} does not know that it has the line", tab.name);
        }

        let away = hub.holder().is_none();
        assert!(!hub.is_minded(hub.lease.epoch) || hub.lease.to_lose, "L6: nothing to lose, and kept");
        if away && hub.lease.to_lose {
            let since = *self.lost_since.get_or_insert(server);
            assert!(server - since <= MINDS || hub.is_minded(hub.lease.epoch), "L6: nobody keeps the calls");
        } else {
            self.lost_since = None;
        }

        let ending = matches!(hub.seat, Seat::Ending { .. });
        let wants = |page: &&Page| {
            let known = page.socket.is_some_and(|socket| hub.tabs.contains_key(&socket)) && page.link.is_open();
            let may = !hub.lease.to_lose || hub.lease.session == Some(page.session);
            known && may && !page.is_deaf() && !page.gone && !page.left
        };
        if away && !ending && pages.iter().any(|page| wants(&page)) {
            let since = *self.idle_since.get_or_insert(now);
            assert!(now - since <= IDLE, "L2: nobody has the line for {} ms: {:?}", now - since, hub.seat);
        } else {
            self.idle_since = None;
        }

        self.taking.take_if(|(socket, _)| ending || !hub.tabs.contains_key(socket));
        if let Some((_, since)) = self.taking {
            assert!(server - since <= YIELD, "L10: who asked waits for {} ms", server - since);
        }
    }

    /// After a while in which all was well.
    pub(super) fn settled(&mut self, hub: &Hub, pages: &[Page]) {
        let acting: Vec<&Page> = pages.iter().filter(|page| page.acts()).collect();
        let wanted = pages.iter().any(|page| !page.gone && !page.left);
        assert!(acting.len() == usize::from(wanted) || (!wanted && acting.len() <= 1), "L1, L2: {} act", acting.len());
        for page in acting {
            assert_eq!((hub.holder(), hub.is_current(page.holding.unwrap().epoch)), (page.socket, true));
        }
        // What was is of no use any more.
        self.tabs.retain(|socket, _| hub.sockets.contains_key(socket));
        self.heard.retain(|socket, _| hub.sockets.contains_key(socket));
        self.told.retain(|socket, _| hub.sockets.contains_key(socket));
    }
}

/// How often what happened, so that laws are not kept because nothing did.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) granted: u64,
    pub(super) resumed: u64,
    /// Resumed under another epoch.
    pub(super) renamed: u64,
    pub(super) yields: u64,
    pub(super) minded: u64,
    pub(super) ended: u64,
    pub(super) kept: u64,
    pub(super) deaths: u64,
}

impl Seen {
    pub(super) fn enough(&self, steps: u64) {
        let Self { granted, resumed, renamed, yields, minded, ended, kept, deaths } = *self;
        for count in [granted, resumed, renamed, yields, minded, ended, kept, deaths] {
            assert!(count >= steps / 5_000, "{self:?}");
        }
    }
}
