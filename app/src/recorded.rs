//! How it stands with the recording of a call.

use serde::{Deserialize, Serialize};

/// How it stands with the recording of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recorded {
    /// It is not recorded.
    #[default]
    No,
    /// It is not, and may not be.
    Forbidden,
    /// It is about to be.
    Starting,
    /// It is.
    On(Tape),
    /// It is not, although it was to be.
    Failed(RecordingFailure),
}

/// How it stands with a recording that goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tape {
    /// It goes on in another file than the one it began in: that was written by a page before this one.
    pub anew: bool,
    /// The server cannot be reached, and the page keeps what is recorded until it can.
    pub kept: bool,
    /// The other end hears a tone now and then.
    pub announced: bool,
}

/// Why a call is not recorded that was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingFailure {
    /// The server has no room for it.
    NoRoom,
    /// It is not allowed.
    NotAllowed,
    /// The browser cannot do it.
    Unsupported,
    /// The server could not be reached for so long that the page can keep no more of it.
    TooMuch,
    /// Somebody removed it while it went on.
    Removed,
    /// The server refuses it, by this HTTP status.
    Refused(u16),
}

impl Recorded {
    /// Whether it is recorded, or is about to be.
    #[must_use]
    pub const fn is_wanted(self) -> bool {
        match self {
            Self::Starting | Self::On(_) => true,
            Self::No | Self::Forbidden | Self::Failed(_) => false,
        }
    }

    /// Whether a person may have it recorded.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        match self {
            Self::No | Self::Starting | Self::On(_) => true,
            Self::Failed(failure) => !matches!(failure, RecordingFailure::NotAllowed),
            Self::Forbidden => false,
        }
    }
}
