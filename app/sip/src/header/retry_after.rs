use core::fmt;

use nom::Parser as _;
use nom::combinator::opt;

use super::grammar::{comment, params, seconds, unescaped, white, whole};
use crate::message::{Header, HeaderName, Malformed, Text};
use crate::uri::Params;

/// When to try again (RFC 3261 20.33).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetryAfter {
    /// After so many seconds.
    pub seconds: u32,
    /// Words, as they were found.
    pub comment: Option<Text>,
    /// `;duration=3600`
    pub params: Params,
}

impl RetryAfter {
    /// After so many seconds, without words.
    #[must_use]
    pub const fn new(seconds: u32) -> Self {
        Self { seconds, comment: None, params: Params::new() }
    }
}

impl Header for RetryAfter {
    const NAME: HeaderName = HeaderName::RetryAfter;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        whole(value, |input| {
            let (rest, (seconds, _, comment, _)) = (seconds, white, opt(comment), white).parse(input)?;
            let (rest, params) = params(rest)?;
            let comment = comment.map(|raw| Text::lossy(&unescaped(raw)));
            Ok((rest, Self { seconds, comment, params }))
        })
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seconds.fmt(f)?;
        if let Some(comment) = &self.comment {
            f.write_str(" (")?;
            for c in comment.chars() {
                if matches!(c, '(' | ')' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            f.write_str(")")?;
        }
        self.params.fmt(f)
    }
}

super::header_text!(RetryAfter);
