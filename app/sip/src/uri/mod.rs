//! URIs (RFC 3261 19.1 and 25.1, RFC 3966): what was parsed prints as it was written.

mod equivalence;
mod grammar;
mod host;
mod params;
mod pieces;
mod sip;

pub use host::{Domain, Host};
pub use params::{InvalidParam, Params};
pub use pieces::{Opaque, Part, UriHeaders};
pub use sip::SipUri;

pub(crate) use grammar::{host, port};
pub(crate) use params::{write_param, write_quoted};
pub(crate) use pieces::unescaped;

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// A URI of any scheme. Schemes that are not understood are kept (RFC 3261 16.3 answers them, with 416).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Uri {
    /// `sip:` or `sips:`
    Sip(SipUri),
    /// `tel:` (RFC 3966)
    Tel(TelUri),
    /// Anything else.
    Other {
        /// The scheme, as written.
        scheme: Opaque,
        /// All that follows the colon.
        rest: Opaque,
    },
}

/// A telephone number (RFC 3966).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TelUri {
    scheme: Opaque,
    /// The number as written: digits and visual separators, with `+` in front when it is global.
    pub number: Part,
    /// `;phone-context=…;ext=…`
    pub params: Params,
}

/// A text is not a URI, or may not be a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a URI from byte {at} on")]
pub struct UriError {
    /// Where it goes wrong: bytes from the beginning of the text.
    pub at: usize,
}

impl Uri {
    /// The URI, if it is a `sip:` or `sips:` one.
    #[must_use]
    pub const fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Tel(_) | Self::Other { .. } => None,
        }
    }

    /// The host, if it is a `sip:` or `sips:` URI.
    #[must_use]
    pub const fn host(&self) -> Option<&Host> {
        match self {
            Self::Sip(uri) => Some(&uri.host),
            Self::Tel(_) | Self::Other { .. } => None,
        }
    }

    /// The scheme as written, without the colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(uri) => uri.scheme(),
            Self::Tel(uri) => uri.scheme.as_str(),
            Self::Other { scheme, .. } => scheme.as_str(),
        }
    }

    /// Whether both name the same resource: RFC 3261 19.1.4 for `sip:` and `sips:`, letter by letter otherwise.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(one), Self::Sip(two)) => one.equivalent(two),
            (Self::Tel(one), Self::Tel(two)) => one.equivalent(two),
            (Self::Other { scheme, rest }, Self::Other { scheme: scheme_2, rest: rest_2 }) => {
                scheme.eq_ignore_ascii_case(scheme_2) && rest == rest_2
            }
            (Self::Sip(_) | Self::Tel(_) | Self::Other { .. }, _) => false,
        }
    }
}

impl TelUri {
    /// Whether both are the same number: visual separators and case do not count (RFC 3966 4).
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        let digits = |uri: &Self| -> String {
            uri.number.chars().filter(|c| !"-.()".contains(*c)).map(|c| c.to_ascii_lowercase()).collect()
        };
        digits(self) == digits(other) && equivalence::all_same_params(&self.params, &other.params)
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(uri) => uri.fmt(f),
            Self::Other { scheme, rest } => write!(f, "{scheme}:{rest}"),
        }
    }
}

impl fmt::Display for TelUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}{}", self.scheme, self.number, self.params)
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        grammar::uri(text)
    }
}

impl FromStr for SipUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        match grammar::uri(text)? {
            Uri::Sip(uri) => Ok(uri),
            Uri::Tel(_) | Uri::Other { .. } => Err(UriError { at: 0 }),
        }
    }
}

crate::message::serde_as_text!(Uri, SipUri);

#[cfg(test)]
mod tests;
