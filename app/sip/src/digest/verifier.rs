use alloc::collections::BTreeMap;
use core::fmt;
use core::time::Duration;

use super::nonce::{Nonce, same};
use super::response::response;
use super::{Algorithm, AuthenticationInfo, Challenge, Credentials, Ha1s, Qop};
use crate::message::{Request, Text};
use crate::uri::Uri;
use crate::{Instant, Seed};

/// Makes challenges for a realm, and checks what comes back. A nonce is good for five minutes, and each of its
/// counts once (RFC 7616 3.4).
///
/// Saved, it holds the secret that its nonces are made with: who reads it can make nonces, but not log in.
#[derive(Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Verifier {
    secret: Seed,
    realm: Text,
    /// The nonces made so far.
    count: u64,
    /// The counts that were used of each nonce that was.
    #[cfg_attr(feature = "serde", serde(with = "entries"))]
    used: BTreeMap<Nonce, Used>,
    /// Nonces up to this one that are not in `used` are not good any more: their counts were forgotten.
    forgotten: Option<Nonce>,
}

/// The counts of a nonce that were used: the highest, and which of the 64 below it, the nearest in the lowest bit.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Used {
    highest: u32,
    below: u64,
}

/// Credentials are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The proof is wrong, or there is nothing to check it with.
    #[error("wrong credentials")]
    Wrong,
    /// The proof is right, but the nonce is too old, or is not ours: ask again, with `stale`.
    #[error("the nonce is too old")]
    Stale,
    /// The proof is right, but this count of the nonce was used before: ask again, with `stale`.
    #[error("the nonce count was used before")]
    Replay,
    /// They are for another realm.
    #[error("credentials for another realm")]
    Realm,
    /// They are for another Request-URI: 400 (RFC 7616 3.4.6).
    #[error("credentials for another URI")]
    Uri,
}

impl Rejection {
    /// Whether a new challenge should say that the password was right.
    #[must_use]
    pub const fn is_stale(self) -> bool {
        match self {
            Self::Stale | Self::Replay => true,
            Self::Wrong | Self::Realm | Self::Uri => false,
        }
    }
}

impl Verifier {
    /// How long a nonce is good.
    pub const LIFETIME: Duration = Duration::from_secs(300);
    /// How many nonces are remembered; when more are in use, the oldest are forgotten, and asked for anew.
    pub const REMEMBERED: usize = 4096;

    /// A verifier for a realm. CR, LF and NUL in its name become U+FFFD.
    #[must_use]
    pub fn new(secret: Seed, realm: &str) -> Self {
        Self { secret, realm: Text::lossy(realm), count: 0, used: BTreeMap::new(), forgotten: None }
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Challenges with a new nonce, the strongest on top (RFC 8760 2.3). MD5 is the last: clients that know nothing
    /// else, such as JsSIP and SIP.js, let every field of this name replace the one before.
    pub fn challenges(&mut self, now: Instant, stale: bool) -> alloc::vec::Vec<Challenge> {
        let nonce = self.nonce(now);
        let challenge = |algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            opaque: None,
            stale,
            algorithm: Some(algorithm),
            qop: [Qop::Auth].into(),
            domain: None,
            utf8: false,
            userhash: false,
        };
        [Algorithm::Sha256, Algorithm::Md5].map(challenge).into()
    }

    /// Checks credentials for a request against what is stored of the user that they name: whoever
    /// [`Credentials::is_of`] says, as the name may be hashed.
    ///
    /// # Errors
    /// Why they are not accepted.
    pub fn check(
        &mut self,
        credentials: &Credentials,
        request: &Request,
        ha1s: &Ha1s,
        now: Instant,
    ) -> Result<(), Rejection> {
        if credentials.realm != self.realm {
            return Err(Rejection::Realm);
        }
        let hash = credentials.algorithm.as_ref().unwrap_or(&Algorithm::Md5).hash().ok_or(Rejection::Wrong)?;
        let ha1 = ha1s.of(hash).filter(|ha1| !ha1.is_empty()).ok_or(Rejection::Wrong)?;
        if matches!(credentials.qop, Some(Qop::Other(_))) {
            return Err(Rejection::Wrong);
        }
        let expected = response(hash, credentials, ha1, &request.method, &request.body);
        if !same(expected.as_bytes(), credentials.response.to_ascii_lowercase().as_bytes()) {
            return Err(Rejection::Wrong);
        }
        if !is_for(credentials, request) {
            return Err(Rejection::Uri);
        }
        let nonce = Nonce::read(&credentials.nonce, &self.secret).ok_or(Rejection::Stale)?;
        self.forget(now);
        let known = self.used.contains_key(&nonce);
        let too_old = now.since(nonce.made) > Self::LIFETIME || nonce.made > now;
        if too_old || (!known && self.forgotten.is_some_and(|forgotten| nonce <= forgotten)) {
            return Err(Rejection::Stale);
        }
        // Without qop there is no count (RFC 2069): such a nonce is good once.
        let count = if credentials.qop.is_some() { credentials.nc.unwrap_or(0) } else { 1 };
        if self.used.entry(nonce).or_default().take(count) { Ok(()) } else { Err(Rejection::Replay) }
    }

    /// What to say with the answer to a request whose credentials [`Verifier::check`] accepted: that the server knows
    /// the password, too, and with `renew` a new nonce for the next request (RFC 7616 3.5). `body` is the response's.
    pub fn info(
        &mut self,
        credentials: &Credentials,
        ha1s: &Ha1s,
        body: &[u8],
        renew: bool,
        now: Instant,
    ) -> AuthenticationInfo {
        let hash = credentials.algorithm.as_ref().unwrap_or(&Algorithm::Md5).hash();
        let ha1 = hash.and_then(|hash| ha1s.of(hash)).filter(|ha1| !ha1.is_empty());
        let proof = ha1.map(|ha1| AuthenticationInfo::new(credentials, ha1, body)).unwrap_or_default();
        AuthenticationInfo { nextnonce: renew.then(|| self.nonce(now)), ..proof }
    }

    fn nonce(&mut self, now: Instant) -> Text {
        self.count += 1;
        Text::lossy(&Nonce { made: now, count: self.count }.print(&self.secret))
    }

    /// Forgets what is too old, and the oldest when there is too much.
    fn forget(&mut self, now: Instant) {
        while let Some((oldest, _)) = self.used.first_key_value() {
            let oldest = *oldest;
            if now.since(oldest.made) <= Self::LIFETIME && self.used.len() < Self::REMEMBERED {
                return;
            }
            self.used.remove(&oldest);
            self.forgotten = Some(oldest);
        }
    }
}

impl Used {
    /// Uses a count; says whether it was new. Requests overtake one another, so that order is not asked for.
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            // What was highest becomes one of those below, unless there was none yet.
            let before = self.below.checked_shl(ahead).unwrap_or(0);
            let highest = if self.highest > 0 { 1_u64.checked_shl(ahead - 1).unwrap_or(0) } else { 0 };
            *self = Self { highest: count, below: before | highest };
            return true;
        }
        let behind = self.highest - count;
        let Some(bit) = behind.checked_sub(1).and_then(|behind| 1_u64.checked_shl(behind)) else { return false };
        let new = count > 0 && self.below & bit == 0;
        self.below |= bit;
        new
    }
}

/// Whether the digest-uri means the Request-URI.
fn is_for(credentials: &Credentials, request: &Request) -> bool {
    credentials.uri.parse::<Uri>().is_ok_and(|uri| uri == request.uri || uri.equivalent(&request.uri))
}

impl fmt::Debug for Verifier {
    /// Keeps the secret out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("realm", &self.realm).finish_non_exhaustive()
    }
}

/// A map as a list, for forms whose maps have only texts as keys.
#[cfg(feature = "serde")]
mod entries {
    use super::{Nonce, Used};
    use alloc::collections::BTreeMap;
    use alloc::vec::Vec;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(used: &BTreeMap<Nonce, Used>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(used)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Nonce, Used>, D::Error> {
        Ok(Vec::<(Nonce, Used)>::deserialize(deserializer)?.into_iter().collect())
    }
}
