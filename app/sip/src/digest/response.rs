use alloc::string::String;
use core::fmt;

use super::algorithm::Hash;
use super::{Algorithm, Challenge, Credentials, Qop};
use crate::message::{Method, Text};

/// H(user:realm:password) in hexadecimal: what stands for the password of a user in a realm (RFC 7616 3.4.2).
/// For an algorithm that is not known it is empty, and no proof made with it is right.
#[must_use]
pub fn ha1(algorithm: &Algorithm, user: &str, realm: &str, password: &str) -> String {
    let hash = algorithm.hash();
    hash.map_or_else(String::new, |hash| hash.of(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()]))
}

/// H(user:realm) in hexadecimal: the name of a user whose name is not to be seen (RFC 7616 3.4.4). For an algorithm
/// that is not known it is empty, and names nobody.
#[must_use]
pub fn username_hash(algorithm: &Algorithm, user: &str, realm: &str) -> String {
    algorithm.hash().map_or_else(String::new, |hash| hash.of(&[user.as_bytes(), realm.as_bytes()]))
}

/// What stands for one user's password, for each function that it is stored for; see [`ha1`].
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ha1s {
    /// With MD5.
    pub md5: Option<String>,
    /// With SHA-256.
    pub sha256: Option<String>,
    /// With SHA-512/256.
    pub sha512_256: Option<String>,
}

impl Ha1s {
    /// All of them, from the password.
    #[must_use]
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let of = |algorithm| Some(ha1(&algorithm, user, realm, password));
        Self { md5: of(Algorithm::Md5), sha256: of(Algorithm::Sha256), sha512_256: of(Algorithm::Sha512_256) }
    }

    pub(super) fn of(&self, hash: Hash) -> Option<&str> {
        match hash {
            Hash::Md5 => self.md5.as_deref(),
            Hash::Sha256 => self.sha256.as_deref(),
            Hash::Sha512_256 => self.sha512_256.as_deref(),
        }
    }
}

impl fmt::Debug for Ha1s {
    /// Keeps them out of logs: they are as good as the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ha1s").finish_non_exhaustive()
    }
}

/// Answers a challenge that [`super::choose`] has chosen. `ha1` is [`ha1`] for the challenge's algorithm and
/// realm; `uri` the Request-URI; `cnonce` must be new; `nc` counts the uses of the nonce from 1. For an algorithm
/// that is not known the response is empty.
///
/// `user` is the name in clear. Where the challenge offers `userhash`, only its hash is sent (RFC 7616 3.4.4). Where
/// it says `charset=UTF-8`, a name beyond ASCII goes as `username*`; elsewhere it goes as it is, since a quoted
/// string may hold UTF-8 in SIP (RFC 3261 25.1) and old servers know nothing else.
#[must_use]
#[allow(clippy::too_many_arguments, reason = "these are the inputs of RFC 7616 3.4.1, each of another origin")]
pub fn sign(
    challenge: &Challenge,
    ha1: &str,
    user: &str,
    method: &Method,
    uri: &str,
    body: &[u8],
    cnonce: &str,
    nc: u32,
) -> Credentials {
    let qop = challenge.chosen_qop().unwrap_or(None);
    // Without qop there is no cnonce (RFC 2617 3.2.2), but for -sess, which needs one.
    let session = challenge.algorithm.as_ref().is_some_and(Algorithm::is_session);
    let named = username_hash(&challenge.algorithm(), user, &challenge.realm);
    let userhash = challenge.userhash && !named.is_empty();
    let mut credentials = Credentials {
        username: Text::lossy(if userhash { &named } else { user }),
        userhash,
        extended: challenge.utf8 && !userhash && !user.is_ascii(),
        realm: challenge.realm.clone(),
        nonce: challenge.nonce.clone(),
        uri: Text::lossy(uri),
        response: Text::default(),
        algorithm: challenge.algorithm.clone(),
        cnonce: (qop.is_some() || session).then(|| Text::lossy(cnonce)),
        nc: qop.is_some().then_some(nc),
        qop,
        opaque: challenge.opaque.clone(),
    };
    if let Some(hash) = challenge.hash() {
        credentials.response = Text::lossy(&response(hash, &credentials, ha1, method, body));
    }
    credentials
}

/// The proof that these credentials must hold (RFC 7616 3.4.1).
pub(super) fn response(hash: Hash, credentials: &Credentials, ha1: &str, method: &Method, body: &[u8]) -> String {
    proof(hash, credentials, ha1, method.as_str(), body)
}

/// The server's own proof: that of a request without a method, over the response's body (RFC 7616 3.5).
pub(super) fn rspauth(hash: Hash, credentials: &Credentials, ha1: &str, body: &[u8]) -> String {
    proof(hash, credentials, ha1, "", body)
}

fn proof(hash: Hash, credentials: &Credentials, ha1: &str, method: &str, body: &[u8]) -> String {
    let Credentials { nonce, uri, algorithm, cnonce, qop, nc, .. } = credentials;
    let cnonce = cnonce.as_deref().unwrap_or_default();
    let session = algorithm.as_ref().is_some_and(Algorithm::is_session);
    let bound = session.then(|| hash.of(&[ha1.as_bytes(), nonce.as_bytes(), cnonce.as_bytes()]));
    let a1 = bound.as_deref().unwrap_or(ha1);
    let a2 = match qop {
        Some(Qop::AuthInt) => hash.of(&[method.as_bytes(), uri.as_bytes(), hash.of(&[body]).as_bytes()]),
        Some(Qop::Auth | Qop::Other(_)) | None => hash.of(&[method.as_bytes(), uri.as_bytes()]),
    };
    match qop {
        Some(qop) => {
            let nc = alloc::format!("{:08x}", nc.unwrap_or(0));
            let parts = [a1, nonce, &nc, cnonce, qop.as_str(), &a2];
            hash.of(&parts.map(str::as_bytes))
        }
        None => hash.of(&[a1.as_bytes(), nonce.as_bytes(), a2.as_bytes()]),
    }
}
