//! The pages, the server, and what lies between them.

use super::super::*;
use super::laws::{Laws, Seen};
use super::page::{Heard, Page, Wish};

/// The most pages at a time.
const PAGES: usize = 5;

/// SplitMix64.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// What is on its way.
#[derive(Debug)]
enum Event {
    Connect(usize),
    ToServer(SocketId, FromTab),
    Gone(SocketId),
    ToPage(SocketId, Heard),
    Minded { epoch: u64, step: u32, until: u64 },
    Write,
}

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) seen: Seen,
    pub(super) now: u64,
    /// By how much the server's clock is ahead.
    ahead: u64,
    pub(super) hub: Hub,
    /// What the database has.
    written: Lease,
    pub(super) laws: Laws,
    pub(super) pages: Vec<Page>,
    events: BTreeMap<(u64, u64), Event>,
    sent: u64,
    next: u64,
    /// When the last word of each socket arrives, there and here: they do not overtake one another.
    arrivals: BTreeMap<(SocketId, bool), u64>,
    sessions: i128,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            seen: Seen::default(),
            now: 1_000,
            ahead: 500_000,
            hub: hub(),
            written: lease(),
            laws: Laws::default(),
            pages: Vec::new(),
            events: BTreeMap::new(),
            sent: 0,
            next: 0,
            arrivals: BTreeMap::new(),
            sessions: 2,
        }
    }

    pub(super) const fn server(&self) -> u64 {
        self.now + self.ahead
    }

    fn any(&mut self, fits: impl Fn(&Page) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            self.pages.iter().enumerate().filter(|(_, page)| !page.gone && fits(page)).map(|(at, _)| at).collect();
        let at = usize::try_from(self.dice.below(fitting.len() as u64)).unwrap();
        fitting.get(at).copied()
    }

    /// A page is opened anew.
    pub(super) fn load(&mut self) {
        if self.pages.iter().filter(|page| !page.gone).count() < PAGES {
            let older = SessionId(self.sessions - i128::from(self.dice.below(2)));
            let session = if self.laws.is_over(older) { SessionId(self.sessions) } else { older };
            let name = format!("page {}", self.sent);
            self.arrive(session, name);
        }
    }

    /// A page goes and comes back, with its name. The server may not notice that it went.
    pub(super) fn reload(&mut self) {
        let Some(at) = self.any(|page| page.frozen.is_none()) else { return };
        let (session, name) = (self.pages[at].session, self.pages[at].name.clone());
        self.go(at);
        self.arrive(session, name);
    }

    pub(super) fn crash(&mut self) {
        if let Some(at) = self.any(|_| true) {
            self.go(at);
        }
    }

    pub(super) fn cut(&mut self) {
        let Some(at) = self.any(|page| !page.cut) else { return };
        self.pages[at].cut = true;
        // A proxy in between may notice, and tell one side.
        if let Some(socket) = self.pages[at].socket.filter(|_| self.dice.one_in(3)) {
            let after = self.dice.below(20_000);
            self.post(after, Event::Gone(socket));
        }
    }

    pub(super) fn mend(&mut self) {
        if let Some(at) = self.any(|page| page.cut) {
            self.pages[at].cut = false;
            self.catch_up(at);
        }
    }

    pub(super) fn freeze(&mut self) {
        if let Some(at) = self.any(|page| page.frozen.is_none()) {
            self.pages[at].frozen = Some((self.now, self.dice.one_in(2)));
        }
    }

    pub(super) fn thaw(&mut self) {
        let Some(at) = self.any(|page| page.frozen.is_some()) else { return };
        let page = &mut self.pages[at];
        if let Some((since, true)) = page.frozen.take() {
            page.stood += self.now - since;
            page.misled = Some(page.mono(self.now));
        }
        let wishes = page.timeout(self.now);
        self.grant(at, wishes);
        self.catch_up(at);
    }

    /// The wall clock of a page is set.
    pub(super) fn jump(&mut self) {
        if let Some(at) = self.any(|_| true) {
            let by = i64::try_from(self.dice.below(200_000_000)).unwrap() - 100_000_000;
            self.pages[at].wall += by;
            self.pages[at].misled = Some(self.pages[at].mono(self.now));
        }
    }

    pub(super) fn take(&mut self) {
        if let Some(at) = self.any(|page| page.holding.is_none() && page.link.is_open() && page.frozen.is_none()) {
            self.pages[at].left = false;
            self.say(at, FromTab::Take);
        }
    }

    /// A call begins or ends, or anything else that is published.
    pub(super) fn call(&mut self) {
        let Some(at) = self.any(|page| page.acts()) else { return };
        self.pages[at].in_call ^= self.dice.one_in(2);
        self.publish(at);
    }

    pub(super) fn release(&mut self) {
        let Some(at) = self.any(|page| page.acts()) else { return };
        let Some(holding) = self.pages[at].holding.take() else { return };
        self.pages[at].left = true;
        self.pages[at].in_call = false;
        self.say(at, FromTab::Release { epoch: holding.epoch });
    }

    /// The session of some page ends; those who log in again have another one.
    pub(super) fn log_out(&mut self) {
        let Some(at) = self.any(|_| true) else { return };
        let session = self.pages[at].session;
        self.laws.note_end(session);
        self.input(|hub, now| hub.end(session, now));
        while self.laws.is_over(SessionId(self.sessions)) {
            self.sessions += 1;
        }
    }

    /// The server dies, and is back with what was written.
    pub(super) fn restart(&mut self) {
        self.ahead += self.dice.below(60_000);
        self.laws.restarted(&self.written);
        self.hub = Hub::new(self.written.clone(), self.server());
        self.events.retain(|_, event| !matches!(event, Event::Minded { .. } | Event::Write | Event::ToServer(..)));
        for at in 0..self.pages.len() {
            if let Some(socket) = self.pages[at].socket {
                self.tell(socket, Heard::Closed(None));
            }
        }
        self.arrivals.clear();
        self.absorb();
    }

    /// A socket closes although nobody wanted it.
    pub(super) fn drop_socket(&mut self) {
        let Some(socket) = self.any(|page| page.link.is_open()).and_then(|at| self.pages[at].socket) else { return };
        let (there, here) = (self.dice.below(200), self.dice.below(200));
        self.post(there, Event::Gone(socket));
        self.post(here, Event::ToPage(socket, Heard::Closed(None)));
    }

    /// All is well for a while: then one page has the line, if there is one that wants it.
    pub(super) fn settle(&mut self) {
        while let Some(at) = self.any(|page| page.cut || page.frozen.is_some()) {
            self.pages[at].cut = false;
            if self.pages[at].frozen.is_some() {
                self.thaw();
            }
            self.catch_up(at);
        }
        self.go_on(60_000);
        self.laws.settled(&self.hub, &self.pages);
        self.pages.retain(|page| !page.gone);
    }

    pub(super) fn go_on(&mut self, time: u64) {
        let end = self.now + time;
        loop {
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let hub = self.hub.deadline().map(|due| due.saturating_sub(self.ahead));
            let page = self.pages.iter().filter_map(Page::deadline).min();
            let Some(due) = [event, hub, page].into_iter().flatten().min().filter(|due| *due <= end) else { break };
            self.now = due.max(self.now);
            if hub.is_some_and(|hub| hub <= self.now) {
                self.input(Hub::timeout);
            } else if event.is_some_and(|event| event <= self.now) {
                let (_, event) = self.events.pop_first().unwrap();
                self.happen(event);
            } else if let Some(at) = (0..self.pages.len())
                .find(|at| self.pages[*at].deadline() <= Some(self.now) && self.pages[*at].deadline().is_some())
            {
                let wishes = self.pages[at].timeout(self.now);
                self.grant(at, wishes);
            }
            self.laws.check(&self.hub, &self.pages, self.now, self.ahead);
        }
        self.now = end;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Connect(number) => {
                let Some(at) = self.pages.iter().position(|page| page.number == number && !page.gone) else { return };
                if self.pages[at].cut || self.pages[at].socket.is_some() {
                    return;
                }
                self.next += 1;
                let socket = SocketId(self.next);
                let session = self.pages[at].session;
                if self.laws.is_over(session) {
                    self.pages[at].gone = true;
                    return;
                }
                self.pages[at].socket = Some(socket);
                self.laws.opened(socket, number);
                self.input(|hub, _| hub.opened(socket, session));
                self.post(1, Event::ToPage(socket, Heard::Opened));
            }
            Event::ToServer(socket, words) => {
                let page = self.pages.iter_mut().find(|page| page.socket == Some(socket));
                if page.is_some_and(|page| page.cut) {
                    // It arrives once the network is back, if the socket lasts so long.
                    self.post(300, Event::ToServer(socket, words));
                    return;
                }
                self.laws.says(socket, &words, &self.hub, self.now + self.ahead);
                self.input(|hub, now| hub.receive(socket, words, now));
            }
            Event::Gone(socket) => self.input(|hub, now| hub.closed(socket, now)),
            Event::ToPage(socket, heard) => {
                let Some(at) = self.pages.iter().position(|page| page.socket == Some(socket) && !page.gone) else {
                    return;
                };
                if self.pages[at].is_deaf() {
                    self.pages[at].held.push((socket, heard));
                } else {
                    self.hear(at, heard);
                }
            }
            Event::Minded { epoch, step, until } => self.mind(epoch, step, until),
            Event::Write => self.write(),
        }
    }

    /// What the caretaker does: it acts only when the hub keeps what it says.
    fn mind(&mut self, epoch: u64, step: u32, until: u64) {
        if self.server() < until {
            let snapshot = format!("{epoch} {step}").into_bytes();
            let kept = LineKept { state: LineState::default(), snapshot: snapshot.clone() };
            let mut accepted = false;
            self.input(|hub, now| accepted = hub.keep(epoch, kept, now));
            if accepted {
                self.seen.kept += 1;
                self.laws.accepted(snapshot, &self.pages, self.now);
                let after = self.dice.below(6_000).min(until - self.server());
                self.post(after.max(1), Event::Minded { epoch, step: step + 1, until });
            }
        } else if !self.dice.one_in(8) {
            self.input(|hub, now| hub.over(epoch, LineState::default(), now));
            self.laws.over();
        }
    }

    fn write(&mut self) {
        self.written = self.hub.lease().clone();
        self.laws.written(self.now);
    }

    /// Something happens to the hub.
    fn input(&mut self, change: impl FnOnce(&mut Hub, u64)) {
        self.laws.before(&self.hub);
        let now = self.server();
        change(&mut self.hub, now);
        self.absorb();
    }

    fn absorb(&mut self) {
        let mut effects: Vec<Effect> = std::iter::from_fn(|| self.hub.poll()).collect();
        self.laws.effects(&effects, &self.hub, &self.pages, self.now, self.ahead, &mut self.seen);
        // The server may die before anything is told.
        if effects.contains(&Effect::SaveNow) && self.dice.one_in(200) {
            self.laws.untold();
            if self.dice.one_in(2) {
                self.write();
            }
            self.seen.deaths += 1;
            return self.restart();
        }
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(socket, words) => self.tell(socket, Heard::Said(words)),
                Effect::Close(socket, why) => self.tell(socket, Heard::Closed(Some(why))),
                Effect::SaveNow => self.write(),
                Effect::SaveSoon => {
                    let after = self.dice.below(500);
                    self.post(after, Event::Write);
                }
                Effect::Mind { epoch, until } => {
                    let after = self.dice.below(400);
                    self.post(after, Event::Minded { epoch, step: 0, until });
                }
                Effect::Moved(_) => {}
            }
        }
    }

    fn hear(&mut self, at: usize, heard: Heard) {
        let begins = matches!(heard, Heard::Said(ToTab::Granted(_) | ToTab::Resumed { .. }));
        let wishes = self.pages[at].hear(heard, self.now);
        self.grant(at, wishes);
        if begins {
            self.publish(at);
        }
    }

    /// A page hears what it could not.
    fn catch_up(&mut self, at: usize) {
        if self.pages[at].is_deaf() {
            return;
        }
        for (socket, heard) in std::mem::take(&mut self.pages[at].held) {
            if self.pages[at].socket == Some(socket) && !self.pages[at].gone {
                self.hear(at, heard);
            }
        }
    }

    fn grant(&mut self, at: usize, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::Open => {
                    let (after, number) = (1 + self.dice.below(100), self.pages[at].number);
                    self.post(after, Event::Connect(number));
                }
                Wish::Say(words) => self.say(at, *words),
                Wish::Shut => self.shut(at),
            }
        }
    }

    fn publish(&mut self, at: usize) {
        self.sent += 1;
        let snapshot = format!("snapshot {}", self.sent).into_bytes();
        if let Some(words) = self.pages[at].publish(snapshot, false) {
            self.say(at, words);
        }
    }

    fn arrive(&mut self, session: SessionId, name: String) {
        self.sent += 1;
        let number = usize::try_from(self.sent).unwrap();
        let seed = u8::try_from(self.dice.below(256)).unwrap();
        let mut page = Page::new(number, session, name, seed);
        let mut wishes = Vec::new();
        page.open(&mut wishes, self.now);
        self.pages.push(page);
        self.grant(self.pages.len() - 1, wishes);
    }

    fn go(&mut self, at: usize) {
        self.pages[at].gone = true;
        self.shut(at);
    }

    /// A page gives its socket up; the server may find out late.
    fn shut(&mut self, at: usize) {
        if let Some(socket) = self.pages[at].socket.take() {
            let after = if self.dice.one_in(4) { self.dice.below(40_000) } else { self.dice.below(50) };
            self.post(after, Event::Gone(socket));
        }
    }

    fn say(&mut self, at: usize, words: FromTab) {
        if let Some(socket) = self.pages[at].socket {
            let due = self.arrival(socket, true);
            self.post(due - self.now, Event::ToServer(socket, words));
        }
    }

    fn tell(&mut self, socket: SocketId, heard: Heard) {
        let due = self.arrival(socket, false);
        self.post(due - self.now, Event::ToPage(socket, heard));
    }

    fn arrival(&mut self, socket: SocketId, there: bool) -> u64 {
        let delay = if self.dice.one_in(50) { 1 + self.dice.below(1_500) } else { 1 + self.dice.below(40) };
        let last = self.arrivals.entry((socket, there)).or_default();
        *last = (*last).max(self.now + delay);
        *last
    }

    fn post(&mut self, after: u64, event: Event) {
        self.sent += 1;
        self.events.insert((self.now + after, self.sent), event);
    }
}
