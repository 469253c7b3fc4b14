use core::fmt;

use nom::Parser as _;
use nom::character::complete::char;
use nom::sequence::{delimited, separated_pair};

use super::grammar::{Parsed, comment, number, white, whole};
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
        let version = separated_pair(number::<u32>, (comments, char('.'), comments), number::<u32>);
        let mut rule = delimited(comments, version, comments);
        whole(value, |input| rule.parse(input)).map(|(major, minor)| Self { major, minor })
    }
}

/// White space and comments, which may stand anywhere (RFC 2045 4) and say nothing.
fn comments(mut input: &str) -> Parsed<'_, ()> {
    loop {
        let (rest, _) = white(input)?;
        if !rest.starts_with('(') {
            return Ok((rest, ()));
        }
        (input, _) = comment(rest)?;
    }
}

impl fmt::Display for MimeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

header_text!(MimeVersion);
