//! Messages (RFC 3428).

use super::{ALICE, BOB, Net, check, check_losses, last_response, lines, ready, text, uri};
use sip::Duration;
use sip::agent::{Agent, VerbError};
use sip::header::{CallId, Via};
use sip::message::{Method, Response, Status};

fn say(net: &mut Net, words: &str) {
    let body = text(words);
    net.on(ALICE, "says something to bob", |agent, now| agent.message(uri("sip:bob@example.com"), body, now)).unwrap();
}

pub(super) fn accept(net: &mut Net) {
    let id = *net.phone(BOB).messages.last().expect("a message came");
    net.on(BOB, "keeps it", |agent, now| agent.accept_message(id, now)).unwrap();
}

fn said(net: &mut Net) {
    net.start(ALICE);
    net.start(BOB);
    say(net, "Watson, come here.");
    net.settle();
}

#[test]
fn e1_e4_r1_r4_a_message_is_kept() {
    check("a_message_is_kept", |net| {
        said(net);
        accept(net);
        net.settle();
    });
}

#[test]
fn e5_r5_a_message_is_rejected() {
    check("a_message_is_rejected", |net| {
        said(net);
        let id = net.phone(BOB).messages[0];
        net.on(BOB, "does not want it", |agent, now| agent.reject_message(id, Status::DECLINE, now)).unwrap();
        net.settle();
    });
}

#[test]
fn r6_nobody_answers() {
    check("nobody_answers_a_message", |net| {
        said(net);
        net.run(Duration::from_secs(40));
        let id = net.phone(BOB).messages[0];
        let late = net.on(BOB, "is too late", |agent, now| agent.accept_message(id, now));
        assert_eq!(late, Err(VerbError::Unknown));
    });
}

#[test]
fn e2_a_challenged_message() {
    check("a_challenged_message", |net| {
        net.exchange.answer(Method::Message, |message| {
            let mut response = Response::to_request(message, Status::PROXY_AUTHENTICATION_REQUIRED);
            response.headers.push_raw("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
            response
        });
        net.phone_mut(ALICE).password = Some("secret".into());
        said(net);
        accept(net);
        net.settle();
    });
}

#[test]
fn a_challenge_that_nobody_signs_fails_it() {
    let mut net = ready();
    net.exchange.answer(Method::Message, |message| {
        let mut response = Response::to_request(message, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    say(&mut net, "hello");
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Failed(Forbidden)"]);
}

#[test]
fn e6_nothing_comes() {
    check("nothing_comes_of_a_message", |net| {
        for _ in 0..3 {
            net.exchange.lose(Method::Message);
        }
        said(net);
        net.run(Duration::from_secs(40));
    });
}

#[test]
fn e3_the_same_request_leaves_by_a_new_connection() {
    let mut net = ready();
    net.exchange.lose(Method::Message);
    say(&mut net, "hello");
    net.settle();
    net.cut(ALICE);
    net.settle();
    accept(&mut net);
    net.settle();
    let sent = net.exchange.requests(&Method::Message);
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1], "the same message: Call-ID, CSeq and branch");
    assert_eq!(lines(&net, ALICE), ["message: Delivered(Status(200))"]);
}

#[test]
fn without_a_connection_it_leaves_later() {
    let mut net = ready();
    net.reachable = false;
    net.cut(ALICE);
    say(&mut net, "hello");
    net.run(Duration::from_secs(5));
    assert!(net.exchange.requests(&Method::Message).is_empty());
    net.reachable = true;
    net.run(Duration::from_secs(10));
    accept(&mut net);
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Delivered(Status(200))"]);
}

#[test]
fn a_message_survives_the_loss_of_a_connection_at_any_step() {
    let flow = |net: &mut Net| say(net, "hello");
    // It is told once at most, and its sender learns one thing of it.
    let claim = |net: &Net| net.phone(BOB).messages.len() <= 1 && lines(net, ALICE).len() == 1;
    check_losses(flow, claim, 50);
}

#[test]
fn r7_a_repetition_is_answered_alike_and_not_told() {
    let mut net = ready();
    say(&mut net, "hello");
    net.settle();
    let message = net.exchange.requests(&Method::Message)[0].clone();
    accept(&mut net);
    net.settle();
    net.inject(BOB, &message.to_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::OK);
    assert_eq!(net.phone(BOB).messages.len(), 1);
    // R8: after that, it is a message as any.
    net.run(Duration::from_secs(33));
    net.inject(BOB, &message.to_bytes());
    assert_eq!(net.phone(BOB).messages.len(), 2);
}

#[test]
fn r10_an_answer_that_was_given_without_a_connection_leaves_later() {
    let mut net = ready();
    say(&mut net, "hello");
    net.settle();
    net.reachable = false;
    net.cut(BOB);
    accept(&mut net);
    net.run(Duration::from_secs(2));
    net.reachable = true;
    net.run(Duration::from_secs(10));
    assert_eq!(lines(&net, ALICE), ["message: Delivered(Status(200))"]);
    assert_eq!(net.phone(BOB).messages.len(), 1);
}

#[test]
fn r3_the_same_by_another_way_is_a_loop() {
    let mut net = ready();
    say(&mut net, "hello");
    net.settle();
    let mut forked = net.exchange.requests(&Method::Message)[0].clone();
    let mut via = forked.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKother")).unwrap();
    forked.headers.set(&via);
    net.inject(BOB, &forked.to_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::LOOP_DETECTED);
    assert_eq!(net.phone(BOB).messages.len(), 1);
}

#[test]
fn r7_the_same_by_another_way_is_answered_alike_and_not_told() {
    let mut net = ready();
    say(&mut net, "hello");
    net.settle();
    let mut forked = net.exchange.requests(&Method::Message)[0].clone();
    accept(&mut net);
    net.settle();
    let mut via = forked.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKother")).unwrap();
    forked.headers.set(&via);
    net.inject(BOB, &forked.to_bytes());
    net.settle();
    let response = last_response(&net);
    assert_eq!(response.status, Status::OK);
    assert_eq!(response.headers.get::<Via>().unwrap().branch(), Some("z9hG4bKother"));
    assert_eq!(net.phone(BOB).messages.len(), 1);
}

#[test]
fn a_stop_answers_what_nobody_decided() {
    let mut net = ready();
    say(&mut net, "hello");
    net.settle();
    net.stop(BOB);
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Failed(Unavailable)"], "she need not wait for half a minute");
}

/// A message came to Bob. His connection dies, he does something about the message, stops his phone and starts it again.
fn restarted(decide: fn(&mut Net)) -> Net {
    let mut net = ready();
    net.exchange.keeps = true;
    say(&mut net, "hello");
    net.settle();
    net.cut_silently(BOB);
    decide(&mut net);
    net.stop(BOB);
    net.run(Duration::from_secs(2));
    net.start(BOB);
    net
}

#[test]
fn r12_a_message_that_was_accepted_before_a_stop_is_not_told_after_it() {
    let net = restarted(accept);
    assert_eq!(lines(&net, ALICE), ["message: Delivered(Status(200))"]);
    assert_eq!(net.phone(BOB).messages.len(), 1, "{}", net.ladder());
}

#[test]
fn r11_a_message_that_a_stop_refused_is_not_told_after_it() {
    let net = restarted(|_| {});
    assert_eq!(lines(&net, ALICE), ["message: Failed(Unavailable)"]);
    assert_eq!(net.phone(BOB).messages.len(), 1, "{}", net.ladder());
}

#[test]
fn r9_an_open_message_is_told_again_after_a_restore() {
    let mut net = ready();
    say(&mut net, "hello");
    net.settle();
    let id = net.phone(BOB).messages[0];
    let before = net.ladder().matches("bob: message from").count();
    net.replace_after(BOB, net.phone(BOB).inputs + 1);
    net.hint(BOB);
    net.settle();
    assert_eq!(net.ladder().matches("bob: message from").count(), before + 1);
    assert_eq!(net.phone(BOB).messages, [id]);
    accept(&mut net);
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Delivered(Status(200))"]);
}

#[test]
fn a_resend_keeps_the_call_id_of_its_row() {
    let mut net = ready();
    for _ in 0..2 {
        net.on(ALICE, "sends a row", |agent, now| {
            agent.message_as("row-7@alice", uri("sip:bob@example.com"), text("hello"), now)
        })
        .unwrap();
        net.settle();
        accept(&mut net);
        net.settle();
    }
    let sent = net.exchange.requests(&Method::Message);
    let call_id = |at: usize| sent[at].headers.get::<CallId>().unwrap().to_string();
    assert_eq!((call_id(0).as_str(), call_id(1).as_str()), ("row-7@alice", "row-7@alice"));
    assert_eq!(net.phone(BOB).messages.len(), 2, "whether it is known is the application's to say");
    let bad = net
        .on(ALICE, "errs", |agent, now| agent.message_as("no call id", uri("sip:bob@example.com"), text("hello"), now));
    assert_eq!(bad, Err(VerbError::Malformed));
}

/// A MESSAGE of Carol's.
pub(super) fn message(branch: usize, body: &str, more: &str) -> String {
    format!(
        "MESSAGE sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:carol@example.com>;tag=c\r\nTo: <sip:bob@example.com>\r\nCall-ID: m{branch}\r\n\
         CSeq: 1 MESSAGE\r\n{more}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn r2_what_cannot_be_taken_is_refused() {
    let mut net = ready();
    let refused = |net: &mut Net, text: &str| {
        net.inject(BOB, text.as_bytes());
        net.settle();
        last_response(net)
    };
    let large = message(1, &"x".repeat(17 * 1024), "Content-Type: text/plain\r\n");
    assert_eq!(refused(&mut net, &large).status, Status::REQUEST_ENTITY_TOO_LARGE);
    let coded = message(2, "x", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n");
    let response = refused(&mut net, &coded);
    assert_eq!(response.status, Status::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(response.headers.raw(&"Accept-Encoding".parse().unwrap()).collect::<Vec<_>>(), ["identity"]);
    for at in 10..42 {
        net.inject(BOB, message(at, "x", "Content-Type: text/plain\r\n").as_bytes());
    }
    net.settle();
    assert_eq!(net.phone(BOB).messages.len(), 32);
    let response = refused(&mut net, &message(50, "x", ""));
    assert_eq!(response.status, Status::TEMPORARILY_UNAVAILABLE);
    assert!(response.headers.contains(sip::message::HeaderName::RetryAfter));
    // The ones that were answered make room.
    let id = net.phone(BOB).messages[0];
    net.on(BOB, "keeps one", |agent, now| agent.accept_message(id, now)).unwrap();
    net.inject(BOB, message(51, "x", "").as_bytes());
    assert_eq!(net.phone(BOB).messages.len(), 33);
}

#[test]
fn r2_who_takes_no_messages_says_so() {
    let mut net = super::net();
    net.phone_mut(BOB).configure(|config| config.messages = false);
    net.start(ALICE);
    net.start(BOB);
    say(&mut net, "hello");
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Failed(Unsupported)"]);
    assert!(lines(&net, BOB).is_empty());
}

#[test]
fn the_body_and_the_sender_are_told_as_they_came() {
    let mut net = ready();
    let composing = "Content-Type: application/im-iscomposing+xml\r\nP-Asserted-Identity: <sip:1002@example.com>\r\n";
    net.inject(BOB, message(1, "<isComposing/>", composing).as_bytes());
    net.inject(BOB, message(2, "", "").as_bytes());
    assert_eq!(
        lines(&net, BOB),
        ["message from sip:1002@example.com: \"<isComposing/>\"", "message from sip:carol@example.com: \"\""]
    );
}

#[test]
fn what_cannot_be_sent_is_said_at_once() {
    let mut net = ready();
    let mut send = |body| {
        net.on(ALICE, "says something", |agent: &mut Agent, now| agent.message(uri("sip:bob@example.com"), body, now))
    };
    let mut body = text(&"x".repeat(16 * 1024 + 1));
    assert_eq!(send(body.clone()), Err(VerbError::TooLarge));
    body.bytes.truncate(3);
    body.content_type = "plain text".into();
    assert_eq!(send(body), Err(VerbError::Malformed));
    for _ in 0..64 {
        send(text("hello")).unwrap();
    }
    assert_eq!(send(text("hello")), Err(VerbError::TooMany));
}

#[test]
fn a_stop_tells_what_became_of_messages() {
    let mut net = ready();
    net.exchange.lose(Method::Message);
    say(&mut net, "hello");
    net.settle();
    net.stop(ALICE);
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Failed(NoResponse)"]);
}

#[test]
fn each_failure_has_its_cause() {
    for (code, cause) in [
        (403, "Forbidden"),
        (404, "NotFound"),
        (480, "Unavailable"),
        (603, "Declined"),
        (415, "Unsupported"),
        (413, "TooLarge"),
        (408, "NoResponse"),
        (302, "Status(Status(302))"),
        (503, "Status(Status(503))"),
    ] {
        let mut net = ready();
        net.exchange.refuse(Method::Message, Status::new(code).unwrap());
        say(&mut net, "hello");
        net.settle();
        assert_eq!(lines(&net, ALICE), [format!("message: Failed({cause})")]);
    }
    let mut net = ready();
    net.exchange.refuse(Method::Message, Status::ACCEPTED);
    say(&mut net, "hello");
    net.settle();
    assert_eq!(lines(&net, ALICE), ["message: Delivered(Status(202))"]);
}
