//! The laws of digest authentication.

use super::memory::{Bound, bounded};
use sip::digest::{Challenge, Credentials, Ha1s, Policy, choose, ha1, sign};
use sip::message::{Method, Text};

const READ: Bound = Bound { per_byte: 64, fixed: 4096 };

/// A challenge, or credentials, or texts to sign with: each on a line of its own.
pub fn digest(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.split('\n') {
        challenge(line);
        credentials(line);
    }
    let mut lines = text.split('\n').chain(std::iter::repeat(""));
    let mut line = || lines.next().unwrap_or_default();
    if let Ok(challenge) = line().parse::<Challenge>() {
        signed(&challenge, [line(), line(), line(), line()]);
    }
}

fn challenge(value: &str) {
    match bounded("Challenge", value.len(), READ, || value.parse::<Challenge>()) {
        Ok(challenge) => {
            let text = challenge.to_string();
            assert_eq!(text.parse::<Challenge>().as_ref(), Ok(&challenge), "{text:?} from {value:?}");
            assert!(!text.contains(['\r', '\n', '\0']), "{text:?}");
        }
        Err(error) => assert!(error.at <= value.len(), "{error} of {value:?}"),
    }
}

fn credentials(value: &str) {
    match bounded("Credentials", value.len(), READ, || value.parse::<Credentials>()) {
        Ok(credentials) => same(&credentials),
        Err(error) => assert!(error.at <= value.len(), "{error} of {value:?}"),
    }
}

fn same(credentials: &Credentials) {
    let text = credentials.to_string();
    assert_eq!(text.parse::<Credentials>().as_ref(), Ok(credentials), "{text:?}");
    assert!(!text.contains(['\r', '\n', '\0']), "{text:?}");
}

/// What is signed can be read again, whatever it is made of.
fn signed(challenge: &Challenge, [user, password, uri, cnonce]: [&str; 4]) {
    let chosen = choose(std::slice::from_ref(challenge), Policy::default());
    let ha1 = ha1(&challenge.algorithm(), user, &challenge.realm, password);
    let credentials = sign(challenge, &ha1, user, &Method::Invite, uri, b"body", cnonce, 1);
    same(&credentials);
    assert_eq!(credentials.username, Text::lossy(user));
    if chosen.is_some() {
        assert!(!credentials.response.is_empty(), "{challenge}");
    }
    let _ = Ha1s::new(user, &challenge.realm, password);
}
