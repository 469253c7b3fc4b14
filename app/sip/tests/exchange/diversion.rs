//! Calls that go on to another number, between real phones, as ladders. Each is run again with the exchange saved and
//! restored after each of its inputs, and with each phone's page replaced after each of its own.

use crate::calls::{Play, called};
use crate::network::Network;
use crate::real::Real;
use sip::Duration;
use sip::agent::Cause;
use sip::proxy::Rules;

/// Alice calls Bob, who wants it to go to Carol.
const USERS: &[&str] = &["alice", "bob", "carol"];
const CAROL: usize = 2;

const fn three(act: fn(&mut Network<Real>)) -> Play {
    Play { users: USERS, strangers: &[], act }
}

fn to_carol() -> Option<String> {
    Some("carol".into())
}

fn call(network: &mut Network<Real>, rules: Rules) {
    network.exchange.rules("bob", rules);
    network.dial(0, "bob");
    network.settle();
}

fn answer_and_hang_up(network: &mut Network<Real>, phone: usize) {
    network.answer(phone);
    network.settle();
    network.run(Duration::from_secs(1));
    network.hang_up(0);
}

const TALKED: &[Cause] = &[Cause::HungUpHere];
const WAS_TALKED_TO: &[Cause] = &[Cause::HungUpThere];

#[test]
fn always() {
    let play = three(|network| {
        call(network, Rules { always: to_carol(), ..Rules::default() });
        answer_and_hang_up(network, CAROL);
    });
    let outcome = called!(play, [TALKED, &[], WAS_TALKED_TO]);
    assert_eq!(outcome.rang, [0, 0, 1]);
}

#[test]
fn busy() {
    let play = three(|network| {
        call(network, Rules { busy: to_carol(), ..Rules::default() });
        network.decline(1);
        network.settle();
        answer_and_hang_up(network, CAROL);
    });
    called!(play, [TALKED, &[Cause::DeclinedHere], WAS_TALKED_TO]);
}

#[test]
fn do_not_disturb() {
    let play = three(|network| {
        call(network, Rules { do_not_disturb: true, ..Rules::default() });
    });
    let outcome = called!(play, [&[Cause::Busy], &[], &[]]);
    assert_eq!(outcome.rang, [0, 0, 0]);
}

#[test]
fn do_not_disturb_to_another_number() {
    let play = three(|network| {
        call(network, Rules { do_not_disturb: true, busy: to_carol(), ..Rules::default() });
        answer_and_hang_up(network, CAROL);
    });
    called!(play, [TALKED, &[], WAS_TALKED_TO]);
}

#[test]
fn unanswered() {
    let play = three(|network| {
        let ringing = Some(Duration::from_secs(20));
        call(network, Rules { unanswered: to_carol(), ringing, ..Rules::default() });
        network.run(Duration::from_secs(20));
        network.settle();
        answer_and_hang_up(network, CAROL);
    });
    called!(play, [TALKED, &[Cause::NoAnswer], WAS_TALKED_TO]);
}

#[test]
fn unreachable() {
    let play = Play {
        users: &["alice", "carol"],
        strangers: &[],
        act: |network| {
            call(network, Rules { unreachable: to_carol(), ..Rules::default() });
            answer_and_hang_up(network, 1);
        },
    };
    called!(play, [TALKED, WAS_TALKED_TO]);
}

#[test]
fn around_in_a_circle() {
    let play = three(|network| {
        let back = Rules { busy: Some("bob".into()), ..Rules::default() };
        network.exchange.rules("carol", back);
        call(network, Rules { busy: to_carol(), ..Rules::default() });
        network.decline(1);
        network.settle();
        network.decline(CAROL);
    });
    called!(play, [&[Cause::DeclinedThere], &[Cause::DeclinedHere], &[Cause::DeclinedHere]]);
}

#[test]
fn the_caller_cancels_at_the_first_number() {
    let play = three(|network| {
        call(network, Rules { unanswered: to_carol(), ..Rules::default() });
        network.hang_up(0);
    });
    let outcome = called!(play, [&[Cause::CancelledHere], &[Cause::CancelledThere], &[]]);
    assert_eq!(outcome.rang, [0, 1, 0]);
}

#[test]
fn the_caller_cancels_at_the_second_number() {
    let play = three(|network| {
        call(network, Rules { busy: to_carol(), ..Rules::default() });
        network.decline(1);
        network.settle();
        network.hang_up(0);
    });
    called!(play, [&[Cause::CancelledHere], &[Cause::DeclinedHere], &[Cause::CancelledThere]]);
}

#[test]
fn the_phone_vanishes_while_it_rings() {
    let play = three(|network| {
        call(network, Rules { unreachable: to_carol(), ..Rules::default() });
        network.reachable = false;
        network.cut(1);
        network.run(Duration::from_secs(40));
        answer_and_hang_up(network, CAROL);
        network.settle();
        network.reachable = true;
    });
    let (network, ..) = play.run(|_| {});
    let (_, call) = network.ladder().split_once("-- ").unwrap();
    insta::assert_snapshot!(call);
    assert_eq!(network.phone(0).causes(), TALKED);
    assert_eq!(network.phone(CAROL).causes(), WAS_TALKED_TO);
}
