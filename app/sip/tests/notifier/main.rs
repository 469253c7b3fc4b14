//! The notifier: what phones are told of users, in virtual time.
//!
//! `bench` feeds it by hand, with a real registrar; each flow runs also with all of it saved and restored after every
//! step. `phones` are real ones, at an exchange of registrar, proxy and notifier. The rows of its tables are named by the tests: W of subscriptions, E of publications, C of composition.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod bench;
mod composition;
mod documents;
mod endings;
mod hostile;
mod ladders;
mod messages;
#[allow(unused_imports, reason = "several tests share it, each a part")]
#[path = "../network/mod.rs"]
mod network;
mod phones;
mod publications;
mod subscriptions;
mod whole;
