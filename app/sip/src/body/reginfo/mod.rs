//! The registrations of somebody (RFC 3680): `application/reginfo+xml`, by which a phone learns that its
//! registrar has shortened or ended a registration, and which GRUUs it has (RFC 5628).
//!
//! A subscriber keeps a [`RegistrationTable`] and merges each document into it.

mod read;
mod table;
mod write;

pub use table::RegistrationTable;

use alloc::string::String;
use alloc::vec::Vec;

use super::dialog_info::words;
use super::{BodyError, Notice, Permille};

/// A document: all registrations that are subscribed to, or those that changed (RFC 3680 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegInfo {
    /// Counted up by one a document, within a subscription.
    pub version: Option<u32>,
    /// Whether these are all.
    pub notice: Notice,
    /// The registrations.
    pub registrations: Vec<Registration>,
}

/// An address-of-record and its contacts (RFC 3680 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Registration {
    /// The address-of-record: a URI.
    pub aor: String,
    /// Which one it is, over all documents.
    pub id: String,
    /// Whether it has contacts; `None` if the server says what is not known.
    pub state: Option<RegistrationState>,
    /// The contacts; in a partial document those that changed.
    pub contacts: Vec<RegisteredContact>,
}

/// A contact of a registration (RFC 3680 5.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegisteredContact {
    /// Which one of the registration.
    pub id: String,
    /// Whether it is bound; `None` if the server says what is not known.
    pub state: Option<ContactState>,
    /// What brought it into that state.
    pub event: Option<ContactEvent>,
    /// For how long it is bound now, in seconds.
    pub duration_registered: Option<u64>,
    /// For how long it will be, in seconds.
    pub expires: Option<u32>,
    /// After how long a phone on probation may try again, in seconds.
    pub retry_after: Option<u32>,
    /// How much it is preferred.
    pub q: Option<Permille>,
    /// The Call-ID of its last REGISTER.
    pub call_id: Option<String>,
    /// The CSeq of it.
    pub cseq: Option<u32>,
    /// The URI.
    pub uri: Option<String>,
    /// The name with it.
    pub display_name: Option<String>,
    /// Parameters of the Contact that the document has no place for: `+sip.instance`.
    pub unknown_params: Vec<(String, String)>,
    /// The public GRUU (RFC 5628 5).
    pub pub_gruu: Option<String>,
    /// The temporary GRUU, and the CSeq of the REGISTER from which on such are valid (RFC 5628 5).
    pub temp_gruu: Option<(String, u32)>,
}

words! {
    /// Whether an address-of-record is registered (RFC 3680 4.7.1).
    RegistrationState {
        /// Never was.
        Init "init",
        /// It is.
        Active "active",
        /// No more.
        Terminated "terminated",
    }
}

words! {
    /// Whether a contact is bound (RFC 3680 4.7.2).
    ContactState {
        /// It is.
        Active "active",
        /// No more.
        Terminated "terminated",
    }
}

words! {
    /// What happened to a contact (RFC 3680 4.7.2).
    ContactEvent {
        /// The phone registered.
        Registered "registered",
        /// It was bound by other means.
        Created "created",
        /// The phone registered again.
        Refreshed "refreshed",
        /// The server has made its time shorter, so that the phone registers soon.
        Shortened "shortened",
        /// Its time was over.
        Expired "expired",
        /// The server ended it; the phone may register again.
        Deactivated "deactivated",
        /// The server ended it; the phone may register again after a while.
        Probation "probation",
        /// The phone ended it.
        Unregistered "unregistered",
        /// The server ended it for good.
        Rejected "rejected",
    }
}

impl RegInfo {
    /// The media type of the body.
    pub const MEDIA_TYPE: &'static str = "application/reginfo+xml";

    /// Reads a document.
    ///
    /// # Errors
    /// It is no XML, no reginfo document, or breaks a limit.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        read::reg_info(body)
    }

    /// The document (RFC 3680 5). What is `None` is left out; the schema wants a version, so who sends it gives one.
    #[must_use]
    pub fn compose(&self) -> String {
        write::reg_info(self)
    }
}
