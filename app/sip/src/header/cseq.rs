use core::fmt;

use nom::Parser as _;
use nom::combinator::verify;
use nom::sequence::separated_pair;

use super::grammar::{number, token, white1, whole};
use crate::message::{Header, HeaderName, Malformed, Method};

/// Orders the requests of a dialog, and names the method a response is for (RFC 3261 20.16).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 8.1.1.5).
    pub seq: u32,
    /// The request's method.
    pub method: Method,
}

impl CSeq {
    /// The header of these.
    #[must_use]
    pub const fn new(seq: u32, method: Method) -> Self {
        Self { seq, method }
    }
}

impl Header for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let seq = verify(number::<u32>, |seq| *seq < 1 << 31);
        let mut rule = separated_pair(seq, white1, token.map(Method::from_checked));
        whole(value, |input| rule.parse(input)).map(|(seq, method)| Self { seq, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.method)
    }
}

super::header_text!(CSeq);
