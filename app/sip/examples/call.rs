//! A call: dialled, answered, hung up.
//!
//! ```text
//! cargo run -p sip --example call
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::Office;
use sip::agent::{Cause, Event, Phase};

#[test]
fn runs() {
    main();
}

fn main() {
    let mut office = Office::open(&["alice", "bob"]);
    let now = office.now;

    // Alice dials. Her agent asks for the offer, and sends INVITE when it has it.
    let bob = "sip:bob@example.com".parse().expect("it is a URI");
    let call = office.phone("alice").agent.call(bob, now).expect("she is in no other call");
    office.settle();
    let rings = office.phone("alice").agent.calls().any(|call| call.phase == Phase::RingingThere);
    assert!(rings, "Alice hears that it rings");

    // Bob answers: his agent asks for the answer, which Alice is then told.
    let incoming = office.phone("bob").agent.calls().next().expect("it rings");
    println!("Bob is called by {}", incoming.remote);
    office.phone("bob").agent.answer(incoming.id, now).expect("it rings");
    office.settle();
    assert!(office.phone("alice").noticed(|event| matches!(event, Event::Remote { early: false, .. })));

    // Alice hangs up.
    office.phone("alice").agent.hangup(call, now).expect("the call is up");
    office.settle();
    let hung_up = |event: &Event| matches!(event, Event::Ended { cause: Cause::HungUpThere, .. });
    assert!(office.phone("bob").noticed(hung_up));
    println!("{}", office.ladder.join("\n"));
}
