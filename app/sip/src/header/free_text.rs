use core::fmt;

use crate::message::{Header, HeaderName, InvalidHeader, Malformed, Text};

/// The software that sent a request (RFC 3261 20.41).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserAgent(pub Text);

/// The software that answered it (RFC 3261 20.35).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server(pub Text);

/// What the call is about (RFC 3261 20.36).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject(pub Text);

/// The organization of the one who sent the message (RFC 3261 20.25).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Organization(pub Text);

macro_rules! free_text {
    ($($header:ident)+) => {$(
        impl $header {
            /// The header of this text.
            ///
            /// # Errors
            /// There is a CR, LF or NUL in it.
            pub fn new(text: &str) -> Result<Self, InvalidHeader> {
                Text::new(text).map(Self)
            }
        }

        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = false;

            fn parse(value: &str) -> Result<Self, Malformed> {
                match Text::new(value) {
                    Ok(text) => Ok(Self(text)),
                    Err(InvalidHeader::Control { at }) => Err(Malformed { at }),
                    Err(InvalidHeader::Name | InvalidHeader::Syntax | InvalidHeader::TooLarge) => {
                        Err(Malformed { at: 0 })
                    }
                }
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        super::header_text!($header);
    )+};
}

free_text!(UserAgent Server Subject Organization);
