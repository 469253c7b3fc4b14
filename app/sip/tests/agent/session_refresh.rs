//! Who refreshes a session (RFC 4028), and what comes of it, by the rows of the state table.

use super::flows::check;
use super::peer::{asks, dialling, response};
use super::session_timer::{accepting, brief, challenging, expires, far, usual, with};
use super::{ALICE, BOB, sdp, talk};
use sip::Duration;
use sip::agent::{Cause, Phase};
use sip::header::{HeaderName, MinSe, Refresher, SessionExpires};
use sip::message::{Method, Response, Status};

#[test]
fn refreshed_by_update() {
    check("refreshed_by_update", |net| {
        net.phone_mut(ALICE).configure(brief);
        talk(net);
        net.run(Duration::from_secs(130));
        net.hang_up(BOB);
        net.settle();
    });
}

#[test]
fn not_refreshed() {
    check("not_refreshed", |net| {
        net.phone_mut(ALICE).configure(brief);
        talk(net);
        net.reachable = false;
        net.cut(ALICE);
        net.run(Duration::from_secs(130));
    });
}

#[test]
fn ours_without_update_is_refreshed_by_reinvite() {
    let mut net = far("Session-Expires: 100;refresher=uac");
    net.exchange.answer(Method::Invite, accepting("Session-Expires: 100;refresher=uac"));
    net.phone_mut(ALICE).holds = true;
    net.run(Duration::from_secs(51));
    let invites = net.exchange.requests(&Method::Invite);
    assert_eq!(invites.len(), 2);
    assert_eq!(invites[0].body, invites[1].body, "the description is the same, with its origin");
    assert_eq!(expires(&invites[1].headers), (100, Some(Refresher::Uac)));
    assert!(net.phone(ALICE).held.is_empty(), "nobody is asked for an offer");
    assert_eq!(net.exchange.requests(&Method::Ack).len(), 2);
}

#[test]
fn ours_refreshed_by_reinvite_and_they_say_something_new() {
    let mut net = far("Session-Expires: 100;refresher=uac");
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = accepting("Session-Expires: 100;refresher=uac")(invite);
        response.body = sdp("sendonly").into();
        response
    });
    net.exchange.answer(Method::Invite, accepting("Session-Expires: 100;refresher=uac"));
    net.run(Duration::from_secs(51));
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 3, "their new answer needs an offer of the page");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn ours_waits_for_the_change_that_is_under_way() {
    let mut net = with(brief, usual);
    net.run(Duration::from_secs(59));
    net.phone_mut(ALICE).holds = true;
    net.reoffer(ALICE);
    net.run(Duration::from_secs(5));
    assert!(net.exchange.requests(&Method::Update).is_empty());
    net.answer_held(ALICE);
    net.run(Duration::from_secs(5));
    assert!(net.exchange.requests(&Method::Update).is_empty(), "re-INVITE refreshes too");
    assert_eq!(expires(&net.exchange.requests(&Method::Invite)[1].headers), (120, Some(Refresher::Uac)));
}

#[test]
fn ours_goes_on_while_nobody_makes_the_offer_that_is_wanted() {
    let mut net = with(brief, usual);
    net.phone_mut(ALICE).holds = true;
    net.reoffer(ALICE);
    net.run(Duration::from_secs(600));
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 1);
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 2, "it is still wanted");
}

#[test]
fn ours_without_update_goes_on_while_nobody_makes_the_offer_that_is_wanted() {
    let mut net = far("Session-Expires: 100;refresher=uac");
    for _ in 0..2 {
        net.exchange.answer(Method::Invite, accepting("Session-Expires: 100;refresher=uac"));
    }
    net.phone_mut(ALICE).holds = true;
    net.reoffer(ALICE);
    net.run(Duration::from_secs(56));
    let invites = net.exchange.requests(&Method::Invite);
    assert_eq!(invites.len(), 2);
    assert_eq!(invites[0].body, invites[1].body);
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 2, "that was asked before the refresh");
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 3, "it is still wanted");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn theirs_and_they_do_not_refresh() {
    // The interval less a third of it, as that is below 32 s.
    let mut net = far("Session-Expires: 90;refresher=uas\nRequire: timer");
    net.run(Duration::from_secs(59));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    net.run(Duration::from_secs(2));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
    let bye = net.exchange.requests(&Method::Bye)[0];
    assert_eq!(bye.headers.raw(&HeaderName::Reason).next(), Some("SIP;cause=408"));
}

#[test]
fn theirs_and_they_refresh() {
    let mut net = with(brief, usual);
    net.run(Duration::from_secs(600));
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    assert!(net.exchange.requests(&Method::Update).len() >= 9);
}

#[test]
fn refreshing_and_nothing_comes_is_no_hang_up() {
    let mut net = far("Session-Expires: 200;refresher=uac\nAllow: INVITE, ACK, BYE, UPDATE");
    net.exchange.lose(Method::Update);
    net.exchange.answer(Method::Invite, accepting("Session-Expires: 200;refresher=uac"));
    net.run(Duration::from_secs(140));
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 2, "then by re-INVITE");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn refreshing_405_408_501_is_done_by_reinvite() {
    for status in [Status::METHOD_NOT_ALLOWED, Status::REQUEST_TIMEOUT, Status::NOT_IMPLEMENTED] {
        let mut net = far("Session-Expires: 100;refresher=uac\nAllow: INVITE, UPDATE");
        net.exchange.refuse(Method::Update, status);
        net.exchange.answer(Method::Invite, accepting("Session-Expires: 100;refresher=uac"));
        net.run(Duration::from_secs(51));
        assert_eq!(net.exchange.requests(&Method::Invite).len(), 2, "{status}");
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    }
}

#[test]
fn refreshing_481_ends_the_call() {
    let mut net = far("Session-Expires: 100;refresher=uac\nAllow: INVITE, UPDATE");
    net.exchange.refuse(Method::Update, Status::CALL_DOES_NOT_EXIST);
    net.run(Duration::from_secs(51));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn refreshing_other_refusals_are_tried_again_until_it_expires() {
    let mut net = far("Session-Expires: 180;refresher=uac\nAllow: INVITE, UPDATE");
    for _ in 0..20 {
        net.exchange.refuse(Method::Update, Status::SERVICE_UNAVAILABLE);
    }
    net.run(Duration::from_secs(140));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    assert_eq!(net.exchange.requests(&Method::Update).len(), 5);
    net.run(Duration::from_secs(10));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network], "32 s before the end of the interval");
}

#[test]
fn refreshing_422_is_sent_again_with_more() {
    let mut net = far("Session-Expires: 100;refresher=uac\nAllow: INVITE, UPDATE");
    net.exchange.answer(Method::Update, |update| {
        let mut response = Response::to_request(update, Status::SESSION_INTERVAL_TOO_SMALL);
        response.headers.push(&MinSe::new(300));
        response
    });
    net.exchange.answer(Method::Update, |update| {
        let mut response = Response::to_request(update, Status::OK);
        response.headers.push(&update.headers.get::<SessionExpires>().unwrap());
        response
    });
    net.run(Duration::from_secs(51));
    let updates = net.exchange.requests(&Method::Update);
    assert_eq!(expires(&updates[1].headers), (300, Some(Refresher::Uac)));
    assert_eq!(updates[1].headers.get::<MinSe>().unwrap().seconds, 300);
    net.run(Duration::from_secs(140));
    assert_eq!(net.exchange.requests(&Method::Update).len(), 2);
}

#[test]
fn refreshing_401_is_signed() {
    let mut net = with(brief, usual);
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Update, |update| {
        let mut response = Response::to_request(update, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.run(Duration::from_secs(61));
    let updates = net.exchange.requests(&Method::Update);
    assert!(updates[1].headers.contains(HeaderName::Authorization));
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    net.run(Duration::from_secs(200));
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn a_hold_that_waits_for_the_transport_refreshes() {
    let mut net = with(brief, usual);
    net.reachable = false;
    net.cut(ALICE);
    net.hold(ALICE);
    net.run(Duration::from_secs(61));
    let deadline = net.phone(ALICE).agent.deadline();
    assert!(deadline.is_some_and(|deadline| deadline > net.now), "nothing is due that cannot be done: {deadline:?}");
    net.reachable = true;
    net.hint(ALICE);
    net.settle();
    let invites = net.exchange.requests(&Method::Invite);
    assert_eq!(expires(&invites[invites.len() - 1].headers), (120, Some(Refresher::Uac)));
    net.run(Duration::from_secs(59));
    assert!(net.exchange.requests(&Method::Update).is_empty(), "the hold began the interval anew");
    net.run(Duration::from_secs(200));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn hostile_intervals_do_not_make_a_storm() {
    for lines in [
        "Session-Expires: 0;refresher=uac",
        "Session-Expires: 1;refresher=uac",
        "Session-Expires: 4294967295;refresher=uac",
        "Session-Expires: 99999999999999999999;refresher=uac",
        "Session-Expires: x",
    ] {
        let mut net = far(lines);
        net.run(Duration::from_secs(50));
        assert!(net.exchange.requests(&Method::Invite).len() <= 2, "{lines}");
    }
}

#[test]
fn timers_go_on_in_another_page() {
    let mut net = with(brief, usual);
    net.run(Duration::from_secs(30));
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.run(Duration::from_secs(31));
    assert_eq!(net.exchange.requests(&Method::Update).len(), 1);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn ours_by_reinvite_408_is_no_hang_up() {
    let mut net = far("Session-Expires: 200;refresher=uac");
    net.exchange.refuse(Method::Invite, Status::REQUEST_TIMEOUT);
    net.exchange.answer(Method::Invite, accepting("Session-Expires: 200;refresher=uac"));
    net.run(Duration::from_secs(115));
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 3, "once more after 10 s");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn refreshing_while_a_reinvite_is_cancelled_is_still_signed() {
    let mut net = dialling();
    let lines = "Session-Expires: 200;refresher=uac\nAllow: INVITE, UPDATE";
    let accepted = response(&net, 200, "desk", lines, &sdp("sendrecv"));
    net.say(ALICE, accepted.to_bytes());
    net.settle();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.phone_mut(ALICE).holds = true;
    net.run(Duration::from_secs(101));
    let update = net.exchange.requests(&Method::Update)[0].clone();
    net.say(ALICE, challenging("n")(&update).to_bytes());
    net.settle();
    asks(&mut net, Method::Invite, "desk", 1, &sdp("sendonly"));
    asks(&mut net, Method::Cancel, "desk", 1, "");
    assert_eq!(super::last_response(&net).status, Status::REQUEST_TERMINATED);
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Update).len(), 2);
}
