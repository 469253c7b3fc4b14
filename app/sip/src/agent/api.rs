//! The words that an agent and its user exchange.

use super::events::{
    InquiryId, InquiryOutcome, MessageId, MessageOutcome, Package, PublicationId, PublicationPhase, SubscriptionId,
    SubscriptionPhase,
};
use super::{Cause, Identity, Refusal, TransferProgress};
use crate::digest::{Challenge, Credentials};
use crate::header::{NameAddr, Reason};
use crate::message::{Method, Status};
use crate::uri::Uri;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::time::Duration;

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
    /// A transfer that we asked for came so far ([`super::Agent::transfer`]).
    Transfer {
        /// The call that is passed on.
        call: CallId,
        /// How far it is.
        progress: TransferProgress,
    },
    /// The other end of a call asks us to call somebody else instead (RFC 3515): [`super::Agent::accept_transfer`] or
    /// [`super::Agent::reject_transfer`], within [`super::Config::ringing`]. [`Event::Call`] says when nothing is asked any
    /// more; [`Call::transfer_asked`] then says so too. It stays asked when the other end hangs up, as some phones do at
    /// once.
    TransferAsked {
        /// The call in which it is asked.
        call: CallId,
        /// Whom to call.
        target: NameAddr,
        /// Who wants it, if it is said (RFC 3892). Nobody vouches for that.
        by: Option<NameAddr>,
        /// Whether the target has a call with who wants it already, whose place ours takes (RFC 3891): it is not
        /// going to ring.
        replaces: bool,
    },
    /// They sent a digit by INFO.
    Digit {
        /// In this call.
        call: CallId,
        /// Which.
        digit: Digit,
        /// How long it lasts.
        duration: Duration,
    },
    /// They want a whole picture at once (RFC 5168): let the encoder make a key frame.
    PictureWanted(CallId),
    /// Candidates of theirs came (RFC 8840). They may be those of an earlier or later description than the one that is applied:
    /// [`crate::sdp::Fragment::belongs_to`].
    Candidates {
        /// For this call.
        call: CallId,
        /// The fragment (`application/trickle-ice-sdpfrag`), which [`crate::sdp::Fragment`] reads.
        fragment: Body,
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
    /// A message came: keep it, and say so with [`super::Agent::accept_message`], or refuse it with
    /// [`super::Agent::reject_message`], within 30 s. It is told again after a restore, as long as it is open. Its
    /// body is as it came: text, `application/im-iscomposing+xml`, or anything else.
    Message {
        /// Its name.
        id: MessageId,
        /// The call that it belongs to, if it came in one.
        call: Option<CallId>,
        /// Who sent it: From, or who the network asserted (RFC 3325).
        from: NameAddr,
        /// What it says.
        body: Body,
        /// Its Call-ID: the same for a message that is sent again.
        call_id: String,
    },
    /// A message of ours is done with.
    MessageSent {
        /// Which.
        id: MessageId,
        /// Its Call-ID.
        call_id: String,
        /// What became of it.
        outcome: MessageOutcome,
    },
    /// An inquiry of ours is done with.
    Answered {
        /// Which.
        id: InquiryId,
        /// What came of it.
        outcome: InquiryOutcome,
    },
    /// Where a subscription stands changed.
    Subscription {
        /// Which: of ours, or to us.
        id: SubscriptionId,
        /// Where it stands now.
        phase: SubscriptionPhase,
    },
    /// Somebody wants to be told a state of ours ([`super::Config::packages`]): accept it with
    /// [`super::Agent::accept_subscription`], put it off, or reject it, within 30 s. It is told again after a restore,
    /// as long as nothing was decided.
    SubscriptionAsked {
        /// Its name.
        id: SubscriptionId,
        /// What it is about.
        package: Package,
        /// Who wants it.
        by: NameAddr,
        /// Whose state they want.
        target: Uri,
    },
    /// Where a publication stands changed.
    Publication {
        /// Which.
        id: PublicationId,
        /// Where it stands now.
        phase: PublicationPhase,
    },
    /// A state was told (NOTIFY): [`super::Notice::read`] reads it. The same may be told again.
    Notified {
        /// By which subscription of ours; `None`: nobody asked ([`super::Config::unsolicited`]).
        id: Option<SubscriptionId>,
        /// What it is about.
        package: Package,
        /// Who says it.
        from: NameAddr,
        /// What is said, as it came: 48 KiB at most.
        body: Body,
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
    /// Refused for this reason; it is tried again, ever less often, and not before the server asks for it.
    Refused(Refusal),
    /// The transport was lost or cannot be opened, or nothing answers; it is tried again.
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
    /// The call whose place it takes (RFC 3891): it did not ring, and that one ends when this one is answered.
    pub replaces: Option<CallId>,
    /// How far a transfer of it is that we asked for.
    pub transfer: Option<TransferProgress>,
    /// Whether the other end asks for a transfer: [`Event::TransferAsked`].
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
