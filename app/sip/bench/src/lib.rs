//! What `benches/messages` measures: the messages, and each engine's way of reading them.
//!
//! Every engine does the same work: it parses a message, and reads its method or status, Request-URI, From, To,
//! topmost Via, Contact and CSeq in typed form. Whoever is lazy must do here what it put off.

pub mod corpus;
pub mod digest;
pub mod engines;
mod reading;
pub mod shapes;

pub use reading::{Engine, Field, Seen, Sink, Spent};
