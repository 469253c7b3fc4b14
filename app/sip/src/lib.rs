//! A SIP stack without I/O (RFC 3261): messages, the four transaction machines, dialogs, and four machines
//! of one shape on top of them: [`agent::Agent`] (a phone), [`registrar::Registrar`], [`proxy::Proxy`] and
//! [`notifier::Notifier`] (an exchange).
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
//!
//! Programs that run by themselves, with phones and an exchange in one process (`cargo run -p sip --example NAME`):
//!
//! | Example | Shows |
//! | --- | --- |
//! | `register` | a phone that starts, signs, stays registered, and stops |
//! | `call` | a call that is dialled, answered and hung up |
//! | `reject` | a call that is declined |
//! | `screen_share` | a screen that is offered in a call |
//! | `transfer` | a call that is passed on to somebody else |
//! | `message` | messages that are kept, refused, and said in a call |
//! | `presence` | presence that is published, watched and told |
//! | `reload` | a call that goes on after its page was loaded anew |
//! | `inspect` | one message the way the stack sees it |
//!
//! What they share, `examples/office`, has the loop above in full.
//!
//! The feature `serde` saves and restores machines. The feature `events`, which is on by default, has all that an agent
//! does beside registering and calling; without it nothing of that is built, announced or taken.
//!
//! What is done of which RFC, what is refused, and which test shows it: [`conformance`].
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod agent;
#[cfg(feature = "bearer")]
pub mod bearer;
pub mod body;
pub mod dialog;
pub mod digest;
pub mod header;
pub mod hook;
pub mod message;
pub mod notifier;
pub mod proxy;
pub mod registrar;
pub mod sdp;
pub mod transaction;
pub mod uri;

#[doc = include_str!("conformance.md")]
pub mod conformance {}

mod class;
mod clock;
mod hex;
mod random;
mod saved;
mod sorted;
mod time;

pub use random::{Random, Seed};
pub use time::Instant;

pub use core::time::Duration;
