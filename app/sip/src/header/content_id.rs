use core::fmt;

use nom::Parser as _;
use nom::bytes::complete::{tag, take_while1};
use nom::sequence::delimited;

use super::grammar::whole;
use super::header_text;
use crate::message::{Header, HeaderName, InvalidHeader, Malformed, Text};

/// Names a body, or a part of one, for `cid:` URIs (RFC 8262, RFC 2045 7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentId(Text);

impl ContentId {
    /// The header of this name: `id@host`, without the brackets.
    ///
    /// # Errors
    /// It is empty, or has white space, control characters or brackets in it.
    pub fn new(id: &str) -> Result<Self, InvalidHeader> {
        if id.is_empty() || !id.chars().all(is_inside) {
            return Err(InvalidHeader::Syntax);
        }
        Text::new(id).map(Self)
    }

    /// The name, without the brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_inside(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>')
}

impl Header for ContentId {
    const NAME: HeaderName = HeaderName::ContentId;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let mut rule = delimited(tag("<"), take_while1(is_inside), tag(">"));
        whole(value, |input| rule.parse(input)).map(|id: &str| Self(Text::lossy(id)))
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

header_text!(ContentId);
