//! The world: pages, the exchange, and what is under way between them, in virtual time.

mod faults;
mod pages;

use crate::beside::{Beside, Letters};
use crate::exchange::{Saved, Whole};
use crate::hostile::{HOSTILE, Hostile};
use crate::kind::Kind;
use crate::network::{Exchange as _, Ladder};
use crate::page::{Page, Presence, Waiting};
use crate::random::Random;
use crate::watch::Watch;
use sip::agent::{Agent, CallId, Input, MediaFailure, Question, QuestionId, VerbError};
use sip::message::is_keepalive;
use sip::{Duration, Instant};
use std::collections::BTreeMap;

/// How many things may happen in the same millisecond.
const BUSY: usize = 2_000;

/// Everything that there is.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) random: Random,
    /// What there is beside phones that call each other.
    pub(crate) kind: Kind,
    pub(crate) exchange: Whole,
    /// Who wants no good.
    pub(crate) hostile: Option<Hostile>,
    pub(crate) pages: Vec<Page>,
    pub(crate) watches: Vec<Watch>,
    pub(crate) letters: Letters,
    /// Whether things go wrong.
    pub(crate) faults: bool,
    /// When the last thing went wrong with the exchange.
    pub(crate) last_fault: Option<Instant>,
    /// Whether anybody went on from what they were some time before, or from nothing, or got what nobody sent.
    pub(crate) forgot: bool,
    pub(crate) ladder: Option<Ladder>,
    /// What the exchange was saved as, and when, while it is down.
    down: Option<(Option<Saved>, Instant)>,
    connections: BTreeMap<u64, Connection>,
    due: BTreeMap<(Instant, u64), Due>,
    order: u64,
    flows: u64,
    /// How many things happened in this millisecond.
    busy: usize,
}

/// A connection. What is sent over it arrives in order, or not at all.
struct Connection {
    page: usize,
    page_open: bool,
    exchange_open: bool,
    /// Nothing gets through any more, and nobody is told.
    dead: bool,
    to_exchange: Instant,
    to_page: Instant,
}

enum Due {
    Opened(usize, u64),
    ToExchange(u64, Vec<u8>),
    ToPage(u64, Vec<u8>),
    ClosedAtExchange(u64),
    ClosedAtPage(u64),
    Answer { page: usize, generation: u64, id: QuestionId, question: Question, fails: bool },
    Back(usize),
    Awake(usize, Instant),
    ExchangeBack,
}

impl World {
    /// A world with a page for each of these users; the exchange wants some of them to sign what they send.
    pub(crate) fn new(seed: u64, users: &[&str], kind: Kind) -> Self {
        let mut random = Random::new(seed);
        let pages: Vec<Page> =
            users.iter().enumerate().map(|(number, user)| Page::new(user, number, &mut random)).collect();
        let mut exchange = Whole::new();
        exchange.tells = kind.tells;
        exchange.picks_up = kind.picks_up();
        exchange.restart(None, Duration::ZERO, random.seed(), Instant::from_millis(0));
        exchange.strangers = users.iter().filter(|_| random.percent(25)).map(|user| (*user).to_string()).collect();
        Self {
            now: Instant::from_millis(0),
            hostile: kind.hostile.then(|| Hostile::new(seed, users, kind)),
            kind,
            exchange,
            watches: pages.iter().map(|_| Watch::default()).collect(),
            letters: Letters::default(),
            pages,
            faults: true,
            last_fault: None,
            forgot: false,
            ladder: None,
            down: None,
            connections: BTreeMap::new(),
            due: BTreeMap::new(),
            order: 0,
            flows: 0,
            busy: 0,
            random,
        }
    }

    /// When something happens next.
    pub(crate) fn next(&self) -> Option<Instant> {
        let due = self.due.keys().next().map(|(at, _)| *at);
        let pages = self.pages.iter().filter_map(Page::deadline).min();
        [due, pages, self.exchange_deadline()].into_iter().flatten().min()
    }

    /// Lets so much time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.next()
            && next <= end
        {
            self.tick();
        }
        if end > self.now {
            self.now = end;
            self.busy = 0;
        }
    }

    /// Goes to what is next that somebody notices, and lets it happen.
    pub(crate) fn step(&mut self) {
        // How often the exchange looks at its clock may depend on what others do there.
        let noticed = !self.due.is_empty() || self.pages.iter().any(|page| page.deadline().is_some());
        while noticed && !self.tick() {}
    }

    /// Goes to what is next, and lets it happen; whether it was more than a deadline of the exchange.
    fn tick(&mut self) -> bool {
        self.annoy();
        let Some(next) = self.next() else { return true };
        if next > self.now {
            self.now = next;
            self.busy = 0;
        }
        self.busy += 1;
        assert!(self.busy < BUSY, "time stands still");
        if let Some(entry) = self.due.first_entry()
            && entry.key().0 <= self.now
        {
            let due = entry.remove();
            self.happen(due);
            return true;
        }
        if let Some(page) = self.pages.iter().position(|page| page.deadline().is_some_and(|at| at <= self.now)) {
            self.input(page, Input::Timeout);
            return true;
        }
        if self.exchange_deadline().is_some_and(|at| at <= self.now) {
            self.exchange.timeout(self.now);
            assert!(self.exchange.deadline().is_none_or(|at| at > self.now), "what was due is still due there");
            self.drain_exchange();
        }
        false
    }

    /// Who is hostile does something.
    fn annoy(&mut self) {
        if self.down.is_none()
            && let Some(hostile) = &mut self.hostile
        {
            hostile.act(&mut self.exchange, self.now);
            self.drain_exchange();
        }
    }

    /// Who is hostile is gone.
    pub(crate) fn banish(&mut self) {
        if let Some(hostile) = self.hostile.take() {
            hostile.leave(&mut self.exchange, self.now);
            self.drain_exchange();
        }
    }

    /// Lets a user do something with their phone, if its page is there.
    pub(crate) fn act<T>(&mut self, page: usize, act: impl FnOnce(&mut Agent, Instant) -> T) -> Option<T> {
        if !self.pages[page].is_here() {
            return None;
        }
        let clock = self.pages[page].clock(self.now);
        let result = act(&mut self.pages[page].phone.agent, clock);
        self.drain(page);
        self.watches[page].handled(&self.pages[page], false, self.now);
        Some(result)
    }

    /// Tries something with a call of a phone, if there is one.
    pub(crate) fn with_call(
        &mut self,
        page: usize,
        what: &str,
        verb: impl FnOnce(&mut Agent, CallId, Instant) -> Result<(), VerbError>,
    ) {
        let calls: Vec<CallId> = self.pages[page].phone.agent.calls().map(|call| call.id).collect();
        if calls.is_empty() {
            return;
        }
        let call = calls[self.random.index(calls.len())];
        self.note(page, what);
        // A verb that does not fit is refused, and that is all.
        self.act(page, |agent, now| verb(agent, call, now).is_ok());
    }

    pub(crate) fn dial(&mut self, page: usize, user: &str) {
        self.note(page, &format!("calls {user}"));
        let target = format!("sip:{user}@example.com").parse().unwrap();
        let now = self.now;
        if !self.pages[page].is_here() {
            return;
        }
        let clock = self.pages[page].clock(now);
        if let Ok(call) = self.pages[page].phone.agent.call(target, clock) {
            self.watches[page].dialled(call, now);
            self.drain(page);
            self.watches[page].handled(&self.pages[page], false, now);
        }
    }

    /// Calls whom the other end of a call wants called, if it does.
    pub(crate) fn accept_transfer(&mut self, page: usize) {
        let asked = self.pages[page].phone.agent.calls().find(|call| call.transfer_asked).map(|call| call.id);
        let Some(asked) = asked.filter(|_| self.pages[page].is_here()) else { return };
        self.note(page, "takes the transfer");
        let clock = self.pages[page].clock(self.now);
        if let Ok(call) = self.pages[page].phone.agent.accept_transfer(asked, clock) {
            self.watches[page].dialled(call, self.now);
        }
        self.drain(page);
        self.watches[page].handled(&self.pages[page], false, self.now);
    }

    /// Lets a user do something beside calls; whether it fits does not matter.
    pub(crate) fn beside<T>(
        &mut self,
        page: usize,
        what: &str,
        verb: impl FnOnce(&mut Agent, &mut Beside, Instant) -> Option<T>,
    ) {
        if !self.pages[page].is_here() {
            return;
        }
        self.note(page, what);
        let clock = self.pages[page].clock(self.now);
        verb(&mut self.pages[page].phone.agent, &mut self.watches[page].beside, clock);
        self.drain(page);
        self.watches[page].handled(&self.pages[page], false, self.now);
    }

    /// A line in the ladder.
    pub(crate) fn note(&mut self, page: usize, what: &str) {
        if let Some(ladder) = &mut self.ladder {
            ladder.note(&format!("{:>7} {} {what}", self.now.as_millis(), self.pages[page].name()));
        }
    }

    pub(crate) fn note_exchange(&mut self, what: &str) {
        if let Some(ladder) = &mut self.ladder {
            ladder.note(&format!("{:>7} the exchange {what}", self.now.as_millis()));
        }
    }

    /// Gives a page, or the exchange, a message that nobody sent.
    pub(crate) fn inject(&mut self, page: usize, to_exchange: bool, bytes: Vec<u8>) {
        let Some(flow) = self.pages[page].flow else { return };
        self.fault(page);
        self.last_fault = Some(self.now);
        self.forgot = true;
        self.exchange.ringing.disorder = true;
        self.note(page, if to_exchange { "is said to send something" } else { "gets something that nobody sent" });
        let due = if to_exchange { Due::ToExchange(flow, bytes) } else { Due::ToPage(flow, bytes) };
        self.later(Duration::ZERO, due);
    }

    /// A message that is under way, if there is one.
    pub(crate) fn overheard(&mut self) -> Option<Vec<u8>> {
        let messages: Vec<&Vec<u8>> = self
            .due
            .values()
            .filter_map(|due| match due {
                Due::ToExchange(_, bytes) | Due::ToPage(_, bytes) => Some(bytes),
                Due::Opened(..)
                | Due::ClosedAtExchange(_)
                | Due::ClosedAtPage(_)
                | Due::Answer { .. }
                | Due::Back(_)
                | Due::Awake(..)
                | Due::ExchangeBack => None,
            })
            .collect();
        if messages.is_empty() {
            return None;
        }
        let at = self.random.index(messages.len());
        Some(messages[at].clone())
    }

    fn exchange_deadline(&self) -> Option<Instant> {
        if self.down.is_some() { None } else { self.exchange.deadline() }
    }

    fn later(&mut self, time: Duration, due: Due) {
        self.at(self.now + time, due);
    }

    fn at(&mut self, at: Instant, due: Due) {
        self.order += 1;
        self.due.insert((at, self.order), due);
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Opened(page, attempt) => self.reach_page(page, Waiting::Opened(attempt)),
            Due::ToPage(flow, bytes) => {
                let connection = &self.connections[&flow];
                if connection.page_open {
                    self.reach_page(connection.page, Waiting::Message(flow, bytes));
                }
            }
            Due::ClosedAtPage(flow) => self.reach_page(self.connections[&flow].page, Waiting::Closed(flow)),
            Due::Answer { page, generation, id, question, fails } if self.pages[page].generation == generation => {
                self.reach_page(page, Waiting::Answer(id, Box::new(question), fails));
            }
            Due::Answer { .. } => {}
            Due::ToExchange(flow, bytes) => {
                if self.connections[&flow].exchange_open {
                    self.exchange.received(flow, &bytes, self.now);
                    if let Some(hostile) = &mut self.hostile {
                        hostile.overhear(bytes);
                    }
                    self.drain_exchange();
                }
            }
            Due::ClosedAtExchange(flow) => {
                let connection = self.connections.get_mut(&flow).unwrap();
                if std::mem::take(&mut connection.exchange_open) {
                    self.exchange.closed(flow, self.now);
                    self.drain_exchange();
                }
            }
            Due::Back(page) => self.back(page),
            Due::Awake(page, since) => self.awake(page, since),
            Due::ExchangeBack => self.exchange_back(),
        }
    }

    /// Something reaches a page: now, when it wakes up, or never.
    fn reach_page(&mut self, page: usize, what: Waiting) {
        match &mut self.pages[page].presence {
            Presence::Away(..) => {}
            Presence::Asleep(waiting) => waiting.push_back(what),
            Presence::Here => self.arrive(page, what),
        }
    }

    fn arrive(&mut self, page: usize, what: Waiting) {
        match what {
            Waiting::Opened(attempt) if attempt != self.pages[page].attempt => {}
            Waiting::Opened(_) if self.down.is_some() || self.pages[page].cut_off > self.now => {
                self.input(page, Input::Disconnected);
            }
            Waiting::Opened(_) => {
                self.open(page);
                self.input(page, Input::Connected);
            }
            Waiting::Message(flow, bytes) if self.pages[page].flow == Some(flow) => {
                self.input(page, Input::Received(&bytes));
            }
            Waiting::Closed(flow) if self.pages[page].flow == Some(flow) => {
                self.pages[page].flow = None;
                self.connections.get_mut(&flow).unwrap().page_open = false;
                self.input(page, Input::Disconnected);
            }
            Waiting::Message(..) | Waiting::Closed(_) => {}
            Waiting::Answer(id, question, fails) => {
                let phone = &mut self.pages[page].phone;
                let answer = if !fails {
                    phone.answer_to(&question)
                } else if matches!(*question, Question::Digest { .. }) {
                    sip::agent::Answer::NoCredentials
                } else {
                    sip::agent::Answer::Media(MediaFailure::Denied)
                };
                self.input(page, Input::Answer(id, answer));
            }
        }
    }

    pub(crate) fn drain_exchange(&mut self) {
        while let Some((flow, bytes)) = self.exchange.poll() {
            if flow >= HOSTILE {
                if let Some(hostile) = &mut self.hostile {
                    hostile.received(flow, bytes);
                }
                continue;
            }
            let Some(page) = self.connections.get(&flow).map(|connection| connection.page) else { continue };
            if let Some(hostile) = &mut self.hostile {
                hostile.check(&self.pages[page].phone.user, &bytes);
                hostile.overhear(bytes.clone());
            }
            let delay = self.delay(page);
            let Some(connection) = self.connections.get_mut(&flow) else { continue };
            if let Some(ladder) = &mut self.ladder
                && is_keepalive(&bytes).is_none()
            {
                ladder.sent(self.now, "exchange", self.pages[connection.page].name(), &bytes);
            }
            assert!(connection.exchange_open, "the exchange sends over a connection that is closed");
            if !connection.dead {
                connection.to_page = connection.to_page.max(self.now + delay);
                let at = connection.to_page;
                self.at(at, Due::ToPage(flow, bytes));
            }
        }
    }

    /// How long a message to or from a page takes.
    fn delay(&mut self, page: usize) -> Duration {
        let random = &mut self.pages[page].delays;
        if self.faults && random.percent(3) { random.millis(100, 5_000) } else { random.millis(1, 100) }
    }
}
