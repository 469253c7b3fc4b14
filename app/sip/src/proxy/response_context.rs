use crate::message::{Response, Status};
use crate::time::Instant;
use crate::transaction::T1_X64;
use alloc::vec::Vec;
use core::time::Duration;

/// What becomes of the responses to one request that went to several phones (RFC 3261 16.7).
///
/// | Row | Branch | On | Does | Branch then |
/// | --- | --- | --- | --- | --- |
/// | RC1 | Trying, Proceeding | 100 | – | Proceeding |
/// | RC2 | Trying, Proceeding | 101–199 | forwards it; timer C begins again | Proceeding |
/// | RC3 | Trying, to be cancelled | 1xx | cancels it | Cancelled |
/// | RC4 | Cancelled | 1xx | – | Cancelled |
/// | RC5 | any that is open | 2xx | forwards it; cancels every other: "Call completed elsewhere" | Answered |
/// | RC6 | Answered, Failed | 2xx | forwards it | Answered |
/// | RC7 | any that is open | 300–599 | kept | Failed |
/// | RC8 | any that is open | 600–699 | kept; cancels every other | Failed |
/// | RC9 | Trying | is to be cancelled | – | Trying, to be cancelled |
/// | RC10 | Proceeding | is to be cancelled | cancels it | Cancelled |
/// | RC11 | Trying | timer C | drops it; counts as 408 | Failed |
/// | RC12 | Proceeding | timer C | cancels it | Cancelled |
/// | RC13 | Cancelled | 64·T1 | drops it (RFC 3261 9.1); counts as 408 | Failed |
/// | RC14 | Trying, Proceeding | ringing time | all are to be cancelled; what they answer counts as 408 | – |
/// | RC15 | Trying, Proceeding | caller's CANCEL | all are to be cancelled; what fails without a word counts as 487 | – |
///
/// When no branch is open any more and none answered, the best of what was kept is forwarded: 6xx before
/// anything else, then the lowest class; within one, what the caller can act upon first, and "not there" last.
///
/// Requests other than INVITE have no timers here and are never cancelled: each ends by itself within 64·T1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct ResponseContext {
    invite: bool,
    timer_c: Duration,
    branches: Vec<Branch>,
    ringing: Option<Instant>,
    ending: Option<Why>,
    done: bool,
}

/// Where a branch stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Branch {
    /// Nothing came back.
    Trying { timer_c: Option<Instant>, cancel: Option<Why> },
    /// A provisional response came.
    Proceeding { timer_c: Option<Instant> },
    /// It was cancelled; its final response is awaited until then.
    Cancelled { until: Instant },
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
}

/// Why branches are cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Why {
    /// The caller cancelled, or is gone.
    Caller,
    /// Another phone answered.
    Elsewhere,
    /// Another phone refused for all of them.
    Refused(Status),
    /// It rang long enough.
    Time,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Send this response of a branch on to the caller.
    Forward { branch: usize, response: Response },
    /// Answer the caller with this.
    Reply(Status),
    /// No phone said a word: what is no INVITE is then left without a response (RFC 4320 4.2).
    StaySilent,
    /// Cancel this branch.
    Cancel { branch: usize, why: Why },
    /// Forget the client transactions of this branch: what the phone says now comes too late.
    Drop { branch: usize },
}

impl ResponseContext {
    /// The context of an INVITE with that many branches.
    pub(super) fn invite(branches: usize, timer_c: Duration, ringing: Option<Instant>, now: Instant) -> Self {
        let branch = Branch::Trying { timer_c: Some(now + timer_c), cancel: None };
        Self { invite: true, timer_c, branches: alloc::vec![branch; branches], ringing, ending: None, done: false }
    }

    /// The context of any other request with that many branches.
    pub(super) fn other(branches: usize) -> Self {
        let branch = Branch::Trying { timer_c: None, cancel: None };
        Self {
            invite: false,
            timer_c: Duration::ZERO,
            branches: alloc::vec![branch; branches],
            ringing: None,
            ending: None,
            done: false,
        }
    }

    /// A response came over a branch.
    pub(super) fn response(&mut self, index: usize, response: Response, now: Instant, actions: &mut Vec<Action>) {
        if response.status.is_provisional() {
            self.provisional(index, response, now, actions);
        } else if response.status.is_success() {
            self.success(index, response, now, actions);
        } else {
            self.failure(index, Outcome::Response(response), now, actions);
        }
    }

    /// A branch ended without a response.
    pub(super) fn failed(&mut self, index: usize, status: Status, now: Instant, actions: &mut Vec<Action>) {
        self.failure(index, Outcome::Silent(status), now, actions);
    }

    /// The caller cancelled, or is gone.
    pub(super) fn cancel(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.end_all(Why::Caller, now, actions);
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.ringing.is_some_and(|at| at <= now) {
            self.ringing = None;
            if !self.done {
                self.end_all(Why::Time, now, actions);
            }
        }
        for index in 0..self.branches.len() {
            match self.branches.get(index) {
                Some(Branch::Trying { timer_c: Some(at), .. }) if *at <= now => {
                    actions.push(Action::Drop { branch: index });
                    self.failed(index, Status::REQUEST_TIMEOUT, now, actions);
                }
                Some(Branch::Proceeding { timer_c: Some(at) }) if *at <= now => {
                    self.cancel_one(index, Why::Time, now, actions);
                }
                Some(Branch::Cancelled { until }) if *until <= now => {
                    actions.push(Action::Drop { branch: index });
                    self.failed(index, Status::REQUEST_TIMEOUT, now, actions);
                }
                Some(
                    Branch::Trying { .. }
                    | Branch::Proceeding { .. }
                    | Branch::Cancelled { .. }
                    | Branch::Answered
                    | Branch::Failed(_),
                )
                | None => {}
            }
        }
    }

    /// When [`Self::timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let branches = self.branches.iter().filter_map(|branch| match branch {
            Branch::Trying { timer_c, .. } | Branch::Proceeding { timer_c } => *timer_c,
            Branch::Cancelled { until } => Some(*until),
            Branch::Answered | Branch::Failed(_) => None,
        });
        branches.chain(self.ringing).min()
    }

    /// Whether no phone took it: each failed with 408, 430, 480 or 5xx, or without a word.
    pub(super) fn is_missed(&self) -> bool {
        self.branches.iter().all(|branch| match branch {
            Branch::Failed(outcome) => match outcome.status() {
                Status::REQUEST_TIMEOUT | Status::FLOW_FAILED | Status::TEMPORARILY_UNAVAILABLE => true,
                status => status.class() == 5,
            },
            Branch::Trying { .. } | Branch::Proceeding { .. } | Branch::Cancelled { .. } | Branch::Answered => false,
        })
    }

    fn provisional(&mut self, index: usize, response: Response, now: Instant, actions: &mut Vec<Action>) {
        let timer_c = self.invite.then(|| now + self.timer_c);
        let Some(branch) = self.branches.get_mut(index) else {
            return;
        };
        match branch {
            Branch::Trying { cancel: Some(why), .. } => {
                let why = *why;
                *branch = Branch::Cancelled { until: now + T1_X64 };
                actions.push(Action::Cancel { branch: index, why });
            }
            Branch::Trying { cancel: None, .. } | Branch::Proceeding { .. } => {
                *branch = Branch::Proceeding { timer_c };
                if response.status != Status::TRYING {
                    actions.push(Action::Forward { branch: index, response });
                }
            }
            Branch::Cancelled { .. } | Branch::Answered | Branch::Failed(_) => {}
        }
    }

    fn success(&mut self, index: usize, response: Response, now: Instant, actions: &mut Vec<Action>) {
        if let Some(branch) = self.branches.get_mut(index) {
            *branch = Branch::Answered;
        }
        if self.invite || !self.done {
            actions.push(Action::Forward { branch: index, response });
        }
        self.done = true;
        self.ringing = None;
        self.cancel_open(Why::Elsewhere, now, actions);
    }

    fn failure(&mut self, index: usize, outcome: Outcome, now: Instant, actions: &mut Vec<Action>) {
        let outcome = self.judged(outcome);
        let status = outcome.status();
        match self.branches.get_mut(index) {
            Some(branch) if branch.is_open() => *branch = Branch::Failed(outcome),
            Some(_) | None => return,
        }
        if status.class() == 6 {
            self.cancel_open(Why::Refused(status), now, actions);
        }
        self.conclude(actions);
    }

    /// What a failure counts as, after the caller or the time ended it all (RC14, RC15).
    fn judged(&self, outcome: Outcome) -> Outcome {
        let mute = match &outcome {
            Outcome::Response(response) => response.status == Status::REQUEST_TERMINATED,
            Outcome::Silent(_) => true,
        };
        match self.ending {
            Some(Why::Time) if mute => Outcome::Silent(Status::REQUEST_TIMEOUT),
            Some(Why::Caller) if mute => Outcome::Silent(Status::REQUEST_TERMINATED),
            Some(_) | None => outcome,
        }
    }

    fn conclude(&mut self, actions: &mut Vec<Action>) {
        if self.done || self.branches.iter().any(Branch::is_open) {
            return;
        }
        let failures = self.branches.iter().enumerate().filter_map(|(index, branch)| match branch {
            Branch::Failed(outcome) => Some((index, outcome)),
            Branch::Trying { .. } | Branch::Proceeding { .. } | Branch::Cancelled { .. } | Branch::Answered => None,
        });
        // The first of the best: `min_by_key` keeps the earlier of equals.
        let Some((branch, best)) = failures.min_by_key(|(_, outcome)| rank(outcome.status())) else {
            return;
        };
        let action = match best {
            // RFC 3261 16.7 step 6: one phone's 503 says nothing about this exchange.
            outcome if outcome.status() == Status::SERVICE_UNAVAILABLE => Action::Reply(Status::SERVER_INTERNAL_ERROR),
            Outcome::Response(response) => Action::Forward { branch, response: response.clone() },
            Outcome::Silent(Status::REQUEST_TIMEOUT) if !self.invite => Action::StaySilent,
            Outcome::Silent(status) => Action::Reply(*status),
        };
        self.done = true;
        actions.push(action);
    }

    fn end_all(&mut self, why: Why, now: Instant, actions: &mut Vec<Action>) {
        if self.invite && self.ending.is_none() && !self.done {
            self.ending = Some(why);
            self.ringing = None;
            self.cancel_open(why, now, actions);
        }
    }

    fn cancel_open(&mut self, why: Why, now: Instant, actions: &mut Vec<Action>) {
        if self.invite {
            for index in 0..self.branches.len() {
                self.cancel_one(index, why, now, actions);
            }
        }
    }

    fn cancel_one(&mut self, index: usize, why: Why, now: Instant, actions: &mut Vec<Action>) {
        match self.branches.get_mut(index) {
            Some(Branch::Trying { cancel, .. }) => *cancel = cancel.or(Some(why)),
            Some(branch @ Branch::Proceeding { .. }) => {
                *branch = Branch::Cancelled { until: now + T1_X64 };
                actions.push(Action::Cancel { branch: index, why });
            }
            Some(Branch::Cancelled { .. } | Branch::Answered | Branch::Failed(_)) | None => {}
        }
    }
}

impl Branch {
    /// Whether its final response is still awaited.
    const fn is_open(&self) -> bool {
        match self {
            Self::Trying { .. } | Self::Proceeding { .. } | Self::Cancelled { .. } => true,
            Self::Answered | Self::Failed(_) => false,
        }
    }
}

impl Outcome {
    const fn status(&self) -> Status {
        match self {
            Self::Response(response) => response.status,
            Self::Silent(status) => *status,
        }
    }
}

/// The lower, the better.
const fn rank(status: Status) -> (u16, u16) {
    let class = match status.class() {
        6 => 0,
        other => other,
    };
    let within = match status.code() {
        401 | 407 | 415 | 420 | 484 => 0,
        408 | 480 | 487 | 503 => 2,
        _ => 1,
    };
    (class, within)
}
