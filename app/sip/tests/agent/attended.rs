//! Attended transfers, as their transferor has them.

use super::transfer::talking;
use super::{ALICE, BOB, CAROL, Net};
use sip::Duration;
use sip::agent::{CallId, Cause, Phase, TransferProgress as Progress, VerbError};
use sip::header::{self, ReferTo};
use sip::message::{Message, Method, Response, Status};

/// Alice talks to Bob and then to Carol: the two calls.
fn consulting() -> (Net, CallId, CallId) {
    let mut net = talking();
    let first = net.phone(ALICE).calls()[0];
    let second = net.dial(ALICE, "carol");
    net.settle();
    net.answer(CAROL);
    net.settle();
    (net, first, second)
}

fn transfer_to(net: &mut Net, call: CallId, with: CallId) -> Result<(), VerbError> {
    net.on(ALICE, "brings them together", |agent, now| agent.transfer_to(call, with, now))
}

/// Bob is told nothing, but that his REFER is taken on.
fn accepted() -> (Net, CallId, CallId) {
    let (mut net, first, second) = consulting();
    net.exchange.answer(Method::Refer, |refer| Response::to_request(refer, Status::ACCEPTED));
    transfer_to(&mut net, first, second).unwrap();
    net.settle();
    (net, first, second)
}

/// The other end of a call of Alice's sends this.
fn from_there(net: &mut Net, call: CallId, seq: u32, method: &str, headers: &str, body: &str) {
    let call = net.phone(ALICE).agent.calls().find(|other| other.id == call).unwrap();
    let ok = net.exchange.received.iter().find_map(|message| match message {
        Message::Response(response)
            if response.status == Status::OK
                && response.headers.get::<header::CallId>().is_ok_and(|id| id.to_string() == call.call_id) =>
        {
            Some((response.headers.get::<header::From>().unwrap(), response.headers.get::<header::To>().unwrap()))
        }
        Message::Response(_) | Message::Request(_) => None,
    });
    let (own, other) = ok.unwrap();
    let request = format!(
        "{method} sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid;branch=z9hG4bK-{seq}-{}\r\n\
         Max-Forwards: 70\r\nFrom: {other}\r\nTo: {own}\r\nCall-ID: {}\r\nCSeq: {seq} {method}\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        call.call_id,
        call.call_id,
        body.len()
    );
    net.inject(ALICE, request.as_bytes());
    net.settle();
}

fn notify(net: &mut Net, call: CallId, status: &str) {
    let headers =
        "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\nContent-Type: message/sipfrag\r\n";
    from_there(net, call, 500, "NOTIFY", headers, &format!("SIP/2.0 {status}\r\n"));
}

#[test]
fn passed_not_transfer_to() {
    let (net, _, second) = accepted();
    let refer = net.exchange.requests(&Method::Refer)[0];
    let to = refer.headers.get::<ReferTo>().unwrap();
    let replaces = to.replaces().unwrap();
    let call = net.phone(ALICE).agent.calls().find(|call| call.id == second).unwrap();
    assert_eq!(replaces.call_id().to_string(), call.call_id);
    assert_eq!(replaces.from_tag(), call.local_tag, "the target's own tag is the to-tag");
    assert!(to.to_string().starts_with("<sip:carol@example.com?Replaces="), "{to}");
    assert!(to.to_string().contains("%3Bto-tag%3D"));
    assert_eq!(net.phone(ALICE).calls().len(), 2, "both go on until then");
}

#[test]
fn the_target_is_its_gruu_if_it_has_one() {
    let mut net = talking();
    let first = net.phone(ALICE).calls()[0];
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::OK);
        response.set_to_tag("there");
        response.headers.push_raw("Contact", "<sip:carol@example.com;gr=urn:uuid:1>").unwrap();
        response.headers.push_raw("Content-Type", "application/sdp").unwrap();
        response.body = b"answer".to_vec();
        response
    });
    let second = net.dial(ALICE, "carol");
    net.settle();
    transfer_to(&mut net, first, second).unwrap();
    net.settle();
    let to = net.exchange.requests(&Method::Refer)[0].headers.get::<ReferTo>().unwrap().to_string();
    assert!(to.starts_with("<sip:carol@example.com;gr=urn:uuid:1?Replaces="), "{to}");
}

#[test]
fn passed_offered_the_transfer_failed() {
    let (mut net, first, second) = accepted();
    notify(&mut net, first, "486 Busy Here");
    assert_eq!(net.phone(ALICE).calls(), [first, second], "both go on");
    from_there(&mut net, second, 600, "BYE", "", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn passed_offered_the_target_answered() {
    let (mut net, first, second) = accepted();
    notify(&mut net, first, "200 OK");
    assert_eq!(net.phone(ALICE).calls(), [second], "the target ends that");
    net.run(Duration::from_secs(6));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred, Cause::Transferred], "but not for ever");
    assert_eq!(net.phone(CAROL).causes(), [Cause::HungUpThere]);
}

#[test]
fn passed_offered_the_other_call_ended_otherwise() {
    let (mut net, first, second) = accepted();
    from_there(&mut net, first, 500, "BYE", "", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred]);
    net.run(Duration::from_secs(33));
    assert_eq!(net.phone(ALICE).calls(), [second], "nobody knows: it goes on");
    from_there(&mut net, second, 600, "BYE", "", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred, Cause::HungUpThere]);
}

#[test]
fn passed_offered_and_due_bye() {
    let (mut net, _, second) = accepted();
    from_there(&mut net, second, 600, "BYE", "", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred], "before the NOTIFY");

    let (mut net, first, second) = accepted();
    notify(&mut net, first, "200 OK");
    from_there(&mut net, second, 600, "BYE", "", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred, Cause::Transferred]);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let (mut net, first, second) = consulting();
    assert_eq!(transfer_to(&mut net, first, first), Err(VerbError::WrongPhase));
    assert_eq!(transfer_to(&mut net, first, CallId(99)), Err(VerbError::NoCall));
    assert_eq!(transfer_to(&mut net, CallId(99), second), Err(VerbError::NoCall));
    assert_eq!(net.phone(ALICE).calls(), [first, second]);

    let mut net = talking();
    net.dial(CAROL, "alice");
    net.settle();
    let calls = net.phone(ALICE).calls();
    assert_eq!(transfer_to(&mut net, calls[0], calls[1]), Err(VerbError::WrongPhase), "it rings here");
    assert_eq!(transfer_to(&mut net, calls[1], calls[0]), Err(VerbError::WrongPhase), "it is not answered");
    assert_eq!(net.phone(ALICE).calls(), calls);
}

#[test]
fn either_call_may_be_the_one_that_is_passed_on() {
    let (mut net, first, second) = consulting();
    transfer_to(&mut net, second, first).unwrap();
    net.settle();
    let call = net.phone(CAROL).calls()[0];
    net.on(CAROL, "accepts the transfer", |agent, now| agent.accept_transfer(call, now)).unwrap();
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred, Cause::Transferred]);
    assert_eq!(net.phone(BOB).causes(), [Cause::Replaced]);
    assert_eq!(net.phone(CAROL).causes(), [Cause::Transferred]);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::Established));
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Answered));
}
