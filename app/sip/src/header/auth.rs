use core::fmt;

use crate::digest::{Challenge, Credentials};
use crate::message::{Header, HeaderName, Malformed};

/// A user agent server asks who the sender is (RFC 3261 20.44).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WwwAuthenticate(pub Challenge);

/// A proxy asks who the sender is (RFC 3261 20.27).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyAuthenticate(pub Challenge);

/// The sender says who it is, to a user agent server (RFC 3261 20.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization(pub Credentials);

/// The sender says who it is, to a proxy (RFC 3261 20.28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyAuthorization(pub Credentials);

macro_rules! auth {
    ($($header:ident)+) => {$(
        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = false;

            fn parse(value: &str) -> Result<Self, Malformed> {
                value.parse().map(Self)
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        super::header_text!($header);
    )+};
}

auth!(WwwAuthenticate ProxyAuthenticate Authorization ProxyAuthorization);
