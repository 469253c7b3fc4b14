//! What messages carry beside SDP: parsed from bytes that nobody vouches for, and composed.
//!
//! | Module | Media type | Defined in |
//! | --- | --- | --- |
//! | [`pidf`] | `application/pidf+xml`, `application/xpidf+xml` | RFC 3863, 4479, 4480, and what servers send |
//! | [`dialog_info`] | `application/dialog-info+xml` | RFC 4235 |
//! | [`reginfo`] | `application/reginfo+xml` | RFC 3680, 5628 |
//! | [`message_summary`] | `application/simple-message-summary` | RFC 3842 |
//! | [`sipfrag`] | `message/sipfrag` | RFC 3420 |
//! | [`cpim`] | `message/cpim` | RFC 3862 |
//! | [`imdn`] | `message/imdn+xml` | RFC 5438 |
//! | [`multipart`] | `multipart/*` | RFC 2046, 5621 |
//!
//! The parsers are tolerant: elements are found by their local name, whatever their namespace and prefix, as
//! servers get those wrong; what is not known is skipped; what is not said stays unsaid (`None`). They are
//! strict where it protects: sizes are bounded ([`limits`]), there are no entities but the five of XML, and no
//! document type definition is ever read. Time and memory are linear in the bytes.
//!
//! What is composed can be parsed again, and says the same; characters that XML 1.0 cannot hold are left out.
//!
//! A NOTIFY may come without a body, as the state is not known yet or must not be told (RFC 6665). That is no
//! document, and no parser takes it for one: who gets it knows nothing, as after `Presence::default()`, whose
//! state is [`pidf::Availability::Unknown`], and a table keeps what it had.

pub mod cpim;
pub mod dialog_info;
mod error;
mod fields;
pub mod imdn;
pub mod limits;
pub mod message_summary;
pub mod multipart;
mod permille;
pub mod pidf;
pub mod reginfo;
pub mod sipfrag;
mod version;
mod xml;

pub use error::{BodyError, BodyErrorKind};
pub use permille::Permille;
pub use version::{Merge, Notice};
