//! What travels from the page that held the line to the one that holds it next: postcard, which is a quarter of the
//! same thing in JSON on the wire, and a third in the code that reads it.

use crate::reports::{MOST as MOST_REPORTS, Reports};
use app::quality::Tally;
use serde::{Deserialize, Serialize};
use sip::agent::{Agent, CallId, Config, Snapshot, SnapshotWithoutMessages};
use sip::{Duration, Instant, Seed};

/// The form of [`Saved`]. The one before it is read, too. Older ones are not: the agent reads its own version 2, but from an
/// encoding that has the names of fields, and postcard has none. The registration goes on without; a call from before such
/// an update is lost.
const VERSION: u32 = 7;
/// The form before: the agent had no messages.
const VERSION_BEFORE: u32 = 6;

/// Of how many calls anything is known beside the agent, at most: more than an agent has.
const MOST_FACTS: usize = 64;

/// What the driver knows of a call beside the agent, and the next page must know too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// When it was answered, in milliseconds since 1970.
    pub answered_at: Option<u64>,
    /// Whether our microphone is muted.
    pub muted: bool,
    /// Whether our camera is to be on.
    pub camera: bool,
    /// Whether our screen is shared. Browsers give it to no page without a click, so the next one has to ask for one.
    pub screen: bool,
    /// Whether it is part of the conference of this line.
    pub joined: bool,
    /// Whether it is recorded.
    pub recorded: bool,
    /// Whether it was answered by itself, or is to be.
    pub unattended: bool,
    /// When it began, in milliseconds since 1970.
    pub begun: Option<u64>,
    /// How well it was heard.
    pub heard: Tally,
}

impl Facts {
    /// Goes on with what was known of the call whose place this one takes: for people it is the same one.
    pub fn carry(&mut self, before: Self) {
        self.begun = before.begun.or(self.begun);
        self.answered_at = self.answered_at.map(|at| before.answered_at.map_or(at, |before| before.min(at)));
        self.heard = before.heard;
    }
}

/// What was known beside the agent: of its calls, and of those that are over.
pub type Beside = (Vec<(CallId, Facts)>, Reports);

#[derive(Serialize, Deserialize)]
struct Saved {
    version: u32,
    agent: Snapshot,
    calls: Vec<(CallId, Facts)>,
    reports: Reports,
}

/// As it was in [`VERSION_BEFORE`].
#[derive(Deserialize)]
struct SavedBefore {
    _version: u32,
    agent: SnapshotWithoutMessages,
    calls: Vec<(CallId, Facts)>,
    reports: Reports,
}

impl From<SavedBefore> for Saved {
    fn from(SavedBefore { agent, calls, reports, .. }: SavedBefore) -> Self {
        Self { version: VERSION, agent: agent.into(), calls, reports }
    }
}

/// A snapshot that the browser or the server kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
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

/// The agent and the facts as bytes; `None` while the agent has something left to say.
pub fn save(agent: &Agent, (calls, reports): Beside, now: Instant) -> Option<Vec<u8>> {
    let saved = Saved { version: VERSION, agent: agent.snapshot(now)?, calls, reports };
    postcard::to_allocvec(&saved).ok()
}

/// The agent and the facts as they were saved, before anything goes on with them.
pub fn read(bytes: &[u8]) -> Result<(Snapshot, Beside), SnapshotError> {
    // The version stands first, so that it can be read whatever follows.
    let (version, _) = postcard::take_from_bytes::<u32>(bytes).map_err(|_| SnapshotError::Malformed)?;
    let saved = match version {
        VERSION => postcard::from_bytes::<Saved>(bytes),
        VERSION_BEFORE => postcard::from_bytes::<SavedBefore>(bytes).map(Saved::from),
        _ => return Err(SnapshotError::Version(version)),
    };
    let Saved { agent, calls, reports, .. } = saved.map_err(|_| SnapshotError::Malformed)?;
    Ok((agent, (calls, reports)))
}

/// The agent and the facts as they go on, `away` after they were saved.
pub fn restore(
    bytes: &[u8],
    config: Config,
    away: Duration,
    seed: Seed,
    now: Instant,
) -> Result<(Agent, Beside), SnapshotError> {
    go_on(read(bytes)?, config, away, seed, now)
}

/// As [`restore`], for who goes on with what somebody else wrote, whom nobody has to trust: it is checked first.
pub fn restore_checked(
    bytes: &[u8],
    config: Config,
    away: Duration,
    seed: Seed,
    now: Instant,
) -> Result<(Agent, Beside), SnapshotError> {
    let (agent, (calls, reports)) = read(bytes)?;
    agent.check(&config).map_err(|_| SnapshotError::Agent)?;
    if calls.len() > MOST_FACTS || reports.len() > MOST_REPORTS {
        return Err(SnapshotError::Agent);
    }
    go_on((agent, (calls, reports)), config, away, seed, now)
}

fn go_on(
    (agent, beside): (Snapshot, Beside),
    config: Config,
    away: Duration,
    seed: Seed,
    now: Instant,
) -> Result<(Agent, Beside), SnapshotError> {
    let agent = Agent::restore(agent, config, away, seed, now).map_err(|_| SnapshotError::Agent)?;
    Ok((agent, beside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::agent::{Body, Input, Output, Phase};
    use sip::uri::{SipUri, Uri};

    const NOW: Instant = Instant::from_millis(1_000);

    fn config() -> Config {
        let address = "<sip:1001@tabphone>".parse().unwrap();
        Config::new(address, "sip:tabphone".parse().unwrap(), &mut sip::Random::new([1; 32]))
    }

    fn calling() -> (Agent, CallId) {
        let mut agent = Agent::new(config(), [7; 32], NOW);
        agent.start(NOW);
        agent.handle(Input::Connected, NOW);
        let call = agent.call(Uri::Sip(SipUri::new("1002", "tabphone").unwrap()), NOW).unwrap();
        (agent, call)
    }

    #[test]
    fn calls_and_what_is_known_of_them_come_back() {
        let (mut agent, call) = calling();
        let all = Facts {
            answered_at: Some(1_700_000_000_000),
            muted: true,
            camera: true,
            screen: true,
            joined: true,
            recorded: true,
            unattended: true,
            begun: Some(1_699_999_999_000),
            heard: Tally { count: 2, score: 88, worst: 43, codec: "opus".into(), ..Tally::default() },
        };
        let mut reports = Reports::default();
        let over = agent.calls().next().unwrap();
        reports.push(crate::reports::report(&over, sip::agent::Cause::Away, &all, "tabphone", 7));
        let facts = (vec![(call, all)], reports);
        assert_eq!(save(&agent, facts.clone(), NOW), None, "not while something is left to say");
        while agent.poll().is_some() {}
        let saved = save(&agent, facts.clone(), NOW).unwrap();

        let later = Instant::from_millis(50);
        let (mut agent, restored) = restore(&saved, config(), Duration::from_secs(2), [8; 32], later).unwrap();
        assert_eq!(restored, facts);
        assert_eq!(agent.calls().map(|call| (call.id, call.phase)).collect::<Vec<_>>(), [(call, Phase::Preparing)]);
        let outputs: Vec<Output> = core::iter::from_fn(|| agent.poll()).collect();
        assert!(outputs.contains(&Output::Connect(0)));
        assert!(outputs.iter().any(|output| matches!(output, Output::Ask(..))), "the open question is asked again");
    }

    #[test]
    fn what_the_version_before_saved_is_read() {
        let (mut agent, call) = calling();
        while agent.poll().is_some() {}
        let facts = Facts { answered_at: Some(7), muted: true, joined: true, begun: Some(3), ..Facts::default() };
        let mut reports = Reports::default();
        let over = agent.calls().next().unwrap();
        reports.push(crate::reports::report(&over, sip::agent::Cause::Away, &facts, "tabphone", 7));
        let mut saved = vec![6];
        saved.extend(postcard::to_allocvec(&agent.snapshot(NOW).unwrap()).unwrap());
        // Its messages stand last: the last name, those that are sent, and those that came.
        assert!(saved.ends_with(&[0, 0, 0]));
        saved.truncate(saved.len() - 3);
        saved.extend(postcard::to_allocvec(&(vec![(call, facts.clone())], reports.clone())).unwrap());
        let (agent, known) = restore(&saved, config(), Duration::ZERO, [8; 32], NOW).unwrap();
        assert_eq!(known, (vec![(call, facts)], reports));
        assert_eq!(agent.calls().count(), 1);
    }

    #[test]
    fn messages_under_way_come_back() {
        let (mut agent, _) = calling();
        let body = Body { content_type: crate::mail::TEXT.into(), bytes: b"Hello".to_vec() };
        agent.message_as("letter", "sip:1002@tabphone".parse().unwrap(), body, NOW).unwrap();
        while agent.poll().is_some() {}
        let saved = save(&agent, Beside::default(), NOW).unwrap();
        let (agent, _) = restore_checked(&saved, config(), Duration::ZERO, [8; 32], NOW).unwrap();
        assert!(agent.sends_message("letter") && !agent.sends_message("another"));
    }

    #[test]
    fn what_somebody_damaged_is_refused_or_lived_with() {
        let (mut agent, call) = calling();
        while agent.poll().is_some() {}
        let saved = save(&agent, (vec![(call, Facts::default())], Reports::default()), NOW).unwrap();
        let mut random = sip::Random::new([5; 32]);
        let mut lived = 0;
        for _ in 0..4_000 {
            let mut damaged = saved.clone();
            for _ in 0..=random.below(3) {
                let at = usize::try_from(random.below(damaged.len() as u64)).unwrap();
                damaged[at] = u8::try_from(random.below(256)).unwrap();
            }
            let Ok((mut agent, _)) = restore_checked(&damaged, config(), Duration::from_secs(2), [8; 32], NOW) else {
                continue;
            };
            lived += 1;
            let mut now = NOW;
            agent.handle(Input::Connected, now);
            for _ in 0..30 {
                while agent.poll().is_some() {}
                let Some(deadline) = agent.deadline() else { break };
                now = now.max(deadline);
                agent.handle(Input::Timeout, now);
            }
            while agent.poll().is_some() {}
            assert!(save(&agent, Beside::default(), now).is_some());
        }
        assert!((100..4_000).contains(&lived), "{lived}: some are, and some are not");
    }

    #[test]
    fn what_knows_of_too_many_calls_is_refused() {
        let (mut agent, _) = calling();
        while agent.poll().is_some() {}
        let facts = (0..=MOST_FACTS as u64).map(|call| (CallId(call), Facts::default())).collect();
        let saved = save(&agent, (facts, Reports::default()), NOW).unwrap();
        assert!(restore_checked(&saved, config(), Duration::ZERO, [8; 32], NOW).is_err());
    }

    #[test]
    fn what_is_no_snapshot_of_this_version_is_refused() {
        let refused =
            |bytes: &[u8]| restore(bytes, config(), Duration::ZERO, [8; 32], NOW).map(|_| ()).unwrap_err().to_string();
        assert_eq!(refused(b"{}"), "the snapshot is of version 123");
        assert_eq!(refused(b""), "the snapshot cannot be read");
        assert_eq!(refused(&[99]), "the snapshot is of version 99");
        let (mut agent, _) = calling();
        while agent.poll().is_some() {}
        let saved = save(&agent, Beside::default(), NOW).unwrap();
        assert_eq!(refused(&saved[..saved.len() / 2]), "the snapshot cannot be read");
    }
}
