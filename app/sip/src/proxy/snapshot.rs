use super::context::{Context, Stage};
use super::{Config, Output, Proxy, Question, RestoreError, State, hunt};
use crate::random::Seed;
use crate::saved::Saved;
use crate::time::Instant;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::time::Duration;

/// The version written; it goes up when [`Snapshot`] changes.
const VERSION: u16 = 3;

/// All that a proxy knows, but for its configuration and its secret.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot(Saved<State>);

impl Proxy {
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
        let mut proxy = Self::with(config, seed, clock, state);
        let open: Vec<_> = proxy.state.contexts.values().filter_map(|context| proxy.open_question(context)).collect();
        proxy.outputs.extend(open);
        proxy.outputs.extend(proxy.state.contexts.values().flat_map(hunt::questions));
        Ok(proxy)
    }

    /// The question that a context waits for.
    pub(super) fn open_question(&self, context: &Context) -> Option<Output> {
        let (id, question) = match &context.stage {
            Stage::Admitting { question, credentials } => {
                (*question, Question::Credentials { user: credentials.username.to_string() })
            }
            Stage::Locating { question, user } => (*question, Question::Route { user: user.clone() }),
            Stage::Serving { .. } | Stage::Keeping { .. } => self.service_question(context)?,
            Stage::Forked { .. } | Stage::Settled => return None,
        };
        Some(Output::Ask(id, question))
    }
}
