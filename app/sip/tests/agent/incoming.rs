//! A call that came in, until it is answered: a test for each row. How it says that it rings is in `reliable`, and that
//! it is answered by itself in `auto_answer`.

use super::flows::check_played as check;
use super::peer::{begin, called, calls, described, goes_on, sent, statuses};
use super::{ALICE, Net, last_response};
use sip::Duration;
use sip::agent::{Cause, MediaFailure, Phase, Question};
use sip::header::{Contact, Diversion, RetryAfter, To};
use sip::message::{Method, Status};

/// It rings; and the user accepted, but there is no answer yet.
fn both() -> [Net; 2] {
    let mut answering = called("", "offer");
    answering.phone_mut(ALICE).holds = true;
    answering.answer(ALICE);
    answering.settle();
    [called("", "offer"), answering]
}

#[test]
fn n1_it_rings() {
    let net = called("", "offer");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingHere));
    assert_eq!(statuses(&net, &Method::Invite), [180]);
}

#[test]
fn n3_the_answer_is_asked_for() {
    let [_, net] = both();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Answering));
    assert!(matches!(net.phone(ALICE).held[..], [(_, Question::Answer { offer: Some(_), .. })]));
}

#[test]
fn n4_a_call_that_is_answered_by_itself_asks_too() {
    let mut net = super::net();
    net.phone_mut(ALICE).configure(|config| config.auto_answer = true);
    begin(&mut net);
    net.phone_mut(ALICE).holds = true;
    calls(&mut net, "Answer-Mode: Auto\r\n", "offer");
    net.run(Duration::from_millis(1));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Answering));
    assert_eq!(net.phone(ALICE).held.len(), 1);
}

#[test]
fn n5_declined() {
    for mut net in both() {
        net.decline(ALICE);
        net.settle();
        assert_eq!(statuses(&net, &Method::Invite), [180, 603]);
        assert_eq!(net.phone(ALICE).causes(), [Cause::DeclinedHere]);
    }
}

#[test]
fn n16_diverted() {
    for mut net in both() {
        net.divert(ALICE, "sip:dora@tabphone");
        net.settle();
        assert_eq!(statuses(&net, &Method::Invite), [180, 302]);
        let said = last_response(&net);
        assert_eq!(said.headers.get::<Contact>().unwrap().to_string(), "<sip:dora@tabphone>");
        assert!(said.headers.get::<Diversion>().unwrap().is_deflection(), "for all phones of theirs");
        assert_eq!(net.phone(ALICE).causes(), [Cause::DivertedHere("sip:dora@tabphone".parse().unwrap())]);
    }
}

#[test]
fn n6_it_rang_long_enough() {
    for mut net in both() {
        net.run(Duration::from_secs(61));
        assert_eq!(statuses(&net, &Method::Invite), [180, 480], "other phones go on ringing");
        assert_eq!(net.phone(ALICE).causes(), [Cause::NoAnswer]);
    }
}

#[test]
fn n7_cancelled() {
    for mut net in both() {
        goes_on(&mut net, Method::Cancel, 1, "", "");
        assert_eq!((statuses(&net, &Method::Cancel), statuses(&net, &Method::Invite)), (vec![200], vec![180, 487]));
        assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledThere]);
        let tags: Vec<_> =
            sent(&net).iter().map(|response| response.headers.get::<To>().unwrap().to_string()).collect();
        assert_eq!(tags[tags.len() - 1], tags[tags.len() - 2], "both have one tag");
        goes_on(&mut net, Method::Cancel, 1, "", "");
        assert_eq!(net.phone(ALICE).causes().len(), 1);
    }
}

#[test]
fn n8_hung_up_before_the_answer() {
    for mut net in both() {
        goes_on(&mut net, Method::Bye, 2, "", "");
        assert_eq!((statuses(&net, &Method::Bye), statuses(&net, &Method::Invite)), (vec![200], vec![180, 487]));
        assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledThere]);
    }
}

#[test]
fn n9_update_moves_the_caller() {
    for mut net in both() {
        goes_on(&mut net, Method::Update, 2, "", "");
        assert_eq!(statuses(&net, &Method::Update), [200]);
        assert!(last_response(&net).headers.get::<Contact>().is_ok());
        net.phone_mut(ALICE).holds = false;
        if net.phone(ALICE).phase() == Some(Phase::RingingHere) {
            net.answer(ALICE);
        } else {
            net.answer_held(ALICE);
        }
        net.settle();
        goes_on(&mut net, Method::Ack, 1, "", "");
        net.hang_up(ALICE);
        net.settle();
        assert_eq!(net.exchange.requests(&Method::Bye)[0].uri.to_string(), "sip:moved@carol.invalid");
    }
}

#[test]
fn n10_an_offer_before_our_answer_has_to_wait() {
    for mut net in both() {
        goes_on(&mut net, Method::Update, 2, "", "new offer");
        let response = last_response(&net);
        assert_eq!(response.status, Status::SERVER_INTERNAL_ERROR);
        assert!(response.headers.get::<RetryAfter>().unwrap().seconds <= 10);
        assert!(net.phone(ALICE).phase().is_some(), "the call goes on");
    }
}

#[test]
fn n11_another_invite_has_to_wait() {
    for mut net in both() {
        goes_on(&mut net, Method::Invite, 2, "", "new offer");
        let response = last_response(&net);
        assert_eq!(response.status, Status::SERVER_INTERNAL_ERROR);
        assert!(response.headers.get::<RetryAfter>().unwrap().seconds <= 10);
    }
}

#[test]
fn n12_the_answer() {
    let [_, mut net] = both();
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    assert_eq!((last_response(&net).status, &*last_response(&net).body), (Status::OK, &b"answer of alice"[..]));
}

#[test]
fn n12_the_offer_where_there_was_none() {
    let mut net = called("", "");
    net.phone_mut(ALICE).holds = true;
    net.answer(ALICE);
    assert!(matches!(net.phone(ALICE).held[..], [(_, Question::Answer { offer: None, .. })]));
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(&*last_response(&net).body, b"offer of alice");
    assert!(described(&net).is_empty());
    goes_on(&mut net, Method::Ack, 1, "", "answer of carol");
    assert_eq!(described(&net), ["answer of carol"]);
    goes_on(&mut net, Method::Ack, 1, "", "another one");
    assert_eq!(described(&net).len(), 1, "once");
}

#[test]
fn an_ack_without_the_answer_that_is_owed() {
    let mut net = called("", "");
    net.answer(ALICE);
    net.settle();
    goes_on(&mut net, Method::Ack, 1, "", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Media(MediaFailure::Description)]);
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
}

#[test]
fn n13_there_is_no_answer() {
    let [_, mut net] = both();
    net.phone_mut(ALICE).media = Err(MediaFailure::NoDevice);
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(statuses(&net, &Method::Invite), [180, 488]);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Media(MediaFailure::NoDevice)]);
}

#[test]
fn n14_it_outlives_its_connection() {
    for mut net in both() {
        net.run(Duration::from_secs(15));
        net.cut(ALICE);
        net.settle();
        assert_eq!(statuses(&net, &Method::Invite), [180, 180]);
        assert!(net.phone(ALICE).phase().is_some());
    }
}

#[test]
fn n15_cancel_comes_too_late() {
    let mut net = called("", "offer");
    net.answer(ALICE);
    net.settle();
    goes_on(&mut net, Method::Cancel, 1, "", "");
    assert_eq!(statuses(&net, &Method::Cancel), [200]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    goes_on(&mut net, Method::Ack, 1, "", "");
    goes_on(&mut net, Method::Bye, 2, "", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
}

#[test]
fn cancelled_with_a_reason() {
    check("cancelled_with_a_reason", |net| {
        begin(net);
        calls(net, "", "offer of carol");
        goes_on(net, Method::Cancel, 1, "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n", "");
        // Carol's exchange acknowledges the 487.
        goes_on(net, Method::Ack, 1, "", "");
    });
}

#[test]
fn cancelled_after_our_answer() {
    check("cancelled_after_our_answer", |net| {
        begin(net);
        calls(net, "", "offer of carol");
        net.answer(ALICE);
        goes_on(net, Method::Cancel, 1, "", "");
        goes_on(net, Method::Ack, 1, "", "");
        goes_on(net, Method::Bye, 2, "", "");
    });
}
