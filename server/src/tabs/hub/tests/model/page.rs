//! A page: its own half of the line, as the driver of a tab does it.

use super::super::*;
use line::link::{Due, Link};
use sip::{Duration, Instant, Random};

pub(super) const WALL: u64 = 1_800_000_000_000;

pub(super) struct Page {
    pub(super) number: usize,
    pub(super) session: SessionId,
    pub(super) name: String,
    pub(super) link: Link,
    pub(super) socket: Option<SocketId>,
    pub(super) loaded: bool,
    pub(super) holding: Option<Holding>,
    /// Nothing comes through.
    pub(super) cut: bool,
    /// It does nothing, since then. Its monotonic clock may stand still meanwhile.
    pub(super) frozen: Option<(u64, bool)>,
    pub(super) gone: bool,
    /// What it cannot hear yet.
    pub(super) held: Vec<(SocketId, Heard)>,
    /// By how much its clocks differ from the world's.
    pub(super) stood: u64,
    pub(super) wall: i64,
    /// When one of its clocks last did not go as it should, by the monotonic one: what it asked before then misleads it. It
    /// rests at the latest when it is told so.
    pub(super) misled: Option<Instant>,
    pub(super) in_call: bool,
    pub(super) left: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) epoch: u64,
    pub(super) resting: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Heard {
    Opened,
    Said(ToTab),
    Closed(Option<Closing>),
}

/// What a page wants of its network.
#[derive(Debug)]
pub(super) enum Wish {
    Open,
    Say(Box<FromTab>),
    Shut,
}

impl Page {
    pub(super) fn new(number: usize, session: SessionId, name: String, seed: u8) -> Self {
        Self {
            number,
            session,
            name,
            link: Link::new(Random::new([seed; 32])),
            socket: None,
            loaded: true,
            holding: None,
            cut: false,
            frozen: None,
            gone: false,
            held: Vec::new(),
            stood: 0,
            wall: 0,
            misled: None,
            in_call: false,
            left: false,
        }
    }

    pub(super) fn is_deaf(&self) -> bool {
        self.cut || self.frozen.is_some()
    }

    /// Whether it makes sound and signals, as far as it knows itself.
    pub(super) fn acts(&self) -> bool {
        !self.gone && self.frozen.is_none() && self.holding.is_some_and(|holding| !holding.resting)
    }

    pub(super) fn mono(&self, now: u64) -> Instant {
        Instant::from_millis(now - self.stood)
    }

    pub(super) fn wall(&self, now: u64) -> u64 {
        (WALL + now).saturating_add_signed(self.wall)
    }

    /// When it wakes up by itself, in the world's time.
    pub(super) fn deadline(&self) -> Option<u64> {
        let lapse = self.holding.filter(|holding| !holding.resting).and(self.link.vouched_until());
        let due = [self.link.deadline(), lapse].into_iter().flatten().min()?;
        (!self.gone && self.frozen.is_none()).then(|| due.as_millis() + self.stood)
    }

    pub(super) fn timeout(&mut self, now: u64) -> Vec<Wish> {
        let due = self.link.timeout(self.mono(now));
        let mut wishes = Vec::new();
        self.perform(due, &mut wishes, now);
        self.lapse(now);
        wishes
    }

    fn perform(&mut self, due: Due, wishes: &mut Vec<Wish>, now: u64) {
        match due {
            Due::Nothing => {}
            Due::Open | Due::OpenAnew => self.open(wishes, now),
            Due::SayAlive => wishes.push(Wish::Say(Box::new(FromTab::Alive))),
            Due::SayAliveAndProbe => {
                wishes.push(Wish::Say(Box::new(FromTab::Alive)));
                self.probe(wishes, now);
            }
            Due::Probe => self.probe(wishes, now),
            Due::GiveUp => {
                wishes.push(Wish::Shut);
                self.probe(wishes, now);
            }
        }
    }

    /// A probe comes through at once, or never.
    fn probe(&mut self, wishes: &mut Vec<Wish>, now: u64) {
        if !self.cut {
            let due = self.link.reached(self.mono(now));
            self.perform(due, wishes, now);
        }
    }

    pub(super) fn hear(&mut self, heard: Heard, now: u64) -> Vec<Wish> {
        let mut wishes = Vec::new();
        match heard {
            Heard::Opened => {
                self.link.opened(self.mono(now));
                let running = self.holding.map(|holding| holding.epoch);
                let loaded = std::mem::take(&mut self.loaded);
                let hello = FromTab::Hello { tab: self.name.clone(), running, loaded };
                wishes.push(Wish::Say(Box::new(hello)));
            }
            Heard::Closed(Some(Closing::LoggedOut)) => {
                self.holding = None;
                self.gone = true;
            }
            Heard::Closed(why) => {
                self.socket = None;
                self.link.closed(self.mono(now));
                if why.is_some() {
                    self.holding = None;
                    self.name = format!("another {}", self.number);
                }
            }
            Heard::Said(words) => self.said(words, &mut wishes, now),
        }
        self.lapse(now);
        wishes
    }

    /// The holder's news; `None` while it holds nothing, or rests.
    pub(super) fn publish(&self, snapshot: Vec<u8>, last: bool) -> Option<FromTab> {
        let holding = self.holding.filter(|holding| !holding.resting)?;
        let state = LineState { registration: Registration::Ready, ..LineState::default() };
        Some(FromTab::Publish { epoch: holding.epoch, state, snapshot, to_lose: self.in_call, last })
    }

    /// It goes silent by itself.
    pub(super) fn lapse(&mut self, now: u64) {
        let lapsed = self.link.lapsed(self.mono(now), self.wall(now));
        if let Some(holding) = self.holding.as_mut().filter(|_| lapsed) {
            holding.resting = true;
        }
    }

    pub(super) fn open(&mut self, wishes: &mut Vec<Wish>, now: u64) {
        wishes.push(Wish::Shut);
        wishes.push(Wish::Open);
        self.link.opening(self.mono(now));
    }

    fn said(&mut self, words: ToTab, wishes: &mut Vec<Wish>, now: u64) {
        self.link.heard(&words, self.mono(now), self.wall(now));
        let grace = Duration::from_millis(GRACE);
        self.misled.take_if(|misled| self.link.vouched_until().is_some_and(|until| until > *misled + grace));
        match words {
            ToTab::Granted(grant) => {
                self.holding = Some(Holding { epoch: grant.epoch, resting: false });
            }
            ToTab::Resumed { epoch } => match &mut self.holding {
                Some(holding) => *holding = Holding { epoch, resting: false },
                None => self.open(wishes, now),
            },
            ToTab::Watching => {
                self.holding = None;
                self.in_call = false;
            }
            ToTab::Yield => {
                wishes.extend(self.publish(b"last".to_vec(), true).map(|words| Wish::Say(Box::new(words))));
                if let Some(holding) = &mut self.holding {
                    holding.resting = true;
                }
            }
            ToTab::Alive if self.holding.is_some_and(|holding| holding.resting) => self.open(wishes, now),
            ToTab::Alive
            | ToTab::Line(_)
            | ToTab::Presence(_)
            | ToTab::Media(_)
            | ToTab::Recorded(_)
            | ToTab::Missed(_)
            | ToTab::Wishes(_)
            | ToTab::Callers(_)
            | ToTab::Messages(_)
            | ToTab::Send(_)
            | ToTab::Answer { .. } => {}
        }
    }
}
