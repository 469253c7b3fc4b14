use core::fmt;

use super::NameAddr;
use crate::message::{Header, HeaderName, Malformed};

/// Who is called (RFC 3261 20.39).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct To(pub NameAddr);

/// Who calls (RFC 3261 20.20).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct From(pub NameAddr);

macro_rules! end {
    ($($header:ident)+) => {$(
        impl $header {
            /// The header of this address.
            #[must_use]
            pub const fn new(address: NameAddr) -> Self {
                Self(address)
            }

            /// The tag: this end's half of the dialog's name (RFC 3261 19.3).
            #[must_use]
            pub fn tag(&self) -> Option<&str> {
                self.0.tag()
            }

            /// The same with this tag. One that could not be read back from a header is left out.
            #[must_use]
            pub fn with_tag(mut self, tag: &str) -> Self {
                self.0.set_tag(tag);
                self
            }
        }

        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = false;

            fn parse(value: &str) -> Result<Self, Malformed> {
                NameAddr::read(value).map(Self)
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

end!(To From);
