//! Messages (RFC 3428): sent, kept, refused, and one in a call.
//!
//! ```text
//! cargo run -p sip --example message
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::Office;
use sip::agent::{Body, CallId, Event, MessageId, MessageOutcome};
use sip::message::Status;

#[test]
fn runs() {
    main();
}

fn text(text: &str) -> Body {
    Body { content_type: "text/plain;charset=UTF-8".into(), bytes: text.into() }
}

/// The newest message that came to somebody: its name, the call that it came in, and what it says.
fn newest(office: &mut Office, user: &str) -> (MessageId, Option<CallId>, String) {
    let newest = office.phone(user).events.iter().rev().find_map(|event| {
        if let Event::Message { id, call, from, body, .. } = event { Some((*id, *call, from, body)) } else { None }
    });
    let (id, call, from, body) = newest.expect("a message came");
    let text = String::from_utf8_lossy(&body.bytes).into_owned();
    println!("{from}: {text}");
    (id, call, text)
}

fn main() {
    let mut office = Office::open(&["alice", "bob"]);
    let now = office.now;
    let bob = || "sip:bob@example.com".parse().expect("it is a URI");

    // Alice writes. Bob's page keeps the message before it says so: then Alice's may forget it.
    let sent = office.phone("alice").agent.message(bob(), text("Lunch?"), now).expect("it is short");
    office.settle();
    let (came, _, what) = newest(&mut office, "bob");
    assert_eq!(what, "Lunch?");
    office.phone("bob").agent.accept_message(came, now).expect("it is open");
    office.settle();
    let delivered = |of: MessageId| {
        move |event: &Event| {
            let delivered = MessageOutcome::Delivered(Status::OK);
            matches!(event, Event::MessageSent { id, outcome, .. } if *id == of && *outcome == delivered)
        }
    };
    assert!(office.phone("alice").noticed(delivered(sent)));

    // What Bob does not want, Alice learns not to be delivered.
    let sent = office.phone("alice").agent.message(bob(), text("Buy now!"), now).expect("it is short");
    office.settle();
    let (came, ..) = newest(&mut office, "bob");
    office.phone("bob").agent.reject_message(came, Status::DECLINE, now).expect("it is open");
    office.settle();
    let failed = |event: &Event| matches!(event, Event::MessageSent { id, outcome: MessageOutcome::Failed(_), .. } if *id == sent);
    assert!(office.phone("alice").noticed(failed));

    // One in a call goes to the phone that talks, and no other.
    let call = office.phone("alice").agent.call(bob(), now).expect("she is in no other call");
    office.settle();
    let incoming = office.phone("bob").agent.calls().next().expect("it rings");
    office.phone("bob").agent.answer(incoming.id, now).expect("it rings");
    office.settle();
    let sent = office.phone("alice").agent.message_in(call, text("The link is …"), now).expect("the call is up");
    office.settle();
    let (came, within, _) = newest(&mut office, "bob");
    assert_eq!(within, Some(incoming.id));
    office.phone("bob").agent.accept_message(came, now).expect("it is open");
    office.settle();
    assert!(office.phone("alice").noticed(delivered(sent)));
    println!("{}", office.ladder.join("\n"));
}
