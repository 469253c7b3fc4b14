//! Subscriptions of ours (RFC 6665). Bob is a server here that is scripted: it never registers, and what it says is
//! delivered by hand.

use super::{ALICE, Net, check_with, net, request, uri};
use sip::Duration;
use sip::agent::{Package, SubscriptionId, SubscriptionPhase, VerbError};
use sip::header::{CSeq, CallId, Contact, Event, Expires, From, To};
use sip::message::{HeaderName, Method, Request, Response, Status};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) const OPEN: &str =
    "<presence entity=\"sip:bob@example.com\"><tuple id=\"t\"><status><basic>open</basic></status></tuple></presence>";

/// Alice, who wants to know whether Bob is there.
pub(super) fn alice() -> Net {
    let mut net = net();
    net.start(ALICE);
    net
}

/// Answers so many SUBSCRIBEs with 200.
pub(super) fn grant(net: &mut Net, times: usize) {
    for _ in 0..times {
        net.exchange.answer(Method::Subscribe, granted);
    }
}

fn granted(request: &Request) -> Response {
    let mut response = Response::to_request(request, Status::OK);
    response.headers.push(&request.headers.get::<Expires>().unwrap());
    response.headers.push(&"<sip:bob@server.example.com>".parse::<Contact>().unwrap());
    response
}

pub(super) fn subscribe(net: &mut Net) -> SubscriptionId {
    subscribe_to(net, Package::Presence, 600)
}

pub(super) fn subscribe_to(net: &mut Net, package: Package, seconds: u64) -> SubscriptionId {
    let expires = Duration::from_secs(seconds);
    net.on(ALICE, "subscribes to bob", |agent, now| agent.subscribe(uri("sip:bob@example.com"), package, expires, now))
        .unwrap()
}

pub(super) fn unsubscribe(net: &mut Net) {
    let id = net.phone(ALICE).agent.subscriptions().next().unwrap().id;
    net.on(ALICE, "unsubscribes", |agent, now| agent.unsubscribe(id, now)).unwrap();
}

pub(super) fn last_subscribe(net: &Net) -> Request {
    (*net.exchange.requests(&Method::Subscribe).last().expect("she subscribed")).clone()
}

/// One that was never used.
pub(super) fn branch() -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// A NOTIFY in the dialog that the last SUBSCRIBE began.
pub(super) fn notify(net: &Net, seq: u32, state: &str, body: &str) -> Request {
    let subscribe = last_subscribe(net);
    let event = subscribe.headers.get::<Event>().unwrap();
    let call_id = subscribe.headers.get::<CallId>().unwrap();
    let from = subscribe.headers.get::<From>().unwrap();
    let kind = if body.is_empty() { "" } else { "Content-Type: application/pidf+xml\r\n" };
    request(&format!(
        "NOTIFY sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS server.invalid;branch=z9hG4bK{}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:bob@example.com>;tag=server\r\nTo: {}\r\nCall-ID: {call_id}\r\nCSeq: {seq} NOTIFY\r\n\
         Contact: <sip:bob@server.example.com>\r\nRecord-Route: <sip:edge.example.com;lr>\r\nEvent: {event}\r\n\
         Subscription-State: {state}\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        branch(),
        from.0,
        body.len()
    ))
}

pub(super) fn tell(net: &mut Net, seq: u32, state: &str, body: &str) {
    let notify = notify(net, seq, state, body);
    net.deliver(ALICE, &notify.to_bytes());
    net.settle();
}

/// What the last request of the server's was answered.
pub(super) fn answered(net: &Net) -> Response {
    super::last_response(net)
}

pub(super) fn active(net: &mut Net) {
    grant(net, 1);
    subscribe(net);
    net.settle();
    tell(net, 1, "active;expires=600", OPEN);
}

pub(super) fn phase(net: &Net) -> Option<SubscriptionPhase> {
    net.phone(ALICE).agent.subscriptions().next().map(|subscription| subscription.phase)
}

pub(super) fn ended(net: &Net) -> Option<&str> {
    net.phone(ALICE).noticed.last().and_then(|line| line.strip_prefix("subscription: Ended("))
}

pub(super) fn count(net: &Net) -> usize {
    net.exchange.requests(&Method::Subscribe).len()
}

#[test]
fn s1_s4_s5_s9_s20_s22_a_subscription() {
    check_with("a_subscription", alice, |net| {
        grant(net, 2);
        active(net);
        tell(net, 2, "active;expires=500", "<presence entity=\"sip:bob@example.com\"/>");
        grant(net, 5);
        unsubscribe(net);
        net.settle();
        tell(net, 3, "terminated;reason=timeout", "");
    });
}

#[test]
fn s5_the_notification_comes_before_the_response() {
    check_with("notified_before_the_response", alice, |net| {
        net.exchange.lose(Method::Subscribe);
        net.exchange.lose(Method::Subscribe);
        subscribe(net);
        net.settle();
        tell(net, 1, "pending", "");
        tell(net, 2, "active", OPEN);
        let mut response = Response::to_request(&last_subscribe(net), Status::OK);
        response.headers.push(&Expires(300));
        net.deliver(ALICE, &response.to_bytes());
        net.settle();
    });
}

#[test]
fn s10_s11_it_is_refreshed_in_its_dialog() {
    let mut net = alice();
    active(&mut net);
    grant(&mut net, 1);
    net.run(Duration::from_secs(545));
    let all = net.exchange.requests(&Method::Subscribe);
    assert_eq!(all.len(), 2);
    let refresh = all[1];
    assert_eq!(refresh.uri, uri("sip:bob@server.example.com"), "the Contact of NOTIFY");
    assert_eq!(refresh.headers.raw(&HeaderName::Route).collect::<Vec<_>>(), ["<sip:edge.example.com;lr>"]);
    assert_eq!(refresh.headers.get::<To>().unwrap().tag(), Some("server"));
    assert_eq!(refresh.headers.get::<CSeq>().unwrap().seq, 2);
    assert_eq!(refresh.headers.get::<CallId>().unwrap(), all[0].headers.get::<CallId>().unwrap());
    assert_eq!(refresh.headers.get::<From>().unwrap(), all[0].headers.get::<From>().unwrap());
    assert_eq!(refresh.headers.get::<Expires>().unwrap().0, 600);
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
    grant(&mut net, 1);
    net.run(Duration::from_secs(500));
    assert_eq!(count(&net), 2);
    net.run(Duration::from_secs(45));
    assert_eq!(count(&net), 3);
}

#[test]
fn s10_a_gap_asks_for_everything() {
    let mut net = alice();
    active(&mut net);
    grant(&mut net, 1);
    let id = net.phone(ALICE).agent.subscriptions().next().unwrap().id;
    for _ in 0..3 {
        net.on(ALICE, "missed something", |agent, now| agent.renew(id, now)).unwrap();
    }
    net.settle();
    assert_eq!(count(&net), 2, "once, while it is under way");
}

#[test]
fn s6_timer_n_and_no_response() {
    let mut net = alice();
    grant(&mut net, 1);
    subscribe(&mut net);
    net.run(Duration::from_secs(31));
    assert_eq!(phase(&net), Some(SubscriptionPhase::Asking));
    grant(&mut net, 1);
    net.run(Duration::from_secs(6));
    assert_eq!(count(&net), 2);
    let all = net.exchange.requests(&Method::Subscribe);
    assert_ne!(all[0].headers.get::<CallId>().unwrap(), all[1].headers.get::<CallId>().unwrap());
    net.exchange.lose(Method::Subscribe);
    while count(&net) < 3 {
        net.run(Duration::from_secs(1));
    }
    net.run(Duration::from_secs(30));
    assert_eq!(phase(&net), Some(SubscriptionPhase::Asking));
    net.run(Duration::from_secs(2));
    assert_eq!(phase(&net), Some(SubscriptionPhase::Waiting));
    net.run(Duration::from_secs(12));
    assert_eq!(count(&net), 4);
}

#[test]
fn s6_s8_each_refusal() {
    for (code, end) in [
        (403, Some("Refused(Forbidden))")),
        (404, Some("Refused(NotFound))")),
        (405, Some("Refused(Unsupported))")),
        (489, Some("Refused(Unsupported))")),
        (603, Some("Refused(Declined))")),
        (302, Some("Refused(Status(Status(302))))")),
        (480, None),
        (481, None),
        (500, None),
        (503, None),
    ] {
        let mut net = alice();
        net.exchange.refuse(Method::Subscribe, Status::new(code).unwrap());
        subscribe(&mut net);
        net.settle();
        assert_eq!(ended(&net), end, "{code}");
        grant(&mut net, 1);
        net.run(Duration::from_secs(4));
        assert_eq!(count(&net), if end.is_some() { 1 } else { 2 }, "{code}");
    }
}

#[test]
fn s6_patience_grows() {
    let mut net = alice();
    for _ in 0..40 {
        net.exchange.refuse(Method::Subscribe, Status::SERVICE_UNAVAILABLE);
    }
    subscribe(&mut net);
    net.run(Duration::from_secs(600));
    assert!((6..=11).contains(&count(&net)), "{}", count(&net));
    let mut net = alice();
    net.exchange.answer(Method::Subscribe, |request| {
        let mut response = Response::to_request(request, Status::SERVICE_UNAVAILABLE);
        response.headers.push(&sip::header::RetryAfter::new(100));
        response
    });
    subscribe(&mut net);
    net.run(Duration::from_secs(99));
    assert_eq!(count(&net), 1);
    grant(&mut net, 1);
    net.run(Duration::from_secs(2));
    assert_eq!(count(&net), 2);
}

#[test]
fn s7_too_brief() {
    let mut net = alice();
    net.exchange.answer(Method::Subscribe, |request| {
        let mut response = Response::to_request(request, Status::INTERVAL_TOO_BRIEF);
        response.headers.push(&sip::header::MinExpires(3600));
        response
    });
    grant(&mut net, 1);
    subscribe(&mut net);
    net.settle();
    assert_eq!(last_subscribe(&net).headers.get::<Expires>().unwrap().0, 3600);
    assert_eq!(count(&net), 2);
}

#[test]
fn s12_a_server_that_forgot_is_asked_anew() {
    let mut net = alice();
    active(&mut net);
    net.exchange.refuse(Method::Subscribe, Status::CALL_DOES_NOT_EXIST);
    grant(&mut net, 1);
    net.run(Duration::from_secs(545));
    assert_eq!(count(&net), 3);
    assert_eq!(last_subscribe(&net).headers.get::<To>().unwrap().tag(), None);
    tell(&mut net, 1, "active", OPEN);
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
}

#[test]
fn s13_s14_a_refresh_is_tried_until_it_runs_out() {
    let mut net = alice();
    active(&mut net);
    for _ in 0..100 {
        net.exchange.refuse(Method::Subscribe, Status::SERVER_TIMEOUT);
    }
    net.run(Duration::from_secs(590));
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
    assert!(count(&net) > 2);
    net.run(Duration::from_secs(12));
    assert_ne!(phase(&net), Some(SubscriptionPhase::Active));
}

#[test]
fn s15_s16_s17_each_reason() {
    for (reason, wait, end) in [
        ("terminated;reason=deactivated", 1, None),
        ("terminated;reason=timeout", 1, None),
        ("terminated;reason=probation;retry-after=20", 20, None),
        ("terminated;reason=giveup", 4, None),
        ("terminated", 4, None),
        ("terminated;reason=because", 4, None),
        ("terminated;reason=rejected", 0, Some("Rejected)")),
        ("terminated;reason=noresource", 0, Some("NoResource)")),
        ("terminated;reason=invariant", 0, Some("Invariant)")),
    ] {
        let mut net = alice();
        active(&mut net);
        grant(&mut net, 1);
        tell(&mut net, 2, reason, "");
        assert_eq!(ended(&net), end, "{reason}");
        net.run(Duration::from_millis(wait * 1000).saturating_sub(Duration::from_millis(900)));
        if wait == 20 {
            assert_eq!(count(&net), 1, "{reason}");
        }
        net.run(Duration::from_secs(1));
        assert_eq!(count(&net), if end.is_some() { 1 } else { 2 }, "{reason}");
    }
}

#[test]
fn s15_a_server_that_always_ends_it_is_not_asked_in_a_loop() {
    let mut net = alice();
    grant(&mut net, 1000);
    subscribe(&mut net);
    net.settle();
    for _ in 0..600 {
        let before = count(&net);
        tell(&mut net, 1, "terminated;reason=deactivated", "");
        while count(&net) == before && net.now.as_millis() < 300_000 {
            net.run(Duration::from_millis(100));
        }
    }
    assert!(count(&net) < 14, "{}", count(&net));
}

#[test]
fn a_challenged_subscription() {
    check_with("a_challenged_subscription", alice, |net| {
        net.phone_mut(ALICE).password = Some("secret".into());
        for _ in 0..9 {
            net.exchange.answer(Method::Subscribe, |request| {
                if request.headers.contains(HeaderName::Authorization) {
                    return granted(request);
                }
                let mut response = Response::to_request(request, Status::UNAUTHORIZED);
                response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
                response
            });
        }
        subscribe(net);
        net.settle();
        tell(net, 1, "active", OPEN);
        unsubscribe(net);
        net.settle();
    });
}

#[test]
fn there_are_only_so_many() {
    let mut net = alice();
    for _ in 0..256 {
        subscribe(&mut net);
    }
    let one_more = net.on(ALICE, "subscribes", |agent, now| {
        agent.subscribe(uri("sip:bob@example.com"), Package::Dialog, Duration::from_secs(600), now)
    });
    assert_eq!(one_more, Err(VerbError::TooMany));
    let unknown = net.on(ALICE, "unsubscribes", |agent, now| agent.unsubscribe(SubscriptionId(9999), now));
    assert_eq!(unknown, Err(VerbError::Unknown));
}

#[test]
fn each_package_asks_for_its_types() {
    let other: sip::message::Token = "presence.winfo".parse().unwrap();
    for (package, name, accepts) in [
        (Package::Dialog, "dialog", vec!["application/dialog-info+xml"]),
        (Package::MessageSummary, "message-summary", vec!["application/simple-message-summary"]),
        (Package::Reg, "reg", vec!["application/reginfo+xml"]),
        (Package::Conference, "conference", vec!["application/conference-info+xml"]),
        (Package::Other(other), "presence.winfo", vec![]),
    ] {
        let mut net = alice();
        grant(&mut net, 1);
        subscribe_to(&mut net, package, 600);
        net.settle();
        let subscribe = last_subscribe(&net);
        assert_eq!(subscribe.headers.get::<Event>().unwrap().to_string(), name);
        assert_eq!(subscribe.headers.raw(&HeaderName::Accept).collect::<Vec<_>>(), accepts);
        assert!(subscribe.headers.contains(HeaderName::Contact));
    }
}
