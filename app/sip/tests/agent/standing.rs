//! A call whose page is gone: what is answered without media, and how it ends.

use super::transferee::{asked, told};
use super::{ALICE, BOB, Net, holds, last_response, net, of_alice, ready};
use sip::agent::{Answer, Cause, Input, Phase, Question, QuestionId};
use sip::header::{ContentType, Reason};
use sip::message::{HeaderName, Method, Status};
use sip::sdp::SessionDescription;

/// A description as a browser writes it.
fn browser(ufrag: &str, codecs: &str, setup: &str) -> String {
    format!(
        "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF {codecs}\r\n\
         c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdef012345\r\n\
         a=fingerprint:sha-256 AA:BB\r\na=setup:{setup}\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
    )
}

/// Alice called Bob, or the other way round, and then nobody answers for Bob's media any more.
fn away(caller: usize) -> Net {
    let mut net = net();
    for (phone, ufrag) in [(ALICE, "alice"), (BOB, "bobby")] {
        let setup = if phone == caller { "actpass" } else { "active" };
        net.phone_mut(phone).says = Some(browser(ufrag, "111 8", setup));
        net.start(phone);
    }
    net.dial(caller, if caller == ALICE { "bob" } else { "alice" });
    net.settle();
    net.answer(ALICE + BOB - caller);
    net.settle();
    // From now on Alice offers.
    net.phone_mut(ALICE).says = Some(browser("alice", "111 8", "actpass"));
    net.phone_mut(BOB).holds = true;
    net
}

/// Answers what Bob's page would be asked; says whether it could be.
fn stand(net: &mut Net) -> bool {
    let (id, _): (QuestionId, Question) = net.phone_mut(BOB).held.remove(0);
    let Some(body) = net.phone(BOB).agent.standing_answer(id) else { return false };
    net.on(BOB, "answers as it stands", |agent, now| agent.handle(Input::Answer(id, Answer::Description(body)), now));
    net.settle();
    true
}

/// What Alice heard last from Bob.
fn heard(net: &Net) -> SessionDescription {
    SessionDescription::parse(net.phone(ALICE).described().pop().unwrap().as_bytes()).unwrap()
}

fn version(net: &Net) -> u64 {
    heard(net).origin().version.parse().unwrap()
}

#[test]
fn a_hold_and_its_end_are_answered_over_the_same_transport() {
    for caller in [ALICE, BOB] {
        let mut net = away(caller);
        net.hold(ALICE);
        net.settle();
        assert!(stand(&mut net));
        let held = heard(&net);
        assert_eq!(held.direction(0).unwrap().as_str(), "recvonly");
        let transport = held.transport(0).unwrap();
        assert_eq!(transport.ufrag, Some("bobby"));
        let role = if caller == ALICE { "active" } else { "passive" };
        assert_eq!(held.media()[0].attribute("setup"), Some(role), "an answer has one of the two roles, and keeps it");
        assert_eq!(held.origin().session_id, "7");
        assert_eq!((holds(&net, BOB), version(&net)), ((false, true), 2));
        net.resume(ALICE);
        net.settle();
        assert!(stand(&mut net));
        assert_eq!(heard(&net).direction(0).unwrap().as_str(), "sendrecv");
        assert_eq!(heard(&net).media()[0].attribute("setup"), Some(role));
        assert_eq!((holds(&net, BOB), version(&net)), ((false, false), 3));
    }
}

#[test]
fn who_holds_goes_on_holding() {
    let mut net = away(ALICE);
    net.phone_mut(BOB).holds = false;
    net.hold(BOB);
    net.settle();
    net.phone_mut(BOB).holds = true;
    net.hold(ALICE);
    net.settle();
    assert!(stand(&mut net));
    assert_eq!(heard(&net).direction(0).unwrap().as_str(), "inactive");
    net.resume(ALICE);
    net.settle();
    assert!(stand(&mut net));
    assert_eq!(heard(&net).direction(0).unwrap().as_str(), "sendonly");
}

#[test]
fn only_codecs_that_are_offered_are_answered() {
    let mut net = away(ALICE);
    net.phone_mut(ALICE).says = Some(browser("alice", "8", "actpass"));
    net.reoffer(ALICE);
    net.settle();
    assert!(stand(&mut net));
    assert_eq!(heard(&net).media()[0].formats().collect::<Vec<_>>(), ["8"]);
    net.phone_mut(ALICE).says = Some(browser("alice", "9", "actpass"));
    net.reoffer(ALICE);
    net.settle();
    assert!(!stand(&mut net), "there is none that both have");
}

#[test]
fn another_transport_waits_for_a_page() {
    let mut net = away(ALICE);
    net.phone_mut(ALICE).says = Some(browser("fresh", "111 8", "actpass"));
    net.reoffer(ALICE);
    net.settle();
    assert!(!stand(&mut net));
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere], "and the call can be ended meanwhile");
}

#[test]
fn who_asks_for_an_offer_gets_the_last_description() {
    let mut net = away(ALICE);
    let invite = of_alice(&net, &Method::Invite, "", "");
    net.inject(BOB, &invite.to_bytes());
    net.settle();
    assert!(stand(&mut net));
    let accepted = last_response(&net);
    assert_eq!(accepted.status, Status::OK);
    assert_eq!(accepted.headers.get::<ContentType>().unwrap().0.to_string(), "application/sdp");
    let offer = SessionDescription::parse(&accepted.body).unwrap();
    assert_eq!(offer.transport(0).unwrap().ufrag, Some("bobby"));
    assert_eq!(offer.media()[0].attribute("setup"), Some("actpass"), "RFC 8842 5.2");
}

#[test]
fn what_a_person_answers_is_not_answered_without_them() {
    let mut net = ready();
    net.phone_mut(ALICE).says = Some(browser("alice", "111 8", "actpass"));
    net.phone_mut(BOB).holds = true;
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    assert!(!stand(&mut net));
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Answering));
    assert!(net.phone(BOB).agent.standing_answer(QuestionId(99)).is_none());
}

/// Bob's phone is gone for good.
fn gone(net: &mut Net) {
    net.on(BOB, "is gone", |agent, now| agent.stop_away(now));
    net.settle();
}

#[test]
fn a_call_of_who_is_gone_ends_with_words() {
    let mut net = away(ALICE);
    gone(&mut net);
    let bye = net.exchange.requests(&Method::Bye)[0].clone();
    let reason = bye.headers.raw(&HeaderName::Reason).next().unwrap().to_owned();
    assert_eq!(reason, "SIP;cause=480;text=\"The other phone is gone\"");
    assert_eq!(net.phone(BOB).causes(), [Cause::Away]);
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
    assert_eq!(net.phone(BOB).agent.calls().count(), 0);
}

#[test]
fn who_is_gone_does_not_wait_for_an_ack() {
    let mut net = super::ringing();
    net.answer(BOB);
    gone(&mut net);
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
}

#[test]
fn what_rings_at_who_is_gone_may_ring_elsewhere() {
    let mut net = super::ringing();
    gone(&mut net);
    assert_eq!(net.phone(BOB).causes(), [Cause::Away]);
    assert_eq!(net.phone(ALICE).causes(), [Cause::NoAnswer], "480 after it rang");
}

#[test]
fn a_call_that_rings_there_is_cancelled_with_words() {
    let mut net = super::ringing();
    net.on(ALICE, "is gone", |agent, now| agent.stop_away(now));
    net.settle();
    let cancel = net.exchange.requests(&Method::Cancel)[0].clone();
    assert!(cancel.headers.get::<Reason>().unwrap().is_sip(Status::TEMPORARILY_UNAVAILABLE));
    assert_eq!(net.phone(BOB).causes(), [Cause::CancelledThere]);
}

#[test]
fn who_asked_for_a_transfer_learns_that_nobody_follows() {
    let mut net = asked();
    gone(&mut net);
    let last = told(&net).pop().unwrap();
    assert_eq!((last.0, last.1.as_str()), (503, "terminated noresource"));
    assert_eq!(net.phone(BOB).causes(), [Cause::Away]);
}
