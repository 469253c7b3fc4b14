//! Messages, capabilities, subscriptions and publications.

mod inquiries;
mod messages;
mod publications;
mod subscribers;
mod subscriptions;

use super::{ALICE, BOB, Net, established, last_response, net, ready, request};
use sip::agent::Body;
use sip::uri::Uri;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn text(words: &str) -> Body {
    Body { content_type: "text/plain".into(), bytes: words.into() }
}

/// What is left to notice at the end of a flow.
fn noticed(net: &Net, phone: usize) -> (Vec<String>, Vec<super::network::Seen>) {
    (net.phone(phone).noticed.clone(), net.phone(phone).seen.clone())
}

/// The flow as a ladder; and the same with either phone's page replaced after each of its inputs.
fn check(name: &str, flow: fn(&mut Net)) {
    check_with(name, net, flow);
}

fn check_with(name: &str, begin: fn() -> Net, flow: fn(&mut Net)) {
    let mut plain = begin();
    flow(&mut plain);
    insta::assert_snapshot!(name, plain.ladder());
    for phone in [ALICE, BOB] {
        for inputs in begin().phone(phone).inputs + 1..=plain.phone(phone).inputs {
            let mut replaced = begin();
            replaced.replace_after(phone, inputs);
            flow(&mut replaced);
            for user in [ALICE, BOB] {
                let who = &replaced.phone(phone).user;
                let (is, was) = (noticed(&replaced, user), noticed(&plain, user));
                assert_eq!(is, was, "{name}: {who} replaced after input {inputs}\n{}", replaced.ladder());
            }
        }
    }
}

/// The flow with the connection of either phone lost after each so many milliseconds: what is left of a claim.
fn check_losses(flow: fn(&mut Net), claim: fn(&Net) -> bool, until: u64) {
    for phone in [ALICE, BOB] {
        for at in (5..until).step_by(10) {
            let mut net = ready();
            flow(&mut net);
            net.run(sip::Duration::from_millis(at));
            net.cut(phone);
            net.run(sip::Duration::from_secs(45));
            assert!(claim(&net), "{phone} cut after {at} ms\n{}", net.ladder());
        }
    }
}
