use super::core::Core;
use super::established::{Established, Unacknowledged};
use super::hold::Described;
use super::info::Informing;
use super::refer::Refer;
use super::reliable::Provisional;
use super::session::{Session, State};
use super::session_timer::{self, SessionTimer};
use super::{
    Answer, Branch, CallId, Cause, Direction, Event, Phase, Question, auto_answer, cause, compose, description,
    identity,
};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{CSeq, Contact, Diversion, NameAddr};
use crate::message::{HeaderError, Request, Status};
use crate::sdp::SessionDescription;
use crate::transaction::Key;
use crate::uri::Uri;
use alloc::string::ToString;

/// A call that came in, until it is answered.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | N1 | – | INVITE | 180, as [`Provisional`] says | Ringing |
/// | N2 | – | INVITE that must be answered by itself, and will not be | 403 (RFC 5373 4.1.2) | – |
/// | N17 | – | INVITE that must be, and the user decides ([`super::Config::decides_auto_answer`]) | 100 | Ringing |
/// | N18 | Ringing, of N17 | the user will not have it | 403, Ended | – |
/// | N3 | Ringing | answer | asks for the answer | Answering |
/// | N4 | Ringing | the time to be answered by itself | asks for the answer | Answering |
/// | N5 | Ringing, Answering | decline, hang up | 603, Ended | – |
/// | N16 | Ringing, Answering | divert | 302 with Contact, and Diversion (RFC 5806), Ended | – |
/// | N6 | Ringing, Answering | its time is over | 480, Ended | – |
/// | N7 | Ringing, Answering | CANCEL | 200, 487, Ended | – |
/// | N8 | Ringing, Answering | BYE | 200, 487, Ended | – |
/// | N9 | Ringing, Answering | UPDATE without description | 200, takes the new target | same |
/// | N10 | Ringing, Answering | UPDATE with description | 500 with Retry-After | same |
/// | N11 | Ringing, Answering | INVITE in the dialog | 500 with Retry-After | same |
/// | N12 | Answering | description | 200 with it: the answer, or the offer if the INVITE had none | Established |
/// | N13 | Answering | none can be made | 488, Ended | – |
/// | N14 | Ringing, Answering | transport is a new one | the last response | same |
/// | N15 | Established | CANCEL | 200, nothing else | Established |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Incoming {
    pub(super) key: Key,
    pub(super) invite: Request,
    pub(super) dialog: Dialog,
    /// When nobody waits for the user, or for the answer, any more.
    pub(super) until: Instant,
    /// When it is answered by itself.
    #[cfg_attr(feature = "serde", serde(default))]
    answers: Option<Instant>,
    /// Whether the user accepted, and the answer is awaited.
    answering: bool,
}

impl Incoming {
    pub(super) const fn phase(&self) -> Phase {
        if self.answering { Phase::Answering } else { Phase::RingingHere }
    }

    /// When [`Session::incoming_timeout`] is due.
    pub(super) fn deadline(&self) -> Instant {
        self.answers.map_or(self.until, |answers| answers.min(self.until))
    }

    /// Whether this INVITE came by another way before (RFC 3261 8.2.2.2).
    pub(super) fn is_merged(&self, request: &Request) -> bool {
        self.dialog.is_of_request_without_to(request)
            && request.headers.get::<CSeq>().ok() == self.invite.headers.get::<CSeq>().ok()
    }
}

impl Session {
    /// Rings, unless it takes the place of another call. `alone`: there is no other one.
    ///
    /// # Errors
    /// When the INVITE lacks what a dialog needs.
    pub(super) fn ring(
        core: &mut Core,
        id: CallId,
        key: Key,
        invite: &Request,
        replaces: Option<CallId>,
        alone: bool,
    ) -> Result<Self, HeaderError> {
        let local_tag = core.random.token();
        let dialog = Dialog::uas(invite, &local_tag)?;
        let (remote, identity) = identity::caller(&core.config, &invite.headers)?;
        let late = description::of_request(invite).is_none();
        // Nobody is alerted by a call that is answered by itself or not at all.
        let rings = core.config.auto_answer || !auto_answer::is_required(&invite.headers);
        let provisional = if replaces.is_none() && rings {
            Provisional::ring(core, &key, invite, &local_tag, late)
        } else {
            // What does not ring is under way all the same: it is not sent again, and can be cancelled.
            core.respond(&key, &compose::response(&core.config, invite, Status::TRYING, &local_tag));
            Provisional::default()
        };
        if replaces.is_none() {
            core.event(Event::Incoming(id));
        }
        let call_id = dialog.call_id().to_string();
        let until = core.now + core.config.ringing;
        let auto_answer = auto_answer::after(&core.config, &invite.headers, identity.anonymous);
        let answers = auto_answer.filter(|_| alone && core.config.auto_answer).map(|after| core.now + after);
        let incoming = Incoming { key, invite: invite.clone(), dialog, until, answers, answering: false };
        let mut session = Self {
            id,
            direction: Direction::Incoming,
            remote,
            call_id,
            local_tag,
            identity,
            auto_answer,
            alert: auto_answer::alert(&invite.headers),
            status: None,
            reason: None,
            branch: Branch::default(),
            provisional,
            over: false,
            informing: Informing::default(),
            state: State::Incoming(incoming),
            refer: Refer { replaces, ..Refer::default() },
        };
        session.learn_trickle(core, &invite.headers);
        Ok(session)
    }

    /// What it is offered with, as long as it is not answered.
    pub(super) fn offered_with(&self) -> Option<SessionDescription> {
        let State::Incoming(incoming) = &self.state else { return None };
        let offer = description::of_request(&incoming.invite)?;
        SessionDescription::parse(&offer.bytes).ok()
    }

    /// Whether it is to be refused unless it is answered by itself.
    pub(super) fn must_answer_itself(&self) -> bool {
        matches!(&self.state, State::Incoming(incoming)
            if !incoming.answering && self.refer.replaces.is_none() && auto_answer::is_required(&incoming.invite.headers))
    }

    /// The user accepts: the answer is asked for.
    pub(super) fn accept(&mut self, core: &mut Core) {
        let State::Incoming(incoming) = &mut self.state else { return };
        incoming.answering = true;
        incoming.answers = None;
        incoming.until = core.now + core.config.ringing;
        let offer = description::of_request(&incoming.invite);
        core.ask(Question::Answer { call: self.id, offer, hold: false });
        core.event(Event::Call(self.id));
    }

    /// The answer was made: 200 leaves.
    pub(super) fn answered(&mut self, core: &mut Core, answer: Answer) {
        let body = match answer.description() {
            Ok(body) => body,
            Err(failure) => return self.refuse(core, Cause::Media(failure)),
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
        self.provisional.answered();
        self.begun(core, &invite, &response, offer.as_ref());
        core.event(Event::Call(self.id));
    }

    /// Refuses it, with the status that the cause asks for.
    pub(super) fn refuse(&mut self, core: &mut Core, cause: Cause) {
        let State::Incoming(Incoming { key, invite, .. }) = &self.state else { return };
        let config = &core.config;
        let tag = &self.local_tag;
        let response = if let Cause::Media(failure) = &cause {
            compose::no_media(config, invite, tag, *failure)
        } else if let Cause::Unfit(unfit) = &cause {
            compose::unfit(config, invite, tag, unfit)
        } else {
            compose::response(config, invite, cause::refusal(&cause), tag)
        };
        core.respond(key, &response);
        self.gone(core, cause);
    }

    /// Sends it elsewhere because the user wants to (RFC 3261 21.3.3). Diversion tells a forking proxy that a person decided
    /// so, for all of their phones: what only passes on a setting names no such reason.
    pub(super) fn divert(&mut self, core: &mut Core, to: Uri) {
        let State::Incoming(Incoming { key, invite, .. }) = &self.state else { return };
        let mut response = compose::response(&core.config, invite, Status::MOVED_TEMPORARILY, &self.local_tag);
        response.headers.push(&Contact::Addr(NameAddr::new(to.clone())));
        let mut own = NameAddr::new(core.config.address.uri.clone());
        if own.params.set("reason", Some(Diversion::DEFLECTION)).is_ok() {
            response.headers.push(&Diversion(own));
        }
        core.respond(key, &response);
        self.gone(core, Cause::DivertedHere(to));
    }

    /// CANCEL came for this INVITE (RFC 3261 9.2). After the answer it has no effect.
    pub(super) fn cancelled(&mut self, core: &mut Core, key: &Key, cancel: &Request) {
        let State::Incoming(Incoming { key: own, invite, .. }) = &self.state else { return };
        if own == key {
            core.respond(key, &compose::response(&core.config, invite, Status::REQUEST_TERMINATED, &self.local_tag));
            self.reason = cause::told(&cancel.headers);
            self.gone(core, cause::of_cancel(&cancel.headers));
        }
    }

    pub(super) fn incoming_timeout(&mut self, core: &mut Core) {
        if self.reliable_timeout(core) {
            return;
        }
        let State::Incoming(incoming) = &self.state else { return };
        if incoming.until <= core.now {
            self.refuse(core, Cause::NoAnswer);
        } else if incoming.answers.is_some_and(|answers| answers <= core.now) {
            self.accept(core);
        }
    }
}
