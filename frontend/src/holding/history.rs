//! What the server is told of calls that are over.

use super::Holding;
use crate::clock;
use app::history::Report;
use line::reports;
use sip::agent::{Call, Cause};

impl Holding {
    /// The calls that the server is not known to have.
    pub(crate) fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter()
    }

    /// The server has the call with this tag of ours.
    pub(crate) fn recorded(&mut self, local_tag: &str) {
        self.touched |= self.reports.recorded(local_tag);
    }

    /// A call is over; what is known of it is still here.
    pub(super) fn ended(&mut self, last: &Call, cause: &Cause) {
        let facts = self.calls.facts_of(last.id);
        match reports::successor(last, cause, self.agent.calls()) {
            Some(next) => self.calls.carry(next, facts),
            None => self.reports.push(reports::report(last, cause.clone(), &facts, &self.domain, clock::wall())),
        }
    }

    /// What a holding before this one knows of calls that are over, and whoever acted meanwhile may not.
    pub(super) fn take_reports(&mut self, before: &Self) {
        for report in before.reports() {
            if !self.agent.calls().any(|call| call.local_tag == report.local_tag) {
                self.reports.push(report.clone());
            }
        }
    }
}
