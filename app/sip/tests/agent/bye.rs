//! The end of an answered call (RFC 3261 15, RFC 5407 3).

use super::{ALICE, BOB, established, of_alice, sdp, talking, to_bob};
use sip::Duration;
use sip::agent::{Cause, MediaFailure, Phase};
use sip::header::{CSeq, HeaderName, To};
use sip::message::{Method, Response, Status};

#[test]
fn both_hang_up_at_once() {
    let mut net = established();
    net.hang_up(ALICE);
    net.hang_up(BOB);
    net.run(Duration::from_secs(60));
    for phone in [ALICE, BOB] {
        assert_eq!(net.phone(phone).causes(), [Cause::HungUpHere]);
    }
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 2);
}

#[test]
fn while_our_reinvite_is_under_way() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    net.hold(ALICE);
    net.settle();
    net.hang_up(ALICE);
    net.run(Duration::from_secs(60));
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpHere]);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    assert!(net.phone(BOB).held.is_empty());
}

#[test]
fn while_their_reinvite_is_being_answered() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    net.hold(ALICE);
    net.settle();
    net.hang_up(BOB);
    net.run(Duration::from_secs(60));
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpHere]);
}

#[test]
fn that_finds_no_connection_leaves_whenever_there_is_one() {
    let mut net = established();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Bye, |bye| {
        let mut response = Response::to_request(bye, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.reachable = false;
    net.cut(ALICE);
    net.hang_up(ALICE);
    net.run(Duration::from_secs(300));
    assert_eq!(net.phone(BOB).causes(), []);
    net.reachable = true;
    net.run(Duration::from_secs(120));
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    assert!(!net.phone(ALICE).agent.has_something_to_lose());
}

#[test]
fn that_is_challenged_is_signed() {
    let mut net = established();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Bye, |bye| {
        let mut response = Response::to_request(bye, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 2);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
}

#[test]
fn says_why_where_nobody_hung_up() {
    let mut net = established();
    net.fail(ALICE, MediaFailure::Connectivity);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Bye)[0].headers.raw(&HeaderName::Reason).next(), Some("SIP;cause=488"));
    let mut net = established();
    net.hang_up(ALICE);
    net.settle();
    assert!(!net.exchange.requests(&Method::Bye)[0].headers.contains(HeaderName::Reason));
}

#[test]
fn that_has_a_reason_is_a_hang_up() {
    let mut net = talking();
    let bye = of_alice(&net, &Method::Bye, "Reason: SIP;cause=200;text=\"Call completed elsewhere\"", "");
    assert_eq!(to_bob(&mut net, &bye).status, Status::OK);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
}

#[test]
fn the_2xx_of_a_reinvite_is_repeated_until_its_ack_and_then_the_call_ends() {
    let mut net = talking();
    let invite = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &sdp("sendrecv"));
    to_bob(&mut net, &invite);
    let before = net.exchange.received.len();
    net.run(Duration::from_secs(10));
    assert!(net.exchange.received.len() >= before + 4);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    net.run(Duration::from_secs(30));
    assert_eq!(net.phone(BOB).causes(), [Cause::Network]);
}

#[test]
fn a_repeated_2xx_of_a_reinvite_gets_the_same_ack() {
    let mut net = talking();
    net.exchange.lose(Method::Ack);
    net.hold(ALICE);
    net.run(Duration::from_secs(5));
    let acks = net.exchange.requests(&Method::Ack);
    assert_eq!(acks.len(), 3);
    assert_eq!(acks[1], acks[2]);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn a_2xx_of_our_reinvite_that_crosses_our_bye_is_acknowledged() {
    let mut net = talking();
    net.exchange.lose(Method::Invite);
    net.hold(ALICE);
    net.settle();
    let invite = net.exchange.requests(&Method::Invite)[1].clone();
    net.hang_up(ALICE);
    net.settle();
    let mut response = Response::to_request(&invite, Status::OK);
    response.headers.push_raw("Contact", "<sip:moved@bob.invalid>").unwrap();
    for _ in 0..2 {
        net.inject(ALICE, &response.to_bytes());
    }
    net.settle();
    let acks = net.exchange.requests(&Method::Ack);
    assert_eq!(acks.len(), 3);
    assert_eq!(acks[1].uri.to_string(), "sip:moved@bob.invalid");
    assert_eq!(acks[1].headers.get::<CSeq>().unwrap().seq, invite.headers.get::<CSeq>().unwrap().seq);
    assert_eq!(acks[1].headers.get::<To>().unwrap(), invite.headers.get::<To>().unwrap());
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1, "it was hung up already");
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpHere]);
}
