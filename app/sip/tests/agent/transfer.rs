//! Asking the other end of a call to call somebody else: each row of the state table, and what servers do in practice.

use super::{ALICE, BOB, CAROL, Net, established, last_response, trio};
use sip::Duration;
use sip::agent::{Cause, Phase, TransferProgress as Progress, VerbError};
use sip::header::{Contact, ReferTo, ReferredBy};
use sip::message::{Method, Request, Response, Status};

/// Three phones, each of which takes two calls.
pub(crate) fn three() -> Net {
    let mut net = trio();
    for phone in [ALICE, BOB, CAROL] {
        net.phone_mut(phone).configure(|config| config.max_calls = 2);
        net.start(phone);
    }
    net
}

/// Alice called Bob, who answered.
pub(crate) fn talking() -> Net {
    let mut net = three();
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    net
}

/// A phone asks the other end of its oldest call to call a user.
pub(crate) fn transfer(net: &mut Net, phone: usize, user: &str) {
    try_transfer(net, phone, user).unwrap();
}

pub(super) fn try_transfer(net: &mut Net, phone: usize, user: &str) -> Result<(), VerbError> {
    let call = net.phone(phone).calls()[0];
    let target = format!("sip:{user}@example.com").parse().unwrap();
    net.on(phone, &format!("transfers to {user}"), |agent, now| agent.transfer(call, target, now))
}

/// Answers the next REFER in Bob's place with this, and Alice sends it.
pub(super) fn asked(answer: impl FnMut(&Request) -> Response + 'static) -> Net {
    let mut net = established();
    net.exchange.answer(Method::Refer, answer);
    transfer(&mut net, ALICE, "carol");
    net.settle();
    net
}

pub(super) fn accepted() -> Net {
    asked(|refer| Response::to_request(refer, Status::ACCEPTED))
}

pub(super) fn refer(net: &Net) -> Request {
    net.exchange.requests(&Method::Refer).last().map(|refer| (*refer).clone()).expect("there was a REFER")
}

/// A request of Bob in the dialog of Alice's REFER, with these headers and this body.
pub(super) fn from_bob(net: &Net, method: &str, seq: u32, headers: &str, body: &str) -> String {
    let refer = refer(net);
    let one = |name: &str| {
        let name = name.parse().unwrap();
        refer.headers.raw(&name).next().unwrap().to_owned()
    };
    format!(
        "{method} sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS bob.invalid;branch=z9hG4bK-{method}-{seq}\r\n\
         Max-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {seq} {method}\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        one("To"),
        one("From"),
        one("Call-ID"),
        body.len(),
    )
}

/// Bob tells Alice this about her REFER; her answer.
pub(super) fn notify(net: &mut Net, seq: u32, state: &str, body: &str) -> Status {
    notify_of(net, seq, "refer", state, body)
}

pub(super) fn notify_of(net: &mut Net, seq: u32, event: &str, state: &str, body: &str) -> Status {
    let headers =
        format!("Event: {event}\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag;version=2.0\r\n");
    let notify = from_bob(net, "NOTIFY", seq, &headers, body);
    net.inject(ALICE, notify.as_bytes());
    net.settle();
    last_response(net).status
}

fn bye(net: &mut Net, seq: u32) {
    let bye = from_bob(net, "BYE", seq, "", "");
    net.inject(ALICE, bye.as_bytes());
    net.settle();
}

pub(super) fn progress(net: &Net) -> Vec<Progress> {
    net.phone(ALICE).transfers()
}

/// What Alice's screen says of it.
pub(super) fn shown(net: &Net) -> Option<Progress> {
    net.phone(ALICE).agent.calls().next().and_then(|call| call.transfer)
}

#[test]
fn not_transfer() {
    let net = accepted();
    let refer = refer(&net);
    assert_eq!(refer.headers.get::<ReferTo>().unwrap().to_string(), "<sip:carol@example.com>");
    assert_eq!(refer.headers.get::<ReferredBy>().unwrap().to_string(), "\"ALICE\" <sip:alice@example.com>");
    assert!(refer.headers.get::<Contact>().is_ok());
    assert_eq!(progress(&net)[0], Progress::Sent);
}

#[test]
fn asking_and_watching_transfer() {
    let mut net = established();
    net.exchange.lose(Method::Refer);
    transfer(&mut net, ALICE, "carol");
    assert_eq!(shown(&net), Some(Progress::Sent));
    assert_eq!(try_transfer(&mut net, ALICE, "dave"), Err(VerbError::WrongPhase));
    let mut net = accepted();
    assert_eq!(try_transfer(&mut net, ALICE, "dave"), Err(VerbError::WrongPhase));
    assert_eq!(net.exchange.requests(&Method::Refer).len(), 1);
}

#[test]
fn asking_2xx() {
    for status in [Status::ACCEPTED, Status::OK] {
        let net = asked(move |refer| Response::to_request(refer, status));
        assert_eq!(progress(&net), [Progress::Sent, Progress::Accepted]);
        assert_eq!(shown(&net), Some(Progress::Accepted));
    }
}

#[test]
fn asking_2xx_without_subscription() {
    let mut net = asked(|refer| {
        let mut response = Response::to_request(refer, Status::ACCEPTED);
        response.headers.push_raw("Refer-Sub", "false").unwrap();
        response
    });
    assert_eq!(progress(&net), [Progress::Sent, Progress::Accepted, Progress::Unknown]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    bye(&mut net, 500);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred]);
}

#[test]
fn asking_refusal() {
    for code in [400, 403, 405, 481, 501, 603] {
        let status = Status::new(code).unwrap();
        let mut net = asked(move |refer| Response::to_request(refer, status));
        assert_eq!(progress(&net), [Progress::Sent, Progress::Failed(status)]);
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established), "the call goes on");
        assert_eq!(shown(&net), None);
        net.hang_up(ALICE);
        net.settle();
        assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpHere]);
    }
}

#[test]
fn asking_nothing_in_64_t1() {
    let mut net = established();
    net.exchange.lose(Method::Refer);
    transfer(&mut net, ALICE, "carol");
    net.run(Duration::from_secs(31));
    assert_eq!(progress(&net), [Progress::Sent]);
    net.run(Duration::from_secs(2));
    assert_eq!(progress(&net), [Progress::Sent, Progress::Unknown]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    net.run(Duration::from_secs(33));
    assert_eq!(shown(&net), None);
    transfer(&mut net, ALICE, "carol");
}

#[test]
fn asking_and_watching_notify_100() {
    let mut net = accepted();
    assert_eq!(notify(&mut net, 500, "active;expires=60", "SIP/2.0 100 Trying\r\n"), Status::OK);
    assert_eq!(notify(&mut net, 501, "active;expires=60", "SIP/2.0 100 Trying\r\n"), Status::OK);
    assert_eq!(progress(&net), [Progress::Sent, Progress::Accepted, Progress::Trying], "told once");

    // Before the 202, which the server then does not send any more.
    let mut net = established();
    net.exchange.lose(Method::Refer);
    transfer(&mut net, ALICE, "carol");
    net.settle();
    assert_eq!(notify(&mut net, 500, "active", "SIP/2.0 100 Trying\r\n"), Status::OK);
    assert_eq!(progress(&net), [Progress::Sent, Progress::Trying]);
    net.run(Duration::from_secs(60));
    assert_eq!(progress(&net), [Progress::Sent, Progress::Trying], "what a NOTIFY said is not undone");
}

#[test]
fn asking_and_watching_notify_180() {
    let mut net = accepted();
    notify(&mut net, 500, "active", "SIP/2.0 180 Ringing\r\n");
    notify(&mut net, 501, "active", "SIP/2.0 183 Session Progress\r\n");
    notify(&mut net, 502, "active", "SIP/2.0 100 Trying\r\n");
    assert_eq!(progress(&net), [Progress::Sent, Progress::Accepted, Progress::Ringing]);
}

#[test]
fn asking_watching_and_lapsed_notify_2xx() {
    let mut net = accepted();
    assert_eq!(notify(&mut net, 500, "terminated;reason=noresource", "SIP/2.0 200 OK\r\n"), Status::OK);
    assert_eq!(progress(&net), [Progress::Sent, Progress::Accepted, Progress::Answered]);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred]);
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    // Another one finds nothing any more.
    assert_eq!(notify(&mut net, 501, "terminated", "SIP/2.0 200 OK\r\n"), Status::CALL_DOES_NOT_EXIST);

    let mut net = established();
    net.exchange.lose(Method::Refer);
    transfer(&mut net, ALICE, "carol");
    net.settle();
    notify(&mut net, 500, "terminated", "SIP/2.0 200 OK");
    assert_eq!(progress(&net), [Progress::Sent, Progress::Answered], "before the 202");

    let mut net = accepted();
    net.run(Duration::from_secs(40));
    assert_eq!(progress(&net).last(), Some(&Progress::Unknown));
    notify(&mut net, 500, "terminated", "SIP/2.0 200 OK\r\n");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred], "late");
}

#[test]
fn asking_watching_and_lapsed_notify_3xx_to_6xx() {
    for code in [302, 404, 486, 503, 603] {
        let status = Status::new(code).unwrap();
        let mut net = accepted();
        let body = format!("SIP/2.0 {code} {}\r\n", status.reason());
        assert_eq!(notify(&mut net, 500, "terminated;reason=noresource", &body), Status::OK);
        assert_eq!(progress(&net).last(), Some(&Progress::Failed(status)));
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established), "the call goes on");
        // And may be passed on once more.
        transfer(&mut net, ALICE, "dave");
    }
}

#[test]
fn asking_and_watching_terminated_without_a_final_status() {
    for (state, body) in [
        ("terminated;reason=noresource", "SIP/2.0 100 Trying\r\n"),
        ("terminated;reason=timeout", ""),
        ("terminated", "what is this"),
    ] {
        let mut net = accepted();
        assert_eq!(notify(&mut net, 500, state, body), Status::OK);
        assert_eq!(progress(&net), [Progress::Sent, Progress::Accepted, Progress::Unknown], "{state}");
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
        bye(&mut net, 600);
        assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred]);
    }
}

#[test]
fn watching_no_notify_in_time() {
    let mut net = accepted();
    net.run(Duration::from_secs(33));
    assert_eq!(progress(&net).last(), Some(&Progress::Unknown));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));

    let mut net = accepted();
    notify(&mut net, 500, "active;expires=100", "SIP/2.0 100 Trying\r\n");
    net.run(Duration::from_secs(99));
    assert_eq!(progress(&net).last(), Some(&Progress::Trying));
    net.run(Duration::from_secs(2));
    assert_eq!(progress(&net).last(), Some(&Progress::Unknown));

    let mut net = accepted();
    notify(&mut net, 500, "active;expires=4294967295", "SIP/2.0 180 Ringing\r\n");
    net.run(Duration::from_secs(301));
    assert_eq!(progress(&net).last(), Some(&Progress::Unknown), "nobody is waited for forever");
}

#[test]
fn watching_and_lapsed_bye() {
    let mut net = accepted();
    bye(&mut net, 500);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred], "no NOTIFY at all");

    let mut net = accepted();
    notify(&mut net, 500, "active", "SIP/2.0 100 Trying\r\n");
    bye(&mut net, 501);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred], "nothing but 100");
    assert_eq!(
        notify(&mut net, 502, "terminated", "SIP/2.0 200 OK\r\n"),
        Status::CALL_DOES_NOT_EXIST,
        "NOTIFY after BYE"
    );

    let mut net = accepted();
    net.run(Duration::from_secs(40));
    bye(&mut net, 500);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred], "lapsed");
}

#[test]
fn asking_bye() {
    let mut net = established();
    net.exchange.lose(Method::Refer);
    transfer(&mut net, ALICE, "carol");
    net.settle();
    bye(&mut net, 500);
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
    assert_eq!(progress(&net), [Progress::Sent]);
}

#[test]
fn asking_and_watching_refer() {
    let mut net = accepted();
    let theirs = from_bob(&net, "REFER", 500, "Refer-To: <sip:dave@example.com>\r\nContact: <sip:b@b.invalid>\r\n", "");
    net.inject(ALICE, theirs.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::REQUEST_PENDING);
    assert!(!net.phone(ALICE).agent.calls().next().unwrap().transfer_asked);
}

#[test]
fn not_and_done_notify() {
    let mut net = asked(|refer| Response::to_request(refer, Status::FORBIDDEN));
    let status = notify(&mut net, 500, "active", "SIP/2.0 200 OK\r\n");
    assert_eq!(status, Status::CALL_DOES_NOT_EXIST);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn lapsed_64_t1() {
    let mut net = accepted();
    net.run(Duration::from_secs(33));
    assert_eq!(shown(&net), Some(Progress::Unknown));
    net.run(Duration::from_secs(33));
    assert_eq!(shown(&net), None);
    bye(&mut net, 500);
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere], "it has nothing to do with it any more");
}
