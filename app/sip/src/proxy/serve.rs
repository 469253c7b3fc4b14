//! Requests that a service of the exchange answers, and messages that it keeps.
//!
//! What becomes of a request that is not for a phone alone:
//!
//! | Row | Stage | On | Does | Next |
//! | --- | --- | --- | --- | --- |
//! | SV1 | Locating | there is such a user, and its package is served | asks the service | Serving |
//! | SV2 | – | it is for the domain, or within a dialog of a service, and its package is served | asks the service | Serving |
//! | SV3 | Serving | the service answered | responds so | Settled |
//! | SV4 | Locating | a MESSAGE, and no phone can be reached | asks to keep it | Keeping |
//! | SV5 | Forked | a MESSAGE, and no phone took it | asks to keep it | Keeping |
//! | SV6 | Forked | a MESSAGE, and phones say nothing for [`PATIENCE`] | forgets them; asks to keep it | Keeping |
//! | SV7 | Keeping | it is kept | 202 | Settled |
//! | SV8 | Keeping | it is not | 480 and Retry-After, or 503 | Settled |
//! | SV9 | Serving, Keeping | its sender does not come back in time | the answer is not waited for | Settled |
//! | SV10 | Locating | an INVITE, and the number is a service's own | asks the service | Serving |
//! | SV11 | Locating | another request, and the number is a service's own | 200 to OPTIONS, else 405 | Settled |
//! | SV12 | Locating | a MESSAGE, and earlier ones for its user wait | asks to keep it | Keeping |
//!
//! No phone took a message when none can be reached, or each failed with 408, 430, 480 or 5xx, or went away. Any other
//! answer of a phone is one that the sender gets.

use super::api::{Answer, Question, Refusal};
use super::context::{Context, Keep, Stage};
use super::{Output, Proxy, QuestionId, forward};
use crate::header::{Allow, Event, RetryAfter, To};
use crate::message::{Method, Request, Response, Status};
use crate::registrar::Place;
use crate::time::Instant;
use crate::uri::Host;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// How long phones may take with a message, so that its sender, who waits for 32 s, hears that it is kept.
const PATIENCE: Duration = Duration::from_secs(28);
/// When to try again to leave a message that there was no room for, in seconds.
const RETRY_AFTER: u32 = 60;

impl Proxy {
    /// Whether a service answers the request: of a user, of the domain, or within a dialog that it made.
    pub(super) fn is_served(&self, request: &Request) -> bool {
        let served = |event: &Event| self.config.serves.iter().any(|package| package == event.package());
        match request.method {
            Method::Subscribe | Method::Publish => request.headers.get::<Event>().is_ok_and(|event| served(&event)),
            Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Register
            | Method::Options
            | Method::Info
            | Method::Update
            | Method::Prack
            | Method::Notify
            | Method::Refer
            | Method::Message
            | Method::Other(_) => false,
        }
    }

    /// Whether the request is within a dialog that a service made: it names one, and is for somebody of our domain.
    pub(super) fn is_of_service(&self, request: &Request, came_by: Option<&Host>) -> bool {
        request.method == Method::Subscribe
            && self.is_served(request)
            && match self.config.domain.place(&request.uri, came_by) {
                Place::User(_) | Place::Domain => true,
                Place::Foreign | Place::Unsupported => false,
            }
    }

    /// SV10, SV11: a service's own number was dialled.
    pub(super) fn dialled(&mut self, context: &mut Context, now: Instant) {
        match context.request.method {
            Method::Invite => self.serve(context),
            Method::Options => self.reply(context, Status::OK, now),
            Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Register
            | Method::Info
            | Method::Update
            | Method::Prack
            | Method::Subscribe
            | Method::Notify
            | Method::Publish
            | Method::Refer
            | Method::Message
            | Method::Other(_) => {
                let mut response = Response::to_request(&context.request, Status::METHOD_NOT_ALLOWED);
                response.headers.set(&Allow(Vec::from([Method::Invite, Method::Options])));
                self.respond(context, response, now);
            }
        }
    }

    /// SV1, SV2: asks the service.
    pub(super) fn serve(&mut self, context: &mut Context) {
        let question = QuestionId(self.next());
        context.stage = Stage::Serving { question };
        self.ask(context);
    }

    /// Notes a message outside of dialogs that is for this user, and is kept when no phone takes it.
    pub(super) fn will_keep(&self, context: &mut Context, user: &str, now: Instant) {
        let within = To::tag_of(&context.request.headers).is_some();
        if context.request.method == Method::Message && !within {
            context.keep = Some(Keep { to: String::from(user), until: now + PATIENCE });
        }
    }

    /// SV4, SV5: asks to keep a message that no phone took; whether that is so.
    pub(super) fn keep(&mut self, context: &mut Context) -> bool {
        let missed = match &context.stage {
            Stage::Forked { responses, .. } => responses.is_missed(),
            Stage::Locating { .. } | Stage::Settled => true,
            Stage::Admitting { .. } | Stage::Serving { .. } | Stage::Keeping { .. } => false,
        };
        let Some(Keep { to, .. }) = context.keep.take_if(|_| missed) else {
            return false;
        };
        let question = QuestionId(self.next());
        context.stage = Stage::Keeping { question, to };
        self.ask(context);
        true
    }

    /// SV12: asks to keep a message for a user for whom earlier ones wait; whether that is so.
    pub(super) fn keep_behind(&mut self, context: &mut Context) -> bool {
        context.keep.as_ref().is_some_and(|keep| self.state.held.contains(&keep.to)) && self.keep(context)
    }

    /// SV6: phones took too long with a message.
    pub(super) fn keep_overdue(&mut self, context: &mut Context, now: Instant) {
        if context.keep.as_ref().is_some_and(|keep| keep.until <= now) {
            self.drop_all(context, Status::REQUEST_TIMEOUT, now);
            // Another answer is on its way, and its sender waits for nothing else.
            context.keep = None;
        }
    }

    /// SV3, SV7, SV8: what the service said.
    pub(super) fn service_answered(&mut self, context: &mut Context, answer: Result<Response, Refusal>, now: Instant) {
        let response = match answer {
            Ok(mut response) => {
                forward::name_as_before(&mut response.headers, &context.request);
                response
            }
            Err(Refusal::Full) => {
                let mut response = Response::to_request(&context.request, Status::TEMPORARILY_UNAVAILABLE);
                response.headers.set(&RetryAfter::new(RETRY_AFTER));
                response
            }
            Err(Refusal::Unavailable) => Response::to_request(&context.request, Status::SERVICE_UNAVAILABLE),
        };
        if !response.status.is_provisional() {
            context.stage = Stage::Settled;
        }
        self.respond(context, response, now);
    }

    fn ask(&mut self, context: &Context) {
        if let Some(Output::Ask(id, question)) = self.open_question(context) {
            self.outputs.push_back(Output::Ask(id, question));
        }
    }

    /// The question that is open to a service.
    pub(super) fn service_question(&self, context: &Context) -> Option<(QuestionId, Question)> {
        let (party, sender) = context.caller.clone()?;
        let request = || forward::request(&context.request, context.request.uri.clone(), &party, &self.config.domain);
        match &context.stage {
            Stage::Serving { question } => {
                let (request, device) = (request(), sender.device);
                Some((*question, Question::Serve { caller: party, device, request }))
            }
            Stage::Keeping { question, to } => {
                let (request, to) = (request(), to.clone());
                Some((*question, Question::Keep { to, from: party, request }))
            }
            Stage::Admitting { .. } | Stage::Locating { .. } | Stage::Forked { .. } | Stage::Settled => None,
        }
    }
}

/// What an answer is to a service's question; `None` for another question's.
pub(super) fn of_service(answer: Answer, request: &Request) -> Option<Result<Response, Refusal>> {
    match answer {
        Answer::Served(response) => Some(Ok(response)),
        Answer::Kept(kept) => Some(kept.map(|()| Response::to_request(request, Status::ACCEPTED))),
        Answer::Credentials(_) | Answer::Route(_) => None,
    }
}
