//! What is still to be written down.
//!
//! A machine: it collects what changed, and hands it out in batches, one at a time ([`Journal::batch`]). What changes
//! while a batch is being written waits for the next one, and what changes several times is written once: a slow disk
//! makes batches larger and never stops the exchange. Only texts of messages take room, and there is only so much.
//!
//! A new binding is written [`SOON`] after its 200. A refresh is not: where a phone can be reached does not change by
//! it, and after a restart every phone has to come back anyway before it is rung. So a user's bindings are
//! written again by a refresh only when what is written is older than [`REWRITTEN`], and what is older than [`STALE`]
//! at a start is of a phone that was gone before.

use super::{MINUTE, SECOND};
use crate::ports::{Envelope, Record, Saved};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// How long what is not urgent waits for more of its kind.
const SOON: u64 = SECOND / 5;
/// How long a call has to last to be written.
const TALK: u64 = 2 * SECOND;
/// How long a machine that is written as a whole waits: that costs as much as it knows.
const WHOLE: u64 = 5 * SECOND;
/// How old what is written of a user's bindings may get while they are refreshed.
const REWRITTEN: u64 = 60 * MINUTE;
/// How old it can be at most: refreshed just before it was rewritten, and valid for the longest time there is.
pub(super) const STALE: u64 = 2 * REWRITTEN + SOON;
/// How many messages may wait to be written, and how many bytes they may have.
const MAX_MESSAGES: usize = 1_024;
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How many users' bindings, how many calls and how many removals go into one batch: others write between batches.
const BATCH: usize = 512;
/// How long nothing is written after the storage did not answer.
const PAUSE: u64 = SECOND;

/// Collects; see the module.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Messages, in their order.
    letters: Vec<Record>,
    /// The messages that are to be removed, each once: those that were to be written before are there, or never will be.
    removals: BTreeSet<i64>,
    bytes: usize,
    /// Whose bindings changed.
    users: BTreeSet<String>,
    /// When each user's were written.
    written: HashMap<String, u64>,
    /// The calls that changed, and from when on they are to be written, in this order.
    calls: VecDeque<(u64, u64)>,
    /// The calls that are written.
    known: BTreeSet<u64>,
    /// The machines that changed, and when they are to be written as a whole.
    machines: BTreeMap<&'static str, u64>,
    /// When the next batch is due, if anything is.
    due: Option<u64>,
    writing: Option<Batch>,
}

/// What a batch that is being written consists of.
#[derive(Debug, Default)]
struct Batch {
    messages: Vec<i64>,
    removals: Vec<i64>,
    users: Vec<String>,
    calls: Vec<u64>,
    machines: Vec<&'static str>,
}

/// What became of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is written.
    Written(i64),
    /// Its recipient has no account.
    Refused(i64),
    /// The storage did not answer.
    Lost(i64),
    /// It is removed.
    Removed(i64),
}

/// What is to be written, as it is now; `None` when there is nothing of it any more.
pub(super) trait Source {
    /// The bindings of a user.
    fn bindings(&self, user: &str) -> Option<Vec<u8>>;
    /// A call.
    fn call(&self, number: u64) -> Option<Vec<u8>>;
    /// A machine as a whole.
    fn machine(&self, name: &str) -> Option<Vec<u8>>;
}

/// There is no room for one more message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many messages wait to be written")]
pub(super) struct Full;

impl Journal {
    /// These users' bindings were written then, and these calls.
    pub(super) fn new(written: HashMap<String, u64>, calls: BTreeSet<u64>) -> Self {
        Self { written, known: calls, ..Self::default() }
    }

    /// A message is to be written, at once.
    pub(super) fn message(&mut self, envelope: Envelope, request: Vec<u8>, now: u64) -> Result<(), Full> {
        if self.letters.len() >= MAX_MESSAGES || self.bytes.saturating_add(request.len()) > MAX_BYTES {
            return Err(Full);
        }
        self.bytes += request.len();
        self.letters.push(Record::Message { envelope, request });
        self.due(now);
        Ok(())
    }

    /// A message is not needed any more.
    pub(super) fn remove(&mut self, id: i64, now: u64) {
        self.removals.insert(id);
        self.due(now);
    }

    /// A user's bindings changed.
    pub(super) fn bound(&mut self, user: &str, now: u64) {
        if self.users.insert(user.to_owned()) {
            self.due(now.saturating_add(SOON));
        }
    }

    /// Only their times did.
    pub(super) fn refreshed(&mut self, user: &str, now: u64) {
        if self.written.get(user).is_none_or(|at| at.saturating_add(REWRITTEN) <= now) {
            self.bound(user, now);
        }
    }

    /// A call was answered, or is over.
    pub(super) fn call(&mut self, number: u64, now: u64) {
        self.calls.push_back((now.saturating_add(TALK), number));
    }

    /// What a machine knows changed.
    pub(super) fn machine(&mut self, name: &'static str, now: u64) {
        self.machines.entry(name).or_insert_with(|| now.saturating_add(WHOLE));
    }

    /// When [`Self::batch`] has something to hand out.
    pub(super) fn deadline(&self) -> Option<u64> {
        let machines = self.machines.values().copied().min();
        let calls = self.calls.front().map(|(at, _)| *at);
        self.due.into_iter().chain(machines).chain(calls).min().filter(|_| self.writing.is_none())
    }

    /// How much is not written yet, with what is being written.
    pub(super) fn waiting(&self) -> usize {
        let writing = self.writing.as_ref().map_or(0, |batch| {
            batch.messages.len() + batch.removals.len() + batch.users.len() + batch.calls.len() + batch.machines.len()
        });
        self.letters.len() + self.removals.len() + self.users.len() + self.calls.len() + self.machines.len() + writing
    }

    /// Whether something is not written yet.
    pub(super) fn is_open(&self) -> bool {
        self.due.is_some() || !self.machines.is_empty() || !self.calls.is_empty() || self.writing.is_some()
    }

    /// The server stops: everything is due now, and nothing is tried again.
    pub(super) fn hurry(&mut self, now: u64) {
        self.due = self.is_due().then_some(now);
        self.machines.values_mut().for_each(|at| *at = now);
        self.calls.iter_mut().for_each(|(at, _)| *at = now);
    }

    /// What is to be written now, if anything is due and nothing is being written: say [`Self::written`] then.
    pub(super) fn batch(&mut self, source: &impl Source, now: u64) -> Option<Vec<Record>> {
        if self.deadline().is_none_or(|due| due > now) {
            return None;
        }
        let mut records = std::mem::take(&mut self.letters);
        self.bytes = 0;
        let mut batch = Batch::default();
        for record in &records {
            if let Record::Message { envelope, .. } = record {
                batch.messages.push(envelope.id);
            }
        }
        while batch.removals.len() < BATCH
            && let Some(id) = self.removals.pop_first()
        {
            records.push(Record::Removed(id));
            batch.removals.push(id);
        }
        let saved = |bytes| Saved { written: now, bytes };
        while batch.users.len() < BATCH
            && let Some(user) = self.users.pop_first()
        {
            let bindings = source.bindings(&user).map(saved);
            match &bindings {
                Some(_) => drop(self.written.insert(user.clone(), now)),
                None => drop(self.written.remove(&user)),
            }
            records.push(Record::Bindings { user: user.clone(), saved: bindings });
            batch.users.push(user);
        }
        while batch.calls.len() < BATCH
            && self.calls.front().is_some_and(|(at, _)| *at <= now)
            && let Some((_, number)) = self.calls.pop_front()
        {
            let call = source.call(number).map(saved);
            let changed = if call.is_some() { self.known.insert(number) } else { self.known.remove(&number) };
            if changed {
                records.push(Record::Call { number, saved: call });
                batch.calls.push(number);
            }
        }
        while let Some(name) = self.machines.iter().find(|(_, at)| **at <= now).map(|(name, _)| *name) {
            self.machines.remove(name);
            records.push(Record::Snapshot { name, saved: source.machine(name).map(saved) });
            batch.machines.push(name);
        }
        self.due = self.is_due().then_some(now);
        if records.is_empty() {
            return None;
        }
        self.writing = Some(batch);
        Some(records)
    }

    /// The batch is written, but for some messages, or is not at all (`None`): then what is no message is in the next one.
    pub(super) fn written(&mut self, missing: Option<&[i64]>, now: u64) -> Vec<Outcome> {
        let Some(batch) = self.writing.take() else { return Vec::new() };
        let Batch { messages, removals, users, calls, machines } = batch;
        if let Some(missing) = missing {
            let outcome = |id| if missing.contains(&id) { Outcome::Refused(id) } else { Outcome::Written(id) };
            let written = messages.into_iter().map(outcome);
            return written.chain(removals.into_iter().map(Outcome::Removed)).collect();
        }
        self.removals.extend(removals);
        self.users.extend(users);
        for number in calls {
            // Whatever was to be done is to be done again.
            if !self.known.remove(&number) {
                self.known.insert(number);
            }
            self.calls.push_front((now.saturating_add(PAUSE), number));
        }
        self.due = self.is_due().then(|| now.saturating_add(PAUSE));
        machines.into_iter().for_each(|name| self.machine(name, now));
        messages.into_iter().map(Outcome::Lost).collect()
    }

    fn is_due(&self) -> bool {
        !self.letters.is_empty() || !self.removals.is_empty() || !self.users.is_empty()
    }

    fn due(&mut self, at: u64) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }
}

#[cfg(test)]
mod tests;
