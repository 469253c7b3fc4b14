//! A call that we began, until it is answered: a test for each row. What happens on the way is in `early_media`,
//! `forks` and `redirects`.

use super::flows::check_played as check;
use super::peer::{begin, dialled, dialling, replies, response, says, says_reliably};
use super::{ALICE, Net, net};
use sip::Duration;
use sip::agent::{Cause, MediaFailure, Phase, Question};
use sip::header::{CSeq, Reason, To, Via};
use sip::message::{HeaderName, Method, Status};

fn count(net: &Net, method: &Method) -> usize {
    net.exchange.requests(method).len()
}

/// Alice was asked for her offer.
fn preparing() -> Net {
    let mut net = net();
    begin(&mut net);
    net.phone_mut(ALICE).holds = true;
    net.dial(ALICE, "carol");
    net.settle();
    net
}

#[test]
fn o1_a_call_asks_for_its_offer() {
    let net = preparing();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Preparing));
    assert!(matches!(net.phone(ALICE).held[..], [(_, Question::Offer { .. })]));
    assert_eq!(count(&net, &Method::Invite), 0);
}

#[test]
fn o2_the_offer_leaves() {
    let mut net = preparing();
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling));
    assert_eq!(&*net.exchange.requests(&Method::Invite)[0].body, b"offer of alice", "never without");
}

#[test]
fn o3_there_is_no_offer() {
    let mut net = preparing();
    net.phone_mut(ALICE).media = Err(MediaFailure::Denied);
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::Media(MediaFailure::Denied)]);
    assert_eq!(count(&net, &Method::Invite), 0);
}

#[test]
fn o4_given_up_before_anything_left() {
    let mut net = preparing();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
    let mut net = preparing();
    net.run(Duration::from_secs(61));
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
    assert_eq!(count(&net, &Method::Invite) + count(&net, &Method::Cancel), 0);
}

#[test]
fn o5_100_says_nothing() {
    let mut net = dialling();
    says(&mut net, 100, "", "");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling));
}

#[test]
fn o7_an_answer() {
    let mut net = dialling();
    says(&mut net, 200, "desk", "voice");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    assert_eq!((count(&net, &Method::Ack), count(&net, &Method::Bye)), (1, 0));
}

#[test]
fn o8_an_answer_without_description() {
    let mut net = dialling();
    says(&mut net, 200, "desk", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Media(MediaFailure::Description)]);
    assert_eq!((count(&net, &Method::Ack), count(&net, &Method::Bye)), (1, 1));
}

#[test]
fn o9_a_challenge() {
    let mut net = dialling();
    net.phone_mut(ALICE).password = Some("secret".into());
    let challenge = "WWW-Authenticate: Digest realm=\"carol\", nonce=\"n\"";
    let challenge = response(&net, 401, "desk", challenge, "");
    net.say(ALICE, challenge.to_bytes());
    net.settle();
    assert_eq!(count(&net, &Method::Invite), 2);
    assert!(net.exchange.requests(&Method::Invite)[1].headers.contains(HeaderName::Authorization));
}

#[test]
fn o11_a_refusal() {
    let mut net = dialling();
    says(&mut net, 486, "desk", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Busy]);
    assert_eq!(count(&net, &Method::Ack), 1);
}

#[test]
fn o12_silence() {
    let mut net = dialling();
    net.run(Duration::from_secs(33));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn o13_hung_up_before_there_was_a_connection() {
    let mut net = net();
    begin(&mut net);
    net.run(Duration::from_secs(20));
    net.reachable = false;
    net.cut(ALICE);
    net.dial(ALICE, "carol");
    net.hang_up(ALICE);
    net.reachable = true;
    net.run(Duration::from_secs(20));
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
    assert_eq!(count(&net, &Method::Invite), 0);
}

#[test]
fn o14_hung_up_while_it_rings() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.hang_up(ALICE);
    net.settle();
    let (invite, cancel) = (net.exchange.requests(&Method::Invite)[0], net.exchange.requests(&Method::Cancel)[0]);
    assert_eq!(cancel.headers.get::<Via>(), invite.headers.get::<Via>(), "it is of that transaction");
    assert_eq!(cancel.headers.get::<To>(), invite.headers.get::<To>(), "and of no dialog");
    assert_eq!(cancel.headers.get::<CSeq>().unwrap().seq, invite.headers.get::<CSeq>().unwrap().seq);
}

#[test]
fn o15_hung_up_before_anything_came() {
    let mut net = dialling();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
    assert_eq!(count(&net, &Method::Cancel), 0);
}

#[test]
fn o16_it_rang_long_enough() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.run(Duration::from_secs(61));
    assert_eq!(net.phone(ALICE).causes(), [Cause::NoAnswer]);
    let reason = net.exchange.requests(&Method::Cancel)[0].headers.get::<Reason>().unwrap();
    assert!(reason.is_sip(Status::REQUEST_TIMEOUT));
}

#[test]
fn o17_a_call_outlives_its_connection() {
    for ringing in [false, true] {
        let mut net = dialling();
        net.run(Duration::from_secs(15));
        if ringing {
            says(&mut net, 180, "desk", "");
        }
        net.cut(ALICE);
        net.settle();
        let invites = net.exchange.requests(&Method::Invite);
        assert_eq!(invites.len(), 2);
        assert_eq!(invites[0].to_bytes(), invites[1].to_bytes(), "to the other end it is a repetition");
        says(&mut net, 200, "desk", "voice");
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    }
}

#[test]
fn o18_cancel_waits_for_a_provisional_response() {
    for code in [100, 180, 183] {
        let mut net = dialling();
        net.hang_up(ALICE);
        net.settle();
        says(&mut net, code, "desk", "");
        says(&mut net, 180, "desk", "");
        assert_eq!(count(&net, &Method::Cancel), 1, "{code}");
    }
}

#[test]
fn o19_cancel_crosses_the_answer() {
    // The answer is on its way when CANCEL leaves; when CANCEL waits; and when CANCEL was answered.
    for (before, after) in [(Some(180), None), (None, None), (Some(180), Some(200)), (Some(180), Some(481))] {
        let mut net = dialling();
        if let Some(code) = before {
            says(&mut net, code, "desk", "");
        }
        net.hang_up(ALICE);
        net.settle();
        if let Some(code) = after {
            replies(&mut net, &Method::Cancel, code);
        }
        says(&mut net, 200, "desk", "voice");
        says(&mut net, 200, "desk", "voice");
        assert_eq!((count(&net, &Method::Ack), count(&net, &Method::Bye)), (2, 1));
        assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere], "the user noticed nothing");
    }
}

#[test]
fn o20_the_end_of_what_was_withdrawn() {
    for code in [487, 486, 302] {
        let mut net = dialling();
        says(&mut net, 180, "desk", "");
        net.hang_up(ALICE);
        net.settle();
        replies(&mut net, &Method::Cancel, 200);
        says(&mut net, code, "desk", "");
        assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
        assert_eq!(count(&net, &Method::Ack), 1);
    }
}

#[test]
fn o21_487_is_lost() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.hang_up(ALICE);
    net.settle();
    replies(&mut net, &Method::Cancel, 200);
    net.run(Duration::from_secs(33));
    says(&mut net, 487, "desk", "");
    assert_eq!(count(&net, &Method::Ack), 0, "it is forgotten");
    net.dial(ALICE, "carol");
    net.settle();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling), "and nothing is in the way");
}

#[test]
fn cancel_outlives_its_connection() {
    let mut net = dialling();
    net.run(Duration::from_secs(15));
    says(&mut net, 180, "desk", "");
    net.hang_up(ALICE);
    net.settle();
    net.cut(ALICE);
    net.settle();
    let cancels = net.exchange.requests(&Method::Cancel);
    assert_eq!(cancels.len(), 2);
    assert_eq!(cancels[0].to_bytes(), cancels[1].to_bytes());
}

#[test]
fn o22_an_invite_that_goes_out_again_is_cancelled_again() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.hang_up(ALICE);
    net.settle();
    replies(&mut net, &Method::Cancel, 200);
    net.cut(ALICE);
    net.settle();
    let cancels = net.exchange.requests(&Method::Cancel);
    assert_eq!((count(&net, &Method::Invite), cancels.len()), (2, 2), "or it rings for nobody at who forgot both");
    assert_eq!(cancels[0].to_bytes(), cancels[1].to_bytes(), "to who did not, it is a repetition");
}

#[test]
fn o22_cancel_waits_again_for_a_provisional_response() {
    let mut net = dialling();
    net.hang_up(ALICE);
    net.settle();
    net.cut(ALICE);
    net.settle();
    assert_eq!((count(&net, &Method::Invite), count(&net, &Method::Cancel)), (2, 0));
    says(&mut net, 100, "desk", "");
    assert_eq!(count(&net, &Method::Cancel), 1);
}

#[test]
fn the_bye_of_a_2xx_that_crossed_the_cancel_comes_after_all_of_its_early_dialog() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "voice");
    net.hang_up(ALICE);
    net.settle();
    says(&mut net, 200, "desk", "voice");
    let seq = |method: &Method| net.exchange.requests(method)[0].headers.get::<CSeq>().unwrap().seq;
    assert!(seq(&Method::Bye) > seq(&Method::Prack));
}

#[test]
fn cancelled_after_the_answer_left() {
    check("cancelled_after_the_answer_left", |net| {
        dialled(net);
        says(net, 180, "desk", "");
        net.hang_up(ALICE);
        net.settle();
        replies(net, &Method::Cancel, 200);
        says(net, 200, "desk", "voice");
        replies(net, &Method::Bye, 200);
    });
}
