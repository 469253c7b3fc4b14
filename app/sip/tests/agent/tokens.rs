//! Tokens in the place of passwords (RFC 8898).

use super::network::{Network, Wire, config};
use super::{ALICE, BOB, net};
use sip::agent::{Agent, Output, Question, Refusal, Registration};
use sip::digest;
use sip::header::CSeq;
use sip::message::{HeaderName, Method, Request, Response, Status};

const ASKS: &str = "Bearer realm=\"example.com\", authz_server=\"https://id.example.com\", scope=\"sip calls\"";
const RAN_OUT: &str = "Bearer authz_server=\"https://id.example.com\", error=\"invalid_token\"";
const DIGEST: &str = "Digest realm=\"example.com\", nonce=\"n\", algorithm=SHA-256";

/// A 401 or 407 with these challenges.
fn challenge(status: Status, values: &[&str]) -> impl FnMut(&Request) -> Response + use<> {
    let name = if status == Status::UNAUTHORIZED { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    move |request| {
        let mut response = Response::to_request(request, status);
        for value in &values {
            response.headers.push_raw(name, value).unwrap();
        }
        response
    }
}

/// Alice has a token, and a password too.
fn with_token() -> Network<Wire> {
    let mut net = net();
    let mut config = config("alice");
    config.tokens = true;
    let now = net.now;
    let alice = net.phone_mut(ALICE);
    alice.agent = Agent::new(config, [1; 32], now);
    alice.token = Some("eyJh.eyJz.c2ln==".parse().unwrap());
    alice.password = Some("secret".into());
    net
}

/// What the requests of a method brought.
fn brought(net: &Network<Wire>, method: &Method, name: &HeaderName) -> Vec<Vec<String>> {
    let of = |request: &&Request| request.headers.raw(name).map(ToString::to_string).collect();
    net.exchange.requests(method).iter().map(of).collect()
}

#[test]
fn a_token_is_brought_where_one_is_asked_for() {
    let mut net = with_token();
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, &[DIGEST, ASKS]));
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    let brought = brought(&net, &Method::Register, &HeaderName::Authorization);
    assert_eq!(brought, [vec![], vec!["Bearer eyJh.eyJz.c2ln==".to_string()]], "also where a digest would do");
    let numbers: Vec<u32> =
        net.exchange.requests(&Method::Register).iter().map(|one| one.headers.get::<CSeq>().unwrap().seq).collect();
    assert_eq!(numbers.get(1).zip(numbers.first()).map(|(next, one)| next - one), Some(1));
}

#[test]
fn a_proxy_may_ask_for_one_too() {
    let mut net = with_token();
    net.start(BOB);
    net.start(ALICE);
    net.exchange.answer(Method::Invite, challenge(Status::PROXY_AUTHENTICATION_REQUIRED, &[ASKS]));
    net.dial(ALICE, "bob");
    net.settle();
    let brought = brought(&net, &Method::Invite, &HeaderName::ProxyAuthorization);
    assert_eq!(brought, [vec![], vec!["Bearer eyJh.eyJz.c2ln==".to_string()]]);
}

#[test]
fn one_that_ran_out_is_asked_for_again_and_no_other() {
    let mut net = with_token();
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, &[ASKS]));
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, &[RAN_OUT]));
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    assert!(brought(&net, &Method::Register, &HeaderName::Authorization).iter().all(|values| values.len() <= 1));
    let mut net = with_token();
    for _ in 0..2 {
        net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, &[ASKS]));
    }
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::WrongCredentials));
    assert_eq!(net.exchange.requests(&Method::Register).len(), 2, "it would be refused again");
}

#[test]
fn endless_challenges_for_tokens_end() {
    let mut net = with_token();
    for _ in 0..20 {
        net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, &[RAN_OUT]));
    }
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::WrongCredentials));
}

#[test]
fn who_has_no_token_is_not_asked_for_one() {
    let mut net = with_token();
    net.phone_mut(ALICE).token = None;
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, &[ASKS]));
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::WrongCredentials), "there is none");
    let mut net = super::net();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Register, challenge(Status::UNAUTHORIZED, &[ASKS, DIGEST]));
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered, "a digest is signed by who has no tokens");
}

#[test]
fn a_token_of_one_hop_leaves_the_signature_for_another() {
    let mut net = with_token();
    net.start(BOB);
    net.start(ALICE);
    net.exchange.answer(Method::Invite, challenge(Status::PROXY_AUTHENTICATION_REQUIRED, &[ASKS]));
    net.exchange.answer(Method::Invite, challenge(Status::PROXY_AUTHENTICATION_REQUIRED, &[DIGEST]));
    net.dial(ALICE, "bob");
    net.settle();
    let all = brought(&net, &Method::Invite, &HeaderName::ProxyAuthorization);
    let last = all.last().unwrap();
    assert!(
        last.iter().any(|value| value.starts_with("Bearer ")) && last.iter().any(|value| value.starts_with("Digest "))
    );
}

#[test]
fn who_is_asked_learns_by_whom_and_again_after_a_reload() {
    let mut net = with_token();
    net.start(ALICE);
    net.exchange.answer(Method::Invite, challenge(Status::PROXY_AUTHENTICATION_REQUIRED, &[ASKS]));
    net.dial(ALICE, "bob");
    net.phone_mut(ALICE).holds = true;
    net.settle();
    let saved = net.phone(ALICE).agent.snapshot(net.now).unwrap();
    let saved = serde_json::from_str(&serde_json::to_string(&saved).unwrap()).unwrap();
    let config = net.phone(ALICE).agent.config().clone();
    let mut agent = Agent::restore(saved, config, core::time::Duration::ZERO, [3; 32], net.now).unwrap();
    let mut asked = Vec::new();
    while let Some(output) = agent.poll() {
        if let Output::Ask(_, Question::Token { challenges, uri }) = output {
            asked.push((challenges, uri));
        }
    }
    let (challenges, uri) = asked.pop().unwrap();
    assert_eq!(uri, "sip:bob@example.com");
    assert_eq!(challenges.first().map(|challenge| &*challenge.authz_server), Some("https://id.example.com"));
    assert_eq!(challenges.first().and_then(|challenge| challenge.scope.as_deref()), Some("sip calls"));
}

#[test]
fn a_token_is_what_may_stand_in_a_header_and_is_shown_nowhere() {
    for wrong in ["", "=", "a b", "a\r\nX: y", "a\"", "ä", "a=b"] {
        assert!(wrong.parse::<sip::bearer::Token>().is_err(), "{wrong:?}");
    }
    assert!("a".repeat(9_000).parse::<sip::bearer::Token>().is_err());
    let token: sip::bearer::Token = "eyJh.c2ln".parse().unwrap();
    assert!(!format!("{token:?}").contains("eyJh"));
    // Who gives tokens has to be named (RFC 8898 4).
    let mut response =
        Response::to_request(&Request::new(Method::Options, "sip:a".parse().unwrap()), Status::UNAUTHORIZED);
    response.headers.push_raw("WWW-Authenticate", "Bearer realm=\"x\"").unwrap();
    response.headers.push_raw("WWW-Authenticate", ASKS).unwrap();
    let offered = sip::bearer::offered(&response);
    assert_eq!(offered.len(), 1);
    assert_eq!(offered.first().map(ToString::to_string).and_then(|text| text.parse().ok()).as_ref(), offered.first());
    assert!(digest::offered(&response).is_empty());
}
