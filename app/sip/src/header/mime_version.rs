use core::fmt;

use nom::Parser as _;
use nom::character::complete::char;
use nom::sequence::separated_pair;

use super::grammar::{number, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed};

/// The version of MIME that the body is written in (RFC 3261 20.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MimeVersion {
    /// What stands in front of the dot.
    pub major: u32,
    /// What stands behind it.
    pub minor: u32,
}

impl MimeVersion {
    /// `1.0`, of which there is no other.
    pub const V1_0: Self = Self { major: 1, minor: 0 };
}

impl Header for MimeVersion {
    const NAME: HeaderName = HeaderName::MimeVersion;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let mut rule = separated_pair(number::<u32>, char('.'), number::<u32>);
        whole(value, |input| rule.parse(input)).map(|(major, minor)| Self { major, minor })
    }
}

impl fmt::Display for MimeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

header_text!(MimeVersion);
