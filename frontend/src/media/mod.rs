//! Microphones, cameras, peer connections, and the sound and the picture of the other end.

mod connection;
mod display;
mod inputs;
mod limits;
mod output;
mod peer;
mod pictures;
mod policy;
mod pool;
mod rest;
mod speaker;
mod statistics;
mod trial;
mod trickling;

pub(crate) use inputs::{Devices, Kind, Wanted, devices};
pub(crate) use limits::Limits;
pub(crate) use output::sink;
pub(crate) use peer::{Job, Peer, Sent, Told};
pub(crate) use pictures::{Pictures, Subject};
pub(crate) use pool::Pool;
#[cfg(test)]
pub(crate) use statistics::Sound;
pub(crate) use statistics::Statistics;
pub(crate) use trial::Trial;
pub(crate) use trickling::Trickling;
