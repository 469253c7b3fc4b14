use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use crate::message::{Header, HeaderName, Headers, InvalidHeader, Malformed};

/// Names a call, or a series of registrations (RFC 3261 20.8). It has case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(String);

impl CallId {
    /// The header of these letters.
    ///
    /// # Errors
    /// It is empty, or has white space or control characters in it.
    pub fn new(text: &str) -> Result<Self, InvalidHeader> {
        Ok(Self::parse(text)?)
    }

    /// The letters of the one in a message that was validated.
    pub(crate) fn of(headers: &Headers) -> Option<&str> {
        headers.raw(const { &HeaderName::CallId }).next()
    }

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for CallId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Header for CallId {
    const NAME: HeaderName = HeaderName::CallId;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        match value.find(|c: char| c.is_whitespace() || c.is_control()) {
            Some(at) => Err(Malformed { at }),
            None if value.is_empty() => Err(Malformed { at: 0 }),
            None => Ok(Self(value.into())),
        }
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::header_text!(CallId);
