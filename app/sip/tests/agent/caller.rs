//! Calling.

use super::network::{Network, Wire};
use super::{ALICE, BOB, Net, established, ready, ringing};
use sip::Duration;
use sip::agent::{Cause, Phase, VerbError};
use sip::header::{CSeq, Contact, To, Warning};
use sip::message::{Message, Method, Request, Response, Status};

fn refused(status: Status) -> Cause {
    let mut net = ready();
    net.exchange.refuse(Method::Invite, status);
    net.dial(ALICE, "bob");
    net.settle();
    let causes = net.phone(ALICE).causes();
    assert_eq!(causes.len(), 1);
    assert_eq!(net.exchange.requests(&Method::Ack).len(), 1, "a refusal is acknowledged");
    causes[0].clone()
}

/// A 2xx from a branch with this tag, and a body if it has one.
fn accept(invite: &Request, tag: &str, body: &str) -> Response {
    let mut response = Response::to_request(invite, Status::OK);
    response.set_to_tag(tag);
    let contact: Contact = "<sip:bob-page@bob.invalid>".parse().unwrap();
    response.headers.push(&contact);
    response.headers.push_raw("Content-Type", "application/sdp").unwrap();
    response.body = body.into();
    response
}

fn invite(net: &Net) -> Request {
    net.exchange.requests(&Method::Invite)[0].clone()
}

#[test]
fn every_refusal_has_its_cause() {
    let status = |code| Status::new(code).unwrap();
    for (code, cause) in [
        (403, Cause::Forbidden),
        (401, Cause::AuthenticationFailed),
        (407, Cause::AuthenticationFailed),
        (404, Cause::NotFound),
        (410, Cause::Gone),
        (484, Cause::AddressIncomplete),
        (604, Cause::NotFound),
        (408, Cause::NoAnswer),
        (487, Cause::NoAnswer),
        (480, Cause::Unavailable),
        (486, Cause::Busy),
        (600, Cause::Busy),
        (603, Cause::DeclinedThere),
        (488, Cause::NotAcceptable(String::new())),
        (606, Cause::NotAcceptable(String::new())),
        (302, Cause::Redirected(Vec::new())),
        (500, Cause::ServerError),
    ] {
        assert_eq!(refused(status(code)), cause, "{code}");
    }
}

#[test]
fn what_came_of_a_code_is_told_in_its_words() {
    for (dialled, words, cause) in [
        ("*78", "Do not disturb is on", Cause::Told("Do not disturb is on".into())),
        ("*78", "Temporarily Unavailable", Cause::Unavailable),
        ("*78", "", Cause::Unavailable),
        ("bob", "The boss is out", Cause::Unavailable),
    ] {
        let mut net = ready();
        net.exchange.answer(Method::Invite, move |invite| {
            let mut response = Response::to_request(invite, Status::TEMPORARILY_UNAVAILABLE);
            response.set_reason(words).unwrap();
            response
        });
        net.dial(ALICE, dialled);
        net.settle();
        assert_eq!(net.phone(ALICE).causes(), [cause], "{dialled} {words}");
    }
}

#[test]
fn the_words_of_a_warning_are_kept() {
    let mut net = ready();
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::NOT_ACCEPTABLE_HERE);
        response.headers.push(&Warning::new(399, "bob.invalid", "no microphone").unwrap());
        response
    });
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::NotAcceptable("no microphone".into())]);
}

#[test]
fn a_digest_is_signed_once() {
    let mut net = ready();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::PROXY_AUTHENTICATION_REQUIRED);
        response.headers.push_raw("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere));
    let invites = net.exchange.requests(&Method::Invite);
    assert_eq!(invites.len(), 2);
    assert_eq!(invites[1].headers.get::<CSeq>().unwrap().seq, 2);
    net.answer(BOB);
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
}

#[test]
fn withdrawn_while_it_is_signed_nothing_leaves_any_more() {
    let mut net = ready();
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::PROXY_AUTHENTICATION_REQUIRED);
        response.headers.push_raw("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.dial(ALICE, "bob");
    net.phone_mut(ALICE).holds = true;
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 1);
    assert!(net.exchange.requests(&Method::Cancel).is_empty());
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
}

#[test]
fn withdrawn_before_the_challenge_nothing_is_signed() {
    let mut net = ready();
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.phone_mut(ALICE).password = Some("secret".into());
    net.dial(ALICE, "bob");
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 1);
    assert_eq!(net.phone(BOB).seen, []);
}

/// What Alice is told of the other end's descriptions, when these come: early ones with their tags, and the final one.
fn told(early: &[(&str, &str)], answer: &str) -> Vec<String> {
    let mut net = ready();
    net.dial(ALICE, "bob");
    net.settle();
    let invite = invite(&net);
    for (tag, body) in early {
        let mut progress = accept(&invite, tag, body);
        progress.status = Status::new(183).unwrap();
        net.inject(ALICE, &progress.to_bytes());
    }
    net.inject(ALICE, &accept(&invite, "one", answer).to_bytes());
    net.settle();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    net.phone(ALICE).described()
}

#[test]
fn early_media_is_told_once_and_the_answer_always() {
    // Bob's phone, which rings, is branch 0.
    let early = [("one", "ringback"), ("one", "ringback"), ("two", "music")];
    let begins = ["early ringback of branch 1", "early music of branch 2"];
    let and =
        |answer: &str| begins.iter().map(|told| (*told).to_owned()).chain([answer.to_owned()]).collect::<Vec<_>>();
    assert_eq!(told(&early, "ringback"), and("ringback of branch 1"));
    assert_eq!(told(&early, "voice"), and("voice of branch 1"), "another answer does not end the call");
    assert_eq!(told(&early, ""), and("ringback of branch 1"), "what was early is final then");
    assert_eq!(told(&[], "voice"), ["voice of branch 1"]);
}

#[test]
fn nobody_allows_the_microphone() {
    let mut net = ready();
    net.phone_mut(ALICE).holds = true;
    net.dial(ALICE, "bob");
    net.run(Duration::from_secs(59));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Preparing));
    net.run(Duration::from_secs(2));
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
    assert!(net.exchange.requests(&Method::Invite).is_empty());
}

#[test]
fn a_flood_of_2xx_is_not_answered_without_end() {
    let mut net = established();
    let invite = invite(&net);
    for branch in 0..40 {
        net.inject(ALICE, &accept(&invite, &format!("stray{branch}"), "x").to_bytes());
    }
    net.inject(ALICE, &accept(&invite, "stray39", "x").to_bytes());
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 32);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn a_repeated_2xx_is_acknowledged_again() {
    let mut net = established();
    let repeated = net.exchange.received.iter().find_map(|message| match message {
        Message::Response(response) if !response.body.is_empty() => Some(response.to_bytes()),
        Message::Response(_) | Message::Request(_) => None,
    });
    net.inject(ALICE, &repeated.unwrap());
    net.settle();
    let acks = net.exchange.requests(&Method::Ack);
    assert_eq!(acks.len(), 2);
    assert_eq!(acks[0].to_bytes(), acks[1].to_bytes());
}

#[test]
fn a_2xx_of_another_branch_is_acknowledged_and_ended() {
    let mut net = established();
    let stray = accept(&invite(&net), "other", "x").to_bytes();
    net.inject(ALICE, &stray);
    net.inject(ALICE, &stray);
    net.settle();
    let tag = |request: &&Request| request.headers.get::<To>().unwrap().tag() == Some("other");
    assert_eq!(net.exchange.requests(&Method::Ack).iter().filter(|ack| tag(ack)).count(), 2);
    assert_eq!(net.exchange.requests(&Method::Bye).iter().filter(|bye| tag(bye)).count(), 1);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established), "the call goes on");
}

#[test]
fn a_2xx_without_a_description_ends_the_call() {
    let mut net = ready();
    net.exchange.answer(Method::Invite, |invite| accept(invite, "b", ""));
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Ack).len(), 1);
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
    assert_eq!(net.phone(ALICE).phase(), None);
}

#[test]
fn nothing_comes_back() {
    let mut net = ready();
    net.exchange.lose(Method::Invite);
    net.dial(ALICE, "bob");
    net.run(Duration::from_secs(33));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut net = ready();
    net.exchange.lose(Method::Invite);
    net.dial(ALICE, "bob");
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    assert!(net.exchange.requests(&Method::Cancel).is_empty());
    let trying = Response::to_request(&invite(&net), Status::TRYING);
    net.inject(ALICE, &trying.to_bytes());
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1);
    net.inject(ALICE, &trying.to_bytes());
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1);
}

#[test]
fn what_was_withdrawn_while_there_was_no_connection_never_leaves() {
    let mut net = ready();
    net.run(Duration::from_secs(20));
    net.reachable = false;
    net.cut(ALICE);
    net.dial(ALICE, "bob");
    net.hang_up(ALICE);
    net.reachable = true;
    net.run(Duration::from_secs(10));
    assert!(net.exchange.requests(&Method::Invite).is_empty());
}

#[test]
fn an_invite_waits_for_the_connection() {
    let mut net = ready();
    net.run(Duration::from_secs(20));
    net.reachable = false;
    net.cut(ALICE);
    net.dial(ALICE, "bob");
    net.reachable = true;
    net.run(Duration::from_secs(5));
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
}

#[test]
fn as_many_calls_as_are_allowed() {
    let mut net = ringing();
    assert_eq!(net.try_dial(ALICE, "carol"), Err(VerbError::TooMany));
    net.hang_up(ALICE);
    assert!(net.try_dial(ALICE, "carol").is_ok(), "a call that ended does not count");
}

#[test]
fn verbs_fit_their_phase() {
    let mut net = ringing();
    let now = net.now;
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    let agent = &mut net.phone_mut(ALICE).agent;
    assert_eq!(agent.answer(call, now), Err(VerbError::WrongPhase));
    assert_eq!(agent.decline(call, now), Err(VerbError::WrongPhase));
    assert_eq!(agent.reoffer(call, now), Err(VerbError::WrongPhase));
    assert_eq!(agent.hangup(call, now), Ok(()));
    assert_eq!(agent.hangup(call, now), Err(VerbError::NoCall));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let bytes = || {
        let mut net: Network<Wire> = established();
        net.hang_up(ALICE);
        net.settle();
        net.exchange.received.iter().map(Message::to_bytes).collect::<Vec<_>>()
    };
    assert_eq!(bytes(), bytes());
}
