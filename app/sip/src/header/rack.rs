use core::fmt;

use nom::Parser as _;

use super::grammar::{number, token, white1, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed, Method};

/// The reliable provisional response that a PRACK acknowledges (RFC 3262 7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RAck {
    /// Its RSeq.
    pub rseq: u32,
    /// The number of its CSeq.
    pub seq: u32,
    /// The method of its CSeq.
    pub method: Method,
}

impl Header for RAck {
    const NAME: HeaderName = HeaderName::RAck;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let mut rule = (number::<u32>, white1, number::<u32>, white1, token.map(Method::from_checked));
        let (rseq, _, seq, _, method) = whole(value, |input| rule.parse(input))?;
        Ok(Self { rseq, seq, method })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.seq, self.method)
    }
}

header_text!(RAck);
