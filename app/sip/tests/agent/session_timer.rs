//! Session timers (RFC 4028), by the rows of the state table.

use super::flows::check;
use super::peer::{asks, dialling, response};
use super::{ALICE, BOB, Net, net, of_alice, sdp, talk, to_bob};
use sip::Duration;
use sip::agent::{Cause, Config, Phase};
use sip::header::{HeaderName, MinSe, Refresher, Require, SessionExpires, Supported};
use sip::message::{Message, Method, Request, Response, Status};

const MINUTE: Duration = Duration::from_secs(60);

fn with(alice: fn(&mut Config), bob: fn(&mut Config)) -> Net {
    let mut net = net();
    net.phone_mut(ALICE).configure(alice);
    net.phone_mut(BOB).configure(bob);
    talk(&mut net);
    net
}

fn off(config: &mut Config) {
    config.session_expires = None;
}

fn usual(_config: &mut Config) {}

fn brief(config: &mut Config) {
    config.session_expires = Some(Duration::from_secs(120));
}

/// A 200 to an INVITE as from a phone that is there, with these lines.
fn accepting(lines: &'static str) -> impl FnMut(&Request) -> Response {
    move |invite| {
        let mut response = Response::to_request(invite, Status::OK);
        for line in lines.lines() {
            let (name, value) = line.split_once(": ").unwrap();
            response.headers.push_raw(name, value).unwrap();
        }
        response.headers.push_raw("Contact", "<sip:far@far.invalid>").unwrap();
        response.headers.push_raw("Content-Type", "application/sdp").unwrap();
        response.body = sdp("sendrecv").into();
        response
    }
}

/// Alice in a call with something far away, which said these lines in its 2xx.
fn far(lines: &'static str) -> Net {
    let mut net = net();
    net.phone_mut(ALICE).says = Some(sdp("sendrecv"));
    net.start(ALICE);
    net.exchange.answer(Method::Invite, accepting(lines));
    net.dial(ALICE, "far");
    net.settle();
    net
}

fn expires(headers: &sip::message::Headers) -> (u32, Option<Refresher>) {
    let said: SessionExpires = headers.get().unwrap();
    (said.seconds, said.refresher())
}

/// The last 2xx to this method.
fn accepted(net: &Net, method: &Method) -> Response {
    let of = |message: &Message| match message {
        Message::Response(response)
            if response.status == Status::OK
                && response.headers.get::<sip::header::CSeq>().is_ok_and(|cseq| cseq.method == *method) =>
        {
            Some(response.clone())
        }
        Message::Response(_) | Message::Request(_) => None,
    };
    net.exchange.received.iter().rev().find_map(of).expect("it was accepted")
}

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
fn what_an_invite_and_its_2xx_say() {
    let net = with(usual, usual);
    let invite = net.exchange.requests(&Method::Invite)[0];
    assert_eq!(expires(&invite.headers), (1800, None), "the called side chooses");
    assert!(invite.headers.get::<Supported>().unwrap().has("timer"));
    let response = accepted(&net, &Method::Invite);
    assert_eq!(expires(&response.headers), (1800, Some(Refresher::Uac)));
    assert!(response.headers.get::<Require>().unwrap().has("timer"));
}

#[test]
fn what_an_update_says() {
    let mut net = with(usual, usual);
    net.run(15 * MINUTE + Duration::from_secs(1));
    let updates = net.exchange.requests(&Method::Update);
    assert_eq!(updates.len(), 1, "at half of the interval");
    assert_eq!(expires(&updates[0].headers), (1800, Some(Refresher::Uac)));
    assert!(updates[0].body.is_empty());
    assert!(updates[0].headers.contains(HeaderName::Contact));
    assert_eq!(expires(&accepted(&net, &Method::Update).headers), (1800, Some(Refresher::Uac)));
    net.run(60 * MINUTE);
    assert_eq!(net.exchange.requests(&Method::Update).len(), 5);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn off_without_session_expires_in_the_2xx() {
    for net in [&mut with(usual, off), &mut far("")] {
        net.run(60 * MINUTE);
        assert_eq!(net.exchange.requests(&Method::Update).len(), 0);
        assert_eq!(net.exchange.requests(&Method::Invite).len(), 1);
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    }
}

#[test]
fn off_when_it_is_not_wanted() {
    let mut net = with(off, usual);
    let invite = net.exchange.requests(&Method::Invite)[0];
    assert!(!invite.headers.contains(HeaderName::SessionExpires));
    assert!(!invite.headers.get::<Supported>().unwrap().has("timer"));
    assert!(!accepted(&net, &Method::Invite).headers.contains(HeaderName::SessionExpires));
    net.run(60 * MINUTE);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
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
fn a_call_whose_interval_is_too_small_is_made_with_more() {
    check("interval_too_small", |net| {
        net.phone_mut(ALICE).configure(|config| {
            config.session_expires = Some(Duration::from_secs(100));
        });
        net.phone_mut(BOB).configure(|config| config.min_session = Duration::from_secs(200));
        talk(net);
        net.run(Duration::from_secs(101));
    });
}

#[test]
fn an_interval_is_raised_only_so_often() {
    let mut net = net();
    net.start(ALICE);
    for more in 1..10 {
        net.exchange.answer(Method::Invite, move |invite| {
            let mut response = Response::to_request(invite, Status::SESSION_INTERVAL_TOO_SMALL);
            response.headers.push(&MinSe::new(1800 + more));
            response
        });
    }
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::SessionIntervalTooSmall]);
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 5);
}

#[test]
fn a_422_that_asks_for_nothing_more_ends_the_call() {
    for lines in ["", "Min-SE: 90", "Min-SE: nonsense"] {
        let mut net = net();
        net.start(ALICE);
        net.exchange.answer(Method::Invite, move |invite| {
            let mut response = Response::to_request(invite, Status::SESSION_INTERVAL_TOO_SMALL);
            if let Some((name, value)) = lines.split_once(": ") {
                response.headers.push_raw(name, value).unwrap();
            }
            response
        });
        net.dial(ALICE, "bob");
        net.settle();
        assert_eq!(net.phone(ALICE).causes(), [Cause::SessionIntervalTooSmall], "{lines}");
    }
}

#[test]
fn who_is_to_refresh() {
    // RFC 4028 table 2: what they ask for, whether they know timers, what is answered.
    for (lines, answer) in [
        ("Session-Expires: 300\nSupported: timer", Some((300, Refresher::Uac))),
        ("Session-Expires: 300;refresher=uas\nSupported: timer", Some((300, Refresher::Uas))),
        ("Session-Expires: 300;refresher=uac\nSupported: timer", Some((300, Refresher::Uac))),
        ("Session-Expires: 300", Some((300, Refresher::Uas))),
        ("Session-Expires: 300;refresher=uac", Some((300, Refresher::Uas))),
        ("Session-Expires: 9000\nMin-SE: 2000\nSupported: timer", Some((2000, Refresher::Uac))),
        ("Session-Expires: 60", Some((60, Refresher::Uas))),
        ("Supported: timer", Some((1800, Refresher::Uac))),
        ("", None),
    ] {
        let mut net = with(off, usual);
        let update = of_alice(&net, &Method::Update, lines, "");
        let response = to_bob(&mut net, &update);
        assert_eq!(response.status, Status::OK, "{lines}");
        let said = response.headers.find::<SessionExpires>().unwrap();
        assert_eq!(said.map(|said| (said.seconds, said.refresher().unwrap())), answer, "{lines}");
        let required = response.headers.find::<Require>().unwrap().is_some_and(|tags| tags.has("timer"));
        assert_eq!(required, lines.contains("Supported"), "{lines}");
    }
}

#[test]
fn what_is_too_small_is_refused_who_knows_timers() {
    for method in [Method::Invite, Method::Update] {
        let mut net = with(usual, usual);
        let request = of_alice(&net, &method, "Session-Expires: 89\nSupported: timer", "");
        let response = to_bob(&mut net, &request);
        assert_eq!(response.status, Status::SESSION_INTERVAL_TOO_SMALL);
        assert_eq!(response.headers.get::<MinSe>().unwrap().seconds, 90);
        assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    }
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

/// A 407, with this nonce.
fn challenging(nonce: &'static str) -> impl FnMut(&Request) -> Response {
    move |request| {
        let mut response = Response::to_request(request, Status::PROXY_AUTHENTICATION_REQUIRED);
        let value = format!("Digest realm=\"example.com\", nonce=\"{nonce}\", qop=\"auth\"");
        response.headers.push_raw("Proxy-Authenticate", &value).unwrap();
        response
    }
}

#[test]
fn what_is_made_with_more_is_signed_anew() {
    let mut net = net();
    for phone in [ALICE, BOB] {
        net.phone_mut(phone).password = Some("secret".into());
        net.start(phone);
    }
    net.exchange.answer(Method::Invite, challenging("one"));
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::SESSION_INTERVAL_TOO_SMALL);
        response.headers.push(&MinSe::new(2000));
        response
    });
    net.exchange.answer(Method::Invite, challenging("two"));
    net.dial(ALICE, "bob");
    net.settle();
    let invites = net.exchange.requests(&Method::Invite);
    let signed = |invite: &&Request| invite.headers.contains(HeaderName::ProxyAuthorization);
    let expected = [false, true, false, true];
    assert_eq!(invites.iter().map(signed).collect::<Vec<_>>(), expected, "a signature is good for one request");
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
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
