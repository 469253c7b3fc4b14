//! What became of a message (RFC 5438): `message/imdn+xml`, the receipts that a sender asks for in [`super::cpim`].
//!
//! ```
//! use sip::body::cpim::Cpim;
//! use sip::body::imdn::{Disposition, Receipt, Wanted, ask};
//! use sip::body::multipart::Part;
//!
//! let mut message = Cpim::new("<sip:alice@example.com>", "<sip:bob@example.com>", Part::new("text/plain", b"Hello")?)?;
//! ask(&mut message, "34jk324j", "2026-04-04T12:16:49Z", Wanted { display: true, ..Wanted::default() })?;
//! let answer = Receipt::for_message(&message, Disposition::Displayed, "d834jied", "2026-04-04T12:17:03Z")?;
//! let receipt = Receipt::find(&answer)?.ok_or("a receipt")?;
//! assert_eq!((receipt.message_id.as_str(), receipt.disposition), ("34jk324j", Disposition::Displayed));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::string::String;

use super::cpim::Cpim;
use super::multipart::Part;
use super::xml::{Source, Writer};
use super::{BodyError, BodyErrorKind};
use crate::header::ContentDisposition;
use crate::message::{InvalidHeader, Token};

/// The namespace of the fields (RFC 5438 6).
const NAMESPACE: &str = "urn:ietf:params:imdn";
/// The prefix that everybody gives it.
const PREFIX: &str = "imdn";
/// How a receipt is to be used (RFC 5438 7.2.1).
const NOTIFICATION: &str = "notification";

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Receipt {
    /// The `imdn.Message-ID` of the message.
    pub message_id: String,
    /// The `DateTime` of the message (RFC 3339), which with its name tells it from others.
    pub datetime: Option<String>,
    /// Who got it.
    pub recipient: Option<String>,
    /// Whom it was for at first.
    pub original_recipient: Option<String>,
    /// What became of it.
    pub disposition: Disposition,
}

/// What became of a message: the kind of the receipt with its status (RFC 5438 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Disposition {
    /// It came.
    Delivered,
    /// It did not come.
    DeliveryFailed,
    /// Whether it came is not told.
    DeliveryForbidden,
    /// Whether it came is not known.
    DeliveryError,
    /// It was processed on its way.
    Processed,
    /// It is kept on its way, until who gets it is there.
    Stored,
    /// What is done with it on its way is not told.
    ProcessingForbidden,
    /// What is done with it on its way is not known.
    ProcessingError,
    /// It was shown: as read as can be told.
    Displayed,
    /// Whether it was shown is not told.
    DisplayForbidden,
    /// Whether it was shown is not known.
    DisplayError,
}

/// Which receipts a message asks for (RFC 5438 6.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each may be asked for without the others")]
pub struct Wanted {
    /// When it comes.
    pub positive_delivery: bool,
    /// When it does not.
    pub negative_delivery: bool,
    /// What those on its way do with it.
    pub processing: bool,
    /// When it is shown.
    pub display: bool,
}

/// Why there is no receipt for a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The message does not ask for it. Receipts never do.
    #[error("the message does not ask for this receipt")]
    NotAsked,
    /// The message has no `imdn.Message-ID`.
    #[error("the message has no name")]
    NoMessageId,
    /// The message does not say from whom to whom it is.
    #[error("the message has no sender or no recipient")]
    NoAddress,
    /// What was given is no value of a header field.
    #[error(transparent)]
    Invalid(#[from] InvalidHeader),
}

/// Which receipts a message asks for; none if it is a receipt itself (RFC 5438 7.2.1).
#[must_use]
pub fn asks(message: &Cpim) -> Wanted {
    let mut wanted = Wanted::default();
    if is_receipt(message) {
        return wanted;
    }
    let name = name(message, "Disposition-Notification");
    for word in message.all(&name).flat_map(|value| value.split(',')) {
        // Parameters may follow.
        let word = word.split(';').next().unwrap_or_default().trim();
        for (known, asked) in wanted.words_mut() {
            *asked |= known.eq_ignore_ascii_case(word);
        }
    }
    wanted
}

/// Lets a message ask for receipts: gives it its name, which is to be unguessable and never used again
/// (RFC 5438 6.3), the time (RFC 3339), and what it asks for.
///
/// # Errors
/// The name or the time holds a control character, or is too long.
pub fn ask(message: &mut Cpim, id: &str, at: &str, mut wanted: Wanted) -> Result<(), InvalidHeader> {
    introduce(message, id, at)?;
    let mut words = String::new();
    for (word, _) in wanted.words_mut().into_iter().filter(|(_, asked)| **asked) {
        words.push_str(if words.is_empty() { "" } else { ", " });
        words.push_str(word);
    }
    if words.is_empty() { Ok(()) } else { message.headers.push_raw("imdn.Disposition-Notification", &words) }
}

/// The name that the sender gave a message, by which receipts call it.
#[must_use]
pub fn message_id(message: &Cpim) -> Option<&str> {
    message.header(&name(message, "Message-ID")).filter(|id| !id.is_empty())
}

/// Whether it is a receipt and no message of a user.
#[must_use]
pub fn is_receipt(message: &Cpim) -> bool {
    message.part.disposition().kind.eq_ignore_ascii_case(NOTIFICATION) || holds_receipt(message)
}

impl Receipt {
    /// The media type of the body.
    pub const MEDIA_TYPE: &'static str = "message/imdn+xml";

    /// Reads a receipt.
    ///
    /// # Errors
    /// It is no well-formed XML, another document, or says not of which message it is, or no status that is known.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        let source = Source::new(body)?;
        let root = source.root("imdn", None)?;
        let owned = |name| root.child_text(name).map(String::from);
        let says = |disposition: &Disposition| {
            let (kind, status) = disposition.elements();
            let mut said = root.all(kind).flat_map(|kind| kind.all("status"));
            said.any(|said| said.child(status).is_some())
        };
        let missing = || source.error(BodyErrorKind::Missing, root.offset);
        Ok(Self {
            message_id: owned("message-id").ok_or_else(missing)?,
            datetime: owned("datetime"),
            recipient: owned("recipient-uri"),
            original_recipient: owned("original-recipient-uri"),
            disposition: Disposition::ALL.into_iter().find(says).ok_or_else(missing)?,
        })
    }

    /// The receipt that a message is; `None` if it is another message.
    ///
    /// # Errors
    /// As [`Receipt::parse`].
    pub fn find(message: &Cpim) -> Result<Option<Self>, BodyError> {
        if holds_receipt(message) { Self::parse(&message.part.body).map(Some) } else { Ok(None) }
    }

    /// The body. The elements stand in the order of the schema.
    #[must_use]
    pub fn compose(&self) -> String {
        let mut xml = Writer::new();
        xml.open("imdn").attribute("xmlns", "urn:ietf:params:xml:ns:imdn").leaf("message-id", &self.message_id);
        let more = [
            ("datetime", &self.datetime),
            ("recipient-uri", &self.recipient),
            ("original-recipient-uri", &self.original_recipient),
        ];
        for (name, text) in more {
            if let Some(text) = text {
                xml.leaf(name, text);
            }
        }
        let (kind, status) = self.disposition.elements();
        xml.open(kind).open("status").open(status);
        xml.finish()
    }

    /// The answer to a message that asks for such a receipt: to its sender, as a notification, and back over those
    /// who want to see it (RFC 5438 7.2.1). It has a name of its own, and the time of now (RFC 3339).
    ///
    /// Whether to tell is the user's to decide: who rather keeps it for himself does not answer.
    ///
    /// # Errors
    /// It was not asked for, the message lacks what an answer needs, or the name or the time holds a control
    /// character.
    pub fn for_message(message: &Cpim, disposition: Disposition, id: &str, at: &str) -> Result<Cpim, ReceiptError> {
        if !asks(message).covers(disposition) {
            return Err(ReceiptError::NotAsked);
        }
        let (Some(from), Some(to)) = (message.header("From"), message.header("To")) else {
            return Err(ReceiptError::NoAddress);
        };
        let original = name(message, "Original-To");
        let receipt = Self {
            message_id: message_id(message).ok_or(ReceiptError::NoMessageId)?.into(),
            datetime: Some(message.header("DateTime").filter(|sent| !sent.is_empty()).unwrap_or(at).into()),
            recipient: message.recipient().map(String::from),
            original_recipient: message.header(&original).map(|to| to.trim_matches(['<', '>']).into()),
            disposition,
        };
        let mut part = Part::new(Self::MEDIA_TYPE, receipt.compose().as_bytes())?;
        part.headers.set(&ContentDisposition::new(Token::literal(NOTIFICATION)));
        let mut answer = Cpim::new(to, from, part)?;
        introduce(&mut answer, id, at)?;
        for hop in message.all(&name(message, "IMDN-Record-Route")) {
            answer.headers.push_raw("imdn.IMDN-Route", hop)?;
        }
        Ok(answer)
    }
}

impl Disposition {
    const ALL: [Self; 11] = [
        Self::Delivered,
        Self::DeliveryFailed,
        Self::DeliveryForbidden,
        Self::DeliveryError,
        Self::Processed,
        Self::Stored,
        Self::ProcessingForbidden,
        Self::ProcessingError,
        Self::Displayed,
        Self::DisplayForbidden,
        Self::DisplayError,
    ];

    /// The elements of the kind and of the status (RFC 5438 11.1).
    const fn elements(self) -> (&'static str, &'static str) {
        const DELIVERY: &str = "delivery-notification";
        const PROCESSING: &str = "processing-notification";
        const DISPLAY: &str = "display-notification";
        match self {
            Self::Delivered => (DELIVERY, "delivered"),
            Self::DeliveryFailed => (DELIVERY, "failed"),
            Self::DeliveryForbidden => (DELIVERY, "forbidden"),
            Self::DeliveryError => (DELIVERY, "error"),
            Self::Processed => (PROCESSING, "processed"),
            Self::Stored => (PROCESSING, "stored"),
            Self::ProcessingForbidden => (PROCESSING, "forbidden"),
            Self::ProcessingError => (PROCESSING, "error"),
            Self::Displayed => (DISPLAY, "displayed"),
            Self::DisplayForbidden => (DISPLAY, "forbidden"),
            Self::DisplayError => (DISPLAY, "error"),
        }
    }
}

impl Wanted {
    /// Whether who asks for these is told that.
    #[must_use]
    pub const fn covers(self, disposition: Disposition) -> bool {
        match disposition {
            Disposition::Delivered => self.positive_delivery,
            Disposition::DeliveryFailed => self.negative_delivery,
            Disposition::DeliveryForbidden | Disposition::DeliveryError => {
                self.positive_delivery || self.negative_delivery
            }
            Disposition::Processed
            | Disposition::Stored
            | Disposition::ProcessingForbidden
            | Disposition::ProcessingError => self.processing,
            Disposition::Displayed | Disposition::DisplayForbidden | Disposition::DisplayError => self.display,
        }
    }

    fn words_mut(&mut self) -> [(&'static str, &mut bool); 4] {
        [
            ("positive-delivery", &mut self.positive_delivery),
            ("negative-delivery", &mut self.negative_delivery),
            ("processing", &mut self.processing),
            ("display", &mut self.display),
        ]
    }
}

fn name(message: &Cpim, name: &str) -> String {
    message.name_in(NAMESPACE, PREFIX, name)
}

fn holds_receipt(message: &Cpim) -> bool {
    message.part.media_type().is_some_and(|media_type| media_type.is(Receipt::MEDIA_TYPE))
}

/// What every message has that is about receipts (RFC 5438 7.1.1, 7.2.1).
fn introduce(message: &mut Cpim, id: &str, at: &str) -> Result<(), InvalidHeader> {
    message.headers.push_raw("NS", "imdn <urn:ietf:params:imdn>")?;
    message.headers.push_raw("imdn.Message-ID", id)?;
    message.headers.push_raw("DateTime", at)
}
