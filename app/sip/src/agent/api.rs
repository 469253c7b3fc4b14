//! The words that an agent and its user exchange.

use super::{Cause, Identity};
use crate::digest::{Challenge, Credentials};
use crate::header::{NameAddr, Reason};
use crate::message::{Method, Status};
use crate::uri::Uri;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Who the agent is and how it behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// The address of record: who calls reach (RFC 3261 6).
    pub address: NameAddr,
    /// Where REGISTER goes: the domain, as a URI without user.
    pub registrar: Uri,
    /// The first hop of every request outside of a dialog, if it is not the registrar's domain.
    pub outbound_proxy: Option<Uri>,
    /// The user part of the Contact: the same for the life of the registration.
    pub contact_user: String,
    /// The host of Contact and Via: an `.invalid` name, as RFC 7118 5 advises.
    pub contact_host: String,
    /// The `+sip.instance` (RFC 5626 4.1): a `urn:uuid:`, the same for the life of the registration.
    pub instance: String,
    /// The Call-ID of every REGISTER (RFC 3261 10.2), the same for the life of the registration.
    pub register_call_id: String,
    /// The first CSeq of REGISTER when there is no snapshot to go on from (RFC 3261 10.2): above all that were
    /// sent with this Call-ID before, and below 2^31. Seconds of the wall clock are.
    pub register_cseq: u32,
    /// How long a binding is asked to last.
    pub register_expires: Duration,
    /// How long a call may ring, here or there, before it is given up.
    pub ringing: Duration,
    /// How many calls may be up at once; one more is answered 486 Busy Here.
    pub max_calls: usize,
    /// How often the transport is probed with a CRLF ping (RFC 5626 3.5.1) when it is idle.
    pub ping_interval: Duration,
    /// How long a pong may take before the transport counts as dead.
    pub pong_timeout: Duration,
    /// The User-Agent header.
    pub user_agent: String,
    /// Whether provisional responses may come reliably, and are sent so where that is required (RFC 3262).
    pub reliable: bool,
    /// Whether a call goes where a 300, 301 or 302 sends it: to five targets at most.
    pub redirects: bool,
    /// Whether a call that asks for it is answered by itself ([`Call::auto_answer`]), if it is the only one.
    pub auto_answer: bool,
    /// Whether what only a network can know of a caller is believed: P-Asserted-Identity (RFC 3325), Remote-Party-ID,
    /// Diversion, History-Info, and that a call may be answered by itself. It is right where all that comes over the
    /// transport comes from one's own server, which takes away what others wrote.
    pub trusts_identity: bool,
    /// Whether a browser makes the media (WebRTC): what it cannot take is refused before it rings, and who offered it
    /// learns why ([`SessionDescription::offer_for_browser`](crate::sdp::SessionDescription::offer_for_browser)).
    pub webrtc: bool,
}

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
    /// Open the transport.
    Connect,
    /// Close the transport; nothing is to be said about it afterwards.
    Disconnect,
    /// Send this as one message.
    Transmit(Vec<u8>),
    /// Find this out, and say it with [`Input::Answer`].
    Ask(QuestionId, Question),
    /// This happened.
    Event(Event),
}

/// Names a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QuestionId(pub u64);

/// Names a call, for the life of the agent and of what is restored from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallId(pub u64);

/// Names one of the phones that a call of ours reached, in the order in which they were heard of; 0 in a call that came
/// in (RFC 3261 12: an early dialog).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Branch(pub u32);

/// What the agent needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Question {
    /// The offer of this call (RFC 3264): open the microphone and make one.
    Offer {
        /// The call that begins.
        call: CallId,
    },
    /// The answer to the offer of this call: accept it as remote description, open the microphone, make one.
    Answer {
        /// The call that is being answered, or that the other end changes, perhaps before it is answered (UPDATE).
        call: CallId,
        /// Their offer; `None` when their INVITE had no body, and an offer of ours is wanted (late offer).
        offer: Option<Body>,
    },
    /// A digest over this request (RFC 7616): [`crate::digest::choose`] one of the challenges, and sign. Where several
    /// realms ask at once, the others are asked about again when they still want an answer.
    Digest {
        /// All that the server offered and that was not answered before, in its order.
        challenges: Vec<Challenge>,
        /// The request's method.
        method: Method,
        /// The digest-uri.
        uri: String,
        /// The request's body, for auth-int.
        body: Vec<u8>,
    },
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

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there are few at a time")]
pub enum Event {
    /// [`super::Agent::registration`] changed.
    Registration,
    /// An INVITE came and is ringing here.
    Incoming(CallId),
    /// [`super::Agent::calls`] changed for this call.
    Call(CallId),
    /// Their description for this call arrived: apply it. The final one is always told, even when it equals
    /// the early one before it; but for a call whose early dialog was changed (UPDATE), where the last
    /// [`Question::Answer`] had it.
    Remote {
        /// Whose.
        call: CallId,
        /// Which of the phones that it reached says so.
        branch: Branch,
        /// Their answer.
        answer: Body,
        /// Whether it came in a provisional response, and may still be replaced (WebRTC: `pranswer`); the one of
        /// a 2xx or ACK is final (`answer`).
        early: bool,
    },
    /// One of the phones that an unanswered call reached, whose early description was told, is out of it.
    BranchEnded {
        /// Whose.
        call: CallId,
        /// Which.
        branch: Branch,
    },
    /// The call is over and forgotten; release its microphone and its peer connection.
    ///
    /// A call that was refused because as many are up as are allowed is told by this alone, as
    /// [`Direction::Incoming`] with [`Cause::Busy`].
    Ended {
        /// Which.
        call: CallId,
        /// What it was, for the history.
        last: Call,
        /// Why.
        cause: Cause,
    },
    /// [`super::Agent::stop`] is done: unregistered, or given up after its time. The transport may be dropped.
    Stopped,
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
    /// Refused with this status; it is tried again from time to time.
    Refused(Status),
    /// The transport was lost or cannot be opened; it is tried again.
    Unreachable,
    /// Being unbound.
    Unregistering,
    /// Unbound.
    Stopped,
}

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
    /// As many calls are up as the configuration allows.
    #[error("as many calls are up as are allowed")]
    TooMany,
}
