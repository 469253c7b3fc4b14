use core::fmt;

use super::params::{Params, nonce_count, write_name, write_text};
use super::response::rspauth;
use super::{Algorithm, Challenge, Credentials, Qop};
use crate::message::{Header, HeaderName, Malformed, Text};

/// What a server says about itself after good credentials (RFC 7616 3.5): the value of Authentication-Info.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationInfo {
    /// The nonce that the next request is to be signed with.
    pub nextnonce: Option<Text>,
    /// What [`Self::rspauth`] protects.
    pub qop: Option<Qop>,
    /// The server's proof that it knows the password, too, in hexadecimal.
    pub rspauth: Option<Text>,
    /// The credentials'.
    pub cnonce: Option<Text>,
    /// The credentials'.
    pub nc: Option<u32>,
}

/// A server did not prove that it knows the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// There is no proof.
    #[error("the server gave no proof")]
    Missing,
    /// The proof is for other credentials: another qop, cnonce or nonce count.
    #[error("the server's proof is for other credentials")]
    Other,
    /// The proof is wrong.
    #[error("the server's proof is wrong")]
    Wrong,
}

impl AuthenticationInfo {
    /// The server's proof after it accepted these credentials. `ha1` is [`super::ha1`] for their algorithm, `body`
    /// the response's. For an algorithm that is not known there is no proof.
    #[must_use]
    pub fn new(credentials: &Credentials, ha1: &str, body: &[u8]) -> Self {
        let hash = credentials.algorithm.as_ref().unwrap_or(&Algorithm::Md5).hash();
        Self {
            nextnonce: None,
            qop: credentials.qop.clone(),
            rspauth: hash.map(|hash| Text::lossy(&rspauth(hash, credentials, ha1, body))),
            cnonce: credentials.qop.as_ref().and(credentials.cnonce.clone()),
            nc: credentials.qop.as_ref().and(credentials.nc),
        }
    }

    /// Checks that whoever answered a request with these credentials knows the password: what a client wants to
    /// know before it believes the answer. `body` is the response's.
    ///
    /// # Errors
    /// Why that is not known.
    pub fn check(&self, credentials: &Credentials, ha1: &str, body: &[u8]) -> Result<(), Unproven> {
        let given = self.rspauth.as_ref().ok_or(Unproven::Missing)?;
        let expected = Self::new(credentials, ha1, body);
        let same = self.qop == expected.qop && self.cnonce == expected.cnonce && self.nc == expected.nc;
        // Some repeat none of them; what they prove is bound to them anyway.
        let silent = self.qop.is_none() && self.cnonce.is_none() && self.nc.is_none();
        if !same && !silent {
            return Err(Unproven::Other);
        }
        let expected = expected.rspauth.ok_or(Unproven::Wrong)?;
        let equal = super::nonce::same(given.to_ascii_lowercase().as_bytes(), expected.as_bytes());
        if equal && !ha1.is_empty() { Ok(()) } else { Err(Unproven::Wrong) }
    }

    /// The challenge to sign the next request for, if the server named a nonce: the one before with that nonce.
    #[must_use]
    pub fn next(&self, challenge: &Challenge) -> Option<Challenge> {
        Some(Challenge { nonce: self.nextnonce.clone()?, stale: false, ..challenge.clone() })
    }
}

impl Header for AuthenticationInfo {
    const NAME: HeaderName = HeaderName::AuthenticationInfo;
    const LIST: bool = false;

    /// Some write the scheme in front, as in the challenge.
    fn parse(value: &str) -> Result<Self, Malformed> {
        let params = Params::without_scheme(value)
            .or_else(|error| Params::after_scheme(super::SCHEME, value).map_err(|_| error))?;
        let info = Self {
            nextnonce: params.text("nextnonce"),
            qop: params.read("qop", str::parse)?,
            rspauth: params.text("rspauth"),
            cnonce: params.text("cnonce"),
            nc: params.read("nc", nonce_count)?,
        };
        // It says nothing that anybody knows.
        if info == Self::default() { Err(Malformed { at: 0 }) } else { Ok(info) }
    }
}

impl fmt::Display for AuthenticationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, text) in [("nextnonce", &self.nextnonce), ("rspauth", &self.rspauth), ("cnonce", &self.cnonce)] {
            if text.is_some() {
                write!(f, "{separator}{name}=")?;
                write_text(f, "", text.as_ref())?;
                separator = ", ";
            }
        }
        if let Some(qop) = &self.qop {
            f.write_str(separator)?;
            write_name(f, "qop=", qop.as_str())?;
            separator = ", ";
        }
        match self.nc {
            Some(nc) => write!(f, "{separator}nc={nc:08x}"),
            None => Ok(()),
        }
    }
}

crate::header::header_text!(AuthenticationInfo);
