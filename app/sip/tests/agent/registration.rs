//! Being registered and staying it.

use super::network::{Seen, config};
use super::{ALICE, BOB, net, ready, registers, request};
use sip::agent::{Agent, Cause, Input, Output, Refusal, Registration};
use sip::digest::Ha1s;
use sip::header::{Contact, Expires, MinExpires, Supported};
use sip::message::{Method, Response, Status};
use sip::{Duration, Instant};

fn challenge(status: Status, extra: &str) -> impl FnMut(&sip::message::Request) -> Response + 'static {
    let name = if status == Status::UNAUTHORIZED { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let extra = extra.to_string();
    move |request| {
        let mut response = Response::to_request(request, status);
        let value = format!("Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256{extra}");
        response.headers.push_raw(name, &value).unwrap();
        response
    }
}

#[test]
fn register_says_what_rfc_5626_asks() {
    let mut net = net();
    net.start(ALICE);
    let register = net.exchange.requests(&Method::Register)[0];
    assert_eq!(register.uri.to_string(), "sip:example.com");
    let contact = register.headers.get::<Contact>().unwrap().to_string();
    assert!(contact.starts_with("<sip:alice-page@alice.invalid;transport=ws>"), "{contact}");
    assert!(contact.contains(";+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000005>\""), "{contact}");
    assert!(contact.ends_with(";reg-id=1"), "{contact}");
    assert_eq!(register.headers.get::<Expires>().unwrap().0, 600);
    let supported = register.headers.get::<Supported>().unwrap().to_string();
    assert_eq!(supported, "outbound, path, gruu");
}

#[test]
fn a_digest_is_signed_by_the_user_and_right() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, ""));
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    let signed = net.exchange.requests(&Method::Register)[1];
    let credentials = sip::digest::presented(signed, "example.com").unwrap();
    let ha1 = Ha1s::new("alice", "example.com", "secret").sha256.unwrap();
    let challenge = "Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256";
    let again = sip::digest::sign(
        &challenge.parse().unwrap(),
        &ha1,
        "alice",
        &Method::Register,
        "sip:example.com",
        b"",
        "cnonce",
        1,
    );
    assert_eq!(credentials.response, again.response);
}

#[test]
fn a_wrong_password_is_asked_for_once() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("wrong".into());
    for _ in 0..2 {
        net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, ""));
    }
    net.start(ALICE);
    assert_eq!(registers(&net), 2);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::WrongCredentials));
}

#[test]
fn a_stale_nonce_is_answered_again() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, ""));
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, ", stale=true"));
    net.start(ALICE);
    assert_eq!(registers(&net), 3);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn endless_challenges_end() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("secret".into());
    for _ in 0..20 {
        net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, ", stale=true"));
    }
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::WrongCredentials));
}

#[test]
fn a_proxy_and_a_registrar_may_both_challenge() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Register, challenge(Status::PROXY_AUTHENTICATION_REQUIRED, ""));
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, ""));
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn nobody_signs() {
    let mut net = net();
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, ""));
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::WrongCredentials));
}

#[test]
fn a_longer_binding_is_asked_for_when_the_registrar_wants_one() {
    let mut net = net();
    net.exchange.answer(Method::Register, |request| {
        let mut response = Response::to_request(request, Status::INTERVAL_TOO_BRIEF);
        response.headers.push(&MinExpires(1800));
        response
    });
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    assert_eq!(net.exchange.requests(&Method::Register)[1].headers.get::<Expires>().unwrap().0, 1800);
}

#[test]
fn it_is_refreshed_before_it_expires() {
    let mut net = net();
    net.start(ALICE);
    net.run(Duration::from_secs(530));
    assert_eq!(registers(&net), 1);
    net.run(Duration::from_secs(15));
    assert_eq!(registers(&net), 2);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn the_registrar_decides_how_long_it_lasts() {
    let mut net = net();
    net.exchange.answer(Method::Register, |request| {
        let mut response = Response::to_request(request, Status::OK);
        let own = request.headers.get::<Contact>().unwrap().to_string();
        let other = "<sip:other@other.invalid>;expires=7;+sip.instance=\"<urn:uuid:other>\"";
        response.headers.push_raw("Contact", &format!("{other}, {own};expires=60")).unwrap();
        response
    });
    net.start(ALICE);
    net.run(Duration::from_secs(29));
    assert_eq!(registers(&net), 1);
    net.run(Duration::from_secs(2));
    assert_eq!(registers(&net), 2);
}

#[test]
fn a_lost_connection_is_tried_at_once_and_then_with_growing_patience() {
    let now = Instant::from_millis(0);
    let mut agent = Agent::new(config("alice"), [1; 32], now);
    agent.start(now);
    let mut tries = Vec::new();
    let mut now = now;
    for _ in 0..12 {
        while let Some(output) = agent.poll() {
            if output == Output::Connect(0) {
                tries.push(now);
                agent.handle(Input::Disconnected, now);
            }
        }
        now = agent.deadline().unwrap();
        agent.handle(Input::Timeout, now);
    }
    assert_eq!(agent.registration(), Registration::Unreachable);
    let waits: Vec<u64> = tries.windows(2).map(|pair| pair[1].since(pair[0]).as_millis() as u64).collect();
    assert_eq!(waits[0], 0, "{waits:?}");
    assert!((500..=1500).contains(&waits[1]), "{waits:?}");
    assert!((1000..=3000).contains(&waits[2]), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 30_000), "{waits:?}");
    assert!(waits[8..].iter().all(|wait| *wait >= 15_000), "{waits:?}");
}

#[test]
fn a_hint_tries_now() {
    let mut net = net();
    net.reachable = false;
    net.start(ALICE);
    net.run(Duration::from_secs(60));
    net.reachable = true;
    net.hint(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn a_hint_finds_a_dead_connection_early() {
    let mut net = ready();
    net.cut_silently(ALICE);
    net.hint(ALICE);
    net.run(Duration::from_millis(10_100));
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    assert_eq!(registers(&net), 3);
}

#[test]
fn a_transport_that_hangs_while_opening_is_given_up() {
    let now = Instant::from_millis(0);
    let mut agent = Agent::new(config("alice"), [1; 32], now);
    agent.start(now);
    while agent.poll().is_some() {}
    let due = agent.deadline().unwrap();
    agent.handle(Input::Timeout, due);
    assert_eq!(agent.poll(), Some(Output::Disconnect));
    assert_eq!(agent.poll(), Some(Output::Connect(0)));
}

#[test]
fn a_registrar_that_is_silent_is_left_for_a_new_connection() {
    let mut net = net();
    net.exchange.lose(Method::Register);
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registering);
    net.run(Duration::from_secs(33));
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn stopping_never_hangs() {
    let mut net = net();
    net.start(ALICE);
    net.exchange.lose(Method::Register);
    net.stop(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Unregistering);
    net.run(Duration::from_millis(1500));
    assert_eq!(net.phone(ALICE).registration(), Registration::Stopped);
    assert_eq!(net.phone(ALICE).seen, [Seen::Stopped]);
    assert_eq!(net.phone(ALICE).agent.deadline(), None);
}

#[test]
fn stopping_waits_for_the_end_of_calls() {
    let mut net = ready();
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.phone_mut(ALICE).holds = true;
    net.exchange.answer(Method::Bye, challenge(Status::PROXY_AUTHENTICATION_REQUIRED, ""));
    net.stop(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).registration(), Registration::Unregistering, "the BYE is not signed yet");
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    assert_eq!(net.phone(ALICE).registration(), Registration::Stopped);
}

#[test]
fn nothing_new_is_begun_while_it_stops() {
    let mut net = ready();
    net.exchange.lose(Method::Register);
    net.stop(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Unregistering);
    net.dial(BOB, "alice");
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::Unavailable]);
    assert_eq!(net.phone(ALICE).seen, []);
}

#[test]
fn stopping_without_a_connection_is_done_at_once() {
    let mut net = net();
    net.reachable = false;
    net.start(ALICE);
    net.stop(ALICE);
    assert_eq!(net.phone(ALICE).seen, [Seen::Stopped]);
}

#[test]
fn a_stopped_phone_starts_again() {
    let mut net = net();
    net.start(ALICE);
    net.stop(ALICE);
    net.settle();
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn a_phone_that_stopped_without_a_connection_ends_its_calls_when_it_starts_again() {
    for answered in [true, false] {
        let mut net = ready();
        net.dial(ALICE, "bob");
        net.settle();
        if answered {
            net.answer(BOB);
            net.settle();
        }
        net.reachable = false;
        net.cut(ALICE);
        net.stop(ALICE);
        net.run(Duration::from_secs(5));
        assert_eq!(net.phone(ALICE).registration(), Registration::Stopped);
        assert_eq!(net.phone(BOB).causes(), [], "nothing can be said to anybody");
        net.reachable = true;
        net.start(ALICE);
        net.settle();
        let cause = if answered { Cause::HungUpThere } else { Cause::CancelledThere };
        assert_eq!(net.phone(BOB).causes(), [cause]);
        assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    }
}

#[test]
fn pings_are_answered() {
    let mut net = ready();
    net.inject(ALICE, b"\r\n\r\n");
    assert!(net.ladder().ends_with("alice -> exchange: pong\n"));
}

#[test]
fn an_outbound_proxy_is_the_first_hop() {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| {
        config.outbound_proxy = Some("sip:edge.example.com;transport=ws".parse().unwrap());
    });
    net.start(ALICE);
    let register = net.exchange.requests(&Method::Register)[0];
    let route: sip::header::Route = register.headers.get().unwrap();
    assert_eq!(route.to_string(), "<sip:edge.example.com;transport=ws;lr>");
    assert_eq!(request(&String::from_utf8(register.to_bytes()).unwrap()), *register);
}
