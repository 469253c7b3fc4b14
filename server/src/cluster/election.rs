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
                other => held(other, epoch, until, |until| State::Taking { epoch, until }, false),
            },
            State::Leading { epoch, until } => match event {
                Event::Stop => (State::Leaving { epoch, until }, vec![Effect::Close]),
                other => held(other, epoch, until, |until| State::Leading { epoch, until }, false),
            },
            State::Leaving { epoch, until } => match event {
                Event::Ended => (State::Stopped, vec![Effect::Resign, Effect::Finish]),
                other => held(other, epoch, until, |until| State::Leaving { epoch, until }, true),
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
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn leader(epoch: Epoch) -> Leader {
        let address = Some("192.0.2.1:9000".to_owned());
        Leader { epoch, address, fingerprint: vec![1; 32], token: "token".to_owned() }
    }

    /// One that won epoch 7 by what it asked at 100 seconds.
    fn taking() -> Election {
        let mut election = Election::new(false);
        let done = election.handle(Event::Won { epoch: 7, asked: at(100) }, at(101));
        assert_eq!(done, [Effect::Follow(None), Effect::Extend(at(104)), Effect::Open(7)]);
        election
    }

    fn leading() -> Election {
        let mut election = taking();
        assert_eq!(election.handle(Event::Opened, at(101)), [Effect::Lead(7)]);
        election
    }

    #[test]
    fn cl1_requests_go_to_who_leads_and_wait_while_nobody_does() {
        let mut election = Election::new(false);
        assert_eq!(election.handle(Event::Looked(None), at(1)), []);
        assert_eq!(election.handle(Event::Looked(Some(leader(3))), at(2)), [Effect::Follow(Some(leader(3)))]);
        assert_eq!(election.handle(Event::Looked(Some(leader(3))), at(3)), [], "it is known");
        assert_eq!(election.handle(Event::Looked(Some(leader(4))), at(4)), [Effect::Follow(Some(leader(4)))]);
        assert_eq!(election.handle(Event::Looked(None), at(5)), [Effect::Follow(None)]);
    }

    #[test]
    fn cl2_who_has_the_lock_opens_everything() {
        assert_eq!(taking().deadline(), Some(at(104)));
    }

    #[test]
    fn cl3_who_led_is_still_asked_while_the_database_is_away() {
        let mut election = Election::new(false);
        election.handle(Event::Looked(Some(leader(3))), at(1));
        assert_eq!(election.handle(Event::Lost, at(2)), []);
        assert_eq!(election.handle(Event::Looked(Some(leader(3))), at(9)), []);
    }

    #[test]
    fn cl4_who_has_everything_open_leads() {
        assert_eq!(leading().deadline(), Some(at(104)));
    }

    #[test]
    fn cl5_who_cannot_lead_leaves_it_to_others_for_a_while() {
        let mut election = taking();
        assert_eq!(election.handle(Event::Failed, at(102)), [Effect::Cut(Why::Failed)]);
        assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Follow(None)]);
        assert!(!election.is_candidate(at(106)));
        assert!(election.is_candidate(at(107)));
    }

    #[test]
    fn cl6_the_lease_counts_from_when_it_was_asked_for() {
        for mut election in [taking(), leading()] {
            let done = election.handle(Event::Beat { epoch: 7, asked: at(101) }, at(102));
            assert_eq!(done, [Effect::Extend(at(105))]);
            assert_eq!(election.deadline(), Some(at(105)));
        }
    }

    #[test]
    fn cl6_an_answer_that_comes_late_does_not_shorten_it() {
        let mut election = leading();
        election.handle(Event::Beat { epoch: 7, asked: at(102) }, at(102));
        assert_eq!(election.handle(Event::Beat { epoch: 7, asked: at(101) }, at(102)), [Effect::Extend(at(106))]);
    }

    #[test]
    fn cl7_who_lost_the_lock_stops_at_once() {
        for (event, now, why) in [
            (Event::Lost, 102, Why::Lost),
            (Event::Beat { epoch: 8, asked: at(101) }, 102, Why::Deposed),
            (Event::Timeout, 104, Why::Silent),
            // What it waited for comes, but it stood still meanwhile.
            (Event::Beat { epoch: 7, asked: at(101) }, 115, Why::Silent),
        ] {
            let mut election = leading();
            assert_eq!(election.handle(event, at(now)), [Effect::Cut(why)]);
            assert_eq!(election.deadline(), None);
            assert!(!election.is_candidate(at(now)), "not before everything has ended");
        }
        assert_eq!(leading().handle(Event::Timeout, at(103)), [], "too early");
        assert_eq!(taking().handle(Event::Opened, at(104)), [Effect::Cut(Why::Silent)], "too late");
    }

    #[test]
    fn cl7_who_is_stopped_when_it_is_too_late_stops_for_good() {
        let mut election = leading();
        assert_eq!(election.handle(Event::Stop, at(104)), [Effect::Cut(Why::Silent)]);
        assert_eq!(election.handle(Event::Ended, at(104)), [Effect::Finish]);
    }

    #[test]
    fn cl7_a_leader_stops_before_another_can_begin() {
        // The database hears the last question when it was asked, or later.
        assert!(HOLD < FREED);
    }

    #[test]
    fn cl8_who_stopped_leading_may_lead_again() {
        let mut election = leading();
        election.handle(Event::Lost, at(102));
        assert_eq!(election.handle(Event::Looked(Some(leader(8))), at(102)), []);
        assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Follow(None)]);
        assert!(election.is_candidate(at(102)));
        assert_eq!(election.handle(Event::Looked(Some(leader(8))), at(102)), [Effect::Follow(Some(leader(8)))]);
    }

    #[test]
    fn cl9_who_does_not_lead_just_stops() {
        let mut election = Election::new(false);
        assert_eq!(election.handle(Event::Stop, at(1)), [Effect::Follow(None), Effect::Finish]);
        let mut election = leading();
        election.handle(Event::Lost, at(102));
        assert_eq!(election.handle(Event::Stop, at(102)), []);
        assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Finish]);
    }

    #[test]
    fn cl10_a_leader_keeps_the_lock_while_it_closes() {
        for mut election in [taking(), leading()] {
            assert_eq!(election.handle(Event::Stop, at(102)), [Effect::Close]);
            let done = election.handle(Event::Beat { epoch: 7, asked: at(102) }, at(102));
            assert_eq!(done, [Effect::Extend(at(106))]);
        }
    }

    #[test]
    fn cl11_a_leader_that_closed_gives_the_lock_back() {
        let mut election = leading();
        election.handle(Event::Stop, at(102));
        assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Resign, Effect::Finish]);
    }

    #[test]
    fn cl7_a_leader_that_loses_the_lock_while_it_closes_ends_at_once() {
        let mut election = leading();
        election.handle(Event::Stop, at(102));
        assert_eq!(election.handle(Event::Timeout, at(104)), [Effect::Cut(Why::Silent)]);
        assert_eq!(election.handle(Event::Ended, at(104)), [Effect::Finish]);
    }

    #[test]
    fn cl12_an_outage_ends_nothing_where_nobody_could_take_over() {
        let mut election = Election::new(true);
        let done = election.handle(Event::Won { epoch: 7, asked: at(100) }, at(101));
        assert_eq!(done, [Effect::Follow(None), Effect::Open(7)], "there is no end to it");
        assert_eq!(election.handle(Event::Opened, at(101)), [Effect::Lead(7)]);
        assert_eq!((election.deadline(), election.kept()), (None, Some(7)));
        assert_eq!(election.handle(Event::Lost, at(102)), []);
        assert_eq!(election.handle(Event::Timeout, at(200)), []);
        assert_eq!(election.handle(Event::Beat { epoch: 7, asked: at(300) }, at(300)), []);
        assert_eq!(election.handle(Event::Beat { epoch: 8, asked: at(301) }, at(301)), [Effect::Cut(Why::Deposed)]);
        assert_eq!(election.kept(), None);
    }
}
