use super::param_values::qvalue;
use super::{MediaType, header_of};

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

header_of! { Accept true str::parse; }
