//! What an agent asks of its user.

use super::CallId;
#[cfg(feature = "bearer")]
use crate::bearer;
use crate::digest::{Challenge, Credentials};
use crate::message::Method;
use alloc::string::String;
use alloc::vec::Vec;

/// Names a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QuestionId(pub u64);

/// What the agent needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Question {
    /// The offer of this call (RFC 3264): open the microphone and make one.
    Offer {
        /// The call that begins, or that changes.
        call: CallId,
        /// Whether the other end is put on hold by it: nothing of theirs is received. What is offered is turned so, whatever
        /// the description says.
        #[cfg_attr(feature = "serde", serde(default))]
        hold: bool,
    },
    /// The answer to the offer of this call: accept it as remote description, open the microphone, make one.
    Answer {
        /// The call that is being answered, or that the other end changes, perhaps before it is answered (UPDATE).
        call: CallId,
        /// Their offer; `None` when their INVITE had no body, and an offer of ours is wanted (late offer).
        offer: Option<Body>,
        /// Whether the other end is on hold: nothing of theirs is received. What is answered is turned so, whatever the
        /// description says.
        #[cfg_attr(feature = "serde", serde(default))]
        hold: bool,
    },
    /// A digest over this request (RFC 7616): [`crate::digest::choose`] one of the challenges, and sign. Where several
    /// realms ask at once, the others are asked about again when they still want an answer.
    Digest {
        /// All that the server offered, that may be answered ([`super::Config::realm`], [`super::Config::md5`]) and that
        /// was not answered before, in its order.
        challenges: Vec<Challenge>,
        /// Who signs: [`super::Config::username`], or the user of the address.
        #[cfg_attr(feature = "serde", serde(default))]
        username: String,
        /// The nonce-count to sign with (RFC 7616 3.4 `nc`): how often these nonces are signed with, this time included.
        #[cfg_attr(feature = "serde", serde(default = "first"))]
        nc: u32,
        /// The request's method.
        method: Method,
        /// The digest-uri.
        uri: String,
        /// The request's body, for auth-int.
        body: Vec<u8>,
    },
    /// A token (RFC 8898). Whoever answers decides whether who asks is to be trusted with one, and whether what it names is
    /// who gives them.
    #[cfg(feature = "bearer")]
    Token {
        /// All that were offered, in their order. One with an error refuses the token that was brought before.
        challenges: Vec<bearer::Challenge>,
        /// Where the request goes.
        uri: String,
    },
}

impl Question {
    /// The call that it is about, if it is about one's media.
    #[must_use]
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::Offer { call, .. } | Self::Answer { call, .. } => Some(*call),
            Self::Digest { .. } => None,
            #[cfg(feature = "bearer")]
            Self::Token { .. } => None,
        }
    }
}

/// What is asked is asked for the first time.
#[cfg(feature = "serde")]
const fn first() -> u32 {
    1
}

/// What the agent asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Answer {
    /// An offer or an answer was made.
    Description(Body),
    /// It could not be made.
    Media(MediaFailure),
    /// The signed credentials.
    Credentials(Credentials),
    /// Nobody can or may sign this.
    NoCredentials,
    /// The token.
    #[cfg(feature = "bearer")]
    Token(bearer::Token),
}

impl Answer {
    /// The description, or why there is none.
    pub(super) fn description(self) -> Result<Body, MediaFailure> {
        match self {
            Self::Description(body) => Ok(body),
            Self::Media(failure) => Err(failure),
            Self::Credentials(_) | Self::NoCredentials => Err(MediaFailure::Unsupported),
            #[cfg(feature = "bearer")]
            Self::Token(_) => Err(MediaFailure::Unsupported),
        }
    }
}

/// A message body with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Body {
    /// The Content-Type, such as `application/sdp`.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why a description cannot be made or used, or media broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MediaFailure {
    /// The microphone was refused.
    Denied,
    /// There is none.
    NoDevice,
    /// Something else holds it.
    DeviceBusy,
    /// The page may not use devices.
    Insecure,
    /// The browser cannot.
    Unsupported,
    /// The other end's description cannot be used.
    Description,
    /// No path was found, or it broke.
    Connectivity,
    /// Media is to go over a relay, and none could be used.
    NoRelay,
}
