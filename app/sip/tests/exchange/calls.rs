//! Calls between real phones through the real exchange, as ladders. Each is run again with the exchange saved and
//! restored after each of its inputs, and with either phone's page replaced after each of its own: nobody notices.

use crate::network::{Network, Seen};
use crate::real::{Real, password};
use sip::Duration;
use sip::agent::{Cause, Config, Registration};

/// What is played: who has which phone, and what they do.
pub(crate) struct Play {
    pub(crate) users: &'static [&'static str],
    pub(crate) strangers: &'static [&'static str],
    pub(crate) act: fn(&mut Network<Real>),
}

/// What came of it, for everybody.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) causes: Vec<Vec<Cause>>,
    pub(crate) rang: Vec<usize>,
    pub(crate) answered: Vec<usize>,
    pub(crate) registered: Vec<Registration>,
    pub(crate) idle: bool,
}

impl Outcome {
    /// Everybody's calls ended so, and there is nothing in the way of the next.
    #[track_caller]
    pub(crate) fn is(&self, causes: &[&[Cause]]) {
        assert_eq!(self.causes, causes);
        assert!(self.registered.iter().all(|one| *one == Registration::Registered), "ready for the next call");
        assert!(self.idle, "the exchange forgot it all");
    }
}

/// What is left to happen once everybody has done their part: late retransmissions would, pings do.
const AFTERWARDS: Duration = Duration::from_secs(80);

impl Play {
    pub(crate) fn run(&self, prepare: impl FnOnce(&mut Network<Real>)) -> (Network<Real>, String, Outcome) {
        let mut real = Real::new();
        real.strangers = self.strangers.iter().map(ToString::to_string).collect();
        let mut network = Network::new(real, self.users);
        for phone in 0..self.users.len() {
            network.phone_mut(phone).configure(|config| identify(config, phone));
            if self.strangers.contains(&self.users[phone]) {
                network.phone_mut(phone).password = Some(password(self.users[phone]));
            }
        }
        prepare(&mut network);
        for phone in 0..self.users.len() {
            network.start(phone);
        }
        (self.act)(&mut network);
        network.settle();
        let ladder = network.ladder().to_owned();
        network.run(AFTERWARDS);
        let phones = || (0..self.users.len()).map(|phone| network.phone(phone));
        let outcome = Outcome {
            causes: phones().map(|phone| phone.causes()).collect(),
            rang: phones().map(|phone| count(&phone.seen, |seen| matches!(seen, Seen::Incoming(..)))).collect(),
            answered: phones().map(|phone| count(&phone.seen, |seen| matches!(seen, Seen::Established(_)))).collect(),
            registered: phones().map(|phone| phone.registration()).collect(),
            idle: network.exchange.is_idle(),
        };
        (network, ladder, outcome)
    }

    /// The ladder, after every way of going through it came to the same end.
    pub(crate) fn ladder(&self) -> (String, Outcome) {
        let (network, ladder, outcome) = self.run(|_| {});
        for after in 1..=network.exchange.inputs {
            let (_, _, restored) = self.run(|network| network.exchange.restore_after = Some(after));
            assert_eq!(restored, outcome, "with the exchange restored after its input {after}");
        }
        for phone in 0..self.users.len() {
            for after in 1..=network.phone(phone).inputs {
                let (_, other, replaced) = self.run(|network| network.replace_after(phone, after));
                assert_eq!(
                    replaced, outcome,
                    "with {}'s page replaced after its input {after}\n{}",
                    self.users[phone], other
                );
            }
        }
        (ladder, outcome)
    }
}

/// Each phone is one of its own, also of the same user.
fn identify(config: &mut Config, phone: usize) {
    config.instance = format!("urn:uuid:00000000-0000-4000-8000-00000000000{phone}");
    config.contact_user = format!("{}{phone}", config.contact_user);
    config.register_call_id = format!("{}{phone}", config.register_call_id);
}

fn count(seen: &[Seen], what: fn(&Seen) -> bool) -> usize {
    seen.iter().filter(|seen| what(seen)).count()
}

const fn two(act: fn(&mut Network<Real>)) -> Play {
    Play { users: &["alice", "bob"], strangers: &[], act }
}

fn ring(network: &mut Network<Real>) {
    network.dial(0, "bob");
    network.settle();
}

fn talk(network: &mut Network<Real>) {
    ring(network);
    network.answer(1);
    network.settle();
    network.run(Duration::from_secs(1));
}

/// The ladder of what is played, and how everybody's calls ended.
macro_rules! ladder {
    ($play:expr, $causes:expr) => {{
        let (ladder, outcome) = $play.ladder();
        insta::assert_snapshot!(ladder);
        outcome.is(&$causes);
        outcome
    }};
}

/// The same, from the first call on.
macro_rules! called {
    ($play:expr, $causes:expr) => {{
        let (ladder, outcome) = $play.ladder();
        let (_, call) = ladder.split_once("-- ").unwrap();
        insta::assert_snapshot!(call);
        outcome.is(&$causes);
        outcome
    }};
}
pub(crate) use called;

#[test]
fn the_caller_hangs_up() {
    let play = two(|network| {
        talk(network);
        network.hang_up(0);
    });
    let outcome = ladder!(play, [&[Cause::HungUpHere], &[Cause::HungUpThere]]);
    assert_eq!(outcome.answered, [1, 1]);
}

#[test]
fn the_callee_hangs_up() {
    let play = two(|network| {
        talk(network);
        network.hang_up(1);
    });
    let outcome = ladder!(play, [&[Cause::HungUpThere], &[Cause::HungUpHere]]);
    assert_eq!(outcome.answered, [1, 1]);
}

#[test]
fn the_caller_goes_on_in_another_dialog() {
    let play = two(|network| {
        talk(network);
        network.replace_own(0);
        network.settle();
        network.run(Duration::from_secs(8));
        network.hang_up(0);
    });
    ladder!(play, [&[Cause::HungUpHere], &[Cause::Replaced, Cause::HungUpThere]]);
}

#[test]
fn the_callee_who_signs_goes_on_in_another_dialog_and_again() {
    let play = Play {
        users: &["alice", "bob"],
        strangers: &["bob"],
        act: |network| {
            talk(network);
            for _ in 0..2 {
                network.replace_own(1);
                network.settle();
                network.run(Duration::from_secs(8));
            }
            network.hang_up(0);
        },
    };
    ladder!(play, [&[Cause::Replaced, Cause::Replaced, Cause::HungUpHere], &[Cause::HungUpThere]]);
}

#[test]
fn cancelled() {
    let play = two(|network| {
        ring(network);
        network.hang_up(0);
    });
    ladder!(play, [&[Cause::CancelledHere], &[Cause::CancelledThere]]);
}

#[test]
fn declined() {
    let play = two(|network| {
        ring(network);
        network.decline(1);
    });
    ladder!(play, [&[Cause::DeclinedThere], &[Cause::DeclinedHere]]);
}

#[test]
fn busy() {
    let play = Play {
        users: &["alice", "bob", "carol"],
        strangers: &[],
        act: |network| {
            talk(network);
            network.dial(2, "bob");
            network.settle();
            network.hang_up(0);
        },
    };
    ladder!(play, [&[Cause::HungUpHere], &[Cause::Busy, Cause::HungUpThere], &[Cause::Busy]]);
}

#[test]
fn nobody_answers() {
    let play = two(|network| {
        ring(network);
        network.run(Duration::from_secs(50));
    });
    ladder!(play, [&[Cause::NoAnswer], &[Cause::NoAnswer]]);
}

#[test]
fn there_is_nobody_of_that_name() {
    let play = two(|network| {
        network.dial(0, "nobody");
        network.settle();
    });
    ladder!(play, [&[Cause::NotFound], &[]]);
}

#[test]
fn the_callee_has_no_phone_on() {
    let play = two(|network| {
        network.dial(0, "carol");
        network.settle();
    });
    ladder!(play, [&[Cause::Unavailable], &[]]);
}

#[test]
fn one_of_two_phones_answers() {
    let play = Play {
        users: &["alice", "bob", "bob"],
        strangers: &[],
        act: |network| {
            ring(network);
            network.answer(2);
            network.settle();
            network.hang_up(2);
        },
    };
    let outcome = ladder!(play, [&[Cause::HungUpThere], &[Cause::AnsweredElsewhere], &[Cause::HungUpHere]]);
    assert_eq!(outcome.rang, [0, 1, 1]);
}

#[test]
fn the_callee_loses_its_connection_and_is_hung_up_over_the_next() {
    let play = two(|network| {
        talk(network);
        network.cut(1);
        network.run(Duration::from_secs(3));
        network.hang_up(0);
    });
    ladder!(play, [&[Cause::HungUpHere], &[Cause::HungUpThere]]);
}

#[test]
fn a_stranger_calls_and_is_called() {
    let play = Play {
        users: &["alice", "bob"],
        strangers: &["alice"],
        act: |network| {
            talk(network);
            network.hang_up(0);
            network.settle();
            network.dial(1, "alice");
            network.settle();
            network.answer(0);
            network.settle();
            network.hang_up(0);
        },
    };
    let outcome = ladder!(play, [&[Cause::HungUpHere, Cause::HungUpHere], &[Cause::HungUpThere, Cause::HungUpThere]]);
    assert_eq!(outcome.answered, [2, 2]);
}

#[test]
fn who_is_in_a_call_is_told() {
    let play = two(|network| {
        talk(network);
        network.hang_up(1);
    });
    let (network, ..) = play.run(|_| {});
    let told: Vec<_> = network.exchange.counts.iter().map(|(user, count)| (user.as_str(), *count)).collect();
    assert_eq!(told, [("alice", 1), ("bob", 1), ("alice", 0), ("bob", 0)]);
}
