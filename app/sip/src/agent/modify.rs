//! What we change in an answered call. What they change is in [`super::update`].

use super::core::Core;
use super::established::{Acknowledged, Established};
use super::session::{Session, State, acknowledge};
use super::session_timer::SessionTimer;
use super::transactions::{Outcome, Purpose};
use super::{Answer, Body, Cause, Event, Question, VerbError, compose, description};
use crate::Instant;
use crate::header::{CSeq, Contact, Route, Via};
use crate::message::{Method, Request, Response, Status};
use crate::transaction::{Key, T1, T1_X64};
use alloc::vec::Vec;
use core::time::Duration;

/// How long our re-INVITE may take in all: a little longer than a first response may (timer B), which is told otherwise.
const PATIENCE: Duration = T1_X64.saturating_add(T1);

/// What changes the media of an established call: at most one offer is under way (RFC 3261 14, RFC 3311 5).
///
/// A change is due when the user asked for one, or wants another hold than is agreed ([`super::hold::Holding`]); of several
/// wishes that come while one is under way the last is done after it.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | Not | a change is due, no ACK is awaited, there is a transport | asks for the offer | Offering |
/// | Not | the session is to be refreshed, they take no UPDATE | re-INVITE with the last description | Sent |
/// | Not | re-INVITE, UPDATE with an offer | asks for the answer | Answering |
/// | any | UPDATE without a description | 200 | same |
/// | Not, Later | re-INVITE, UPDATE that cannot be taken | 488 | same |
/// | Offering | offer | sends re-INVITE | Sent |
/// | Offering | no offer can be made | tells | Not |
/// | Offering | the session is to be refreshed, they take no UPDATE | re-INVITE with the last description, and asks for the offer after it | Sent |
/// | Offering, Sent | re-INVITE, UPDATE with an offer | 491 | same |
/// | Later | re-INVITE, UPDATE with an offer | asks for the answer | Answering, then Later |
/// | Sent | 2xx | ACK, tells the answer | Not |
/// | Sent | 2xx of a refresh | ACK; asks for an offer if they say something new | Not |
/// | Sent | 2xx that cannot be taken | ACK, BYE, Ended | – |
/// | Sent | 491 | – | Later |
/// | Sent | 500 with Retry-After | – | Later |
/// | Sent | 422 | re-INVITE with a longer interval | Sent |
/// | Sent | 408, 481, nothing | BYE, Ended | – |
/// | Sent | 408, nothing, and the transport was lost meanwhile, or it was a refresh | – | Later, Not |
/// | Sent | other refusals | tells | Not |
/// | Sent | longer than 64·T1 | CANCEL, tells | Not |
/// | any | 2xx after that | ACK, and offers anew: they have what was given up | same |
/// | Later | its time came | – | Not |
/// | Answering | answer | 200 | Not, Later |
/// | Answering | no answer can be made | 488 | Not, Later |
/// | Answering | re-INVITE, UPDATE | 500 with Retry-After | Answering |
/// | Answering | CANCEL | 487 | Not, Later |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there is one for a call")]
pub(super) enum Modify {
    /// Nothing.
    Not,
    /// Our offer is awaited: [`Established::offer`].
    Offering,
    /// Our re-INVITE is under way, or is being signed: until then, whatever provisional responses come.
    /// `interrupted`: the transport was replaced meanwhile.
    Sent {
        key: Key,
        until: Instant,
        #[cfg_attr(feature = "serde", serde(default))]
        change: Change,
        #[cfg_attr(feature = "serde", serde(default))]
        interrupted: bool,
    },
    /// Both sides tried at once; we try again.
    Later { at: Instant },
    /// Their re-INVITE or UPDATE awaits our answer, which puts them on hold or not; then we may want to try again
    /// ourselves.
    Answering {
        key: Key,
        #[cfg_attr(feature = "serde", serde(alias = "invite"))]
        request: Request,
        #[cfg_attr(feature = "serde", serde(default))]
        hold: bool,
        later: Option<Instant>,
    },
}

/// What our re-INVITE is for.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Change {
    /// It has a new offer.
    Offer(Offer),
    /// It refreshes the session, and has our last description.
    Refresh,
}

/// A new offer of ours.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Offer {
    /// Whether it puts them on hold.
    pub(super) hold: bool,
    /// Whether it was asked for whatever the hold is.
    media: bool,
}

impl Default for Change {
    /// What there was before there were others.
    fn default() -> Self {
        Self::Offer(Offer { hold: false, media: true })
    }
}

impl Modify {
    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Later { at } | Self::Sent { until: at, .. } => Some(*at),
            Self::Not | Self::Offering | Self::Answering { .. } => None,
        }
    }

    /// When we want to try again.
    pub(super) const fn again_at(&self) -> Option<Instant> {
        match self {
            Self::Later { at } => Some(*at),
            Self::Not | Self::Offering | Self::Sent { .. } | Self::Answering { .. } => None,
        }
    }

    /// What follows when their re-INVITE or UPDATE is answered.
    pub(super) const fn next(&self) -> Self {
        match self {
            Self::Answering { later: Some(at), .. } | Self::Later { at } => Self::Later { at: *at },
            Self::Answering { later: None, .. } | Self::Not | Self::Offering | Self::Sent { .. } => Self::Not,
        }
    }
}

impl Established {
    /// Whether a change of ours can begin.
    pub(super) const fn is_free(&self) -> bool {
        matches!(self.modify, Modify::Not) && self.unacknowledged.is_none()
    }

    /// The transport was replaced.
    pub(super) const fn interrupt(&mut self) {
        if let Modify::Sent { interrupted, .. } = &mut self.modify {
            *interrupted = true;
        }
    }

    /// Whether our next description would say something else than the last.
    pub(super) const fn is_change_due(&self) -> bool {
        self.renew || self.holding.here != self.holding.agreed
    }

    /// A refresh goes first: what was to be offered is asked for after it. Says whether something was.
    pub(super) fn postpone(&mut self) -> bool {
        let awaited = matches!(self.modify, Modify::Offering);
        if awaited {
            self.renew |= self.offer.media;
            self.modify = Modify::Not;
        }
        awaited
    }

    /// Our change failed for good: what the user wanted by it is given up.
    const fn give_up(&mut self, offer: Offer) {
        if self.holding.here == offer.hold {
            self.holding.here = self.holding.agreed;
        }
    }
}

impl Session {
    /// Offers anew.
    ///
    /// # Errors
    /// When the call is not established, or its media is being changed already.
    pub(super) fn reoffer(&mut self, _core: &mut Core) -> Result<(), VerbError> {
        if self.refer.is_leaving() {
            return Err(VerbError::WrongPhase);
        }
        let State::Established(established) = &mut self.state else { return Err(VerbError::WrongPhase) };
        if !established.is_free() || established.renew {
            return Err(VerbError::WrongPhase);
        }
        established.renew = true;
        Ok(())
    }

    /// Begins what is due in an answered call and can begin.
    pub(super) fn advance(&mut self, core: &mut Core) {
        let State::Established(established) = &mut self.state else { return };
        // What is wanted while the call is to go on in another dialog is wanted there.
        if self.over || self.refer.is_leaving() {
            return;
        }
        if established.is_free() && established.is_change_due() {
            if !core.link.is_up() {
                return;
            }
            let media = core::mem::take(&mut established.renew);
            let hold = established.holding.here;
            established.modify = Modify::Offering;
            established.offer = Offer { hold, media };
            core.ask(Question::Offer { call: self.id, hold });
        } else if self.is_stale(core.now) {
            self.refresh_session(core);
        }
    }

    /// The new offer was made: re-INVITE leaves.
    pub(super) fn reoffered(&mut self, core: &mut Core, answer: Answer) {
        let State::Established(established) = &mut self.state else { return };
        if !matches!(established.modify, Modify::Offering) {
            return;
        }
        let offer = established.offer;
        let Answer::Description(body) = answer else {
            established.modify = Modify::Not;
            established.give_up(offer);
            return core.event(Event::Call(self.id));
        };
        // A hold or its end is a wish of ours for both ways: who forgot that they hold is to be found out by it.
        let there = established.holding.there && offer.hold == established.holding.agreed;
        let body = established.described.offer(body, offer.hold, there);
        self.reinvite(core, Change::Offer(offer), body.bytes);
    }

    /// Sends re-INVITE with this description.
    pub(super) fn reinvite(&mut self, core: &mut Core, change: Change, ours: Vec<u8>) {
        let State::Established(established) = &mut self.state else { return };
        let mut invite = established.dialog.request(Method::Invite);
        compose::describe(&core.config, &mut invite);
        established.limit(&core.config, &mut invite);
        compose::body(&mut invite.headers, &mut invite.body, Body { content_type: compose::SDP.into(), bytes: ours });
        compose::via(core, &mut invite);
        let until = core.now + PATIENCE;
        established.modify = match core.send(invite, Purpose::Reinvite(self.id), 0) {
            Some(key) => Modify::Sent { key, until, change, interrupted: false },
            None => Modify::Later { at: until },
        };
    }

    /// re-INVITE was sent again: signed, or with a longer interval.
    pub(super) fn reinvited_again(&mut self, new: Key) {
        if let State::Established(Established { modify: Modify::Sent { key, .. }, .. }) = &mut self.state {
            *key = new;
        }
    }

    /// Whether this re-INVITE is the one that is under way.
    pub(super) fn awaits_reinvite(&self, sent: &Key) -> bool {
        matches!(&self.state, State::Established(Established { modify: Modify::Sent { key, .. }, .. }) if key == sent)
    }

    /// Something came of our re-INVITE.
    pub(super) fn reinvite_outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        let State::Established(established) = &mut self.state else { return };
        let change = match &established.modify {
            Modify::Sent { key, change, interrupted, .. } if *key == outcome.key => Some((*change, *interrupted)),
            Modify::Sent { .. } | Modify::Not | Modify::Offering | Modify::Later { .. } | Modify::Answering { .. } => {
                None
            }
        };
        let Some(response) = &outcome.response else {
            return change.into_iter().for_each(|(change, interrupted)| self.unanswered(core, change, interrupted));
        };
        if response.status.is_provisional() || established.repeat_ack(core, response) {
            return;
        }
        if response.status.is_success() {
            established.dialog.refresh(&response.headers);
            if let Ok(cseq) = response.headers.get::<CSeq>() {
                let ack = acknowledge(core, &established.dialog, cseq.seq);
                established.acknowledged = Some(Acknowledged { seq: cseq.seq, ack });
            }
        }
        let Some((change, interrupted)) = change else {
            established.renew |= response.status.is_success();
            return;
        };
        established.modify = Modify::Not;
        if self.over {
        } else if response.status.is_success() {
            self.reinvite_accepted(core, change, &outcome.request, response);
        } else {
            self.reinvite_refused(core, change, interrupted, response);
        }
    }

    fn reinvite_accepted(&mut self, core: &mut Core, change: Change, invite: &Request, response: &Response) {
        let State::Established(established) = &mut self.state else { return };
        established.learn(&response.headers);
        established.timer = SessionTimer::agreed(&core.config, response, true, core.now);
        established.described.said(&invite.body);
        let answer = description::of_response(response);
        match change {
            Change::Offer(offer) => {
                established.holding.agreed = offer.hold;
                let Some(answer) = answer else { return };
                self.describe(core, answer);
                if !self.over {
                    core.event(Event::Call(self.id));
                }
            }
            // Nobody made an offer that their answer could be applied to.
            Change::Refresh => {
                if let Some(answer) = answer
                    && self.hear(core, &answer)
                    && let State::Established(established) = &mut self.state
                {
                    established.renew = true;
                }
            }
        }
    }

    fn reinvite_refused(&mut self, core: &mut Core, change: Change, interrupted: bool, response: &Response) {
        let State::Established(established) = &mut self.state else { return };
        match response.status {
            Status::REQUEST_PENDING => {
                established.again(change, core.now + glare(core, established.caller));
            }
            Status::SERVER_INTERNAL_ERROR if let Some(wait) = compose::retry_after(&response.headers) => {
                established.again(change, core.now + wait);
            }
            // One refresh that gets lost is no hang-up, whoever says that it did.
            Status::REQUEST_TIMEOUT if matches!(change, Change::Refresh) => self.refresh_failed(core),
            // Whoever waited in vain may have waited at the transport that was lost.
            Status::REQUEST_TIMEOUT if interrupted => established.again(change, core.now + T1),
            Status::CALL_DOES_NOT_EXIST | Status::REQUEST_TIMEOUT => self.leave(core, Cause::Network),
            _ => match change {
                Change::Offer(offer) => {
                    established.give_up(offer);
                    core.event(Event::Call(self.id));
                }
                Change::Refresh => self.refresh_failed(core),
            },
        }
    }

    /// Nothing came of our re-INVITE.
    fn unanswered(&mut self, core: &mut Core, change: Change, interrupted: bool) {
        let State::Established(established) = &mut self.state else { return };
        if self.over {
            return;
        }
        match change {
            Change::Refresh => {
                established.modify = Modify::Not;
                self.refresh_failed(core);
            }
            // It, or what came of it, may have got lost.
            Change::Offer(_) if interrupted || !core.link.is_up() => established.again(change, core.now + T1),
            Change::Offer(_) => self.leave(core, Cause::Network),
        }
    }

    pub(super) fn modify_timeout(&mut self, core: &mut Core) {
        let State::Established(established) = &mut self.state else { return };
        if established.modify.deadline().is_none_or(|deadline| deadline > core.now) {
            return;
        }
        match core::mem::replace(&mut established.modify, Modify::Not) {
            Modify::Sent { key, change, .. } => {
                core.cancel(&key, None);
                // What comes of it all the same is acknowledged.
                core.transactions.abandon(Purpose::Reinvite(self.id), core.now + T1_X64);
                core.questions.forget_purpose(Purpose::Reinvite(self.id));
                match change {
                    Change::Offer(offer) => established.give_up(offer),
                    Change::Refresh => self.refresh_failed(core),
                }
                core.event(Event::Call(self.id));
            }
            Modify::Not | Modify::Offering | Modify::Later { .. } | Modify::Answering { .. } => {}
        }
    }
}

impl Established {
    /// The change is done later.
    fn again(&mut self, change: Change, at: Instant) {
        if let Change::Offer(Offer { media, .. }) = change {
            self.renew |= media;
        }
        self.modify = Modify::Later { at };
    }
}

/// Acknowledges a 2xx of our re-INVITE that comes when its call is over: it would be repeated otherwise.
pub(super) fn acknowledge_late(core: &mut Core, invite: &Request, response: &Response) {
    let mut ack = crate::transaction::ack(invite, response);
    ack.headers.pop_front::<Via>();
    let is_loose = |Route(hop): Route| hop.uri.as_sip().is_some_and(|uri| uri.params.has("lr"));
    if ack.headers.find::<Route>().ok().flatten().is_none_or(is_loose)
        && let Ok(Contact::Addr(target)) = response.headers.get::<Contact>()
    {
        ack.uri = target.uri;
    }
    compose::via(core, &mut ack);
    core.hook.request(&mut ack);
    core.transmit(ack.to_bytes());
}

/// How long to wait after glare (RFC 3261 14.1): the caller 2.1 to 4 s, the called side up to 2 s.
fn glare(core: &mut Core, caller: bool) -> Duration {
    if caller {
        Duration::from_millis(2100 + core.random.below(1900))
    } else {
        Duration::from_millis(core.random.below(2000))
    }
}
