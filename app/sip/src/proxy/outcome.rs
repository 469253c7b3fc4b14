//! What became of a call that was to begin: for who called, and for everybody whom it was for.

use super::branch::{Branch, State, Why};
use super::context::{Context, Stage};
use super::plan::Person;
use super::{Admission, Event, Output, Proxy, forward};
use crate::header::{CallId, From, To};
use crate::message::{HeaderName, Method, Status};
use crate::registrar::Party;
use crate::time::Instant;
use crate::uri::SipUri;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// What became of an INVITE that was to begin a call, told when its caller gets the first final response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallOutcome {
    /// The Call-ID.
    pub call_id: String,
    /// Who called.
    pub caller: Party,
    /// The tag of who called.
    pub caller_tag: String,
    /// Whether the caller wants nobody to know who calls (RFC 3323).
    pub hidden: bool,
    /// Whether the caller was known by a digest, not by a connection that is theirs.
    pub signed: bool,
    /// The user part that was dialled.
    pub dialled: String,
    /// How long it took.
    pub took: Duration,
    /// What the caller is answered.
    pub status: Status,
    /// Everybody whom it was for, each once: persons, no groups.
    pub called: Vec<Called>,
}

/// A person whom a call was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Who.
    pub party: Party,
    /// How it ended for them.
    pub how: How,
}

/// How a call ended for a person whom it was for, or that it went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// A phone of theirs answered.
    Answered,
    /// Somebody else did: this user.
    AnsweredBy(String),
    /// It went on to this number, by their rules or by what a phone of theirs said.
    SentOn(String),
    /// They are not to be disturbed.
    DoNotDisturb,
    /// They refused.
    Declined,
    /// They are busy.
    Busy,
    /// It rang, and nobody came.
    Unanswered,
    /// The caller gave up.
    Cancelled,
    /// No phone of theirs could be reached.
    Unreachable,
    /// Their phone could not take it.
    Failed(Status),
}

impl Proxy {
    /// Tells what became of a call, whose caller is answered with this status, for the first time.
    pub(super) fn tell_outcome(&mut self, context: &Context, status: Status, now: Instant) {
        let Stage::Forked { responses, .. } = &context.stage else { return };
        let (request, headers) = (&context.request, &context.request.headers);
        // What takes the place of a call, or joins one, begins none.
        let goes_on = headers.contains(HeaderName::Replaces) || headers.contains(HeaderName::Join);
        if request.method != Method::Invite || goes_on || To::tag_of(headers).is_some() {
            return;
        }
        let called = responses.called();
        let (Some((caller, _)), Some(call_id), Some(tag)) =
            (&context.caller, CallId::of(headers), From::tag_of(headers))
        else {
            return;
        };
        if called.is_empty() {
            return;
        }
        let admission = context.flow.and_then(|flow| self.state.flows.get(&flow)).map(|known| &known.arrival.admission);
        let outcome = CallOutcome {
            call_id: call_id.to_string(),
            caller: caller.clone(),
            caller_tag: tag.to_string(),
            hidden: forward::hides(headers),
            signed: !matches!(admission, Some(Admission::Account(_))),
            dialled: request.uri.as_sip().and_then(SipUri::user_unescaped).unwrap_or_default(),
            took: context.begun.map(|begun| now.since(begun)).unwrap_or_default(),
            status,
            called,
        };
        self.outputs.push_back(Output::Event(Event::Call(outcome)));
    }
}

/// How a call ended for everybody whom it was for. `ending`: why all of it was given up, if it was.
pub(super) fn called<'a>(
    people: impl Iterator<Item = Person<'a>>,
    branches: &[Branch],
    ending: Option<Why>,
) -> Vec<Called> {
    let people: Vec<Person<'a>> = people.collect();
    let answered = branches.iter().find(|branch| branch.state == State::Answered).map(|branch| branch.target);
    let by = people.iter().find(|person| Some(person.target) == answered).map(|person| person.party.user.as_str());
    let mut all: Vec<Called> = Vec::new();
    for person in &people {
        let how = how(person, branches, by, ending);
        // Two numbers may be one person's: what was answered by either counts.
        match all.iter_mut().find(|known| known.party.user == person.party.user) {
            Some(known) if how == How::Answered => known.how = how,
            Some(_) => {}
            None => all.push(Called { party: person.party.clone(), how }),
        }
    }
    all
}

fn how(person: &Person<'_>, branches: &[Branch], by: Option<&str>, ending: Option<Why>) -> How {
    let own = || branches.iter().filter(|branch| branch.target == person.target);
    let refused = |which: fn(Status) -> bool| own().filter_map(status).find(|status| which(*status));
    if own().any(|branch| branch.state == State::Answered) {
        How::Answered
    } else if let Some(to) = person.sent_on {
        How::SentOn(to.to_string())
    } else if person.quiet {
        How::DoNotDisturb
    } else if refused(|status| matches!(status.code(), 600 | 603 | 607)).is_some() {
        How::Declined
    } else if refused(|status| status == Status::BUSY_HERE).is_some() {
        How::Busy
    } else if let Some(by) = by {
        How::AnsweredBy(by.to_string())
    } else if ending == Some(Why::Caller) {
        How::Cancelled
    } else if let Some(status) = refused(|status| !matches!(status.code(), 408 | 430 | 480 | 487 | 500..)) {
        How::Failed(status)
    } else if own().any(|branch| branch.rang) {
        How::Unanswered
    } else {
        How::Unreachable
    }
}

/// What a phone ended it with.
fn status(branch: &Branch) -> Option<Status> {
    branch.outcome()?.status()
}
