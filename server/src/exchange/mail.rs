//! What connections and lookups say to the desk, and what the desk says to a connection.

use super::desk::relay::Relayed;
use super::plain::Edge;
use crate::ports::{Counted, PortError, Stated};
use axum::body::Bytes;
use sip::digest::Ha1s;
use sip::message::Response;
use sip::proxy::Route;
use sip::registrar::{Arrival, Flow, Party, QuestionId, Secrets};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// How many messages may wait for a client that reads slowly, and how many bytes of them: 32 of the longest.
pub(super) const QUEUE: usize = 256;
const QUEUE_BYTES: usize = 2 * 1024 * 1024;

/// From a connection, in its order; there is only so much room for it.
pub(super) enum Mail {
    /// It is open.
    Opened {
        /// Who it is.
        arrival: Arrival,
        /// Where it comes from.
        address: IpAddr,
        /// What is to be sent goes here.
        queue: Queue,
        /// Where it meets a plain phone, if it does.
        edge: Option<Edge>,
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
    /// What rtpengine made of a description.
    Relayed(Relayed),
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
    /// Send this to another port than the client sends from.
    ToPort(Vec<u8>, u16),
    /// Somebody signed a request here with the right password.
    Admitted,
    /// Close, with this code and these words.
    Close(u16, &'static str),
}

/// What waits for a connection: the desk's end.
pub(super) struct Queue {
    sender: mpsc::Sender<Outgoing>,
    bytes: Arc<AtomicUsize>,
}

/// The connection's end.
pub(super) struct Waiting {
    receiver: mpsc::Receiver<Outgoing>,
    bytes: Arc<AtomicUsize>,
}

/// Nothing waits yet.
pub(super) fn queue() -> (Queue, Waiting) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let bytes = Arc::<AtomicUsize>::default();
    (Queue { sender, bytes: Arc::clone(&bytes) }, Waiting { receiver, bytes })
}

impl Queue {
    /// One more, if there is room for it.
    pub(super) fn try_send(&self, outgoing: Outgoing) -> Result<(), TrySendError<Outgoing>> {
        let size = outgoing.size();
        if self.bytes.fetch_add(size, Ordering::Relaxed).saturating_add(size) > QUEUE_BYTES {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            return Err(TrySendError::Full(outgoing));
        }
        self.sender.try_send(outgoing).inspect_err(|_| {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
        })
    }
}

impl Waiting {
    /// The next one, when there is one; nothing when there will be none any more. When this is dropped before, nothing
    /// is lost.
    pub(super) async fn recv(&mut self) -> Option<Outgoing> {
        let outgoing = self.receiver.recv().await?;
        self.bytes.fetch_sub(outgoing.size(), Ordering::Relaxed);
        Some(outgoing)
    }
}

impl Outgoing {
    /// What it takes while it waits.
    fn size(&self) -> usize {
        match self {
            Self::Message(bytes) | Self::ToPort(bytes, _) => bytes.len(),
            Self::Admitted | Self::Close(..) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(queue: &Queue, length: usize) -> usize {
        (0..).take_while(|_| queue.try_send(Outgoing::Message(vec![b'a'; length])).is_ok()).count()
    }

    #[tokio::test]
    async fn a_queue_has_an_end_in_messages_and_in_bytes() {
        let (queue, mut waiting) = queue();
        assert_eq!(fill(&queue, 60_000), QUEUE_BYTES / 60_000);
        assert!(queue.try_send(Outgoing::Admitted).is_ok(), "what is no message takes nothing");
        let mut read = 0;
        while read < QUEUE_BYTES / 60_000 {
            read += usize::from(matches!(waiting.recv().await, Some(Outgoing::Message(_))));
        }
        assert_eq!(fill(&queue, 60_000), QUEUE_BYTES / 60_000, "what was read makes room");
        let (queue, _waiting) = super::queue();
        assert_eq!(fill(&queue, 100), QUEUE);
    }
}
