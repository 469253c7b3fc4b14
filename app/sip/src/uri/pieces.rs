use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use super::UriError;
use crate::class::{PART, URI_HEADERS, VISIBLE};

/// A user or a password as it stands on the wire: escapes are kept, and nothing in it could end it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part(String);

/// What follows the question mark of a `sip:` URI, as it stands on the wire (RFC 3261 19.1.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UriHeaders(String);

/// The inside of a URI that nobody looks into: visible characters, without angle brackets and quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Opaque(String);

macro_rules! pieces {
    ($($piece:ident $class:ident)+) => {$(
        impl $piece {
            /// The piece of these letters, escaped already.
            ///
            /// # Errors
            /// A character is in it that would end it.
            pub fn new(text: &str) -> Result<Self, UriError> {
                match $class.end(text.as_bytes()) {
                    at if at < text.len() => Err(UriError { at }),
                    _ => Ok(Self(text.into())),
                }
            }

            /// As it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A piece that the grammar has read.
            pub(super) fn from_checked(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl Deref for $piece {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $piece {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

pieces!(Part PART UriHeaders URI_HEADERS Opaque VISIBLE);

impl Part {
    /// A piece made of any text: what may not stand in a user part is escaped (RFC 3261 25.1 `user`).
    #[must_use]
    pub fn escape(text: &str) -> Self {
        use fmt::Write as _;
        let mut out = String::with_capacity(text.len());
        for byte in text.bytes() {
            let c = char::from(byte);
            if c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,;?/".contains(c) {
                out.push(c);
            } else {
                // Writing to a String cannot fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
        Self(out)
    }

    /// The text without escapes; `None` if that is not UTF-8.
    #[must_use]
    pub fn unescape(&self) -> Option<String> {
        String::from_utf8(unescaped(&self.0).collect()).ok()
    }
}

/// The bytes that the escapes of `text` stand for. A `%` that begins no escape stands for itself.
pub(crate) fn unescaped(text: &str) -> impl Iterator<Item = u8> {
    let mut bytes = text.bytes();
    core::iter::from_fn(move || {
        let byte = bytes.next()?;
        if byte != b'%' {
            return Some(byte);
        }
        let mut ahead = bytes.clone();
        let mut digit = || ahead.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Some(byte) };
        bytes = ahead;
        u8::try_from(high * 16 + low).ok()
    })
}
