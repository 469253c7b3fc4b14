//! The registrar and the proxy together: what phones see of them, in virtual time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod anonymity;
mod bench;
mod calls;
mod codes;
mod company;
mod dialogs;
mod diversion;
mod flows;
mod following;
mod groups;
mod hostile;
mod identity;
mod joins;
mod ladder;
mod messages;
#[allow(unused_imports, reason = "several tests share it, each a part")]
#[path = "../network/mod.rs"]
mod network;
mod one_phone;
mod outcomes;
mod proxy;
mod real;
mod redirections;
mod registrar;
mod registrar_speed;
mod registrations;
mod repeats;
mod restarts;
mod routing;
mod send;
mod serve;
