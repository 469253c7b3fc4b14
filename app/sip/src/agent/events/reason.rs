/// Why it ends, as NOTIFY says it (RFC 6665 4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Reason {
    /// It was not refreshed, or they ended it.
    Timeout,
    /// Nobody is to ask again.
    Rejected,
    /// There is nothing any more.
    NoResource,
    /// We go, and may come back.
    Probation,
}

impl Reason {
    /// As it is written.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Rejected => "rejected",
            Self::NoResource => "noresource",
            Self::Probation => "probation",
        }
    }
}
