use super::{Config, Notifier, Output, State};
use crate::Seed;
use crate::registrar::RestoreError;
use crate::saved::Saved;
use crate::time::Instant;
use core::time::Duration;

/// The version written; it goes up when [`Snapshot`] changes.
const VERSION: u16 = 1;

/// All that a notifier knows, but for its configuration.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot(Saved<State>);

impl Notifier {
    /// What has to be kept to go on later; `None` while there is something to poll.
    #[must_use]
    pub fn snapshot(&self, now: Instant) -> Option<Snapshot> {
        self.outputs.is_empty().then(|| Snapshot(Saved::new(VERSION, self.clock, now, self.state.clone())))
    }

    /// Goes on from a snapshot that was taken `away` ago. Open questions are asked again; what was sent is taken to be
    /// under way, and said later to have been sent.
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
        let mut notifier = Self::with(config, seed, clock, state);
        for (id, pending) in &notifier.state.pending {
            notifier.outputs.push_back(Output::Ask(*id, pending.question()));
        }
        Ok(notifier)
    }
}
