//! Saving and restoring, beyond what every flow checks.

use super::network::config;
use super::{ALICE, BOB, established, net, ready, ringing};
use sip::agent::{Agent, Cause, Input, Output, Phase, RestoreError, Snapshot};
use sip::header::CSeq;
use sip::message::Method;
use sip::{Duration, Instant};

#[test]
fn only_a_drained_agent_is_saved() {
    let now = Instant::from_millis(0);
    let mut agent = Agent::new(config("alice"), [1; 32], now);
    agent.start(now);
    assert!(agent.snapshot(now).is_none());
    assert_eq!(agent.poll(), Some(Output::Connect));
    while agent.poll().is_some() {}
    assert!(agent.snapshot(now).is_some());
}

#[test]
fn a_snapshot_of_another_version_is_refused() {
    let now = Instant::from_millis(0);
    let agent = Agent::new(config("alice"), [1; 32], now);
    let mut json = serde_json::to_value(agent.snapshot(now).unwrap()).unwrap();
    json["version"] = 99.into();
    let snapshot: Snapshot = serde_json::from_value(json).unwrap();
    let restored = Agent::restore(snapshot, Duration::ZERO, [2; 32], now);
    assert_eq!(restored.map(|_| ()), Err(RestoreError::Version(99)));
}

#[test]
fn the_next_request_of_a_restored_dialog_jumps_its_number() {
    let mut net = established();
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    let bye = net.exchange.requests(&Method::Bye)[0].headers.get::<CSeq>().unwrap();
    assert_eq!(bye.seq, 1002);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
}

#[test]
fn the_identity_of_the_registration_stays() {
    let mut net = ready();
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    let all = net.exchange.requests(&Method::Register);
    let (first, last) = (all[0], all[all.len() - 1]);
    for name in ["Call-ID", "Contact"] {
        let name = name.parse().unwrap();
        assert!(first.headers.raw(&name).eq(last.headers.raw(&name)));
    }
    assert!(last.headers.get::<CSeq>().unwrap().seq > 1000);
}

#[test]
fn the_time_away_counts() {
    let mut net = ringing();
    let now = net.now;
    let snapshot = net.phone(BOB).agent.snapshot(now).unwrap();
    // The driver's clock is another one now.
    let now = Instant::from_millis(5);
    let mut away = Agent::restore(snapshot.clone(), Duration::from_secs(61), [3; 32], now).unwrap();
    assert_eq!(away.deadline(), Some(now));
    away.handle(Input::Timeout, now);
    assert_eq!(away.calls().count(), 0, "it rang out meanwhile");
    let back = Agent::restore(snapshot, Duration::from_secs(10), [3; 32], now).unwrap();
    assert_eq!(back.calls().next().map(|call| call.phase), Some(Phase::RingingHere));
    assert!(back.deadline() > Some(now));
    net.settle();
}

#[test]
fn open_questions_are_asked_again() {
    let mut net = net();
    net.start(ALICE);
    net.phone_mut(ALICE).holds = true;
    net.dial(ALICE, "bob");
    let asked = net.phone(ALICE).held.clone();
    assert_eq!(asked.len(), 1);
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    assert_eq!(net.phone(ALICE).held, asked);
}
