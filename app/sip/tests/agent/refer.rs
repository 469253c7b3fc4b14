//! What a REFER may not do.

use super::transfer::{talking, transfer};
use super::transferee::{accept, refer};
use super::{ALICE, BOB, CAROL, last_response, trio};
use sip::agent::TransferProgress as Progress;
use sip::header::Replaces;
use sip::message::{HeaderName, Method, Status};

#[test]
fn only_harmless_headers_reach_the_invite() {
    let mut net = talking();
    let uri = "sip:carol@example.com;method=INVITE?Replaces=12%40x%3Bto-tag%3Da%3Bfrom-tag%3Db%3Bearly-only&Require=replaces\
               &Subject=Hello%20you&From=%3Csip%3Aking%40example.com%3E&Route=%3Csip%3Aevil.example%3Blr%3E\
               &Call-ID=1&Via=x&body=v%3D0&Contact=%3Csip%3Aevil%40example.com%3E&Authorization=Digest&X-A=1%0d%0aEvil%3A+1\
               &Content-Type=text%2Fplain&P-Asserted-Identity=%3Csip%3Aking%40example.com%3E";
    let headers = format!("Refer-To: <{uri}>\r\nReferred-By: <sip:alice@example.com>;cid=\"1@a\"\r\n");
    assert_eq!(refer(&mut net, 500, &headers).status, Status::ACCEPTED);
    accept(&mut net);
    net.settle();
    let invite = net.exchange.requests(&Method::Invite)[1];
    assert_eq!(invite.uri.to_string(), "sip:carol@example.com");
    let replaces = invite.headers.get::<Replaces>().unwrap();
    assert_eq!(replaces.to_string(), "12@x;to-tag=a;from-tag=b;early-only");
    let raw = |name: &str| -> Vec<String> {
        let name = name.parse().unwrap();
        invite.headers.raw(&name).map(ToOwned::to_owned).collect()
    };
    assert_eq!(raw("Require"), ["replaces"]);
    assert_eq!(raw("Subject"), ["Hello you"]);
    assert_eq!(raw("Referred-By"), ["<sip:alice@example.com>"]);
    for name in ["Route", "Authorization", "X-A", "Evil", "P-Asserted-Identity"] {
        assert_eq!(raw(name), [""; 0], "{name}");
    }
    assert!(raw("From")[0].contains("bob@example.com"));
    assert_eq!(raw("Contact").len(), 1);
    assert!(!String::from_utf8_lossy(&invite.to_bytes()).contains("evil"));
}

#[test]
fn who_does_not_take_transfers_refuses_them() {
    let mut net = trio();
    net.phone_mut(BOB).configure(|config| config.transfers = false);
    for phone in [ALICE, BOB, CAROL] {
        net.start(phone);
    }
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    transfer(&mut net, ALICE, "carol");
    net.settle();
    let response = last_response(&net);
    assert_eq!(response.status, Status::METHOD_NOT_ALLOWED);
    assert!(!response.headers.raw(&HeaderName::Allow).any(|allow| allow.contains("REFER")));
    assert_eq!(net.phone(ALICE).transfers(), [Progress::Sent, Progress::Failed(Status::METHOD_NOT_ALLOWED)]);
}

#[test]
fn nobody_outside_of_a_call_may_have_us_call() {
    let mut net = talking();
    let refer = "REFER sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS alice.invalid;branch=z9hG4bK-1\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n\
                 CSeq: 1 REFER\r\nContact: <sip:a@alice.invalid>\r\nRefer-To: <sip:carol@example.com>\r\n\
                 Content-Length: 0\r\n\r\n";
    net.inject(BOB, refer.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::FORBIDDEN);
    net.inject(BOB, refer.replace("REFER", "SUBSCRIBE").replace("z9hG4bK-1", "z9hG4bK-2").as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::BAD_EVENT);
    net.inject(
        BOB,
        refer
            .replace("REFER", "NOTIFY")
            .replace("z9hG4bK-1", "z9hG4bK-3")
            .replace("Refer-To: <sip:carol@example.com>", "Event: refer\r\nSubscription-State: active")
            .as_bytes(),
    );
    net.settle();
    assert_eq!(last_response(&net).status, Status::CALL_DOES_NOT_EXIST);
}

#[test]
fn a_call_that_is_not_answered_is_not_passed_on() {
    let mut net = super::transfer::three();
    net.dial(ALICE, "bob");
    net.settle();
    let ringing = last_response(&net);
    let (from, to) = (ringing.headers.raw(&HeaderName::From).next(), ringing.headers.raw(&HeaderName::To).next());
    let call_id = ringing.headers.raw(&HeaderName::CallId).next();
    let refer = format!(
        "REFER sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS alice.invalid;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\n\
         From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 500 REFER\r\nRefer-To: <sip:carol@example.com>\r\n\
         Content-Length: 0\r\n\r\n",
        from.unwrap(),
        to.unwrap(),
        call_id.unwrap(),
    );
    net.inject(BOB, refer.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::FORBIDDEN);
}
