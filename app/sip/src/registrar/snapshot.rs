use super::bindings::Bindings;
use super::transactions::{Transaction, Transactions};
use super::{Arrival, Binding, Config, Connection, Flow, Output, Pending, QuestionId, Registrar, question};
use crate::random::Seed;
use crate::saved::Saved;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The version written; it goes up when [`Snapshot`] changes.
const VERSION: u16 = 2;

/// All that a registrar knows, but for its configuration and its secret.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot(Saved<State>);

/// What a snapshot keeps: nothing that can be derived from the rest.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct State {
    flows: BTreeMap<Flow, Arrival>,
    users: BTreeMap<String, Vec<Binding>>,
    pending: BTreeMap<QuestionId, Pending>,
    transactions: Vec<Transaction>,
    questions: u64,
}

/// A snapshot cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// It was written by a version that is not known here.
    #[error("the snapshot has the unknown version {0}")]
    Version(u16),
}

impl Registrar {
    /// What has to be kept to go on later; `None` while there is something to poll.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Option<Snapshot> {
        let state = || State {
            flows: self.flows.iter().map(|(flow, connection)| (*flow, connection.arrival.clone())).collect(),
            users: self.bindings.to_saved(),
            pending: self.pending.clone(),
            transactions: self.transactions.to_saved(),
            questions: self.questions,
        };
        self.outputs.is_empty().then(|| Snapshot(Saved::new(VERSION, self.clock, now, state())))
    }

    /// Goes on from a snapshot that was taken `away` ago. Open questions are asked again. The flows are taken
    /// to be open: those that are not have to be said to be closed.
    ///
    /// # Errors
    /// [`RestoreError`] when the snapshot's version is unknown.
    pub fn restore(
        snapshot: Snapshot,
        config: Config,
        away: Duration,
        seed: Seed,
        now: Instant,
    ) -> Result<Self, RestoreError> {
        let (clock, state) = snapshot.0.open(VERSION, away, now).map_err(RestoreError::Version)?;
        let mut registrar = Self::with(config, seed, clock);
        registrar.bindings = Bindings::new(state.users);
        registrar.transactions = Transactions::new(state.transactions);
        registrar.questions = state.questions;
        let connection = |(flow, arrival)| (flow, Connection { arrival, asked: 0 });
        registrar.flows = state.flows.into_iter().map(connection).collect();
        for (id, pending) in &state.pending {
            registrar.outputs.push_back(Output::Ask(*id, question(&pending.credentials)));
            if let Some(connection) = registrar.flows.get_mut(&pending.flow) {
                connection.asked += 1;
            }
        }
        registrar.pending = state.pending;
        Ok(registrar)
    }
}
