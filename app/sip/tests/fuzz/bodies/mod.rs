//! What must hold for every input: one function a kind of input, which panics where a law is broken.
//!
//! They are run by the tests beside them, and by the fuzz targets of `app/sip/fuzz`. A body more is: a file
//! here and its two lines below, its line in `main.rs`, and its target.

#![allow(dead_code, unreachable_pub, reason = "each binary uses its part")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a broken law is a panic")]

pub mod agent;
pub mod dialog_info;
pub mod digest;
pub mod document;
pub mod exchange;
pub mod header;
pub mod memory;
pub mod message;
pub mod message_summary;
pub mod multipart;
pub mod oracle;
pub mod pidf;
pub mod refusal;
pub mod reginfo;
pub mod script;
pub mod sdp;
pub mod sipfrag;
pub mod snapshot;
pub mod uri;
