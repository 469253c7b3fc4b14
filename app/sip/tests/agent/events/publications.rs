//! Publications (RFC 3903), to a server that is scripted.

use super::{ALICE, Net, check_with, net, text};
use sip::Duration;
use sip::agent::{Agent, Body, Package, PublicationId, PublicationPhase, VerbError};
use sip::header::{CSeq, Event, Expires, MinExpires, SipETag};
use sip::message::{HeaderName, Method, Request, Response, Status};

fn alice() -> Net {
    let mut net = net();
    net.start(ALICE);
    net
}

fn granted(request: &Request, entity: &str) -> Response {
    let mut response = Response::to_request(request, Status::OK);
    response.headers.push(&SipETag(entity.parse().unwrap()));
    response.headers.push(&request.headers.get::<Expires>().unwrap());
    response
}

/// Answers the next PUBLISH with 200 and this entity-tag.
fn grant(net: &mut Net, entity: &'static str) {
    net.exchange.answer(Method::Publish, move |request| granted(request, entity));
}

fn body(words: &str) -> Body {
    Body { content_type: "application/pidf+xml".into(), bytes: words.into() }
}

fn publish(net: &mut Net) -> PublicationId {
    let expires = Duration::from_secs(3600);
    net.on(ALICE, "publishes", |agent, now| agent.publish(Package::Presence, body("open"), expires, now)).unwrap()
}

fn republish(net: &mut Net, words: &str) {
    let (id, _) = net.phone(ALICE).agent.publications().next().unwrap();
    net.on(ALICE, "changes it", |agent, now| agent.republish(id, body(words), now)).unwrap();
}

fn unpublish(net: &mut Net) {
    let (id, _) = net.phone(ALICE).agent.publications().next().unwrap();
    net.on(ALICE, "takes it back", |agent, now| agent.unpublish(id, now)).unwrap();
}

fn published(net: &mut Net) {
    grant(net, "a1");
    publish(net);
    net.settle();
}

fn phase(net: &Net) -> Option<PublicationPhase> {
    net.phone(ALICE).agent.publications().next().map(|(_, phase)| phase)
}

/// All that was sent: SIP-If-Match, Expires, body.
fn sent(net: &Net) -> Vec<(String, u32, String)> {
    let all = net.exchange.requests(&Method::Publish);
    let of = |request: &&Request| {
        let entity = request.headers.raw(&HeaderName::SipIfMatch).collect();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        (entity, request.headers.get::<Expires>().unwrap().0, body)
    };
    all.iter().map(of).collect()
}

fn line(entity: &str, expires: u32, body: &str) -> (String, u32, String) {
    (entity.into(), expires, body.into())
}

/// RFC 3903 12: published, refreshed, changed, and taken back.
#[test]
fn p1_p4_p7_p8_p16_p17_the_example_of_the_rfc() {
    let mut net = alice();
    published(&mut net);
    grant(&mut net, "b2");
    net.run(Duration::from_secs(3545));
    grant(&mut net, "c3");
    republish(&mut net, "closed");
    net.settle();
    grant(&mut net, "d4");
    unpublish(&mut net);
    net.settle();
    assert_eq!(
        sent(&net),
        [line("", 3600, "open"), line("a1", 3600, ""), line("b2", 3600, "closed"), line("c3", 0, "")]
    );
    let first = net.exchange.requests(&Method::Publish)[0];
    assert_eq!(first.uri, super::uri("sip:alice@example.com"));
    assert!(first.headers.get::<Event>().unwrap().is("presence"));
    assert_eq!(net.phone(ALICE).noticed.last().unwrap(), "publication: Removed");
}

#[test]
fn the_flow() {
    check_with("published", alice, |net| {
        for _ in 0..9 {
            grant(net, "a1");
        }
        publish(net);
        net.settle();
        republish(net, "closed");
        net.settle();
        unpublish(net);
        net.settle();
    });
}

#[test]
fn p2_p3_it_waits_for_the_registration() {
    let mut net = net();
    publish(&mut net);
    republish(&mut net, "busy");
    net.settle();
    assert_eq!(phase(&net), Some(PublicationPhase::Waiting));
    grant(&mut net, "a1");
    net.start(ALICE);
    net.settle();
    assert_eq!((sent(&net), phase(&net)), (vec![line("", 3600, "busy")], Some(PublicationPhase::Published)));
}

#[test]
fn p5_p6_the_newest_state_follows() {
    let mut net = alice();
    grant(&mut net, "a1");
    grant(&mut net, "b2");
    publish(&mut net);
    for words in ["1", "2", "3"] {
        republish(&mut net, words);
    }
    net.settle();
    assert_eq!(sent(&net), [line("", 3600, "open"), line("a1", 3600, "3")]);
}

#[test]
fn p9_what_the_server_forgot_is_published_anew() {
    let mut net = alice();
    published(&mut net);
    net.exchange.refuse(Method::Publish, Status::CONDITIONAL_REQUEST_FAILED);
    grant(&mut net, "b2");
    net.run(Duration::from_secs(3545));
    assert_eq!(sent(&net), [line("", 3600, "open"), line("a1", 3600, ""), line("", 3600, "open")]);
    assert_eq!(phase(&net), Some(PublicationPhase::Published));
    // Also when it was being changed.
    net.exchange.refuse(Method::Publish, Status::CONDITIONAL_REQUEST_FAILED);
    grant(&mut net, "c3");
    republish(&mut net, "closed");
    net.settle();
    assert_eq!(sent(&net).last(), Some(&line("", 3600, "closed")));
}

#[test]
fn p9_a_server_that_always_forgets_is_not_asked_in_a_loop() {
    let mut net = alice();
    for _ in 0..50 {
        net.exchange.refuse(Method::Publish, Status::CONDITIONAL_REQUEST_FAILED);
    }
    publish(&mut net);
    net.run(Duration::from_secs(300));
    assert!(sent(&net).len() < 12, "{}", sent(&net).len());
}

#[test]
fn p10_too_brief() {
    let mut net = alice();
    net.exchange.answer(Method::Publish, |request| {
        let mut response = Response::to_request(request, Status::INTERVAL_TOO_BRIEF);
        response.headers.push(&MinExpires(7200));
        response
    });
    grant(&mut net, "a1");
    publish(&mut net);
    net.settle();
    assert_eq!(sent(&net), [line("", 3600, "open"), line("", 7200, "open")]);
}

#[test]
fn p11_p13_each_refusal() {
    for (code, refused) in [(403, true), (404, true), (405, true), (415, true), (489, true), (500, false), (480, false)]
    {
        let mut net = alice();
        net.exchange.refuse(Method::Publish, Status::new(code).unwrap());
        grant(&mut net, "a1");
        publish(&mut net);
        net.run(Duration::from_secs(4));
        assert_eq!(sent(&net).len(), if refused { 1 } else { 2 }, "{code}");
        assert_eq!(phase(&net), (!refused).then_some(PublicationPhase::Published), "{code}");
    }
    let mut net = alice();
    net.exchange.lose(Method::Publish);
    grant(&mut net, "a1");
    publish(&mut net);
    net.run(Duration::from_secs(36));
    assert_eq!(phase(&net), Some(PublicationPhase::Published));
}

#[test]
fn p12_p14_a_refresh_is_tried_until_it_runs_out() {
    let mut net = alice();
    published(&mut net);
    for _ in 0..100 {
        net.exchange.refuse(Method::Publish, Status::SERVICE_UNAVAILABLE);
    }
    net.run(Duration::from_secs(3590));
    assert_eq!(phase(&net), Some(PublicationPhase::Published));
    assert!(sent(&net).len() > 2);
    net.run(Duration::from_secs(11));
    assert_ne!(phase(&net), Some(PublicationPhase::Published));
}

#[test]
fn p12_a_change_that_was_refused_for_now_is_not_lost() {
    let mut net = alice();
    published(&mut net);
    net.exchange.refuse(Method::Publish, Status::SERVICE_UNAVAILABLE);
    grant(&mut net, "b2");
    republish(&mut net, "closed");
    net.run(Duration::from_secs(4));
    assert_eq!(sent(&net).last(), Some(&line("a1", 3600, "closed")));
    assert_eq!(sent(&net).len(), 3);
}

#[test]
fn p15_p16_taken_back_early() {
    let mut net = net();
    publish(&mut net);
    unpublish(&mut net);
    assert_eq!(net.phone(ALICE).noticed, ["publication: Removed"]);
    let mut net = alice();
    grant(&mut net, "a1");
    grant(&mut net, "b2");
    publish(&mut net);
    unpublish(&mut net);
    net.settle();
    assert_eq!(sent(&net), [line("", 3600, "open"), line("a1", 0, "")]);
    assert_eq!(phase(&net), None);
}

#[test]
fn p17_nothing_comes_of_taking_back() {
    let mut net = alice();
    published(&mut net);
    net.exchange.lose(Method::Publish);
    unpublish(&mut net);
    net.run(Duration::from_secs(33));
    assert_eq!(phase(&net), None);
    for status in [Status::CONDITIONAL_REQUEST_FAILED, Status::SERVER_INTERNAL_ERROR] {
        let mut net = alice();
        published(&mut net);
        net.exchange.refuse(Method::Publish, status);
        unpublish(&mut net);
        net.settle();
        assert_eq!((phase(&net), sent(&net).len()), (None, 2));
    }
}

#[test]
fn a_publication_survives_the_loss_of_a_connection() {
    for at in [5, 15, 25, 35] {
        let mut net = alice();
        for _ in 0..3 {
            grant(&mut net, "a1");
        }
        publish(&mut net);
        net.run(Duration::from_millis(at));
        net.cut(ALICE);
        net.run(Duration::from_secs(40));
        assert_eq!(phase(&net), Some(PublicationPhase::Published));
        let requests = net.exchange.requests(&Method::Publish);
        assert!(requests.iter().all(|request| **request == *requests[0]), "one PUBLISH, if need be twice");
    }
}

#[test]
fn a_restored_publication_jumps_its_number() {
    let mut net = alice();
    published(&mut net);
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    assert_eq!(sent(&net).len(), 1, "it is still published");
    grant(&mut net, "b2");
    republish(&mut net, "closed");
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Publish)[1].headers.get::<CSeq>().unwrap().seq, 1002);
    assert_eq!(sent(&net)[1], line("a1", 3600, "closed"));
}

#[test]
fn a_stop_takes_it_back_and_does_not_wait() {
    check_with("stopped_while_published", alice, |net| {
        for _ in 0..5 {
            grant(net, "a1");
        }
        publish(net);
        net.settle();
        net.stop(ALICE);
        net.run(Duration::from_secs(2));
    });
}

#[test]
fn several_are_kept_apart() {
    let mut net = alice();
    grant(&mut net, "a1");
    grant(&mut net, "b2");
    publish(&mut net);
    publish(&mut net);
    net.settle();
    grant(&mut net, "b3");
    let (second, _) = net.phone(ALICE).agent.publications().nth(1).unwrap();
    net.on(ALICE, "changes the second", |agent, now| agent.republish(second, body("x"), now)).unwrap();
    net.settle();
    assert_eq!(sent(&net).last(), Some(&line("b2", 3600, "x")));
}

#[test]
fn there_are_only_so_many() {
    let mut net = alice();
    for _ in 0..16 {
        publish(&mut net);
    }
    let mut one_more = |body| {
        net.on(ALICE, "publishes", |agent: &mut Agent, now| {
            agent.publish(Package::Presence, body, Duration::from_secs(600), now)
        })
    };
    assert_eq!(one_more(body("open")), Err(VerbError::TooMany));
    assert_eq!(one_more(text(&"x".repeat(20_000))), Err(VerbError::TooLarge));
    let unknown = net.on(ALICE, "errs", |agent, now| agent.unpublish(PublicationId(999), now));
    assert_eq!(unknown, Err(VerbError::Unknown));
}
