use core::fmt;

use super::grammar::{number, seconds, whole};
use crate::message::{Header, HeaderName, Malformed};

/// How many more hops a request may take (RFC 3261 20.22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaxForwards(pub u8);

/// How long something lasts, in seconds (RFC 3261 20.19); what does not fit is the largest number that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Expires(pub u32);

/// The shortest registration that is accepted, in seconds (RFC 3261 20.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MinExpires(pub u32);

/// The bytes of the body (RFC 3261 20.14). To be read only: what goes on the wire is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentLength(pub u32);

/// Orders the reliable provisional responses to a request (RFC 3262 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RSeq(pub u32);

/// After how many seconds without a keep-alive the server takes the flow for dead (RFC 5626 11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FlowTimer(pub u32);

impl MaxForwards {
    /// What a request begins with (RFC 3261 8.1.1.6).
    pub const INITIAL: Self = Self(70);
}

macro_rules! numbers {
    ($($header:ident $rule:ident)+) => {$(
        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = false;

            fn parse(value: &str) -> Result<Self, Malformed> {
                whole(value, $rule).map(Self)
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

numbers! {
    MaxForwards number
    Expires seconds
    MinExpires seconds
    ContentLength number
    RSeq number
    FlowTimer seconds
}
