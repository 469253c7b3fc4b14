//! The response that is forwarded when all have failed (RFC 3261 16.7 step 6).

use super::branch::{Branch, Outcome};
use super::response_context::Action;
use crate::message::Status;

/// What the caller is answered; `None` when nothing failed.
pub(super) fn best(branches: &[Branch], missed: &[Status], invite: bool) -> Option<Action> {
    let failures = branches.iter().enumerate().filter_map(|(index, branch)| {
        let outcome = branch.outcome()?;
        Some((index, outcome, outcome.status()?))
    });
    // The first of the best: `min_by_key` keeps the earlier of equals.
    let told = failures.min_by_key(|(.., status)| rank(*status));
    let missed = missed.iter().copied().min_by_key(|status| rank_of_missed(*status));
    match (told, missed) {
        (Some((.., status)), Some(missed)) if rank_of_missed(missed) < rank(status) => Some(Action::Reply(missed)),
        (Some((branch, outcome, status)), _) => Some(answer(branch, outcome, status, invite)),
        (None, missed) => missed.map(Action::Reply),
    }
}

fn answer(branch: usize, outcome: &Outcome, status: Status, invite: bool) -> Action {
    match outcome {
        // The caller's own flow has not failed (RFC 5626 6).
        _ if status == Status::FLOW_FAILED => Action::Reply(Status::TEMPORARILY_UNAVAILABLE),
        // One phone's 503 says nothing about this exchange.
        _ if status == Status::SERVICE_UNAVAILABLE => Action::Reply(Status::SERVER_INTERNAL_ERROR),
        Outcome::Response(response) => Action::Forward { branch, response: response.clone() },
        Outcome::Silent(_) | Outcome::Followed if status == Status::REQUEST_TIMEOUT && !invite => Action::StaySilent,
        Outcome::Silent(_) | Outcome::Followed => Action::Reply(status),
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
        // It has the call already, by another way: nothing that concerns the caller.
        482 => 3,
        _ => 1,
    };
    (class, within)
}

/// The same for what was found out without asking a phone. What is wrong with a number that a call was diverted to says
/// less to the caller than what the phones before it said.
const fn rank_of_missed(status: Status) -> (u16, u16) {
    match status.code() {
        404 | 482 | 483 => (4, 4),
        _ => rank(status),
    }
}
