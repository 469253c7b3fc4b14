use core::fmt;
use core::str::FromStr;

use nom::Parser as _;
use nom::sequence::separated_pair;

use super::grammar::{Parsed, around, params, token, white, whole};
use crate::message::{Malformed, Token};
use crate::uri::Params;

/// What a body is (RFC 3261 25.1 `media-type`): `application/sdp`. In Accept, a half may be `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MediaType {
    /// `application`
    pub kind: Token,
    /// `sdp`
    pub subtype: Token,
    /// `;charset=utf-8`
    pub params: Params,
}

impl MediaType {
    /// `application/sdp` (RFC 8866).
    pub const SDP: Self = Self {
        kind: const { Token::literal("application") },
        subtype: const { Token::literal("sdp") },
        params: Params::new(),
    };

    /// Whether it is this type, without regard to case and parameters: `is("application/sdp")`.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        name.split_once('/').is_some_and(|(kind, subtype)| {
            self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
        })
    }
}

/// A type that begins here.
pub(super) fn media_type(input: &str) -> Parsed<'_, MediaType> {
    let (rest, (kind, subtype)) = separated_pair(token, around('/'), token).parse(input)?;
    let (rest, _) = white(rest)?;
    let (rest, params) = params(rest)?;
    Ok((rest, MediaType { kind: Token::from_checked(kind), subtype: Token::from_checked(subtype), params }))
}

impl FromStr for MediaType {
    type Err = Malformed;

    fn from_str(value: &str) -> Result<Self, Malformed> {
        whole(value, media_type)
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

crate::message::serde_as_text!(MediaType);
