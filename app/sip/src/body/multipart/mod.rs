//! Bodies of several parts (RFC 2046 5.1, RFC 5621): an offer that comes with something else.
//!
//! Who wants one kind of body and does not care how it is wrapped asks [`find`]:
//!
//! ```
//! use sip::body::multipart::{Part, Wanted, compose, find};
//! use sip::header::ContentType;
//! use sip::message::Headers;
//!
//! let offer = Part::new("application/sdp", b"v=0\r\n")?;
//! let composed = compose("mixed", &[Part::new("text/plain", b"hello")?, offer])?;
//! let mut headers = Headers::new();
//! headers.set(&ContentType(composed.media_type));
//! let found = find(&headers, &composed.body, &Wanted::SESSION)?;
//! assert_eq!(found.map(|part| part.body), Some(b"v=0\r\n".to_vec()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod find;
mod read;
mod write;

pub use find::{Wanted, find};
pub use write::{Composed, compose};

use alloc::vec::Vec;

use super::BodyError;
use crate::header::{ContentDisposition, ContentId, ContentType, MediaType};
use crate::message::{Headers, InvalidHeader, Token};

/// A part of a body: some header fields, and bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Content-Type, Content-Disposition, Content-ID and so on.
    pub headers: Headers,
    /// The bytes, as they are: Content-Transfer-Encoding is not undone (SIP is binary safe, RFC 3261 7.4.1).
    pub body: Vec<u8>,
}

/// How a part is to be used (RFC 3261 20.11).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Disposition {
    /// `session`, `render`, `by-reference`, …; without regard to case, so compare it so.
    pub kind: Token,
    /// Whether who does not understand the part must refuse the whole.
    pub required: bool,
}

impl Part {
    /// A part of that type.
    ///
    /// # Errors
    /// It is no media type.
    pub fn new(media_type: &str, body: &[u8]) -> Result<Self, InvalidHeader> {
        let mut headers = Headers::new();
        headers.set(&ContentType::new(media_type)?);
        Ok(Self { headers, body: body.into() })
    }

    /// The same part with a Content-Disposition of that kind and handling.
    ///
    /// # Errors
    /// The kind is no token.
    pub fn with_disposition(mut self, kind: &str, required: bool) -> Result<Self, InvalidHeader> {
        let mut disposition = ContentDisposition::new(Token::new(kind)?);
        disposition.params.set("handling", Some(if required { "required" } else { "optional" }))?;
        self.headers.set(&disposition);
        Ok(self)
    }

    /// What it is; `None` if it does not say, which means `text/plain` (RFC 2046 5.1), or says it wrong.
    #[must_use]
    pub fn media_type(&self) -> Option<MediaType> {
        self.headers.get::<ContentType>().ok().map(|content_type| content_type.0)
    }

    /// How it is to be used. SDP that does not say is a session, all else is to be shown (RFC 3261 20.11).
    ///
    /// A part with a Content-Disposition that says no handling is required, as the RFC wants it. One without a
    /// Content-Disposition is not, against the RFC's advice: servers add parts for each other without a word on
    /// them, and a call is worth more.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        if let Ok(said) = self.headers.get::<ContentDisposition>() {
            return Disposition { required: said.is_required(), kind: said.kind };
        }
        let is_sdp = self.media_type().is_some_and(|media_type| media_type.is("application/sdp"));
        Disposition { kind: Token::literal(if is_sdp { "session" } else { "render" }), required: false }
    }

    /// Its Content-ID (RFC 2045 7), by which other parts name it; `None` if it has none, or a malformed one.
    #[must_use]
    pub fn content_id(&self) -> Option<ContentId> {
        self.headers.get().ok()
    }

    /// Its Content-Transfer-Encoding (RFC 2045 6), which is not undone.
    #[must_use]
    pub fn transfer_encoding(&self) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields.find(|(name, _)| name.eq_ignore_ascii_case("Content-Transfer-Encoding")).map(|(_, value)| value)
    }
}

/// Reads the parts of a body. What stands before the first and after the last boundary is ignored. The last
/// boundary may be missing: the message's length has said where the body ends.
///
/// # Errors
/// The type is no multipart type with a boundary, the boundary is not found, a header field of a part is
/// malformed, or there are more than [`super::limits::PARTS`] parts.
pub fn parse(media_type: &MediaType, body: &[u8]) -> Result<Vec<Part>, BodyError> {
    read::parts(media_type, body)
}
