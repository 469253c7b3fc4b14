//! Who there is, what the two machines are told of them, and what their phones begin with.

use crate::bench::Bench;
use crate::messages::{answer, invite, register};
use sip::Duration;
use sip::digest::Ha1s;
use sip::message::Request;
use sip::proxy;
use sip::registrar::{self, Domain, Flow, Secrets};

pub const DOMAIN: &str = "tabphone";

/// A phone that is registered.
pub fn phone(bench: &mut Bench, user: &str, name: &str) -> Flow {
    let flow = bench.open(user);
    bench.send(flow, register(user, name, 1, 3600));
    assert_eq!(bench.response(flow).status.code(), 200);
    flow
}

/// 1001 calls 1002, whose phone rings: the INVITE as it was sent, and as it arrived.
pub fn ring(bench: &mut Bench, caller: Flow, callee: Flow) -> (Request, Request) {
    let sent = invite("1001", "a", "1002");
    bench.send(caller, sent.clone());
    let arrived = bench.request(callee);
    bench.send(callee, answer(&arrived, 180, "1002", "b"));
    (sent, arrived)
}

pub fn registrar_config() -> registrar::Config {
    registrar::Config::new(domain(), [7; 32])
}

pub fn proxy_config() -> proxy::Config {
    let mut config = proxy::Config::new(domain(), [7; 32]);
    config.ringing = Some(Duration::from_secs(45));
    config.serves = ["presence", "dialog"].map(Into::into).to_vec();
    config
}

fn domain() -> Domain {
    Domain::new(DOMAIN, &["alias.example"]).unwrap()
}

/// Who there is unless [`Bench::routes`] says otherwise: 1001 to 1003, with their passwords.
pub fn password(user: &str) -> Option<&'static str> {
    match user {
        "1001" => Some("secret of one"),
        "1002" => Some("secret of two"),
        "1003" => Some("secret of three"),
        _ => None,
    }
}

pub fn name(user: &str) -> Option<String> {
    match user {
        "1001" => Some("Alice".into()),
        "1002" => Some("Bob".into()),
        _ => None,
    }
}

pub fn secrets(user: &str) -> Option<Secrets> {
    let password = password(user)?;
    Some(Secrets { ha1s: Ha1s::new(user, DOMAIN, password), name: name(user) })
}
