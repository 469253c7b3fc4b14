use super::{NameAddr, header_of};
use crate::message::Text;

/// Who had the call before it was diverted (RFC 5806): the first is the last who had it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diversion(pub NameAddr);

impl Diversion {
    /// The reason when the user decided so while it rang (RFC 5806 4).
    pub const DEFLECTION: &str = "deflection";

    /// Why: `no-answer`, `user-busy`, `unconditional`, … (RFC 5806 4).
    #[must_use]
    pub fn reason(&self) -> Option<Text> {
        self.0.params.text("reason")
    }

    /// Whether the user decided so while it rang.
    #[must_use]
    pub fn is_deflection(&self) -> bool {
        self.reason().is_some_and(|reason| reason.eq_ignore_ascii_case(Self::DEFLECTION))
    }

    /// How often the call was diverted there; at least once.
    #[must_use]
    pub fn counter(&self) -> u32 {
        self.0.params.value("counter").and_then(|counter| counter.parse().ok()).unwrap_or(1)
    }

    /// Whether the address, the name or both may not be shown.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.0.params.text("privacy").is_some_and(|privacy| !privacy.eq_ignore_ascii_case("off"))
    }
}

header_of! {
    Diversion true NameAddr::read;
}
