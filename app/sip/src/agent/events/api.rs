//! The words about messages, capabilities, subscriptions and publications.

use super::Package;
use crate::message::{Method, Response, Status, Token};
use crate::uri::Uri;
use alloc::string::String;
use alloc::vec::Vec;

/// Names a message that was sent or came, for the life of the agent and of what is restored from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageId(pub u64);

/// Names an inquiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InquiryId(pub u64);

/// Names a subscription, of ours or of somebody else to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SubscriptionId(pub u64);

/// Names a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PublicationId(pub u64);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MessageOutcome {
    /// It arrived: 200 says at its reader, 202 that somebody keeps it for them (RFC 3428 7).
    Delivered(Status),
    /// It did not.
    Failed(Failure),
}

/// What came of an inquiry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum InquiryOutcome {
    /// They can do this.
    Answered(Capabilities),
    /// They do not say.
    Failed(Failure),
}

/// What the other end says it can do (RFC 3261 11.2): the first 64 of each list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Capabilities {
    /// Methods; empty if that is not said.
    pub allow: Vec<Method>,
    /// Extensions.
    pub supported: Vec<Token>,
    /// Types of bodies.
    pub accept: Vec<String>,
    /// Event packages.
    pub events: Vec<Token>,
}

/// Why a request other than INVITE came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Failure {
    /// Nothing came in 32 s (RFC 3261 17.1.2.2, timer F), or 408.
    #[error("nothing came in time")]
    NoResponse,
    /// 401, 403, 407.
    #[error("it is forbidden")]
    Forbidden,
    /// 404, 410, 484, 604.
    #[error("there is no such user")]
    NotFound,
    /// 480, 486, 600.
    #[error("the user cannot be reached now")]
    Unavailable,
    /// 603, 607, 608.
    #[error("the user does not want it")]
    Declined,
    /// 405, 406, 415, 416, 420, 488, 489, 501, 606: they cannot do this, or not read this type.
    #[error("the other end cannot do this")]
    Unsupported,
    /// 413, 513.
    #[error("it is too large")]
    TooLarge,
    /// 481: the call or subscription that it belonged to is over.
    #[error("what it belonged to is over")]
    Over,
    /// Any other final status.
    #[error("the other end says {0}")]
    Status(Status),
}

/// One of our subscriptions, as seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Subscription {
    /// Its name.
    pub id: SubscriptionId,
    /// Whose state it is about.
    pub target: Uri,
    /// Which state.
    pub package: Package,
    /// Where it stands.
    pub phase: SubscriptionPhase,
}

/// Where a subscription stands (RFC 6665 4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SubscriptionPhase {
    /// It is asked for as soon as the agent is registered, or again after a while.
    Waiting,
    /// SUBSCRIBE left.
    Asking,
    /// Whoever is asked has not decided.
    Pending,
    /// What changes is told.
    Active,
    /// Being ended.
    Ending,
    /// Over and forgotten.
    Ended(SubscriptionEnd),
}

/// Why a subscription is over for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SubscriptionEnd {
    /// We ended it, or the agent stopped.
    Ended,
    /// It was for the state of one moment, which was told.
    Fetched,
    /// `rejected`: nobody is to ask again; of a subscription to us: refused here.
    Rejected,
    /// `noresource`: there is nothing any more that could change.
    NoResource,
    /// `invariant`: what was told will never change.
    Invariant,
    /// Refused; of a subscription to us: NOTIFY was.
    Refused(Failure),
    /// A subscription to us: they ended it.
    EndedThere,
    /// A subscription to us: it was not refreshed.
    Expired,
}

/// Where a publication stands (RFC 3903 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum PublicationPhase {
    /// It is published as soon as the agent is registered, or tried again after a while.
    Waiting,
    /// PUBLISH left; nothing is published.
    Publishing,
    /// Published.
    Published,
    /// Being taken back.
    Removing,
    /// Over and forgotten: taken back.
    Removed,
    /// Over and forgotten: refused.
    Refused(Failure),
}

impl Failure {
    /// What a final response says; none is no response.
    pub(super) fn of(response: Option<&Response>) -> Self {
        let Some(response) = response else { return Self::NoResponse };
        match response.status.code() {
            408 => Self::NoResponse,
            401 | 403 | 407 => Self::Forbidden,
            404 | 410 | 484 | 604 => Self::NotFound,
            480 | 486 | 600 => Self::Unavailable,
            603 | 607 | 608 => Self::Declined,
            405 | 406 | 415 | 416 | 420 | 488 | 489 | 501 | 606 => Self::Unsupported,
            413 | 513 => Self::TooLarge,
            481 => Self::Over,
            _ => Self::Status(response.status),
        }
    }

    /// Whether the same may go well later.
    pub(super) fn is_passing(self) -> bool {
        match self {
            Self::NoResponse | Self::Unavailable | Self::Over => true,
            Self::Forbidden | Self::NotFound | Self::Declined | Self::Unsupported | Self::TooLarge => false,
            Self::Status(status) => {
                status.class() == 5 || matches!(status.code(), 400 | 412 | 423 | 430 | 482 | 487 | 491)
            }
        }
    }
}
