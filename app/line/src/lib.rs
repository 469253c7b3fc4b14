//! What whoever runs a line has alike, in the page that holds it and in the server's caretaker: who its agent is
//! ([`identity`]), the form in which the agent travels from one to the next ([`snapshot`]), what every screen shows of it
//! ([`project`]), what several calls do to each other ([`several`]), which call may be answered by itself ([`unattended`]), what is told of calls
//! that are over ([`reports`]) and of messages ([`mail`]), and how a tab stands to the server ([`link`]). Pure: no socket, no clock, no DOM.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod identity;
pub mod link;
pub mod mail;
pub mod project;
pub mod reports;
pub mod several;
pub mod snapshot;
pub mod unattended;
