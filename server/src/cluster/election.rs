//! Who leads: a pure state machine. The database decides by a lock; this decides what a server does about it, and that it
//! stops before another one can have the lock.

use std::time::Duration;

/// How often there was a leader: it only grows.
pub type Epoch = i64;

/// How long a leader acts after it asked something that the database answered. The database itself gives the lock away
/// [`FREED`] after it heard the last question, which is later than it was asked.
pub(super) const HOLD: Duration = Duration::from_secs(4);
/// When the database takes the lock from who asks nothing any more.
pub(super) const FREED: Duration = Duration::from_secs(6);
/// How long who could not lead leaves it to others.
const MODESTY: Duration = Duration::from_secs(5);

/// Who leads, as the database tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    pub(super) epoch: Epoch,
    /// Where others reach it, a host with a port; nowhere if it takes nothing from others.
    pub(super) address: Option<String>,
    /// SHA-256 of its certificate.
    pub(super) fingerprint: Vec<u8>,
    /// What it knows those by who may speak to it.
    pub(super) token: String,
}

/// Decides what a server does.
///
/// | Row | State | What happens | Then | What is done |
/// | --- | --- | --- | --- | --- |
/// | CL1 | Following | the lock is somebody's, or nobody's yet | Following | requests go to who leads; they wait while nobody does |
/// | CL2 | Following | the lock is ours | Taking | everything is opened |
/// | CL3 | Following | the database is lost | Following | looked for again; who led is still asked |
/// | CL4 | Taking | everything is open | Leading | requests are answered here |
/// | CL5 | Taking | it cannot be opened | Closing | the lock is given back, and not wanted for a while |
/// | CL6 | Taking, Leading, Leaving | the database answers, and the epoch is ours | the same | goes on for [`HOLD`] after it was asked |
/// | CL7 | Taking, Leading, Leaving | the connection with the lock is lost, the epoch is another's, or nothing was answered for [`HOLD`] | Closing | all connections are cut and everything is ended, at once |
/// | CL8 | Closing | everything has ended | Following | the lock may be wanted again |
/// | CL9 | Following, Closing | it is time to stop | Stopped | nothing more |
/// | CL10 | Taking, Leading | it is time to stop | Leaving | everything is closed in order, and the lock kept meanwhile |
/// | CL11 | Leaving | everything is closed | Stopped | the lock is given back |
/// | CL12 | Taking, Leading, Leaving, of one that has no others | the connection with the lock is lost, or nothing is answered | the same | goes on, and asks for the lock again; stops when another one led meanwhile |
#[derive(Debug)]
pub(super) struct Election {
    state: State,
    /// Before that the lock is left to others.
    modest_until: Duration,
    /// Nobody is there to take over, so that an outage of the database ends nothing.
    alone: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Following { leader: Option<Leader> },
    Taking { epoch: Epoch, until: Duration },
    Leading { epoch: Epoch, until: Duration },
    Leaving { epoch: Epoch, until: Duration },
    Closing { stopping: bool },
    Stopped,
}

/// What happens.
#[derive(Debug)]
pub(super) enum Event {
    /// The lock is another's, or was not wanted.
    Looked(Option<Leader>),
    /// The lock is ours since an answer to what was asked then; the epoch was raised.
    Won { epoch: Epoch, asked: Duration },
    /// The database answered what was asked then: this is the epoch.
    Beat { epoch: Epoch, asked: Duration },
    /// The connection to the database is gone, and the lock with it.
    Lost,
    /// Everything is open.
    Opened,
    /// It cannot be opened.
    Failed,
    /// Everything has ended.
    Ended,
    /// It is time to stop.
    Stop,
    /// A deadline may be over.
    Timeout,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Requests go there from now on; they wait if it is nowhere.
    Follow(Option<Leader>),
    /// Open everything.
    Open(Epoch),
    /// What leaves may leave until then.
    Extend(Duration),
    /// Answer requests.
    Lead(Epoch),
    /// Close everything in order.
    Close,
    /// Cut all connections, end everything where it stands, and let go of the connection with the lock.
    Cut(Why),
    /// Give the lock back in words.
    Resign,
    /// Nothing more will happen.
    Finish,
}

/// Why a leader stops leading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The connection with the lock broke.
    Lost,
    /// Nothing was answered in time.
    Silent,
    /// Another one led since.
    Deposed,
    /// What it would do cannot be opened.
    Failed,
}

impl Election {
    pub(super) const fn new(alone: bool) -> Self {
        Self { state: State::Following { leader: None }, modest_until: Duration::ZERO, alone }
    }

    /// The epoch for which the lock is asked for again when the connection with it is lost.
    pub(super) const fn kept(&self) -> Option<Epoch> {
        match self.state {
            State::Taking { epoch, .. } | State::Leading { epoch, .. } | State::Leaving { epoch, .. } if self.alone => {
                Some(epoch)
            }
            State::Taking { .. }
            | State::Leading { .. }
            | State::Leaving { .. }
            | State::Following { .. }
            | State::Closing { .. }
            | State::Stopped => None,
        }
    }

    /// Whether another one may lead meanwhile.
    pub(super) const fn is_following(&self) -> bool {
        matches!(self.state, State::Following { .. })
    }

    /// Whether the lock is wanted.
    pub(super) fn is_candidate(&self, now: Duration) -> bool {
        self.is_following() && now >= self.modest_until
    }

    /// When [`Event::Timeout`] is due.
    pub(super) const fn deadline(&self) -> Option<Duration> {
        match self.state {
            State::Taking { until, .. } | State::Leading { until, .. } | State::Leaving { until, .. }
                if !self.alone =>
            {
                Some(until)
            }
            State::Taking { .. }
            | State::Leading { .. }
            | State::Leaving { .. }
            | State::Following { .. }
            | State::Closing { .. }
            | State::Stopped => None,
        }
    }

    /// What is done about it.
    pub(super) fn handle(&mut self, event: Event, now: Duration) -> Vec<Effect> {
        if self.kept().is_some() && matches!(event, Event::Lost) {
            return Vec::new();
        }
        let (state, mut effects) = self.step(event, now);
        self.state = state;
        if self.alone {
            effects.retain(|effect| !matches!(effect, Effect::Extend(_)));
        }
        effects
    }

    fn step(&mut self, event: Event, now: Duration) -> (State, Vec<Effect>) {
        // Whatever came meanwhile, it may be another's by now.
        if self.deadline().is_some_and(|until| now >= until) {
            let stopping = matches!(event, Event::Stop) || matches!(self.state, State::Leaving { .. });
            return cut(Why::Silent, stopping);
        }
        match self.state.clone() {
            State::Following { leader } => self.follow(leader, event),
            State::Taking { epoch, until } => match event {
                Event::Opened => (State::Leading { epoch, until }, vec![Effect::Lead(epoch)]),
                Event::Failed => {
                    self.modest_until = now + MODESTY;
                    cut(Why::Failed, false)
                }
                Event::Stop => (State::Leaving { epoch, until }, vec![Effect::Close]),
                other @ (Event::Looked(_)
                | Event::Won { .. }
                | Event::Beat { .. }
                | Event::Lost
                | Event::Ended
                | Event::Timeout) => held(other, epoch, until, |until| State::Taking { epoch, until }, false),
            },
            State::Leading { epoch, until } => match event {
                Event::Stop => (State::Leaving { epoch, until }, vec![Effect::Close]),
                other @ (Event::Looked(_)
                | Event::Won { .. }
                | Event::Beat { .. }
                | Event::Lost
                | Event::Opened
                | Event::Failed
                | Event::Ended
                | Event::Timeout) => held(other, epoch, until, |until| State::Leading { epoch, until }, false),
            },
            State::Leaving { epoch, until } => match event {
                Event::Ended => (State::Stopped, vec![Effect::Resign, Effect::Finish]),
                other @ (Event::Looked(_)
                | Event::Won { .. }
                | Event::Beat { .. }
                | Event::Lost
                | Event::Opened
                | Event::Failed
                | Event::Stop
                | Event::Timeout) => held(other, epoch, until, |until| State::Leaving { epoch, until }, true),
            },
            State::Closing { stopping } => match event {
                Event::Ended if stopping => (State::Stopped, vec![Effect::Finish]),
                Event::Ended => (State::Following { leader: None }, vec![Effect::Follow(None)]),
                Event::Stop => (State::Closing { stopping: true }, Vec::new()),
                Event::Looked(_)
                | Event::Won { .. }
                | Event::Beat { .. }
                | Event::Lost
                | Event::Opened
                | Event::Failed
                | Event::Timeout => (State::Closing { stopping }, Vec::new()),
            },
            State::Stopped => (State::Stopped, Vec::new()),
        }
    }

    fn follow(&self, leader: Option<Leader>, event: Event) -> (State, Vec<Effect>) {
        match event {
            Event::Looked(seen) if seen == leader => (State::Following { leader }, Vec::new()),
            Event::Looked(seen) => (State::Following { leader: seen.clone() }, vec![Effect::Follow(seen)]),
            Event::Won { epoch, asked } => {
                let until = asked + HOLD;
                let effects = vec![Effect::Follow(None), Effect::Extend(until), Effect::Open(epoch)];
                (State::Taking { epoch, until }, effects)
            }
            Event::Stop => (State::Stopped, vec![Effect::Follow(None), Effect::Finish]),
            Event::Beat { .. } | Event::Lost | Event::Opened | Event::Failed | Event::Ended | Event::Timeout => {
                (State::Following { leader }, Vec::new())
            }
        }
    }
}

/// What the one with the lock does about what it hears of it.
fn held(
    event: Event,
    epoch: Epoch,
    until: Duration,
    again: impl Fn(Duration) -> State,
    stopping: bool,
) -> (State, Vec<Effect>) {
    match event {
        Event::Beat { epoch: seen, .. } if seen != epoch => cut(Why::Deposed, stopping),
        Event::Beat { asked, .. } => {
            let until = until.max(asked + HOLD);
            (again(until), vec![Effect::Extend(until)])
        }
        Event::Lost => cut(Why::Lost, stopping),
        Event::Ended => cut(Why::Failed, stopping),
        Event::Looked(_) | Event::Won { .. } | Event::Opened | Event::Failed | Event::Stop | Event::Timeout => {
            (again(until), Vec::new())
        }
    }
}

fn cut(why: Why, stopping: bool) -> (State, Vec<Effect>) {
    (State::Closing { stopping }, vec![Effect::Cut(why)])
}

#[cfg(test)]
mod tests;
