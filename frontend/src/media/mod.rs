//! Microphones, peer connections and the sound of the other end.

mod connection;
mod inputs;
mod peer;
mod rest;
mod speaker;

pub(crate) use inputs::{Inputs, Kind};
pub(crate) use peer::{Job, Peer, Sent, Told};
