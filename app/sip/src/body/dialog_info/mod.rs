//! The dialogs of a phone (RFC 4235): `application/dialog-info+xml`, what busy lamps and call pickup live on.
//!
//! A subscriber keeps a [`DialogTable`] and merges each document into it. Tolerated, as servers do it: no
//! direction, no target, no tags, no version, a namespace or none, and `pvalue` for `pval`.

mod read;
mod table;
mod write;

pub use table::DialogTable;

use alloc::string::String;
use alloc::vec::Vec;

use super::{BodyError, Notice};
use crate::message::Status;

/// A document: all dialogs of somebody, or those that changed (RFC 4235 4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DialogInfo {
    /// Counted up by one a document, within a subscription.
    pub version: Option<u32>,
    /// Whether these are all.
    pub notice: Notice,
    /// Whose dialogs: a URI. `chan_sip` names the subscriber here instead.
    pub entity: Option<String>,
    /// The dialogs.
    pub dialogs: Vec<Dialog>,
}

/// A dialog (RFC 4235 4.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dialog {
    /// Which one of the entity's. Asterisk gives the extension.
    pub id: String,
    /// Its Call-ID.
    pub call_id: Option<String>,
    /// The tag of the entity's side.
    pub local_tag: Option<String>,
    /// The tag of the other side.
    pub remote_tag: Option<String>,
    /// Who called.
    pub direction: Option<Direction>,
    /// How far it is; `None` if the server does not say, or says what is not known.
    pub state: Option<DialogState>,
    /// Why it came into that state.
    pub event: Option<DialogEvent>,
    /// The response that brought it into that state.
    pub code: Option<Status>,
    /// For how long it has been there, in seconds.
    pub duration: Option<u32>,
    /// The entity's side.
    pub local: Participant,
    /// The other side.
    pub remote: Participant,
}

/// A side of a dialog (RFC 4235 4.1.6). Session descriptions are not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Participant {
    /// The URI.
    pub identity: Option<String>,
    /// The name with it.
    pub display: Option<String>,
    /// The URI of its Contact.
    pub target: Option<String>,
    /// Whether it plays what it receives, `+sip.rendering` (RFC 4235 5.2): a side that does not has put the other
    /// on hold.
    pub rendering: Option<bool>,
}

/// Words of an attribute or an element.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word in the document.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            pub(super) fn from_word(word: &str) -> Option<Self> {
                let known = [$(Self::$variant),+];
                known.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(word))
            }
        }
    };
}
pub(super) use words;

words! {
    /// Who called (RFC 4235 4.1.2).
    Direction {
        /// The entity did.
        Initiator "initiator",
        /// The entity was called.
        Recipient "recipient",
    }
}

words! {
    /// How far a dialog is (RFC 4235 3.7.1).
    DialogState {
        /// Asked for, not answered.
        Trying "trying",
        /// Answered provisionally, without a tag.
        Proceeding "proceeding",
        /// Answered provisionally, with a tag: the phone rings.
        Early "early",
        /// Answered.
        Confirmed "confirmed",
        /// Over.
        Terminated "terminated",
    }
}

words! {
    /// Why a dialog came into its state (RFC 4235 3.7.1).
    DialogEvent {
        /// The caller gave up.
        Cancelled "cancelled",
        /// It was refused.
        Rejected "rejected",
        /// Another dialog took its place.
        Replaced "replaced",
        /// The entity ended it.
        LocalBye "local-bye",
        /// The other side ended it.
        RemoteBye "remote-bye",
        /// It failed.
        Error "error",
        /// Nothing was heard any more.
        Timeout "timeout",
    }
}

impl DialogInfo {
    /// The media type of the body.
    pub const MEDIA_TYPE: &'static str = "application/dialog-info+xml";

    /// Reads a document.
    ///
    /// # Errors
    /// It is no XML, no dialog-info document, or breaks a limit.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        read::dialog_info(body)
    }

    /// The document (RFC 4235 4). What is `None` is left out; the schema wants a version, so who sends it gives one.
    #[must_use]
    pub fn compose(&self) -> String {
        write::dialog_info(self)
    }
}
