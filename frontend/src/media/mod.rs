//! Microphones, peer connections and the sound of the other end.

mod connection;
mod inputs;
mod output;
mod peer;
mod rest;
mod speaker;
mod trial;

pub(crate) use inputs::{Devices, Kind, Wanted, devices};
pub(crate) use output::sink;
pub(crate) use peer::{Job, Peer, Sent, Told};
pub(crate) use trial::Trial;
