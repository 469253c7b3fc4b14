//! The notifier alone: what phones are told of users, in virtual time.
//!
//! `bench` feeds it by hand, with a real registrar; each flow runs also with all of it saved and restored after every
//! step. The rows of its tables are named by the tests: W of subscriptions, E of publications, C of composition.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod bench;
mod composition;
mod documents;
mod endings;
mod hostile;
mod ladders;
mod messages;
mod publications;
mod subscriptions;
