//! Presence: PIDF (RFC 3863) with the person of the data model (RFC 4479) and the activities of RPID (RFC 4480),
//! and what servers send under that name.
//!
//! Read are also, all by [`Presence::parse`]:
//! - Asterisk's `chan_sip`: the person before the tuple, activities inside of a `status`, namespaces of drafts;
//! - Asterisk's `chan_pjsip`: activities only with a module, the state in the note, closed while on the phone;
//!   and the `digium_presence` that it adds for user agents with "digium" in their name;
//! - FreeSWITCH, Kamailio, OpenSIPS, Cisco (`alerting`, `dnd`, `available` of a namespace of its own);
//! - `application/xpidf+xml`, a draft that never became an RFC: `atom`, `address`, `msnsubstatus`. Its document
//!   type is the only one that may be named in a document, as it always is there; also that one is not read.
//!
//! ```
//! use sip::body::pidf::{Availability, Presence};
//!
//! let presence = Presence::parse(b"<presence><tuple id='a'><status><basic>open</basic></status></tuple></presence>")?;
//! assert_eq!(presence.state(), Availability::Available);
//! # Ok::<(), sip::body::BodyError>(())
//! ```

mod activity;
mod read;
mod state;
mod write;
mod xpidf;

pub use activity::Activity;
pub use state::Availability;

use alloc::string::String;
use alloc::vec::Vec;

use super::{BodyError, Permille};

/// What is known of somebody's presence (RFC 3863 4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Presence {
    /// Whose: a `pres:` or `sip:` URI. `chan_sip` names the subscriber here instead.
    pub entity: Option<String>,
    /// The ways to reach them.
    pub tuples: Vec<Tuple>,
    /// What they do. Several persons, and activities that a tuple tells, are one person here.
    pub person: Person,
    /// Notes on the whole (RFC 3863 4.1.6).
    pub notes: Vec<String>,
}

/// A way to reach somebody (RFC 3863 4.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Tuple {
    /// Which one of the document; no two have the same (RFC 3863 4.1.2).
    pub id: Option<String>,
    /// Whether it is open.
    pub basic: Option<Basic>,
    /// A URI to reach them by.
    pub contact: Option<String>,
    /// How much they prefer that contact; nothing without one.
    pub priority: Option<Permille>,
    /// Words on it.
    pub notes: Vec<String>,
    /// Since when it is so (RFC 3339), as it is written.
    pub timestamp: Option<String>,
}

/// Whether a tuple accepts communication (RFC 3863 4.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Basic {
    /// It does.
    Open,
    /// It does not.
    Closed,
}

/// Somebody (RFC 4479 3.1, RFC 4480 3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Person {
    /// What they do (RFC 4480 3.2), each once.
    pub activities: Vec<Activity>,
    /// Where they are: `office`, `car` (RFC 4480 3.7, RFC 4589).
    pub place_type: Option<String>,
    /// Their words.
    pub notes: Vec<String>,
    /// Since when it is so (RFC 3339), as it is written.
    pub timestamp: Option<String>,
}

impl Presence {
    /// The media type that [`Presence::compose`] makes.
    pub const MEDIA_TYPE: &'static str = "application/pidf+xml";
    /// The media type of the older format, which [`Presence::parse`] reads too.
    pub const XPIDF: &'static str = "application/xpidf+xml";

    /// Reads a presence document. White space around texts is dropped.
    ///
    /// # Errors
    /// It is no XML, no presence document, or breaks a limit.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        read::presence(body)
    }

    /// The document (RFC 3863, 4479, 4480). What is `None` is left out; the schema wants an id of each tuple, so who
    /// sends it gives one.
    #[must_use]
    pub fn compose(&self) -> String {
        write::presence(self)
    }

    /// The words that tell most: the person's, else those on the whole, else those of the most preferred tuple.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        let preferred = self.tuples.iter().filter(|tuple| !tuple.notes.is_empty()).rev();
        let of_tuple = preferred.max_by_key(|tuple| tuple.priority).and_then(|tuple| tuple.notes.first());
        self.person.notes.first().or(self.notes.first()).or(of_tuple).map(String::as_str)
    }

    /// Whether any way is open; closed if all that say something are closed; `None` if none says anything.
    #[must_use]
    pub fn basic(&self) -> Option<Basic> {
        let mut said = self.tuples.iter().filter_map(|tuple| tuple.basic);
        let first = said.next()?;
        Some(if first == Basic::Open || said.any(|basic| basic == Basic::Open) { Basic::Open } else { Basic::Closed })
    }
}
