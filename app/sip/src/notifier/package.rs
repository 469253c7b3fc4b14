use crate::body::{dialog_info::DialogInfo, message_summary::MessageSummary, pidf::Presence, reginfo::RegInfo};
use crate::header::Event;
use crate::message::Token;
use alloc::vec::Vec;

/// What can be watched here (RFC 6665 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Package {
    /// Whether somebody is there (RFC 3856).
    Presence,
    /// What calls somebody has (RFC 4235).
    Dialog,
    /// What waits in a mailbox (RFC 3842).
    MessageSummary,
    /// What is registered (RFC 3680).
    Reg,
}

impl Package {
    pub(super) const ALL: [Self; 4] = [Self::Presence, Self::Dialog, Self::MessageSummary, Self::Reg];

    /// The package that an Event header names, whatever its parameters. One with templates is another one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Self::ALL.into_iter().find(|package| event.is(&package.name()))
    }

    pub(super) const fn name(self) -> Token {
        match self {
            Self::Presence => Token::literal("presence"),
            Self::Dialog => Token::literal("dialog"),
            Self::MessageSummary => Token::literal("message-summary"),
            Self::Reg => Token::literal("reg"),
        }
    }

    /// All of them, for Allow-Events.
    pub(super) fn names() -> Vec<Token> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    /// The type of the documents.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Presence => Presence::MEDIA_TYPE,
            Self::Dialog => DialogInfo::MEDIA_TYPE,
            Self::MessageSummary => MessageSummary::MEDIA_TYPE,
            Self::Reg => RegInfo::MEDIA_TYPE,
        }
    }

    /// Whether it is nobody's business but the user's own.
    pub(super) const fn is_private(self) -> bool {
        match self {
            Self::Presence | Self::Dialog => false,
            Self::MessageSummary | Self::Reg => true,
        }
    }
}
