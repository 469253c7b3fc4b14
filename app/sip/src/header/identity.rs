use core::fmt;

use super::NameAddr;
use crate::message::{Header, HeaderName, Malformed};

/// Who a trusted network says the caller is (RFC 3325 9.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PAssertedIdentity(pub NameAddr);

impl Header for PAssertedIdentity {
    const NAME: HeaderName = HeaderName::PAssertedIdentity;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        NameAddr::read(value).map(Self)
    }
}

impl fmt::Display for PAssertedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

super::header_text!(PAssertedIdentity);
