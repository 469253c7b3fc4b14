//! Being asked to call somebody else: each row of the state table, and what a hostile REFER gets.

use super::transfer::{talking, transfer};
use super::{ALICE, BOB, CAROL, Net, last_response};
use sip::Duration;
use sip::agent::{CallId, Cause, Direction, Phase, TransferProgress as Progress, VerbError};
use sip::body::sipfrag::SipFrag;
use sip::header::{CSeq, Contact, Event, ReferredBy, SubscriptionState, To};
use sip::message::{HeaderName, Message, Method, Request, Response, Status};

/// Alice asked Bob to call Carol.
pub(super) fn asked() -> Net {
    let mut net = talking();
    transfer(&mut net, ALICE, "carol");
    net.settle();
    net
}

/// Carol's phone rings.
pub(super) fn calling() -> Net {
    let mut net = asked();
    accept(&mut net);
    net.settle();
    net
}

pub(crate) fn accept(net: &mut Net) -> CallId {
    let call = net.phone(BOB).calls()[0];
    net.on(BOB, "accepts the transfer", |agent, now| agent.accept_transfer(call, now)).unwrap()
}

fn reject(net: &mut Net) {
    let call = net.phone(BOB).calls()[0];
    net.on(BOB, "rejects the transfer", |agent, now| agent.reject_transfer(call, now)).unwrap();
}

/// All that Bob told: the status, and the state of the subscription.
pub(super) fn told(net: &Net) -> Vec<(u16, String)> {
    let notifies = net.exchange.requests(&Method::Notify);
    let one = |notify: &&Request| {
        let state = notify.headers.get::<SubscriptionState>().unwrap();
        let reason = state.reason().map(|reason| format!(" {reason}")).unwrap_or_default();
        (SipFrag::status(&notify.body).unwrap().code(), format!("{}{reason}", state.state))
    };
    notifies.iter().map(one).collect()
}

pub(super) fn is_asked(net: &Net) -> bool {
    net.phone(BOB).agent.calls().any(|call| call.transfer_asked)
}

/// A request of Alice in the dialog with Bob, with these headers.
pub(super) fn from_alice(net: &Net, method: &str, seq: u32, headers: &str) -> Vec<u8> {
    let invite = net.exchange.requests(&Method::Invite)[0];
    let from = invite.headers.raw(&HeaderName::From).next().unwrap();
    let call_id = invite.headers.raw(&HeaderName::CallId).next().unwrap();
    let ok = net.exchange.received.iter().find_map(|message| match message {
        Message::Response(response) if response.status == Status::OK => response.headers.get::<To>().ok(),
        Message::Response(_) | Message::Request(_) => None,
    });
    let to = ok.unwrap();
    format!(
        "{method} sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS alice.invalid;branch=z9hG4bK-{method}-{seq}\r\n\
         Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {seq} {method}\r\n\
         Contact: <sip:alice-page@alice.invalid>\r\n{headers}Content-Length: 0\r\n\r\n",
    )
    .into_bytes()
}

/// What Bob answers to a REFER with these headers.
pub(super) fn refer(net: &mut Net, seq: u32, headers: &str) -> Response {
    let refer = from_alice(net, "REFER", seq, headers);
    net.inject(BOB, &refer);
    let before = net.exchange.received.len();
    net.settle();
    let response = net.exchange.received[before..].iter().find_map(|message| match message {
        Message::Response(response)
            if response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Refer) =>
        {
            Some(response.clone())
        }
        Message::Response(_) | Message::Request(_) => None,
    });
    response.expect("REFER is answered")
}

#[test]
fn none_refer() {
    let mut net = talking();
    let response =
        refer(&mut net, 500, "Refer-To: \"Carol\" <sip:carol@example.com>\r\nReferred-By: <sip:alice@example.com>\r\n");
    assert_eq!(response.status, Status::ACCEPTED);
    assert!(response.headers.get::<Contact>().is_ok());
    assert!(is_asked(&net));
    assert_eq!(told(&net), [(100, "active".into())]);
    let notify = net.exchange.requests(&Method::Notify)[0];
    assert_eq!(notify.headers.get::<Event>().unwrap().to_string(), "refer;id=500");
    assert_eq!(notify.headers.raw(&HeaderName::ContentType).next(), Some("message/sipfrag;version=2.0"));
    assert_eq!(notify.headers.get::<SubscriptionState>().unwrap().expires(), Some(180));
    assert!(net.ladder().contains("bob: <sip:alice@example.com> wants a call to \"Carol\" <sip:carol@example.com>"));
}

#[test]
fn none_refer_that_cannot_be_followed() {
    let long = format!("Refer-To: <sip:{}@example.com>\r\n", "a".repeat(3000));
    for (headers, code) in [
        ("", 400),
        ("Refer-To: <sip:carol@example.com>\r\nRefer-To: <sip:dave@example.com>\r\n", 400),
        ("Refer-To: <sip:carol@example.com>, <sip:dave@example.com>\r\n", 400),
        ("Refer-To: what is this\r\n", 400),
        (long.as_str(), 400),
        ("Refer-To: <http://example.com>\r\n", 416),
        ("Refer-To: <mailto:carol@example.com>\r\n", 416),
        ("Refer-To: <sip:carol@example.com;method=BYE>\r\n", 403),
        ("Refer-To: <sip:carol@example.com;method=SUBSCRIBE>\r\n", 403),
        ("Refer-To: <sip:bob-page@bob.invalid;transport=ws>\r\n", 403),
        ("Refer-To: <sip:carol@example.com?Replaces=nothing>\r\n", 400),
        (
            "Refer-To: <sip:c@example.com?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc&Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\n",
            400,
        ),
    ] {
        let mut net = talking();
        assert_eq!(refer(&mut net, 500, headers).status.code(), code, "{headers}");
        assert!(!is_asked(&net));
        assert_eq!(told(&net), []);
        assert_eq!(net.phone(BOB).phase(), Some(Phase::Established), "the call goes on");
    }
}

#[test]
fn none_refer_that_is_followed() {
    for headers in [
        "Refer-To: sip:carol@example.com\r\n",
        "r: <sip:carol@example.com;method=INVITE>\r\n",
        "Refer-To: <tel:+4930123>\r\n",
        "Refer-To: <sips:carol@example.com>\r\n",
        "Refer-To: <sip:carol@example.com>\r\nReferred-By: what is this\r\n",
        "Require: norefersub\r\nRefer-Sub: false\r\nRefer-To: <sip:carol@example.com>\r\n",
    ] {
        let mut net = talking();
        assert_eq!(refer(&mut net, 500, headers).status, Status::ACCEPTED, "{headers}");
        assert!(is_asked(&net));
    }
}

#[test]
fn asked_and_calling_refer() {
    let mut net = asked();
    let again = refer(&mut net, 500, "Refer-To: <sip:dave@example.com>\r\n");
    assert_eq!(again.status, Status::REQUEST_PENDING);
    let mut net = calling();
    let again = refer(&mut net, 500, "Refer-To: <sip:dave@example.com>\r\n");
    assert_eq!(again.status, Status::REQUEST_PENDING);
    for seq in 501..600 {
        refer(&mut net, seq, "Refer-To: <sip:dave@example.com>\r\n");
    }
    assert_eq!(net.exchange.requests(&Method::Notify).len(), 2, "a storm of them asks nothing");
    assert_eq!(net.phone(BOB).calls().len(), 2);
}

#[test]
fn asked_accept() {
    let net = calling();
    let calls: Vec<_> = net.phone(BOB).agent.calls().collect();
    assert_eq!(calls[0].phase, Phase::Established, "the old call goes on");
    assert!(!calls[0].transfer_asked);
    assert_eq!((calls[1].direction, calls[1].phase), (Direction::Outgoing, Phase::RingingThere));
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::RingingHere));
    let invite = net.exchange.requests(&Method::Invite)[1];
    assert_eq!(invite.headers.get::<ReferredBy>().unwrap().to_string(), "\"ALICE\" <sip:alice@example.com>");
    assert!(!invite.headers.contains(HeaderName::Replaces));
}

#[test]
fn asked_reject() {
    let mut net = asked();
    reject(&mut net);
    net.settle();
    assert_eq!(told(&net), [(100, "active".into()), (603, "terminated noresource".into())]);
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(Status::DECLINE)));
    assert!(!is_asked(&net));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    let call = net.phone(BOB).calls()[0];
    let again = net.on(BOB, "accepts it after all", |agent, now| agent.accept_transfer(call, now));
    assert_eq!(again, Err(VerbError::WrongPhase));
    let again = net.on(BOB, "rejects it again", |agent, now| agent.reject_transfer(call, now));
    assert_eq!(again, Err(VerbError::WrongPhase));
}

#[test]
fn asked_the_ringing_time() {
    let mut net = asked();
    net.run(Duration::from_secs(59));
    assert!(is_asked(&net));
    net.run(Duration::from_secs(2));
    assert!(!is_asked(&net));
    assert_eq!(told(&net).last(), Some(&(408, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(Status::REQUEST_TIMEOUT)));
}

#[test]
fn asked_bye() {
    let mut net = asked();
    let call = net.phone(BOB).calls()[0];
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    // Phones that hang up at once still mean it.
    let new = net.on(BOB, "accepts the transfer", |agent, now| agent.accept_transfer(call, now)).unwrap();
    net.settle();
    net.answer(CAROL);
    net.settle();
    assert_eq!(net.phone(BOB).calls(), [new]);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));

    let mut net = asked();
    let call = net.phone(BOB).calls()[0];
    net.hang_up(ALICE);
    net.run(Duration::from_secs(61));
    let late = net.on(BOB, "accepts it too late", |agent, now| agent.accept_transfer(call, now));
    assert_eq!(late, Err(VerbError::NoCall));
}

#[test]
fn calling_the_target_rings() {
    let net = calling();
    assert_eq!(told(&net), [(100, "active".into()), (180, "active".into())]);
    assert_eq!(net.phone(ALICE).transfers(), [Progress::Sent, Progress::Accepted, Progress::Trying, Progress::Ringing]);
}

#[test]
fn calling_the_target_answers() {
    let mut net = calling();
    net.answer(CAROL);
    net.settle();
    assert_eq!(told(&net).last(), Some(&(200, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Answered));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred]);
    assert_eq!(net.phone(BOB).causes(), [Cause::Transferred]);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established), "with Carol");
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::Established));
}

#[test]
fn calling_the_target_refuses() {
    let mut net = calling();
    net.decline(CAROL);
    net.settle();
    assert_eq!(told(&net).last(), Some(&(603, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(Status::DECLINE)));
    assert_eq!(net.phone(BOB).calls().len(), 1, "the old call goes on");

    for code in [302, 404, 486, 503] {
        let status = Status::new(code).unwrap();
        let mut net = asked();
        net.exchange.refuse(Method::Invite, status);
        accept(&mut net);
        net.settle();
        assert_eq!(told(&net).last(), Some(&(code, "terminated noresource".into())));
        assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(status)));
    }
}

#[test]
fn calling_the_target_says_nothing() {
    let mut net = asked();
    for _ in 0..10 {
        net.exchange.lose(Method::Invite);
    }
    accept(&mut net);
    net.run(Duration::from_secs(35));
    assert_eq!(told(&net).last(), Some(&(408, "terminated noresource".into())));
}

#[test]
fn calling_it_is_given_up_here() {
    let mut net = calling();
    let new = net.phone(BOB).calls()[1];
    net.on(BOB, "gives it up", |agent, now| agent.hangup(new, now)).unwrap();
    net.settle();
    assert_eq!(told(&net).last(), Some(&(487, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn calling_the_subscriptions_time() {
    let mut net = asked();
    net.phone_mut(BOB).holds = true;
    net.inject(BOB, &from_alice(&net, "SUBSCRIBE", 500, "Event: refer\r\nExpires: 5\r\n"));
    net.settle();
    accept(&mut net);
    net.run(Duration::from_secs(6));
    assert_eq!(told(&net).last(), Some(&(100, "terminated timeout".into())));
    let before = told(&net).len();
    net.answer_held(BOB);
    net.settle();
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::RingingHere), "the new call goes on");
    assert_eq!(told(&net).len(), before, "and nobody is told");
}

#[test]
fn calling_and_over_after_an_answer_bye() {
    let mut net = calling();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::Transferred]);
    // Who hung up does not know the dialog any more, and is told nothing further.
    net.answer(CAROL);
    net.settle();
    assert_eq!(told(&net).last(), Some(&(200, "terminated noresource".into())));
    assert_eq!(last_response(&net).status, Status::CALL_DOES_NOT_EXIST);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    let seqs: Vec<u32> =
        net.exchange.requests(&Method::Notify).iter().map(|notify| notify.headers.get::<CSeq>().unwrap().seq).collect();
    assert!(seqs.is_sorted());
}

#[test]
fn all_is_forgotten_at_the_end() {
    for accepted in [true, false] {
        let mut net = asked();
        let call = net.phone(BOB).calls()[0];
        net.hang_up(ALICE);
        net.settle();
        net.on(BOB, "decides", |agent, now| {
            if accepted { agent.accept_transfer(call, now).map(drop) } else { agent.reject_transfer(call, now) }
        })
        .unwrap();
        net.run(Duration::from_secs(300));
        assert_eq!(net.phone(BOB).calls(), [], "Carol did not answer");
        let snapshot = net.phone(BOB).agent.snapshot(net.now).unwrap();
        let snapshot = serde_json::to_value(&snapshot).unwrap();
        assert_eq!(snapshot["sessions"].as_array().map(Vec::len), Some(0));
    }
}
