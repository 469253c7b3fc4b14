use super::core::Core;
use super::established::{Acknowledged, Established, Unacknowledged};
use super::session::{Session, State, acknowledge};
use super::transactions::{Outcome, Purpose};
use super::{Answer, Cause, Event, Question, VerbError, compose, description};
use crate::Instant;
use crate::header::CSeq;
use crate::message::{Method, Request, Status};
use crate::transaction::{Key, T1, T1_X64};
use core::time::Duration;

/// What changes the media of an established call: at most one re-INVITE is under way (RFC 3261 14).
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | Not | reoffer | asks for the offer | Offering |
/// | Not | re-INVITE | asks for the answer | Answering |
/// | Not, Later | re-INVITE that cannot be taken | 488 | same |
/// | Offering | offer | sends re-INVITE | Sent |
/// | Offering, Sent | re-INVITE | 491 | same |
/// | Later | re-INVITE | asks for the answer | Answering, then Later |
/// | Sent | 2xx | ACK, tells the answer | Not |
/// | Sent | 2xx that cannot be taken | ACK, BYE, Ended | – |
/// | Sent | 491 | – | Later |
/// | Sent | 408, 481, nothing | BYE, Ended | – |
/// | Sent | other refusals | – | Not |
/// | Sent | 64·T1 | CANCEL | Not |
/// | Later | its time came | asks for the offer | Offering |
/// | Answering | answer | 200 | Not, Later |
/// | Answering | no answer can be made | 488 | Not, Later |
/// | Answering | re-INVITE | 500 with Retry-After | Answering |
/// | Answering | CANCEL | 487 | Not, Later |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there is one for a call")]
pub(super) enum Modify {
    /// Nothing.
    Not,
    /// Our offer is awaited.
    Offering,
    /// Our re-INVITE is under way, or is being signed: until then, whatever provisional responses come.
    Sent { key: Key, until: Instant },
    /// Both sides tried at once; we try again.
    Later { at: Instant },
    /// Their re-INVITE awaits our answer; then we may want to try again ourselves.
    Answering { key: Key, invite: Request, later: Option<Instant> },
}

impl Modify {
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Later { at } | Self::Sent { until: at, .. } => Some(*at),
            Self::Not | Self::Offering | Self::Answering { .. } => None,
        }
    }

    /// When we want to try again.
    const fn again_at(&self) -> Option<Instant> {
        match self {
            Self::Later { at } => Some(*at),
            Self::Not | Self::Offering | Self::Sent { .. } | Self::Answering { .. } => None,
        }
    }

    /// What follows when their re-INVITE is answered.
    const fn next(&self) -> Self {
        match self {
            Self::Answering { later: Some(at), .. } | Self::Later { at } => Self::Later { at: *at },
            Self::Answering { later: None, .. } | Self::Not | Self::Offering | Self::Sent { .. } => Self::Not,
        }
    }
}

impl Established {
    /// Refuses their re-INVITE, if there is one.
    pub(super) fn refuse_theirs(&mut self, core: &mut Core, status: Status) {
        if let Modify::Answering { key, invite, .. } = &self.modify {
            let response = compose::response(&core.config, invite, status, self.dialog.local_tag());
            core.respond(key, &response);
            self.modify = self.modify.next();
        }
    }
}

impl Session {
    /// Offers anew.
    ///
    /// # Errors
    /// When the call is not established, or its media is being changed already.
    pub(super) fn reoffer(&mut self, core: &mut Core) -> Result<(), VerbError> {
        let State::Established(established) = &mut self.state else { return Err(VerbError::WrongPhase) };
        if !matches!(established.modify, Modify::Not) || established.unacknowledged.is_some() {
            return Err(VerbError::WrongPhase);
        }
        established.modify = Modify::Offering;
        core.ask(Question::Offer { call: self.id });
        Ok(())
    }

    /// The new offer was made: re-INVITE leaves.
    pub(super) fn reoffered(&mut self, core: &mut Core, answer: Answer) {
        let State::Established(established) = &mut self.state else { return };
        if !matches!(established.modify, Modify::Offering) {
            return;
        }
        let Answer::Description(offer) = answer else {
            established.modify = Modify::Not;
            return core.event(Event::Call(self.id));
        };
        let mut invite = established.dialog.request(Method::Invite);
        compose::describe(&core.config, &mut invite);
        compose::body(&mut invite.headers, &mut invite.body, offer);
        compose::via(core, &mut invite);
        let until = core.now + T1_X64;
        established.modify = match core.send(invite, Purpose::Reinvite(self.id), 0) {
            Some(key) => Modify::Sent { key, until },
            None => Modify::Not,
        };
    }

    /// re-INVITE was signed and sent again.
    pub(super) fn reinvited_again(&mut self, new: Key) {
        if let State::Established(Established { modify: Modify::Sent { key, .. }, .. }) = &mut self.state {
            *key = new;
        }
    }

    /// Something came of our re-INVITE.
    pub(super) fn reinvite_outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        let State::Established(established) = &mut self.state else { return };
        let Some(response) = &outcome.response else { return self.leave(core, Cause::Network) };
        if response.status.is_provisional() || established.repeat_ack(core, response) {
            return;
        }
        established.modify = Modify::Not;
        if response.status.is_success() {
            established.dialog.refresh(&response.headers);
            if let Ok(cseq) = response.headers.get::<CSeq>() {
                let ack = acknowledge(core, &established.dialog, cseq.seq);
                established.acknowledged = Some(Acknowledged { seq: cseq.seq, ack });
            }
            if let Some(answer) = description::of_response(response).filter(|_| !self.over) {
                self.describe(core, answer);
                if !self.over {
                    core.event(Event::Call(self.id));
                }
            }
            return;
        }
        if self.over {
            return;
        }
        match response.status {
            Status::REQUEST_PENDING => {
                established.modify = Modify::Later { at: core.now + glare(core, established.caller) };
            }
            Status::CALL_DOES_NOT_EXIST | Status::REQUEST_TIMEOUT => self.leave(core, Cause::Network),
            _ => core.event(Event::Call(self.id)),
        }
    }

    /// re-INVITE came.
    pub(super) fn reinvited(&mut self, core: &mut Core, key: &Key, invite: &Request) {
        let State::Established(established) = &mut self.state else {
            // Another INVITE while the first one rings (RFC 3261 14.2).
            let response = compose::overlap(core, invite, &self.local_tag);
            return core.respond(key, &response);
        };
        let refusal = match &established.modify {
            Modify::Offering | Modify::Sent { .. } => {
                compose::response(&core.config, invite, Status::REQUEST_PENDING, &self.local_tag)
            }
            Modify::Answering { .. } => compose::overlap(core, invite, &self.local_tag),
            Modify::Not | Modify::Later { .. } => {
                if established.unacknowledged.is_some() || self.over {
                    let response = compose::overlap(core, invite, &self.local_tag);
                    return core.respond(key, &response);
                }
                let offer = description::of_request(invite);
                match offer.as_ref().map_or(Ok(()), |offer| description::check(&core.config, offer)) {
                    Ok(()) => {
                        established.dialog.refresh(&invite.headers);
                        let later = established.modify.again_at();
                        established.modify = Modify::Answering { key: key.clone(), invite: invite.clone(), later };
                        core.ask(Question::Answer { call: self.id, offer });
                        return;
                    }
                    // The call goes on as it was (RFC 3261 14.2).
                    Err(unfit) => compose::unfit(&core.config, invite, &self.local_tag, &unfit),
                }
            }
        };
        core.respond(key, &refusal);
    }

    /// The answer to their re-INVITE was made.
    pub(super) fn reanswered(&mut self, core: &mut Core, answer: Answer) {
        let State::Established(established) = &mut self.state else { return };
        let Modify::Answering { key, invite, .. } = &established.modify else { return };
        match answer {
            Answer::Description(body) => {
                let mut response = compose::response(&core.config, invite, Status::OK, &self.local_tag);
                compose::body(&mut response.headers, &mut response.body, body);
                core.respond_with(key, &mut response);
                let late = description::of_request(invite).is_none();
                established.unacknowledged = Some(Unacknowledged::new(invite, &response, late, core.now));
            }
            Answer::Media(failure) => {
                core.respond(key, &compose::no_media(&core.config, invite, &self.local_tag, failure));
            }
            Answer::Credentials(_) | Answer::NoCredentials => {
                core.respond(
                    key,
                    &compose::response(&core.config, invite, Status::NOT_ACCEPTABLE_HERE, &self.local_tag),
                );
            }
        }
        established.modify = established.modify.next();
    }

    /// CANCEL came for their re-INVITE.
    pub(super) fn reinvite_cancelled(&mut self, core: &mut Core, cancelled: &Key) {
        let State::Established(established) = &mut self.state else { return };
        if matches!(&established.modify, Modify::Answering { key, .. } if key == cancelled) {
            established.refuse_theirs(core, Status::REQUEST_TERMINATED);
            core.forget_questions(self.id);
        }
    }

    pub(super) fn modify_timeout(&mut self, core: &mut Core) {
        let State::Established(established) = &mut self.state else { return };
        if established.modify.deadline().is_some_and(|deadline| deadline <= core.now) {
            if let Modify::Sent { key, .. } = &established.modify {
                core.cancel(key, None);
                core.transactions.drop_client(key);
                core.questions.forget_purpose(Purpose::Reinvite(self.id));
                established.modify = Modify::Not;
                return core.event(Event::Call(self.id));
            }
            if established.unacknowledged.is_some() {
                // Their change is not complete yet.
                established.modify = Modify::Later { at: core.now + T1 };
                return;
            }
            established.modify = Modify::Offering;
            core.ask(Question::Offer { call: self.id });
        }
    }
}

/// How long to wait after glare (RFC 3261 14.1): the caller 2.1 to 4 s, the called side up to 2 s.
fn glare(core: &mut Core, caller: bool) -> Duration {
    if caller {
        Duration::from_millis(2100 + core.random.below(1900))
    } else {
        Duration::from_millis(core.random.below(2000))
    }
}
