use super::super::core::Core;
use super::super::session::State;
use super::super::transactions::Outcome;
use super::super::{Agent, Body, CallId, Cause, Event, VerbError, compose};
#[cfg(feature = "events")]
use super::{Capabilities, InquiryOutcome};
use super::{Failure, MAX_BODY, MessageOutcome, Subject, send};
use crate::header::{Accept, ContentType};
#[cfg(feature = "events")]
use crate::header::{Allow, AllowEvents, Supported};
#[cfg(feature = "events")]
use crate::message::Headers;
use crate::message::{Method, Request, Response, Status};
use crate::uri::Uri;
use alloc::string::String;
#[cfg(feature = "events")]
use alloc::string::ToString;
#[cfg(feature = "events")]
use alloc::vec::Vec;

/// How many may be under way.
const MAX_ERRANDS: usize = 64;
/// How many entries of each list of an answer are kept.
#[cfg(feature = "events")]
const MAX_LISTED: usize = 64;

/// A request that makes no dialog, MESSAGE or OPTIONS: its transaction is all the state it has.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | E1 | – | verb | sends it, at once or when the transport is there | Under way |
/// | E2 | Under way | challenge that somebody signs | sends it signed | Under way |
/// | E3 | Under way | the transport is a new one | the same request again | Under way |
/// | E4 | Under way | 2xx | tells it | – |
/// | E5 | Under way | refusal | tells it | – |
/// | E6 | Under way | nothing in 32 s | tells it | – |
/// | E7 | Under way, in a call | 481; OPTIONS: nothing in 32 s, 408, too | tells it, ends the call (RFC 3261 12.2.1.2) | – |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Errand {
    subject: Subject,
    /// The call that it is a part of.
    call: Option<CallId>,
    call_id: String,
}

impl Errand {
    /// These two calls changed their names.
    pub(super) fn swap(&mut self, one: CallId, other: CallId) {
        if self.call == Some(one) {
            self.call = Some(other);
        } else if self.call == Some(other) {
            self.call = Some(one);
        }
    }

    /// Whether it is the message with this Call-ID.
    pub(super) fn is_message(&self, call_id: &str) -> bool {
        matches!(self.subject, Subject::Message(_)) && self.call_id == call_id
    }

    /// Nothing will come of it any more.
    pub(super) fn lost(self, core: &mut Core) {
        if let Some(event) = self.subject.event(self.call_id, None) {
            core.event(event);
        }
    }
}

impl Agent {
    /// Sends a request beside calls.
    pub(super) fn run_errand(
        &mut self,
        subject: Subject,
        target: Uri,
        call_id: Option<&str>,
        body: Option<Body>,
    ) -> Result<(), VerbError> {
        let fresh = self.core.random.token();
        let call_id = call_id.unwrap_or(&fresh);
        let tag = self.core.random.token();
        let request = compose::outside(&self.core.config, subject.method(), target, call_id, &tag, 1);
        self.send_errand(subject, None, request, body)
    }

    /// Sends a request in a call.
    pub(super) fn run_errand_in(
        &mut self,
        subject: Subject,
        call: CallId,
        body: Option<Body>,
    ) -> Result<(), VerbError> {
        let session = self.session(call).filter(|session| !session.over).ok_or(VerbError::NoCall)?;
        let State::Established(established) = &mut session.state else { return Err(VerbError::WrongPhase) };
        let request = established.dialog.request(subject.method());
        self.send_errand(subject, Some(call), request, body)
    }

    /// Whether one more may be sent.
    pub(super) fn check_errand(&self, body: Option<&Body>) -> Result<(), VerbError> {
        if self.events.errands.len() >= MAX_ERRANDS {
            return Err(VerbError::TooMany);
        }
        match body {
            Some(body) => check(body),
            None => Ok(()),
        }
    }

    fn send_errand(
        &mut self,
        subject: Subject,
        call: Option<CallId>,
        mut request: Request,
        body: Option<Body>,
    ) -> Result<(), VerbError> {
        match body {
            Some(body) => compose::body(&mut request.headers, &mut request.body, body),
            None => request.headers.push(&Accept::SDP),
        }
        let call_id = super::call_id_of(&request);
        if !send(&mut self.core, request, subject) {
            return Err(VerbError::Malformed);
        }
        self.events.errands.push(Errand { subject, call, call_id });
        Ok(())
    }

    /// Whether it is worth being signed: what belonged to a call that is over is not.
    pub(super) fn is_errand_wanted(&self, subject: Subject) -> bool {
        let errand = self.events.errands.iter().find(|errand| errand.subject == subject);
        let is_up = |call| self.sessions.iter().any(|session| session.id == call && !session.over);
        errand.is_some_and(|errand| errand.call.is_none_or(is_up))
    }

    /// The number that it is sent again with; `None` if its call is over: the call's last number is taken by BYE.
    pub(super) fn next_errand_seq(&mut self, subject: Subject, following: u32) -> Option<u32> {
        let Some(call) = self.events.errands.iter().find(|errand| errand.subject == subject)?.call else {
            return Some(following);
        };
        let dialog = self.session(call).filter(|session| !session.over)?.dialog_mut()?;
        dialog.skip(1);
        Some(dialog.local_seq())
    }

    /// Something final came of it.
    pub(super) fn errand_done(&mut self, subject: Subject, outcome: &Outcome) {
        let Some(at) = self.events.errands.iter().position(|errand| errand.subject == subject) else { return };
        let Errand { call, call_id, .. } = self.events.errands.remove(at);
        let response = outcome.response.as_ref();
        let failure = Failure::of(response);
        if let Some(event) = subject.event(call_id, response) {
            self.core.event(event);
        }
        let gone = match failure {
            Failure::Over => true,
            Failure::NoResponse => subject.is_inquiry(),
            Failure::Forbidden
            | Failure::NotFound
            | Failure::Unavailable
            | Failure::Declined
            | Failure::Unsupported
            | Failure::TooLarge
            | Failure::Status(_) => false,
        };
        if let Some(call) = call.filter(|_| gone) {
            self.with(call, |session, core| {
                if !session.over {
                    session.leave(core, Cause::Network);
                }
            });
        }
    }
}

impl Subject {
    /// The method that it takes.
    const fn method(self) -> Method {
        match self {
            Self::Message(_) => Method::Message,
            #[cfg(feature = "events")]
            Self::Inquiry(_) => Method::Options,
            #[cfg(feature = "events")]
            Self::Subscription(_) => Method::Subscribe,
            #[cfg(feature = "events")]
            Self::Publication(_) => Method::Publish,
            #[cfg(feature = "events")]
            Self::Notice(_) => Method::Notify,
        }
    }

    /// Whether it is to learn what somebody can do.
    const fn is_inquiry(self) -> bool {
        match self {
            Self::Message(_) => false,
            #[cfg(feature = "events")]
            Self::Inquiry(_) => true,
            #[cfg(feature = "events")]
            Self::Subscription(_) | Self::Publication(_) | Self::Notice(_) => false,
        }
    }

    /// What the user is told, if this final response, or none, is all that there is to it.
    fn event(self, call_id: String, response: Option<&Response>) -> Option<Event> {
        let failure = Failure::of(response);
        let success = response.filter(|response| response.status.is_success());
        match self {
            Self::Message(id) => {
                let outcome = match success {
                    Some(response) => MessageOutcome::Delivered(response.status),
                    None => MessageOutcome::Failed(failure),
                };
                Some(Event::MessageSent { id, call_id, outcome })
            }
            #[cfg(feature = "events")]
            Self::Inquiry(id) => {
                let outcome = match success {
                    Some(response) => InquiryOutcome::Answered(Capabilities::of(&response.headers)),
                    None => InquiryOutcome::Failed(failure),
                };
                Some(Event::Answered { id, outcome })
            }
            // These have a state of their own.
            #[cfg(feature = "events")]
            Self::Subscription(_) | Self::Publication(_) | Self::Notice(_) => None,
        }
    }
}

#[cfg(feature = "events")]
impl Capabilities {
    fn of(headers: &Headers) -> Self {
        fn first<T>(all: impl Iterator<Item = T>) -> Vec<T> {
            all.take(MAX_LISTED).collect()
        }
        let allow = headers.all::<Allow>().unwrap_or_default();
        let supported = headers.all::<Supported>().unwrap_or_default();
        let accept = headers.all::<Accept>().unwrap_or_default();
        let events = headers.all::<AllowEvents>().unwrap_or_default();
        Self {
            allow: first(allow.into_iter().flat_map(|list| list.0)),
            supported: first(supported.into_iter().flat_map(|list| list.0)),
            accept: first(accept.into_iter().map(|range| range.0.to_string())),
            events: first(events.into_iter().flat_map(|list| list.0)),
        }
    }
}

/// Whether there are no more than an agent leaves.
pub(super) fn is_bounded(errands: &[Errand]) -> bool {
    errands.len() <= MAX_ERRANDS
}

/// Whether a body can be sent.
pub(super) fn check(body: &Body) -> Result<(), VerbError> {
    if body.bytes.len() > MAX_BODY {
        return Err(VerbError::TooLarge);
    }
    body.content_type.parse::<ContentType>().map(|_| ()).map_err(|_| VerbError::Malformed)
}

/// Whether a final status refuses, and is none that asks for something else.
pub(super) fn is_refusal(status: Status) -> bool {
    status.is_final() && !status.is_success()
}
