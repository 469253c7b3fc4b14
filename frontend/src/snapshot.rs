//! What travels from the page that held the line to the one that holds it next: postcard in base64, which is a
//! third of the same thing in JSON, on the wire and in the code that reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sip::agent::{Agent, CallId, Snapshot};
use sip::{Duration, Instant, Seed};
use std::collections::BTreeMap;

/// The form of [`Saved`]; older ones that can still be read are named in [`restore`].
const VERSION: u32 = 1;

/// What the driver knows of a call beside the agent, and the next page must know too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// When it was answered, in milliseconds since 1970.
    pub(crate) answered_at: Option<u64>,
    /// Whether our microphone is muted.
    pub(crate) muted: bool,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    agent: Snapshot,
    calls: Vec<(CallId, Facts)>,
}

/// A snapshot that the browser or the server kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// It is no snapshot.
    #[error("the snapshot cannot be read")]
    Malformed,
    /// It is of another version of this program.
    #[error("the snapshot is of version {0}")]
    Version(u32),
    /// The agent does not take it.
    #[error("the agent does not take the snapshot")]
    Agent,
}

/// The agent and the facts as text; `None` while the agent has something left to say.
pub(crate) fn save(agent: &Agent, calls: &BTreeMap<CallId, Facts>, now: Instant) -> Option<String> {
    let calls = calls.iter().map(|(id, facts)| (*id, facts.clone())).collect();
    let saved = Saved { version: VERSION, agent: agent.snapshot(now)?, calls };
    postcard::to_allocvec(&saved).ok().map(|bytes| BASE64.encode(bytes))
}

/// The agent and the facts as they go on, `away` after they were saved.
pub(crate) fn restore(
    text: &str,
    away: Duration,
    seed: Seed,
    now: Instant,
) -> Result<(Agent, BTreeMap<CallId, Facts>), SnapshotError> {
    let bytes = BASE64.decode(text).map_err(|_| SnapshotError::Malformed)?;
    // The version stands first, so that it can be read whatever follows.
    let (version, _) = postcard::take_from_bytes::<u32>(&bytes).map_err(|_| SnapshotError::Malformed)?;
    if version != VERSION {
        return Err(SnapshotError::Version(version));
    }
    let saved: Saved = postcard::from_bytes(&bytes).map_err(|_| SnapshotError::Malformed)?;
    let agent = Agent::restore(saved.agent, away, seed, now).map_err(|_| SnapshotError::Agent)?;
    Ok((agent, saved.calls.into_iter().collect()))
}
