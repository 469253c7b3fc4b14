//! Which challenge is answered, out of several (RFC 7616 3.7, RFC 8760 2.3 and 2.4; that RFC has no example).

use super::challenge;
use sip::digest::{Algorithm, Challenge, Policy, choose, choose_each, offered};
use sip::message::{Response, Status};

const TOPMOST: Policy = Policy { md5: true, topmost: true };

fn of(realm: &str, algorithm: &str) -> Challenge {
    challenge(&format!("Digest realm=\"{realm}\", nonce=\"{realm} {algorithm}\", qop=\"auth\", algorithm={algorithm}"))
}

/// A 401 with these challenges, as it is read.
fn asked(challenges: &[Challenge]) -> Vec<Challenge> {
    let mut response = Response::new(Status::UNAUTHORIZED);
    for challenge in challenges {
        response.headers.push_raw("WWW-Authenticate", &challenge.to_string()).unwrap();
    }
    offered(&response)
}

#[test]
fn challenges_are_read_in_their_order() {
    let all = ["SHA-512-256", "SHA-256", "MD5", "ROT13"].map(|algorithm| of("biloxi.com", algorithm));
    let names: Vec<_> = asked(&all).iter().map(|challenge| challenge.algorithm().to_string()).collect();
    assert_eq!(names, ["SHA-512-256", "SHA-256", "MD5", "ROT13"]);
}

#[test]
fn ours_is_the_strongest_and_the_topmost_if_that_is_wanted() {
    for (order, strongest, topmost) in [
        (["MD5", "SHA-256", "SHA-512-256"], "SHA-512-256", "MD5"),
        (["SHA-256", "SHA-512-256", "MD5"], "SHA-512-256", "SHA-256"),
        (["ROT13", "SHA-256", "MD5"], "SHA-256", "SHA-256"),
        (["ROT13", "MD5", "SHA-256-sess"], "SHA-256-sess", "MD5"),
    ] {
        let asked = asked(&order.map(|algorithm| of("biloxi.com", algorithm)));
        let name = |policy| choose(&asked, policy).unwrap().algorithm().to_string();
        assert_eq!((name(Policy::default()).as_str(), name(TOPMOST).as_str()), (strongest, topmost), "{order:?}");
    }
}

#[test]
fn who_wants_no_md5_answers_none() {
    let no_md5 = Policy { md5: false, topmost: true };
    let asked = asked(&["MD5", "MD5-sess", "SHA-256"].map(|algorithm| of("biloxi.com", algorithm)));
    assert_eq!(choose(&asked, no_md5).unwrap().algorithm(), Algorithm::Sha256);
    assert_eq!(choose(&asked[..2], no_md5), None);
    assert_eq!(choose(&[], TOPMOST), None);
}

#[test]
fn each_realm_gets_one_answer() {
    let asked = asked(&[
        of("biloxi.com", "MD5"),
        of("atlanta.com", "ROT13"),
        of("biloxi.com", "SHA-256"),
        of("chicago.com", "MD5"),
        of("chicago.com", "MD5-sess"),
    ]);
    let chosen = |policy| -> Vec<_> {
        choose_each(&asked, policy).into_iter().map(|challenge| challenge.nonce.to_string()).collect()
    };
    assert_eq!(chosen(Policy::default()), ["biloxi.com SHA-256", "chicago.com MD5"]);
    assert_eq!(chosen(TOPMOST), ["biloxi.com MD5", "chicago.com MD5"]);
}
