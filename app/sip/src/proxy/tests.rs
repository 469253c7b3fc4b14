//! The rows of [`ResponseContext`]'s table; those of its plan's are in [`plan`].

mod call;
mod plan;

use super::branch::Why;
use super::response_context::{Action, ResponseContext};
use crate::message::{Response, Status};
use crate::time::Instant;
use alloc::vec::Vec;
use core::time::Duration;
use std::format;
use std::string::String;

/// A context, a clock, and what was done.
struct Table {
    context: ResponseContext,
    now: Instant,
}

const TIMER_C: u64 = 181_000;
const RINGING: u64 = 45_000;

impl Table {
    fn invite(branches: usize) -> Self {
        let now = Instant::from_millis(0);
        let ringing = Some(Instant::from_millis(RINGING));
        Self { context: ResponseContext::invite(branches, Duration::from_millis(TIMER_C), ringing, now), now }
    }

    /// Without a ringing time, so that timer C is what comes first.
    fn slow(branches: usize) -> Self {
        let now = Instant::from_millis(0);
        Self { context: ResponseContext::invite(branches, Duration::from_millis(TIMER_C), None, now), now }
    }

    fn other(branches: usize) -> Self {
        Self { context: ResponseContext::other(branches), now: Instant::from_millis(0) }
    }

    fn on(&mut self, branch: usize, code: u16) -> Vec<String> {
        let response = Response::new(Status::new(code).unwrap());
        self.acts(|context, now, actions| context.response(branch, response, now, actions))
    }

    fn fails(&mut self, branch: usize, status: Status) -> Vec<String> {
        self.acts(|context, now, actions| context.failed(branch, status, now, actions))
    }

    fn cancel(&mut self) -> Vec<String> {
        self.acts(ResponseContext::cancel)
    }

    /// Goes to a moment, which must be the next deadline.
    fn at(&mut self, millis: u64) -> Vec<String> {
        self.now = Instant::from_millis(millis);
        assert_eq!(self.context.deadline(), Some(self.now));
        self.acts(ResponseContext::timeout)
    }

    fn acts(&mut self, act: impl FnOnce(&mut ResponseContext, Instant, &mut Vec<Action>)) -> Vec<String> {
        let mut actions = Vec::new();
        act(&mut self.context, self.now, &mut actions);
        actions.iter().map(brief).collect()
    }
}

fn brief(action: &Action) -> String {
    match action {
        Action::Forward { branch, response } => format!("forward {} of {branch}", response.status.code()),
        Action::Reply(status) => format!("reply {}", status.code()),
        Action::StaySilent => "silent".into(),
        Action::Cancel { branch, why: Why::Caller } => format!("cancel {branch}"),
        Action::Cancel { branch, why: Why::Elsewhere } => format!("cancel {branch}: elsewhere"),
        Action::Cancel { branch, why: Why::Refused(status) } => format!("cancel {branch}: {}", status.code()),
        Action::Cancel { branch, why: Why::Time } => format!("cancel {branch}: time"),
        Action::Drop { branch } => format!("drop {branch}"),
        Action::Ask { target, user } => format!("ask for {user} as {target}"),
        Action::Ring { target } => format!("ring {target}"),
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn rc1_rc2_provisional() {
    let mut table = Table::slow(1);
    assert_eq!(table.on(0, 100), NOTHING);
    assert_eq!(table.on(0, 183), ["forward 183 of 0"]);
    table.now = Instant::from_millis(100_000);
    assert_eq!(table.on(0, 180), ["forward 180 of 0"]);
    assert_eq!(table.context.deadline(), Some(Instant::from_millis(100_000 + TIMER_C)), "timer C begins again");
}

#[test]
fn rc3_rc9_a_cancel_waits_for_a_provisional() {
    let mut table = Table::invite(1);
    assert_eq!(table.cancel(), NOTHING);
    assert_eq!(table.on(0, 100), ["cancel 0"]);
    assert_eq!(table.on(0, 487), ["reply 487"]);
}

#[test]
fn rc4_no_ringing_after_a_cancel() {
    let mut table = Table::invite(1);
    table.on(0, 180);
    assert_eq!(table.cancel(), ["cancel 0"]);
    assert_eq!(table.on(0, 180), NOTHING);
    assert_eq!(table.cancel(), NOTHING, "twice is once");
}

#[test]
fn rc5_rc6_answers() {
    let mut table = Table::invite(3);
    table.on(0, 180);
    table.on(1, 180);
    assert_eq!(table.on(1, 200), ["forward 200 of 1", "cancel 0: elsewhere"]);
    assert_eq!(table.on(0, 200), ["forward 200 of 0"], "they crossed");
    assert_eq!(table.on(2, 180), ["cancel 2: elsewhere"]);
    assert_eq!(table.on(2, 487), NOTHING, "the caller has its answer");
    assert_eq!(table.on(1, 200), ["forward 200 of 1"], "again");
    assert_eq!(table.context.deadline(), None);
}

#[test]
fn rc5_an_answer_beats_the_cancel() {
    let mut table = Table::invite(1);
    table.on(0, 180);
    table.cancel();
    assert_eq!(table.on(0, 200), ["forward 200 of 0"]);
}

#[test]
fn rc7_the_best_is_forwarded_when_all_have_failed() {
    let mut table = Table::invite(3);
    assert_eq!(table.on(0, 480), NOTHING);
    assert_eq!(table.on(1, 486), NOTHING);
    assert_eq!(table.fails(2, Status::REQUEST_TIMEOUT), ["forward 486 of 1"]);
    assert_eq!(table.on(0, 486), NOTHING, "once");
}

#[test]
fn rc8_one_refuses_for_all() {
    let mut table = Table::invite(3);
    table.on(0, 180);
    assert_eq!(table.on(1, 603), ["cancel 0: 603"]);
    assert_eq!(table.on(0, 487), NOTHING);
    assert_eq!(table.on(2, 200), ["forward 200 of 2"], "an answer is still an answer");
}

#[test]
fn rc10_rc15_the_caller_cancels() {
    let mut table = Table::invite(2);
    table.on(0, 180);
    table.on(1, 180);
    assert_eq!(table.cancel(), ["cancel 0", "cancel 1"]);
    assert_eq!(table.on(0, 487), NOTHING);
    assert_eq!(table.at(32_000), ["drop 1", "reply 487"], "the other one is dead");
}

#[test]
fn rc11_rc12_timer_c() {
    let mut table = Table::slow(2);
    table.on(0, 100);
    assert_eq!(table.at(TIMER_C), ["cancel 0: time", "drop 1"]);
    assert_eq!(table.at(TIMER_C + 32_000), ["drop 0", "reply 408"]);
}

#[test]
fn rc14_it_rang_long_enough() {
    let mut table = Table::invite(2);
    table.on(0, 180);
    assert_eq!(table.at(RINGING), ["cancel 0: time"]);
    assert_eq!(table.on(0, 487), NOTHING);
    assert_eq!(table.fails(1, Status::REQUEST_TIMEOUT), ["reply 408"]);
}

#[test]
fn other_requests_are_never_cancelled() {
    let mut table = Table::other(2);
    assert_eq!(table.context.deadline(), None);
    assert_eq!(table.cancel(), NOTHING);
    assert_eq!(table.on(0, 200), ["forward 200 of 0"]);
    assert_eq!(table.on(1, 200), NOTHING, "one answer is enough");
}

#[test]
fn nobody_is_told_that_nothing_was_said() {
    let mut table = Table::other(1);
    assert_eq!(table.fails(0, Status::REQUEST_TIMEOUT), ["silent"]);
    let mut table = Table::other(1);
    assert_eq!(table.fails(0, Status::TEMPORARILY_UNAVAILABLE), ["reply 480"]);
}

#[test]
fn one_phones_overload_is_not_the_exchanges() {
    let mut table = Table::invite(1);
    assert_eq!(table.on(0, 503), ["reply 500"]);
}
