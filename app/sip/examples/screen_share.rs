//! A call that offers a screen beside the voice. What the media are is the browser's business: the offer that it makes
//! for a display stream (`getDisplayMedia`) is sent as it is.
//!
//! ```text
//! cargo run -p sip --example screen_share
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::{Office, SCREEN};
use sip::agent::{Event, Phase};
use sip::sdp::SessionDescription;

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

    // Alice shares her screen in the running call: her agent asks for a new offer, and sends it with re-INVITE.
    office.phone("alice").describes = SCREEN;
    office.phone("bob").describes = SCREEN;
    let call = office.phone("alice").agent.calls().next().expect("the call is up");
    assert_eq!(call.phase, Phase::Established);
    office.phone("alice").agent.reoffer(call.id, now).expect("nothing else is being changed");
    office.settle();

    let shows = |answer: &[u8]| {
        SessionDescription::parse(answer).is_ok_and(|answer| answer.media().iter().any(sip::sdp::Media::is_video))
    };
    let screen = |event: &Event| matches!(event, Event::Remote { answer, .. } if shows(&answer.bytes));
    assert!(office.phone("alice").noticed(screen), "Bob takes the screen");
    println!("{}", office.ladder.join("\n"));
}
