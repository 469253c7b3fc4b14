use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::algorithm::Hash;
use super::{Algorithm, Qop};
use crate::header::grammar::{Parsed, around, auth_param, token, white1, whole};
use crate::message::{HeaderName, Malformed, Response, Status, Text};
use crate::uri::write_quoted;

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
    /// The URIs that the answer is good for.
    pub domain: Option<Text>,
}

/// What may be used to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether MD5 will do when there is nothing stronger.
    pub md5: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { md5: true }
    }
}

/// The strongest challenge that can be answered; among equals the first (RFC 7616 3.7).
#[must_use]
pub fn choose(challenges: &[Challenge], policy: Policy) -> Option<&Challenge> {
    let strength = |challenge: &Challenge| challenge.hash().filter(|hash| policy.md5 || *hash != Hash::Md5);
    let supported = challenges.iter().filter(|challenge| challenge.chosen_qop().is_ok());
    // Of equals, `max_by_key` takes the last.
    let by_strength = supported.rev().filter_map(|challenge| Some((strength(challenge)?, challenge)));
    by_strength.max_by_key(|(hash, _)| *hash).map(|(_, challenge)| challenge)
}

/// The digest challenges of a 401 or 407, in their order. Other schemes and malformed ones are passed over.
#[must_use]
pub fn offered(response: &Response) -> Vec<Challenge> {
    let name = if response.status == Status::PROXY_AUTHENTICATION_REQUIRED {
        HeaderName::ProxyAuthenticate
    } else {
        HeaderName::WwwAuthenticate
    };
    response.headers.raw(&name).filter_map(|value| value.parse().ok()).collect()
}

impl Challenge {
    /// The algorithm: MD5 when none is named.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.clone().unwrap_or(Algorithm::Md5)
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

/// The parameters after the scheme Digest: `Digest a=b, c="d"`, values as written.
pub(super) fn digest_params(value: &str) -> Result<Vec<(&str, &str)>, Malformed> {
    use nom::Parser as _;
    whole(value, |input| -> Parsed<'_, Vec<(&str, &str)>> {
        let scheme = nom::combinator::verify(token, |scheme: &str| scheme.eq_ignore_ascii_case("Digest"));
        nom::sequence::preceded((scheme, white1), nom::multi::separated_list1(around(','), auth_param)).parse(input)
    })
}

impl FromStr for Challenge {
    type Err = Malformed;

    fn from_str(value: &str) -> Result<Self, Malformed> {
        let params = digest_params(value)?;
        let find = |name: &str| {
            let found = params.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            found.map(|(_, value)| Text::unquote(value))
        };
        let missing = Malformed { at: value.len() };
        // What is no name there names nothing that could be protected.
        let qop = find("qop").unwrap_or_default().split([',', ' ']).filter_map(|qop| qop.parse().ok()).collect();
        Ok(Self {
            realm: find("realm").ok_or(missing)?,
            nonce: find("nonce").ok_or(missing)?,
            opaque: find("opaque"),
            stale: find("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            algorithm: find("algorithm").map(|name| {
                let Ok(algorithm) = name.parse();
                algorithm
            }),
            qop,
            domain: find("domain"),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest realm=")?;
        write_quoted(f, &self.realm)?;
        if let Some(domain) = &self.domain {
            f.write_str(", domain=")?;
            write_quoted(f, domain)?;
        }
        f.write_str(", nonce=")?;
        write_quoted(f, &self.nonce)?;
        if let Some(opaque) = &self.opaque {
            f.write_str(", opaque=")?;
            write_quoted(f, opaque)?;
        }
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
        Ok(())
    }
}

/// Writes a name without quotes where it is a token, as old readers want it, with them where it is not.
pub(super) fn write_name(f: &mut fmt::Formatter<'_>, before: &str, name: &str) -> fmt::Result {
    f.write_str(before)?;
    if crate::message::is_token(name) { f.write_str(name) } else { write_quoted(f, name) }
}

crate::message::serde_as_text!(Challenge);
