//! Digest authentication (RFC 7616, RFC 8760), both halves: [`sign`] answers a [`Challenge`] with
//! [`Credentials`], a [`Verifier`] makes challenges and checks credentials.
//!
//! Passwords do not come here, but for [`ha1`]: what is stored and passed around is H(user:realm:password).

mod algorithm;
mod challenge;
mod credentials;
mod nonce;
mod response;
mod verifier;

pub use algorithm::{Algorithm, Qop};
pub use challenge::{Challenge, Policy, choose, offered};
pub use credentials::{Credentials, presented};
pub use response::{Ha1s, ha1, sign};
pub use verifier::{Rejection, Verifier};

#[cfg(test)]
mod tests;
