use core::fmt;

use super::MediaType;
use crate::message::{Header, HeaderName, InvalidHeader, Malformed};

/// What the body is (RFC 3261 20.15).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContentType(pub MediaType);

impl ContentType {
    /// `application/sdp`
    pub const SDP: Self = Self(MediaType::SDP);

    /// The header of this type: `application/sdp`.
    ///
    /// # Errors
    /// It is no media type.
    pub fn new(media_type: &str) -> Result<Self, InvalidHeader> {
        Ok(Self::parse(media_type)?)
    }

    /// Whether it is this type, without regard to case and parameters.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0.is(name)
    }
}

impl Header for ContentType {
    const NAME: HeaderName = HeaderName::ContentType;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        value.parse().map(Self)
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

super::header_text!(ContentType);
