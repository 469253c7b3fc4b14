//! What is signed is accepted, and what is not, is not.

use super::{ALGORITHMS, QOPS};
use sip::Instant;
use sip::digest::{
    AuthenticationInfo, Challenge, Credentials, Ha1s, Qop, Rejection, Unproven, Verifier, ha1, sign, username_hash,
};
use sip::message::{Method, Request};

const NOW: Instant = Instant::from_millis(1_000_000);
const REALM: &str = "example.com";
const USER: &str = "Zoë 1001";
const PASSWORD: &str = "pässword";
const URI: &str = "sip:example.com";

fn register() -> Request {
    let mut request = Request::new(Method::Register, URI.parse().unwrap());
    request.body = b"the body".to_vec();
    request
}

fn stored() -> Ha1s {
    Ha1s::new(USER, REALM, PASSWORD)
}

/// Every way to be asked, each with a nonce of its own: algorithm, session, qop, user name by hash or in UTF-8.
fn ways(verifier: &mut Verifier) -> Vec<(Challenge, usize)> {
    let mut ways = Vec::new();
    for (algorithm, length) in ALGORITHMS {
        for qop in QOPS {
            for (userhash, utf8) in [(false, false), (false, true), (true, false), (true, true)] {
                let asked = verifier.challenges(NOW, false).swap_remove(0);
                let way = Challenge { algorithm: Some(algorithm.clone()), qop: qop.into(), userhash, utf8, ..asked };
                ways.push((way, length));
            }
        }
    }
    ways
}

fn signed_by(challenge: &Challenge, password: &str) -> Credentials {
    let ha1 = ha1(&challenge.algorithm(), USER, REALM, password);
    sign(challenge, &ha1, USER, &Method::Register, URI, b"the body", "cnonce", 1)
}

#[test]
fn every_way_is_signed_and_verified() {
    let mut verifier = Verifier::new([7; 32], REALM);
    let ways = ways(&mut verifier);
    assert_eq!(ways.len(), 6 * 4 * 4);
    for (challenge, length) in ways {
        // As it goes over the wire, both ways.
        let challenge: Challenge = challenge.to_string().parse().unwrap();
        let good: Credentials = signed_by(&challenge, PASSWORD).to_string().parse().unwrap();
        let is_digest = |text: &str| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(is_digest(&good.response), "{good}");
        assert_eq!(good.userhash, challenge.userhash);
        assert_eq!(good.extended, challenge.utf8 && !challenge.userhash);
        assert!(good.is_of(USER) && !good.is_of("Zoe 1001"), "{good}");
        let known = username_hash(&challenge.algorithm(), USER, REALM);
        assert_eq!(good.username_hash(), challenge.userhash.then_some(known.as_str()));
        let protects_body = challenge.qop == [Qop::AuthInt];

        let mut check =
            |credentials: &Credentials, request: &Request| verifier.check(credentials, request, &stored(), NOW);
        let wrong = Err(Rejection::Wrong);
        assert_eq!(check(&signed_by(&challenge, "password"), &register()), wrong, "password: {good}");
        assert_eq!(check(&good, &Request { method: Method::Bye, ..register() }), wrong, "method: {good}");
        let elsewhere = Request { uri: "sip:example.org".parse().unwrap(), ..register() };
        assert_eq!(check(&good, &elsewhere), Err(Rejection::Uri), "Request-URI: {good}");
        let redirected = Credentials { uri: "sip:example.org".parse().unwrap(), ..good.clone() };
        assert_eq!(check(&redirected, &elsewhere), wrong, "digest-uri: {good}");
        let cut = Credentials { response: good.response[..length - 1].parse().unwrap(), ..good.clone() };
        assert_eq!(check(&cut, &register()), wrong, "length: {good}");
        if protects_body {
            assert_eq!(check(&good, &Request { body: b"other".to_vec(), ..register() }), wrong, "body: {good}");
        }
        assert_eq!(check(&good, &register()), Ok(()), "{good}");
        assert_eq!(check(&good, &register()), Err(Rejection::Replay), "again: {good}");

        let info = verifier.info(&good, &stored(), b"answer", true, NOW);
        let info: AuthenticationInfo = info.to_string().parse().unwrap();
        let own = ha1(&challenge.algorithm(), USER, REALM, PASSWORD);
        assert_eq!(info.check(&good, &own, b"answer"), Ok(()), "{info}");
        let guessed = ha1(&challenge.algorithm(), USER, REALM, "password");
        assert_eq!(info.check(&good, &guessed, b"answer"), Err(Unproven::Wrong), "{info}");
        let changed = info.check(&good, &own, b"changed");
        assert_eq!(changed, if protects_body { Err(Unproven::Wrong) } else { Ok(()) }, "{info}");
        // The next request takes the nonce that came with the answer.
        let next = info.next(&challenge).unwrap();
        assert_eq!(verifier.check(&signed_by(&next, PASSWORD), &register(), &stored(), NOW), Ok(()), "{next}");
    }
}

#[test]
fn a_proof_is_for_its_own_request() {
    let mut verifier = Verifier::new([7; 32], REALM);
    let challenge = verifier.challenges(NOW, false).swap_remove(0);
    let credentials = signed_by(&challenge, PASSWORD);
    let own = ha1(&challenge.algorithm(), USER, REALM, PASSWORD);
    let info = verifier.info(&credentials, &stored(), b"", false, NOW);
    assert_eq!(info.nextnonce, None);
    assert_eq!(info.next(&challenge), None);
    for other in [
        AuthenticationInfo { nc: Some(2), ..info.clone() },
        AuthenticationInfo { cnonce: Some("other".parse().unwrap()), ..info.clone() },
        AuthenticationInfo { qop: Some(Qop::AuthInt), ..info.clone() },
    ] {
        assert_eq!(other.check(&credentials, &own, b""), Err(Unproven::Other), "{other}");
    }
    let silent = AuthenticationInfo { qop: None, cnonce: None, nc: None, ..info.clone() };
    assert_eq!(silent.check(&credentials, &own, b""), Ok(()));
    let bare = AuthenticationInfo { rspauth: None, ..info };
    assert_eq!(bare.check(&credentials, &own, b""), Err(Unproven::Missing));
    // Who does not know the user cannot prove anything, and does not pretend to.
    assert_eq!(verifier.info(&credentials, &Ha1s::default(), b"", false, NOW), AuthenticationInfo::default());
    let mut unknown = credentials;
    unknown.algorithm = Some("ROT13".parse().unwrap());
    let pretended = AuthenticationInfo::new(&unknown, "", b"");
    assert_eq!(pretended.check(&unknown, "", b""), Err(Unproven::Missing));
}

#[test]
fn counts_are_good_once_in_any_order_with_every_algorithm() {
    let mut verifier = Verifier::new([7; 32], REALM);
    for (algorithm, _) in ALGORITHMS {
        let asked = verifier.challenges(NOW, false).swap_remove(0);
        let challenge = Challenge { algorithm: Some(algorithm), ..asked };
        let own = ha1(&challenge.algorithm(), USER, REALM, PASSWORD);
        for (nc, expected) in [(1, Ok(())), (3, Ok(())), (2, Ok(())), (2, Err(Rejection::Replay)), (0xab, Ok(()))] {
            let credentials = sign(&challenge, &own, USER, &Method::Register, URI, b"the body", "cnonce", nc);
            assert_eq!(verifier.check(&credentials, &register(), &stored(), NOW), expected, "{credentials}");
        }
    }
}
