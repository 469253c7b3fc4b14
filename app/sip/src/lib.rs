//! A SIP stack without I/O (RFC 3261): messages, the four transaction machines, dialogs, and three machines
//! of one shape on top of them: [`agent::Agent`] (a phone), [`registrar::Registrar`] and [`proxy::Proxy`]
//! (an exchange).
//!
//! The crate reads no clock, opens no socket and uses no randomness but the seed it is given: the same
//! inputs give the same bytes. Its user feeds it and drains it:
//!
//! ```text
//! machine.handle(input, now);                  // what arrived, or was decided
//! while let Some(output) = machine.poll() {    // drain after every mutation
//!     // Transmit bytes, tell the Event, look up what is Asked
//! }
//! let wake = machine.deadline();               // the one timer to arm
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod agent;
pub mod body;
pub mod dialog;
pub mod digest;
pub mod header;
pub mod hook;
pub mod message;
pub mod proxy;
pub mod registrar;
pub mod sdp;
pub mod transaction;
pub mod uri;

mod class;
mod clock;
mod random;
mod saved;
mod sorted;
mod time;

pub use random::{Random, Seed};
pub use time::Instant;

pub use core::time::Duration;
