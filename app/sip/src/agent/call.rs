//! A call, as its user sees it.

use super::{Identity, TransferProgress};
use crate::header::{NameAddr, Reason};
use crate::message::Status;
use alloc::string::String;
use core::fmt::{self, Write as _};
use core::time::Duration;

/// Names a call, for the life of the agent and of what is restored from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallId(pub u64);

/// Names one of the phones that a call of ours reached, in the order in which they were heard of; 0 in a call that came
/// in (RFC 3261 12: an early dialog).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Branch(pub u32);

/// A call, as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Call {
    /// Its name.
    pub id: CallId,
    /// Who began it.
    pub direction: Direction,
    /// Who is at the other end: From or To, or who the network asserted (RFC 3325).
    pub remote: NameAddr,
    /// Where it stands.
    pub phase: Phase,
    /// The Call-ID.
    pub call_id: String,
    /// Our tag; empty as long as there is none.
    pub local_tag: String,
    /// The call whose place it takes (RFC 3891): it did not ring, and that one ends when this one is answered.
    pub replaces: Option<CallId>,
    /// How far a transfer of it is that we asked for.
    pub transfer: Option<TransferProgress>,
    /// Whether the other end asks for a transfer: [`super::Event::TransferAsked`].
    pub transfer_asked: bool,
    /// What is known of who calls; of a call that we began, nothing.
    #[cfg_attr(feature = "serde", serde(default))]
    pub identity: Identity,
    /// After how long the caller asks that it is answered by itself, from when it came: trusted callers only.
    #[cfg_attr(feature = "serde", serde(default))]
    pub auto_answer: Option<Duration>,
    /// How it wants to ring (RFC 3261 20.4, RFC 7462): a URN such as `urn:alert:source:internal`, or the name of a ring.
    #[cfg_attr(feature = "serde", serde(default))]
    pub alert: Option<String>,
    /// The final response that ended it, if one of theirs did.
    #[cfg_attr(feature = "serde", serde(default))]
    pub status: Option<Status>,
    /// Why they ended it, in the words of their CANCEL, BYE or response (RFC 3326).
    #[cfg_attr(feature = "serde", serde(default))]
    pub reason: Option<Reason>,
    /// Whether the user wants the other end on hold ([`super::Agent::hold`]), and that is agreed or on its way to be.
    pub held_here: bool,
    /// Whether they hold: they want to receive nothing.
    pub held_there: bool,
    /// Whether they take candidates after the description (RFC 8840), as far as they said.
    pub trickles: bool,
}

/// Who began a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Direction {
    /// We sent the INVITE.
    Outgoing,
    /// We got it.
    Incoming,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Phase {
    /// Outgoing: the offer is being made.
    Preparing,
    /// Outgoing: INVITE sent, nothing rings yet.
    Calling,
    /// Outgoing: 180 came.
    RingingThere,
    /// Incoming: 180 sent.
    RingingHere,
    /// Incoming: accepted here, the answer is being made.
    Answering,
    /// Answered: 2xx sent or received.
    Established,
    /// Over for the user, who was told so; the last responses are awaited. Such a call is not listed any more.
    Ending,
}

/// A key of a telephone (RFC 4733 3): `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Digit(char);

impl Digit {
    /// The key with this sign; letters have no case. `None` if there is none.
    #[must_use]
    pub const fn new(sign: char) -> Option<Self> {
        match sign.to_ascii_uppercase() {
            sign @ ('0'..='9' | '*' | '#' | 'A'..='D') => Some(Self(sign)),
            _ => None,
        }
    }

    /// Its sign.
    #[must_use]
    pub const fn sign(self) -> char {
        self.0
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(self.0)
    }
}
