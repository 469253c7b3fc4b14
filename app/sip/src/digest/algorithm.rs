use alloc::string::String;
use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;

use crate::message::{InvalidHeader, Text, Token};

/// How a digest is made (RFC 7616 6.1, RFC 2617 3.2.1). The names have no case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `MD5`: what is meant when none is named.
    Md5,
    /// `MD5-sess`
    Md5Sess,
    /// `SHA-256`
    Sha256,
    /// `SHA-256-sess`
    Sha256Sess,
    /// `SHA-512-256`
    Sha512_256,
    /// `SHA-512-256-sess`
    Sha512_256Sess,
    /// One that is not known.
    Other(Text),
}

/// What a digest protects (RFC 7616 3.3). The names have no case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qop {
    /// `auth`: method and URI.
    Auth,
    /// `auth-int`: the body, too.
    AuthInt,
    /// One that is not known.
    Other(Token),
}

/// The function below an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha256,
    Sha512_256,
}

impl Algorithm {
    const KNOWN: [Self; 6] =
        [Self::Md5, Self::Md5Sess, Self::Sha256, Self::Sha256Sess, Self::Sha512_256, Self::Sha512_256Sess];

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512_256 => "SHA-512-256",
            Self::Sha512_256Sess => "SHA-512-256-sess",
            Self::Other(name) => name,
        }
    }

    /// Whether the first hash is bound to nonce and cnonce.
    #[must_use]
    pub const fn is_session(&self) -> bool {
        match self {
            Self::Md5Sess | Self::Sha256Sess | Self::Sha512_256Sess => true,
            Self::Md5 | Self::Sha256 | Self::Sha512_256 | Self::Other(_) => false,
        }
    }

    /// The function below it; `None` if it is not known.
    pub(super) const fn hash(&self) -> Option<Hash> {
        match self {
            Self::Md5 | Self::Md5Sess => Some(Hash::Md5),
            Self::Sha256 | Self::Sha256Sess => Some(Hash::Sha256),
            Self::Sha512_256 | Self::Sha512_256Sess => Some(Hash::Sha512_256),
            Self::Other(_) => None,
        }
    }
}

impl Qop {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
            Self::Other(name) => name,
        }
    }
}

impl Hash {
    /// The hash of the parts with colons between them, in lower-case hexadecimal.
    pub(super) fn of(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 => digest::<md5::Md5>(parts),
            Self::Sha256 => digest::<sha2::Sha256>(parts),
            Self::Sha512_256 => digest::<sha2::Sha512_256>(parts),
        }
    }
}

fn digest<D: sha2::Digest>(parts: &[&[u8]]) -> String {
    let mut hash = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    crate::hex::hex(&hash.finalize())
}

impl FromStr for Algorithm {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        let known = Self::KNOWN.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name));
        Ok(known.unwrap_or_else(|| Self::Other(Text::lossy(name))))
    }
}

impl FromStr for Qop {
    type Err = InvalidHeader;

    fn from_str(name: &str) -> Result<Self, InvalidHeader> {
        match [Self::Auth, Self::AuthInt].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name)) {
            Some(known) => Ok(known),
            None => Token::new(name).map(Self::Other),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Qop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

crate::message::serde_as_text!(Algorithm, Qop);
