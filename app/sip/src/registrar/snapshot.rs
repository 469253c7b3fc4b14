use super::{Config, Output, Registrar, State, question};
use crate::random::Seed;
use crate::saved::Saved;
use crate::time::Instant;
use core::time::Duration;

/// The version written; it goes up when [`Snapshot`] changes.
const VERSION: u16 = 1;

/// All that a registrar knows, but for its configuration and its secret.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot(Saved<State>);

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
        self.outputs.is_empty().then(|| Snapshot(Saved::new(VERSION, self.clock, now, self.state.clone())))
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
        let mut registrar = Self::with(config, seed, clock, state);
        for (id, pending) in &registrar.state.pending {
            registrar.outputs.push_back(Output::Ask(*id, question(&pending.credentials)));
        }
        Ok(registrar)
    }
}
