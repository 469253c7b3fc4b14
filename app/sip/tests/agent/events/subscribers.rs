//! Subscriptions of others to us (RFC 6665 4.2): Alice subscribes at Bob's phone.

use super::{ALICE, BOB, Net, check_with, last_response, lines, net, uri};
use sip::Duration;
use sip::agent::{Agent, Body, Package, SubscriptionPhase, VerbError};
use sip::header::{CSeq, SubscriptionState, Via};
use sip::message::{Method, Request, Status};

/// Both registered; Bob tells his presence and his calls to who may know it.
pub(super) fn phones() -> Net {
    let mut net = net();
    net.phone_mut(BOB).configure(|config| config.packages = vec![Package::Presence, Package::Dialog]);
    net.start(ALICE);
    net.start(BOB);
    net
}

fn state(words: &str) -> Body {
    Body { content_type: "application/pidf+xml".into(), bytes: words.into() }
}

pub(super) fn subscribe_for(net: &mut Net, package: Package, seconds: u64) {
    let expires = Duration::from_secs(seconds);
    net.on(ALICE, "subscribes to bob", |agent, now| agent.subscribe(uri("sip:bob@example.com"), package, expires, now))
        .unwrap();
    net.settle();
}

pub(super) fn subscribe(net: &mut Net) {
    subscribe_for(net, Package::Presence, 600);
}

/// Bob does something with the last subscription to him.
fn bob(
    net: &mut Net,
    what: &str,
    act: impl FnOnce(&mut Agent, sip::agent::SubscriptionId, sip::Instant) -> Result<(), VerbError>,
) -> Result<(), VerbError> {
    let id = *net.phone(BOB).asked_for.last().expect("somebody asked");
    let result = net.on(BOB, what, |agent, now| act(agent, id, now));
    net.settle();
    result
}

pub(super) fn accept(net: &mut Net) {
    bob(net, "accepts", |agent, id, now| agent.accept_subscription(id, state("open"), now)).unwrap();
}

fn change(net: &mut Net, words: &str) {
    bob(net, "changes", |agent, id, now| agent.notify(id, state(words), now)).unwrap();
}

fn unsubscribe(net: &mut Net) {
    let id = net.phone(ALICE).agent.subscriptions().next().unwrap().id;
    net.on(ALICE, "unsubscribes", |agent, now| agent.unsubscribe(id, now)).unwrap();
    net.settle();
}

fn phase(net: &Net) -> Option<SubscriptionPhase> {
    net.phone(ALICE).agent.subscriptions().next().map(|subscription| subscription.phase)
}

pub(super) fn last(net: &Net, phone: usize) -> &str {
    net.phone(phone).noticed.last().map_or("", String::as_str)
}

/// A SUBSCRIBE like Alice's last one.
pub(super) fn subscribe_like(net: &Net, branch: &str) -> Request {
    let mut request = (*net.exchange.requests(&Method::Subscribe).last().unwrap()).clone();
    let mut via = request.headers.get::<Via>().unwrap();
    via.params.set("branch", Some(branch)).unwrap();
    request.headers.set(&via);
    request
}

pub(super) fn give(net: &mut Net, request: &Request) -> Status {
    net.inject(BOB, &request.to_bytes());
    net.settle();
    last_response(net).status
}

fn said(net: &Net) -> Vec<String> {
    let all = net.exchange.requests(&Method::Notify);
    all.iter().map(|notify| notify.headers.get::<SubscriptionState>().unwrap().to_string()).collect()
}

#[test]
fn n1_n3_n10_n12_n17_the_whole_life() {
    check_with("watched", phones, |net| {
        subscribe(net);
        accept(net);
        change(net, "closed");
        unsubscribe(net);
    });
}

#[test]
fn n4_n8_put_off_and_accepted() {
    check_with("put_off_and_accepted", phones, |net| {
        subscribe(net);
        bob(net, "puts it off", Agent::put_off_subscription).unwrap();
        assert_eq!(phase(net), Some(SubscriptionPhase::Pending));
        accept(net);
    });
}

#[test]
fn n4_n9_put_off_and_rejected() {
    check_with("put_off_and_rejected", phones, |net| {
        subscribe(net);
        bob(net, "puts it off", Agent::put_off_subscription).unwrap();
        bob(net, "rejects", |agent, id, now| agent.reject_subscription(id, Status::FORBIDDEN, now)).unwrap();
    });
}

#[test]
fn n5_rejected() {
    check_with("subscription_rejected", phones, |net| {
        subscribe(net);
        bob(net, "rejects", |agent, id, now| agent.reject_subscription(id, Status::FORBIDDEN, now)).unwrap();
    });
}

#[test]
fn n6_nobody_decides() {
    let mut net = phones();
    subscribe(&mut net);
    net.run(Duration::from_secs(31));
    assert_eq!(last_response(&net).status, Status::TEMPORARILY_UNAVAILABLE);
    let late = bob(&mut net, "is late", |agent, id, now| agent.accept_subscription(id, state("open"), now));
    assert_eq!(late, Err(VerbError::Unknown));
    assert!(lines(&net, BOB).contains(&"subscription: Ended(Expired)"));
}

#[test]
fn n7_the_state_of_one_moment() {
    check_with("fetched_from_a_phone", phones, |net| {
        subscribe_for(net, Package::Presence, 0);
        accept(net);
        net.run(Duration::from_secs(20));
    });
}

#[test]
fn n10_the_newest_state_follows() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    let id = net.phone(BOB).asked_for[0];
    for words in ["1", "2", "3"] {
        net.on(BOB, "changes", |agent, now| agent.notify(id, state(words), now)).unwrap();
    }
    net.settle();
    let told: Vec<_> = net.exchange.requests(&Method::Notify).iter().map(|notify| notify.body.clone()).collect();
    assert_eq!(told, [b"open".to_vec(), b"1".to_vec(), b"3".to_vec()]);
}

#[test]
fn n11_a_refresh_is_told_the_whole_state() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    change(&mut net, "closed");
    net.run(Duration::from_secs(700));
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
    let all = net.exchange.requests(&Method::Notify);
    assert_eq!((all.len(), all[2].body.as_slice()), (3, b"closed".as_slice()));
    assert_eq!(said(&net)[2], "active;expires=600");
}

#[test]
fn n13_it_runs_out() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    for _ in 0..60 {
        net.exchange.lose(Method::Subscribe);
    }
    net.run(Duration::from_secs(605));
    assert_eq!(said(&net).last().map(String::as_str), Some("terminated;reason=timeout"));
    assert!(lines(&net, BOB).contains(&"subscription: Ended(Expired)"));
}

#[test]
fn n14_ended_here() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    bob(&mut net, "ends it", Agent::end_subscription).unwrap();
    assert_eq!(said(&net)[1], "terminated;reason=noresource");
    assert_eq!(last(&net, ALICE), "subscription: Ended(NoResource)");
    assert_eq!(last(&net, BOB), "subscription: Ended(Ended)");

    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    net.stop(BOB);
    net.settle();
    assert_eq!(said(&net)[1], "terminated;reason=probation");
    assert_eq!(phase(&net), Some(SubscriptionPhase::Waiting), "she tries again");
}

#[test]
fn n14_ended_here_and_stopped_and_started_at_once() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    net.exchange
        .answer(Method::Notify, |notify| sip::message::Response::to_request(notify, Status::TEMPORARILY_UNAVAILABLE));
    let id = *net.phone(BOB).asked_for.last().unwrap();
    net.on(BOB, "ends it, and stops and starts", |agent, now| {
        agent.end_subscription(id, now).unwrap();
        agent.stop(now);
        agent.start(now);
    });
    net.settle();
    assert_eq!(last(&net, BOB), "subscription: Ended(Ended)");
}

#[test]
fn n15_n16_what_comes_of_a_notification() {
    for (code, over) in [(481, true), (408, true), (404, true), (405, true), (500, false), (503, false)] {
        let mut net = phones();
        subscribe(&mut net);
        accept(&mut net);
        net.exchange.refuse(Method::Notify, Status::new(code).unwrap());
        change(&mut net, "closed");
        assert_eq!(last(&net, BOB).starts_with("subscription: Ended(Refused"), over, "{code}");
    }
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    net.exchange.lose(Method::Notify);
    change(&mut net, "closed");
    net.run(Duration::from_secs(33));
    assert_eq!(last(&net, BOB), "subscription: Ended(Refused(NoResponse))");
}

#[test]
fn n16_what_is_newer_follows_also_what_was_refused_for_now() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    net.exchange.refuse(Method::Notify, Status::SERVICE_UNAVAILABLE);
    let id = *net.phone(BOB).asked_for.last().unwrap();
    for words in ["busy", "closed"] {
        net.on(BOB, "changes", |agent, now| agent.notify(id, state(words), now)).unwrap();
    }
    net.settle();
    let bodies: Vec<Vec<u8>> =
        net.exchange.requests(&Method::Notify).iter().map(|notify| notify.body.clone()).collect();
    assert_eq!(bodies, [b"open".to_vec(), b"busy".to_vec(), b"closed".to_vec()]);
}

#[test]
fn n18_an_open_question_is_asked_again_after_a_restore() {
    let mut net = phones();
    subscribe(&mut net);
    let before = net.ladder().matches("bob: asked for presence").count();
    net.replace_after(BOB, net.phone(BOB).inputs + 1);
    net.hint(BOB);
    net.settle();
    assert_eq!(net.ladder().matches("bob: asked for presence").count(), before + 1);
    accept(&mut net);
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
    assert_eq!(net.exchange.requests(&Method::Notify)[0].headers.get::<CSeq>().unwrap().seq, 1001);
}

#[test]
fn n19_a_repetition_is_answered_alike() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    let again = (*net.exchange.requests(&Method::Subscribe).last().unwrap()).clone();
    assert_eq!(give(&mut net, &again), Status::OK);
    assert_eq!(net.phone(BOB).asked_for.len(), 1);
    assert_eq!(net.exchange.requests(&Method::Notify).len(), 1);
}

#[test]
fn a_subscription_that_is_not_there() {
    let mut net = phones();
    subscribe(&mut net);
    accept(&mut net);
    unsubscribe(&mut net);
    let mut late = subscribe_like(&net, "z9hG4bKlate");
    late.headers.set(&CSeq::new(99, Method::Subscribe));
    assert_eq!(give(&mut net, &late), Status::CALL_DOES_NOT_EXIST);
    for verb in [Agent::end_subscription, Agent::put_off_subscription] {
        assert_eq!(bob(&mut net, "errs", verb), Err(VerbError::Unknown));
    }
}

#[test]
fn verbs_that_do_not_fit() {
    let mut net = phones();
    subscribe(&mut net);
    let early = bob(&mut net, "errs", |agent, id, now| agent.notify(id, state("x"), now));
    assert_eq!(early, Err(VerbError::WrongPhase));
    let ok = bob(&mut net, "errs", |agent, id, now| agent.reject_subscription(id, Status::OK, now));
    assert_eq!(ok, Err(VerbError::Malformed));
    accept(&mut net);
    let twice = bob(&mut net, "errs", |agent, id, now| agent.accept_subscription(id, state("x"), now));
    assert_eq!(twice, Err(VerbError::WrongPhase));
    let late = bob(&mut net, "errs", |agent, id, now| agent.reject_subscription(id, Status::FORBIDDEN, now));
    assert_eq!(late, Err(VerbError::WrongPhase));
}

#[test]
fn both_survive_the_loss_of_a_connection_at_any_step() {
    for phone in [ALICE, BOB] {
        for at in (5..80).step_by(10) {
            let mut net = phones();
            let expires = Duration::from_secs(600);
            net.on(ALICE, "subscribes to bob", |agent, now| {
                agent.subscribe(uri("sip:bob@example.com"), Package::Presence, expires, now)
            })
            .unwrap();
            let cut_at = net.now + Duration::from_millis(at);
            net.run(Duration::from_millis(at.min(25)));
            if at > 25 {
                let id = net.phone(BOB).asked_for[0];
                net.on(BOB, "accepts", |agent, now| agent.accept_subscription(id, state("open"), now)).unwrap();
                net.run(cut_at.since(net.now));
            }
            net.cut(phone);
            // Whoever is asked, once more perhaps, accepts.
            for _ in 0..120 {
                net.run(Duration::from_secs(1));
                if let Some(id) = net.phone(BOB).asked_for.last().copied() {
                    let accept = |agent: &mut Agent, now| agent.accept_subscription(id, state("open"), now);
                    let _ = net.on(BOB, "accepts", accept);
                }
            }
            let refused = last(&net, ALICE) == "subscription: Ended(Refused(NotFound))";
            let active = phase(&net) == Some(SubscriptionPhase::Active);
            assert!(active || refused && phone == BOB, "{phone} cut after {at} ms\n{}", net.ladder());
        }
    }
}

#[test]
fn it_is_told_who_asks_for_what() {
    let mut net = phones();
    subscribe_for(&mut net, Package::Dialog, 600);
    assert_eq!(lines(&net, BOB), ["asked for dialog by sip:alice@example.com"]);
}
