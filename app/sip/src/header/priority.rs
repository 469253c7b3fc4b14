use core::fmt;

use nom::Parser as _;

use super::grammar::{token, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed, Token};

/// How urgent a request is, as the caller sees it (RFC 3261 20.26).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Priority {
    /// Life, limb or property is in danger.
    Emergency,
    /// `urgent`
    Urgent,
    /// What holds when nothing is said.
    Normal,
    /// `non-urgent`
    NonUrgent,
    /// Any other.
    Other(Token),
}

impl Priority {
    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Emergency => "emergency",
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::NonUrgent => "non-urgent",
            Self::Other(token) => token,
        }
    }
}

impl Header for Priority {
    const NAME: HeaderName = HeaderName::Priority;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let word = whole(value, |input| token.parse(input))?;
        let known = [Self::Emergency, Self::Urgent, Self::Normal, Self::NonUrgent];
        let found = known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(word));
        Ok(found.unwrap_or_else(|| Self::Other(Token::from_checked(word))))
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

header_text!(Priority);
