use core::fmt;

use super::NameAddr;
use super::grammar::{seconds, whole};
use crate::message::{Header, HeaderName, Malformed};

/// Where someone can be reached directly (RFC 3261 20.10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Contact {
    /// `*`: all bindings, in a REGISTER that removes them.
    Star,
    /// One address.
    Addr(NameAddr),
}

impl Contact {
    /// The address, if it is one.
    #[must_use]
    pub const fn address(&self) -> Option<&NameAddr> {
        match self {
            Self::Star => None,
            Self::Addr(address) => Some(address),
        }
    }

    /// How long the binding is to last, in seconds; `None` if that is not said, or malformed. What does not fit
    /// is the largest number that does.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        whole(self.address()?.params.value("expires")?, seconds).ok()
    }

    /// The preference in thousandths, 0 to 1000; `None` if that is not said, or malformed.
    #[must_use]
    pub fn q(&self) -> Option<u16> {
        let text = self.address()?.params.value("q")?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let thousandths =
            fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        match whole {
            "0" => Some(thousandths),
            "1" if thousandths == 0 => Some(1000),
            _ => None,
        }
    }
}

impl core::convert::From<NameAddr> for Contact {
    fn from(address: NameAddr) -> Self {
        Self::Addr(address)
    }
}

impl Header for Contact {
    const NAME: HeaderName = HeaderName::Contact;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        if value.trim_matches([' ', '\t']) == "*" { Ok(Self::Star) } else { NameAddr::read(value).map(Self::Addr) }
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Star => f.write_str("*"),
            Self::Addr(address) => address.fmt(f),
        }
    }
}

super::header_text!(Contact);
