//! INVITE with Replaces: each row of the state table, attended transfers as their transferor has them, and pick-ups.

use super::transfer::{talking, three};
use super::{ALICE, BOB, CAROL, Net, last_response, trio};
use sip::agent::{CallId, Cause, Direction, MediaFailure, Phase};
use sip::header::{self, CSeq, Replaces};
use sip::message::{Message, Method, Status};

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
            net = trio();
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
