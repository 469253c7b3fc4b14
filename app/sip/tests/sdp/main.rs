//! Session descriptions as the world writes them, and what a browser phone makes of them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

mod browser;
mod codecs;
mod interop;
mod model;
mod pairing;
mod properties;
mod samples;
mod transport;
