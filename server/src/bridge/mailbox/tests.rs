use super::*;
use sip::header::{CallId, From};
use sip::message::Message;

const REGISTER: &str = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: \"Al\" <sip:2001@example.com>;tag=1\r\nTo: <sip:2001@example.com>\r\nCall-ID: id\r\n\
    CSeq: 7 REGISTER\r\nContact: <sip:u@a.invalid;transport=ws>;reg-id=1;expires=600\r\nExpires: 600\r\n\
    User-Agent: Tabphone\r\nContent-Length: 0\r\n\r\n";

fn parsed(bytes: &[u8]) -> Request {
    match Message::parse(bytes).unwrap() {
        Message::Request(request) => request,
        Message::Response(response) => panic!("{response:?}"),
    }
}

fn notify(to: &Request, seq: u32, state: &str, body: &str) -> Vec<u8> {
    let From(own) = to.headers.get::<From>().unwrap();
    let call_id = to.headers.get::<CallId>().unwrap();
    format!(
        "NOTIFY sip:u@a.invalid;transport=ws SIP/2.0\r\nVia: SIP/2.0/WSS p.example.com;branch=z9hG4bKn{seq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:2001@example.com>;tag=pbx\r\nTo: {own}\r\nCall-ID: {call_id}\r\n\
         CSeq: {seq} NOTIFY\r\nEvent: message-summary\r\nSubscription-State: {state}\r\n\
         Content-Type: application/simple-message-summary\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const TWO: &str = "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n";

fn registered() -> (Mailbox, Request, Instant) {
    let (mut mailbox, now) = (Mailbox::default(), Instant::now());
    let asked = parsed(&mailbox.drive(Some(&parsed(REGISTER.as_bytes())), now).unwrap());
    assert!(asked.headers.get::<Event>().unwrap().is("message-summary"));
    let accepted = Response::to_request(&asked, Status::OK);
    assert_eq!(mailbox.answered(&accepted, None, now), Some(Heard::default()));
    (mailbox, asked, now)
}

#[test]
fn mb1_what_waits_is_told() {
    let (mut mailbox, asked, now) = registered();
    let mut waits = |seq, body| {
        let heard = mailbox.notified(&parsed(&notify(&asked, seq, "active", body)), now).unwrap();
        assert!(heard.say.unwrap().starts_with(b"SIP/2.0 200 "));
        heard.waiting
    };
    for (body, waiting) in [
        (TWO, Some(Waiting { new: Some(2), old: 8 })),
        ("Messages-Waiting: no\r\nVoice-Message: 0/8\r\n", Some(Waiting { new: Some(0), old: 8 })),
        ("Messages-Waiting: yes\r\n", Some(Waiting { new: None, old: 0 })),
        ("Messages-Waiting: no\r\n", Some(Waiting { new: Some(0), old: 0 })),
        ("Messages-Waiting: yes\r\nFax-Message: 1/0\r\n", Some(Waiting { new: None, old: 0 })),
        ("<html>", None),
        ("", None),
    ] {
        assert_eq!(waits(6, body), waiting, "{body}");
    }
    assert_eq!(waits(5, TWO), None, "an older one");
}

#[test]
fn mb2_what_nobody_asked_for_is_heard_and_what_is_the_phones_is_left_to_it() {
    let (mut mailbox, _, now) = registered();
    let unasked = notify(&parsed(REGISTER.as_bytes()), 1, "terminated", TWO);
    let heard = mailbox.notified(&parsed(&unasked), now).unwrap();
    assert_eq!(heard.waiting, Some(Waiting { new: Some(2), old: 8 }));
    assert!(mailbox.deadline().is_some(), "and it goes on by itself");
    let of_a_transfer = String::from_utf8(unasked).unwrap().replace("message-summary\r\nSub", "refer\r\nSub");
    assert_eq!(mailbox.notified(&parsed(of_a_transfer.as_bytes()), now), None);
    let theirs = Response::to_request(&parsed(REGISTER.as_bytes()), Status::OK);
    assert_eq!(mailbox.answered(&theirs, None, now), None);
}
