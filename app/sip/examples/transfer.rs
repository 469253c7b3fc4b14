//! A call that is passed on to somebody else (blind transfer, RFC 5589 5).
//!
//! ```text
//! cargo run -p sip --example transfer
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::Office;
use sip::agent::{Cause, Event, Phase, TransferProgress};

#[test]
fn runs() {
    main();
}

fn main() {
    let mut office = Office::open(&["alice", "bob", "carol"]);
    let now = office.now;
    let bob = "sip:bob@example.com".parse().expect("it is a URI");
    let call = office.phone("alice").agent.call(bob, now).expect("she is in no other call");
    office.settle();
    let incoming = office.phone("bob").agent.calls().next().expect("it rings");
    office.phone("bob").agent.answer(incoming.id, now).expect("it rings");
    office.settle();

    // Alice passes Bob on to Carol.
    let carol = "sip:carol@example.com".parse().expect("it is a URI");
    office.phone("alice").agent.transfer(call, carol, now).expect("the call is up");
    office.settle();

    // Bob is asked whether he wants that; if so, his phone calls Carol.
    let asked = office.phone("bob").events.iter().find_map(|event| {
        if let Event::TransferAsked { call, target, .. } = event { Some((*call, target.clone())) } else { None }
    });
    let (asked_in, target) = asked.expect("Bob is asked");
    println!("Bob is to call {target}");
    let next = office.phone("bob").agent.accept_transfer(asked_in, now).expect("it is still asked");
    office.settle();
    let incoming = office.phone("carol").agent.calls().next().expect("it rings");
    office.phone("carol").agent.answer(incoming.id, now).expect("it rings");
    office.settle();

    // Alice followed it to its end, and her call is over by that.
    let answered = |event: &Event| matches!(event, Event::Transfer { progress: TransferProgress::Answered, .. });
    assert!(office.phone("alice").noticed(answered));
    let passed_on = |event: &Event| matches!(event, Event::Ended { cause: Cause::Transferred, .. });
    assert!(office.phone("alice").noticed(passed_on));
    let call = office.phone("bob").agent.calls().next().expect("Bob talks to Carol");
    assert_eq!((call.id, call.phase), (next, Phase::Established));
    println!("{}", office.ladder.join("\n"));
}
