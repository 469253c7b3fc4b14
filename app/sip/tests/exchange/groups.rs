//! Calls to several extensions under one number, between real phones, as ladders; and what phones see of the finer
//! points.

use crate::bench::{benches, phone};
use crate::calls::{Outcome, Play, called};
use crate::messages::{answer, invite, request};
use crate::network::Network;
use crate::real::Real;
use sip::Duration;
use sip::agent::Cause;
use sip::header::{HistoryInfo, PAssertedIdentity, Reason};
use sip::message::Method;
use sip::proxy::{Order, Rules};

const USERS: &[&str] = &["alice", "bob", "carol"];

const fn three(act: fn(&mut Network<Real>)) -> Play {
    Play { users: USERS, strangers: &[], act }
}

fn call(network: &mut Network<Real>, order: Order) {
    network.exchange.group("sales", order, &["alice", "bob", "carol", "bob"], Some(Duration::from_secs(20)));
    network.dial(0, "sales");
    network.settle();
}

fn rang_once(outcome: &Outcome) {
    assert_eq!(outcome.rang, [0, 1, 1], "each once, and the caller not at all");
}

#[test]
fn at_once() {
    let play = three(|network| {
        call(network, Order::AtOnce);
        network.answer(2);
        network.settle();
        network.hang_up(2);
    });
    rang_once(&called!(play, [&[Cause::HungUpThere], &[Cause::AnsweredElsewhere], &[Cause::HungUpHere]]));
}

#[test]
fn one_of_them_declines() {
    let play = three(|network| {
        call(network, Order::AtOnce);
        network.decline(1);
        network.settle();
        network.answer(2);
        network.settle();
        network.hang_up(0);
    });
    rang_once(&called!(play, [&[Cause::HungUpHere], &[Cause::DeclinedHere], &[Cause::HungUpThere]]));
}

#[test]
fn in_turn() {
    let play = three(|network| {
        call(network, Order::InTurn);
        network.run(Duration::from_secs(20));
        network.settle();
        network.answer(2);
        network.settle();
        network.hang_up(0);
    });
    rang_once(&called!(play, [&[Cause::HungUpHere], &[Cause::NoAnswer], &[Cause::HungUpThere]]));
}

#[test]
fn nobody_answers() {
    let play = three(|network| {
        call(network, Order::InTurn);
        network.run(Duration::from_secs(45));
    });
    rang_once(&called!(play, [&[Cause::NoAnswer], &[Cause::NoAnswer], &[Cause::NoAnswer]]));
}

#[test]
fn the_caller_cancels() {
    let play = three(|network| {
        call(network, Order::AtOnce);
        network.hang_up(0);
    });
    rang_once(&called!(play, [&[Cause::CancelledHere], &[Cause::CancelledThere], &[Cause::CancelledThere]]));
}

#[test]
fn who_answers_is_told_and_what_was_dialled_stays_visible() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1003", "c"));
        bench.group("500", Order::AtOnce, &["1002", "1003"]);
        bench.send(a, invite("1001", "a", "500"));
        let (at_b, at_c) = (bench.request(b), bench.request(c));
        let history: Vec<_> = at_c.headers.all::<HistoryInfo>().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            history,
            [
                "<sip:500@tabphone>;index=1",
                "<sip:1003@tabphone>;index=1.2;mp=1",
                "<sip:1003-c@c.invalid;transport=ws>;index=1.2.1;rc=1.2",
            ]
        );
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        bench.send(c, answer(&at_c, 180, "1003", "c"));
        bench.send(b, answer(&at_b, 200, "1002", "b"));
        let accepted = bench.take(a).pop().unwrap();
        let sip::message::Message::Response(accepted) = accepted else { panic!("{accepted:?}") };
        assert_eq!(accepted.headers.get::<PAssertedIdentity>().unwrap().to_string(), "\"Bob\" <sip:1002@tabphone>");
        let cancel = bench.request(c);
        let reason = cancel.headers.get::<Reason>().unwrap();
        assert_eq!((reason.cause, reason.text.unwrap().as_str()), (Some(200), "Call completed elsewhere"));
    }
}

#[test]
fn otherwise() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1003", "c"));
        let group = bench.group("500", Order::AtOnce, &["1002"]);
        group.ringing = Some(Duration::from_secs(15));
        group.otherwise = Some("1003".into());
        bench.rules("1002", Rules { unanswered: Some("1001".into()), ..Rules::default() });
        bench.send(a, invite("1001", "a", "500"));
        let at_b = bench.request(b);
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        bench.pass(15_000);
        assert_eq!(bench.request(b).method, Method::Cancel);
        let at_c = bench.request(c);
        assert_eq!(
            at_c.headers.get::<sip::header::Diversion>().unwrap().to_string(),
            "\"Sales\" <sip:500@tabphone>;reason=no-answer;counter=1"
        );
        bench.send(c, answer(&at_c, 200, "1003", "c"));
        assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("200 OK"));
    }
}

#[test]
fn nobody_is_there() {
    for order in [Order::AtOnce, Order::InTurn] {
        let mut bench = crate::bench::Bench::new();
        let a = phone(&mut bench, "1001", "a");
        bench.group("500", order, &["1002", "1003"]);
        bench.send(a, invite("1001", "a", "500"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "480 Temporarily Unavailable"]);
    }
}

#[test]
fn sixty_phones_ring_at_most() {
    let mut bench = crate::bench::Bench::new();
    let a = phone(&mut bench, "1001", "a");
    let members: Vec<String> = (2000..2040).map(|number| number.to_string()).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    for member in &members {
        phone(&mut bench, member, "x");
        phone(&mut bench, member, "y");
    }
    bench.group("500", Order::AtOnce, &members);
    bench.order.clear();
    bench.send(a, invite("1001", "a", "500"));
    assert_eq!(bench.order.iter().filter(|(_, method)| method == "INVITE").count(), 60);
}

#[test]
fn a_group_without_members_is_answered_and_forgotten() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        bench.group("600", Order::AtOnce, &[]);
        bench.send(a, invite("1001", "a", "600"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "480 Temporarily Unavailable"]);
        let own = "<sip:1001@tabphone>;tag=1";
        bench.send(a, request("MESSAGE sip:600@tabphone", own, "<sip:600@tabphone>", "m", &[]));
        assert_eq!(bench.first_lines(a), ["480 Temporarily Unavailable"]);
    }
}
