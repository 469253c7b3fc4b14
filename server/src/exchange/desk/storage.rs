//! What the desk knows over restarts: bindings and stored messages.

use super::{Desk, now};
use crate::clock;
use crate::exchange::journal::{Journal, Outcome, STALE, Source};
use crate::exchange::mail::Order;
use crate::exchange::mailbox::{Limits, Mailbox, Refused, Want};
use crate::ports::{Kept, Ledger, PortError, Saved, Shared};
use sip::registrar::{Binding, Flow, Registrar};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long the storage may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take when the server stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is written, and what is to be.
pub(super) struct Storage {
    ledger: Shared<dyn Ledger>,
    journal: Journal,
    pub(super) mailbox: Mailbox,
}

/// The machines whose knowledge is written.
struct Machines<'a> {
    registrar: &'a Registrar,
}

impl Storage {
    /// Tells the registrar what was there before a restart.
    pub(super) fn open(ledger: &Shared<dyn Ledger>, domain: &str, kept: Kept, registrar: &mut Registrar) -> Self {
        let at = clock::now();
        let Kept { bindings, messages, .. } = kept;
        let mut journal = Journal::new(bindings.iter().map(|(user, saved)| (user.clone(), saved.written)));
        for (user, Saved { written, bytes }) in bindings {
            let away = at.saturating_sub(written);
            let saved = if away <= STALE { serde_json::from_slice(&bytes).ok() } else { None };
            match saved {
                Some(saved) => registrar.import(&user, saved, Duration::from_millis(away), now()),
                // Its phone was gone before, or another version of the program wrote it.
                None => journal.bound(&user, at),
            }
        }
        let mailbox = Mailbox::new(domain, Limits::default(), messages, at);
        Self { ledger: Arc::clone(ledger), journal, mailbox }
    }

    /// When the desk has to do something for it.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.mailbox.deadline().into_iter().chain(self.journal.deadline()).min()
    }

    /// A user's bindings changed.
    pub(super) fn bound(&mut self, user: &str, bindings: &[Binding]) {
        self.journal.bound(user, clock::now());
        self.mailbox.bindings(user, flows(bindings), clock::now());
    }
}

impl Desk {
    pub(super) fn mailbox_wants(&mut self, want: Want) {
        let at = clock::now();
        match want {
            Want::Write(envelope, request) => {
                let id = envelope.id;
                if self.storage.journal.message(envelope, request, at).is_err() {
                    self.storage.mailbox.written(id, false, at);
                }
            }
            Want::Remove(id) => self.storage.journal.remove(id, at),
            Want::Read(id) => {
                let (ledger, orders) = (Arc::clone(&self.storage.ledger), self.orders.clone());
                tokio::spawn(async move {
                    let read = timeout(PATIENCE, ledger.message(id)).await;
                    let read = read.map_err(|_| Refused::Unavailable);
                    let read = read.and_then(|read| read.map_err(|PortError::Storage| Refused::Unavailable));
                    // Without a desk nobody waits for it any more.
                    let _ = orders.send(Order::Read(id, read));
                });
            }
            Want::Send { .. } | Want::Answer(..) | Want::Hold { .. } => {}
        }
    }

    /// Begins to write what is due.
    pub(super) fn write(&mut self) {
        let machines = Machines { registrar: &self.registrar };
        if let Some(records) = self.storage.journal.batch(&machines, clock::now()) {
            let (ledger, orders) = (Arc::clone(&self.storage.ledger), self.orders.clone());
            tokio::spawn(async move {
                let written = timeout(PATIENCE, ledger.write(records)).await;
                let written = written.map_err(|_| Refused::Unavailable);
                let written = written.and_then(|written| written.map_err(|PortError::Storage| Refused::Unavailable));
                // Without a desk nobody waits for it any more.
                let _ = orders.send(Order::Written(written));
            });
        }
    }

    /// A batch is written, or is not.
    pub(super) fn written(&mut self, written: Result<Vec<i64>, Refused>) {
        let at = clock::now();
        for outcome in self.storage.journal.written(written.ok().as_deref(), at) {
            match outcome {
                Outcome::Written(id) => self.storage.mailbox.written(id, true, at),
                Outcome::Lost(id) => self.storage.mailbox.written(id, false, at),
                Outcome::Removed(id) => self.storage.mailbox.removed(id, at),
            }
        }
    }

    /// Writes what is not written yet: the desk has nothing else to do any more.
    pub(super) async fn write_all(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) {
        let all = async {
            self.storage.journal.hurry(clock::now());
            self.write();
            while self.storage.journal.is_open() {
                if let Some(Order::Written(written)) = orders.recv().await {
                    if written.is_err() {
                        break;
                    }
                    self.written(written);
                    self.storage.journal.hurry(clock::now());
                    self.write();
                }
            }
        };
        let in_time = timeout(FAREWELL, all).await.is_ok();
        if !in_time || self.storage.journal.is_open() {
            tracing::error!("the exchange could not write down what it knows");
        }
    }
}

impl Source for Machines<'_> {
    fn bindings(&self, user: &str) -> Option<Vec<u8>> {
        let saved = self.registrar.export(user, now());
        if saved.is_empty() { None } else { serde_json::to_vec(&saved).ok() }
    }

    fn call(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }

    fn machine(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }
}

fn flows(bindings: &[Binding]) -> BTreeSet<Flow> {
    bindings.iter().filter_map(Binding::flow).collect()
}
