//! Subscriptions of ours (RFC 6665). Bob is a server here that is scripted: it never registers, and what it says is
//! delivered by hand.

use super::{ALICE, Net, check_with, net, request, uri};
use sip::Duration;
use sip::agent::{Agent, Body, Notice, Package, SubscriptionId, SubscriptionPhase, VerbError};
use sip::body::pidf::Availability;
use sip::header::{CSeq, CallId, Contact, Event, Expires, From, To};
use sip::message::{HeaderName, Method, Request, Response, Status};
use std::sync::atomic::{AtomicUsize, Ordering};

const OPEN: &str =
    "<presence entity=\"sip:bob@example.com\"><tuple id=\"t\"><status><basic>open</basic></status></tuple></presence>";

/// Alice, who wants to know whether Bob is there.
fn alice() -> Net {
    let mut net = net();
    net.start(ALICE);
    net
}

/// Answers so many SUBSCRIBEs with 200.
fn grant(net: &mut Net, times: usize) {
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

fn subscribe(net: &mut Net) -> SubscriptionId {
    subscribe_to(net, Package::Presence, 600)
}

fn subscribe_to(net: &mut Net, package: Package, seconds: u64) -> SubscriptionId {
    let expires = Duration::from_secs(seconds);
    net.doing(ALICE, "subscribes to bob", |agent, now| {
        agent.subscribe(uri("sip:bob@example.com"), package, expires, now)
    })
    .unwrap()
}

fn unsubscribe(net: &mut Net) {
    let id = net.phone(ALICE).agent.subscriptions().next().unwrap().id;
    net.doing(ALICE, "unsubscribes", |agent, now| agent.unsubscribe(id, now)).unwrap();
}

fn last_subscribe(net: &Net) -> Request {
    (*net.exchange.requests(&Method::Subscribe).last().expect("she subscribed")).clone()
}

/// One that was never used.
fn branch() -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// A NOTIFY in the dialog that the last SUBSCRIBE began.
fn notify(net: &Net, seq: u32, state: &str, body: &str) -> Request {
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

fn tell(net: &mut Net, seq: u32, state: &str, body: &str) {
    let notify = notify(net, seq, state, body);
    net.deliver(ALICE, &notify.to_bytes());
    net.settle();
}

/// What the last request of the server's was answered.
fn answered(net: &Net) -> Response {
    super::last_response(net)
}

fn active(net: &mut Net) {
    grant(net, 1);
    subscribe(net);
    net.settle();
    tell(net, 1, "active;expires=600", OPEN);
}

fn phase(net: &Net) -> Option<SubscriptionPhase> {
    net.phone(ALICE).agent.subscriptions().next().map(|subscription| subscription.phase)
}

fn ended(net: &Net) -> Option<&str> {
    net.phone(ALICE).noticed.last().and_then(|line| line.strip_prefix("subscription: Ended("))
}

fn count(net: &Net) -> usize {
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
        net.doing(ALICE, "missed something", |agent, now| agent.renew(id, now)).unwrap();
    }
    net.settle();
    assert_eq!(count(&net), 2, "once, while it is under way");
}

#[test]
fn s10_a_new_connection_refreshes_it() {
    let mut net = alice();
    active(&mut net);
    grant(&mut net, 1);
    net.cut(ALICE);
    net.run(Duration::from_secs(1));
    assert_eq!(count(&net), 2);
    assert_eq!(last_subscribe(&net).headers.get::<To>().unwrap().tag(), Some("server"));
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
}

#[test]
fn s2_s3_it_waits_for_the_registration() {
    let mut net = net();
    subscribe(&mut net);
    net.settle();
    assert_eq!(phase(&net), Some(SubscriptionPhase::Waiting));
    grant(&mut net, 1);
    net.start(ALICE);
    assert_eq!((count(&net), phase(&net)), (1, Some(SubscriptionPhase::Asking)));
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
fn s6_a_flow_that_stays_failed_is_no_refusal() {
    let mut net = alice();
    let failed = Status::FLOW_FAILED;
    net.exchange.refuse(Method::Subscribe, failed);
    net.exchange.refuse(Method::Subscribe, failed);
    grant(&mut net, 1);
    subscribe(&mut net);
    net.run(Duration::from_secs(10));
    assert_eq!(ended(&net), None, "a proxy lost a flow, which says nothing of the subscription");
    assert_eq!(count(&net), 3);
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
fn s18_s19_s21_unsubscribing_early() {
    let mut net = net();
    subscribe(&mut net);
    unsubscribe(&mut net);
    assert_eq!(ended(&net), Some("Ended)"));

    check_with("unsubscribed_before_the_notification", alice, |net| {
        grant(net, 3);
        subscribe(net);
        unsubscribe(net);
        net.settle();
        assert_eq!(phase(net), Some(SubscriptionPhase::Ending));
        tell(net, 1, "active", OPEN);
        assert_eq!(last_subscribe(net).headers.get::<Expires>().unwrap().0, 0);
        tell(net, 2, "terminated;reason=timeout", "");
    });
}

#[test]
fn s19_what_is_not_wanted_any_more_is_not_signed() {
    let mut net = alice();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Subscribe, |request| {
        let mut response = Response::to_request(request, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    subscribe(&mut net);
    unsubscribe(&mut net);
    net.settle();
    assert_eq!((count(&net), ended(&net)), (1, Some("Ended)")));
}

#[test]
fn s22_nothing_is_said_to_a_goodbye() {
    for code in [200, 481, 500] {
        let mut net = alice();
        active(&mut net);
        net.exchange.refuse(Method::Subscribe, Status::new(code).unwrap());
        unsubscribe(&mut net);
        net.run(Duration::from_secs(33));
        assert_eq!(ended(&net), Some("Ended)"));
        tell(&mut net, 2, "active", OPEN);
        assert_eq!(answered(&net).status, Status::CALL_DOES_NOT_EXIST, "nobody listens any more");
    }
}

#[test]
fn s20_a_goodbye_waits_for_the_refresh_that_is_under_way() {
    let mut net = alice();
    active(&mut net);
    let id = net.phone(ALICE).agent.subscriptions().next().unwrap().id;
    grant(&mut net, 2);
    net.doing(ALICE, "renews", |agent, now| agent.renew(id, now)).unwrap();
    unsubscribe(&mut net);
    assert_eq!(phase(&net), Some(SubscriptionPhase::Ending));
    net.settle();
    assert_eq!(count(&net), 3);
    assert_eq!(last_subscribe(&net).headers.get::<Expires>().unwrap().0, 0);
}

#[test]
fn s23_the_state_of_one_moment() {
    check_with("a_fetch", alice, |net| {
        grant(net, 2);
        subscribe_to(net, Package::Presence, 0);
        net.settle();
        tell(net, 1, "terminated;reason=timeout", OPEN);
        net.run(Duration::from_secs(20));
    });
}

#[test]
fn the_first_of_a_fork_wins() {
    let mut net = alice();
    active(&mut net);
    let mut other = notify(&net, 1, "active", OPEN);
    other.headers.set(&"<sip:bob@example.com>;tag=other".parse::<From>().unwrap());
    net.deliver(ALICE, &other.to_bytes());
    net.settle();
    assert_eq!(answered(&net).status, Status::CALL_DOES_NOT_EXIST);
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
}

#[test]
fn hostile_notifications() {
    let mut net = alice();
    active(&mut net);
    let told = |net: &Net| net.ladder().matches("alice: is told").count();
    let before = told(&net);
    let mut give = |change: &dyn Fn(&mut Request), seq: u32, state: &str, body: &str| {
        let mut request = notify(&net, seq, state, body);
        change(&mut request);
        net.deliver(ALICE, &request.to_bytes());
        net.settle();
        (answered(&net).status.code(), told(&net) - before, phase(&net))
    };
    let still = Some(SubscriptionPhase::Active);
    let event =
        |value: &'static str| move |request: &mut Request| request.headers.set(&value.parse::<Event>().unwrap());
    assert_eq!(give(&event("dialog"), 2, "active", OPEN), (481, 0, still), "another package");
    assert_eq!(give(&event("presence;id=7"), 3, "active", OPEN), (481, 0, still), "another id");
    assert_eq!(give(&event("check-sync"), 4, "active", ""), (489, 0, still));
    assert_eq!(give(&event("refer"), 5, "active", ""), (481, 0, still));
    assert_eq!(give(&event("keep-alive"), 6, "active", ""), (200, 0, still));
    assert_eq!(give(&|request| request.headers.remove(HeaderName::Event), 7, "active", OPEN), (489, 0, still));
    let tag = |request: &mut Request| {
        request.headers.set(&"<sip:alice@example.com>;tag=guessed".parse::<To>().unwrap());
    };
    assert_eq!(give(&tag, 8, "terminated;reason=rejected", ""), (481, 0, still), "a tag that was guessed");
    assert_eq!(give(&|_| {}, 1, "terminated", ""), (200, 0, still), "the last one again");
    assert_eq!(give(&|_| {}, 9, "active", OPEN), (200, 1, still));
    assert_eq!(give(&|_| {}, 5, "terminated;reason=rejected", ""), (500, 1, still), "out of order");
    let other = |request: &mut Request| {
        request.headers.set(&"text/html".parse::<sip::header::ContentType>().unwrap());
    };
    assert_eq!(give(&other, 10, "active", "<html/>"), (415, 1, still));
    assert_eq!(give(&|_| {}, 11, "active", &"x".repeat(49 * 1024)), (413, 1, still));
    assert_eq!(give(&|_| {}, 12, "enchanted", OPEN), (200, 2, still), "a state that is not known");
    let mute = |request: &mut Request| request.headers.remove(HeaderName::SubscriptionState);
    assert_eq!(give(&mute, 13, "active", OPEN), (200, 3, still), "a server that does not say it");
    assert_eq!(give(&|_| {}, 14, "active;expires=0", ""), (200, 3, Some(SubscriptionPhase::Waiting)), "it ran out");
}

#[test]
fn a_type_that_is_not_taken_is_refused_with_those_that_are() {
    let mut net = alice();
    active(&mut net);
    let mut html = notify(&net, 2, "active", "<html/>");
    html.headers.set(&"text/html".parse::<sip::header::ContentType>().unwrap());
    net.deliver(ALICE, &html.to_bytes());
    net.settle();
    let accepted: Vec<_> = answered(&net).headers.raw(&HeaderName::Accept).map(String::from).collect();
    assert_eq!(accepted, ["application/pidf+xml", "application/xpidf+xml"]);
    let subscribe = last_subscribe(&net);
    assert_eq!(subscribe.headers.raw(&HeaderName::Accept).collect::<Vec<_>>(), accepted);
}

/// A NOTIFY that nobody asked for.
fn unsolicited(event: &str, to: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "NOTIFY sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS pbx.invalid;branch=z9hG4bK{}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:asterisk@example.com>;tag=pbx\r\nTo: <sip:alice@example.com>{to}\r\n\
         Call-ID: pbx\r\nCSeq: 1 NOTIFY\r\nContact: <sip:asterisk@example.com>\r\n{event}{kind}Content-Length: {}\r\n\r\n{body}",
        branch(),
        body.len()
    )
    .into_bytes()
}

#[test]
fn a_mailbox_that_nobody_asked() {
    let waiting = "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n";
    let summary = "Content-Type: application/simple-message-summary\r\n";
    let event = "Event: message-summary\r\nSubscription-State: active\r\n";
    let mut net = alice();
    net.deliver(ALICE, &unsolicited(event, "", summary, waiting));
    net.settle();
    assert_eq!(answered(&net).status, Status::OK);
    assert_eq!(net.phone(ALICE).noticed, [format!("is told without being asked (message-summary): \"{waiting}\"")]);
    net.deliver(ALICE, &unsolicited(event, "", "Content-Type: text/html\r\n", "x"));
    net.settle();
    assert_eq!(answered(&net).status, Status::UNSUPPORTED_MEDIA_TYPE);
    net.deliver(ALICE, &unsolicited(event, ";tag=old", summary, "Messages-Waiting: no\r\n"));
    net.settle();
    assert_eq!(answered(&net).status, Status::CALL_DOES_NOT_EXIST, "a dialog that is not known");
    for (name, status) in [
        ("keep-alive", 200),
        ("check-sync", 489),
        ("talk", 489),
        ("hold", 489),
        ("aastra-xml", 489),
        ("presence", 481),
        ("dialog", 481),
    ] {
        net.deliver(ALICE, &unsolicited(&format!("Event: {name}\r\n"), "", "", ""));
        net.settle();
        assert_eq!(answered(&net).status.code(), status, "{name}");
    }
    assert_eq!(net.phone(ALICE).noticed.len(), 1);

    let mut net = super::net();
    net.phone_mut(ALICE).configure(|config| config.unsolicited = false);
    net.start(ALICE);
    net.deliver(ALICE, &unsolicited(event, "", summary, waiting));
    net.settle();
    assert_eq!(answered(&net).status, Status::CALL_DOES_NOT_EXIST);
}

#[test]
fn a_restored_subscription_jumps_its_number() {
    let mut net = alice();
    active(&mut net);
    grant(&mut net, 1);
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    assert_eq!(count(&net), 2, "it is refreshed");
    assert_eq!(last_subscribe(&net).headers.get::<CSeq>().unwrap().seq, 1002);
}

#[test]
fn an_hour_away_is_a_new_subscription() {
    let mut net = alice();
    active(&mut net);
    let snapshot = net.phone(ALICE).agent.snapshot(net.now).unwrap();
    let config = net.phone(ALICE).agent.config().clone();
    net.phone_mut(ALICE).agent = Agent::restore(snapshot, config, Duration::from_secs(3600), [3; 32], net.now).unwrap();
    net.hint(ALICE);
    grant(&mut net, 1);
    net.run(Duration::from_secs(5));
    assert_eq!(last_subscribe(&net).headers.get::<To>().unwrap().tag(), None);
}

#[test]
fn a_subscription_survives_the_loss_of_a_connection_at_any_step() {
    for at in (5..60).step_by(10) {
        let mut net = alice();
        grant(&mut net, 1);
        subscribe(&mut net);
        net.run(Duration::from_millis(at));
        if at > 20 {
            let notify = notify(&net, 1, "active", OPEN);
            net.deliver(ALICE, &notify.to_bytes());
            net.run(Duration::from_millis(at % 20));
        }
        grant(&mut net, 3);
        net.cut(ALICE);
        net.run(Duration::from_secs(3));
        tell(&mut net, 7, "active", OPEN);
        assert_eq!(phase(&net), Some(SubscriptionPhase::Active), "{at}\n{}", net.ladder());
        net.run(Duration::from_secs(40));
        assert_eq!(phase(&net), Some(SubscriptionPhase::Active), "{at}\n{}", net.ladder());
    }
}

#[test]
fn a_stop_unsubscribes_and_does_not_wait() {
    check_with("stopped_while_subscribed", alice, |net| {
        grant(net, 2);
        active(net);
        grant(net, 1);
        net.stop(ALICE);
        net.run(Duration::from_secs(2));
    });
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
    let one_more = net.doing(ALICE, "subscribes", |agent, now| {
        agent.subscribe(uri("sip:bob@example.com"), Package::Dialog, Duration::from_secs(600), now)
    });
    assert_eq!(one_more, Err(VerbError::TooMany));
    let unknown = net.doing(ALICE, "unsubscribes", |agent, now| agent.unsubscribe(SubscriptionId(9999), now));
    assert_eq!(unknown, Err(VerbError::Unknown));
}

#[test]
fn what_is_told_can_be_read() {
    let body = |kind: &str, text: &str| Body { content_type: kind.into(), bytes: text.into() };
    let Ok(Notice::Presence(presence)) = Notice::read(&body("application/pidf+xml;charset=utf-8", OPEN)) else {
        panic!("it is presence");
    };
    assert_eq!(presence.state(), Availability::Available);
    let summary = Notice::read(&body("application/simple-message-summary", "Messages-Waiting: yes\r\n"));
    assert!(matches!(summary, Ok(Notice::Messages(_))));
    let dialogs = "<dialog-info version=\"1\" state=\"full\" entity=\"sip:bob@example.com\"/>";
    assert!(matches!(Notice::read(&body("application/dialog-info+xml", dialogs)), Ok(Notice::Dialogs(_))));
    let reg = "<reginfo version=\"1\" state=\"full\"/>";
    assert!(matches!(Notice::read(&body("application/reginfo+xml", reg)), Ok(Notice::Registrations(_))));
    assert!(matches!(Notice::read(&body("text/html", "<p>")), Ok(Notice::Other)));
    assert!(matches!(Notice::read(&body("no type", "")), Ok(Notice::Other)));
    assert!(Notice::read(&body("application/pidf+xml", "garbage")).is_err());
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
