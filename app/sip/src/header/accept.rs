use core::fmt;

use super::MediaType;
use super::param_values::qvalue;
use crate::message::{Header, HeaderName, Malformed};

/// A type of body that is understood (RFC 3261 20.1): one of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Accept(pub MediaType);

impl Accept {
    /// `application/sdp`
    pub const SDP: Self = Self(MediaType::SDP);

    /// Whether it takes in this type, wildcards counted: `takes("application/sdp")`.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        name.split_once('/').is_some_and(|(kind, subtype)| {
            let fits = |range: &str, half: &str| range == "*" || range.eq_ignore_ascii_case(half);
            fits(&self.0.kind, kind) && fits(&self.0.subtype, subtype)
        })
    }

    /// The preference in thousandths, 0 to 1000; `None` if that is not said, or malformed.
    #[must_use]
    pub fn q(&self) -> Option<u16> {
        qvalue(&self.0.params)
    }
}

impl Header for Accept {
    const NAME: HeaderName = HeaderName::Accept;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        value.parse().map(Self)
    }
}

impl fmt::Display for Accept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

super::header_text!(Accept);
