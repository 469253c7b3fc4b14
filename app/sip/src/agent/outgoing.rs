use super::core::Core;
use super::early::{Described, Early, Winner};
use super::established::{Acknowledged, Established};
use super::info::Informing;
use super::redirect::Targets;
use super::refer::Refer;
use super::reliable::Provisional;
use super::session::{Session, State, acknowledge, bye};
use super::strays::{refuse_stray, remember};
use super::transactions::{Outcome, Purpose};
use super::{
    Answer, Branch, CallId, Cause, Direction, Event, Identity, MediaFailure, Phase, Question, cause, compose,
    description, hold, identity,
};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{CSeq, NameAddr, Reason};
use crate::message::{Headers, Method, Request, Response, Status};
use crate::transaction::{Key, T1_X64};
use crate::uri::Uri;
use alloc::format;

/// A call that we began, until it is answered.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | O1 | – | call | asks for the offer | Preparing |
/// | O2 | Preparing | offer | INVITE | Inviting |
/// | O3 | Preparing | no offer can be made | Ended | – |
/// | O4 | Preparing | hang up, or its time is over | Ended: nothing left | – |
/// | O5 | Inviting | 100 | – | Inviting |
/// | O6 | Inviting | 101–199 | as [`Early`] says | Inviting |
/// | O7 | Inviting | 2xx | ACK, tells the answer | Established |
/// | O8 | Inviting | 2xx without a description that can be taken | ACK, BYE, Ended | – |
/// | O9 | Inviting | 401, 407 that can be answered | INVITE, signed | Inviting |
/// | O10 | Inviting | 300–699 and a target is left | INVITE, as [`Targets`] says | Inviting |
/// | O11 | Inviting | 300–699 | Ended | – |
/// | O12 | Inviting | nothing in 64·T1 | Ended | – |
/// | O13 | Inviting, never left | hang up | Ended: nothing leaves any more | – |
/// | O14 | Inviting, something came | hang up | Ended, CANCEL | Withdrawn |
/// | O15 | Inviting, nothing came | hang up | Ended | Withdrawn |
/// | O16 | Inviting | its time is over | Ended, CANCEL that says so | Withdrawn |
/// | O17 | Inviting | transport is a new one | the same INVITE | Inviting |
/// | O18 | Withdrawn, no CANCEL left | 1xx | CANCEL | Withdrawn |
/// | O19 | Withdrawn | 2xx | ACK, BYE | – |
/// | O20 | Withdrawn | 300–699 | – | – |
/// | O21 | Withdrawn | 64·T1 | forgets it | – |
/// | O22 | Withdrawn, CANCEL was answered | transport is a new one | the same INVITE, CANCEL | Withdrawn |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Outgoing {
    /// How far the next requests of this call are to jump (see [`Session::skip`]).
    pub(super) skip: u32,
    step: Step,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there is one for a call")]
enum Step {
    /// The offer is awaited.
    Preparing {
        target: Uri,
        /// What else the INVITE says.
        headers: Headers,
        until: Instant,
    },
    /// INVITE is under way, or is being signed.
    Inviting {
        key: Key,
        /// What came of it.
        #[cfg_attr(feature = "serde", serde(default))]
        early: Early,
        /// Where else it may go.
        #[cfg_attr(feature = "serde", serde(default))]
        targets: Targets,
        until: Instant,
    },
    /// Given up here: CANCEL leaves after the first provisional response, and the final one is awaited.
    Withdrawn { key: Key, reason: Option<Reason>, cancelled: bool, until: Instant },
}

impl Session {
    /// Begins a call.
    pub(super) fn dial(core: &mut Core, id: CallId, target: Uri, headers: Headers) -> Self {
        core.event(Event::Call(id));
        core.ask(Question::Offer { call: id, hold: false });
        Self::prepare(core, id, target, headers)
    }

    /// What INVITE is to leave for once its offer is made.
    pub(super) fn prepare(core: &mut Core, id: CallId, target: Uri, headers: Headers) -> Self {
        let call_id = format!("{}@{}", core.random.token(), core.config.contact_host);
        let local_tag = core.random.token();
        let until = core.now + core.config.ringing;
        Self {
            id,
            direction: Direction::Outgoing,
            remote: NameAddr::new(target.clone()),
            call_id,
            local_tag,
            identity: Identity::default(),
            auto_answer: None,
            alert: None,
            status: None,
            reason: None,
            branch: Branch::default(),
            provisional: Provisional::default(),
            over: false,
            informing: Informing::default(),
            state: State::Outgoing(Outgoing { skip: 0, step: Step::Preparing { target, headers, until } }),
            refer: Refer::default(),
        }
    }

    /// The offer was made: INVITE leaves.
    pub(super) fn offered(&mut self, core: &mut Core, answer: Answer) {
        let State::Outgoing(Outgoing { step, skip }) = &mut self.state else { return };
        let Step::Preparing { target, headers, .. } = step else { return };
        let offer = match answer.description() {
            Ok(offer) => offer,
            Err(failure) => return self.gone(core, Cause::Media(failure)),
        };
        let mut invite = compose::invite(&core.config, target, &self.call_id, &self.local_tag, skip.saturating_add(1));
        compose::add(&mut invite, headers);
        identity::hide(&mut invite);
        self.refer.add_to(&mut invite);
        self.refer.succeed(headers, &mut invite);
        let offer = if self.refer.holds() { hold::Described::default().offer(offer, true, false) } else { offer };
        compose::body(&mut invite.headers, &mut invite.body, offer);
        compose::via(core, &mut invite);
        let until = core.now + core.config.ringing;
        let Some(key) = core.send(invite, Purpose::Invite(self.id), 0) else {
            return self.gone(core, Cause::Network);
        };
        *step = Step::Inviting { key, early: Early::default(), targets: Targets::default(), until };
        if self.is_shown() {
            core.event(Event::Call(self.id));
        }
    }

    /// INVITE was signed and sent again.
    pub(super) fn invited_again(&mut self, core: &mut Core, new: Key) {
        if let State::Outgoing(outgoing) = &mut self.state
            && let Some((key, early, _)) = outgoing.inviting_mut()
        {
            *key = new;
            early.clear(core, self.id);
        }
    }

    /// Something came of our INVITE.
    pub(super) fn invite_outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        let Some(response) = &outcome.response else {
            if matches!(self.state, State::Outgoing(_)) {
                self.gone(core, Cause::Network);
            }
            return;
        };
        if response.status.is_provisional() {
            self.learn_trickle(core, &response.headers);
            self.progress(core, outcome, response);
        } else if response.status.is_success() {
            self.accepted(core, outcome, response);
        } else if let State::Outgoing(outgoing) = &self.state {
            let rang = outgoing.phase() == Phase::RingingThere;
            if !self.redirect(core, outcome, response) {
                self.status = Some(response.status);
                self.reason = cause::told(&response.headers);
                self.refuse_early_update(core);
                self.gone(core, cause::of_response(response, &self.remote.uri, rang));
            }
        }
    }

    /// Gives it up: before INVITE left, nothing is owed; after that, CANCEL (RFC 3261 9.1).
    pub(super) fn withdraw(&mut self, core: &mut Core, cause: Cause) {
        let reason = cause::reason_of_cancel(&cause);
        self.refuse_early_update(core);
        self.end(core, cause);
        let State::Outgoing(Outgoing { step, .. }) = &mut self.state else { return };
        match step {
            Step::Preparing { .. } => self.state = State::Gone,
            Step::Inviting { key, .. } => {
                if core.transactions.has_left(key) {
                    let cancelled = core.cancel(key, reason.as_ref());
                    *step = Step::Withdrawn { key: key.clone(), reason, cancelled, until: core.now + T1_X64 };
                } else {
                    core.transactions.drop_client(key);
                    self.state = State::Gone;
                }
            }
            Step::Withdrawn { .. } => {}
        }
    }

    /// Gives it up after it was left alone for long. CANCEL leaves when the transport is there, and INVITE does not
    /// again: the phone there would ring anew.
    pub(super) fn outgoing_abandoned(&mut self, core: &mut Core) {
        let State::Outgoing(Outgoing { step, .. }) = &self.state else { return };
        match step {
            Step::Preparing { .. } => self.gone(core, Cause::CancelledHere),
            Step::Inviting { key, .. } => {
                core.cancel(key, None);
                core.transactions.drop_client(key);
                self.gone(core, Cause::Network);
            }
            Step::Withdrawn { key, .. } => {
                core.transactions.drop_client(key);
                self.state = State::Gone;
            }
        }
    }

    pub(super) fn outgoing_timeout(&mut self, core: &mut Core) {
        let State::Outgoing(Outgoing { step, .. }) = &self.state else { return };
        match step {
            // It never left: whoever had to allow the microphone went away.
            Step::Preparing { .. } => self.withdraw(core, Cause::CancelledHere),
            Step::Inviting { .. } => self.withdraw(core, Cause::NoAnswer),
            Step::Withdrawn { key, .. } => {
                core.transactions.drop_client(key);
                self.state = State::Gone;
            }
        }
    }

    /// The transport was replaced by a new one, and INVITE went over it again. Its CANCEL did too if it waits for its response;
    /// if that came it leaves once more: to who forgot both this INVITE is a new one, and a phone would ring for nobody.
    pub(super) fn outgoing_connected(&mut self, core: &mut Core) {
        if let State::Outgoing(Outgoing { step: Step::Withdrawn { key, reason, cancelled: true, .. }, .. }) =
            &self.state
            && !core.transactions.is_cancelling(key)
        {
            core.cancel(key, reason.as_ref());
        }
    }

    fn progress(&mut self, core: &mut Core, outcome: &Outcome, response: &Response) {
        let shown = self.is_shown();
        let State::Outgoing(Outgoing { step, skip }) = &mut self.state else { return };
        match step {
            Step::Preparing { .. } => {}
            Step::Inviting { early, .. } => {
                let rang = early.rings();
                early.heard(core, self.id, &outcome.request, response, *skip);
                if shown && early.rings() != rang {
                    core.event(Event::Call(self.id));
                }
            }
            Step::Withdrawn { key, reason, cancelled, until } => {
                if !*cancelled && core.cancel(key, reason.as_ref()) {
                    *cancelled = true;
                    *until = core.now + T1_X64;
                }
            }
        }
    }

    fn accepted(&mut self, core: &mut Core, outcome: &Outcome, response: &Response) {
        match &mut self.state {
            State::Outgoing(Outgoing { skip, step: Step::Inviting { early, .. } }) => {
                let (skip, early) = (*skip, core::mem::take(early));
                self.establish(core, outcome, response, skip, early);
            }
            State::Established(established) => {
                if !established.repeat_ack(core, response) {
                    refuse_stray(core, &outcome.key, &outcome.request, response);
                }
            }
            State::Outgoing(_) => {
                refuse_stray(core, &outcome.key, &outcome.request, response);
                self.state = State::Gone;
            }
            State::Incoming(_) | State::Gone => {}
        }
    }

    fn establish(&mut self, core: &mut Core, outcome: &Outcome, response: &Response, skip: u32, early: Early) {
        let (Ok(mut dialog), Ok(cseq)) = (Dialog::uac(&outcome.request, response), response.headers.get::<CSeq>())
        else {
            // A 2xx without Contact or the like cannot be acknowledged: there is nowhere to send the ACK.
            return self.gone(core, Cause::Network);
        };
        let ack = acknowledge(core, &dialog, cseq.seq);
        // Its 2xx may come again after it was hung up.
        remember(core, &outcome.key, &dialog, ack.clone());
        dialog.skip(skip);
        let Winner { branch, dialog: before, described } = early.won(core, dialog.remote_tag());
        self.branch = branch;
        if let Some(before) = before {
            dialog.follow(&before);
        }
        let (answer, changed) = match described {
            // What was agreed upon since stays.
            Described::Changed { theirs, ours } => (None, Some((theirs, ours))),
            Described::Silent => (description::of_response(response), None),
            Described::Early(told) | Described::Answered(told) => {
                (description::of_response(response).or(Some(told)), None)
            }
        };
        let fits = match &answer {
            None if changed.is_some() => Ok(()),
            None => Err(Cause::Media(MediaFailure::Description)),
            Some(answer) => description::check(&core.config, answer).map_err(Cause::Unfit),
        };
        if let Err(cause) = fits {
            bye(core, &mut dialog);
            return self.gone(core, cause);
        }
        core.forget_descriptions(self.id);
        self.informing.answered_by(dialog.remote_tag());
        self.state = State::Established(Established::as_caller(dialog, Acknowledged { seq: cseq.seq, ack }));
        let theirs = answer.as_ref().or(changed.as_ref().map(|(theirs, _)| theirs));
        self.begun(core, &outcome.request, response, theirs);
        self.take_over();
        if let (State::Established(established), Some((_, ours))) = (&mut self.state, changed) {
            established.described.said(&ours.bytes);
        }
        core.event(Event::Call(self.id));
        if let Some(answer) = answer {
            core.event(Event::Remote { call: self.id, branch, answer, early: false });
        }
    }

    /// Another INVITE, or UPDATE, came before the call was answered: INVITE has to wait (RFC 3261 14.2), and so has an offer
    /// as long as that of the INVITE is unanswered (RFC 3311 5.2).
    pub(super) fn changed_early(&mut self, core: &mut Core, key: &Key, request: &Request) {
        let is_update = request.method == Method::Update;
        if is_update
            && let State::Outgoing(outgoing) = &mut self.state
            && let Some((_, early, _)) = outgoing.inviting_mut()
        {
            return early.updated(core, self.id, key, request);
        }
        let response = if is_update && description::of_request(request).is_none() {
            if let Some(dialog) = self.dialog_of(request) {
                dialog.refresh(&request.headers);
            }
            compose::response(&core.config, request, Status::OK, &self.local_tag)
        } else {
            compose::overlap(core, request, &self.local_tag)
        };
        core.respond(key, &response);
    }

    /// The answer to an UPDATE of an early dialog was made.
    pub(super) fn update_answered(&mut self, core: &mut Core, answer: Answer) {
        if let State::Outgoing(outgoing) = &mut self.state
            && let Some((_, early, _)) = outgoing.inviting_mut()
        {
            early.update_answered(core, &self.local_tag, answer);
        }
    }

    /// BYE came in an early dialog.
    pub(super) fn early_hung_up(&mut self, core: &mut Core, bye: &Request) {
        if let State::Outgoing(outgoing) = &mut self.state
            && let Some((_, early, _)) = outgoing.inviting_mut()
        {
            let rang = early.rings();
            early.hung_up(core, self.id, bye);
            if early.rings() != rang {
                core.event(Event::Call(self.id));
            }
        }
    }

    /// The call ends: the UPDATE of an early dialog that waits for our answer gets none.
    fn refuse_early_update(&mut self, core: &mut Core) {
        if let State::Outgoing(outgoing) = &mut self.state
            && let Some((_, early, _)) = outgoing.inviting_mut()
        {
            early.refuse_update(core, Status::REQUEST_TERMINATED);
        }
    }
}

impl Outgoing {
    /// The best of its early dialogs.
    pub(super) fn phase(&self) -> Phase {
        match &self.step {
            Step::Preparing { .. } => Phase::Preparing,
            Step::Inviting { early, .. } if early.rings() => Phase::RingingThere,
            Step::Inviting { .. } => Phase::Calling,
            Step::Withdrawn { .. } => Phase::Ending,
        }
    }

    /// The INVITE that is under way, what came of it, and where else it may go.
    pub(super) const fn inviting_mut(&mut self) -> Option<(&mut Key, &mut Early, &mut Targets)> {
        match &mut self.step {
            Step::Inviting { key, early, targets, .. } => Some((key, early, targets)),
            Step::Preparing { .. } | Step::Withdrawn { .. } => None,
        }
    }

    /// Its early dialogs.
    pub(super) fn dialogs(&self) -> impl Iterator<Item = &Dialog> {
        let early = match &self.step {
            Step::Inviting { early, .. } => Some(early),
            Step::Preparing { .. } | Step::Withdrawn { .. } => None,
        };
        early.into_iter().flat_map(Early::dialogs)
    }

    /// Its early dialogs.
    pub(super) fn dialogs_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        self.inviting_mut().into_iter().flat_map(|(_, early, _)| early.dialogs_mut())
    }

    pub(super) const fn deadline(&self) -> Instant {
        match self.step {
            Step::Preparing { until, .. } | Step::Inviting { until, .. } | Step::Withdrawn { until, .. } => until,
        }
    }
}
