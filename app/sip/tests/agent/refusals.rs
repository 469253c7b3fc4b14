//! Why a registration is refused, and when it is tried again; which settings cannot work at all.

use super::flows::check;
use super::network::config;
use super::{ALICE, Net, net, registers, text};
use sip::agent::{Config, ConfigError, Refusal, Registration};
use sip::header::{Authorization, MinExpires, ProxyAuthorization, RetryAfter};
use sip::message::{Method, Response, Status};
use sip::{Duration, Random};

fn refused(status: Status) -> Registration {
    let mut net = net();
    net.exchange.refuse(Method::Register, status);
    net.start(ALICE);
    net.phone(ALICE).registration()
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
        (Status::FORBIDDEN, Refusal::NotAllowed(Status::FORBIDDEN)),
        (Status::NOT_FOUND, Refusal::UnknownUser(Status::NOT_FOUND)),
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

/// REGISTER is challenged with these algorithms, in this order, and signed if it may be.
fn challenged_with(algorithms: &'static [&'static str], md5: bool) -> Net {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.phone_mut(ALICE).configure(|config| config.md5 = md5);
    net.exchange.answer(Method::Register, move |request| {
        let mut response = Response::to_request(request, Status::UNAUTHORIZED);
        for algorithm in algorithms {
            let value = format!("Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm={algorithm}");
            response.headers.push_raw("WWW-Authenticate", &value).unwrap();
        }
        response
    });
    net.start(ALICE);
    net
}

#[test]
fn the_strongest_algorithm_signs_and_md5_only_if_it_may() {
    let signed = |algorithms, md5| {
        let net = challenged_with(algorithms, md5);
        let Some(signed) = net.exchange.requests(&Method::Register).get(1).copied() else {
            assert_eq!(net.phone(ALICE).registration(), Registration::Refused(Refusal::Unanswerable));
            return None;
        };
        let credentials = signed.headers.all::<Authorization>().unwrap();
        assert_eq!(credentials.len(), 1, "one answer a realm");
        credentials[0].0.algorithm.as_ref().map(ToString::to_string)
    };
    assert_eq!(signed(&["MD5", "SHA-256", "SHA-512-256"], true).as_deref(), Some("SHA-512-256"));
    assert_eq!(signed(&["SHA3-999", "SHA-256", "MD5"], false).as_deref(), Some("SHA-256"));
    assert_eq!(signed(&["SHA3-999", "MD5"], true).as_deref(), Some("MD5"));
    assert_eq!(signed(&["SHA3-999", "MD5"], false), None);
    assert_eq!(signed(&["SHA3-999"], true), None);
}

#[test]
fn a_nonce_that_comes_again_is_counted() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("secret".into());
    challenge(&mut net, "");
    net.start(ALICE);
    net.exchange.answer(Method::Invite, |request| {
        let mut response = Response::to_request(request, Status::PROXY_AUTHENTICATION_REQUIRED);
        let value = "Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256";
        response.headers.push_raw("Proxy-Authenticate", value).unwrap();
        response
    });
    net.dial(ALICE, "bob");
    net.settle();
    let register: Authorization = net.exchange.requests(&Method::Register)[1].headers.get().unwrap();
    let invite: ProxyAuthorization = net.exchange.requests(&Method::Invite)[1].headers.get().unwrap();
    assert_eq!((register.0.nc, invite.0.nc), (Some(1), Some(2)));
}

#[test]
fn what_the_configuration_adds_is_there() {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| {
        for (name, value) in
            [("X-Tenant", "blue"), ("X-Tenant", "green"), ("Call-ID", "other"), ("User-Agent", "Other")]
        {
            config.headers.push_raw(name, value).unwrap();
        }
        config.contact_params.set("audio", None).unwrap();
        config.secure = false;
        config.wss_in_contact = true;
    });
    net.start(ALICE);
    let register = text(net.exchange.requests(&Method::Register)[0]);
    assert!(register.contains("X-Tenant: blue\r\nX-Tenant: green\r\n"), "{register}");
    assert!(!register.to_ascii_lowercase().contains("other"), "what is the agent's own stays so: {register}");
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

#[test]
fn settings_that_cannot_work_are_named() {
    let check = |change: fn(&mut Config)| {
        let mut config = config("alice");
        change(&mut config);
        config.check()
    };
    assert_eq!(check(|_| {}), Ok(()));
    let address = config("alice").address;
    let usual = Config::new(address, "sip:example.com".parse().unwrap(), &mut Random::new([7; 32]));
    assert_eq!(usual.check(), Ok(()));
    assert_eq!(check(|config| config.address = "<tel:+15550100>".parse().unwrap()), Err(ConfigError::Address));
    assert_eq!(check(|config| config.address = "<sip:example.com>".parse().unwrap()), Err(ConfigError::Address));
    assert_eq!(check(|config| config.registrar = "sip:me@example.com".parse().unwrap()), Err(ConfigError::Registrar));
    let proxy = |config: &mut Config| config.outbound_proxy = Some("http://example.com".parse().unwrap());
    assert_eq!(check(proxy), Err(ConfigError::OutboundProxy));
    assert_eq!(check(|config| config.contact_host = "no host".into()), Err(ConfigError::Contact));
    assert_eq!(check(|config| config.contact_user.clear()), Err(ConfigError::Contact));
    assert_eq!(check(|config| config.instance = "<urn:uuid:1>".into()), Err(ConfigError::Instance));
    assert_eq!(check(|config| config.register_call_id = "a b".into()), Err(ConfigError::CallId));
    assert_eq!(check(|config| config.ping_interval = Duration::ZERO), Err(ConfigError::Time));
}
