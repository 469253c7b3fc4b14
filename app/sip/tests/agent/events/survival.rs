//! Subscriptions of ours when the connection, or the page, is another one.

use super::subscriptions::{OPEN, active, alice, count, grant, last_subscribe, notify, phase, subscribe, tell};
use super::{ALICE, net};
use sip::Duration;
use sip::agent::{Agent, SubscriptionPhase};
use sip::header::{CSeq, To};

#[test]
fn s10_a_new_connection_refreshes_it() {
    let mut net = alice();
    active(&mut net);
    grant(&mut net, 1);
    net.cut(ALICE);
    net.run(Duration::from_secs(1));
    assert_eq!(count(&net), 2);
    assert_eq!(last_subscribe(&net).headers.get::<To>().unwrap().tag(), Some("server"));
    assert_eq!(phase(&net), Some(SubscriptionPhase::Active));
}

#[test]
fn s2_s3_it_waits_for_the_registration() {
    let mut net = net();
    subscribe(&mut net);
    net.settle();
    assert_eq!(phase(&net), Some(SubscriptionPhase::Waiting));
    grant(&mut net, 1);
    net.start(ALICE);
    assert_eq!((count(&net), phase(&net)), (1, Some(SubscriptionPhase::Asking)));
}

#[test]
fn a_restored_subscription_jumps_its_number() {
    let mut net = alice();
    active(&mut net);
    grant(&mut net, 1);
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    assert_eq!(count(&net), 2, "it is refreshed");
    assert_eq!(last_subscribe(&net).headers.get::<CSeq>().unwrap().seq, 1002);
}

#[test]
fn an_hour_away_is_a_new_subscription() {
    let mut net = alice();
    active(&mut net);
    let snapshot = net.phone(ALICE).agent.snapshot(net.now).unwrap();
    let config = net.phone(ALICE).agent.config().clone();
    net.phone_mut(ALICE).agent = Agent::restore(snapshot, config, Duration::from_secs(3600), [3; 32], net.now).unwrap();
    net.hint(ALICE);
    grant(&mut net, 1);
    net.run(Duration::from_secs(5));
    assert_eq!(last_subscribe(&net).headers.get::<To>().unwrap().tag(), None);
}

#[test]
fn a_subscription_survives_the_loss_of_a_connection_at_any_step() {
    for at in (5..60).step_by(10) {
        let mut net = alice();
        grant(&mut net, 1);
        subscribe(&mut net);
        net.run(Duration::from_millis(at));
        if at > 20 {
            let notify = notify(&net, 1, "active", OPEN);
            net.deliver(ALICE, &notify.to_bytes());
            net.run(Duration::from_millis(at % 20));
        }
        grant(&mut net, 3);
        net.cut(ALICE);
        net.run(Duration::from_secs(3));
        tell(&mut net, 7, "active", OPEN);
        assert_eq!(phase(&net), Some(SubscriptionPhase::Active), "{at}\n{}", net.ladder());
        net.run(Duration::from_secs(40));
        assert_eq!(phase(&net), Some(SubscriptionPhase::Active), "{at}\n{}", net.ladder());
    }
}
