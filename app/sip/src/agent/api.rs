//! The words that an agent and its user exchange.

use super::{Answer, Event, Question, QuestionId, Refusal};
use alloc::vec::Vec;

/// What the user tells the agent.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "it is passed on at once, never kept")]
pub enum Input<'a> {
    /// The deadline came.
    Timeout,
    /// The transport is open.
    Connected,
    /// The transport is closed, or could not be opened.
    Disconnected,
    /// The network seems to be back (the browser said `online`, or the page woke up): try now, and probe what is open.
    Hint,
    /// A message arrived: one WebSocket message, unparsed.
    Received(&'a [u8]),
    /// The answer to a question.
    Answer(QuestionId, Answer),
}

/// What the agent tells its user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there are few at a time")]
pub enum Output {
    /// Open the transport to this one of [`super::Config::servers`], by its index; 0 where there are none.
    Connect(usize),
    /// Close the transport; nothing is to be said about it afterwards.
    Disconnect,
    /// Send this as one message.
    Transmit(Vec<u8>),
    /// Find this out, and say it with [`Input::Answer`].
    Ask(QuestionId, Question),
    /// This happened.
    Event(Event),
}

/// Whether the agent is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Registration {
    /// Not asked to be.
    Idle,
    /// The transport is being opened, or is waited for.
    Connecting,
    /// REGISTER is under way.
    Registering,
    /// Bound.
    Registered,
    /// Refused for this reason; it is tried again, ever less often, and not before the server asks for it.
    Refused(Refusal),
    /// The transport was lost or cannot be opened, or nothing answers; it is tried again.
    Unreachable,
    /// Being unbound.
    Unregistering,
    /// Unbound.
    Stopped,
}

/// A verb does not fit the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerbError {
    /// There is no such call (any more).
    #[error("there is no such call")]
    NoCall,
    /// The call is not in a phase where this can be done.
    #[error("the call is not in a phase where this can be done")]
    WrongPhase,
    /// As many calls are up, or other things under way, as are allowed.
    #[error("as many are up as are allowed")]
    TooMany,
    /// There is no such message, subscription or publication (any more).
    #[error("there is nothing of that name")]
    Unknown,
    /// A body is larger than 16 KiB.
    #[error("the body is too large")]
    TooLarge,
    /// What was given cannot be a part of a message.
    #[error("what was given is malformed")]
    Malformed,
    /// As much waits to be sent already as is kept.
    #[error("as much waits to be sent already as is kept")]
    Full,
}
