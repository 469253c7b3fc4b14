//! Why a registration is refused, and when it is tried again.

use super::flows::check;
use super::{ALICE, Net, net, text};
use sip::Duration;
use sip::agent::{Refusal, Registration};
use sip::header::{MinExpires, RetryAfter};
use sip::message::{Method, Response, Status};

fn refused(status: Status) -> Registration {
    let mut net = net();
    net.exchange.refuse(Method::Register, status);
    net.start(ALICE);
    net.phone(ALICE).registration()
}

fn registers(net: &Net) -> usize {
    net.exchange.requests(&Method::Register).len()
}

fn challenge(net: &mut Net, stale: &'static str) {
    net.exchange.answer(Method::Register, move |request| {
        let mut response = Response::to_request(request, Status::UNAUTHORIZED);
        let value = format!("Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256{stale}");
        response.headers.push_raw("WWW-Authenticate", &value).unwrap();
        response
    });
}

#[test]
fn each_status_has_its_cause() {
    for (status, refusal) in [
        (Status::FORBIDDEN, Refusal::NotAllowed),
        (Status::NOT_FOUND, Refusal::UnknownUser),
        (Status::METHOD_NOT_ALLOWED, Refusal::Misconfigured(Status::METHOD_NOT_ALLOWED)),
        (Status::BAD_EXTENSION, Refusal::Misconfigured(Status::BAD_EXTENSION)),
        (Status::SERVER_INTERNAL_ERROR, Refusal::ServerFailure(Status::SERVER_INTERNAL_ERROR)),
        (Status::SERVICE_UNAVAILABLE, Refusal::ServerFailure(Status::SERVICE_UNAVAILABLE)),
        (Status::UNAUTHORIZED, Refusal::WrongCredentials),
    ] {
        assert_eq!(refused(status), Registration::Refused(refusal), "{status}");
    }
}

#[test]
fn a_403_to_what_was_signed_is_a_wrong_password() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("wrong".into());
    challenge(&mut net, "");
    net.exchange.refuse(Method::Register, Status::FORBIDDEN);
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::WrongCredentials));
}

#[test]
fn a_server_that_is_busy_is_left_alone_as_long_as_it_asks() {
    let mut net = net();
    net.exchange.answer(Method::Register, |request| {
        let mut response = Response::to_request(request, Status::SERVICE_UNAVAILABLE);
        response.headers.push(&RetryAfter::new(300));
        response
    });
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::Busy));
    net.run(Duration::from_secs(299));
    assert_eq!(registers(&net), 1);
    net.run(Duration::from_secs(60));
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn who_is_refused_asks_ever_less_often() {
    let mut net = net();
    for _ in 0..20 {
        net.exchange.refuse(Method::Register, Status::FORBIDDEN);
    }
    net.start(ALICE);
    net.run(Duration::from_secs(3600));
    assert!((6..=15).contains(&registers(&net)), "{}", registers(&net));
}

#[test]
fn the_authorization_name_signs_and_other_realms_are_not_answered() {
    let register = |realm: &str| {
        let mut net = net();
        net.phone_mut(ALICE).password = Some("secret".into());
        let realm = realm.to_owned();
        net.phone_mut(ALICE).configure(|config| {
            config.username = Some("alice-private".into());
            config.realm = Some(realm);
        });
        challenge(&mut net, "");
        net.start(ALICE);
        net
    };
    let net = register("example.com");
    let signed = text(net.exchange.requests(&Method::Register)[1]);
    assert!(signed.contains("username=\"alice-private\""), "{signed}");
    let net = register("elsewhere.example");
    assert_eq!(registers(&net), 1);
    assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::Unanswerable));
}

#[test]
fn what_the_configuration_adds_is_there() {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| {
        config.headers.push_raw("X-Tenant", "blue").unwrap();
        config.contact_params.set("audio", None).unwrap();
        config.secure = false;
        config.wss_in_contact = true;
    });
    net.start(ALICE);
    let register = text(net.exchange.requests(&Method::Register)[0]);
    assert!(register.contains("X-Tenant: blue\r\n"), "{register}");
    assert!(register.contains("SIP/2.0/WS alice.invalid"), "{register}");
    assert!(register.contains("<sip:alice-page@alice.invalid;transport=wss>;audio;"), "{register}");
}

#[test]
fn a_brief_interval_as_a_flow() {
    check("interval_too_brief", |net| {
        net.exchange.answer(Method::Register, |request| {
            let mut response = Response::to_request(request, Status::INTERVAL_TOO_BRIEF);
            response.headers.push(&MinExpires(1800));
            response
        });
        net.start(ALICE);
    });
}

#[test]
fn a_stale_nonce_as_a_flow() {
    check("stale", |net| {
        net.phone_mut(ALICE).password = Some("secret".into());
        challenge(net, "");
        challenge(net, ", stale=true");
        net.start(ALICE);
    });
}
