use core::fmt;
use core::str::FromStr;

use super::nonce::same;
use super::params::{Params, nonce_count, read_extended, write_extended, write_name, write_text};
use super::response::username_hash;
use super::{Algorithm, Qop, SCHEME};
use crate::message::{HeaderName, Malformed, Request, Text};

/// I am (RFC 7616 3.4): the value of Authorization and Proxy-Authorization with the scheme Digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Who: the name, or its hash if [`Self::userhash`] says so.
    pub username: Text,
    /// The user is named by [`username_hash`] (RFC 7616 3.4.4); [`Self::is_of`] finds out who it is.
    pub userhash: bool,
    /// The name is written as `username*`, in the notation of RFC 5987; never together with `userhash`.
    pub extended: bool,
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

impl Credentials {
    /// Whether they name this user, in clear or by hash.
    #[must_use]
    pub fn is_of(&self, user: &str) -> bool {
        if !self.userhash {
            return self.username == *user;
        }
        let algorithm = self.algorithm.as_ref().unwrap_or(&Algorithm::Md5);
        let hash = username_hash(algorithm, user, &self.realm);
        !hash.is_empty() && same(self.username.to_ascii_lowercase().as_bytes(), hash.as_bytes())
    }

    /// The hash that names the user, if one does: what accounts are to be looked up by that keep
    /// [`username_hash`] for each algorithm.
    #[must_use]
    pub fn username_hash(&self) -> Option<&str> {
        self.userhash.then_some(&*self.username)
    }
}

impl FromStr for Credentials {
    type Err = Malformed;

    fn from_str(value: &str) -> Result<Self, Malformed> {
        let params = Params::after_scheme(SCHEME, value)?;
        let userhash = params.flag("userhash");
        let extended = params.read("username*", read_extended)?;
        let is_extended = extended.is_some();
        let username = match (params.text("username"), extended) {
            (Some(username), None) => username,
            (None, Some(username)) if !userhash => username,
            // Both names at once, or no name, or a hash in the notation of names (RFC 7616 3.4).
            (Some(_) | None, Some(_)) | (None, None) => return Err(Malformed { at: value.len() }),
        };
        Ok(Self {
            username,
            userhash,
            extended: is_extended,
            realm: params.needed("realm")?,
            nonce: params.needed("nonce")?,
            uri: params.needed("uri")?,
            response: params.needed("response")?,
            algorithm: params.read("algorithm", str::parse)?,
            cnonce: params.text("cnonce"),
            qop: params.read("qop", str::parse)?,
            nc: params.read("nc", nonce_count)?,
            opaque: params.text("opaque"),
        })
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.extended && !self.userhash {
            f.write_str("Digest username*=")?;
            write_extended(f, &self.username)?;
        } else {
            write_text(f, "Digest username=", Some(&self.username))?;
        }
        write_text(f, ", realm=", Some(&self.realm))?;
        write_text(f, ", nonce=", Some(&self.nonce))?;
        write_text(f, ", uri=", Some(&self.uri))?;
        write_text(f, ", response=", Some(&self.response))?;
        if let Some(algorithm) = &self.algorithm {
            write_name(f, ", algorithm=", algorithm.as_str())?;
        }
        write_text(f, ", cnonce=", self.cnonce.as_ref())?;
        write_text(f, ", opaque=", self.opaque.as_ref())?;
        if let Some(qop) = &self.qop {
            write_name(f, ", qop=", qop.as_str())?;
        }
        if let Some(nc) = self.nc {
            write!(f, ", nc={nc:08x}")?;
        }
        if self.userhash {
            f.write_str(", userhash=true")?;
        }
        Ok(())
    }
}

crate::message::serde_as_text!(Credentials);
