//! The calls that are over and that the server is not known to have in its history yet. They travel with the snapshot, so
//! that who goes on with the line goes on reporting them.

use crate::project;
use crate::snapshot::Facts;
use app::history::Report;
use app::phone::Party;
use serde::{Deserialize, Serialize};
use sip::agent::{Call, CallId, Cause};

/// How many wait at most: of more the oldest are given up.
pub const MOST: usize = 64;
/// The longest Call-ID and tag that are told, and the longest number and name, in characters.
pub const LONGEST_NAME: usize = 255;
const LONGEST_PARTY: usize = 128;

/// What waits for the server's word, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reports(Vec<Report>);

impl Reports {
    /// Those that wait.
    pub fn iter(&self) -> impl Iterator<Item = &Report> {
        self.0.iter()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One more waits; what waits already is not told twice.
    pub fn push(&mut self, report: Report) {
        let same = |known: &Report| known.local_tag == report.local_tag && known.call_id == report.call_id;
        if self.0.iter().any(same) {
            return;
        }
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(report);
    }

    /// The server has the call with this local tag: whether that was waited for.
    pub fn recorded(&mut self, local_tag: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|report| report.local_tag != local_tag);
        before != self.0.len()
    }
}

/// The call that goes on in the place of one that is over: the other end began it anew, to mend it. It is one call for
/// people.
pub fn successor(last: &Call, cause: &Cause, mut calls: impl Iterator<Item = Call>) -> Option<CallId> {
    let same = |call: &Call| call.replaces == Some(last.id) && call.remote.uri == last.remote.uri;
    (*cause == Cause::Replaced).then(|| calls.find(same).map(|call| call.id)).flatten()
}

/// What is to be told of a call that is over now. `now`: in milliseconds since 1970.
pub fn report(last: &Call, cause: Cause, facts: &Facts, domain: &str, now: u64) -> Report {
    let Party { number, name } = project::party(&last.remote, domain);
    let begun = facts.begun.unwrap_or(now).min(now);
    // What never left the phone was given no tag.
    let named = !last.local_tag.is_empty();
    let local_tag = if named { short(&last.local_tag, LONGEST_NAME) } else { format!("{}-{begun}", last.id.0) };
    Report {
        call_id: short(&last.call_id, LONGEST_NAME),
        local_tag,
        direction: project::direction(last.direction),
        remote: Party { number: short(&number, LONGEST_PARTY), name: short(&name, LONGEST_PARTY) },
        begun,
        answered: facts.answered_at.map(|at| at.min(now)),
        ended: now,
        cause: project::cause(cause, last.status, domain),
        heard: facts.heard.clone(),
    }
}

fn short(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::phone;
    use sip::agent::{Direction, Identity, Phase};

    fn call(id: u64) -> Call {
        Call {
            id: CallId(id),
            direction: Direction::Incoming,
            remote: "\"Ben\" <sip:1002@tabphone>".parse().unwrap(),
            phase: Phase::Established,
            call_id: format!("call-{id}"),
            local_tag: format!("tag-{id}"),
            replaces: None,
            transfer: None,
            transfer_asked: false,
            identity: Identity::default(),
            auto_answer: None,
            alert: None,
            status: None,
            reason: None,
            held_here: false,
            held_there: false,
            trickles: false,
        }
    }

    fn reported(id: u64) -> Report {
        report(&call(id), Cause::HungUpThere, &Facts::default(), "tabphone", 9_000)
    }

    #[test]
    fn a_report_says_who_when_and_why() {
        let facts = Facts { begun: Some(1_000), answered_at: Some(4_000), ..Facts::default() };
        let told = report(&call(1), Cause::HungUpThere, &facts, "tabphone", 9_000);
        assert_eq!((told.begun, told.answered, told.ended), (1_000, Some(4_000), 9_000));
        assert_eq!((told.cause, &*told.remote.number, &*told.remote.name), (phone::Cause::HungUpThere, "1002", "Ben"));
        // A clock that was set back meanwhile gives no call that ends before it begins.
        let told = report(&call(1), Cause::HungUpThere, &facts, "tabphone", 500);
        assert_eq!((told.begun, told.answered, told.ended), (500, Some(500), 500));
    }

    #[test]
    fn what_waits_is_bounded_told_once_and_forgotten_when_it_is_recorded() {
        let mut reports = Reports::default();
        for id in 0..=MOST as u64 {
            reports.push(reported(id));
            reports.push(reported(id));
        }
        assert_eq!(reports.len(), MOST);
        assert!(!reports.recorded("tag-0"), "the oldest was given up");
        assert!(reports.recorded("tag-1") && !reports.recorded("tag-1"));
        assert_eq!(reports.len(), MOST - 1);
    }

    #[test]
    fn what_comes_from_the_wire_is_short() {
        let long = "x".repeat(5_000);
        let mut call = call(1);
        call.call_id.clone_from(&long);
        call.remote = format!("\"{long}\" <sip:{long}@tabphone>").parse().unwrap();
        let told = report(&call, Cause::HungUpHere, &Facts::default(), "tabphone", 0);
        assert_eq!((told.call_id.len(), told.remote.number.len(), told.remote.name.len()), (255, 128, 128));
    }

    #[test]
    fn a_call_that_the_other_end_began_anew_is_the_same_call() {
        let next = Call { replaces: Some(CallId(1)), ..call(2) };
        assert_eq!(successor(&call(1), &Cause::Replaced, [next.clone()].into_iter()), Some(CallId(2)));
        assert_eq!(successor(&call(1), &Cause::HungUpThere, [next.clone()].into_iter()), None);
        let other = Call { remote: "<sip:1003@tabphone>".parse().unwrap(), ..next };
        assert_eq!(successor(&call(1), &Cause::Replaced, [other].into_iter()), None, "it was handed over");
    }
}
