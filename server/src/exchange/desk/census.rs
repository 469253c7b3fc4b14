//! What the desk does, in numbers: counted when somebody asks, but for what is over by then.

use super::Desk;
use crate::ports::Counted;
use app::history::Reason;
use app::phone::Cause;
use std::collections::BTreeMap;

/// What happened since the start. Only the desk counts, so that it costs an addition.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) received: u64,
    pub(super) rejected: u64,
    pub(super) slow: u64,
    outcomes: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// A call is answered, or will not be: as its caller sees it.
    pub(super) fn ended(&mut self, reason: &Reason) {
        *self.outcomes.entry(outcome(reason)).or_default() += 1;
    }
}

impl Desk {
    /// What it does now. What waits for it is not seen from here.
    pub(super) fn count(&self) -> Counted {
        let registered = || self.registrar.users().filter(|(_, bindings)| !bindings.is_empty());
        Counted {
            extensions: registered().count(),
            registrations: registered().map(|(_, bindings)| bindings.len()).sum(),
            calls: self.storage.answered(),
            transactions: self.proxy.pending(),
            connections: self.connections.len(),
            waiting: 0,
            unwritten: self.storage.unwritten(),
            received: self.tally.received,
            rejected: self.tally.rejected,
            slow: self.tally.slow,
            outcomes: self.tally.outcomes.clone(),
        }
    }
}

fn outcome(reason: &Reason) -> &'static str {
    let named = [
        (Reason::Unknown, "answered"),
        (Reason::Cause(Cause::Busy), "busy"),
        (Reason::Cause(Cause::DeclinedThere), "declined"),
        (Reason::Cause(Cause::CancelledHere), "cancelled"),
        (Reason::Cause(Cause::NoAnswer), "unanswered"),
        (Reason::Cause(Cause::Unavailable), "unavailable"),
        (Reason::Cause(Cause::NotFound), "not_found"),
    ];
    named.iter().find(|(one, _)| one == reason).map_or("failed", |(_, name)| name)
}
