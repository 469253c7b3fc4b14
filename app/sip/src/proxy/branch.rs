use super::plan::End;
use crate::message::{Response, Status};
use crate::time::Instant;

/// One phone that a request was sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Branch {
    /// For which number of the plan.
    pub(super) target: usize,
    /// Whether it said more than 100.
    pub(super) rang: bool,
    pub(super) state: State,
}

/// Where a branch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum State {
    /// Nothing came back.
    Trying { timer_c: Option<Instant>, cancel: Option<Why> },
    /// A provisional response came.
    Proceeding { timer_c: Option<Instant> },
    /// It was cancelled; its final response is awaited until then.
    Cancelled { until: Instant, why: Why },
    /// 2xx.
    Answered,
    /// Any other end.
    Failed(Outcome),
}

/// How a branch failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Outcome {
    /// With this response.
    Response(Response),
    /// Without one, which counts as this status.
    Silent(Status),
    /// It named other numbers, and they are tried: nothing is to be told of it.
    Followed,
}

/// Why branches are cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Why {
    /// The caller cancelled, or is gone.
    Caller,
    /// Another phone answered.
    Elsewhere,
    /// Another phone of the same person refused for all of them.
    Refused(Status),
    /// It rang long enough.
    Time,
}

impl Branch {
    /// A branch over which nothing was said yet.
    pub(super) const fn new(target: usize, timer_c: Option<Instant>) -> Self {
        Self { target, rang: false, state: State::Trying { timer_c, cancel: None } }
    }

    /// Whether its final response is still to come.
    pub(super) const fn is_open(&self) -> bool {
        match self.state {
            State::Trying { .. } | State::Proceeding { .. } | State::Cancelled { .. } => true,
            State::Answered | State::Failed(_) => false,
        }
    }

    /// Why it was given up, as long as it is not over.
    pub(super) const fn given_up(&self) -> Option<Why> {
        match self.state {
            State::Trying { cancel, .. } => cancel,
            State::Cancelled { why, .. } => Some(why),
            State::Proceeding { .. } | State::Answered | State::Failed(_) => None,
        }
    }

    /// How it failed, if it did.
    pub(super) const fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Failed(outcome) => Some(outcome),
            State::Trying { .. } | State::Proceeding { .. } | State::Cancelled { .. } | State::Answered => None,
        }
    }

    /// What a failure counts as, after the caller, the time, the plan or the person ended it (RC14 to RC16, RC21), and when it is one of
    /// several that are called as one (RC19).
    pub(super) fn judged(&self, outcome: Outcome, ending: Option<Why>, of_member: bool) -> Outcome {
        let mute = match &outcome {
            Outcome::Response(response) => response.status == Status::REQUEST_TERMINATED,
            Outcome::Silent(_) => true,
            Outcome::Followed => false,
        };
        match ending.or_else(|| self.given_up()) {
            Some(Why::Time) if mute => return Outcome::Silent(Status::REQUEST_TIMEOUT),
            Some(Why::Caller) if mute => return Outcome::Silent(Status::REQUEST_TERMINATED),
            Some(Why::Refused(status)) if mute && status.class() == 3 => return Outcome::Followed,
            Some(Why::Time | Why::Caller | Why::Elsewhere | Why::Refused(_)) | None => {}
        }
        match outcome.status() {
            Some(status) if of_member && status.class() == 3 => Outcome::Silent(Status::TEMPORARILY_UNAVAILABLE),
            Some(_) | None => outcome,
        }
    }

    /// Whether the phone did not take it: it failed with 408, 430, 480 or 5xx, or without a word.
    pub(super) fn is_missed(&self) -> bool {
        self.outcome().and_then(Outcome::status).is_some_and(|status| match status {
            Status::REQUEST_TIMEOUT | Status::FLOW_FAILED | Status::TEMPORARILY_UNAVAILABLE => true,
            other => other.class() == 5,
        })
    }

    /// Whether the person there refused.
    fn is_refused(&self) -> bool {
        let status = self.outcome().and_then(Outcome::status);
        status.is_some_and(|status| matches!(status.code(), 486 | 600 | 603))
    }

    /// Whether nobody was there to refuse.
    fn is_absent(&self) -> bool {
        let status = self.outcome().and_then(Outcome::status);
        status.is_some_and(|status| matches!(status.code(), 408 | 430 | 480 | 487))
    }
}

impl Outcome {
    /// What it counts as; nothing when it was followed.
    pub(super) const fn status(&self) -> Option<Status> {
        match self {
            Self::Response(response) => Some(response.status),
            Self::Silent(status) => Some(*status),
            Self::Followed => None,
        }
    }
}

/// How the phones of one number ended; `None` as long as one of them is waited for, or one answered. Those that were
/// cancelled are not waited for.
pub(super) fn verdict<'a>(own: impl Iterator<Item = &'a Branch> + Clone) -> Option<End> {
    let is_over = |branch: &Branch| branch.given_up().is_some() || branch.outcome().is_some();
    if !own.clone().all(is_over) {
        return None;
    }
    let rang = own.clone().any(|branch| branch.rang);
    if own.clone().any(|branch| branch.given_up() == Some(Why::Time)) {
        return Some(if rang { End::Unanswered } else { End::Unheard });
    }
    if own.clone().any(Branch::is_refused) {
        return Some(End::Busy);
    }
    if !own.clone().all(Branch::is_absent) {
        return Some(End::Failed);
    }
    // A phone that rang and then says that nobody is there has rung out by its own clock. One that vanished has not.
    let rang_out = |branch: &Branch| branch.rang && matches!(branch.outcome(), Some(Outcome::Response(_)));
    Some(if own.clone().any(rang_out) { End::Unanswered } else { End::Unreachable })
}
