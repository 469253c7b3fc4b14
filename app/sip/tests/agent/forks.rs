//! A call that reaches several phones: each of them has an early dialog of its own, until one answers.

use super::flows::check_played as check;
use super::peer::{described, dialled, dialling, replies, response, says, says_reliably};
use super::{ALICE, Net};
use sip::Duration;
use sip::agent::{Cause, Phase};
use sip::header::{CSeq, RAck, RecordRoute, Route, To};
use sip::message::{HeaderName, Method};

/// Which of Carol's phones each request of this method went to.
fn phones(net: &Net, method: &Method) -> Vec<String> {
    let tag = |request: &&sip::message::Request| request.headers.get::<To>().unwrap().tag().unwrap_or("").to_owned();
    net.exchange.requests(method).iter().map(tag).collect()
}

#[test]
fn each_phone_is_acknowledged_by_itself() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 100, "music");
    says_reliably(&mut net, 183, "pocket", 7, "words");
    says_reliably(&mut net, 180, "desk", 101, "");
    assert_eq!(phones(&net, &Method::Prack), ["desk", "pocket", "desk"]);
    let pracks = net.exchange.requests(&Method::Prack);
    let numbers = |prack: &&sip::message::Request| {
        (prack.headers.get::<RAck>().unwrap().rseq, prack.headers.get::<CSeq>().unwrap().seq)
    };
    assert_eq!(pracks.iter().map(numbers).collect::<Vec<_>>(), [(100, 2), (7, 2), (101, 3)]);
    assert_eq!(described(&net), ["early music", "early words of branch 1"]);
}

#[test]
fn each_phone_has_its_own_way() {
    let mut net = dialling();
    for (tag, proxy) in [("desk", "one.example.com"), ("pocket", "two.example.com")] {
        let mut early = response(&net, 183, tag, "Require: 100rel\nRSeq: 1", "");
        early.headers.push(&format!("<sip:{proxy};lr>").parse::<RecordRoute>().unwrap());
        net.say(ALICE, early.to_bytes());
        net.settle();
    }
    let pracks = net.exchange.requests(&Method::Prack);
    let routes = pracks.iter().map(|prack| prack.headers.get::<Route>().unwrap().to_string());
    assert_eq!(routes.collect::<Vec<_>>(), ["<sip:one.example.com;lr>", "<sip:two.example.com;lr>"]);
}

#[test]
fn only_the_first_answer_counts() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    says(&mut net, 180, "pocket", "");
    says(&mut net, 200, "pocket", "voice");
    says(&mut net, 200, "desk", "other voice");
    says(&mut net, 200, "desk", "other voice");
    assert_eq!(described(&net), ["voice of branch 1"]);
    assert_eq!(phones(&net, &Method::Ack), ["pocket", "desk", "desk"]);
    assert_eq!(phones(&net, &Method::Bye), ["desk"]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn a_phone_that_is_out_of_it_may_come_back() {
    let mut net = dialling();
    says(&mut net, 183, "desk", "music");
    says(&mut net, 199, "desk", "");
    says(&mut net, 183, "desk", "music");
    says(&mut net, 200, "desk", "voice");
    let expected = ["early music", "end of branch 0", "early music of branch 1", "voice of branch 1"];
    assert_eq!(described(&net), expected);
}

#[test]
fn a_reliable_199_is_acknowledged_too() {
    let mut net = dialling();
    says_reliably(&mut net, 183, "desk", 1, "music");
    says_reliably(&mut net, 199, "desk", 2, "");
    assert_eq!(phones(&net, &Method::Prack), ["desk", "desk"]);
    assert_eq!(described(&net), ["early music", "end of branch 0"]);
}

#[test]
fn a_challenge_ends_what_was_early() {
    let mut net = dialling();
    net.phone_mut(ALICE).password = Some("secret".into());
    says(&mut net, 183, "desk", "music");
    let challenge = "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n\"";
    let challenge = response(&net, 407, "proxy", challenge, "");
    net.say(ALICE, challenge.to_bytes());
    net.settle();
    says(&mut net, 183, "desk", "music");
    assert_eq!(described(&net), ["early music", "end of branch 0", "early music of branch 1"]);
    assert!(net.exchange.requests(&Method::Invite)[1].headers.contains(HeaderName::ProxyAuthorization));
}

#[test]
fn all_of_them_refuse() {
    let mut net = dialling();
    says(&mut net, 183, "desk", "music");
    says(&mut net, 180, "pocket", "");
    says(&mut net, 486, "proxy", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::Busy]);
    net.run(Duration::from_secs(60));
    assert!(net.phone(ALICE).agent.deadline().is_some_and(|at| at > net.now), "nothing but keeping alive is left");
}

#[test]
fn withdrawn_while_several_ring() {
    let mut net = dialling();
    says_reliably(&mut net, 180, "desk", 1, "");
    says(&mut net, 180, "pocket", "");
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1, "one for all");
    says_reliably(&mut net, 183, "desk", 2, "music");
    assert_eq!(phones(&net, &Method::Prack), ["desk"], "487 is on its way");
    says(&mut net, 487, "proxy", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
}

#[test]
fn two_phones_with_early_media() {
    check("two_phones_with_early_media", |net| {
        dialled(net);
        says(net, 100, "", "");
        says_reliably(net, 183, "desk", 100, "music");
        replies(net, &Method::Prack, 200);
        says_reliably(net, 183, "pocket", 7, "words");
        replies(net, &Method::Prack, 200);
        says(net, 180, "desk", "");
        says(net, 200, "pocket", "voice");
        says(net, 200, "desk", "other voice");
        replies(net, &Method::Bye, 200);
        net.hang_up(ALICE);
        net.settle();
        replies(net, &Method::Bye, 200);
    });
}

#[test]
fn one_phone_of_two_is_out_of_it() {
    check("one_phone_of_two_is_out_of_it", |net| {
        dialled(net);
        says(net, 183, "desk", "music");
        says(net, 180, "pocket", "words");
        says(net, 199, "desk", "");
        says(net, 200, "pocket", "");
        net.hang_up(ALICE);
        net.settle();
        replies(net, &Method::Bye, 200);
    });
}
