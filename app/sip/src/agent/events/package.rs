use crate::header::Event;
use crate::message::Token;
use core::time::Duration;

/// What a subscription or a publication is about (RFC 6665 7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Package {
    /// Whether somebody is there (RFC 3856).
    Presence,
    /// What calls somebody has (RFC 4235).
    Dialog,
    /// What messages wait in a mailbox (RFC 3842).
    MessageSummary,
    /// What is registered (RFC 3680).
    Reg,
    /// Who is in a conference (RFC 4575).
    Conference,
    /// Any other, with its templates: `presence.winfo`. Not `refer`, which belongs to calls.
    Other(Token),
}

impl Package {
    /// The package of that name. Names are told apart by every letter; the known ones are found in any case.
    #[must_use]
    pub fn named(name: &Token) -> Self {
        let known = [Self::Presence, Self::Dialog, Self::MessageSummary, Self::Reg, Self::Conference];
        let found = known.into_iter().find(|package| package.name().eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| Self::Other(name.clone()))
    }

    /// Its name, as in Event.
    #[must_use]
    pub fn name(&self) -> Token {
        match self {
            Self::Presence => const { Token::literal("presence") },
            Self::Dialog => const { Token::literal("dialog") },
            Self::MessageSummary => const { Token::literal("message-summary") },
            Self::Reg => const { Token::literal("reg") },
            Self::Conference => const { Token::literal("conference") },
            Self::Other(name) => name.clone(),
        }
    }

    /// The types of bodies that are taken; none: any.
    #[must_use]
    pub const fn accepts(&self) -> &'static [&'static str] {
        use crate::body::{dialog_info::DialogInfo, message_summary::MessageSummary, pidf::Presence, reginfo::RegInfo};
        match self {
            Self::Presence => &[Presence::MEDIA_TYPE, Presence::XPIDF],
            Self::Dialog => &[DialogInfo::MEDIA_TYPE],
            Self::MessageSummary => &[MessageSummary::MEDIA_TYPE],
            Self::Reg => &[RegInfo::MEDIA_TYPE],
            Self::Conference => &["application/conference-info+xml"],
            Self::Other(_) => &[],
        }
    }

    /// Its Event header.
    pub(super) fn event(&self) -> Event {
        Event::new(self.name())
    }

    /// How long a subscription lasts that does not say it (RFC 3856 6.4, RFC 4235 3.4, RFC 3680 4.4).
    pub(super) const fn lasts(&self) -> Duration {
        Duration::from_secs(3600)
    }
}
