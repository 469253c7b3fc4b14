//! The torture messages of RFC 4475 and RFC 5118: what each is read as, and what a phone and an exchange answer it.
//!
//! [`cases`] is the table of all of them. The other modules prove what the RFCs say of single messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod application;
mod cases;
mod corpus;
mod exchange;
mod files;
mod hostile;
mod ipv6;
mod outcomes;
mod phone;
mod printing;
mod valid;
