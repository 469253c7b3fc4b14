//! Bodies as servers send them, as the RFCs show them, and as an attacker would.
//!
//! `PROPTEST_CASES` says how many cases of each property are tried.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod dialogs;
mod hostile;
mod multipart;
mod presence;
mod properties;
mod receipts;
mod registrations;
mod text;
