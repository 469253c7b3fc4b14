use alloc::string::String;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::ops::Deref;
use core::str::FromStr;

use super::UriError;

/// Where something is: a name or an address (RFC 3261 25.1 `host`). Names compare without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A domain name.
    Name(Domain),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, in brackets when written.
    V6(Ipv6Addr),
}

/// A domain name as written: letters, digits, `-`, `_` and dots.
#[derive(Clone, Debug, Eq)]
pub struct Domain(String);

impl Host {
    /// The address, if it is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(ip) => Some(IpAddr::V4(*ip)),
            Self::V6(ip) => Some(IpAddr::V6(*ip)),
        }
    }

    /// A host from letters that the grammar has checked.
    pub(super) fn from_checked(name: &str) -> Self {
        // Most hosts are names: only what begins with a digit is tried as an address.
        let digit = name.starts_with(|c: char| c.is_ascii_digit());
        match digit.then(|| name.parse()) {
            Some(Ok(ip)) => Self::V4(ip),
            Some(Err(_)) | None => Self::Name(Domain(name.into())),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6(ip),
        }
    }
}

impl FromStr for Host {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        match super::grammar::host(text) {
            Ok(("", (host, _))) => Ok(host),
            Ok((rest, _)) => Err(UriError { at: text.len() - rest.len() }),
            Err(_) => Err(UriError { at: 0 }),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(ip) => ip.fmt(f),
            Self::V6(ip) => write!(f, "[{ip}]"),
        }
    }
}

impl Deref for Domain {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Hash for Domain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

crate::message::serde_as_text!(Host);
