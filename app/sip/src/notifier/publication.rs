use crate::Instant;
use crate::body::pidf::Presence;
use crate::message::Token;
use crate::transaction::Key;
use alloc::string::String;

/// A document that a phone published (RFC 3903 6).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | E1 | – | PUBLISH with a document | 200 and SIP-ETag | Published |
/// | E2 | – | PUBLISH of another package; of somebody else's; without a document; one of another type; one that cannot be read; too large; too brief; too many of one user; in all | 489; 403; 400; 415; 400; 413; 423; 480; 503 | – |
/// | E3 | – | PUBLISH with a document for no time | 200 | – |
/// | E4 | any | PUBLISH with SIP-If-Match that names none of the user's own; that is repeated or malformed | 412; 400 | same |
/// | E5 | Published | PUBLISH with SIP-If-Match, without a document | 200 and another SIP-ETag | Published, for longer |
/// | E6 | Published | PUBLISH with SIP-If-Match and a document | 200 and another SIP-ETag | Published, the new one |
/// | E7 | Published | PUBLISH with SIP-If-Match and Expires 0 | 200 | – |
/// | E8 | Published | it ran out | | – |
/// | E9 | Published | the PUBLISH that was answered, again | 200 and the same SIP-ETag | same |
/// | E10 | Published | another one of a phone that has one, or of one that is gone, when there are too many | | gives way |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Publication {
    /// Names it to who published it.
    pub(super) etag: Token,
    /// The phone.
    pub(super) device: String,
    /// What it says.
    pub(super) document: Presence,
    /// Counts the documents: the higher, the newer.
    pub(super) order: u64,
    /// When it runs out.
    pub(super) until: Instant,
    /// The last PUBLISH that was answered.
    pub(super) key: Key,
}
