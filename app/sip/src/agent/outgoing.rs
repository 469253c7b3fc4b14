use super::core::{Core, Stray};
use super::established::{Acknowledged, Established};
use super::info::Informing;
use super::session::{Session, State, acknowledge, bye};
use super::transactions::{Outcome, Purpose};
use super::{
    Answer, Body, CallId, Cause, Direction, Event, MediaFailure, Phase, Question, cause, compose, description,
};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{CSeq, NameAddr, Reason};
use crate::message::{Headers, Request, Response, Status};
use crate::transaction::{Key, T1_X64};
use crate::uri::Uri;
use alloc::format;

/// How many 2xx from branches that lost are remembered.
const MAX_STRAYS: usize = 32;

/// A call that we began, until it is answered.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Outgoing {
    /// How far the next requests of this call are to jump (see [`Session::skip`]).
    pub(super) skip: u32,
    step: Step,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
        /// A 180 came.
        rings: bool,
        /// The description that the user was told of.
        told: Option<Body>,
        until: Instant,
    },
    /// Given up here: CANCEL leaves after the first provisional response, and the final one is awaited.
    Withdrawn { key: Key, reason: Option<Reason>, cancelled: bool, until: Instant },
}

impl Session {
    /// Begins a call.
    pub(super) fn dial(core: &mut Core, id: CallId, target: Uri, headers: Headers) -> Self {
        let call_id = format!("{}@{}", core.random.token(), core.config.contact_host);
        let local_tag = core.random.token();
        let until = core.now + core.config.ringing;
        core.event(Event::Call(id));
        core.ask(Question::Offer { call: id, hold: false });
        Self {
            id,
            direction: Direction::Outgoing,
            remote: NameAddr::new(target.clone()),
            call_id,
            local_tag,
            over: false,
            informing: Informing::default(),
            state: State::Outgoing(Outgoing { skip: 0, step: Step::Preparing { target, headers, until } }),
        }
    }

    /// The offer was made: INVITE leaves.
    pub(super) fn offered(&mut self, core: &mut Core, answer: Answer) {
        let State::Outgoing(Outgoing { step, skip }) = &mut self.state else { return };
        let Step::Preparing { target, headers, .. } = step else { return };
        let offer = match answer {
            Answer::Description(offer) => offer,
            Answer::Media(failure) => return self.gone(core, Cause::Media(failure)),
            Answer::Credentials(_) | Answer::NoCredentials => {
                return self.gone(core, Cause::Media(MediaFailure::Unsupported));
            }
        };
        let mut invite = compose::invite(&core.config, target, &self.call_id, &self.local_tag, skip.saturating_add(1));
        compose::add(&mut invite, headers);
        compose::body(&mut invite.headers, &mut invite.body, offer);
        compose::via(core, &mut invite);
        let until = core.now + core.config.ringing;
        let Some(key) = core.send(invite, Purpose::Invite(self.id), 0) else {
            return self.gone(core, Cause::Network);
        };
        *step = Step::Inviting { key, rings: false, told: None, until };
        core.event(Event::Call(self.id));
    }

    /// INVITE was signed and sent again.
    pub(super) fn invited_again(&mut self, new: Key) {
        if let State::Outgoing(Outgoing { step: Step::Inviting { key, .. }, .. }) = &mut self.state {
            *key = new;
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
            self.progress(core, response);
        } else if response.status.is_success() {
            self.accepted(core, outcome, response);
        } else if let State::Outgoing(Outgoing { step, .. }) = &self.state {
            let rang = matches!(step, Step::Inviting { rings: true, .. });
            self.gone(core, cause::of_response(response, rang));
        }
    }

    /// Gives it up: before INVITE left, nothing is owed; after that, CANCEL (RFC 3261 9.1).
    pub(super) fn withdraw(&mut self, core: &mut Core, cause: Cause) {
        let reason = cause::reason(&cause);
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

    fn progress(&mut self, core: &mut Core, response: &Response) {
        let State::Outgoing(Outgoing { step, .. }) = &mut self.state else { return };
        match step {
            Step::Preparing { .. } => {}
            Step::Inviting { rings, told, .. } => {
                if response.status == Status::RINGING && !*rings {
                    *rings = true;
                    core.event(Event::Call(self.id));
                }
                // Early media of other branches waits for its 2xx: the first one is what is heard.
                if told.is_none()
                    && let Some(body) = description::of_response(response)
                    && description::check(&core.config, &body).is_ok()
                {
                    *told = Some(body.clone());
                    core.event(Event::Remote { call: self.id, answer: body, early: true });
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
            State::Outgoing(Outgoing { skip, step: Step::Inviting { told, .. } }) => {
                let (skip, told) = (*skip, told.take());
                self.establish(core, outcome, response, skip, told);
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

    fn establish(&mut self, core: &mut Core, outcome: &Outcome, response: &Response, skip: u32, told: Option<Body>) {
        let (Ok(mut dialog), Ok(cseq)) = (Dialog::uac(&outcome.request, response), response.headers.get::<CSeq>())
        else {
            // A 2xx without Contact or the like cannot be acknowledged: there is nowhere to send the ACK.
            return self.gone(core, Cause::Network);
        };
        let ack = acknowledge(core, &dialog, cseq.seq);
        dialog.skip(skip);
        let answer = description::of_response(response).or(told);
        let answer = answer.ok_or(Cause::Media(MediaFailure::Description)).and_then(|answer| {
            description::check(&core.config, &answer).map_err(Cause::Unfit)?;
            Ok(answer)
        });
        let answer = match answer {
            Ok(answer) => answer,
            Err(cause) => {
                bye(core, &mut dialog);
                return self.gone(core, cause);
            }
        };
        core.forget_questions(self.id);
        self.state = State::Established(Established::as_caller(dialog, Acknowledged { seq: cseq.seq, ack }));
        self.begun(core, &outcome.request, response, Some(&answer));
        core.event(Event::Call(self.id));
        core.event(Event::Remote { call: self.id, answer, early: false });
    }
}

impl Outgoing {
    pub(super) const fn phase(&self) -> Phase {
        match self.step {
            Step::Preparing { .. } => Phase::Preparing,
            Step::Inviting { rings: false, .. } => Phase::Calling,
            Step::Inviting { rings: true, .. } => Phase::RingingThere,
            Step::Withdrawn { .. } => Phase::Ending,
        }
    }

    pub(super) const fn deadline(&self) -> Instant {
        match self.step {
            Step::Preparing { until, .. } | Step::Inviting { until, .. } | Step::Withdrawn { until, .. } => until,
        }
    }
}

/// A 2xx that nobody wants (any more): it is acknowledged, and its dialog ended (RFC 3261 13.2.2.4).
pub(super) fn refuse_stray(core: &mut Core, key: &Key, invite: &Request, response: &Response) {
    let (Ok(mut dialog), Ok(cseq)) = (Dialog::uac(invite, response), response.headers.get::<CSeq>()) else {
        return;
    };
    let known = |stray: &&Stray| stray.key == *key && stray.remote_tag == dialog.remote_tag();
    if let Some(stray) = core.strays.iter().find(known) {
        let ack = stray.ack.clone();
        return core.transmit(ack);
    }
    if core.strays.len() >= MAX_STRAYS {
        // Each repetition of one that is not remembered would make another BYE.
        return;
    }
    let ack = acknowledge(core, &dialog, cseq.seq);
    bye(core, &mut dialog);
    let remote_tag = dialog.remote_tag().into();
    core.strays.push(Stray { key: key.clone(), remote_tag, ack, until: core.now + T1_X64 });
}
