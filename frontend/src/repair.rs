use core::time::Duration;
use sip::Instant;

/// How long a connection that lost its path, or whose network changed, may be silent before it is repaired.
const DOUBT: Duration = Duration::from_secs(1);
const MOVED_DOUBT: Duration = Duration::from_millis(500);
/// How often it is counted what arrived, while that is in question.
const SAMPLE: Duration = Duration::from_millis(250);
/// How often it is counted what arrives while all is well, and how long nothing may until it is asked whether the server can
/// still be reached. That costs a request and nothing else: who is silent, or busy, is not harmed by it.
const WATCH: Duration = Duration::from_millis(300);
const LACK: Duration = Duration::from_millis(800);
/// How long who did not call, and whose network did not change, leaves the repair to the other end.
const YIELD: Duration = Duration::from_secs(3);
/// How long each way may take until the next one is tried.
const RESTART: Duration = Duration::from_millis(2_500);
const FRESH: Duration = Duration::from_secs(4);
const REPLACE: Duration = Duration::from_secs(3);
/// How long after one in vain over a fresh connection the next one is tried: longer than it takes to settle that both
/// offered at once (RFC 3261 14.1).
const PAUSE: Duration = Duration::from_secs(4);
/// When to ask again what the agent could not begin just now.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a person is told nothing of a break: most are shorter.
const UNTOLD: Duration = Duration::from_secs(1);
/// How many packets show that media arrives: a few may be left on the way.
const ENOUGH: u64 = 5;
/// How long a call may be without media that never had any.
const CONNECTING: Duration = Duration::from_secs(30);
/// How long one may that had: longer than a page that was lost is waited for.
const LONGEST: Duration = Duration::from_secs(45);

/// How the media of one established call comes, and comes back. What counts is what arrives, not what the connection says
/// of itself.
///
/// | Row | State | On | Next |
/// | --- | --- | --- | --- |
/// | MR0 | Sound | nothing arrives for 0.8 s, and something is due | same: it is asked whether the server can be reached |
/// | MR1 | Sound | its path is lost, our network changed | Doubt; where nothing arrived for so long, as MR3 at once |
/// | MR2 | Doubt | something arrives; its path is back; nothing is due, and it is connected | Sound |
/// | MR3 | Doubt | its time | Wanted: ICE restarts; later, if it is on the other end |
/// | MR4 | Sound, Doubt | it failed | as MR3, but at once |
/// | MR5 | any but Sound | their offer | Trying what they began |
/// | MR6 | Wanted | an offer is made | Trying |
/// | MR7 | Wanted | the agent was asked for one | Wanted, a little later |
/// | MR8 | Trying | it is connected, and media arrives, or none is due | Sound |
/// | MR9 | Trying | ICE restarts, and it failed, does not fit, or its time | Wanted: a fresh connection, or another dialog where that helped before |
/// | MR10 | Trying | over a fresh connection, and it failed, does not fit, or its time | Wanted: another dialog, or later what was not tried |
/// | MR11 | Trying | its time a second time, and it is connected | Sound: who says nothing at all sends nothing |
/// | MR12 | any but Sound | our network is back | Wanted at once, if it was to be on us or later |
/// | MR13 | any but Sound | silent for too long, while the server is there | given up |
/// | MR14 | Trying | ICE restarts, and the browser does not know our network yet | Trying over a fresh connection, which does |
///
/// It is on us if our network changed since something arrived last, else on who called.
#[derive(Clone, Debug)]
pub(crate) struct Repair {
    stage: Stage,
    /// Whether media ever came, here or in a page before this one.
    ever: bool,
    /// Since when nothing came.
    silent: Option<Instant>,
    /// How many packets there were when it was counted first in this stage.
    base: Option<u64>,
    connected: bool,
    /// A person may know that nothing comes.
    told: bool,
    /// Our network changed since something came last.
    moved: bool,
    /// How many ways were tried in vain.
    tries: u32,
    /// Their end took a fresh connection in another dialog, and not in the one there was.
    elsewhere: bool,
    /// What arrives while all is well.
    heard: Option<Heard>,
    /// When to count that next.
    watch: Instant,
}

/// What was counted while all is well.
#[derive(Clone, Copy, Debug)]
struct Heard {
    packets: u64,
    /// When there were more than before.
    grew: Instant,
    /// When it was counted last.
    counted: Instant,
    /// Whether the lack of more was told.
    missed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Sound,
    Doubt { until: Instant, sample: Instant },
    Wanted { at: Instant, way: Way },
    Trying { way: Way, until: Instant, sample: Instant },
}

/// How media is brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Over the same connection: ICE restarts (RFC 8445 2.4), keys stay.
    Restart,
    /// Over a fresh connection.
    Fresh,
    /// Over a fresh connection, in another dialog (RFC 3891): some PBXs answer that one alone, and take the other for what
    /// it was.
    Replace,
}

impl Way {
    /// Whether it needs another connection than there is.
    pub(crate) const fn is_fresh(self) -> bool {
        match self {
            Self::Fresh | Self::Replace => true,
            Self::Restart => false,
        }
    }
}

/// What the connection says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is being made.
    Connecting,
    /// It is there.
    Connected,
    /// Nothing was heard over it for a while.
    Disconnected,
    /// ICE found no path any more.
    Failed,
    /// It cannot be mended: its keys failed, or their answer does not fit it.
    Beyond,
}

/// What is the case around the media of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Around {
    /// The call is answered.
    pub(crate) established: bool,
    /// Whether we called.
    pub(crate) caller: bool,
    /// Whether media of theirs is due: nobody is on hold.
    pub(crate) due: bool,
    /// Whether offers can be sent.
    pub(crate) path: bool,
    /// Whether a description of ours is being made, which may wait for a person.
    pub(crate) describing: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Count what arrived, and tell it by [`Repair::counted`].
    Sample,
    /// End the call: it has had no media for too long.
    GiveUp,
}

impl Repair {
    /// Of a call that begins here.
    pub(crate) const fn new() -> Self {
        let stage = Stage::Wanted { at: Instant::from_millis(0), way: Way::Fresh };
        Self {
            stage,
            ever: false,
            silent: None,
            base: None,
            connected: false,
            told: true,
            moved: false,
            tries: 0,
            elsewhere: false,
            heard: None,
            watch: Instant::from_millis(0),
        }
    }

    /// Of a call that a page before this one had: it has no media here, and gets it at once.
    pub(crate) const fn inherited() -> Self {
        Self { ever: true, moved: true, ..Self::new() }
    }

    /// Whether the other end can be heard, but for a moment.
    pub(crate) const fn is_sound(&self) -> bool {
        self.is_heard() || (self.ever && !self.told)
    }

    const fn is_heard(&self) -> bool {
        self.connected && matches!(self.stage, Stage::Sound | Stage::Doubt { .. })
    }

    /// Whether it could be heard before, and is being brought back.
    pub(crate) const fn is_returning(&self) -> bool {
        self.ever && !self.is_sound()
    }

    /// From when on a new offer is wanted, and how; `None` while none is.
    pub(crate) const fn wants(&self) -> Option<(Instant, Way)> {
        match self.stage {
            Stage::Wanted { at, way } => Some((at, way)),
            Stage::Sound | Stage::Doubt { .. } | Stage::Trying { .. } => None,
        }
    }

    /// The agent was asked for a new offer. It may not be able to make one now; where it is, [`Repair::offering`] follows.
    pub(crate) fn asked(&mut self, now: Instant) {
        if let Stage::Wanted { way, .. } = self.stage {
            self.stage = Stage::Wanted { at: now + AGAIN, way };
        }
    }

    /// An offer of ours is being made: what it is to repair by, if by anything.
    pub(crate) fn offering(&mut self, now: Instant) -> Option<Way> {
        let Stage::Wanted { way, .. } = self.stage else { return None };
        self.try_it(way, now);
        Some(way)
    }

    /// What is tried over the same connection is offered over a fresh one.
    pub(crate) fn stranded(&mut self, now: Instant) {
        if let Stage::Trying { way: Way::Restart, .. } = self.stage {
            self.try_it(Way::Fresh, now);
        }
    }

    /// An answer of ours is being made: what they offer may be their repair.
    pub(crate) fn answering(&mut self, now: Instant) {
        match self.stage {
            Stage::Sound | Stage::Trying { .. } => {}
            Stage::Wanted { way, .. } => self.try_it(way, now),
            Stage::Doubt { .. } => self.try_it(Way::Restart, now),
        }
    }

    /// The connection said this of itself.
    pub(crate) fn state(&mut self, state: State, around: Around, now: Instant) {
        self.connected = state == State::Connected;
        match state {
            // They go on over a connection of their own making, and so do we.
            State::Connecting if self.stage == Stage::Sound => {
                self.silent.get_or_insert(now);
            }
            State::Connecting => {}
            State::Connected => match self.stage {
                Stage::Sound => self.sound(),
                Stage::Doubt { .. } => self.sound(),
                Stage::Trying { .. } if !self.ever || !around.due => self.sound(),
                Stage::Trying { way, until, .. } => self.stage = Stage::Trying { way, until, sample: now },
                Stage::Wanted { .. } => {}
            },
            State::Disconnected => {
                if self.stage == Stage::Sound {
                    self.doubt_or_want(DOUBT, around, now);
                }
            }
            State::Failed => self.broke(Way::Restart, around, now),
            State::Beyond => self.broke(Way::Fresh, around, now),
        }
    }

    /// So many packets arrived over the connection so far: whether it is to be asked now if the server can be reached.
    pub(crate) fn counted(&mut self, packets: u64, around: Around, now: Instant) -> bool {
        self.compare(packets, around);
        self.misses(packets, around, now)
    }

    fn compare(&mut self, packets: u64, around: Around) {
        let Some(base) = self.base else {
            self.base = Some(packets);
            return;
        };
        let arrived = packets.saturating_sub(base);
        match self.stage {
            Stage::Doubt { .. } if arrived > 0 => self.sound(),
            Stage::Trying { .. } if self.connected && (arrived >= ENOUGH || !around.due) => self.sound(),
            Stage::Doubt { .. } | Stage::Trying { .. } | Stage::Sound | Stage::Wanted { .. } => {}
        }
    }

    /// Our own way to the server was made anew: our network may be another one.
    pub(crate) fn moved(&mut self, around: Around, now: Instant) {
        self.moved = true;
        self.silent = self.silent.map(|_| now);
        match self.stage {
            Stage::Sound | Stage::Doubt { .. } => self.doubt_or_want(MOVED_DOUBT, around, now),
            Stage::Wanted { way, .. } => self.stage = Stage::Wanted { at: now, way },
            Stage::Trying { .. } => {}
        }
    }

    /// When [`Repair::timeout`] is due.
    pub(crate) fn deadline(&self, around: Around) -> Option<Instant> {
        if !around.established {
            return None;
        }
        let stage = match self.stage {
            Stage::Sound if self.is_watched(around) => Some(self.watch),
            Stage::Sound | Stage::Wanted { .. } => None,
            Stage::Doubt { until, sample } => Some(until.min(sample)),
            Stage::Trying { until, .. } if !self.connected => Some(until).filter(|_| self.is_timed(around)),
            Stage::Trying { until, sample, .. } => Some(if self.is_timed(around) { until.min(sample) } else { sample }),
        };
        let last = self.silent.filter(|_| around.path && !self.is_heard()).map(|since| since + self.patience());
        let told = self.silent.filter(|_| !self.told).map(|since| since + UNTOLD);
        stage.into_iter().chain(last).chain(told).min()
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, around: Around, now: Instant) -> Option<Step> {
        if !around.established {
            return None;
        }
        if !self.is_heard() {
            let since = *self.silent.get_or_insert(now);
            self.told |= now.since(since) >= UNTOLD;
            if around.path && now.since(since) >= self.patience() {
                self.silent = Some(now);
                return Some(Step::GiveUp);
            }
        }
        if !around.due {
            self.heard = None;
        }
        match self.stage {
            Stage::Sound if self.is_watched(around) && self.watch <= now => {
                self.watch = now + WATCH;
                Some(Step::Sample)
            }
            Stage::Doubt { until, .. } if until <= now => {
                if self.connected && !around.due {
                    self.sound();
                } else {
                    self.want(Way::Restart, around, now);
                }
                None
            }
            Stage::Trying { way, until, .. } if until <= now && self.is_timed(around) => {
                self.in_vain(way, around, now);
                None
            }
            Stage::Doubt { until, sample } if sample <= now => {
                self.stage = Stage::Doubt { until, sample: now + SAMPLE };
                Some(Step::Sample)
            }
            Stage::Trying { way, until, sample } if self.connected && sample <= now => {
                self.stage = Stage::Trying { way, until, sample: now + SAMPLE };
                Some(Step::Sample)
            }
            Stage::Sound | Stage::Doubt { .. } | Stage::Wanted { .. } | Stage::Trying { .. } => None,
        }
    }

    fn sound(&mut self) {
        let connected = self.connected;
        let elsewhere = match self.stage {
            Stage::Trying { way: Way::Replace, .. } => true,
            Stage::Trying { way: Way::Fresh, .. } => false,
            Stage::Trying { way: Way::Restart, .. } | Stage::Sound | Stage::Doubt { .. } | Stage::Wanted { .. } => {
                self.elsewhere
            }
        };
        let (heard, watch) = (self.heard, self.watch);
        *self =
            Self { stage: Stage::Sound, ever: true, connected, told: false, elsewhere, heard, watch, ..Self::new() };
    }

    /// Whether it is counted what arrives although all is well.
    const fn is_watched(&self, around: Around) -> bool {
        around.due && self.connected
    }

    /// Notes what arrived: whether nothing did for so long that it is worth a question, which is told once.
    fn misses(&mut self, packets: u64, around: Around, now: Instant) -> bool {
        let well = match self.stage {
            Stage::Sound | Stage::Doubt { .. } => around.due,
            Stage::Wanted { .. } | Stage::Trying { .. } => false,
        };
        match &mut self.heard {
            Some(heard) if well && heard.packets == packets => {
                heard.counted = now;
                !heard.missed
                    && self.lack() >= LACK
                    && self.heard.as_mut().is_some_and(|heard| {
                        heard.missed = true;
                        true
                    })
            }
            heard => {
                *heard = well.then_some(Heard { packets, grew: now, counted: now, missed: false });
                false
            }
        }
    }

    /// For how long nothing arrived, as far as it was counted.
    fn lack(&self) -> Duration {
        self.heard.map(|heard| heard.counted.since(heard.grew)).unwrap_or_default()
    }

    /// What was silent for so long already is not waited for again.
    fn doubt_or_want(&mut self, patience: Duration, around: Around, now: Instant) {
        if around.due && self.lack() >= patience {
            self.silent.get_or_insert(now);
            self.want(Way::Restart, around, now);
        } else {
            self.doubt(patience, now);
        }
    }

    fn doubt(&mut self, patience: Duration, now: Instant) {
        self.base = None;
        self.silent.get_or_insert(now);
        self.stage = Stage::Doubt { until: now + patience, sample: now };
    }

    fn try_it(&mut self, way: Way, now: Instant) {
        self.base = None;
        let patience = match way {
            Way::Restart => RESTART,
            Way::Fresh => FRESH,
            Way::Replace => REPLACE,
        };
        self.stage = Stage::Trying { way, until: now + patience, sample: now };
    }

    fn broke(&mut self, way: Way, around: Around, now: Instant) {
        self.silent.get_or_insert(now);
        match self.stage {
            Stage::Sound | Stage::Doubt { .. } => self.want(way, around, now),
            Stage::Trying { way: tried, .. } => self.in_vain(tried, around, now),
            Stage::Wanted { at, .. } => self.stage = Stage::Wanted { at, way },
        }
    }

    fn want(&mut self, way: Way, around: Around, now: Instant) {
        let way = if way == Way::Fresh && self.elsewhere { Way::Replace } else { way };
        let at = if self.moved || around.caller { now } else { now + YIELD };
        self.stage = Stage::Wanted { at, way };
    }

    fn in_vain(&mut self, way: Way, around: Around, now: Instant) {
        self.tries = self.tries.saturating_add(1);
        match way {
            Way::Restart => {
                let way = if self.elsewhere { Way::Replace } else { Way::Fresh };
                self.stage = Stage::Wanted { at: now, way };
            }
            Way::Fresh | Way::Replace if self.connected && self.tries > 1 => self.sound(),
            Way::Fresh if !self.connected && !self.elsewhere => {
                self.stage = Stage::Wanted { at: now, way: Way::Replace };
            }
            Way::Fresh if !self.connected => {
                self.stage = Stage::Wanted { at: now + self.pause(around), way: Way::Replace };
            }
            Way::Fresh | Way::Replace => self.stage = Stage::Wanted { at: now + self.pause(around), way: Way::Fresh },
        }
    }

    fn pause(&self, around: Around) -> Duration {
        if self.moved || around.caller { PAUSE } else { PAUSE + YIELD }
    }

    /// Whether what is tried has an end: the first connection of a call takes as long as it takes, and nobody hurries a
    /// person who is asked for the microphone.
    const fn is_timed(&self, around: Around) -> bool {
        self.ever && !around.describing
    }

    const fn patience(&self) -> Duration {
        if self.ever { LONGEST } else { CONNECTING }
    }
}

#[cfg(test)]
mod tests;
