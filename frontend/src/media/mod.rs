//! Microphones, peer connections and the sound of the other end.

mod connection;
mod inputs;
mod peer;
mod rest;
mod speaker;
mod statistics;

pub(crate) use inputs::{Inputs, Kind};
pub(crate) use peer::{Job, Peer, Sent, Told};
#[cfg(test)]
pub(crate) use statistics::Sound;
pub(crate) use statistics::Statistics;
