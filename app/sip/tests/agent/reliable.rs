//! Reliable provisional responses (RFC 3262), in both roles: a test for each row of both machines.

use super::flows::check_played as check;
use super::peer::{
    begin, called, calls, described, dialled, dialling, goes_on, pracks, replies, response, says, says_reliably, sent,
    statuses,
};
use super::{ALICE, Net};
use sip::Duration;
use sip::agent::{Cause, Phase};
use sip::header::{CSeq, RAck, RSeq, Require, Supported};
use sip::message::{HeaderName, Method, Response, Status};

const REQUIRED: &str = "Require: 100rel\r\n";

fn prack_count(net: &Net) -> usize {
    net.exchange.requests(&Method::Prack).len()
}

/// What each PRACK acknowledges.
fn acknowledged(net: &Net) -> Vec<u32> {
    net.exchange.requests(&Method::Prack).iter().map(|prack| prack.headers.get::<RAck>().unwrap().rseq).collect()
}

#[test]
fn a_caller_says_that_it_can() {
    let net = dialling();
    let invite = net.exchange.requests(&Method::Invite)[0];
    let Supported(tags) = invite.headers.get().unwrap();
    assert!(["100rel", "199"].iter().all(|wanted| tags.iter().any(|tag| **tag == **wanted)));
    assert!(!invite.headers.contains(HeaderName::Require), "never as a condition");
}

#[test]
fn a_caller_that_may_not_says_nothing() {
    let mut net = super::net();
    net.phone_mut(ALICE).configure(|config| config.reliable = false);
    dialled(&mut net);
    let Supported(tags) = net.exchange.requests(&Method::Invite)[0].headers.get().unwrap();
    assert!(!tags.iter().any(|tag| **tag == *"100rel"));
    let mut net = super::net();
    net.phone_mut(ALICE).configure(|config| config.reliable = false);
    begin(&mut net);
    calls(&mut net, REQUIRED, "offer");
    assert_eq!(statuses(&net, &Method::Invite), [420]);
}

#[test]
fn rc1_the_first_is_acknowledged() {
    let mut net = dialling();
    says_reliably(&mut net, 180, "desk", 4711, "");
    let prack = net.exchange.requests(&Method::Prack)[0].clone();
    assert_eq!(prack.headers.get::<RAck>().unwrap(), RAck { rseq: 4711, seq: 1, method: Method::Invite });
    assert_eq!(prack.headers.get::<CSeq>().unwrap().seq, 2);
    assert_eq!(prack.uri.to_string(), "sip:desk@carol.invalid");
    assert!(prack.body.is_empty(), "the offer was in the INVITE");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere));
}

#[test]
fn rc2_the_next_is_acknowledged() {
    for reply in [None, Some(200), Some(404)] {
        let mut net = dialling();
        says_reliably(&mut net, 183, "desk", 1, "");
        if let Some(code) = reply {
            replies(&mut net, &Method::Prack, code);
        }
        says_reliably(&mut net, 180, "desk", 2, "");
        assert_eq!(acknowledged(&net), [1, 2]);
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere));
    }
}

#[test]
fn rc3_a_repetition_is_absorbed() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "");
    says_reliably(&mut net, 183, "desk", 1, "");
    replies(&mut net, &Method::Prack, 200);
    says_reliably(&mut net, 183, "desk", 1, "");
    says_reliably(&mut net, 180, "desk", 2, "");
    replies(&mut net, &Method::Prack, 200);
    says_reliably(&mut net, 183, "desk", 1, "other words");
    assert_eq!(acknowledged(&net), [1, 2]);
    assert!(described(&net).is_empty());
}

#[test]
fn rc4_a_repetition_after_a_prack_that_failed_is_acknowledged_again() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "");
    replies(&mut net, &Method::Prack, 503);
    says_reliably(&mut net, 183, "desk", 1, "");
    assert_eq!(acknowledged(&net), [1, 1]);
    let pracks = net.exchange.requests(&Method::Prack);
    let seqs: Vec<_> = pracks.iter().map(|prack| prack.headers.get::<CSeq>().unwrap().seq).collect();
    assert_eq!(seqs, [2, 3]);
}

#[test]
fn rc5_one_out_of_order_is_passed_over() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "");
    says_reliably(&mut net, 180, "desk", 3, "music");
    assert_eq!(acknowledged(&net), [1]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling));
    says_reliably(&mut net, 183, "desk", 2, "");
    says_reliably(&mut net, 180, "desk", 3, "music");
    assert_eq!(acknowledged(&net), [1, 2, 3]);
    assert_eq!(described(&net), ["early music"]);
}

#[test]
fn rc6_half_of_it_is_none() {
    for lines in ["Require: 100rel", "RSeq: 1", "Require: 100rel\nRSeq: 0", "Require: 100rel\nRSeq: many"] {
        let mut net = dialling();
        let response = response(&net, 180, "desk", lines, "");
        net.say(ALICE, response.to_bytes());
        net.settle();
        assert_eq!(prack_count(&net), 0, "{lines}");
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere), "{lines}");
    }
}

#[test]
fn rc7_a_prack_that_was_taken() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "music");
    replies(&mut net, &Method::Prack, 200);
    net.run(Duration::from_secs(40));
    assert_eq!(prack_count(&net), 1);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling));
}

#[test]
fn rc8_a_call_goes_on_whatever_becomes_of_a_prack() {
    let mut net = dialling();
    says_reliably(&mut net, 180, "desk", 1, "");
    net.run(Duration::from_secs(33));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere));
    says_reliably(&mut net, 180, "desk", 1, "");
    assert_eq!(acknowledged(&net), [1, 1]);
    replies(&mut net, &Method::Prack, 481);
    says(&mut net, 200, "desk", "voice");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn rc9_a_prack_is_signed() {
    let mut net = dialling();
    net.phone_mut(ALICE).password = Some("secret".into());
    says_reliably(&mut net, 183, "desk", 1, "");
    let mut challenge =
        Response::to_request(net.exchange.requests(&Method::Prack)[0], Status::PROXY_AUTHENTICATION_REQUIRED);
    challenge.headers.push_raw("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
    net.say(ALICE, challenge.to_bytes());
    net.settle();
    assert_eq!(acknowledged(&net), [1, 1]);
    let signed = net.exchange.requests(&Method::Prack)[1];
    assert!(signed.headers.contains(HeaderName::ProxyAuthorization));
    assert_eq!(signed.headers.get::<CSeq>().unwrap().seq, 3);
}

#[test]
fn rc10_a_prack_outlives_its_connection() {
    let mut net = dialling();
    net.run(Duration::from_secs(20));
    says_reliably(&mut net, 183, "desk", 1, "music");
    net.cut(ALICE);
    net.settle();
    says_reliably(&mut net, 183, "desk", 1, "music");
    let pracks: Vec<_> = net.exchange.requests(&Method::Prack).iter().map(|prack| prack.to_bytes()).collect();
    assert_eq!(pracks.len(), 2, "once on each connection");
    assert_eq!(pracks[0], pracks[1], "to the other end the second is a repetition");
    assert_eq!(described(&net), ["early music"]);
}

#[test]
fn rc10_a_prack_outlives_its_page() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "music");
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    says_reliably(&mut net, 183, "desk", 1, "music");
    let pracks: Vec<_> = net.exchange.requests(&Method::Prack).iter().map(|prack| prack.to_bytes()).collect();
    assert!(pracks.len() == 2 && pracks[0] == pracks[1]);
}

#[test]
fn a_prack_without_a_place_to_go() {
    let mut net = dialling();
    let mut response = response(&net, 183, "desk", "Require: 100rel\nRSeq: 1", "music");
    response.headers.remove(HeaderName::Contact);
    net.say(ALICE, response.to_bytes());
    net.settle();
    assert_eq!((prack_count(&net), described(&net)), (0, vec!["early music".to_owned()]));
}

#[test]
fn rs1_who_can_but_need_not_gets_a_plain_180() {
    let net = called("Supported: 100rel\r\n", "offer");
    let ringing = super::last_response(&net);
    assert_eq!(ringing.status, Status::RINGING);
    assert!(!ringing.headers.contains(HeaderName::RSeq) && !ringing.headers.contains(HeaderName::Require));
}

#[test]
fn rs2_who_requires_it_gets_a_reliable_180() {
    let net = called(REQUIRED, "offer");
    let ringing = super::last_response(&net);
    assert_eq!(ringing.status, Status::RINGING);
    let Require(tags) = ringing.headers.get().unwrap();
    assert_eq!(&*tags[0], "100rel");
    assert!((1..=0x7fff_ffff).contains(&ringing.headers.get::<RSeq>().unwrap().0));
    assert!(ringing.headers.contains(HeaderName::Contact));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingHere));
}

#[test]
fn rs3_without_an_offer_nothing_is_said_reliably() {
    let mut net = called(REQUIRED, "");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingHere));
    net.run(Duration::from_secs(1));
    assert_eq!(statuses(&net, &Method::Invite), [100]);
    net.answer(ALICE);
    net.settle();
    assert_eq!(statuses(&net, &Method::Invite), [100, 200]);
    assert_eq!(&*super::last_response(&net).body, b"offer of alice");
}

#[test]
fn rs4_it_is_repeated_ever_more_slowly() {
    let mut net = called(REQUIRED, "offer");
    net.run(Duration::from_secs(31));
    let lines = net.ladder().lines().filter(|line| line.contains("alice -> exchange: 180"));
    let times: Vec<u64> = lines.map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
    let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [500, 1000, 2000, 4000, 8000]);
    let all: Vec<_> = sent(&net).iter().filter(|sent| sent.status == Status::RINGING).map(Response::to_bytes).collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn rs5_who_never_acknowledges_is_not_there() {
    let mut net = called(REQUIRED, "offer");
    net.run(Duration::from_secs(33));
    assert_eq!(statuses(&net, &Method::Invite).last(), Some(&504));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn rs6_its_prack_ends_the_repetitions() {
    let mut net = called(REQUIRED, "offer");
    pracks(&mut net, 2);
    assert_eq!(statuses(&net, &Method::Prack), [200]);
    net.run(Duration::from_secs(40));
    assert_eq!(statuses(&net, &Method::Invite), [180]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingHere));
}

#[test]
fn rs7_the_prack_of_something_else() {
    let mut net = called(REQUIRED, "offer");
    let RSeq(rseq) = super::last_response(&net).headers.get().unwrap();
    let wrong = [
        format!("RAck: {} 1 INVITE\r\n", rseq + 1),
        format!("RAck: {rseq} 2 INVITE\r\n"),
        format!("RAck: {rseq} 1 UPDATE\r\n"),
        "RAck: nothing\r\n".to_owned(),
        String::new(),
    ];
    for (seq, line) in (2..).zip(&wrong) {
        goes_on(&mut net, Method::Prack, seq, line, "");
    }
    assert_eq!(statuses(&net, &Method::Prack), [481; 5]);
    pracks(&mut net, 20);
    pracks(&mut net, 21);
    assert_eq!(statuses(&net, &Method::Prack)[5..], [200, 481], "nor is it taken twice");
    let mut net = called("", "offer");
    goes_on(&mut net, Method::Prack, 2, "RAck: 1 1 INVITE\r\n", "");
    assert_eq!(statuses(&net, &Method::Prack), [481], "nothing waits for one");
}

#[test]
fn rs8_the_answer_does_not_wait_for_the_prack() {
    let mut net = called(REQUIRED, "offer");
    net.answer(ALICE);
    net.settle();
    assert_eq!(statuses(&net, &Method::Invite), [180, 200]);
    goes_on(&mut net, Method::Ack, 1, "", "");
    pracks(&mut net, 2);
    assert_eq!(statuses(&net, &Method::Prack), [200], "it is taken all the same");
    net.run(Duration::from_secs(40));
    assert_eq!(statuses(&net, &Method::Invite), [180, 200], "and not waited for");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn rs9_it_is_repeated_over_a_new_connection() {
    let mut net = called(REQUIRED, "offer");
    net.run(Duration::from_secs(20));
    let before = statuses(&net, &Method::Invite).len();
    net.cut(ALICE);
    net.settle();
    assert_eq!(statuses(&net, &Method::Invite).len(), before + 1);
    pracks(&mut net, 2);
    assert_eq!(statuses(&net, &Method::Prack), [200]);
}

#[test]
fn called_reliably() {
    check("called_reliably", |net| {
        begin(net);
        calls(net, REQUIRED, "offer of carol");
        pracks(net, 2);
        net.answer(ALICE);
        net.settle();
        goes_on(net, Method::Ack, 1, "", "");
        goes_on(net, Method::Bye, 3, "", "");
    });
}

#[test]
fn rc2_without_end_is_not_acknowledged_without_end() {
    let mut net = dialling();
    for rseq in 1..=100 {
        says_reliably(&mut net, 183, "desk", rseq, "");
    }
    let pracks = net.exchange.requests(&Method::Prack).len();
    assert!(pracks <= 32, "{pracks} wait for an answer");
    replies(&mut net, &Method::Prack, 200);
    let next = u32::try_from(pracks).unwrap() + 1;
    says_reliably(&mut net, 183, "desk", next, "");
    assert_eq!(net.exchange.requests(&Method::Prack).len(), pracks + 1);
}
