use super::{Config, Notifier, Output, State, Subscription};
use crate::Seed;
use crate::registrar::RestoreError;
use crate::saved::Saved;
use crate::time::Instant;
use core::time::Duration;

/// The version written; it goes up when [`Snapshot`] changes.
const VERSION: u16 = 1;

/// How many numbers of each kind a process can have given after its last snapshot.
pub(super) const RESERVE: u32 = 1 << 16;

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

    /// After a restore of what a process knew that was killed later: of what it did since then nothing is known. Phones,
    /// calls, what people said of themselves and who is not to be disturbed, are forgotten, to be told anew; numbers go on above all that can have been
    /// given; every watcher is told everything once more, as soon as the deadline comes.
    pub fn recover(&mut self, now: Instant) {
        let now = self.clock.inside(now);
        self.state.counter = self.state.counter.wrapping_add(RESERVE.into());
        for resource in self.state.resources.values_mut() {
            resource.contacts.clear();
            resource.calls.clear();
            resource.undisturbed = false;
            resource.stated = None;
        }
        for id in self.ids() {
            self.change(id, now, Subscription::recover);
        }
    }
}
