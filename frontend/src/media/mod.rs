//! Microphones, peer connections and the sound of the other end.

mod connection;
mod policy;
mod microphone;
mod peer;
mod pool;
mod rest;
mod speaker;
mod trickling;

pub(crate) use peer::{Job, Peer, Sent, Told};
pub(crate) use pool::Pool;
pub(crate) use trickling::Trickling;
