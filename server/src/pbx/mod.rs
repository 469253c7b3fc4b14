//! The company's PBX, for whoever talks to it: which there are, where they are, and how a connection to one is made. It
//! belongs to no room: `login` proves passwords to it, and `bridge` leads phones there.

mod config;
mod connect;
mod kind;
mod order;
mod trust;

pub use config::{InvalidPbx, Pbx, Scheme, Target, fits};
pub use connect::{ConnectError, Socket, Wire, stream, websocket};
pub use kind::Kind;
pub use order::in_order;
pub use trust::{Fingerprint, InvalidFingerprint};
