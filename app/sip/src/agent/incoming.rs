use super::core::Core;
use super::established::{Established, Unacknowledged};
use super::hold::Described;
use super::info::Informing;
use super::session::{Session, State};
use super::session_timer::{self, SessionTimer};
use super::{Answer, CallId, Cause, Direction, Event, MediaFailure, Phase, Question, cause, compose, description};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{CSeq, From, NameAddr, PAssertedIdentity};
use crate::message::{HeaderError, Headers, Request, Status};
use crate::transaction::Key;
use alloc::string::ToString;

/// A call that came in, until it is answered.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Incoming {
    pub(super) key: Key,
    pub(super) invite: Request,
    pub(super) dialog: Dialog,
    /// When nobody waits for the user, or for the answer, any more.
    pub(super) until: Instant,
    /// Whether the user accepted, and the answer is awaited.
    answering: bool,
}

impl Incoming {
    pub(super) const fn phase(&self) -> Phase {
        if self.answering { Phase::Answering } else { Phase::RingingHere }
    }

    /// Whether this INVITE came by another way before (RFC 3261 8.2.2.2).
    pub(super) fn is_merged(&self, request: &Request) -> bool {
        self.dialog.is_of_request_without_to(request)
            && request.headers.get::<CSeq>().ok() == self.invite.headers.get::<CSeq>().ok()
    }
}

impl Session {
    /// Rings.
    ///
    /// # Errors
    /// When the INVITE lacks what a dialog needs.
    pub(super) fn ring(core: &mut Core, id: CallId, key: Key, invite: &Request) -> Result<Self, HeaderError> {
        let local_tag = core.random.token();
        let dialog = Dialog::uas(invite, &local_tag)?;
        let remote = caller(&invite.headers)?;
        core.respond(&key, &compose::response(&core.config, invite, Status::RINGING, &local_tag));
        core.event(Event::Incoming(id));
        let call_id = dialog.call_id().to_string();
        let until = core.now + core.config.ringing;
        let incoming = Incoming { key, invite: invite.clone(), dialog, until, answering: false };
        let mut session = Self {
            id,
            direction: Direction::Incoming,
            remote,
            call_id,
            local_tag,
            over: false,
            informing: Informing::default(),
            state: State::Incoming(incoming),
        };
        session.learn_trickle(core, &invite.headers);
        Ok(session)
    }

    /// The user accepts: the answer is asked for.
    pub(super) fn accept(&mut self, core: &mut Core) {
        let State::Incoming(incoming) = &mut self.state else { return };
        incoming.answering = true;
        incoming.until = core.now + core.config.ringing;
        let offer = description::of_request(&incoming.invite);
        core.ask(Question::Answer { call: self.id, offer, hold: false });
        core.event(Event::Call(self.id));
    }

    /// The answer was made: 200 leaves.
    pub(super) fn answered(&mut self, core: &mut Core, answer: Answer) {
        let body = match answer {
            Answer::Description(body) => body,
            Answer::Media(failure) => return self.refuse(core, Cause::Media(failure)),
            Answer::Credentials(_) | Answer::NoCredentials => {
                return self.refuse(core, Cause::Media(MediaFailure::Unsupported));
            }
        };
        let State::Incoming(Incoming { key, invite, dialog, .. }) = &self.state else { return };
        let (invite, offer) = (invite.clone(), description::of_request(invite));
        let body = Described::default().answer(body, offer.as_ref(), false);
        let mut response = compose::response(&core.config, &invite, Status::OK, &self.local_tag);
        session_timer::answer(&core.config, &SessionTimer::Off, &invite, &mut response);
        compose::body(&mut response.headers, &mut response.body, body);
        core.respond_with(key, &mut response);
        let late = offer.is_none();
        let unacknowledged = Unacknowledged::new(&invite, &response, late, core.now);
        self.state = State::Established(Established::as_called(dialog.clone(), unacknowledged));
        self.begun(core, &invite, &response, offer.as_ref());
        core.event(Event::Call(self.id));
    }

    /// Refuses it, with the status that the cause asks for.
    pub(super) fn refuse(&mut self, core: &mut Core, cause: Cause) {
        let State::Incoming(Incoming { key, invite, .. }) = &self.state else { return };
        let config = &core.config;
        let tag = &self.local_tag;
        let response = match &cause {
            Cause::Media(failure) => compose::no_media(config, invite, tag, *failure),
            Cause::Unfit(unfit) => compose::unfit(config, invite, tag, unfit),
            // Not declined: other phones of this user go on ringing.
            Cause::NoAnswer | Cause::Network => compose::response(config, invite, Status::TEMPORARILY_UNAVAILABLE, tag),
            Cause::CancelledThere => compose::response(config, invite, Status::REQUEST_TERMINATED, tag),
            Cause::DeclinedHere
            | Cause::AnsweredElsewhere
            | Cause::HungUpHere
            | Cause::HungUpThere
            | Cause::CancelledHere
            | Cause::DeclinedThere
            | Cause::Busy
            | Cause::NotFound
            | Cause::Unavailable
            | Cause::NotAcceptable(_)
            | Cause::Forbidden
            | Cause::Status(_) => compose::response(config, invite, Status::DECLINE, tag),
        };
        core.respond(key, &response);
        self.gone(core, cause);
    }

    /// CANCEL came for this INVITE (RFC 3261 9.2). After the answer it has no effect.
    pub(super) fn cancelled(&mut self, core: &mut Core, key: &Key, cancel: &Request) {
        let State::Incoming(Incoming { key: own, invite, .. }) = &self.state else { return };
        if own == key {
            core.respond(key, &compose::response(&core.config, invite, Status::REQUEST_TERMINATED, &self.local_tag));
            self.gone(core, cause::of_cancel(&cancel.headers));
        }
    }

    pub(super) fn incoming_timeout(&mut self, core: &mut Core) {
        self.refuse(core, Cause::NoAnswer);
    }
}

/// Who calls: whom the network vouches for (RFC 3325), or who they say they are.
pub(super) fn caller(headers: &Headers) -> Result<NameAddr, HeaderError> {
    let From(mut from) = headers.get::<From>()?;
    from.params.remove("tag");
    let Ok(Some(PAssertedIdentity(mut asserted))) = headers.find::<PAssertedIdentity>() else {
        return Ok(from);
    };
    // Whoever says another number may say another name too: it is shown beside its own number only.
    if asserted.display.is_none() && asserted.uri.equivalent(&from.uri) {
        asserted.display = from.display;
    }
    Ok(asserted)
}
