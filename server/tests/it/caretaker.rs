//! A call whose page is gone: what the other end gets to know, and what the page finds that comes back.

use crate::house::{ALICE, BOB, House};
use crate::page::{Page, now};
use crate::restart::Exchange;
use sip::agent::{Cause, TransferProgress};
use std::time::{Duration, Instant};

/// For how long the calls of a page that is gone are kept.
const KEPT: Duration = Duration::from_secs(20);

/// Alice and Bob talk; she called.
async fn talking(house: &House) -> (Page, Page) {
    let mut alice = Page::open(house.signed_in(ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(house.signed_in(BOB).await, BOB.0, "tab").await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    (alice, bob)
}

#[tokio::test]
async fn a_page_that_does_not_come_back_ends_its_call_in_time_and_says_why() {
    let house = House::open().await;
    let (alice, mut bob) = talking(&house).await;
    let lost = Instant::now();
    alice.crash();
    bob.until("he is told", |bob| bob.ended.is_some()).await;
    let kept = lost.elapsed();
    assert!(kept >= KEPT - Duration::from_millis(100), "not before: {kept:?}");
    let (call, cause) = bob.ended.clone().unwrap();
    assert_eq!(cause, Cause::HungUpThere);
    assert_eq!(call.reason.unwrap().text.unwrap().as_str(), "The other phone is gone");
    bob.until("nothing is owed", |bob| !bob.agent.has_something_to_lose()).await;
}

#[tokio::test]
async fn while_nobody_is_home_a_call_is_held_resumed_and_ended() {
    let house = House::open().await;
    let (alice, mut bob) = talking(&house).await;
    let visitor = alice.crash();
    let call = bob.call().id;
    for (hold, direction) in [(true, "recvonly"), (false, "sendrecv")] {
        let before = bob.heard.len();
        if hold { bob.agent.hold(call, now()) } else { bob.agent.resume(call, now()) }.unwrap();
        bob.until("he is answered", |bob| bob.heard.len() > before).await;
        assert_eq!(bob.heard.last().unwrap().direction(0).unwrap().as_str(), direction);
    }
    bob.agent.hangup(call, now()).unwrap();
    bob.until("BYE is answered", |bob| !bob.agent.has_something_to_lose()).await;
    let back = Page::open(visitor, ALICE.0, "tab").await;
    assert_eq!(back.phase(), None, "who comes back finds no call");
}

#[tokio::test]
async fn a_page_that_comes_back_goes_on_with_what_was_answered_meanwhile() {
    let house = House::open().await;
    let (alice, mut bob) = talking(&house).await;
    let visitor = alice.crash();
    let call = bob.call().id;
    bob.agent.hold(call, now()).unwrap();
    bob.until("he is answered", |bob| {
        bob.heard.last().is_some_and(|heard| heard.direction(0).unwrap().as_str() == "recvonly")
    })
    .await;
    let mut alice = Page::open(visitor, ALICE.0, "tab").await;
    assert!(alice.call().held_there);
    let call = alice.call().id;
    alice.agent.hangup(call, now()).unwrap();
    alice.until("BYE is answered", |alice| !alice.agent.has_something_to_lose()).await;
    bob.until("he is told", |bob| bob.ended.is_some()).await;
    assert_eq!(bob.ended.unwrap().1, Cause::HungUpThere);
}

#[tokio::test]
async fn a_transfer_waits_for_the_page_that_comes_back() {
    let house = House::open().await;
    let (alice, mut bob) = talking(&house).await;
    let visitor = alice.crash();
    let call = bob.call().id;
    bob.agent.transfer(call, "sip:1003@tabphone".parse().unwrap(), now()).unwrap();
    bob.until("it is taken on", |bob| bob.transfer == Some(TransferProgress::Trying)).await;
    let alice = Page::open(visitor, ALICE.0, "tab").await;
    assert_eq!(alice.asked_to_call.as_deref(), Some("sip:1003@tabphone"));
}

#[tokio::test]
async fn a_server_that_dies_while_it_keeps_a_call_goes_on_keeping_it() {
    let exchange = Exchange::open().await;
    let sign_in = |person| crate::house::sign_in(crate::house::browser(exchange.url.clone()), person);
    let mut alice = Page::open(sign_in(ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(sign_in(BOB).await, BOB.0, "tab").await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    exchange.written("calls", 1).await;
    let lost = Instant::now();
    alice.crash();
    // The caretaker has it.
    let call = bob.call().id;
    let before = bob.heard.len();
    bob.agent.hold(call, now()).unwrap();
    bob.until("he is answered", |bob| bob.heard.len() > before).await;

    let exchange = exchange.restart();
    bob.come_back(&exchange.url).await;
    let before = bob.heard.len();
    bob.agent.resume(call, now()).unwrap();
    bob.until("he is answered again", |bob| bob.heard.len() > before).await;
    bob.until("he is told", |bob| bob.ended.is_some()).await;
    assert!(lost.elapsed() >= KEPT - Duration::from_millis(100));
    let reason = bob.ended.unwrap().0.reason.unwrap();
    assert_eq!(reason.text.unwrap().as_str(), "The other phone is gone");
    exchange.written("calls", 0).await;
}
