//! What the desk knows over restarts: bindings and stored messages.

use super::{Desk, now};
use crate::clock;
use crate::exchange::journal::{Journal, Outcome, STALE, Source};
use crate::exchange::mail::Order;
use crate::exchange::mailbox::{Limits, Mailbox, Want, Written};
use crate::meters::Asked;
use crate::ports::{Envelope, Ledger, PortError, Record, Saved, Shared};
use sip::message::{Request, Response};
use sip::notifier::{self, Snapshot};
use sip::proxy::{self, CallState, Progress, Proxy, QuestionId, SendId};
use sip::registrar::{Binding, Flow, Party, Registrar, SavedBinding};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long the storage may take to answer: who sends a message waits for 32 s, of which phones may have taken 28.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a phone that was there before a restart has to come back, at least.
const RETURN: Duration = Duration::from_secs(60);
/// How long it may take when the server stops.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is written, and what is to be.
pub(super) struct Storage {
    ledger: Shared<dyn Ledger>,
    journal: Journal,
    pub(super) mailbox: Mailbox,
    /// The answered calls of each user.
    calls: HashMap<String, BTreeSet<u64>>,
    /// The calls that there were before a restart.
    before: Vec<(u64, Saved)>,
}

/// What there was before a restart.
pub(super) struct Before {
    pub(super) bindings: Vec<(String, Saved)>,
    pub(super) calls: Vec<(u64, Saved)>,
    pub(super) messages: Vec<Envelope>,
}

/// The machines whose knowledge is written.
struct Machines<'a> {
    registrar: &'a Registrar,
    proxy: &'a Proxy,
}

impl Storage {
    /// Tells the registrar what was there before a restart.
    pub(super) fn open(ledger: &Shared<dyn Ledger>, domain: &str, kept: Before, registrar: &mut Registrar) -> Self {
        let at = clock::now();
        let Before { bindings, calls, messages } = kept;
        let written = bindings.iter().map(|(user, saved)| (user.clone(), saved.written)).collect();
        let mut journal = Journal::new(written, calls.iter().map(|(number, _)| *number).collect());
        for (user, Saved { written, bytes }) in bindings {
            let away = at.saturating_sub(written);
            let saved = if away <= STALE { serde_json::from_slice(&bytes).ok() } else { None };
            match saved {
                Some(saved) => registrar.import(&user, returning(saved, Duration::from_millis(away)), now()),
                // Its phone was gone before, or another version of the program wrote it.
                None => journal.bound(&user, at),
            }
        }
        let mailbox = Mailbox::new(domain, Limits::default(), messages, at);
        Self { ledger: Arc::clone(ledger), journal, mailbox, calls: HashMap::new(), before: calls }
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

    /// What a machine knows changed.
    pub(super) fn changed(&mut self, machine: &'static str) {
        self.journal.machine(machine, clock::now());
    }

    /// What became of a stored message that was sent; whether it was one.
    pub(super) fn sent(&mut self, id: SendId, response: Option<&Response>) -> bool {
        let message = message_id(id);
        if let Some(id) = message {
            self.mailbox.sent(id, response, clock::now());
        }
        message.is_some()
    }

    /// How many calls are answered.
    pub(super) fn answered(&self) -> usize {
        self.calls.values().flatten().collect::<BTreeSet<_>>().len()
    }

    /// How much is not written yet.
    pub(super) fn unwritten(&self) -> usize {
        self.journal.waiting()
    }

    /// A user's calls changed.
    pub(super) fn called(&mut self, user: &str, calls: &[CallState]) {
        let answered = calls.iter().filter(|call| call.state == Progress::Confirmed);
        let answered: BTreeSet<u64> = answered.map(CallState::call).collect();
        let known = if answered.is_empty() {
            self.calls.remove(user)
        } else {
            self.calls.insert(user.to_owned(), answered.clone())
        };
        for number in known.unwrap_or_default().symmetric_difference(&answered) {
            self.journal.call(*number, clock::now());
        }
    }
}

/// The bindings as they are taken back after that time. They may have been refreshed since they were written, so each phone
/// is waited for.
fn returning(mut bindings: Vec<SavedBinding>, away: Duration) -> Vec<SavedBinding> {
    for binding in &mut bindings {
        binding.remaining = binding.remaining.saturating_sub(away).max(RETURN);
    }
    bindings
}

impl Desk {
    /// A user's bindings were refreshed.
    pub(super) fn refreshed(&mut self, user: &str) {
        self.storage.journal.refreshed(user, clock::now());
        if self.notifier.subscriptions() > 0 {
            let (user, bindings) = (user.to_owned(), self.registrar.bindings(user).to_vec());
            self.notifier.handle(notifier::Input::Bindings { user, bindings, removed: Vec::new() }, now());
        }
    }

    /// Takes the calls that there were before a restart; the bindings are known.
    pub(super) fn take_calls(&mut self) {
        for (number, Saved { bytes, .. }) in std::mem::take(&mut self.storage.before) {
            let saved = serde_json::from_slice(&bytes).ok();
            if !saved.is_some_and(|saved| self.proxy.import(saved)) {
                // Its phones are gone, or another version of the program wrote it.
                self.storage.journal.call(number, clock::now());
            }
        }
    }

    pub(super) fn mailbox_wants(&mut self, want: Want) {
        let at = clock::now();
        match want {
            Want::Write(envelope, request) => {
                let id = envelope.id;
                if self.storage.journal.message(envelope, request, at).is_err() {
                    self.storage.mailbox.written(id, Written::Refused, at);
                }
            }
            Want::Remove(id) => self.storage.journal.remove(id, at),
            Want::Read(id) => {
                let (ledger, orders) = (Arc::clone(&self.storage.ledger), self.orders.clone());
                tokio::spawn(async move {
                    let read = timeout(PATIENCE, ledger.message(id)).await;
                    // Without a desk nobody waits for it any more.
                    let _ = orders.send(Order::Read(id, read.unwrap_or(Err(PortError::Storage))));
                });
            }
            Want::Send { id, user, request } => {
                let (id, device) = (send_id(id), None);
                self.proxy.handle(proxy::Input::Send { id, user, device, request }, now());
            }
            Want::Answer(id, kept) => {
                self.proxy.handle(proxy::Input::Answer(id, proxy::Answer::Kept(kept)), now());
            }
            Want::Hold { user, hold } => self.proxy.handle(proxy::Input::Hold { user, hold }, now()),
        }
    }

    /// No phone of `to` took this message.
    pub(super) fn keep(&mut self, question: QuestionId, to: String, from: &Party, request: Request) {
        let flows = flows(self.registrar.bindings(&to));
        self.storage.mailbox.keep(question, (to, flows), from, request, clock::now());
    }

    /// Begins to write what is due.
    pub(super) fn write(&mut self) {
        let machines = Machines { registrar: &self.registrar, proxy: &self.proxy };
        if let Some(records) = self.storage.journal.batch(&machines, clock::now()) {
            let (ledger, orders) = (Arc::clone(&self.storage.ledger), self.orders.clone());
            let meters = self.meters.clone();
            let whole = records.iter().any(|record| matches!(record, Record::Snapshot { .. }));
            let notifier = if whole { self.notifier.snapshot(now()) } else { None };
            tokio::spawn(async move {
                let records = records.into_iter().map(|record| with_snapshot(record, notifier.as_ref())).collect();
                let begun = std::time::Instant::now();
                let written = timeout(PATIENCE, ledger.write(records)).await;
                meters.stored(Asked::Write, begun.elapsed());
                // Without a desk nobody waits for it any more.
                let _ = orders.send(Order::Written(written.unwrap_or(Err(PortError::Storage))));
            });
        }
    }

    /// A batch is written, or is not.
    pub(super) fn written(&mut self, written: Result<Vec<i64>, PortError>) {
        let at = clock::now();
        for outcome in self.storage.journal.written(written.ok().as_deref(), at) {
            match outcome {
                Outcome::Written(id) => self.storage.mailbox.written(id, Written::Done, at),
                Outcome::Refused(id) => self.storage.mailbox.written(id, Written::Refused, at),
                Outcome::Lost(id) => self.storage.mailbox.written(id, Written::Unknown, at),
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

    fn call(&self, number: u64) -> Option<Vec<u8>> {
        serde_json::to_vec(&self.proxy.export(number)?).ok()
    }

    /// A copy of it is written out beside the desk.
    fn machine(&self, _name: &str) -> Option<Vec<u8>> {
        Some(Vec::new())
    }
}

/// The record, with what is to be written of the machine that it is about.
fn with_snapshot(record: Record, notifier: Option<&Snapshot>) -> Record {
    match record {
        Record::Snapshot { name, saved: Some(Saved { written, .. }) } => {
            let bytes = notifier.and_then(|notifier| serde_json::to_vec(notifier).ok());
            Record::Snapshot { name, saved: bytes.map(|bytes| Saved { written, bytes }) }
        }
        Record::Snapshot { .. }
        | Record::Bindings { .. }
        | Record::Call { .. }
        | Record::Message { .. }
        | Record::Removed(_) => record,
    }
}

/// What is sent for the mailbox; other services have the numbers without this bit.
const MAILBOX: u64 = 1 << 63;

fn send_id(message: i64) -> SendId {
    SendId(MAILBOX | message.unsigned_abs())
}

fn message_id(SendId(id): SendId) -> Option<i64> {
    i64::try_from(id ^ MAILBOX).ok()
}

fn flows(bindings: &[Binding]) -> BTreeSet<Flow> {
    bindings.iter().filter_map(Binding::flow).collect()
}
