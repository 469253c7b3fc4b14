//! Port 2: what the pages ask of the server. `server` puts an implementation into the context.

use crate::caller::Caller;
use crate::encoding::{self, DecodeError};
use crate::media::Media;
use crate::offers::Offers;
use crate::phone::LineState;
use crate::sound::MediaSettings;
use serde::{Deserialize, Serialize};

/// All that the phone page shows first: rendered by the server, and read by the client before it hydrates,
/// so that both render the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Whose phone this is.
    pub me: Contact,
    /// The SIP domain: the right-hand side of every address here.
    pub domain: String,
    /// Everybody else of the company, by extension.
    pub contacts: Vec<Contact>,
    /// What the line is doing, as the server last heard.
    pub line: LineState,
    /// What holds for the media of this account.
    pub policy: Media,
    /// How long a call rings before it is given up, in seconds.
    pub ringing_seconds: u32,
    /// What the person wants of sound and pictures.
    pub media: MediaSettings,
    /// What an administrator decided about settings.
    pub offers: Offers,
    /// How many calls were missed that the person has not seen in the history.
    pub missed: u32,
    /// How many messages came that the person has not seen.
    pub unread: u32,
    /// The number that a link asks to be called: it stands in the field, and is called by who presses the button.
    pub dial: String,
    /// Who is at the other end of the calls that are up, as far as that is known.
    pub callers: Vec<Caller>,
    /// What whoever the phone is registered at wants it to do.
    pub dialect: Dialect,
}

/// How a phone behaves towards whoever it is registered at: the exchange of this server, or a PBX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// Whether Via says that it comes over TLS (RFC 7118 5.2).
    pub secure: bool,
    /// Whether what only a network can know of a caller is believed (RFC 3325).
    pub trusts_identity: bool,
}

impl Default for Dialect {
    /// As the exchange of this server wants it, which takes away what phones say of others.
    fn default() -> Self {
        Self { secure: true, trusts_identity: true }
    }
}

/// The name of the `<meta>` element whose `content` carries the [`Opening`] from the server to the client.
pub const OPENING_META: &str = "tabphone-opening";

/// The id of the element that says what becomes of calls; its only paragraph has the words, each on a line. The server renders
/// it behind what the client hydrates.
pub const WISHES_ID: &str = "wishes";

impl Opening {
    /// What the page carries: the bytes of [`encoding`] as hexadecimal digits, which an attribute holds as they are.
    #[cfg(feature = "ssr")]
    #[must_use]
    pub fn to_text(&self) -> String {
        use core::fmt::Write as _;
        encoding::encode(self).iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Reads what the server wrote into the page.
    ///
    /// # Errors
    /// [`DecodeError`] when the page comes from another version of the server.
    pub fn from_text(text: &str) -> Result<Self, DecodeError> {
        let digits = text.as_bytes().chunks(2).map(|digits| core::str::from_utf8(digits).ok());
        let bytes = digits.map(|digits| u8::from_str_radix(digits?, 16).ok()).collect::<Option<Vec<u8>>>();
        encoding::decode(&bytes.ok_or(DecodeError)?)
    }
}

/// Somebody with an extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What to dial.
    pub extension: String,
    /// Their name.
    pub name: String,
}

/// What a person wants done with calls, as the pages that the server renders tell it. No part of [`Opening`]: the client
/// does not need it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What they say that they do, by its name: `away` or `busy`; empty for nothing of it.
    pub activity: &'static str,
    /// Their words for their colleagues; empty for none.
    pub note: String,
    /// No call rings; what stands in `busy` applies.
    pub do_not_disturb: bool,
    /// A second call finds the person busy.
    pub no_call_waiting: bool,
    /// All calls go there.
    pub always: Option<String>,
    /// Calls go there while the person is busy.
    pub busy: Option<String>,
    /// Calls go there that nobody answered.
    pub unanswered: Option<String>,
    /// Calls go there while no phone is on.
    pub unreachable: Option<String>,
    /// How long calls ring, if not for the usual time.
    pub ringing_seconds: Option<u64>,
    /// What waits in the mailbox.
    pub mailbox: Mailbox,
}

/// What waits in a person's mailbox.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mailbox {
    /// Nothing new, as far as anybody knows.
    #[default]
    Empty,
    /// So many voice messages that were not heard yet.
    New(u32),
    /// Some; nobody says how many.
    Some,
}

/// Why the server cannot give a page its content.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BackendError {
    /// The account is gone or disabled.
    #[error("this account does not exist any more")]
    NoAccount,
    /// The database did not answer.
    #[error("the storage did not answer")]
    Storage,
}

/// What pages ask of the server.
#[cfg(feature = "ssr")]
#[async_trait::async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The phone page's content for the signed-in account.
    ///
    /// # Errors
    /// [`BackendError`] when the account is gone or the storage fails.
    async fn opening(&self, account: i64) -> Result<Opening, BackendError>;

    /// What the person with this extension wants done with calls.
    async fn wishes(&self, extension: &str) -> Wishes;
}
