//! What a NOTIFY says, and who may send one.

use super::subscriptions::{OPEN, active, alice, answered, branch, last_subscribe, notify, phase};
use super::{ALICE, Net};
use sip::agent::{Body, Notice, SubscriptionPhase};
use sip::body::pidf::Availability;
use sip::header::{Event, From, To};
use sip::message::{HeaderName, Request, Status};

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
