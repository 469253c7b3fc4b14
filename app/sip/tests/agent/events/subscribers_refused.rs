//! Subscriptions of others to us (RFC 6665 4.2) that are not taken.

use super::subscribers::{give, last, phones, subscribe, subscribe_for, subscribe_like};
use super::{ALICE, BOB, Net, last_response, net};
use sip::agent::Package;
use sip::header::{AllowEvents, Event, Expires, MinExpires};
use sip::message::{HeaderName, Status};

#[test]
fn n2_who_cannot_read_what_is_told() {
    for (accept, status) in [
        ("application/sdp", Some(Status::NOT_ACCEPTABLE)),
        ("text/plain, application/xml", Some(Status::NOT_ACCEPTABLE)),
        ("application/*", None),
        ("application/sdp, application/pidf+xml", None),
    ] {
        let mut net = phones();
        subscribe(&mut net);
        let asked = net.phone(BOB).asked_for.len();
        let mut request = subscribe_like(&net, "z9hG4bKaccept");
        request.headers.set(&"another@example.com".parse::<sip::header::CallId>().unwrap());
        request.headers.remove(HeaderName::Accept);
        request.headers.push_raw("Accept", accept).unwrap();
        net.inject(BOB, &request.to_bytes());
        net.settle();
        assert_eq!(status.map(|_| last_response(&net).status), status, "{accept}");
        assert_eq!(net.phone(BOB).asked_for.len(), asked + usize::from(status.is_none()), "{accept}");
    }
}

#[test]
fn n2_what_is_not_taken() {
    let mut net = phones();
    subscribe_for(&mut net, Package::Reg, 600);
    let refused = last_response(&net);
    assert_eq!(refused.status, Status::BAD_EVENT);
    assert!(refused.headers.get::<AllowEvents>().unwrap().has("dialog"));
    assert_eq!(last(&net, ALICE), "subscription: Ended(Refused(Unsupported))");

    let mut brief = subscribe_like(&net, "z9hG4bKbrief");
    brief.headers.set(&"presence".parse::<Event>().unwrap());
    brief.headers.set(&Expires(59));
    assert_eq!(give(&mut net, &brief), Status::INTERVAL_TOO_BRIEF);
    assert_eq!(last_response(&net).headers.get::<MinExpires>().unwrap(), MinExpires(60));
    let mut mute = subscribe_like(&net, "z9hG4bKevent");
    mute.headers.remove(HeaderName::Event);
    assert_eq!(give(&mut net, &mute), Status::BAD_EVENT);

    let mut net = net_without_packages();
    subscribe(&mut net);
    assert_eq!(last_response(&net).status, Status::BAD_EVENT);
    assert!(!last_response(&net).headers.contains(HeaderName::AllowEvents));
}

pub(super) fn net_without_packages() -> Net {
    let mut net = net();
    net.start(ALICE);
    net.start(BOB);
    net
}

#[test]
fn n2_the_same_by_another_way() {
    let mut net = phones();
    subscribe(&mut net);
    let other = subscribe_like(&net, "z9hG4bKother");
    assert_eq!(give(&mut net, &other), Status::LOOP_DETECTED);
    assert_eq!(net.phone(BOB).asked_for.len(), 1);
}

#[test]
fn n2_too_many() {
    let mut net = phones();
    for _ in 0..65 {
        subscribe(&mut net);
    }
    assert_eq!(net.phone(BOB).asked_for.len(), 64);
    assert_eq!(last_response(&net).status, Status::TEMPORARILY_UNAVAILABLE);
    assert!(last_response(&net).headers.contains(HeaderName::RetryAfter));
}
