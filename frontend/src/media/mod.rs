//! Microphones, peer connections and the sound of the other end.

mod connection;
mod microphone;
mod peer;
mod rest;
mod speaker;

pub(crate) use peer::{Job, Peer, Sent, Told};
