//! What the directory says of a number that was dialled.

use crate::registrar::Party;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Whom a number belongs to, and what becomes of calls to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Route {
    /// Who it is, as asserted to the caller (RFC 3325).
    pub party: Party,
    /// What the number is.
    pub destination: Destination,
}

/// What a number is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Destination {
    /// A person's extension.
    User(Rules),
    /// Several extensions under one number.
    Group(Group),
    /// A service of the exchange itself, such as a feature code. A call that is dialled there is answered by
    /// [`super::Question::Serve`]; calls that are diverted there, or come by way of a group, find nobody.
    Service,
    /// A code: who dials it takes the call that rings at this person's phone. Calls that are diverted there find nobody.
    PickUp(String),
}

/// What a person wants done with calls, whether a phone of theirs is there or not. The numbers are what a person
/// would dial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rules {
    /// Nobody is let through; what stands in `busy` applies.
    pub do_not_disturb: bool,
    /// Whoever calls while another call of theirs is up, or on its way, finds them busy.
    #[cfg_attr(feature = "serde", serde(default))]
    pub no_call_waiting: bool,
    /// All calls go there at once.
    pub always: Option<String>,
    /// Calls go there when a phone says that it is busy, or calls are not wanted.
    pub busy: Option<String>,
    /// Calls go there when they rang for `ringing` and nobody answered.
    pub unanswered: Option<String>,
    /// Calls go there when no phone can be reached.
    pub unreachable: Option<String>,
    /// How long calls ring here; the proxy's own time where it is not said.
    pub ringing: Option<Duration>,
}

/// Extensions that are called as one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Group {
    /// Their numbers.
    pub members: Vec<String>,
    /// In which order they ring.
    pub order: Order,
    /// How long each of them, or all, ring; the proxy's own time where it is not said.
    pub ringing: Option<Duration>,
    /// Where the call goes when none of them answers.
    pub otherwise: Option<String>,
}

/// In which order the members of a group ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Order {
    /// All at once.
    AtOnce,
    /// One after the other, as they stand.
    InTurn,
}

/// What becomes of a call when a phone answers 3xx: the person is elsewhere (RFC 3261 16.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redirects {
    /// It goes on to the numbers of our domain that are named, the preferred first. Other addresses are the caller's to
    /// judge, who gets them when nobody answers.
    #[default]
    Follow,
    /// It is a failure like any other, and passed on to the caller when it is the best.
    Pass,
}

impl From<Party> for Route {
    /// A person without wishes.
    fn from(party: Party) -> Self {
        Self { party, destination: Destination::User(Rules::default()) }
    }
}
