use std::string::{String, ToString as _};
use std::vec::Vec;
use std::{assert, assert_eq, format};

use core::time::Duration;

use super::*;
use crate::Instant;
use crate::message::{Method, Request, Response, Status};

/// RFC 7616 3.9.1
const MUFASA: &str = r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=ALGORITHM,
 nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;

fn mufasa(algorithm: &str) -> Challenge {
    MUFASA.replace('\n', "").replace("ALGORITHM", algorithm).parse().unwrap()
}

fn answer(challenge: &Challenge, user: &str, password: &str, cnonce: &str) -> Credentials {
    let ha1 = ha1(&challenge.algorithm(), user, &challenge.realm, password);
    let get = "GET".parse::<Method>().unwrap();
    sign(challenge, &ha1, user, &get, "/dir/index.html", b"", cnonce, 1)
}

#[test]
fn rfc_7616_example() {
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let md5 = answer(&mufasa("MD5"), "Mufasa", "Circle of Life", cnonce);
    assert_eq!(md5.response, "8ca523f5e9506fed4657c9700eebdbec");
    let sha = answer(&mufasa("SHA-256"), "Mufasa", "Circle of Life", cnonce);
    assert_eq!(sha.response, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    assert_eq!(
        sha.to_string(),
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
         response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", algorithm=SHA-256, \
         cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", qop=auth, nc=00000001"
    );
}

#[test]
fn rfc_2617_example() {
    let challenge: Challenge = "Digest realm=\"testrealm@host.com\",qop=\"auth,auth-int\",\
        nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        .parse()
        .unwrap();
    let credentials = answer(&challenge, "Mufasa", "Circle Of Life", "0a4f113b");
    assert_eq!(credentials.response, "6629fae49393a05397450978507c4ef1");
    assert_eq!(credentials.algorithm, None);
}

/// RFC 7616 3.9.2 as it is printed is wrong (errata 4897, 2016, reported and never decided): its values are the first
/// 256 bits of SHA-512, and not SHA-512/256, which begins with other numbers (FIPS 180-4 5.3.6). Computed with another
/// implementation, the values below are right, and so are those of the errata.
#[test]
fn rfc_7616_example_with_userhash() {
    let challenge: Challenge = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
        nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
        opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true"
        .parse()
        .unwrap();
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let (user, password) = ("J\u{e4}s\u{f8}n Doe", "Secret, or not?");
    let ha1 = ha1(&Algorithm::Sha512_256, user, &challenge.realm, password);
    let get = "GET".parse::<Method>().unwrap();
    let hashed = sign(&challenge, &ha1, user, &get, "/doe.json", b"", cnonce, 1);
    assert_eq!(hashed.username, "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
    assert_eq!(hashed.response, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    assert!(hashed.to_string().ends_with("userhash=true") && hashed.is_of(user) && !hashed.is_of("Jason Doe"));
    // The same without userhash, as the section goes on.
    let named = sign(&Challenge { userhash: false, ..challenge }, &ha1, user, &get, "/doe.json", b"", cnonce, 1);
    assert!(named.to_string().starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, "), "{named}");
    assert_eq!(named.response, hashed.response);
    assert_eq!(named.to_string().parse::<Credentials>().unwrap(), named);
    let first_half = |text: &str| {
        use sha2::Digest as _;
        crate::hex::hex(&sha2::Sha512::digest(text)[..32])
    };
    let (a1, a2) = (first_half("J\u{e4}s\u{f8}n Doe:api@example.org:Secret, or not?"), first_half("GET:/doe.json"));
    let printed = first_half(&format!("{a1}:{}:00000001:{cnonce}:auth:{a2}", hashed.nonce));
    assert_eq!(printed, "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229025f607a79dd", "what the RFC prints");
}

/// RFC 2069 2.4, with the response of errata 749: what is printed there is wrong.
#[test]
fn rfc_2069_example() {
    let challenge: Challenge = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
        opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        .parse()
        .unwrap();
    let credentials = answer(&challenge, "Mufasa", "CircleOfLife", "unused");
    assert_eq!(credentials.response, "1949323746fe6a43ef61f9606e7febea");
}

/// RFC 2069's way, as in RFC 2617 3.2.2.1: no qop, no cnonce, no nc.
#[test]
fn without_qop_the_old_way_is_used() {
    let challenge: Challenge =
        "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"".parse().unwrap();
    let credentials = answer(&challenge, "Mufasa", "Circle Of Life", "unused");
    assert_eq!(credentials.response, "670fd8c2df070c60b045671b8b24ff02");
    assert_eq!((credentials.cnonce, credentials.nc, credentials.qop), (None, None, None));
}

#[test]
fn credentials_are_read_as_they_are_written() {
    let credentials = answer(&mufasa("SHA-512-256-sess"), "a\"b\\c", "password", "cnonce");
    assert_eq!(credentials.to_string().parse::<Credentials>().unwrap(), credentials);
    let challenge = mufasa("SHA-256");
    assert_eq!(challenge.to_string().parse::<Challenge>().unwrap(), challenge);
    assert!(challenge.to_string().contains("algorithm=SHA-256, qop=\"auth,auth-int\""));
    for bad in
        ["", "Digest", "Basic YTpi", "Digest realm=\"a\"", "Digest realm=\"a, nonce=\"b\"", "Digest realm=a nonce=b"]
    {
        assert!(bad.parse::<Challenge>().is_err(), "{bad}");
    }
    assert!(credentials.to_string().replace("nc=00000001", "nc=zz").parse::<Credentials>().is_err());
}

#[test]
fn the_strongest_supported_challenge_is_chosen() {
    let offer = [mufasa("MD5"), mufasa("SHA-3"), mufasa("SHA-256"), mufasa("SHA-256-sess")];
    assert_eq!(choose(&offer, Policy::default()), Some(&offer[2]));
    assert_eq!(choose(&offer[..2], Policy::default()), Some(&offer[0]));
    assert_eq!(choose(&offer[..2], Policy { md5: false, ..Policy::default() }), None);
    let mut unknown_qop = mufasa("SHA-512-256");
    unknown_qop.qop = ["auth-extra".parse().unwrap()].into();
    assert_eq!(choose(&[unknown_qop, mufasa("MD5")], Policy::default()).unwrap().algorithm(), Algorithm::Md5);
}

#[test]
fn other_schemes_are_passed_over() {
    let mut response = Response::new(Status::UNAUTHORIZED);
    response.headers.push_raw("WWW-Authenticate", "NTLM").unwrap();
    response.headers.push_raw("WWW-Authenticate", &mufasa("MD5").to_string()).unwrap();
    response.headers.push_raw("Proxy-Authenticate", &mufasa("SHA-256").to_string()).unwrap();
    assert_eq!(offered(&response), [mufasa("MD5")]);
    response.status = Status::PROXY_AUTHENTICATION_REQUIRED;
    assert_eq!(offered(&response), [mufasa("SHA-256")]);
    let mut request = register();
    request.headers.push_raw("Authorization", "Basic YTpi").unwrap();
    assert_eq!(presented(&request, "example.com"), None);
    let credentials = answer(&mufasa("MD5"), "a", "b", "c");
    request.headers.push_raw("Authorization", &credentials.to_string()).unwrap();
    assert_eq!(presented(&request, "example.com"), None);
    assert_eq!(presented(&request, "http-auth@example.org"), Some(credentials));
}

const NOW: Instant = Instant::from_millis(1_000_000);

fn register() -> Request {
    let mut request = Request::new(Method::Register, "sip:example.com".parse().unwrap());
    request.body = b"body".to_vec();
    request
}

fn verifier() -> (Verifier, Vec<Challenge>) {
    let mut verifier = Verifier::new([7; 32], "example.com");
    let challenges = verifier.challenges(NOW, false);
    (verifier, challenges)
}

fn signed(challenge: &Challenge, password: &str, nc: u32) -> Credentials {
    let ha1 = ha1(&challenge.algorithm(), "1001", &challenge.realm, password);
    sign(challenge, &ha1, "1001", &Method::Register, "sip:example.com", b"body", "cnonce", nc)
}

fn stored() -> Ha1s {
    Ha1s::new("1001", "example.com", "secret")
}

#[test]
fn what_is_signed_is_accepted() {
    let (mut verifier, challenges) = verifier();
    assert_eq!(challenges.iter().map(Challenge::algorithm).collect::<Vec<_>>(), [Algorithm::Sha256, Algorithm::Md5]);
    let mut nc = 0;
    for algorithm in [Algorithm::Md5, Algorithm::Md5Sess, Algorithm::Sha256Sess, Algorithm::Sha512_256] {
        for qop in [Qop::Auth, Qop::AuthInt] {
            nc += 1;
            let challenge =
                Challenge { algorithm: Some(algorithm.clone()), qop: [qop].into(), ..challenges[0].clone() };
            assert_eq!(verifier.check(&signed(&challenge, "secret", nc), &register(), &stored(), NOW), Ok(()));
        }
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let (mut verifier, challenges) = verifier();
    let good = signed(&challenges[1], "secret", 1);
    let mut check =
        |credentials: &Credentials, request: &Request, ha1s: &Ha1s| verifier.check(credentials, request, ha1s, NOW);
    assert_eq!(check(&signed(&challenges[1], "guess", 1), &register(), &stored()), Err(Rejection::Wrong));
    assert_eq!(check(&good, &register(), &Ha1s::default()), Err(Rejection::Wrong));
    let bye = Request { method: Method::Bye, ..register() };
    assert_eq!(check(&good, &bye, &stored()), Err(Rejection::Wrong));
    let elsewhere = Request { uri: "sip:example.org".parse().unwrap(), ..register() };
    assert_eq!(check(&good, &elsewhere, &stored()), Err(Rejection::Uri));
    let int = Challenge { qop: [Qop::AuthInt].into(), ..challenges[1].clone() };
    let changed = Request { body: b"other".to_vec(), ..register() };
    assert_eq!(check(&signed(&int, "secret", 1), &changed, &stored()), Err(Rejection::Wrong));
    let other_realm = Challenge { realm: "example.org".parse().unwrap(), ..challenges[1].clone() };
    assert_eq!(check(&signed(&other_realm, "secret", 1), &register(), &stored()), Err(Rejection::Realm));
    let unknown = Credentials { algorithm: Some("MD4".parse().unwrap()), ..good.clone() };
    assert_eq!(check(&unknown, &register(), &stored()), Err(Rejection::Wrong));
    // None of these has used up the nonce count.
    assert_eq!(check(&good, &register(), &stored()), Ok(()));
}

#[test]
fn nonces_grow_old() {
    let (mut verifier, challenges) = verifier();
    let good = signed(&challenges[0], "secret", 1);
    let late = NOW + Verifier::LIFETIME + Duration::from_millis(1);
    assert_eq!(verifier.check(&good, &register(), &stored(), late), Err(Rejection::Stale));
    let wrong = signed(&challenges[0], "guess", 1);
    assert_eq!(verifier.check(&wrong, &register(), &stored(), late), Err(Rejection::Wrong));
    assert!(verifier.challenges(late, true)[0].stale);
    assert_eq!(verifier.check(&good, &register(), &stored(), NOW + Verifier::LIFETIME), Ok(()));
}

#[test]
fn nonces_of_others_are_stale() {
    let (_, challenges) = verifier();
    let mut other = Verifier::new([8; 32], "example.com");
    let good = signed(&challenges[0], "secret", 1);
    assert_eq!(other.check(&good, &register(), &stored(), NOW), Err(Rejection::Stale));
    let forged = Challenge { nonce: "0".repeat(64).parse().unwrap(), ..challenges[0].clone() };
    assert_eq!(other.check(&signed(&forged, "secret", 1), &register(), &stored(), NOW), Err(Rejection::Stale));
}

#[test]
fn each_count_is_good_once_in_any_order() {
    let (mut verifier, challenges) = verifier();
    let mut check = |nc| verifier.check(&signed(&challenges[0], "secret", nc), &register(), &stored(), NOW);
    for nc in [1, 3, 2, 70, 7, 6, 4000, 3999] {
        assert_eq!(check(nc), Ok(()), "{nc}");
        assert_eq!(check(nc), Err(Rejection::Replay), "{nc}");
    }
    for nc in [0, 1, 2, 3, 5, 70, 71, 3000, 4000] {
        assert_eq!(check(nc), Err(Rejection::Replay), "{nc}");
    }
    assert!(Rejection::Replay.is_stale());
}

#[test]
fn a_nonce_without_counts_is_good_once() {
    let (mut verifier, challenges) = verifier();
    let old_way = Challenge { qop: Vec::new(), ..challenges[0].clone() };
    let credentials = signed(&old_way, "secret", 1);
    assert_eq!(verifier.check(&credentials, &register(), &stored(), NOW), Ok(()));
    assert_eq!(verifier.check(&credentials, &register(), &stored(), NOW), Err(Rejection::Replay));
}

#[test]
fn the_replay_table_is_bounded_and_forgets_safely() {
    let (mut verifier, challenges) = verifier();
    let first = signed(&challenges[0], "secret", 1);
    assert_eq!(verifier.check(&first, &register(), &stored(), NOW), Ok(()));
    for _ in 0..Verifier::REMEMBERED {
        let challenge = verifier.challenges(NOW, false).swap_remove(0);
        assert_eq!(verifier.check(&signed(&challenge, "secret", 1), &register(), &stored(), NOW), Ok(()));
    }
    assert_eq!(verifier.check(&first, &register(), &stored(), NOW), Err(Rejection::Stale));
}

#[test]
fn a_restored_verifier_remembers() {
    let (mut verifier, challenges) = verifier();
    let good = signed(&challenges[0], "secret", 1);
    assert_eq!(verifier.check(&good, &register(), &stored(), NOW), Ok(()));
    let saved = serde_json::to_string(&verifier).unwrap();
    let mut verifier: Verifier = serde_json::from_str(&saved).unwrap();
    assert_eq!(verifier.check(&good, &register(), &stored(), NOW), Err(Rejection::Replay));
    let second = signed(&challenges[0], "secret", 2);
    assert_eq!(verifier.check(&second, &register(), &stored(), NOW), Ok(()));
}

#[test]
fn secrets_stay_out_of_logs() {
    let shown = format!("{:?} {:?}", stored(), verifier().0);
    let ha1: String = stored().md5.unwrap();
    assert!(!shown.contains(&ha1) && !shown.contains("7, 7"), "{shown}");
}
