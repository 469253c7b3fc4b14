//! What is heard before a call is answered: the rows of the early dialogs of a call that we began.

use super::flows::check_played as check;
use super::peer::{asks, described, dialled, dialling, replies, says, says_reliably, statuses};
use super::{ALICE, Net};
use sip::Duration;
use sip::agent::{Cause, MediaFailure, Phase};
use sip::header::{Contact, RetryAfter};
use sip::message::{Method, Status};

/// Carol's phone `desk` answered the offer reliably.
fn answered_early() -> Net {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 7, "music");
    replies(&mut net, &Method::Prack, 200);
    net
}

#[test]
fn e1_a_response_with_a_new_tag_says_nothing() {
    let mut net = dialling();
    says(&mut net, 181, "desk", "");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling));
    assert!(described(&net).is_empty());
}

#[test]
fn e2_more_phones_than_are_followed() {
    let mut net = dialling();
    for phone in 0..20 {
        says(&mut net, 183, &format!("phone{phone}"), "music");
    }
    assert_eq!(described(&net).len(), 16);
    says(&mut net, 200, "phone19", "voice");
    assert_eq!(described(&net).last().unwrap(), "voice of branch 16", "one of the others may answer all the same");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn e3_one_of_them_rings() {
    let mut net = dialling();
    says(&mut net, 183, "desk", "");
    says(&mut net, 180, "pocket", "");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere));
    says(&mut net, 181, "desk", "");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere), "the best of them counts");
}

#[test]
fn e4_early_media_is_told_at_once() {
    for code in [180, 181, 182, 183] {
        let mut net = dialling();
        says(&mut net, code, "desk", "music");
        assert_eq!(described(&net), ["early music"], "{code}");
        assert!(net.exchange.requests(&Method::Prack).is_empty());
    }
}

#[test]
fn e5_early_media_that_came_reliably_is_told_at_once() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "music");
    assert_eq!(described(&net), ["early music"]);
    assert_eq!(net.exchange.requests(&Method::Prack).len(), 1);
}

#[test]
fn e6_the_same_description_is_told_once() {
    let mut net = dialling();
    says(&mut net, 183, "desk", "music");
    says(&mut net, 180, "desk", "music");
    says_reliably(&mut net, 183, "desk", 1, "music");
    assert_eq!(described(&net), ["early music"]);
}

#[test]
fn e7_another_description_is_told_again() {
    let mut net = dialling();
    says(&mut net, 183, "desk", "music");
    says(&mut net, 183, "desk", "words");
    assert_eq!(described(&net), ["early music", "early words"]);
    let mut net = answered_early();
    says(&mut net, 183, "desk", "words");
    assert_eq!(described(&net), ["early music", "early words"]);
}

#[test]
fn e8_199_ends_one_of_them() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "music");
    says(&mut net, 183, "pocket", "words");
    says(&mut net, 199, "desk", "");
    assert_eq!(described(&net), ["early music", "early words of branch 1", "end of branch 0"]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling), "what rang is out of it");
    says(&mut net, 199, "nobody", "");
    says(&mut net, 200, "pocket", "voice");
    assert_eq!(described(&net).last().unwrap(), "voice of branch 1");
}

#[test]
fn e9_bye_ends_one_of_them() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "music");
    asks(&mut net, Method::Bye, "desk", 1, "");
    assert_eq!(statuses(&net, &Method::Bye), [200]);
    assert_eq!(described(&net), ["early music", "end of branch 0"]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling), "the call goes on");
    asks(&mut net, Method::Bye, "desk", 2, "");
    assert_eq!(statuses(&net, &Method::Bye), [200, 481]);
}

#[test]
fn e10_update_without_description_moves_the_other_end() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    asks(&mut net, Method::Update, "desk", 1, "");
    assert_eq!(statuses(&net, &Method::Update), [200]);
    let response = super::last_response(&net);
    assert!(response.headers.get::<Contact>().is_ok(), "where we are is said");
    says_reliably(&mut net, 183, "desk", 1, "");
    assert_eq!(net.exchange.requests(&Method::Prack)[0].uri.to_string(), "sip:desk-moved@carol.invalid");
}

#[test]
fn e11_an_offer_before_their_answer_has_to_wait() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    says(&mut net, 183, "desk", "music");
    asks(&mut net, Method::Update, "desk", 2, "new offer");
    assert_eq!(statuses(&net, &Method::Update), [491, 491]);
}

#[test]
fn e12_an_offer_after_their_answer_asks_for_ours() {
    let mut net = answered_early();
    net.phone_mut(ALICE).holds = true;
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    assert_eq!(net.phone(ALICE).held.len(), 1);
    assert!(statuses(&net, &Method::Update).is_empty());
}

#[test]
fn e13_the_answer_to_an_update_is_its_200() {
    let mut net = answered_early();
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    let response = super::last_response(&net);
    assert_eq!((response.status, &*response.body), (Status::OK, &b"answer of alice"[..]));
}

#[test]
fn e14_an_update_that_cannot_be_answered_changes_nothing() {
    let mut net = answered_early();
    net.phone_mut(ALICE).media = Err(MediaFailure::DeviceBusy);
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    assert_eq!(statuses(&net, &Method::Update), [488]);
    says(&mut net, 200, "desk", "");
    assert_eq!(described(&net), ["early music", "music"]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn e15_one_update_at_a_time() {
    let mut net = answered_early();
    net.phone_mut(ALICE).holds = true;
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    asks(&mut net, Method::Update, "desk", 2, "newer offer");
    let response = super::last_response(&net);
    assert_eq!(response.status, Status::SERVER_INTERNAL_ERROR);
    assert!(response.headers.get::<RetryAfter>().unwrap().seconds <= 10);
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(statuses(&net, &Method::Update), [500, 200]);
}

#[test]
fn e16_a_call_that_is_answered_meanwhile() {
    let mut net = answered_early();
    net.phone_mut(ALICE).holds = true;
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    says(&mut net, 200, "desk", "");
    assert_eq!(statuses(&net, &Method::Update), [500]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    let mut net = answered_early();
    net.phone_mut(ALICE).holds = true;
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(statuses(&net, &Method::Update), [487], "nor is it left open by who hangs up");
}

#[test]
fn e17_a_2xx_makes_the_early_description_final() {
    let mut net = answered_early();
    says(&mut net, 200, "desk", "");
    assert_eq!(described(&net), ["early music", "music"]);
    let mut net = answered_early();
    says(&mut net, 200, "desk", "voice");
    assert_eq!(described(&net), ["early music", "voice"]);
    let mut net = answered_early();
    says(&mut net, 200, "own", "");
    assert_eq!(described(&net), ["early music", "music of branch 1"], "a 2xx with a tag of its own");
}

#[test]
fn e18_what_was_agreed_upon_since_stays() {
    let mut net = answered_early();
    asks(&mut net, Method::Update, "desk", 1, "new offer");
    says(&mut net, 183, "desk", "words");
    says(&mut net, 200, "desk", "music");
    assert_eq!(described(&net), ["early music"]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn e19_another_one_answers() {
    let mut net = dialling();
    says(&mut net, 183, "desk", "music");
    says(&mut net, 183, "pocket", "words");
    says(&mut net, 200, "pocket", "voice");
    assert_eq!(described(&net), ["early music", "early words of branch 1", "voice of branch 1"]);
    asks(&mut net, Method::Bye, "desk", 1, "");
    assert_eq!(statuses(&net, &Method::Bye), [481], "the other one is over");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn the_numbers_of_an_early_dialog_go_on() {
    let mut net = answered_early();
    asks(&mut net, Method::Options, "desk", 5, "");
    says(&mut net, 200, "desk", "");
    net.hang_up(ALICE);
    net.settle();
    let seq = |method| net.exchange.requests(&method)[0].headers.get::<sip::header::CSeq>().unwrap().seq;
    assert_eq!((seq(Method::Invite), seq(Method::Prack), seq(Method::Ack), seq(Method::Bye)), (1, 2, 1, 3));
    let mut net = answered_early();
    asks(&mut net, Method::Options, "desk", 5, "");
    says(&mut net, 200, "desk", "");
    asks(&mut net, Method::Bye, "desk", 5, "");
    assert_eq!(statuses(&net, &Method::Bye), [500], "theirs, too");
}

#[test]
fn early_media_that_is_never_answered() {
    let mut net = dialling();
    says(&mut net, 183, "desk", "music");
    net.run(Duration::from_secs(61));
    assert_eq!(net.phone(ALICE).causes(), [Cause::NoAnswer]);
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1);
}

#[test]
fn early_media_without_100rel() {
    check("early_media_without_100rel", |net| {
        dialled(net);
        says(net, 100, "", "");
        says(net, 183, "desk", "music");
        says(net, 200, "desk", "voice");
        net.hang_up(ALICE);
        net.settle();
        replies(net, &Method::Bye, 200);
    });
}

#[test]
fn early_media_with_100rel() {
    check("early_media_with_100rel", |net| {
        dialled(net);
        says(net, 100, "", "");
        says_reliably(net, 183, "desk", 7, "music");
        replies(net, &Method::Prack, 200);
        says_reliably(net, 180, "desk", 8, "");
        replies(net, &Method::Prack, 200);
        says(net, 200, "desk", "");
        net.hang_up(ALICE);
        net.settle();
        replies(net, &Method::Bye, 200);
    });
}

#[test]
fn changed_before_it_is_answered() {
    check("changed_before_it_is_answered", |net| {
        dialled(net);
        says_reliably(net, 183, "desk", 7, "music");
        replies(net, &Method::Prack, 200);
        asks(net, Method::Update, "desk", 1, "new offer");
        says(net, 200, "desk", "");
        net.hang_up(ALICE);
        net.settle();
        replies(net, &Method::Bye, 200);
    });
}
