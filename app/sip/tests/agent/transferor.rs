//! Asking for a transfer, and what servers and users do in its midst.

use super::transfer::{
    accepted, from_bob, notify, notify_of, progress, refer, shown, talking, three, transfer, try_transfer,
};
use super::{ALICE, BOB, established, last_response, request};
use sip::Duration;
use sip::agent::{CallId, Cause, Phase, TransferProgress as Progress, VerbError};
use sip::header::{self, CSeq};
use sip::message::{Message, Method, Request, Response, Status};

#[test]
fn a_notify_of_an_earlier_transfer_says_nothing_of_this_one() {
    let mut net = accepted();
    let first = refer(&net).headers.get::<CSeq>().unwrap().seq;
    notify(&mut net, 500, "terminated", "SIP/2.0 486 Busy Here\r\n");
    net.exchange.answer(Method::Refer, |refer| Response::to_request(refer, Status::ACCEPTED));
    transfer(&mut net, ALICE, "dave");
    net.settle();
    let event = format!("refer;id={first}");
    let status = notify_of(&mut net, 501, &event, "terminated", "SIP/2.0 200 OK\r\n");
    assert_eq!(status, Status::CALL_DOES_NOT_EXIST);
    let second = refer(&net).headers.get::<CSeq>().unwrap().seq;
    let event = format!("refer;id={second}");
    assert_eq!(notify_of(&mut net, 502, &event, "active", "SIP/2.0 180 Ringing\r\n"), Status::OK);
    assert_eq!(shown(&net), Some(Progress::Ringing));
}

#[test]
fn a_server_in_the_middle_may_number_as_it_likes() {
    let mut net = accepted();
    assert_eq!(notify_of(&mut net, 500, "refer;id=99", "active", "SIP/2.0 180 Ringing\r\n"), Status::OK);
    assert_eq!(shown(&net), Some(Progress::Ringing));
}

#[test]
fn notify_of_another_package_is_refused() {
    let mut net = accepted();
    // There is no such subscription (RFC 6665 4.1.3), and of the other no such package.
    assert_eq!(notify_of(&mut net, 500, "presence", "active", ""), Status::CALL_DOES_NOT_EXIST);
    assert_eq!(notify_of(&mut net, 501, "weather", "active", ""), Status::BAD_EVENT);
}

#[test]
fn a_challenged_refer_is_signed() {
    for status in [Status::UNAUTHORIZED, Status::PROXY_AUTHENTICATION_REQUIRED] {
        let challenge = move |refer: &Request| {
            let mut response = Response::to_request(refer, status);
            let name = if status == Status::UNAUTHORIZED { "WWW-Authenticate" } else { "Proxy-Authenticate" };
            response.headers.push_raw(name, "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
            response
        };
        let mut net = established();
        net.phone_mut(ALICE).password = Some("secret".into());
        net.exchange.answer(Method::Refer, challenge);
        net.exchange.answer(Method::Refer, |refer| Response::to_request(refer, Status::ACCEPTED));
        transfer(&mut net, ALICE, "carol");
        net.settle();
        let refers = net.exchange.requests(&Method::Refer);
        let seq = |refer: &Request| refer.headers.get::<CSeq>().unwrap().seq;
        assert_eq!(seq(refers[1]), seq(refers[0]) + 1);
        let event = format!("refer;id={}", seq(refers[1]));
        assert_eq!(progress(&net), [Progress::Sent, Progress::Accepted]);
        notify_of(&mut net, 500, &event, "terminated", "SIP/2.0 200 OK\r\n");
        assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred]);

        let mut net = established();
        net.exchange.answer(Method::Refer, challenge);
        transfer(&mut net, ALICE, "carol");
        net.settle();
        assert_eq!(progress(&net), [Progress::Sent, Progress::Failed(status)], "nobody signs");
    }
}

#[test]
fn a_transfer_that_nobody_signs_or_refuses_to_sign_ends() {
    let mut net = established();
    net.phone_mut(ALICE).holds = true;
    net.exchange.answer(Method::Refer, |refer| {
        let mut response = Response::to_request(refer, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    transfer(&mut net, ALICE, "carol");
    net.run(Duration::from_secs(65));
    assert_eq!(progress(&net), [Progress::Sent, Progress::Unknown]);
    // The signature comes too late: nothing leaves any more.
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Refer).len(), 1);
}

#[test]
fn only_an_established_call_is_passed_on() {
    let mut net = three();
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(try_transfer(&mut net, ALICE, "carol"), Err(VerbError::WrongPhase));
    assert_eq!(try_transfer(&mut net, BOB, "carol"), Err(VerbError::WrongPhase));
    let target = "sip:carol@example.com".parse().unwrap();
    let none = net.on(ALICE, "transfers nothing", |agent, now| agent.transfer(CallId(99), target, now));
    assert_eq!(none, Err(VerbError::NoCall));
}

#[test]
fn who_hangs_up_during_a_transfer_hung_up() {
    let mut net = accepted();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpHere]);
    assert_eq!(notify(&mut net, 500, "terminated", "SIP/2.0 200 OK\r\n"), Status::CALL_DOES_NOT_EXIST);
}

#[test]
fn a_refer_is_not_done_twice_when_the_connection_dies() {
    let mut net = talking();
    transfer(&mut net, ALICE, "carol");
    net.cut(ALICE);
    net.run(Duration::from_secs(5));
    let branches: std::collections::BTreeSet<_> = net
        .exchange
        .requests(&Method::Refer)
        .iter()
        .map(|refer| refer.headers.get::<header::Via>().unwrap().to_string())
        .collect();
    assert_eq!(branches.len(), 1, "the same transaction goes on");
    let asked = net.phone(BOB).agent.calls().next().unwrap().transfer_asked;
    assert!(asked);
    assert_eq!(shown(&net), Some(Progress::Trying));
}

#[test]
fn no_notify_harms() {
    for body in ["", "SIP/2.0", "SIP/2.0 9 X", "\0\0", "SIP/2.0 700 X\r\n", "INVITE sip:a@b SIP/2.0\r\n"] {
        let mut net = accepted();
        assert_eq!(notify(&mut net, 500, "active", body), Status::OK, "{body:?}");
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    }
    let mut net = accepted();
    let bare = from_bob(&net, "NOTIFY", 500, "Event: refer\r\n", "");
    net.inject(ALICE, bare.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::OK, "no state is active");
    assert!(matches!(Message::parse(bare.as_bytes()), Ok(Message::Request(_))));
    let _ = request(&bare);
}
