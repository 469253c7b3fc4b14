use super::{NameAddr, header_of};
use crate::message::{HeaderName, Headers};

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

            /// The tag in a message that was validated, for whoever needs nothing else of the address.
            pub(crate) fn tag_of(headers: &Headers) -> Option<&str> {
                headers.raw(const { &HeaderName::$header }).next().and_then(NameAddr::tag_in)
            }

            /// The same with this tag. One that could not be read back from a header is left out.
            #[must_use]
            pub fn with_tag(mut self, tag: &str) -> Self {
                self.0.set_tag(tag);
                self
            }
        }
    )+};
}

end!(To From);

header_of! {
    To false NameAddr::read;
    From false NameAddr::read;
}
