//! What connections and lookups say to the desk, and what the desk says to a connection.

use crate::ports::{Counted, PortError, Stated};
use axum::body::Bytes;
use sip::digest::Ha1s;
use sip::message::Response;
use sip::proxy::Route;
use sip::registrar::{Arrival, Flow, Party, QuestionId, Secrets};
use std::net::IpAddr;
use tokio::sync::{mpsc, oneshot};

/// From a connection, in its order; there is only so much room for it.
pub(super) enum Mail {
    /// It is open.
    Opened {
        /// Who it is.
        arrival: Arrival,
        /// Where it comes from.
        address: IpAddr,
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
    Closed {
        /// Which.
        flow: Flow,
        /// Its session is over: the phone does not come back over another one.
        for_good: bool,
    },
}

/// What was looked up: never more than there are open questions.
pub(super) enum Order {
    /// The registrar's question for secrets.
    Registrar(QuestionId, Claim, Found),
    /// The proxy's question for secrets.
    Caller(QuestionId, Claim, Found),
    /// The proxy's question for a route.
    Callee(QuestionId, Option<Route>),
    /// What a service answers.
    Served(QuestionId, Response),
    /// What users sign with whose accounts may have changed; `None`: there is no such account, or it is disabled.
    Trust(Vec<(String, Option<Ha1s>)>),
    /// The notifier's question for an account.
    Account(QuestionId, Option<Party>),
    /// Somebody is not to be disturbed from now on, or any longer.
    Quiet(String, bool),
    /// Somebody says this of themselves from now on.
    Stated(String, Stated),
    /// A batch was written, but for messages whose recipients have no account, or it could not be.
    Written(Result<Vec<i64>, PortError>),
    /// Somebody wants to know what the desk does.
    Count(oneshot::Sender<Counted>),
    /// A stored message was read.
    Read(i64, Result<Option<Vec<u8>>, PortError>),
}

/// The secrets of whoever signed a request, and at which age of [`super::known::Known`] they were looked up.
pub(super) struct Found {
    pub(super) secrets: Secrets,
    pub(super) age: u64,
}

/// Who a signed request says to come from.
#[derive(Clone)]
pub(super) struct Claim {
    /// Over this connection.
    pub(super) flow: Flow,
    /// This user.
    pub(super) user: String,
}

/// For a connection.
pub(super) enum Outgoing {
    /// Send this.
    Message(Vec<u8>),
    /// Somebody signed a request here with the right password.
    Admitted,
    /// Close, with this code and these words.
    Close(u16, &'static str),
}
