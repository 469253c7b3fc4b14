//! Digest authentication (RFC 7616, RFC 8760), both halves: [`sign`] answers a [`Challenge`] with
//! [`Credentials`], a [`Verifier`] makes challenges and checks credentials.
//!
//! Over SIP the names of users are no secret: From and To show them. So a [`Verifier`] offers no `userhash`
//! (RFC 7616 3.4.4); [`sign`] uses it where it is offered, and [`Credentials::is_of`] reads it.
//!
//! Passwords do not come here, but for [`ha1`]: what is stored and passed around is H(user:realm:password).

mod algorithm;
mod challenge;
mod credentials;
mod info;
mod nonce;
mod params;
mod response;
mod verifier;

pub use algorithm::{Algorithm, Qop};
pub use challenge::{Challenge, Policy, choose, choose_each, offered};
pub use credentials::{Credentials, presented};
pub use info::{AuthenticationInfo, Unproven};
pub use response::{Ha1s, ha1, sign, username_hash};
pub use verifier::{Rejection, Verifier};

pub(crate) use challenge::credentials_name;
#[cfg(feature = "bearer")]
pub(crate) use {
    challenge::challenge_name,
    params::{Params, write_text},
};

/// The scheme's name.
const SCHEME: &str = "Digest";

#[cfg(test)]
mod tests;
