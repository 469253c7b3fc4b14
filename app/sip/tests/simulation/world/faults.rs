//! What goes wrong, and how it is over again.

use super::{Due, World};
use crate::page::Presence;
use crate::watch::Known;
use sip::agent::{Input, Snapshot};
use sip::{Duration, Instant};
use std::collections::VecDeque;

/// What a page saved, and may come back with.
pub(crate) struct Kept {
    saved: Box<Snapshot>,
    known: Known,
    /// Whether its user wanted to be registered.
    wanted: bool,
    at: Instant,
}

impl World {
    /// A connection breaks, and both ends notice sooner or later. What is under way gets lost, or arrives first.
    pub(crate) fn cut(&mut self, page: usize) {
        self.pages[page].last_fault = Some(self.now);
        let Some(flow) = self.pages[page].flow else { return };
        self.note(page, "loses its connection");
        if self.random.percent(50) {
            self.due.retain(|_, due| !matches!(due, Due::ToExchange(of, _) | Due::ToPage(of, _) if *of == flow));
        }
        self.connections.get_mut(&flow).unwrap().dead = true;
        let (page_delay, exchange_delay) = (self.random.millis(0, 500), self.random.millis(0, 500));
        self.later(page_delay, Due::ClosedAtPage(flow));
        self.later(exchange_delay, Due::ClosedAtExchange(flow));
    }

    /// A connection breaks, and nobody notices: the exchange does so by its own means some time later.
    pub(crate) fn cut_silently(&mut self, page: usize) {
        self.pages[page].last_fault = Some(self.now);
        let Some(flow) = self.pages[page].flow else { return };
        self.note(page, "loses its connection, and does not know");
        self.connections.get_mut(&flow).unwrap().dead = true;
        self.due.retain(|_, due| !matches!(due, Due::ToExchange(of, _) | Due::ToPage(of, _) if *of == flow));
        let delay = self.random.millis(100, 60_000);
        self.later(delay, Due::ClosedAtExchange(flow));
    }

    /// Nothing can be reached from there for a while.
    pub(crate) fn cut_off(&mut self, page: usize) {
        let time = self.random.millis(500, 90_000);
        self.note(page, &format!("is cut off for {time:?}"));
        self.pages[page].cut_off = self.now + time;
        if self.random.percent(50) { self.cut(page) } else { self.cut_silently(page) }
    }

    /// The page is closed, and opened again later.
    pub(crate) fn leave(&mut self, page: usize) {
        if !self.pages[page].is_here() {
            return;
        }
        self.fault(page);
        let away = match self.random.range(0, 10) {
            0..=6 => self.random.millis(20, 2_000),
            7 | 8 => self.random.millis(2_000, 35_000),
            _ => self.random.millis(35_000, 600_000),
        };
        self.note(page, &format!("goes away for {away:?}"));
        let saved = self.pages[page].save(self.now);
        self.gone(page, saved, self.now, away);
    }

    /// Saves the phone of a page that is there.
    pub(crate) fn keep(&mut self, page: usize) -> Option<Kept> {
        if !self.pages[page].is_here() {
            return None;
        }
        self.note(page, "saves its phone");
        let (saved, known) = (self.pages[page].save(self.now), self.watches[page].known());
        Some(Kept { saved, known, wanted: self.pages[page].wanted, at: self.now })
    }

    /// The page is gone, and what its phone did since that was saved is forgotten.
    pub(crate) fn crash(&mut self, page: usize, kept: Kept) {
        if !self.pages[page].is_here() {
            return;
        }
        self.fault(page);
        self.last_fault = Some(self.now);
        let away = self.random.millis(20, 2_000);
        self.note(page, &format!("crashes, and is away for {away:?}"));
        self.forgot = true;
        self.watches[page].forget(kept.known);
        self.pages[page].wanted = kept.wanted;
        self.gone(page, kept.saved, kept.at, away);
    }

    fn gone(&mut self, page: usize, saved: Box<Snapshot>, at: Instant, away: Duration) {
        self.pages[page].presence = Presence::Away(saved, at);
        self.pages[page].attempt += 1;
        if let Some(flow) = self.pages[page].flow.take() {
            self.connections.get_mut(&flow).unwrap().page_open = false;
            let delay = self.random.millis(0, 300);
            self.later(delay, Due::ClosedAtExchange(flow));
        }
        self.later(away, Due::Back(page));
    }

    /// The page freezes for a while.
    pub(crate) fn sleep(&mut self, page: usize) {
        if !self.pages[page].is_here() {
            return;
        }
        self.fault(page);
        let time =
            if self.random.percent(70) { self.random.millis(50, 5_000) } else { self.random.millis(5_000, 300_000) };
        self.note(page, &format!("freezes for {time:?}"));
        self.pages[page].presence = Presence::Asleep(VecDeque::new());
        self.later(time, Due::Awake(page, self.now));
    }

    /// The page's clock jumps.
    pub(crate) fn jump(&mut self, page: usize) {
        let time = self.random.millis(100, 100_000);
        self.fault(page);
        self.note(page, &format!("has a clock that jumps by {time:?}"));
        self.pages[page].jump(time);
    }

    /// The exchange dies, and is there again later, with what it saved or with nothing.
    pub(crate) fn restart(&mut self) {
        if self.down.is_some() {
            return;
        }
        self.last_fault = Some(self.now);
        let kept = self.random.percent(70);
        self.forgot |= !kept;
        self.note_exchange(if kept { "dies" } else { "dies, and forgets everything" });
        let saved = kept.then(|| self.exchange.saved(self.now));
        self.down = Some((saved, self.now));
        self.exchange.up = false;
        self.due.retain(|_, due| !matches!(due, Due::ToExchange(..) | Due::ToPage(..) | Due::ClosedAtExchange(_)));
        let flows: Vec<u64> = self.connections.keys().copied().collect();
        for flow in flows {
            let connection = self.connections.get_mut(&flow).unwrap();
            connection.exchange_open = false;
            connection.dead = true;
            if self.random.percent(80) {
                let delay = self.random.millis(0, 300);
                self.later(delay, Due::ClosedAtPage(flow));
            }
        }
        let time =
            if self.random.percent(70) { self.random.millis(50, 3_000) } else { self.random.millis(3_000, 60_000) };
        self.later(time, Due::ExchangeBack);
    }

    /// Says that the network may be back.
    pub(crate) fn hint(&mut self, page: usize) {
        self.note(page, "may be back");
        if self.pages[page].is_here() {
            self.input(page, Input::Hint);
        }
    }

    /// All that went wrong is over: pages are there and awake, everything can be reached.
    pub(crate) fn heal(&mut self) {
        self.faults = false;
        for page in 0..self.pages.len() {
            self.pages[page].cut_off = self.now;
            self.pages[page].late = Duration::ZERO;
            self.back(page);
            self.awake(page, self.now);
        }
        self.exchange_back();
    }

    pub(super) fn fault(&mut self, page: usize) {
        self.pages[page].last_fault = Some(self.now);
        self.pages[page].last_disorder = Some(self.now);
    }

    pub(super) fn back(&mut self, page: usize) {
        let now = self.now;
        if !matches!(self.pages[page].presence, Presence::Away(..)) {
            return;
        }
        let Presence::Away(saved, since) = std::mem::replace(&mut self.pages[page].presence, Presence::Here) else {
            return;
        };
        self.fault(page);
        self.note(page, "is back");
        // The clock on the wall may have been set meanwhile.
        let away = match self.random.range(0, 20) {
            0 => Duration::ZERO,
            1 => now.since(since) * 3,
            _ => now.since(since),
        };
        self.pages[page].restore(*saved, away, &mut self.random, now);
        self.drain(page);
        self.watches[page].handled(&self.pages[page], false, now);
    }

    pub(super) fn awake(&mut self, page: usize, since: Instant) {
        if !matches!(self.pages[page].presence, Presence::Asleep(_)) {
            return;
        }
        let Presence::Asleep(waiting) = std::mem::replace(&mut self.pages[page].presence, Presence::Here) else {
            return;
        };
        self.fault(page);
        self.note(page, "wakes up");
        if self.random.percent(30) {
            let slept = self.now.since(since);
            self.pages[page].stood_still(slept);
        }
        for what in waiting {
            self.arrive(page, what);
        }
    }

    pub(super) fn exchange_back(&mut self) {
        let Some((saved, since)) = self.down.take() else { return };
        self.last_fault = Some(self.now);
        self.note_exchange("is back");
        let seed = self.random.seed();
        self.exchange.restart(saved, self.now.since(since), seed, self.now);
        self.drain_exchange();
    }
}
