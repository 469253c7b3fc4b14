//! Typed headers, one a file: the type, how it is read, and its `Display`, which is its value on the wire.

mod accept;
mod auth;
mod call_id;
mod contact;
mod content_type;
mod cseq;
mod date;
mod free_text;
pub(crate) mod grammar;
mod identity;
mod media_type;
mod name_addr;
mod numbers;
mod reason;
mod retry_after;
mod route;
mod to_from;
mod tokens;
mod via;
mod warning;

pub use accept::Accept;
pub use auth::{Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate};
pub use call_id::CallId;
pub use contact::Contact;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use date::Date;
pub use free_text::{Server, UserAgent};
pub use identity::PAssertedIdentity;
pub use media_type::MediaType;
pub use name_addr::NameAddr;
pub use numbers::{ContentLength, Expires, MaxForwards, MinExpires};
pub use reason::Reason;
pub use retry_after::RetryAfter;
pub use route::{Path, RecordRoute, Route};
pub use to_from::{From, To};
pub use tokens::{Allow, ProxyRequire, Require, Supported, Unsupported};
pub use via::{Via, ViaTransport};
pub use warning::Warning;

pub use crate::digest::AuthenticationInfo;
pub use crate::message::{Header, HeaderError, HeaderName, Headers, InvalidHeader, Malformed};

/// Gives a header what follows from its `Header`: reading from text, and its text as serde form.
macro_rules! header_text {
    ($($header:ty),+) => {$(
        impl core::str::FromStr for $header {
            type Err = $crate::message::Malformed;

            fn from_str(value: &str) -> Result<Self, $crate::message::Malformed> {
                <Self as $crate::message::Header>::parse(value)
            }
        }

        $crate::message::serde_as_text!($header);
    )+};
}
pub(crate) use header_text;

#[cfg(test)]
mod tests;
