use super::super::core::Core;
use super::super::identity::caller;
use super::super::{Agent, Body, CallId, Event, VerbError};
use super::{BUSY, MAX_BODY, MessageId, PATIENCE, Subject, body_of, call_id_of, is_plain, respond, response};
use crate::Instant;
use crate::header::{self, AcceptEncoding, CSeq, From, NameAddr, RetryAfter};
use crate::message::{HeaderName, Headers, Request, Response, Status, Token};
use crate::transaction::{Key, T1_X64};
use crate::uri::Uri;
use alloc::string::String;
use alloc::vec::Vec;

/// How many messages may wait for the user, or be remembered as answered.
const MAX_RECEIVED: usize = 32;

/// A message that came (RFC 3428 7).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | R1 | – | MESSAGE | tells it | Open |
/// | R2 | – | MESSAGE that cannot be taken: too large, coded, too many, none wanted | 413, 415, 480, 405 | – |
/// | R3 | Open | the same by another way (RFC 3261 8.2.2.2) | 482 | Open |
/// | R4 | Open | accepted | 200 | Answered |
/// | R5 | Open | rejected | that status | Answered |
/// | R6 | Open | nothing for 30 s | 480: 408 is not for this (RFC 4320 4.1) | – |
/// | R7 | Answered | the same again, as the response got lost with its connection, or by another way | the same response | Answered |
/// | R8 | Answered | 32 s | – | – |
/// | R9 | Open | restored | tells it again | Open |
/// | R10 | Answered | the transport is a new one | the same response, as it may have got lost | Answered |
/// | R11 | Open | the agent stops | 480 | – |
/// | R12 | Answered | the agent stops | – | Answered: it may start again before the sender gave up |
///
/// What R6 and R11 refused is remembered by its transaction alone (RFC 3261 17.2.2), also when the agent stops: it is told
/// again only to who sends it again.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Received {
    id: MessageId,
    key: Key,
    state: State,
    until: Instant,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there are few")]
enum State {
    Open { request: Request, call: Option<CallId>, from: NameAddr },
    Answered(Response),
}

impl Received {
    pub(super) const fn deadline(&self) -> Instant {
        self.until
    }

    /// Does what is due; says whether it is to be kept.
    pub(super) fn timeout(&mut self, core: &mut Core) -> bool {
        if self.until > core.now {
            return true;
        }
        self.give_up(core);
        false
    }

    /// Nobody decides about it any more; says whether that was done before.
    pub(super) fn give_up(&self, core: &mut Core) -> bool {
        match &self.state {
            State::Open { request, .. } => respond(core, &self.key, request, Status::TEMPORARILY_UNAVAILABLE),
            State::Answered(_) => return true,
        }
        false
    }

    /// Tells the user, if it is open.
    pub(super) fn tell(&self, core: &mut Core) {
        if let State::Open { request, call, from } = &self.state {
            let body = body_of(request, "text/plain");
            let body = body.unwrap_or(Body { content_type: "text/plain".into(), bytes: Vec::new() });
            let (id, call, from, call_id) = (self.id, *call, from.clone(), call_id_of(request));
            core.event(Event::Message { id, call, from, body, call_id });
        }
    }

    /// The transport is a new one.
    pub(super) fn resend(&self, core: &mut Core) {
        if let State::Answered(response) = &self.state {
            core.transmit(response.to_bytes());
        }
    }

    fn is_merged(&self, other: &Request) -> bool {
        let headers = match &self.state {
            State::Open { request, .. } => &request.headers,
            State::Answered(response) => &response.headers,
        };
        let tag = |headers: &Headers| headers.get::<From>().ok().and_then(|from| from.tag().map(String::from));
        headers.get::<header::CallId>() == other.headers.get::<header::CallId>()
            && headers.get::<CSeq>() == other.headers.get::<CSeq>()
            && tag(headers) == tag(&other.headers)
    }
}

/// Whether there are no more than an agent leaves.
pub(super) fn is_bounded(received: &[Received]) -> bool {
    let fits = |received: &Received| match &received.state {
        State::Open { request, .. } => request.body.len() <= MAX_BODY,
        State::Answered(response) => response.body.len() <= MAX_BODY,
    };
    received.len() <= MAX_RECEIVED && received.iter().all(fits)
}

impl Agent {
    /// Sends a message (RFC 3428): what becomes of it is [`Event::MessageSent`]. Of several messages to one reader,
    /// the next one is to be sent when the one before is done, if their order matters (RFC 3428 8).
    ///
    /// # Errors
    /// The body is too large or its type malformed, or as many requests are under way as are allowed.
    pub fn message(&mut self, target: Uri, body: Body, now: Instant) -> Result<MessageId, VerbError> {
        self.send_message(target, None, body, now)
    }

    /// As [`Agent::message`], with this Call-ID: a message that is sent again keeps it, so that its reader knows
    /// that it is the same one.
    ///
    /// # Errors
    /// As [`Agent::message`]; or it is no Call-ID.
    pub fn message_as(&mut self, call_id: &str, target: Uri, body: Body, now: Instant) -> Result<MessageId, VerbError> {
        if call_id.parse::<crate::header::CallId>().is_err() {
            return Err(VerbError::Malformed);
        }
        self.send_message(target, Some(call_id), body, now)
    }

    /// Whether the message with this Call-ID is under way: nothing came of it yet.
    #[must_use]
    pub fn sends_message(&self, call_id: &str) -> bool {
        self.events.errands.iter().any(|errand| errand.is_message(call_id))
    }

    /// Sends a message in an established call.
    ///
    /// # Errors
    /// There is no such call, it is not established, the body is too large or its type malformed, or as many
    /// requests are under way as are allowed.
    pub fn message_in(&mut self, call: CallId, body: Body, now: Instant) -> Result<MessageId, VerbError> {
        self.check_errand(Some(&body))?;
        self.enter(now);
        let id = MessageId(self.events.name());
        let result = self.run_errand_in(Subject::Message(id), call, Some(body));
        self.settle();
        result.map(|()| id)
    }

    /// Accepts a message: it is kept now, and its sender may forget it.
    ///
    /// # Errors
    /// There is no such message; it may have been too late.
    pub fn accept_message(&mut self, id: MessageId, now: Instant) -> Result<(), VerbError> {
        self.answer_message(id, Status::OK, now)
    }

    /// Refuses a message.
    ///
    /// # Errors
    /// There is no such message, or the status is none that refuses (300 to 699).
    pub fn reject_message(&mut self, id: MessageId, status: Status, now: Instant) -> Result<(), VerbError> {
        if !super::errand::is_refusal(status) {
            return Err(VerbError::Malformed);
        }
        self.answer_message(id, status, now)
    }

    fn send_message(
        &mut self,
        target: Uri,
        call_id: Option<&str>,
        body: Body,
        now: Instant,
    ) -> Result<MessageId, VerbError> {
        self.check_errand(Some(&body))?;
        self.enter(now);
        let id = MessageId(self.events.name());
        let result = self.run_errand(Subject::Message(id), target, call_id, Some(body));
        self.settle();
        result.map(|()| id)
    }

    fn answer_message(&mut self, id: MessageId, status: Status, now: Instant) -> Result<(), VerbError> {
        self.enter(now);
        let open = |received: &&mut Received| received.id == id && matches!(received.state, State::Open { .. });
        let received = self.events.received.iter_mut().find(open).ok_or(VerbError::Unknown)?;
        let State::Open { request, .. } = &received.state else { return Err(VerbError::Unknown) };
        let mut response = response(&mut self.core, request, status);
        if status == Status::UNSUPPORTED_MEDIA_TYPE {
            // What everybody reads (RFC 3428 7); that of calls is none for a message.
            response.headers.remove(HeaderName::Accept);
            let _ = response.headers.push_raw("Accept", "text/plain");
        }
        self.core.respond_with(&received.key, &mut response);
        received.state = State::Answered(response);
        received.until = self.core.now + T1_X64;
        self.settle();
        Ok(())
    }

    /// MESSAGE came.
    pub(in super::super) fn message_came(&mut self, key: &Key, request: &Request, call: Option<CallId>) {
        let received = &self.events.received;
        if let Some(same) = received.iter().find(|received| received.key == *key) {
            return match &same.state {
                State::Answered(response) => self.core.respond(key, response),
                State::Open { .. } => respond(&mut self.core, key, request, Status::LOOP_DETECTED),
            };
        }
        if let Some(same) = received.iter().find(|received| received.is_merged(request)) {
            let status = match &same.state {
                State::Answered(response) => response.status,
                State::Open { .. } => Status::LOOP_DETECTED,
            };
            return respond(&mut self.core, key, request, status);
        }
        let from = match caller(&self.core.config, &request.headers) {
            Ok((from, _)) => from,
            Err(error) => return respond(&mut self.core, key, request, error.status()),
        };
        if request.body.len() > MAX_BODY {
            return respond(&mut self.core, key, request, Status::REQUEST_ENTITY_TOO_LARGE);
        }
        if !is_plain(request) {
            let mut response = response(&mut self.core, request, Status::UNSUPPORTED_MEDIA_TYPE);
            response.headers.remove(HeaderName::Accept);
            response.headers.push(&AcceptEncoding::new(const { Token::literal("identity") }));
            return self.core.respond(key, &response);
        }
        if !self.make_room_for_message() {
            let mut response = response(&mut self.core, request, Status::TEMPORARILY_UNAVAILABLE);
            response.headers.push(&RetryAfter::new(BUSY));
            return self.core.respond(key, &response);
        }
        let state = State::Open { request: request.clone(), call, from };
        let id = MessageId(self.events.name());
        let received = Received { id, key: key.clone(), state, until: self.core.now + PATIENCE };
        received.tell(&mut self.core);
        self.events.received.push(received);
    }

    /// Forgets the oldest answered message if there are too many; says whether there is room.
    fn make_room_for_message(&mut self) -> bool {
        let received = &mut self.events.received;
        if received.len() < MAX_RECEIVED {
            return true;
        }
        let answered = received.iter().position(|received| matches!(received.state, State::Answered(_)));
        answered.map(|at| received.remove(at)).is_some()
    }
}
