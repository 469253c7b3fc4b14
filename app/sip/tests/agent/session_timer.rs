//! Session timers (RFC 4028), by the rows of the state table.

use super::flows::check;
use super::{ALICE, BOB, Net, net, of_alice, sdp, talk, to_bob};
use sip::Duration;
use sip::agent::{Cause, Config, Phase};
use sip::header::{HeaderName, MinSe, Refresher, Require, SessionExpires, Supported};
use sip::message::{Message, Method, Request, Response, Status};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn with(alice: fn(&mut Config), bob: fn(&mut Config)) -> Net {
    let mut net = net();
    net.phone_mut(ALICE).configure(alice);
    net.phone_mut(BOB).configure(bob);
    talk(&mut net);
    net
}

fn off(config: &mut Config) {
    config.session_expires = None;
}

pub(super) fn usual(_config: &mut Config) {}

pub(super) fn brief(config: &mut Config) {
    config.session_expires = Some(Duration::from_secs(120));
}

/// A 200 to an INVITE as from a phone that is there, with these lines.
pub(super) fn accepting(lines: &'static str) -> impl FnMut(&Request) -> Response {
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
pub(super) fn far(lines: &'static str) -> Net {
    let mut net = net();
    net.phone_mut(ALICE).says = Some(sdp("sendrecv"));
    net.start(ALICE);
    net.exchange.answer(Method::Invite, accepting(lines));
    net.dial(ALICE, "far");
    net.settle();
    net
}

pub(super) fn expires(headers: &sip::message::Headers) -> (u32, Option<Refresher>) {
    let said: SessionExpires = headers.get().unwrap();
    (said.seconds, said.refresher())
}

/// The last 2xx to this method.
pub(super) fn accepted(net: &Net, method: &Method) -> Response {
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

/// A 407, with this nonce.
pub(super) fn challenging(nonce: &'static str) -> impl FnMut(&Request) -> Response {
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
