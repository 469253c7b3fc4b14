//! Messages (RFC 3261 7 and 25): parsed once, kept as they were written, typed on demand.
//!
//! [`Headers`] is an ordered store of raw fields. What was parsed prints byte for byte as it came, except that
//! Content-Length always says the truth and the version is always written `SIP/2.0`. Types are read from the
//! store when they are asked for:
//!
//! ```
//! use sip::header::{CSeq, Via};
//! use sip::message::Message;
//!
//! let bytes = b"OPTIONS sip:example.com SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\nCSeq: 7 OPTIONS\r\n\r\n";
//! let message = Message::parse(bytes)?;
//! assert_eq!(message.headers().get::<CSeq>()?.seq, 7);
//! assert_eq!(message.headers().get::<Via>()?.branch(), Some("z9hG4bK1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
#[cfg(feature = "serde")]
mod form;
mod headers;
mod keepalive;
pub mod limits;
mod method;
mod name;
mod parse;
mod refusal;
mod request;
mod response;
mod status;
mod store;
mod text;
mod token;
mod validate;

pub use error::{HeaderError, InvalidHeader, ParseError, ParseErrorKind};
pub use headers::{Header, Headers, Malformed};
pub use keepalive::{KeepAlive, is_keepalive};
pub use method::Method;
pub use name::HeaderName;
pub use refusal::refusal;
pub use request::Request;
pub use response::Response;
pub use status::Status;
pub use text::Text;
pub use token::Token;

pub(crate) use token::is_token;

use alloc::vec::Vec;

/// Gives types that print and parse themselves that text as their serde form.
macro_rules! serde_as_text {
    ($($name:ty),+) => {$(
        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <alloc::string::String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_text;

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Message {
    /// It asks for something.
    Request(Request),
    /// It answers.
    Response(Response),
}

impl Message {
    /// Parses what one datagram or one WebSocket message holds (RFC 3261 18.3, RFC 7118 5). The body is as long
    /// as Content-Length says, and all that follows is ignored; without Content-Length the body is the rest.
    /// Line ends before the start line are ignored (RFC 3261 7.5).
    ///
    /// # Errors
    /// It is no SIP message, or breaks a limit; [`ParseError::status`] says how to answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        parse::message(bytes)
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The header fields, to be changed.
    #[must_use]
    pub const fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => &mut request.headers,
            Self::Response(response) => &mut response.headers,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }

    /// The message as it goes on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// Checks what every message must have (RFC 3261 8.1.1): Via, From, To, Call-ID and CSeq, each well-formed
    /// and all but Via only once; in a request, the CSeq's method is the request's (RFC 3261 8.1.1.5).
    ///
    /// # Errors
    /// Which field is missing or wrong.
    pub fn validate(&self) -> Result<(), HeaderError> {
        match self {
            Self::Request(request) => request.validate(),
            Self::Response(response) => response.validate(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

#[cfg(test)]
mod tests;
