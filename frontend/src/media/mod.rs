//! Microphones, peer connections and the sound of the other end.

mod connection;
mod inputs;
mod output;
mod peer;
mod rest;
mod speaker;
mod statistics;
mod trial;

pub(crate) use inputs::{Devices, Kind, Wanted, devices};
pub(crate) use output::sink;
pub(crate) use peer::{Job, Peer, Sent, Told};
#[cfg(test)]
pub(crate) use statistics::Sound;
pub(crate) use statistics::Statistics;
pub(crate) use trial::Trial;
