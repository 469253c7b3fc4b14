//! INVITE with Replaces: each row of the state table, attended transfers as their transferor has them, and pick-ups.

use super::transfer::{talking, three};
use super::{ALICE, BOB, CAROL, Net, last_response};
use sip::Duration;
use sip::agent::{CallId, Cause, Direction, MediaFailure, Phase, TransferProgress as Progress, VerbError};
use sip::header::{self, CSeq, ReferTo, Replaces};
use sip::message::{Message, Method, Response, Status};

/// The dialog of a phone's first call, as it is to be named by others.
fn dialog(net: &Net, phone: usize) -> Replaces {
    let call = net.phone(phone).agent.calls().next().unwrap();
    let of = |message: &Message| match message {
        Message::Response(response) => (response.headers.get::<header::CallId>().ok()?.to_string() == call.call_id)
            .then(|| {
                let from = response.headers.get::<header::From>().ok()?.tag()?.to_owned();
                let to = response.headers.get::<header::To>().ok()?.tag()?.to_owned();
                Some((from, to))
            })
            .flatten(),
        Message::Request(_) => None,
    };
    let (from, to) = net.exchange.received.iter().rev().find_map(of).expect("there is a dialog");
    let (own, other) = if from == call.local_tag { (from, to) } else { (to, from) };
    Replaces::new(&call.call_id.parse().unwrap(), &own, &other).unwrap()
}

/// Carol calls in the place of this dialog.
fn replace(net: &mut Net, user: &str, dialog: Replaces) -> CallId {
    let target = format!("sip:{user}@example.com").parse().unwrap();
    let call = net.on(CAROL, "takes over", |agent, now| agent.replace(target, dialog, now)).unwrap();
    net.settle();
    call
}

/// How Carol's INVITE was refused, if the old call goes on at Bob's.
fn refused(net: &mut Net, dialog: Replaces) -> u16 {
    let phases = |net: &Net| -> Vec<Phase> { net.phone(BOB).agent.calls().map(|call| call.phase).collect() };
    let before = phases(net);
    replace(net, "bob", dialog);
    assert_eq!(phases(net), before, "nothing changed");
    let of = |message: &Message| match message {
        Message::Response(response)
            if response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Invite)
                && response.status.is_final() =>
        {
            Some(response.status.code())
        }
        Message::Response(_) | Message::Request(_) => None,
    };
    net.exchange.received.iter().rev().find_map(of).unwrap()
}

#[test]
fn established_replaces() {
    for full in [false, true] {
        let mut net = three();
        if full {
            net = super::network::Network::new(super::network::Wire::default(), &["alice", "bob", "carol"]);
            for phone in [ALICE, BOB, CAROL] {
                net.start(phone);
            }
        }
        net.dial(ALICE, "bob");
        net.settle();
        net.answer(BOB);
        net.settle();
        let old = net.phone(BOB).calls()[0];
        let named = dialog(&net, BOB);
        net.phone_mut(BOB).holds = true;
        replace(&mut net, "bob", named);
        let calls: Vec<_> = net.phone(BOB).agent.calls().collect();
        assert_eq!(calls.len(), 2, "one more than is allowed otherwise");
        assert_eq!((calls[1].phase, calls[1].direction), (Phase::Answering, Direction::Incoming));
        assert_eq!(calls[1].replaces, Some(old));
        assert!(!net.ladder().contains("bob: rings: \"CAROL\""), "it does not ring");
        assert_eq!(net.phone(BOB).causes(), [], "the old one goes on until then");
        net.answer_held(BOB);
        net.settle();
        assert_eq!(net.phone(BOB).causes(), [Cause::Replaced]);
        assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
        assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
        assert_eq!(net.phone(CAROL).phase(), Some(Phase::Established));
    }
}

#[test]
fn established_replaces_at_the_caller() {
    let mut net = talking();
    let named = dialog(&net, ALICE);
    replace(&mut net, "alice", named);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Replaced]);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn established_replaces_the_answer_cannot_be_made() {
    let mut net = talking();
    net.phone_mut(BOB).media = Err(MediaFailure::DeviceBusy);
    let named = dialog(&net, BOB);
    assert_eq!(refused(&mut net, named), 488);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn established_replaces_but_it_is_given_up() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    let named = dialog(&net, BOB);
    replace(&mut net, "bob", named);
    net.hang_up(CAROL);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::CancelledThere]);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established), "the old one goes on");
}

#[test]
fn established_replaces_with_early_only() {
    let mut net = talking();
    let named = dialog(&net, BOB).with_early_only();
    assert_eq!(refused(&mut net, named), 486);
}

#[test]
fn established_another_replaces_while_one_is_being_answered() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    let named = dialog(&net, BOB);
    replace(&mut net, "bob", named.clone());
    assert_eq!(refused(&mut net, named), 491);
}

#[test]
fn that_we_began_unanswered_replaces() {
    for early_only in [false, true] {
        let mut net = three();
        net.dial(ALICE, "bob");
        net.settle();
        let named = dialog(&net, ALICE);
        replace(&mut net, "alice", if early_only { named.with_early_only() } else { named });
        assert_eq!(net.phone(ALICE).causes(), [Cause::Replaced]);
        assert_eq!(net.phone(BOB).causes(), [Cause::AnsweredElsewhere]);
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
        assert_eq!(net.phone(CAROL).phase(), Some(Phase::Established), "it was picked up");
    }
}

#[test]
fn that_we_began_unanswered_replaces_while_it_is_answered() {
    let mut net = three();
    net.dial(ALICE, "bob");
    net.settle();
    let named = dialog(&net, ALICE);
    net.phone_mut(ALICE).holds = true;
    replace(&mut net, "alice", named);
    net.answer(BOB);
    net.settle();
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::Replaced]);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    assert_eq!(net.phone(ALICE).calls().len(), 1);
}

#[test]
fn that_rings_here_replaces() {
    let mut net = three();
    net.dial(ALICE, "bob");
    net.settle();
    let named = dialog(&net, BOB);
    assert_eq!(refused(&mut net, named), 481);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
}

#[test]
fn that_is_over_replaces() {
    let mut net = three();
    net.dial(ALICE, "bob");
    net.settle();
    let named = dialog(&net, BOB);
    net.exchange.lose(Method::Ack);
    net.answer(BOB);
    // BYE waits for the ACK.
    net.hang_up(BOB);
    assert_eq!(refused(&mut net, named), 603);
}

#[test]
fn unknown_replaces() {
    let mut net = talking();
    let named = dialog(&net, BOB);
    let call_id = named.call_id().clone();
    for wrong in [
        Replaces::new(&call_id, named.from_tag(), named.to_tag()).unwrap(),
        Replaces::new(&call_id, named.to_tag(), "other").unwrap(),
        Replaces::new(&call_id, "0", named.from_tag()).unwrap(),
        Replaces::new(&"other".parse().unwrap(), named.to_tag(), named.from_tag()).unwrap(),
    ] {
        assert_eq!(refused(&mut net, wrong), 481);
    }
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(refused(&mut net, named), 481, "it is forgotten");
}

#[test]
fn any_several_replaces() {
    let net = talking();
    let named = dialog(&net, BOB).to_string();
    for headers in [
        format!("Replaces: {named}\r\nReplaces: {named}\r\n"),
        "Replaces: nothing\r\n".into(),
        format!("Replaces: {named}\r\nJoin: {named}\r\n"),
    ] {
        let mut net = talking();
        let invite = format!(
            "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\n\
             From: <sip:carol@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:carol-page@carol.invalid>\r\n{headers}Content-Length: 0\r\n\r\n"
        );
        net.inject(BOB, invite.as_bytes());
        net.settle();
        assert_eq!(last_response(&net).status, Status::BAD_REQUEST, "{headers}");
        assert_eq!(net.phone(BOB).calls().len(), 1);
    }
}

#[test]
fn join_is_not_supported() {
    let mut net = talking();
    let named = dialog(&net, BOB);
    let invite = format!(
        "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\n\
         From: <sip:carol@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
         Require: join\r\nJoin: {named}\r\nContact: <sip:carol-page@carol.invalid>\r\nContent-Length: 0\r\n\r\n"
    );
    net.inject(BOB, invite.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::BAD_EXTENSION);
}

#[test]
fn replaces_may_be_required() {
    let mut net = talking();
    let named = dialog(&net, BOB);
    let invite = format!(
        "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\n\
         From: <sip:carol@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
         Require: replaces\r\nReplaces: {named}\r\nContact: <sip:carol-page@carol.invalid>\r\nContent-Length: 0\r\n\r\n"
    );
    net.inject(BOB, invite.as_bytes());
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::Replaced]);
}

// Attended transfers, as the transferor has them.

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
fn a_call_is_handed_on_once() {
    let (mut net, first, second) = accepted();
    assert_eq!(transfer_to(&mut net, second, first), Err(VerbError::WrongPhase), "each would call the other");
    assert_eq!(net.exchange.requests(&Method::Refer).len(), 1);
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
