//! What connections and lookups say to the desk, and what the desk says to a connection.

use axum::body::Bytes;
use sip::proxy;
use sip::registrar::{Arrival, Flow, QuestionId, Secrets};
use tokio::sync::mpsc;

/// From a connection, in its order; there is only so much room for it.
pub(super) enum Mail {
    /// It is open.
    Opened {
        /// Who it is.
        arrival: Arrival,
        /// What is to be sent goes here.
        queue: mpsc::Sender<Outgoing>,
    },
    /// A message came.
    Received {
        /// From whom.
        flow: Flow,
        /// As it came.
        bytes: Bytes,
    },
    /// It is closed.
    Closed(Flow),
}

/// From inside: never more than there are open questions and people who log out.
pub(super) enum Order {
    /// The registrar's question was looked up.
    Registrar(QuestionId, Option<Secrets>),
    /// The proxy's question was looked up.
    Proxy(QuestionId, proxy::Answer),
    /// The binding of a phone is to go.
    Unbind {
        /// Whose.
        user: String,
        /// Which phone.
        instance: String,
    },
}

/// For a connection.
pub(super) enum Outgoing {
    /// Send this.
    Message(Vec<u8>),
    /// Close, with this code and these words.
    Close(u16, &'static str),
}
