//! Subscriptions of ours that are to end (RFC 6665).

use super::subscriptions::{
    OPEN, active, alice, answered, count, ended, grant, last_subscribe, phase, subscribe, subscribe_to, tell,
    unsubscribe,
};
use super::{ALICE, check_with, net};
use sip::Duration;
use sip::agent::{Package, SubscriptionPhase};
use sip::header::Expires;
use sip::message::{Method, Response, Status};

#[test]
fn s18_s19_s21_unsubscribing_early() {
    let mut net = net();
    subscribe(&mut net);
    unsubscribe(&mut net);
    assert_eq!(ended(&net), Some("Ended)"));

    check_with("unsubscribed_before_the_notification", alice, |net| {
        grant(net, 3);
        subscribe(net);
        unsubscribe(net);
        net.settle();
        assert_eq!(phase(net), Some(SubscriptionPhase::Ending));
        tell(net, 1, "active", OPEN);
        assert_eq!(last_subscribe(net).headers.get::<Expires>().unwrap().0, 0);
        tell(net, 2, "terminated;reason=timeout", "");
    });
}

#[test]
fn s19_what_is_not_wanted_any_more_is_not_signed() {
    let mut net = alice();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Subscribe, |request| {
        let mut response = Response::to_request(request, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    subscribe(&mut net);
    unsubscribe(&mut net);
    net.settle();
    assert_eq!((count(&net), ended(&net)), (1, Some("Ended)")));
}

#[test]
fn s22_nothing_is_said_to_a_goodbye() {
    for code in [200, 481, 500] {
        let mut net = alice();
        active(&mut net);
        net.exchange.refuse(Method::Subscribe, Status::new(code).unwrap());
        unsubscribe(&mut net);
        net.run(Duration::from_secs(33));
        assert_eq!(ended(&net), Some("Ended)"));
        tell(&mut net, 2, "active", OPEN);
        assert_eq!(answered(&net).status, Status::CALL_DOES_NOT_EXIST, "nobody listens any more");
    }
}

#[test]
fn s20_a_goodbye_waits_for_the_refresh_that_is_under_way() {
    let mut net = alice();
    active(&mut net);
    let id = net.phone(ALICE).agent.subscriptions().next().unwrap().id;
    grant(&mut net, 2);
    net.on(ALICE, "renews", |agent, now| agent.renew(id, now)).unwrap();
    unsubscribe(&mut net);
    assert_eq!(phase(&net), Some(SubscriptionPhase::Ending));
    net.settle();
    assert_eq!(count(&net), 3);
    assert_eq!(last_subscribe(&net).headers.get::<Expires>().unwrap().0, 0);
}

#[test]
fn s23_the_state_of_one_moment() {
    check_with("a_fetch", alice, |net| {
        grant(net, 2);
        subscribe_to(net, Package::Presence, 0);
        net.settle();
        tell(net, 1, "terminated;reason=timeout", OPEN);
        net.run(Duration::from_secs(20));
    });
}

#[test]
fn a_stop_unsubscribes_and_does_not_wait() {
    check_with("stopped_while_subscribed", alice, |net| {
        grant(net, 2);
        active(net);
        grant(net, 1);
        net.stop(ALICE);
        net.run(Duration::from_secs(2));
    });
}
