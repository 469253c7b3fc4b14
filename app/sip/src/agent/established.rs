use super::core::Core;
use super::modify::Modify;
use super::session::{Session, State, bye};
use super::{Body, Cause, Event, MediaFailure, description};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::CSeq;
use crate::message::{Request, Response, Status};
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
    late: bool,
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
    pub(super) const fn as_caller(dialog: Dialog, acknowledged: Acknowledged) -> Self {
        let acknowledged = Some(acknowledged);
        Self { dialog, acknowledged, unacknowledged: None, modify: Modify::Not, caller: true }
    }

    pub(super) const fn as_called(dialog: Dialog, unacknowledged: Unacknowledged) -> Self {
        let unacknowledged = Some(unacknowledged);
        Self { dialog, acknowledged: None, unacknowledged, modify: Modify::Not, caller: false }
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
    pub(super) fn resend(&self, core: &mut Core) {
        if let Some(unacknowledged) = &self.unacknowledged {
            core.transmit(unacknowledged.response.clone());
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let repetition = self.unacknowledged.as_ref().map(|waiting| waiting.resend.at.min(waiting.until));
        [repetition, self.modify.deadline()].into_iter().flatten().min()
    }
}

impl Session {
    /// Hangs up: BYE, which the called side may send only after the ACK (RFC 3261 15).
    pub(super) fn leave(&mut self, core: &mut Core, cause: Cause) {
        self.end(core, cause);
        let State::Established(established) = &mut self.state else { return };
        established.refuse_theirs(core, Status::REQUEST_TERMINATED);
        established.modify = Modify::Not;
        if established.unacknowledged.is_none() {
            bye(core, &mut established.dialog);
            self.state = State::Gone;
        }
    }

    /// BYE came.
    pub(super) fn hung_up(&mut self, core: &mut Core) {
        match &mut self.state {
            State::Incoming(_) => self.refuse(core, Cause::CancelledThere),
            State::Established(established) => {
                established.refuse_theirs(core, Status::REQUEST_TERMINATED);
                let cause = self.refer.cause_of_bye();
                self.gone(core, cause);
            }
            State::Outgoing(_) | State::Gone => {}
        }
    }

    /// ACK of a 2xx came.
    pub(super) fn acknowledged(&mut self, core: &mut Core, ack: &Request) {
        let State::Established(established) = &mut self.state else { return };
        let seq = ack.headers.get::<CSeq>().ok().map(|cseq| cseq.seq);
        let Some(waiting) = established.unacknowledged.take_if(|waiting| waiting.seq == seq) else { return };
        if self.over {
            bye(core, &mut established.dialog);
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
            Ok(()) => core.event(Event::Remote { call: self.id, answer, early: false }),
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
        self.modify_timeout(core);
    }
}
