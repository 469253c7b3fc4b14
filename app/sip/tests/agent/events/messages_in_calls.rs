//! Messages in a call (RFC 3428 8).

use super::messages::accept;
use super::{ALICE, BOB, check, established, lines, text};
use sip::agent::{Cause, VerbError};
use sip::header::CSeq;
use sip::message::{Method, Response, Status};

#[test]
fn a_message_that_is_signed_when_its_call_is_over_is_not_sent_again() {
    let mut net = super::established();
    net.exchange.answer(Method::Message, |message| {
        let mut response = Response::to_request(message, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.phone_mut(ALICE).password = Some("secret".into());
    net.phone_mut(ALICE).holds = true;
    let call = net.phone(ALICE).calls()[0];
    let body = text("hello");
    net.on(ALICE, "writes", |agent, now| agent.message_in(call, body, now)).unwrap();
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Message).len(), 1, "the number after it is that of BYE");
    assert!(lines(&net, ALICE).last().is_some_and(|line| line.starts_with("message: Failed")));
}

#[test]
fn a_message_in_a_call() {
    check("a_message_in_a_call", |net| {
        net.start(ALICE);
        net.start(BOB);
        net.dial(ALICE, "bob");
        net.settle();
        net.answer(BOB);
        net.settle();
        let call = net.phone(ALICE).agent.calls().next().unwrap().id;
        net.on(ALICE, "types", |agent, now| agent.message_in(call, text("hello"), now)).unwrap();
        net.settle();
        accept(net);
        net.settle();
    });
}

#[test]
fn e7_a_call_that_the_other_end_does_not_know_is_over() {
    let mut net = established();
    net.exchange.refuse(Method::Message, Status::CALL_DOES_NOT_EXIST);
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    net.on(ALICE, "types", |agent, now| agent.message_in(call, text("hello"), now)).unwrap();
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Failed(Over)"]);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn only_an_established_call_has_messages() {
    let mut net = super::super::ringing();
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    let result = net.on(ALICE, "types", |agent, now| agent.message_in(call, text("hello"), now));
    assert_eq!(result, Err(VerbError::WrongPhase));
    let result = net.on(ALICE, "types", |agent, now| agent.message_in(sip::agent::CallId(99), text("hello"), now));
    assert_eq!(result, Err(VerbError::NoCall));
}

#[test]
fn a_message_in_a_call_takes_the_next_number_also_when_it_is_signed() {
    let mut net = established();
    net.exchange.answer(Method::Message, |message| {
        let mut response = Response::to_request(message, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.phone_mut(ALICE).password = Some("secret".into());
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    net.on(ALICE, "types", |agent, now| agent.message_in(call, text("hello"), now)).unwrap();
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    let numbers = |method| net.exchange.requests(method).iter().map(|r| r.headers.get::<CSeq>().unwrap().seq).collect();
    let (messages, byes): (Vec<u32>, Vec<u32>) = (numbers(&Method::Message), numbers(&Method::Bye));
    assert_eq!((messages, byes), (vec![2, 3], vec![4]));
}
