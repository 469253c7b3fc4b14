//! What an agent tells its user.

use super::{
    Body, Branch, Call, CallId, Cause, Digit, InquiryId, InquiryOutcome, MessageId, MessageOutcome, Package,
    PublicationId, PublicationPhase, SubscriptionId, SubscriptionPhase, TransferProgress,
};
use crate::header::NameAddr;
use crate::uri::Uri;
use alloc::string::String;
use core::time::Duration;

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
    /// [`super::Question::Answer`] had it.
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
    /// once. What is not decided is told again after [`super::Agent::restore`].
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
    /// [`super::Direction::Incoming`] with [`Cause::Busy`].
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

impl Event {
    /// The call that it is of, if it is of one.
    pub(super) fn call_mut(&mut self) -> Option<&mut CallId> {
        match self {
            Self::Incoming(call)
            | Self::Call(call)
            | Self::Remote { call, .. }
            | Self::BranchEnded { call, .. }
            | Self::Transfer { call, .. }
            | Self::TransferAsked { call, .. }
            | Self::Digit { call, .. }
            | Self::PictureWanted(call)
            | Self::Candidates { call, .. }
            | Self::Ended { call, .. } => Some(call),
            Self::Message { call, .. } => call.as_mut(),
            Self::Registration
            | Self::MessageSent { .. }
            | Self::Answered { .. }
            | Self::Subscription { .. }
            | Self::SubscriptionAsked { .. }
            | Self::Publication { .. }
            | Self::Notified { .. }
            | Self::Stopped => None,
        }
    }
}
