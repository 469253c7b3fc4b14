use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

use super::InvalidHeader;
use crate::class::TOKEN;

/// A word without white space and delimiters (RFC 3261 25.1 `token`). Where the grammar says so, tokens have no
/// case; equality here is letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(Cow<'static, str>);

impl Token {
    /// A token of these letters.
    ///
    /// # Errors
    /// It is empty, or has a character that is not allowed in a token.
    pub fn new(text: &str) -> Result<Self, InvalidHeader> {
        if is_token(text) { Ok(Self(Cow::Owned(text.into()))) } else { Err(InvalidHeader::Syntax) }
    }

    /// A token for a constant: what is none does not compile, so it is called in constants and `const` blocks only.
    ///
    /// # Panics
    /// Outside of those, when it is none.
    #[must_use]
    pub const fn literal(text: &'static str) -> Self {
        assert!(is_token(text), "not a token");
        Self(Cow::Borrowed(text))
    }

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A token that the grammar has read.
    pub(crate) fn from_checked(text: &str) -> Self {
        Self(Cow::Owned(String::from(text)))
    }
}

impl Deref for Token {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = InvalidHeader;

    fn from_str(text: &str) -> Result<Self, InvalidHeader> {
        Self::new(text)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether all of it may stand in a token, and it is not empty.
pub(crate) const fn is_token(text: &str) -> bool {
    let mut bytes = text.as_bytes();
    if bytes.is_empty() {
        return false;
    }
    while let [first, rest @ ..] = bytes {
        if !TOKEN.has(*first) {
            return false;
        }
        bytes = rest;
    }
    true
}

super::serde_as_text!(Token);
