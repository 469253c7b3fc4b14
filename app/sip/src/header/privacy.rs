use alloc::vec::Vec;
use core::fmt;

use nom::Parser as _;
use nom::branch::alt;
use nom::combinator::opt;

use super::grammar::{Parsed, around, token, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed, Token};

/// What is to be hidden of the sender (RFC 3323 4.2): `id` (RFC 3325), `history` (RFC 7044), `header`, `session`,
/// `user`, `critical`, or `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Privacy(pub Vec<Token>);

impl Privacy {
    /// Whether it is in the list, where letters have no case.
    #[must_use]
    pub fn has(&self, value: &str) -> bool {
        self.0.iter().any(|token| token.eq_ignore_ascii_case(value))
    }
}

/// priv-value *(";" priv-value); commas are read as well, as many write them.
fn values(mut input: &str) -> Parsed<'_, Vec<Token>> {
    let mut found = Vec::new();
    loop {
        let (rest, value) = opt(token).parse(input)?;
        found.extend(value.map(Token::from_checked));
        match alt((around(';'), around(','))).parse(rest) {
            Ok((after, _)) => input = after,
            Err(_) => return Ok((rest, found)),
        }
    }
}

impl Header for Privacy {
    const NAME: HeaderName = HeaderName::Privacy;
    const LIST: bool = false;
    const WHOLE: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        whole(value, values).map(Self)
    }

    fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

impl fmt::Display for Privacy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ";" })?;
            value.fmt(f)?;
        }
        Ok(())
    }
}

header_text!(Privacy);
