//! REGISTERs that may come again, over a transport that loses messages.

use super::flow::Flow;
use crate::message::{Request, Response};
use crate::time::Instant;
use crate::transaction::{Effect, Key, Reliability, ServerNonInvite};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// How many REGISTERs of one flow are remembered for coming again.
const MAX_PER_FLOW: usize = 64;

/// The server transactions. A request belongs to one of its own flow only: what was answered to one phone is not sent
/// again to another.
#[derive(Default)]
pub(super) struct Transactions {
    numbers: BTreeMap<Flow, BTreeMap<Key, u64>>,
    all: BTreeMap<u64, Transaction>,
    deadlines: BTreeSet<(Instant, u64)>,
    last: u64,
}

/// A REGISTER that may come again.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Transaction {
    key: Key,
    flow: Flow,
    server: ServerNonInvite,
}

/// What is to become of a request.
pub(super) enum Known {
    /// It was not seen before, and is remembered now.
    New,
    /// It was: this is to be sent.
    Again(Vec<Effect>),
    /// Too many of this flow are remembered.
    TooMany,
}

impl Transactions {
    /// Those of a snapshot.
    pub(super) fn new(saved: Vec<Transaction>) -> Self {
        let mut transactions = Self::default();
        for transaction in saved {
            transactions.add(transaction);
        }
        transactions
    }

    /// As a snapshot keeps them.
    pub(super) fn to_saved(&self) -> Vec<Transaction> {
        self.all.values().cloned().collect()
    }

    /// A request came.
    pub(super) fn receive(&mut self, flow: Flow, key: Key, request: &Request) -> Known {
        let known = self.numbers.get(&flow);
        let number = known.and_then(|known| known.get(&key));
        if let Some(transaction) = number.and_then(|number| self.all.get_mut(number)) {
            let mut effects = Vec::new();
            transaction.server.receive(request, &mut effects);
            return Known::Again(effects);
        }
        if known.is_some_and(|known| known.len() >= MAX_PER_FLOW) {
            return Known::TooMany;
        }
        self.add(Transaction { key, flow, server: ServerNonInvite::new(Reliability::Unreliable) });
        Known::New
    }

    /// A request is answered.
    pub(super) fn respond(&mut self, flow: Flow, key: &Key, response: &Response, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        let number = self.numbers.get(&flow).and_then(|known| known.get(key)).copied();
        match number.and_then(|number| Some((number, self.all.get_mut(&number)?))) {
            Some((number, transaction)) => {
                let before = transaction.server.deadline();
                transaction.server.respond(response, now, &mut effects);
                before.map(|at| self.deadlines.remove(&(at, number)));
                self.deadlines.extend(transaction.server.deadline().map(|at| (at, number)));
            }
            None => effects.push(Effect::Transmit(response.to_bytes())),
        }
        effects
    }

    /// When the first of them is over.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Forgets what is over.
    pub(super) fn timeout(&mut self, now: Instant) {
        while let Some(&(at, number)) = self.deadlines.first()
            && at <= now
        {
            self.deadlines.pop_first();
            let Some(Transaction { key, flow, .. }) = self.all.remove(&number) else { continue };
            if let Some(known) = self.numbers.get_mut(&flow) {
                known.remove(&key);
                if known.is_empty() {
                    self.numbers.remove(&flow);
                }
            }
        }
    }

    /// The flow is closed: nothing comes again over it.
    pub(super) fn closed(&mut self, flow: Flow) {
        for number in self.numbers.remove(&flow).into_iter().flat_map(BTreeMap::into_values) {
            if let Some(at) = self.all.remove(&number).and_then(|transaction| transaction.server.deadline()) {
                self.deadlines.remove(&(at, number));
            }
        }
    }

    fn add(&mut self, transaction: Transaction) {
        self.last += 1;
        let number = self.last;
        self.deadlines.extend(transaction.server.deadline().map(|at| (at, number)));
        self.numbers.entry(transaction.flow).or_default().insert(transaction.key.clone(), number);
        self.all.insert(number, transaction);
    }
}
