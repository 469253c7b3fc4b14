use crate::exchange::password;
use crate::network::{Phone, config};
use crate::random::Random;
use sip::agent::{Agent, Config, Package, QuestionId, Server, Snapshot};
use sip::{Duration, Instant};
use std::collections::VecDeque;

/// A phone in its page, with the page's own clock.
pub(crate) struct Page {
    pub(crate) phone: Phone,
    pub(crate) presence: Presence,
    /// Its connection, as far as the page knows.
    pub(crate) flow: Option<u64>,
    /// Names what it is opening; whatever else opens is nobody's.
    pub(crate) attempt: u64,
    /// Which page it is of those that were there one after the other: questions of earlier ones get no answer.
    pub(crate) generation: u64,
    /// What the page's clock is ahead of the world's, in milliseconds.
    ahead: u64,
    /// How late its timers are.
    pub(crate) late: Duration,
    /// Whether they ever were so late that a registration or a session may have ended meanwhile.
    pub(crate) too_late: bool,
    /// Until when nothing can be reached from it.
    pub(crate) cut_off: Instant,
    /// When the last thing went wrong with it.
    pub(crate) last_fault: Option<Instant>,
    /// When something else went wrong than a connection that broke.
    pub(crate) last_disorder: Option<Instant>,
    /// Whether its user wants it to be registered.
    pub(crate) wanted: bool,
    /// How long its messages take.
    pub(crate) delays: Random,
    config: Config,
}

/// Whether a page is there.
pub(crate) enum Presence {
    Here,
    /// Frozen: what happens waits for it.
    Asleep(VecDeque<Waiting>),
    /// Closed; this is what it saved, and when.
    Away(Box<Snapshot>, Instant),
}

/// What waits for a page to wake up.
pub(crate) enum Waiting {
    Opened(u64),
    Message(u64, Vec<u8>),
    Closed(u64),
    Answer(QuestionId, Box<sip::agent::Question>, bool),
}

impl Page {
    /// The phone of a user; a user may have several.
    pub(crate) fn new(user: &str, number: usize, random: &mut Random) -> Self {
        let mut config = config(user);
        config.contact_user = format!("{user}-{number}");
        config.contact_host = format!("{user}{number}.invalid");
        config.instance = format!("urn:uuid:00000000-0000-4000-8000-{number:0>12x}");
        config.register_call_id = format!("registration-of-{user}-{number}");
        config.max_calls = random.index(3) + 1;
        config.ringing = random.millis(10_000, 90_000);
        config.register_expires = random.millis(60_000, 900_000);
        config.ping_interval = random.millis(5_000, 30_000);
        config.session_expires = random.percent(70).then(|| random.millis(90_000, 400_000));
        config.reliable = random.percent(50);
        config.redirects = random.percent(50);
        config.auto_answer = random.percent(20);
        config.transfers = random.percent(80);
        config.trickle = random.percent(50);
        config.servers = (0..random.range(0, 4))
            .map(|_| Server { priority: u16::from(random.percent(50)), weight: u16::from(random.percent(50)) })
            .collect();
        config.packages = if random.percent(60) { vec![Package::Presence] } else { Vec::new() };
        config.return_after = random.millis(60_000, 300_000);
        let now = Instant::from_millis(0);
        let mut phone = Phone::new(user, number, now);
        phone.password = Some(password(user));
        let mut page = Self {
            phone,
            presence: Presence::Here,
            flow: None,
            attempt: 0,
            generation: 0,
            ahead: random.range(0, 1 << 40),
            late: Duration::ZERO,
            too_late: false,
            cut_off: now,
            last_fault: None,
            last_disorder: None,
            wanted: false,
            delays: Random::new(random.next()),
            config,
        };
        page.phone.agent = Agent::new(page.config.clone(), random.seed(), page.clock(now));
        page
    }

    /// Whether its user can do something with it.
    pub(crate) const fn is_here(&self) -> bool {
        matches!(self.presence, Presence::Here)
    }

    pub(crate) const fn name(&self) -> &String {
        &self.config.contact_user
    }

    /// What the page's clock says.
    pub(crate) fn clock(&self, now: Instant) -> Instant {
        now + Duration::from_millis(self.ahead)
    }

    /// When its agent wants to be woken up, by the world's clock.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if !self.is_here() {
            return None;
        }
        let own = self.phone.agent.deadline()?;
        Some(Instant::from_millis(own.as_millis().saturating_sub(self.ahead)) + self.late)
    }

    /// Its timers come late from now on.
    pub(crate) fn drowse(&mut self, late: Duration) {
        self.late = late;
        // The refresh of a session of 90 s comes 15 s before the other end gives it up, and may have to be signed.
        self.too_late |= late >= Duration::from_secs(12);
    }

    /// Its clock jumps ahead.
    pub(crate) fn jump(&mut self, by: Duration) {
        self.ahead += u64::try_from(by.as_millis()).unwrap();
    }

    /// Its clock stood still while it was asleep.
    pub(crate) fn stood_still(&mut self, time: Duration) {
        self.ahead = self.ahead.saturating_sub(u64::try_from(time.as_millis()).unwrap());
    }

    /// Saves its agent, as text.
    pub(crate) fn save(&self, now: Instant) -> Box<Snapshot> {
        let snapshot = self.phone.agent.snapshot(self.clock(now)).expect("the agent is drained");
        let text = serde_json::to_string(&snapshot).unwrap();
        Box::new(serde_json::from_str(&text).unwrap())
    }

    /// Goes on in a new page, `away` later as far as that knows.
    pub(crate) fn restore(&mut self, snapshot: Snapshot, away: Duration, random: &mut Random, now: Instant) {
        self.ahead = random.range(0, 1 << 40);
        self.generation += 1;
        let clock = self.clock(now);
        self.phone.agent = Agent::restore(snapshot, self.config.clone(), away, random.seed(), clock).unwrap();
        self.presence = Presence::Here;
    }
}
