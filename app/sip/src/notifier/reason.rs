/// Why a subscription ends, as NOTIFY says it (RFC 6665 4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Reason {
    /// It was not refreshed, or the watcher ended it.
    Timeout,
    /// There is no such user any more.
    NoResource,
    /// The phone failed too often; it may try again after a while.
    Probation,
    /// The exchange goes; the phone is to subscribe anew at once.
    Deactivated,
}

impl Reason {
    /// As it is written.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NoResource => "noresource",
            Self::Probation => "probation",
            Self::Deactivated => "deactivated",
        }
    }

    /// Whether the last NOTIFY tells the state.
    pub(super) const fn tells(self) -> bool {
        match self {
            Self::Timeout => true,
            Self::NoResource | Self::Probation | Self::Deactivated => false,
        }
    }
}
