//! A call that outlives its page: what the phone is in is saved as text, the page goes away with its connection, and the
//! next page goes on with the call.
//!
//! ```text
//! cargo run -p sip --example reload
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::Office;
use sip::Duration;
use sip::agent::{Agent, Cause, Event, Phase, Registration, Snapshot};

#[test]
fn runs() {
    main();
}

fn main() {
    let mut office = Office::open(&["alice", "bob"]);
    let now = office.now;
    let bob = "sip:bob@example.com".parse().expect("it is a URI");
    office.phone("alice").agent.call(bob, now).expect("she is in no other call");
    office.settle();
    let incoming = office.phone("bob").agent.calls().next().expect("it rings");
    office.phone("bob").agent.answer(incoming.id, now).expect("it rings");
    office.settle();

    // Alice loads her page anew. A page saves its phone whenever it is drained; the configuration it has anyway.
    let config = office.phone("alice").agent.config().clone();
    let snapshot = office.phone("alice").agent.snapshot(now).expect("it is drained");
    let saved = serde_json::to_string(&snapshot).expect("it is data");
    office.close("alice");

    // The next page comes up two seconds later, with a seed of its own.
    let away = Duration::from_secs(2);
    office.wait(away);
    let now = office.now;
    let snapshot: Snapshot = serde_json::from_str(&saved).expect("it is what was saved");
    office.phone("alice").agent = Agent::restore(snapshot, config, away, [99; 32], now).expect("it is of this version");
    office.settle();

    // It is registered over a new connection, and the call is there. Its media is made anew with an offer.
    let alice = &office.phone("alice").agent;
    assert_eq!(alice.registration(), Registration::Registered);
    let call = alice.calls().next().expect("the call goes on");
    assert_eq!(call.phase, Phase::Established);
    office.phone("alice").agent.reoffer(call.id, now).expect("nothing else is being changed");
    office.settle();
    let described = |event: &Event| matches!(event, Event::Remote { early: false, .. });
    assert!(office.phone("alice").noticed(described));

    // Bob noticed nothing of it but the new offer, until Alice hangs up.
    let ended = |event: &Event| matches!(event, Event::Ended { .. });
    assert!(!office.phone("bob").noticed(ended));
    office.phone("alice").agent.hangup(call.id, now).expect("the call is up");
    office.settle();
    assert!(office.phone("bob").noticed(|event| matches!(event, Event::Ended { cause: Cause::HungUpThere, .. })));
    println!("{}", office.ladder.join("\n"));
}
