use super::core::Core;
use super::hold::{Described, Holding, holds, is_mute};
use super::modify::{Modify, Offer};
use super::session::{Session, State, bye_because};
use super::session_timer::SessionTimer;
use super::{Body, Cause, Direction, Event, MediaFailure, cause, description, identity};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{Allow, CSeq, Reason};
use crate::message::{Headers, Method, Request, Response, Status};
use crate::transaction::{Resend, T1, T1_X64, T2};
use alloc::vec::Vec;

/// A call that was answered.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Established {
    pub(super) dialog: Dialog,
    /// Our last ACK, for repetitions of the 2xx.
    pub(super) acknowledged: Option<Acknowledged>,
    /// Our 2xx whose ACK is awaited.
    pub(super) unacknowledged: Option<Unacknowledged>,
    /// What changes its media.
    pub(super) modify: Modify,
    /// Whether we began it: decides who waits longer after glare (RFC 3261 14.1).
    pub(super) caller: bool,
    /// Who holds it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) holding: Holding,
    /// What both sides said last.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) described: Described,
    /// What the offer is for that is awaited.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) offer: Offer,
    /// Whether a new offer was asked for that has not begun.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) renew: bool,
    /// What limits it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) timer: SessionTimer,
    /// Whether they take UPDATE, as far as they said.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) updates: bool,
    /// Why it ends, as long as its BYE waits for the ACK.
    #[cfg_attr(feature = "serde", serde(default))]
    reason: Option<Reason>,
}

/// An ACK that was sent.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Acknowledged {
    pub(super) seq: u32,
    pub(super) ack: Vec<u8>,
}

/// A 2xx that was sent, and is sent again until its ACK comes (RFC 3261 13.3.1.4).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Unacknowledged {
    seq: Option<u32>,
    response: Vec<u8>,
    resend: Resend,
    until: Instant,
    /// The 2xx had the offer: the ACK has the answer.
    pub(super) late: bool,
}

impl Unacknowledged {
    pub(super) fn new(invite: &Request, response: &Response, late: bool, now: Instant) -> Self {
        Self {
            seq: invite.headers.get::<CSeq>().ok().map(|cseq| cseq.seq),
            response: response.to_bytes(),
            resend: Resend::after(T1, now),
            until: now + T1_X64,
            late,
        }
    }
}

impl Established {
    pub(super) fn as_caller(dialog: Dialog, acknowledged: Acknowledged) -> Self {
        Self { acknowledged: Some(acknowledged), ..Self::new(dialog, true) }
    }

    pub(super) fn as_called(dialog: Dialog, unacknowledged: Unacknowledged) -> Self {
        Self { unacknowledged: Some(unacknowledged), ..Self::new(dialog, false) }
    }

    fn new(dialog: Dialog, caller: bool) -> Self {
        Self {
            dialog,
            acknowledged: None,
            unacknowledged: None,
            modify: Modify::Not,
            caller,
            holding: Holding::default(),
            described: Described::default(),
            offer: Offer::default(),
            renew: false,
            timer: SessionTimer::default(),
            updates: false,
            reason: None,
        }
    }

    /// Notes what a message of theirs says they can.
    pub(super) fn learn(&mut self, headers: &Headers) {
        if let Ok(Some(allow)) = headers.find::<Allow>() {
            self.updates = allow.has(&Method::Update);
        }
    }

    /// Sends the ACK of this 2xx again, if it is a repetition; says whether it is.
    pub(super) fn repeat_ack(&self, core: &mut Core, response: &Response) -> bool {
        let Some(acknowledged) = &self.acknowledged else { return false };
        let repeated = self.dialog.is_of_response(response)
            && response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.seq == acknowledged.seq);
        if repeated {
            core.transmit(acknowledged.ack.clone());
        }
        repeated
    }

    /// The transport was replaced: the 2xx may be lost.
    pub(super) fn resend(&mut self, core: &mut Core) {
        self.interrupt();
        if let Some(unacknowledged) = &self.unacknowledged {
            core.transmit(unacknowledged.response.clone());
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let repetition = self.unacknowledged.as_ref().map(|waiting| waiting.resend.at.min(waiting.until));
        [repetition, self.modify.deadline(), self.timer_deadline()].into_iter().flatten().min()
    }
}

impl Session {
    /// Notes what INVITE and its 2xx said, once it is answered. `theirs`: their description, if it came yet.
    pub(super) fn begun(&mut self, core: &mut Core, invite: &Request, response: &Response, theirs: Option<&Body>) {
        let State::Established(established) = &mut self.state else { return };
        let (heard, ours) =
            if established.caller { (&response.headers, &invite.body) } else { (&invite.headers, &response.body) };
        established.learn(heard);
        established.described.said(ours);
        established.timer = SessionTimer::agreed(&core.config, response, established.caller, core.now);
        if let Some(theirs) = theirs {
            established.holding.there = holds(theirs) && !(established.caller && is_mute(ours));
            established.described.heard(theirs);
        }
        self.learn_trickle(core, heard);
        if self.direction == Direction::Outgoing {
            self.connect(core, heard);
        }
    }

    /// Shows whom the network says that we talk to now.
    pub(super) fn connect(&mut self, core: &mut Core, headers: &Headers) {
        if let Some(remote) = identity::connected(&core.config, headers, &self.remote) {
            self.remote = remote;
            (self.identity.asserted, self.identity.anonymous) = (true, false);
            core.event(Event::Call(self.id));
        }
    }

    /// Hangs up: BYE, which the called side may send only after the ACK (RFC 3261 15).
    pub(super) fn leave(&mut self, core: &mut Core, cause: Cause) {
        let reason = cause::reason(&cause);
        self.end(core, cause);
        let State::Established(established) = &mut self.state else { return };
        established.refuse_theirs(core, Status::REQUEST_TERMINATED);
        established.modify = Modify::Not;
        established.timer = SessionTimer::Off;
        established.reason = established.reason.take().or(reason);
        if established.unacknowledged.is_none() {
            bye_because(core, &mut established.dialog, established.reason.as_ref());
            self.state = State::Gone;
        }
    }

    /// Whether it is over, and its BYE waits for the ACK.
    pub(super) const fn is_owing(&self) -> bool {
        self.over && matches!(&self.state, State::Established(Established { unacknowledged: Some(_), .. }))
    }

    /// Sends the BYE that waits for the ACK: who is not there any more cannot wait.
    pub(super) fn part(&mut self, core: &mut Core) {
        if self.is_owing()
            && let State::Established(established) = &mut self.state
        {
            bye_because(core, &mut established.dialog, established.reason.as_ref());
            self.state = State::Gone;
        }
    }

    /// BYE came.
    pub(super) fn hung_up(&mut self, core: &mut Core, bye: &Request) {
        if !matches!(self.state, State::Outgoing(_)) {
            self.reason = cause::told(&bye.headers);
        }
        match &mut self.state {
            State::Incoming(_) => self.refuse(core, cause::of_cancel(&bye.headers)),
            State::Established(established) => {
                established.refuse_theirs(core, Status::REQUEST_TERMINATED);
                let cause = self.refer.cause_of_bye();
                self.gone(core, cause);
            }
            State::Outgoing(_) => self.early_hung_up(core, bye),
            State::Gone => {}
        }
    }

    /// ACK of a 2xx came.
    pub(super) fn acknowledged(&mut self, core: &mut Core, ack: &Request) {
        let State::Established(established) = &mut self.state else { return };
        let seq = ack.headers.get::<CSeq>().ok().map(|cseq| cseq.seq);
        let Some(waiting) = established.unacknowledged.take_if(|waiting| waiting.seq == seq) else { return };
        if self.over {
            bye_because(core, &mut established.dialog, established.reason.as_ref());
            self.state = State::Gone;
            return;
        }
        if waiting.late {
            match description::of_request(ack) {
                Some(answer) => self.describe(core, answer),
                None => self.leave(core, Cause::Media(MediaFailure::Description)),
            }
        }
    }

    /// Tells their final answer in a call that is up; one that cannot be taken here ends it.
    pub(super) fn describe(&mut self, core: &mut Core, answer: Body) {
        match description::check(&core.config, &answer) {
            Ok(()) => {
                self.hear_answer(core, &answer);
                core.event(Event::Remote { call: self.id, branch: self.branch, answer, early: false });
            }
            Err(unfit) => self.leave(core, Cause::Unfit(unfit)),
        }
    }

    pub(super) fn established_timeout(&mut self, core: &mut Core) {
        let State::Established(established) = &mut self.state else { return };
        if let Some(waiting) = &mut established.unacknowledged {
            if waiting.until <= core.now {
                established.unacknowledged = None;
                return self.leave(core, Cause::Network);
            }
            if waiting.resend.is_due(core.now) {
                waiting.resend = waiting.resend.doubled(T2, core.now);
                core.transmit(waiting.response.clone());
            }
        }
        if !self.expire(core) {
            self.modify_timeout(core);
        }
    }
}
