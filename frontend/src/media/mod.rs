//! Microphones, cameras, peer connections, and the sound and the picture of the other end.

mod camera;
mod connection;
mod limits;
mod microphone;
mod peer;
mod pictures;
mod rest;
mod speaker;

pub(crate) use camera::Kind;
pub(crate) use peer::{Job, Peer, Sent, Told};
