use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::algorithm::Hash;
use super::params::{Params, write_name, write_text};
use super::{Algorithm, Qop, SCHEME};
use crate::message::{HeaderName, Malformed, Response, Status, Text};

/// Who are you (RFC 7616 3.3): the value of WWW-Authenticate and Proxy-Authenticate with the scheme Digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whose users are asked for.
    pub realm: Text,
    /// What makes the answer good for a while only.
    pub nonce: Text,
    /// To be sent back as it is.
    pub opaque: Option<Text>,
    /// Only the nonce was too old: the password was right.
    pub stale: bool,
    /// How; MD5 when it is not said.
    pub algorithm: Option<Algorithm>,
    /// What may be protected; empty in the old way of RFC 2069.
    pub qop: Vec<Qop>,
    /// The URIs that the answer is good for, with spaces between them; see [`Challenge::domains`].
    pub domain: Option<Text>,
    /// `charset=UTF-8`: user name and password are hashed in UTF-8. SIP knows nothing else (RFC 3261 7); that it is
    /// said tells that RFC 7616 is known there, `username*` included.
    pub utf8: bool,
    /// The user may be named by a hash (RFC 7616 3.4.4).
    pub userhash: bool,
}

/// What may be used to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether MD5 will do when there is nothing stronger.
    pub md5: bool,
    /// Whether the server's order counts: the topmost challenge that can be answered. Without it the strongest is
    /// taken, whatever its place: nothing protects the order on its way, so whoever can change it would choose.
    pub topmost: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { md5: true, topmost: false }
    }
}

/// The challenge to answer: the strongest that can be answered, among equals the first. RFC 8760 2.4 would take the
/// topmost unless a policy says otherwise; [`Policy::topmost`] does.
#[must_use]
pub fn choose(challenges: &[Challenge], policy: Policy) -> Option<&Challenge> {
    let strength = |challenge: &Challenge| challenge.hash().filter(|hash| policy.md5 || *hash != Hash::Md5);
    let supported = challenges.iter().filter(|challenge| challenge.chosen_qop().is_ok());
    let mut answerable = supported.filter_map(|challenge| Some((strength(challenge)?, challenge)));
    let chosen = if policy.topmost {
        answerable.next()
    } else {
        // Of equals, `max_by_key` takes the last.
        answerable.rev().max_by_key(|(hash, _)| *hash)
    };
    chosen.map(|(_, challenge)| challenge)
}

/// The challenge to answer for each realm, in the order of the realms: forked requests and chains of proxies ask
/// for several at once, and one answer is given to each (RFC 3261 22.3, RFC 8760 2.4).
#[must_use]
pub fn choose_each(challenges: &[Challenge], policy: Policy) -> Vec<&Challenge> {
    let mut chosen: Vec<&Challenge> = Vec::new();
    for (index, challenge) in challenges.iter().enumerate() {
        let before = challenges.get(..index).unwrap_or_default();
        if before.iter().any(|other| other.realm == challenge.realm) {
            continue;
        }
        let of_realm: Vec<Challenge> =
            challenges.iter().filter(|other| other.realm == challenge.realm).cloned().collect();
        let best = choose(&of_realm, policy);
        chosen.extend(challenges.iter().find(|other| Some(*other) == best));
    }
    chosen
}

/// The digest challenges of a 401 or 407, in their order. Other schemes and malformed ones are passed over.
#[must_use]
pub fn offered(response: &Response) -> Vec<Challenge> {
    response.headers.raw(&challenge_name(response)).filter_map(|value| value.parse().ok()).collect()
}

/// Where this response asks who the sender is.
pub(crate) fn challenge_name(response: &Response) -> HeaderName {
    if response.status == Status::PROXY_AUTHENTICATION_REQUIRED {
        HeaderName::ProxyAuthenticate
    } else {
        HeaderName::WwwAuthenticate
    }
}

/// Where what is asked for with this response is brought.
pub(crate) fn credentials_name(response: &Response) -> HeaderName {
    if response.status == Status::PROXY_AUTHENTICATION_REQUIRED {
        HeaderName::ProxyAuthorization
    } else {
        HeaderName::Authorization
    }
}

impl Challenge {
    /// The algorithm: MD5 when none is named.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.clone().unwrap_or(Algorithm::Md5)
    }

    /// The URIs that an answer is good for (RFC 7616 3.3); none means the whole realm.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.domain.as_deref().unwrap_or_default().split_ascii_whitespace()
    }

    /// The function below the algorithm; `None` if it is not known.
    pub(super) fn hash(&self) -> Option<Hash> {
        self.algorithm.as_ref().map_or(Some(Hash::Md5), Algorithm::hash)
    }

    /// What an answer protects: `auth` if it is offered, else `auth-int`; nothing where nothing is offered.
    /// `Err` if only unknown ones are.
    pub(super) fn chosen_qop(&self) -> Result<Option<Qop>, ()> {
        if self.qop.is_empty() {
            return Ok(None);
        }
        [Qop::Auth, Qop::AuthInt].into_iter().find(|qop| self.qop.contains(qop)).map(Some).ok_or(())
    }
}

impl FromStr for Challenge {
    type Err = Malformed;

    fn from_str(value: &str) -> Result<Self, Malformed> {
        let params = Params::after_scheme(SCHEME, value)?;
        // What is no name there names nothing that could be protected.
        let qop = params.text("qop").unwrap_or_default();
        let qop = qop.split([',', ' ', '\t']).filter_map(|qop| qop.parse().ok()).collect();
        Ok(Self {
            realm: params.needed("realm")?,
            nonce: params.needed("nonce")?,
            opaque: params.text("opaque"),
            stale: params.flag("stale"),
            algorithm: params.read("algorithm", str::parse)?,
            qop,
            domain: params.text("domain"),
            utf8: params.text("charset").is_some_and(|charset| charset.eq_ignore_ascii_case("UTF-8")),
            userhash: params.flag("userhash"),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_text(f, "Digest realm=", Some(&self.realm))?;
        write_text(f, ", domain=", self.domain.as_ref())?;
        write_text(f, ", nonce=", Some(&self.nonce))?;
        write_text(f, ", opaque=", self.opaque.as_ref())?;
        if self.stale {
            f.write_str(", stale=TRUE")?;
        }
        if let Some(algorithm) = &self.algorithm {
            write_name(f, ", algorithm=", algorithm.as_str())?;
        }
        if !self.qop.is_empty() {
            f.write_str(", qop=\"")?;
            for (index, qop) in self.qop.iter().enumerate() {
                write!(f, "{}{qop}", if index == 0 { "" } else { "," })?;
            }
            f.write_str("\"")?;
        }
        if self.utf8 {
            f.write_str(", charset=UTF-8")?;
        }
        if self.userhash {
            f.write_str(", userhash=true")?;
        }
        Ok(())
    }
}

crate::message::serde_as_text!(Challenge);
