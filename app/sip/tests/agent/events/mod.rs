//! Messages, capabilities, subscriptions and publications.

mod both;
mod inquiries;
mod messages;
mod messages_in_calls;
mod notifications;
mod publications;
mod receipts;
mod subscribers;
mod subscribers_refused;
mod subscriptions;
mod survival;
mod unsubscribing;

use super::{ALICE, BOB, Net, established, last_response, net, ready, request};
use sip::Duration;
use sip::agent::{Body, Package};
use sip::message::Status;
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

/// What a phone's user noticed.
fn lines(net: &Net, phone: usize) -> Vec<&str> {
    net.phone(phone).noticed.iter().map(String::as_str).collect()
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
            net.run(Duration::from_millis(at));
            net.cut(phone);
            net.run(Duration::from_secs(45));
            assert!(claim(&net), "{phone} cut after {at} ms\n{}", net.ladder());
        }
    }
}

/// Something beside calls that a phone may do at any time; `choice` says what.
pub(super) fn act_at_random(net: &mut Net, phone: usize, choice: u8) {
    let other = uri(if phone == ALICE { "sip:bob@example.com" } else { "sip:alice@example.com" });
    let message = net.phone(phone).messages.last().copied();
    let asked = net.phone(phone).asked_for.last().copied();
    let call = net.phone(phone).agent.calls().next().map(|call| call.id);
    let expires = Duration::from_secs(u64::from(choice) * 10);
    // A verb that does not fit is refused, and that is all.
    let said = net.on(phone, "does something", |agent, now| {
        let subscription = agent.subscriptions().next().map(|subscription| subscription.id);
        let publication = agent.publications().next().map(|(id, _)| id);
        match (choice % 16, message, asked, call, subscription, publication) {
            (0, ..) => return agent.message(other, text("hello"), now).is_ok(),
            (1, _, _, Some(call), ..) => return agent.message_in(call, text("hello"), now).is_ok(),
            (2 | 3, Some(id), ..) => drop(agent.accept_message(id, now)),
            (4, Some(id), ..) => drop(agent.reject_message(id, Status::DECLINE, now)),
            (5, ..) => drop(agent.subscribe(other, Package::Presence, expires, now)),
            (6, _, _, _, Some(id), _) => drop(agent.unsubscribe(id, now)),
            (7, _, _, _, Some(id), _) => drop(agent.renew(id, now)),
            (8 | 9, _, Some(id), ..) => drop(agent.accept_subscription(id, text("open"), now)),
            (10, _, Some(id), ..) => drop(agent.put_off_subscription(id, now)),
            (11, _, Some(id), ..) => drop(agent.notify(id, text("closed"), now)),
            (12, _, Some(id), ..) => drop(agent.end_subscription(id, now)),
            (13, ..) => drop(agent.publish(Package::Presence, text("open"), expires, now)),
            (14, _, _, _, _, Some(id)) => drop(agent.republish(id, text("closed"), now)),
            (15, _, _, _, _, Some(id)) => drop(agent.unpublish(id, now)),
            (..) => drop(agent.inquire(other, now)),
        }
        false
    });
    net.phone_mut(phone).said += usize::from(said);
}

/// Ends what a phone has beside calls.
pub(super) fn end_all(net: &mut Net, phone: usize) {
    net.on(phone, "ends all", |agent, now| {
        let subscriptions: Vec<_> = agent.subscriptions().map(|subscription| subscription.id).collect();
        let publications: Vec<_> = agent.publications().map(|(id, _)| id).collect();
        for id in subscriptions {
            agent.unsubscribe(id, now).unwrap();
        }
        for id in publications {
            agent.unpublish(id, now).unwrap();
        }
    });
}

/// Whether nothing is left over of that, and each message came to one end.
pub(super) fn is_at_rest(net: &Net, phone: usize) -> bool {
    let phone = net.phone(phone);
    let outcomes = net.ladder().matches(&format!("{}: message: ", phone.user)).count();
    let left = phone.agent.subscriptions().count() + phone.agent.publications().count();
    (left, outcomes) == (0, phone.said)
}
