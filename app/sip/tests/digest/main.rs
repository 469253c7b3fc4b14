//! Digest authentication, both halves against each other, against numbers from elsewhere, and against noise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod both_halves;
mod choice;
mod properties;
mod vectors;
mod written;

use sip::digest::{Algorithm, Challenge, Qop};

/// The algorithms, with the length of their digests in hexadecimal digits (RFC 8760 2.2).
const ALGORITHMS: [(Algorithm, usize); 6] = [
    (Algorithm::Md5, 32),
    (Algorithm::Md5Sess, 32),
    (Algorithm::Sha256, 64),
    (Algorithm::Sha256Sess, 64),
    (Algorithm::Sha512_256, 64),
    (Algorithm::Sha512_256Sess, 64),
];

/// What may be offered to be protected; the first is the way of RFC 2069.
const QOPS: [&[Qop]; 4] = [&[], &[Qop::Auth], &[Qop::AuthInt], &[Qop::AuthInt, Qop::Auth]];

fn challenge(text: &str) -> Challenge {
    text.parse().unwrap()
}
