//! Calls that are over, as who had the line reports them to the server.

use crate::phone::{Cause, Direction, Party};
use crate::quality::Tally;
use serde::{Deserialize, Serialize};

/// A call that is over. It is reported until the server says that it has it; account, Call-ID and local tag name it, so that
/// it is kept once however often it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Its Call-ID.
    pub call_id: String,
    /// Our tag: random, so that it alone names the call among those of one line.
    pub local_tag: String,
    /// Who began it.
    pub direction: Direction,
    /// The other party.
    pub remote: Party,
    /// When it began, in milliseconds since 1970, as the times that follow.
    pub begun: u64,
    /// When it was answered, if it was.
    pub answered: Option<u64>,
    /// When it ended.
    pub ended: u64,
    /// Why.
    pub cause: Cause,
    /// How well it was heard here.
    pub heard: Tally,
}

/// Why a call is over, or why it never rang, as the server keeps it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// What the phone said that had it.
    Cause(Cause),
    /// The person was not to be disturbed.
    DoNotDisturb,
    /// No phone of the person was on.
    NobodyHome,
    /// Somebody else answered, who was called with the person: their number.
    AnsweredBy(String),
    /// It went on to this number, as the person wishes.
    SentOn(String),
    /// It was answered, and how it ended was not seen.
    Unknown,
}

#[cfg(feature = "ssr")]
impl Reason {
    /// Whether a call that came in, was not answered and ended like this is one that the person does not know of.
    #[must_use]
    pub const fn is_missed(&self) -> bool {
        match self {
            Self::DoNotDisturb | Self::NobodyHome | Self::Unknown => true,
            Self::AnsweredBy(_) | Self::SentOn(_) => false,
            Self::Cause(cause) => match cause {
                Cause::CancelledThere
                | Cause::Busy
                | Cause::NoAnswer
                | Cause::HungUpThere
                | Cause::Media(_)
                | Cause::NotAcceptable(_)
                | Cause::Unfit { .. }
                | Cause::Network
                | Cause::Status(_)
                | Cause::Unavailable
                | Cause::TooMany
                | Cause::Away => true,
                Cause::HungUpHere
                | Cause::CancelledHere
                | Cause::DeclinedHere
                | Cause::DeclinedThere
                | Cause::AnsweredElsewhere
                | Cause::DeclinedElsewhere
                | Cause::DivertedHere(_)
                | Cause::DivertedElsewhere
                | Cause::NotFound
                | Cause::Gone
                | Cause::Incomplete
                | Cause::Redirected(_)
                | Cause::Unwanted
                | Cause::AuthenticationFailed
                | Cause::Forbidden
                | Cause::Transferred
                | Cause::Told(_) => false,
            },
        }
    }
}
