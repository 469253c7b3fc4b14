//! What goes into the histories of people beside what their pages report: calls that came in for them, whoever took them, and
//! those of phones that are no pages.

use super::Desk;
use crate::clock;
use crate::ports::{CallLog, Seen, SeenCall, Shared};
use crate::stop::Stop;
use app::history::Reason;
use app::phone::{Cause, Direction, Party};
use sip::message::Status;
use sip::proxy::{CallOutcome, CallState, Called, How, Progress};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How much waits for the storage; what is more is lost.
const WAITING: usize = 16_384;
/// How much is written at once.
const AT_ONCE: usize = 512;
/// How often it is tried to write something, and how long after the last time.
const TRIES: u32 = 5;
const AGAIN: Duration = Duration::from_secs(1);

/// What is seen of calls, on its way to the storage.
pub(super) struct Witness {
    log: mpsc::Sender<Seen>,
    /// The calls of each user that were answered, and are to be told to be over.
    talking: HashMap<String, BTreeSet<String>>,
}

impl Witness {
    /// Whoever writes is waited for when the server stops.
    pub(super) fn new(log: Shared<dyn CallLog>, stop: Stop) -> Self {
        let (sender, inbox) = mpsc::channel(WAITING);
        tokio::spawn(write(log, inbox, stop));
        Self { log: sender, talking: HashMap::new() }
    }

    /// The calls of a user, before the restart is over: they go on.
    fn goes_on(&mut self, user: &str, calls: &[CallState]) {
        let answered = calls.iter().filter(|call| call.state == Progress::Confirmed);
        let answered: BTreeSet<String> = answered.map(|call| call.call_id.clone()).collect();
        if !answered.is_empty() {
            self.talking.insert(user.to_owned(), answered);
        }
    }

    fn ended(&mut self, user: &str, calls: &[CallState], at: u64) {
        let Some(talking) = self.talking.get_mut(user) else { return };
        let over = |call_id: &String| calls.iter().all(|call| call.call_id != *call_id);
        let gone: Vec<String> = talking.iter().filter(|call_id| over(call_id)).cloned().collect();
        talking.retain(|call_id| !gone.contains(call_id));
        if talking.is_empty() {
            self.talking.remove(user);
        }
        for call_id in gone {
            self.tell(Seen::Ended { user: user.to_owned(), call_id, at });
        }
    }

    fn tell(&self, seen: Seen) {
        if self.log.try_send(seen).is_err() {
            tracing::warn!("a call is missing in the history: the storage does not keep up");
        }
    }
}

impl Desk {
    /// The calls of before a restart are known.
    pub(super) fn calls_go_on(&self) {
        let alive = self.witness.talking.values().flatten().cloned().collect();
        self.witness.tell(Seen::Alive(alive));
    }

    /// The calls of a user changed.
    pub(super) fn witness_calls(&mut self, user: &str, calls: &[CallState]) {
        if self.ready {
            self.witness.ended(user, calls, clock::now());
        } else {
            self.witness.goes_on(user, calls);
        }
    }

    /// The caller of a call was answered.
    pub(super) fn witness_outcome(&mut self, outcome: CallOutcome) {
        let at = clock::now();
        self.tally.ended(&of_caller(&outcome));
        for seen in rows(&outcome, at) {
            if seen.ended.is_none() {
                self.witness.talking.entry(seen.user.clone()).or_default().insert(seen.call_id.clone());
            }
            self.witness.tell(Seen::Call(seen));
        }
    }
}

/// The rows of a call: one for who called with a phone that is no page, and one for everybody whom it was for.
fn rows(outcome: &CallOutcome, at: u64) -> Vec<SeenCall> {
    let begun = at.saturating_sub(u64::try_from(outcome.took.as_millis()).unwrap_or_default());
    let row = |user: &str, direction, remote, answered: bool, reason| SeenCall {
        user: user.to_owned(),
        call_id: outcome.call_id.clone(),
        local_tag: match direction {
            Direction::Outgoing => outcome.caller_tag.clone(),
            Direction::Incoming => String::new(),
        },
        direction,
        remote,
        begun,
        answered: answered.then_some(at),
        ended: (!answered).then_some(at),
        reason,
    };
    let mut rows = Vec::new();
    if outcome.signed {
        let name = match outcome.called.as_slice() {
            [one] if one.party.user == outcome.dialled => one.party.name.clone(),
            _ => None,
        };
        let remote = Party { number: outcome.dialled.clone(), name: name.unwrap_or_default() };
        let answered = outcome.status.is_success();
        rows.push(row(&outcome.caller.user, Direction::Outgoing, remote, answered, of_caller(outcome)));
    }
    for Called { party, how } in &outcome.called {
        let remote = if outcome.hidden {
            Party { number: String::new(), name: "Anonymous".to_owned() }
        } else {
            Party { number: outcome.caller.user.clone(), name: outcome.caller.name.clone().unwrap_or_default() }
        };
        rows.push(row(&party.user, Direction::Incoming, remote, *how == How::Answered, of_callee(how)));
    }
    rows
}

fn of_callee(how: &How) -> Reason {
    match how {
        How::Answered => Reason::Unknown,
        How::AnsweredBy(user) => Reason::AnsweredBy(user.clone()),
        How::SentOn(number) => Reason::SentOn(number.clone()),
        How::DoNotDisturb => Reason::DoNotDisturb,
        How::Declined => Reason::Cause(Cause::DeclinedHere),
        How::Busy => Reason::Cause(Cause::Busy),
        How::Unanswered => Reason::Cause(Cause::NoAnswer),
        How::Cancelled => Reason::Cause(Cause::CancelledThere),
        How::Unreachable => Reason::NobodyHome,
        How::Failed(status) => Reason::Cause(Cause::Status(status.code())),
    }
}

fn of_caller(outcome: &CallOutcome) -> Reason {
    let rang = || outcome.called.iter().any(|called| called.how == How::Unanswered);
    Reason::Cause(match outcome.status {
        status if status.is_success() => return Reason::Unknown,
        Status::REQUEST_TERMINATED => Cause::CancelledHere,
        Status::BUSY_HERE => Cause::Busy,
        Status::REQUEST_TIMEOUT | Status::TEMPORARILY_UNAVAILABLE if rang() => Cause::NoAnswer,
        Status::REQUEST_TIMEOUT | Status::TEMPORARILY_UNAVAILABLE => Cause::Unavailable,
        Status::NOT_FOUND => Cause::NotFound,
        status => match status.code() {
            600 => Cause::Busy,
            603 => Cause::DeclinedThere,
            code => Cause::Status(code),
        },
    })
}

async fn write(log: Shared<dyn CallLog>, mut inbox: mpsc::Receiver<Seen>, stop: Stop) {
    let mut batch = Vec::with_capacity(AT_ONCE);
    while inbox.recv_many(&mut batch, AT_ONCE).await > 0 {
        let seen = std::mem::replace(&mut batch, Vec::with_capacity(AT_ONCE));
        let mut tries = 1;
        while log.write(seen.clone()).await.is_err() && tries < TRIES {
            tries += 1;
            sleep(AGAIN).await;
        }
    }
    drop(stop);
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::proxy::Party as Person;

    fn person(user: &str) -> Person {
        Person { user: user.into(), name: Some(format!("Person {user}")) }
    }

    fn outcome(status: Status, called: Vec<(&str, How)>) -> CallOutcome {
        CallOutcome {
            call_id: "c".into(),
            caller: person("1001"),
            caller_tag: "t".into(),
            hidden: false,
            signed: true,
            dialled: "1002".into(),
            took: Duration::from_secs(3),
            status,
            called: called.into_iter().map(|(user, how)| Called { party: person(user), how }).collect(),
        }
    }

    #[test]
    fn a_call_is_one_row_for_each_end() {
        let rows = rows(&outcome(Status::OK, vec![("1002", How::Answered)]), 10_000);
        let [caller, callee] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((&*caller.user, &*caller.local_tag, caller.direction), ("1001", "t", Direction::Outgoing));
        assert_eq!((&*caller.remote.number, &*caller.remote.name), ("1002", "Person 1002"));
        assert_eq!((&*callee.user, &*callee.local_tag, callee.direction), ("1002", "", Direction::Incoming));
        assert_eq!((&*callee.remote.number, &*callee.remote.name), ("1001", "Person 1001"));
        for row in rows {
            assert_eq!((row.begun, row.answered, row.ended), (7_000, Some(10_000), None));
        }
    }

    #[test]
    fn a_page_reports_its_own_calls_and_who_hides_stays_hidden() {
        let called = vec![("1002", How::Unreachable)];
        let outcome = CallOutcome { signed: false, hidden: true, ..outcome(Status::TEMPORARILY_UNAVAILABLE, called) };
        let rows = rows(&outcome, 10_000);
        let [callee] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((&*callee.remote.number, &*callee.remote.name), ("", "Anonymous"));
        assert_eq!((&callee.reason, callee.ended), (&Reason::NobodyHome, Some(10_000)));
    }

    #[test]
    fn who_called_reads_why_it_failed() {
        let reason = |status, how| of_caller(&outcome(status, vec![("1002", how)]));
        let cause = Reason::Cause;
        assert_eq!(reason(Status::BUSY_HERE, How::DoNotDisturb), cause(Cause::Busy));
        assert_eq!(reason(Status::TEMPORARILY_UNAVAILABLE, How::Unreachable), cause(Cause::Unavailable));
        assert_eq!(reason(Status::REQUEST_TIMEOUT, How::Unanswered), cause(Cause::NoAnswer));
        assert_eq!(reason(Status::REQUEST_TERMINATED, How::Cancelled), cause(Cause::CancelledHere));
        assert_eq!(reason(Status::DECLINE, How::Declined), cause(Cause::DeclinedThere));
    }
}
