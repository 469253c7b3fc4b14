//! Calls that ask to be answered by themselves, and that ring in a way of their own.

use super::flows::check_played as check;
use super::peer::{begin, called, calls, goes_on, statuses};
use super::{ALICE, Net, net};
use sip::Duration;
use sip::agent::{Cause, Phase, VerbError};
use sip::message::Method;

const AT_ONCE: &str = "Call-Info: <sip:example.com>;answer-after=0\r\n";

/// Alice, whose phone answers by itself where that is asked for, is called.
fn answering(lines: &str) -> Net {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| config.auto_answer = true);
    begin(&mut net);
    calls(&mut net, lines, "offer");
    net.run(Duration::from_millis(1));
    net
}

fn asked(lines: &str) -> Option<Duration> {
    called(lines, "offer").phone(ALICE).agent.calls().next().expect("it rings").auto_answer
}

#[test]
fn every_dialect_is_understood() {
    for (lines, seconds) in [
        (AT_ONCE, 0),
        ("Call-Info: <http://example.com>; answer-after=5\r\n", 5),
        ("Alert-Info: info=alert-autoanswer\r\n", 0),
        ("Alert-Info: <http://example.com>;info=alert-autoanswer;delay=3\r\n", 3),
        ("Alert-Info: <http://www.example.com>;info=\"Auto Answer\"\r\n", 0),
        ("Alert-Info: Ring Answer\r\n", 0),
        ("Alert-Info: ;answer-after=2\r\n", 2),
        ("Answer-Mode: Auto\r\n", 0),
        ("Priv-Answer-Mode: Auto\r\n", 0),
    ] {
        assert_eq!(asked(lines), Some(Duration::from_secs(seconds)), "{lines}");
    }
    for lines in ["", "Alert-Info: <urn:alert:source:internal>\r\n", "Answer-Mode: Manual\r\n"] {
        assert_eq!(asked(lines), None, "{lines}");
    }
}

#[test]
fn nobody_is_answered_without_leave() {
    let mut net = called(AT_ONCE, "offer");
    net.run(Duration::from_secs(10));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingHere));
}

#[test]
fn a_call_is_answered_when_its_time_comes() {
    assert_eq!(answering(AT_ONCE).phone(ALICE).phase(), Some(Phase::Established));
    let mut net = answering("Call-Info: <sip:example.com>;answer-after=5\r\n");
    net.run(Duration::from_millis(4900));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingHere));
    net.run(Duration::from_millis(200));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    assert_eq!(statuses(&net, &Method::Invite), [180, 200]);
}

#[test]
fn the_user_is_faster() {
    let mut net = answering("Call-Info: <sip:example.com>;answer-after=5\r\n");
    net.hang_up(ALICE);
    net.run(Duration::from_secs(10));
    assert_eq!(net.phone(ALICE).causes(), [Cause::DeclinedHere]);
    let mut net = answering("Call-Info: <sip:example.com>;answer-after=5\r\n");
    net.phone_mut(ALICE).holds = true;
    net.answer(ALICE);
    net.run(Duration::from_secs(10));
    assert_eq!(net.phone(ALICE).held.len(), 1, "it is asked once");
}

#[test]
fn a_time_without_end_is_the_ringing_time() {
    let mut net = answering("Call-Info: <sip:example.com>;answer-after=99999999999\r\n");
    assert_eq!(net.phone(ALICE).agent.calls().next().unwrap().auto_answer, Some(Duration::from_secs(60)));
    net.run(Duration::from_secs(61));
    assert_eq!(net.phone(ALICE).causes(), [Cause::NoAnswer]);
}

#[test]
fn who_is_nobody_is_not_answered() {
    let net = answering(&format!("{AT_ONCE}Privacy: id\r\n"));
    let call = net.phone(ALICE).agent.calls().next().unwrap();
    assert_eq!((call.phase, call.auto_answer), (Phase::RingingHere, None));
}

#[test]
fn who_talks_is_not_drawn_away() {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| {
        config.auto_answer = true;
        config.max_calls = 2;
    });
    begin(&mut net);
    net.dial(ALICE, "bob");
    net.settle();
    calls(&mut net, AT_ONCE, "offer");
    net.run(Duration::from_secs(5));
    let phases: Vec<Phase> = net.phone(ALICE).agent.calls().map(|call| call.phase).collect();
    assert_eq!(phases, [Phase::RingingThere, Phase::RingingHere]);
}

#[test]
fn n2_all_or_nothing() {
    let net = called("Answer-Mode: Auto;require\r\n", "offer");
    assert_eq!(statuses(&net, &Method::Invite), [403]);
    assert_eq!(net.phone(ALICE).seen, [], "nobody is disturbed");
    assert_eq!(answering("Answer-Mode: Auto;require\r\n").phone(ALICE).phase(), Some(Phase::Established));
}

/// Alice, who decides about it, is called by somebody who will have nothing else.
fn deciding(lines: &str) -> Net {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| {
        config.decides_auto_answer = true;
        config.max_calls = 2;
    });
    begin(&mut net);
    calls(&mut net, &format!("{REQUIRED}{lines}"), "offer");
    net
}

const REQUIRED: &str = "Answer-Mode: Auto;require\r\nRequire: answermode\r\n";

#[test]
fn n17_the_user_has_it_answered_and_nobody_was_alerted() {
    let mut net = deciding("");
    let call = net.phone(ALICE).agent.calls().next().unwrap();
    assert_eq!((call.phase, call.auto_answer), (Phase::RingingHere, Some(Duration::ZERO)));
    assert!(net.phone(ALICE).agent.must_answer_itself(call.id));
    net.answer(ALICE);
    net.settle();
    assert_eq!(statuses(&net, &Method::Invite), [100, 200]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    let now = net.now;
    assert!(!net.phone(ALICE).agent.must_answer_itself(call.id));
    assert_eq!(net.phone_mut(ALICE).agent.forbid(call.id, now), Err(VerbError::WrongPhase));
}

#[test]
fn n18_the_user_will_not_have_it() {
    let mut net = deciding("");
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    net.on(ALICE, "will not have it", |agent, now| agent.forbid(call, now)).unwrap();
    net.settle();
    assert_eq!(statuses(&net, &Method::Invite), [100, 403]);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Forbidden]);
}

#[test]
fn n2_nobody_decides_about_who_is_nobody_or_into_another_call() {
    let net = deciding("Privacy: id\r\n");
    assert_eq!(statuses(&net, &Method::Invite), [403]);
    assert_eq!(statuses(&answering(&format!("{REQUIRED}Privacy: id\r\n")), &Method::Invite), [403]);
    let mut net = net_with_a_call();
    let before = statuses(&net, &Method::Invite).len();
    calls(&mut net, REQUIRED, "offer");
    assert_eq!(statuses(&net, &Method::Invite)[before..], [403]);
}

#[test]
fn what_only_rings_is_not_to_be_forbidden() {
    let mut net = called(AT_ONCE, "offer");
    let (call, now) = (net.phone(ALICE).agent.calls().next().unwrap().id, net.now);
    assert!(!net.phone(ALICE).agent.must_answer_itself(call));
    assert_eq!(net.phone_mut(ALICE).agent.forbid(call, now), Err(VerbError::WrongPhase));
}

/// Alice, who decides, calls somebody.
fn net_with_a_call() -> Net {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| {
        config.decides_auto_answer = true;
        config.max_calls = 2;
    });
    begin(&mut net);
    net.dial(ALICE, "bob");
    net.settle();
    net
}

#[test]
fn a_ring_of_its_own() {
    let ring = |lines: &str| called(lines, "offer").phone(ALICE).agent.calls().next().unwrap().alert;
    assert_eq!(ring("Alert-Info: <urn:alert:source:internal>\r\n").as_deref(), Some("urn:alert:source:internal"));
    assert_eq!(ring("Alert-Info: <http://127.0.0.1>;info=Bellcore-dr3\r\n").as_deref(), Some("Bellcore-dr3"));
    assert_eq!(ring("Alert-Info: <Bellcore-dr2>\r\n").as_deref(), Some("Bellcore-dr2"));
    assert_eq!(ring(""), None);
    assert_eq!(ring(&format!("Alert-Info: <urn:alert:{}>\r\n", "x".repeat(500))), None);
}

#[test]
fn answered_by_itself() {
    check("answered_by_itself", |net| {
        net.phone_mut(ALICE).configure(|config| config.auto_answer = true);
        begin(net);
        calls(net, "Alert-Info: <http://example.com>;info=alert-autoanswer;delay=2\r\n", "offer of carol");
        net.run(Duration::from_secs(3));
        goes_on(net, Method::Ack, 1, "", "");
        goes_on(net, Method::Bye, 2, "", "");
    });
}
