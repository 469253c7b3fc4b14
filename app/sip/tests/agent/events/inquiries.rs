//! Capabilities (RFC 3261 11).

use super::{ALICE, BOB, Net, check, established, lines, ready, uri};
use sip::Duration;
use sip::agent::Cause;
use sip::message::{Method, Response, Status};

fn probe(net: &mut Net) {
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    net.on(ALICE, "asks whether bob is still there", |agent, now| agent.inquire_in(call, now)).unwrap();
}

#[test]
fn e1_e4_what_a_phone_can_do() {
    check("what_a_phone_can_do", |net| {
        net.start(ALICE);
        net.start(BOB);
        net.on(ALICE, "asks", |agent, now| agent.inquire(uri("sip:bob@example.com"), now)).unwrap();
        net.settle();
    });
}

#[test]
fn e5_nobody_can_do_anything() {
    let mut net = ready();
    net.on(ALICE, "asks", |agent, now| agent.inquire(uri("sip:nobody@example.com"), now)).unwrap();
    net.settle();
    assert_eq!(lines(&net, ALICE), ["capabilities: Failed(NotFound)"]);
}

#[test]
fn a_call_that_lives_goes_on() {
    let mut net = established();
    probe(&mut net);
    net.settle();
    assert!(lines(&net, ALICE)[0].starts_with("capabilities: Answered"));
    assert!(net.phone(ALICE).causes().is_empty());
}

#[test]
fn e7_a_call_whose_other_end_is_gone_ends() {
    for status in [Status::CALL_DOES_NOT_EXIST, Status::REQUEST_TIMEOUT] {
        let mut net = established();
        net.exchange.refuse(Method::Options, status);
        probe(&mut net);
        net.settle();
        assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
    }
    let mut net = established();
    net.exchange.lose(Method::Options);
    probe(&mut net);
    net.run(Duration::from_secs(33));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
    let mut net = established();
    net.exchange.refuse(Method::Options, Status::NOT_IMPLEMENTED);
    probe(&mut net);
    net.settle();
    assert!(net.phone(ALICE).causes().is_empty());
}

#[test]
fn a_long_answer_is_cut() {
    let mut net = ready();
    net.exchange.answer(Method::Options, |options| {
        let mut response = Response::to_request(options, Status::OK);
        let tags: Vec<String> = (0..100).map(|at| format!("tag{at}")).collect();
        response.headers.push_raw("Supported", &tags.join(", ")).unwrap();
        response
    });
    net.on(ALICE, "asks", |agent, now| agent.inquire(uri("sip:bob@example.com"), now)).unwrap();
    net.settle();
    assert!(lines(&net, ALICE)[0].contains("tag63") && !lines(&net, ALICE)[0].contains("tag64"));
}
