//! Microphones, cameras, peer connections, and the sound and the picture of the other end.

mod connection;
mod display;
mod inputs;
mod limits;
mod mirror;
mod mixer;
mod output;
mod peer;
mod pictures;
mod policy;
mod pool;
mod realm;
mod recording;
mod rest;
mod speaker;
mod statistics;
mod trial;
mod trickling;

pub(crate) use inputs::{Devices, Kind, Wanted, devices};
pub(crate) use limits::Limits;
pub(crate) use mirror::Mirror;
pub(crate) use mixer::Part;
pub(crate) use output::sink;
pub(crate) use peer::{Job, Peer, Sent, Stranded, Told};
pub(crate) use pictures::{Pictures, Subject};
pub(crate) use pool::Pool;
pub(crate) use recording::{Recorder, Tape};
#[cfg(test)]
pub(crate) use statistics::Sound;
pub(crate) use statistics::Statistics;
pub(crate) use trial::Trial;
pub(crate) use trickling::Trickling;
