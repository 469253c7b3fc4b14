//! Calls of our own phones through a real Kamailio.

use crate::command_line::Server;
use crate::house::{House, browser, sign_in};
use crate::page::{Page, now};
use crate::pbx::kamailio::{Kamailio, SECRET};
use sip::agent::{Cause, Phase};
use std::time::Duration;

const ALICE: (&str, &str) = ("2001", SECRET);
const BOB: (&str, &str) = ("2002", SECRET);

fn option(kamailio: &Kamailio) -> String {
    format!("office=ws://127.0.0.1:{},domain=example.com,kind=kamailio", kamailio.port)
}

async fn house(kamailio: &Kamailio) -> House {
    let pbx = option(kamailio).parse().unwrap();
    House::open_with(|options| options.pbxs = vec![pbx]).await
}

/// Both registered at the PBX.
async fn pages(house: &House) -> (Page, Page) {
    let alice = Page::open_as_told(house.signed_in(ALICE).await, "tab").await;
    let bob = Page::open_as_told(house.signed_in(BOB).await, "tab").await;
    (alice, bob)
}

/// One hangs up, and the other hears it.
async fn hang_up(one: &mut Page, other: &mut Page) {
    let call = one.call().id;
    one.agent.hangup(call, now()).unwrap();
    one.until("BYE is answered", |one| !one.agent.has_something_to_lose()).await;
    other.until("they are told", |other| other.ended.is_some()).await;
    assert_eq!(other.ended.take().unwrap().1, Cause::HungUpThere);
    one.ended = None;
}

/// One puts the other on hold, and is answered.
async fn hold(one: &mut Page, other: &mut Page) {
    let (call, before) = (one.call().id, one.heard.len());
    one.agent.hold(call, now()).unwrap();
    tokio::join!(
        one.until("hold is answered", |one| one.heard.len() > before),
        other.until("they are held", |other| other.call().held_there),
    );
}

async fn resume(one: &mut Page, other: &mut Page) {
    let (call, before) = (one.call().id, one.heard.len());
    one.agent.resume(call, now()).unwrap();
    tokio::join!(
        one.until("resuming is answered", |one| one.heard.len() > before),
        other.until("they are not held", |other| !other.call().held_there),
    );
}

/// Ends the test where there is no Kamailio.
macro_rules! kamailio {
    ($start:expr) => {
        match $start.await {
            Some(kamailio) => kamailio,
            None => return eprintln!("Kamailio is not installed: this shows nothing"),
        }
    };
}

#[tokio::test]
async fn who_came_in_through_kamailio_is_registered_there_calls_and_is_called() {
    for algorithm in ["MD5", "SHA-256"] {
        let kamailio = kamailio!(Kamailio::start_with(algorithm));
        let house = house(&kamailio).await;
        let (mut alice, mut bob) = pages(&house).await;
        let known = kamailio.locations().await;
        assert_eq!(known.keys().map(String::as_str).collect::<Vec<_>>(), ["2001", "2002"], "{algorithm}");
        alice.call_and_talk(&mut bob, BOB.0).await;
        hold(&mut alice, &mut bob).await;
        resume(&mut alice, &mut bob).await;
        hang_up(&mut bob, &mut alice).await;
        bob.call_and_talk(&mut alice, ALICE.0).await;
        hold(&mut alice, &mut bob).await;
        hang_up(&mut alice, &mut bob).await;
    }
}

#[tokio::test]
async fn a_call_through_kamailio_is_cancelled_declined_and_in_vain() {
    let kamailio = kamailio!(Kamailio::start());
    let house = house(&kamailio).await;
    let (mut alice, mut bob) = pages(&house).await;
    let call = alice.agent.call("sip:2002@example.com".parse().unwrap(), now()).unwrap();
    tokio::join!(
        alice.until("it rings there", |alice| alice.phase() == Some(Phase::RingingThere)),
        bob.until("it rings", |bob| bob.phase() == Some(Phase::RingingHere)),
    );
    alice.agent.hangup(call, now()).unwrap();
    tokio::join!(
        alice.until("it is over", |alice| alice.ended.is_some()),
        bob.until("it does not ring any more", |bob| bob.ended.is_some()),
    );
    (alice.ended, bob.ended) = (None, None);
    alice.agent.call("sip:2002@example.com".parse().unwrap(), now()).unwrap();
    tokio::join!(
        alice.until("it rings there", |alice| alice.phase() == Some(Phase::RingingThere)),
        bob.until("it rings", |bob| bob.phase() == Some(Phase::RingingHere)),
    );
    let incoming = bob.call().id;
    bob.agent.decline(incoming, now()).unwrap();
    tokio::join!(
        alice.until("it is declined", |alice| alice.ended.is_some()),
        bob.until("it is over", |bob| bob.ended.is_some()),
    );
    alice.ended = None;
    alice.agent.call("sip:2005@example.com".parse().unwrap(), now()).unwrap();
    alice.until("nobody is there", |alice| alice.ended.is_some()).await;
}

#[tokio::test]
async fn a_reload_in_a_call_leaves_kamailio_as_it_was() {
    let kamailio = kamailio!(Kamailio::start());
    let house = house(&kamailio).await;
    let (mut alice, mut bob) = pages(&house).await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    let before = kamailio.locations().await;
    let visitor = alice.crash();
    let mut alice = Page::open_as_told(visitor, "tab").await;
    assert_eq!(kamailio.locations().await, before, "the same address over the same connection");
    assert_eq!(alice.phase(), Some(Phase::Established));
    hold(&mut alice, &mut bob).await;
    resume(&mut alice, &mut bob).await;
    hold(&mut bob, &mut alice).await;
    hang_up(&mut bob, &mut alice).await;
    assert_eq!(alice.phase(), None);
}

#[tokio::test]
async fn while_nobody_is_home_the_caretaker_answers_kamailio_and_another_tab_goes_on() {
    let kamailio = kamailio!(Kamailio::start());
    let house = house(&kamailio).await;
    let (mut alice, mut bob) = pages(&house).await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    let before = kamailio.locations().await;
    let visitor = alice.crash();
    let (call, heard) = (bob.call().id, bob.heard.len());
    bob.agent.hold(call, now()).unwrap();
    bob.until("he is answered", |bob| bob.heard.len() > heard).await;
    assert_eq!(bob.heard.last().unwrap().direction(0).unwrap().as_str(), "recvonly");
    let mut alice = Page::open_as_told(visitor, "another tab").await;
    assert!(alice.call().held_there, "what was answered meanwhile is known");
    assert_eq!(kamailio.locations().await, before, "the same address over the same connection");
    resume(&mut bob, &mut alice).await;
    hang_up(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn who_does_not_come_back_is_hung_up_for_and_unregistered() {
    let kamailio = kamailio!(Kamailio::start());
    let house = house(&kamailio).await;
    let (mut alice, mut bob) = pages(&house).await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    alice.crash();
    bob.until("he is told", |bob| bob.ended.is_some()).await;
    let (call, cause) = bob.ended.clone().unwrap();
    assert_eq!(cause, Cause::HungUpThere);
    assert_eq!(call.reason.unwrap().text.unwrap().as_str(), "The other phone is gone");
    let gone = async {
        while kamailio.locations().await.contains_key("2001") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("Kamailio still calls her");
}

#[tokio::test]
async fn calls_outlive_a_restart_of_kamailio() {
    let mut kamailio = kamailio!(Kamailio::start());
    let house = house(&kamailio).await;
    let (mut alice, mut bob) = pages(&house).await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    kamailio.restart().await;
    tokio::join!(alice.registers_again(), bob.registers_again());
    assert_eq!((alice.phase(), bob.phase()), (Some(Phase::Established), Some(Phase::Established)));
    hold(&mut alice, &mut bob).await;
    resume(&mut alice, &mut bob).await;
    hang_up(&mut bob, &mut alice).await;
    bob.call_and_talk(&mut alice, ALICE.0).await;
    hang_up(&mut alice, &mut bob).await;
}

#[tokio::test]
async fn calls_through_kamailio_outlive_a_server_that_is_killed() {
    let kamailio = kamailio!(Kamailio::start());
    let data = tempfile::tempdir().unwrap();
    let pbx = option(&kamailio);
    let start = || {
        let mut server = Server::start(data.path(), &["--pbx", &pbx]);
        let (_, url) = server.ready();
        (server, url)
    };
    let (server, url) = start();
    let mut alice = Page::open_as_told(sign_in(browser(url.clone()), ALICE).await, "tab").await;
    let mut bob = Page::open_as_told(sign_in(browser(url), BOB).await, "tab").await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    server.kill();
    let (_server, url) = start();
    alice.come_back(&url).await;
    bob.come_back(&url).await;
    let known = kamailio.locations().await;
    assert!(known.values().all(|phones| phones.len() == 1), "the same phones, not others beside: {known:?}");
    hold(&mut alice, &mut bob).await;
    hang_up(&mut bob, &mut alice).await;
}
