use super::{MediaType, header_of};
use crate::message::{Header as _, InvalidHeader};

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

header_of! { ContentType false str::parse; }
