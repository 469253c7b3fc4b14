//! A call that is declined.
//!
//! ```text
//! cargo run -p sip --example reject
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::Office;
use sip::agent::{Cause, Event};

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
    office.phone("bob").agent.decline(incoming.id, now).expect("it rings");
    office.settle();

    let declined = |event: &Event| matches!(event, Event::Ended { cause: Cause::DeclinedThere, .. });
    assert!(office.phone("alice").noticed(declined), "Alice learns why there is no call");
    println!("{}", office.ladder.join("\n"));
}
