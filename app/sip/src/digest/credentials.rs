use core::fmt;
use core::str::FromStr;

use super::challenge::{digest_params, write_name};
use super::{Algorithm, Qop};
use crate::message::{HeaderName, Malformed, Request, Text};
use crate::uri::write_quoted;

/// I am (RFC 7616 3.4): the value of Authorization and Proxy-Authorization with the scheme Digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who.
    pub username: Text,
    /// Of which realm.
    pub realm: Text,
    /// The challenge's.
    pub nonce: Text,
    /// The digest-uri: the Request-URI as the signer saw it.
    pub uri: Text,
    /// The proof, in hexadecimal.
    pub response: Text,
    /// How; MD5 when it is not said.
    pub algorithm: Option<Algorithm>,
    /// The signer's own nonce.
    pub cnonce: Option<Text>,
    /// What is protected.
    pub qop: Option<Qop>,
    /// How often the nonce was used, this time counted.
    pub nc: Option<u32>,
    /// The challenge's.
    pub opaque: Option<Text>,
}

/// The first digest credentials for this realm in a request, in Authorization or Proxy-Authorization. Other
/// schemes, other realms and malformed ones are passed over: what is not there is asked for again.
#[must_use]
pub fn presented(request: &Request, realm: &str) -> Option<Credentials> {
    let names = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
    names.iter().flat_map(|name| request.headers.raw(name)).find_map(|value| {
        let credentials: Credentials = value.parse().ok()?;
        (credentials.realm == *realm).then_some(credentials)
    })
}

impl FromStr for Credentials {
    type Err = Malformed;

    fn from_str(value: &str) -> Result<Self, Malformed> {
        let params = digest_params(value)?;
        let raw =
            |name: &str| params.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        let find = |name: &str| raw(name).map(Text::unquote);
        let fault = Malformed { at: value.len() };
        let nc = match raw("nc") {
            Some(digits) => {
                let at = crate::header::grammar::offset(value, digits);
                Some(u32::from_str_radix(&Text::unquote(digits), 16).map_err(|_| Malformed { at })?)
            }
            None => None,
        };
        Ok(Self {
            username: find("username").ok_or(fault)?,
            realm: find("realm").ok_or(fault)?,
            nonce: find("nonce").ok_or(fault)?,
            uri: find("uri").ok_or(fault)?,
            response: find("response").ok_or(fault)?,
            algorithm: find("algorithm").map(|name| {
                let Ok(algorithm) = name.parse();
                algorithm
            }),
            cnonce: find("cnonce"),
            qop: find("qop").map(|name| name.parse()).transpose().map_err(|_| fault)?,
            nc,
            opaque: find("opaque"),
        })
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            ("Digest username=", &self.username),
            (", realm=", &self.realm),
            (", nonce=", &self.nonce),
            (", uri=", &self.uri),
            (", response=", &self.response),
        ];
        for (before, text) in fields {
            f.write_str(before)?;
            write_quoted(f, text)?;
        }
        if let Some(algorithm) = &self.algorithm {
            write_name(f, ", algorithm=", algorithm.as_str())?;
        }
        if let Some(cnonce) = &self.cnonce {
            f.write_str(", cnonce=")?;
            write_quoted(f, cnonce)?;
        }
        if let Some(opaque) = &self.opaque {
            f.write_str(", opaque=")?;
            write_quoted(f, opaque)?;
        }
        if let Some(qop) = &self.qop {
            write_name(f, ", qop=", qop.as_str())?;
        }
        match self.nc {
            Some(nc) => write!(f, ", nc={nc:08x}"),
            None => Ok(()),
        }
    }
}

crate::message::serde_as_text!(Credentials);
