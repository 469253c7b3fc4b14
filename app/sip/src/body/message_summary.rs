//! What waits in a mailbox (RFC 3842): `application/simple-message-summary`.
//!
//! ```
//! use sip::body::message_summary::{MessageClass, MessageSummary};
//!
//! let summary = MessageSummary::parse(b"Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n")?;
//! assert!(summary.waiting);
//! assert_eq!(summary.count(&MessageClass::Voice).map(|count| count.new), Some(2));
//! # Ok::<(), sip::body::BodyError>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::{BodyError, BodyErrorKind, limits};
use crate::message::{Text, Token};

/// What waits in a mailbox (RFC 3842 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageSummary {
    /// Whether new messages wait.
    pub waiting: bool,
    /// The URI of the mailbox, to call it.
    pub account: Option<Text>,
    /// How many of each class.
    pub counts: Vec<MessageCount>,
}

/// How many messages of a class (RFC 3842 5.2 `msg-summary-line`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageCount {
    /// Of which class.
    pub class: MessageClass,
    /// Those that nobody heard yet.
    pub new: u32,
    /// The others.
    pub old: u32,
    /// How many of the new and of the old are urgent.
    pub urgent: Option<(u32, u32)>,
}

/// What kind of messages (RFC 3458).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MessageClass {
    /// `Voice-Message`
    Voice,
    /// `Fax-Message`
    Fax,
    /// `Pager-Message`
    Pager,
    /// `Multimedia-Message`
    Multimedia,
    /// `Text-Message`
    Text,
    /// `None`: messages of no class.
    None,
    /// Another, as it is called.
    Other(Token),
}

impl MessageSummary {
    /// The media type of the body.
    pub const MEDIA_TYPE: &'static str = "application/simple-message-summary";

    /// Reads a summary. Lines that are not known are skipped, as are the headers of single messages that may
    /// follow. A server that does not say whether messages wait has said it by their number.
    ///
    /// # Errors
    /// It is too large, no UTF-8, or says neither whether messages wait nor how many.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        if body.len() > limits::BODY {
            return Err(BodyError::new(BodyErrorKind::TooLarge, body, limits::BODY));
        }
        let text = core::str::from_utf8(body);
        let text = text.map_err(|error| BodyError::new(BodyErrorKind::Encoding, body, error.valid_up_to()))?;
        let mut summary = Self::default();
        let mut waiting = None;
        let mut offset = 0;
        for raw in text.split_inclusive('\n') {
            let line = raw.trim();
            // The headers of messages come after an empty line.
            if line.is_empty() && !(summary.counts.is_empty() && waiting.is_none()) {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                let (name, value) = (name.trim(), value.trim());
                match name {
                    _ if name.eq_ignore_ascii_case("Messages-Waiting") => waiting = yes_or_no(value).or(waiting),
                    _ if name.eq_ignore_ascii_case("Message-Account") => summary.account = account(value),
                    _ => summary.counts.extend(MessageCount::read(name, value)),
                }
            }
            if summary.counts.len() > limits::COUNTS {
                return Err(BodyError::new(BodyErrorKind::TooMany, body, offset));
            }
            offset += raw.len();
        }
        if waiting.is_none() && summary.counts.is_empty() {
            return Err(BodyError::new(BodyErrorKind::Missing, body, body.len()));
        }
        summary.waiting = waiting.unwrap_or_else(|| summary.counts.iter().any(|count| count.new > 0));
        Ok(summary)
    }

    /// The body.
    #[must_use]
    pub fn compose(&self) -> String {
        let mut out = String::from(if self.waiting { "Messages-Waiting: yes\r\n" } else { "Messages-Waiting: no\r\n" });
        if let Some(account) = &self.account {
            // Writing to a String does not fail, here and below.
            let _ = write!(out, "Message-Account: {account}\r\n");
        }
        for count in &self.counts {
            let _ = write!(out, "{}: {}/{}", count.class.as_str(), count.new, count.old);
            if let Some((new, old)) = count.urgent {
                let _ = write!(out, " ({new}/{old})");
            }
            out.push_str("\r\n");
        }
        out
    }

    /// How many messages of a class; `None` if the summary does not say.
    #[must_use]
    pub fn count(&self, class: &MessageClass) -> Option<&MessageCount> {
        self.counts.iter().find(|count| count.class == *class)
    }
}

impl MessageClass {
    /// The name of its line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Voice => "Voice-Message",
            Self::Fax => "Fax-Message",
            Self::Pager => "Pager-Message",
            Self::Multimedia => "Multimedia-Message",
            Self::Text => "Text-Message",
            Self::None => "None",
            Self::Other(name) => name,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let known = [Self::Voice, Self::Fax, Self::Pager, Self::Multimedia, Self::Text, Self::None];
        let known = known.into_iter().find(|class| class.as_str().eq_ignore_ascii_case(name));
        known.or_else(|| Token::new(name).ok().map(Self::Other))
    }
}

impl MessageCount {
    /// `4/8 (1/2)`
    fn read(name: &str, value: &str) -> Option<Self> {
        let (all, urgent) = match value.split_once('(') {
            Some((all, urgent)) => (all, urgent.split_once(')').and_then(|(urgent, _)| pair(urgent))),
            None => (value, None),
        };
        let (new, old) = pair(all)?;
        Some(Self { class: MessageClass::named(name)?, new, old, urgent })
    }
}

/// `4/8`; what does not fit is the largest that does.
fn pair(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| {
        let digits = text.trim();
        let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        well_formed.then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (new, old) = text.split_once('/')?;
    Some((number(new)?, number(old)?))
}

fn yes_or_no(value: &str) -> Option<bool> {
    let said = [("yes", true), ("no", false)];
    said.iter().find(|(word, _)| word.eq_ignore_ascii_case(value)).map(|(_, said)| *said)
}

fn account(value: &str) -> Option<Text> {
    Text::new(value).ok().filter(|account| !account.is_empty())
}
