//! Both sides change a call at once (RFC 3261 14, RFC 3311 5.2, RFC 5407).

use super::flows::check;
use super::{ALICE, BOB, holds, of_alice, sdp, talk, talking, to_bob};
use sip::Duration;
use sip::agent::{Cause, Phase};
use sip::header::{CSeq, RetryAfter};
use sip::message::{Method, Response, Status};

#[test]
fn both_hold_at_once() {
    check("glare", |net| {
        talk(net);
        net.hold(ALICE);
        net.hold(BOB);
        net.run(Duration::from_secs(10));
    });
}

#[test]
fn both_wishes_come_true() {
    let mut net = talking();
    net.hold(ALICE);
    net.hold(BOB);
    net.run(Duration::from_secs(10));
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, true), (true, true)));
}

#[test]
fn sent_update_with_an_offer_is_491() {
    let mut net = talking();
    net.exchange.lose(Method::Invite);
    net.hold(BOB);
    net.settle();
    let update = of_alice(&net, &Method::Update, "Content-Type: application/sdp", &sdp("sendrecv"));
    assert_eq!(to_bob(&mut net, &update).status, Status::REQUEST_PENDING);
    let invite = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &sdp("sendrecv"));
    assert_eq!(to_bob(&mut net, &invite).status, Status::REQUEST_PENDING);
}

#[test]
fn sent_update_without_an_offer_is_taken() {
    let mut net = talking();
    net.exchange.lose(Method::Invite);
    net.hold(BOB);
    net.settle();
    let update = of_alice(&net, &Method::Update, "", "");
    assert_eq!(to_bob(&mut net, &update).status, Status::OK);
}

#[test]
fn answering_an_update_a_reinvite_has_to_wait() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    let update = of_alice(&net, &Method::Update, "Content-Type: application/sdp", &sdp("sendonly"));
    net.inject(BOB, &update.to_bytes());
    net.settle();
    for method in [Method::Invite, Method::Update] {
        let second = of_alice(&net, &method, "Content-Type: application/sdp", &sdp("sendrecv"));
        let response = to_bob(&mut net, &second);
        assert_eq!(response.status, Status::SERVER_INTERNAL_ERROR);
        assert!(response.headers.get::<RetryAfter>().unwrap().seconds <= 10);
    }
    net.answer_held(BOB);
    net.settle();
    assert_eq!(holds(&net, BOB), (false, true));
}

#[test]
fn sent_500_with_retry_after_is_tried_again() {
    let mut net = talking();
    net.exchange.answer(Method::Invite, |request| {
        let mut response = sip::message::Response::to_request(request, Status::SERVER_INTERNAL_ERROR);
        response.headers.push(&RetryAfter::new(3));
        response
    });
    net.hold(ALICE);
    net.run(Duration::from_secs(2));
    assert_eq!(holds(&net, BOB), (false, false));
    net.run(Duration::from_secs(2));
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, false), (false, true)));
}

#[test]
fn who_called_waits_longer() {
    // RFC 3261 14.1: the owner of the Call-ID 2.1 to 4 s, the other one up to 2 s.
    for (phone, least, most) in [(ALICE, 2_100, 4_000), (BOB, 0, 2_000)] {
        let mut net = talking();
        net.exchange.refuse(Method::Invite, Status::REQUEST_PENDING);
        net.hold(phone);
        net.settle();
        let refused = net.now;
        while net.exchange.requests(&Method::Invite).len() < 3 {
            net.run(Duration::from_millis(1));
        }
        let waited = net.now.since(refused).as_millis();
        assert!((least..=most + 50).contains(&waited), "{waited}");
    }
}

#[test]
fn sent_481_and_408_end_the_call() {
    for status in [Status::CALL_DOES_NOT_EXIST, Status::REQUEST_TIMEOUT] {
        let mut net = talking();
        net.exchange.refuse(Method::Invite, status);
        net.hold(ALICE);
        net.settle();
        assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
        assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
    }
}

#[test]
fn sent_other_refusals_do_not_end_the_call() {
    for status in [Status::FORBIDDEN, Status::NOT_ACCEPTABLE_HERE, Status::SERVICE_UNAVAILABLE, Status::DECLINE] {
        let mut net = talking();
        net.exchange.refuse(Method::Invite, status);
        net.hold(ALICE);
        net.settle();
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established), "{status}");
        assert_eq!(holds(&net, ALICE), (false, false));
    }
}

#[test]
fn sent_and_nothing_comes_ends_the_call() {
    let mut net = talking();
    net.exchange.lose(Method::Invite);
    net.hold(ALICE);
    net.run(Duration::from_secs(40));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn sent_and_the_transport_was_lost_is_tried_again() {
    let mut net = talking();
    net.exchange.lose(Method::Invite);
    net.hold(ALICE);
    net.settle();
    net.reachable = false;
    net.cut(ALICE);
    net.run(Duration::from_secs(20));
    net.reachable = true;
    net.hint(ALICE);
    // What is sent over the new connection gets lost, too.
    net.exchange.lose(Method::Invite);
    net.run(Duration::from_secs(60));
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, false), (false, true)));
}

#[test]
fn sent_without_a_transport_is_sent_when_there_is_one() {
    let mut net = talking();
    net.reachable = false;
    net.cut(ALICE);
    net.hold(ALICE);
    net.run(Duration::from_secs(120));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established), "no answer could come");
    assert_eq!(holds(&net, ALICE), (true, false));
    net.reachable = true;
    net.run(Duration::from_secs(120));
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, false), (false, true)));
}

#[test]
fn sent_408_of_what_the_transport_was_lost_with_is_tried_again() {
    let mut net = talking();
    net.exchange.lose(Method::Invite);
    net.hold(ALICE);
    net.settle();
    net.exchange.refuse(Method::Invite, Status::REQUEST_TIMEOUT);
    net.cut(ALICE);
    net.run(Duration::from_secs(10));
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, false), (false, true)));
}

#[test]
fn sent_too_long_and_refused_after_our_cancel_is_acknowledged() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    net.hold(ALICE);
    net.run(Duration::from_secs(34));
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1);
    assert_eq!(net.exchange.requests(&Method::Ack).len(), 2, "of the 487");
    assert_eq!((net.phone(ALICE).phase(), holds(&net, ALICE)), (Some(Phase::Established), (false, false)));
}

#[test]
fn sent_too_long_and_answered_after_our_cancel_is_acknowledged_and_undone() {
    let mut net = talking();
    net.exchange.refuse(Method::Invite, Status::TRYING);
    net.hold(ALICE);
    net.run(Duration::from_secs(33));
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1);
    let invite = net.exchange.requests(&Method::Invite)[1].clone();
    let mut response = Response::to_request(&invite, Status::OK);
    response.headers.push_raw("Contact", "<sip:bob-page@bob.invalid;transport=ws>").unwrap();
    response.headers.push_raw("Content-Type", "application/sdp").unwrap();
    response.body = sdp("recvonly").into();
    net.inject(ALICE, &response.to_bytes());
    net.settle();
    let acks = net.exchange.requests(&Method::Ack);
    assert_eq!(acks[1].headers.get::<CSeq>().unwrap().seq, invite.headers.get::<CSeq>().unwrap().seq);
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 3, "they hold what we gave up: it is offered anew");
    net.run(Duration::from_secs(60));
    assert_eq!((net.phone(ALICE).phase(), holds(&net, ALICE)), (Some(Phase::Established), (false, false)));
}
