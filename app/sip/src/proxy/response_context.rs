use super::best::best;
use super::branch::{Branch, Outcome, State, Why, verdict};
use super::outcome::{self, Called};
use super::plan::{End, Order, Plan, Step};
use super::route::Route;
use super::{Party, QuestionId};
use crate::message::{Response, Status};
use crate::time::Instant;
use crate::transaction::T1_X64;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What becomes of the responses to one request that went to several phones (RFC 3261 16.7), of one person or, after a
/// [`Plan`], of several.
///
/// | Row | Branch | On | Does | Branch then |
/// | --- | --- | --- | --- | --- |
/// | RC1 | Trying, Proceeding | 100 | – | Proceeding |
/// | RC2 | Trying, Proceeding | 101–199 | forwards it; timer C begins again | Proceeding |
/// | RC3 | Trying, to be cancelled | 1xx | cancels it | Cancelled |
/// | RC4 | Cancelled | 1xx | – | Cancelled |
/// | RC5 | any that is open | 2xx | forwards it; cancels every other: "Call completed elsewhere"; the plan is over | Answered |
/// | RC6 | Answered, Failed | 2xx | forwards it | Answered |
/// | RC7 | any that is open | 300–599 | kept | Failed |
/// | RC8 | any that is open | 600–699 | kept; cancels every other of the same person | Failed |
/// | RC9 | Trying | is to be cancelled | – | Trying, to be cancelled |
/// | RC10 | Proceeding | is to be cancelled | cancels it | Cancelled |
/// | RC11 | Trying | timer C | drops it; counts as 408 | Failed |
/// | RC12 | Proceeding | timer C | cancels it | Cancelled |
/// | RC13 | Cancelled | 64·T1 | drops it (RFC 3261 9.1); counts as 408 | Failed |
/// | RC14 | Trying, Proceeding | the caller's time | all are to be cancelled; what they answer counts as 408; the plan is over | – |
/// | RC15 | Trying, Proceeding | caller's CANCEL | all are to be cancelled; what fails without a word counts as 487, with a plan all does; the plan is over | – |
/// | RC16 | Trying, Proceeding | the plan stops its number | it is to be cancelled; what it answers counts as 408 | – |
/// | RC17 | the last of a number that was waited for | failed, or to be cancelled | tells the plan how all of them ended | – |
/// | RC18 | any that is open | 3xx with numbers of ours | the plan goes on to them; what is left of the 3xx is kept | Failed |
/// | RC19 | any that is open, of a member | 3xx that is a setting of the phone | counts as 480: one of them does not send the others' call away | Failed |
/// | RC21 | Trying, Proceeding | another phone of the same person answers 3xx because they decided so (RFC 5806) | it is to be cancelled; what it answers counts as nothing | – |
/// | RC20 | Trying, Proceeding | 430, and the phone has another flow (RFC 5626 5.3) | sent there; timer C begins again | Trying |
///
/// When no branch is open any more, nothing is left to be tried and none answered, the best of what was kept is
/// forwarded: 6xx before anything else, then the lowest class; within one, what the caller can act upon first, and "not
/// there" last.
///
/// RFC 3261 16.7 step 5 would have a 6xx end all that rings. It speaks for one person here: the others of a group, and
/// whom the call was diverted to, have not said anything by it.
///
/// Requests other than INVITE have no timers here and are never cancelled: each ends by itself within 64·T1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct ResponseContext {
    invite: bool,
    timer_c: Duration,
    branches: Vec<Branch>,
    /// What else is tried; without one there are only the branches.
    plan: Option<Plan>,
    /// What failed without a phone that could have been asked.
    missed: Vec<Status>,
    /// When the caller gives up.
    ringing: Option<Instant>,
    ending: Option<Why>,
    done: bool,
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
    /// Ask whose number it is, and say it with [`ResponseContext::located`].
    Ask { target: usize, user: String },
    /// Call the phones of that number, and say with [`ResponseContext::rings`] how many there are.
    Ring { target: usize },
}

impl ResponseContext {
    /// The context of an INVITE with that many branches.
    pub(super) fn invite(branches: usize, timer_c: Duration, ringing: Option<Instant>, now: Instant) -> Self {
        let branches = alloc::vec![Branch::new(0, Some(now + timer_c)); branches];
        Self { branches, ..Self::planned(None, Some(timer_c), ringing) }
    }

    /// The context of any other request with that many branches.
    pub(super) fn other(branches: usize) -> Self {
        Self { branches: alloc::vec![Branch::new(0, None); branches], ..Self::planned(None, None, None) }
    }

    /// The context of a request that goes where the plan says. `timer_c`: of an INVITE; `expires`: when its caller gives
    /// up.
    pub(super) const fn planned(plan: Option<Plan>, timer_c: Option<Duration>, expires: Option<Instant>) -> Self {
        let (invite, timer_c) = match timer_c {
            Some(time) => (true, time),
            None => (false, Duration::ZERO),
        };
        Self {
            invite,
            timer_c,
            branches: Vec::new(),
            plan,
            missed: Vec::new(),
            ringing: expires,
            ending: None,
            done: false,
        }
    }

    /// What the directory says of a number.
    pub(super) fn located(&mut self, target: usize, route: Option<Route>, now: Instant, actions: &mut Vec<Action>) {
        self.plan(now, actions, |plan, orders| plan.located(target, route, now, orders));
    }

    /// So many phones of a number are called: the next branches.
    pub(super) fn rings(&mut self, target: usize, phones: usize, now: Instant, actions: &mut Vec<Action>) {
        let timer_c = self.invite.then(|| now + self.timer_c);
        self.branches.extend(core::iter::repeat_n(Branch::new(target, timer_c), phones));
        if let Some(plan) = &mut self.plan {
            plan.rings(target, phones);
        }
        if phones == 0 {
            self.missed.push(Status::TEMPORARILY_UNAVAILABLE);
            self.judge(target, now, actions);
        }
    }

    /// All phones of a number were called before, by another one: how they end is known there.
    pub(super) fn has_rung(&mut self, target: usize, now: Instant, actions: &mut Vec<Action>) {
        self.plan(now, actions, |plan, orders| plan.ended(target, End::Failed, now, orders));
    }

    /// Under which name it was asked whose number it is.
    pub(super) fn asked(&mut self, target: usize, question: QuestionId) {
        if let Some(plan) = &mut self.plan {
            plan.asked(target, question);
        }
    }

    /// The questions that are open, and for whom.
    pub(super) fn questions(&self) -> impl Iterator<Item = (QuestionId, usize, &str)> {
        self.plan.iter().flat_map(Plan::questions)
    }

    /// Whose number it is, and the way to it from the one that was dialled.
    pub(super) fn callee(&self, target: usize) -> Option<(&Party, Vec<Step>)> {
        let plan = self.plan.as_ref()?;
        Some((plan.party(target)?, plan.path(target)))
    }

    /// Everybody whom the call was for, and how it ended for them.
    pub(super) fn called(&self) -> Vec<Called> {
        outcome::called(self.plan.iter().flat_map(Plan::people), &self.branches, self.ending)
    }

    /// Whether what a phone says of other numbers is followed. `decided`: a person says so, and not a setting.
    pub(super) fn follows(&self, index: usize, decided: bool) -> bool {
        let (Some(plan), Some(branch)) = (&self.plan, self.branches.get(index)) else {
            return false;
        };
        branch.is_open() && self.ending.is_none() && !self.done && plan.follows(branch.target, decided)
    }

    /// Whether a branch is waited for, and nothing has ended it.
    pub(super) fn is_wanted(&self, index: usize) -> bool {
        self.ending.is_none()
            && self.branches.get(index).is_some_and(|branch| branch.is_open() && branch.given_up().is_none())
    }

    /// The request went to the phone of a branch once more (RC20).
    pub(super) fn again(&mut self, index: usize, now: Instant) {
        let timer_c = self.invite.then(|| now + self.timer_c);
        if let Some(branch) = self.branches.get_mut(index) {
            branch.state = State::Trying { timer_c, cancel: None };
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

    /// The person there sends the call elsewhere: their other phones are to be silent (RC21).
    pub(super) fn deflected(&mut self, index: usize, now: Instant, actions: &mut Vec<Action>) {
        let Some(target) = self.branches.get(index).filter(|branch| branch.is_open()).map(|branch| branch.target)
        else {
            return;
        };
        for other in 0..self.branches.len() {
            let own = self.branches.get(other).is_some_and(|branch| branch.target == target);
            if own && other != index && self.invite {
                self.cancel_one(other, Why::Refused(Status::MOVED_TEMPORARILY), now, actions);
            }
        }
    }

    /// A phone says that the person is at those numbers; `rest` is the response without them, if anything is left.
    pub(super) fn moved(
        &mut self,
        index: usize,
        to: Vec<Vec<String>>,
        rest: Option<Response>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Some(target) = self.branches.get(index).map(|branch| branch.target) else {
            return;
        };
        // First, so that the plan knows where to go on when this was the last phone.
        self.plan(now, actions, |plan, orders| plan.moved(target, to, now, orders));
        self.failure(index, rest.map_or(Outcome::Followed, Outcome::Response), now, actions);
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
            self.end_all(Why::Time, now, actions);
        }
        for index in 0..self.branches.len() {
            match self.branches.get(index).map(|branch| &branch.state) {
                Some(State::Trying { timer_c: Some(at), .. }) if *at <= now => {
                    actions.push(Action::Drop { branch: index });
                    self.failed(index, Status::REQUEST_TIMEOUT, now, actions);
                }
                Some(State::Proceeding { timer_c: Some(at) }) if *at <= now => {
                    self.cancel_one(index, Why::Time, now, actions);
                    self.judge_of(index, now, actions);
                }
                Some(State::Cancelled { until, .. }) if *until <= now => {
                    actions.push(Action::Drop { branch: index });
                    self.failed(index, Status::REQUEST_TIMEOUT, now, actions);
                }
                Some(
                    State::Trying { .. }
                    | State::Proceeding { .. }
                    | State::Cancelled { .. }
                    | State::Answered
                    | State::Failed(_),
                )
                | None => {}
            }
        }
        self.plan(now, actions, |plan, orders| plan.timeout(now, orders));
    }

    /// When [`Self::timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let branches = self.branches.iter().filter_map(|branch| match branch.state {
            State::Trying { timer_c, .. } | State::Proceeding { timer_c } => timer_c,
            State::Cancelled { until, .. } => Some(until),
            State::Answered | State::Failed(_) => None,
        });
        branches.chain(self.ringing).chain(self.plan.as_ref().and_then(Plan::deadline)).min()
    }

    /// Whether no phone took it: each failed with 408, 430, 480 or 5xx, or without a word.
    pub(super) fn is_missed(&self) -> bool {
        self.branches.iter().all(Branch::is_missed)
    }

    fn provisional(&mut self, index: usize, response: Response, now: Instant, actions: &mut Vec<Action>) {
        let timer_c = self.invite.then(|| now + self.timer_c);
        let Some(branch) = self.branches.get_mut(index) else {
            return;
        };
        match branch.state {
            State::Trying { cancel: Some(why), .. } => {
                branch.state = State::Cancelled { until: now + T1_X64, why };
                actions.push(Action::Cancel { branch: index, why });
            }
            State::Trying { cancel: None, .. } | State::Proceeding { .. } => {
                branch.state = State::Proceeding { timer_c };
                if response.status != Status::TRYING {
                    branch.rang = true;
                    if let Some(plan) = &mut self.plan {
                        plan.rang(branch.target);
                    }
                    actions.push(Action::Forward { branch: index, response });
                }
            }
            State::Cancelled { .. } | State::Answered | State::Failed(_) => {}
        }
    }

    fn success(&mut self, index: usize, response: Response, now: Instant, actions: &mut Vec<Action>) {
        if let Some(branch) = self.branches.get_mut(index) {
            branch.state = State::Answered;
        }
        if self.invite || !self.done {
            actions.push(Action::Forward { branch: index, response });
        }
        self.done = true;
        self.finish();
        self.cancel_open(|_| true, Why::Elsewhere, now, actions);
    }

    fn failure(&mut self, index: usize, outcome: Outcome, now: Instant, actions: &mut Vec<Action>) {
        let (status, target) = match self.branches.get_mut(index) {
            Some(branch) if branch.is_open() => {
                let of_member = self.plan.as_ref().is_some_and(|plan| plan.is_member(branch.target));
                let outcome = branch.judged(outcome, self.ending, of_member);
                let status = outcome.status();
                branch.state = State::Failed(outcome);
                (status, branch.target)
            }
            Some(_) | None => return,
        };
        if let Some(status) = status.filter(|status| status.class() == 6) {
            self.cancel_open(|branch| branch.target == target, Why::Refused(status), now, actions);
        }
        self.judge(target, now, actions);
        self.conclude(actions);
    }

    fn judge_of(&mut self, index: usize, now: Instant, actions: &mut Vec<Action>) {
        if let Some(target) = self.branches.get(index).map(|branch| branch.target) {
            self.judge(target, now, actions);
        }
    }

    /// Tells the plan when a number is over (RC17).
    fn judge(&mut self, target: usize, now: Instant, actions: &mut Vec<Action>) {
        if let Some(end) = verdict(self.branches.iter().filter(|branch| branch.target == target)) {
            self.plan(now, actions, |plan, orders| plan.ended(target, end, now, orders));
        }
    }

    /// Lets the plan go on, and does what it says.
    fn plan(&mut self, now: Instant, actions: &mut Vec<Action>, work: impl FnOnce(&mut Plan, &mut Vec<Order>)) {
        let Some(plan) = &mut self.plan else {
            return;
        };
        let mut orders = Vec::new();
        work(plan, &mut orders);
        let mut orders = VecDeque::from(orders);
        while let Some(order) = orders.pop_front() {
            match order {
                Order::Ask { target, user } => actions.push(Action::Ask { target, user }),
                Order::Ring { target } => actions.push(Action::Ring { target }),
                Order::TellDiverted => actions.push(Action::Reply(Status::CALL_IS_BEING_FORWARDED)),
                Order::Missed(status) => self.missed.push(status),
                Order::Stop { target } => {
                    self.cancel_open(|branch| branch.target == target, Why::Time, now, actions);
                    let end = verdict(self.branches.iter().filter(|branch| branch.target == target));
                    let mut more = Vec::new();
                    if let Some((plan, end)) = self.plan.as_mut().zip(end) {
                        plan.ended(target, end, now, &mut more);
                    }
                    orders.extend(more);
                }
            }
        }
        self.conclude(actions);
    }

    /// Whether the phone of a branch is not wanted any more.
    pub(super) fn is_given_up(&self, branch: usize) -> bool {
        self.branches.get(branch).is_some_and(|branch| branch.given_up().is_some())
    }

    fn finish(&mut self) {
        self.ringing = None;
        if let Some(plan) = &mut self.plan {
            plan.finish();
        }
    }

    fn conclude(&mut self, actions: &mut Vec<Action>) {
        let tries = self.plan.as_ref().is_some_and(Plan::is_open);
        if self.done || tries || self.branches.iter().any(Branch::is_open) {
            return;
        }
        let found = match self.ending {
            Some(Why::Caller) if self.missed.contains(&Status::REQUEST_TERMINATED) => None,
            Some(_) | None => best(&self.branches, &self.missed, self.invite),
        };
        // Where there was nobody to ask, as in a group without members, the caller is answered all the same.
        let cancelled = self.ending == Some(Why::Caller);
        let nobody = if cancelled { Status::REQUEST_TERMINATED } else { Status::TEMPORARILY_UNAVAILABLE };
        let action = found.unwrap_or(Action::Reply(nobody));
        self.done = true;
        self.ringing = None;
        actions.push(action);
    }

    fn end_all(&mut self, why: Why, now: Instant, actions: &mut Vec<Action>) {
        if self.invite && self.ending.is_none() && !self.done {
            self.ending = Some(why);
            // What was being tried is answered with this, whatever the phones before it said.
            if why == Why::Caller && self.plan.as_ref().is_some_and(Plan::is_open) {
                self.missed.push(Status::REQUEST_TERMINATED);
            }
            self.finish();
            self.cancel_open(|_| true, why, now, actions);
            self.conclude(actions);
        }
    }

    fn cancel_open(&mut self, which: impl Fn(&Branch) -> bool, why: Why, now: Instant, actions: &mut Vec<Action>) {
        if self.invite {
            for index in 0..self.branches.len() {
                if self.branches.get(index).is_some_and(&which) {
                    self.cancel_one(index, why, now, actions);
                }
            }
        }
    }

    fn cancel_one(&mut self, index: usize, why: Why, now: Instant, actions: &mut Vec<Action>) {
        let Some(branch) = self.branches.get_mut(index) else {
            return;
        };
        match &mut branch.state {
            State::Trying { cancel, .. } => *cancel = cancel.or(Some(why)),
            State::Proceeding { .. } => {
                branch.state = State::Cancelled { until: now + T1_X64, why };
                actions.push(Action::Cancel { branch: index, why });
            }
            State::Cancelled { .. } | State::Answered | State::Failed(_) => {}
        }
    }
}
