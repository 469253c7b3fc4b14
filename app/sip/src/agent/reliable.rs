//! Reliable provisional responses (RFC 3262), in both roles.

use super::core::Core;
use super::session::{Session, State};
use super::transactions::{Outcome, Purpose};
use super::{CallId, Cause, compose};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{CSeq, RAck, RSeq, Require};
use crate::message::{Headers, Method, Request, Response, Status};
use crate::transaction::{Key, Resend, T1, T1_X64};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// Whether `Require` names 100rel.
pub(super) fn is_required(headers: &Headers) -> bool {
    let required = headers.all::<Require>().unwrap_or_default();
    required.iter().any(|Require(tags)| tags.iter().any(|tag| tag.eq_ignore_ascii_case(&compose::RELIABLE)))
}

/// The number of a provisional response that came reliably; `None` if it did not.
pub(super) fn rseq(response: &Response) -> Option<u32> {
    let RSeq(number) = response.headers.find::<RSeq>().ok().flatten()?;
    (number > 0 && is_required(&response.headers)).then_some(number)
}

/// The last reliable response of an early dialog of a call that we began, and what became of its PRACK.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | RC1 | – | reliable response | PRACK, is looked at | Under way |
/// | RC2 | Under way, Done, Failed | the next number | PRACK, is looked at | Under way |
/// | RC3 | Under way, Done | the same number, or one before | – | same |
/// | RC4 | Failed | the same number | PRACK | Under way |
/// | RC5 | any | a number after the next | – | same |
/// | RC6 | any | Require without RSeq, RSeq without Require | is looked at | same |
/// | RC7 | Under way | 2xx to the PRACK | – | Done |
/// | RC8 | Under way | a refusal, or nothing in 64·T1 | – | Failed |
/// | RC9 | Under way | a challenge | PRACK, signed | Under way |
/// | RC10 | Under way | transport is a new one | the same PRACK | Under way |
///
/// What is not looked at neither rings nor is told (RFC 3262 4). The call goes on whatever becomes of a PRACK.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Acknowledged {
    rseq: u32,
    prack: Prack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Prack {
    UnderWay,
    Done,
    Failed,
}

/// Where a reliable response stands among those of its early dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It is the next one.
    Next,
    /// It came before.
    Again,
    /// It came before, and its PRACK failed.
    Failed,
    /// One before it is missing.
    Early,
}

impl Acknowledged {
    /// Where this number stands after the last one.
    pub(super) fn order(last: Option<&Self>, rseq: u32) -> Order {
        match last {
            None => Order::Next,
            Some(last) if last.rseq.checked_add(1) == Some(rseq) => Order::Next,
            Some(last) if last.rseq < rseq => Order::Early,
            Some(last) if last.rseq == rseq && last.prack == Prack::Failed => Order::Failed,
            Some(_) => Order::Again,
        }
    }

    /// Sends the PRACK of this response. Without a description: the offer was in the INVITE.
    pub(super) fn send(
        core: &mut Core,
        call: CallId,
        dialog: &mut Dialog,
        rseq: u32,
        response: &Response,
    ) -> Option<Self> {
        let CSeq { seq, method } = response.headers.get::<CSeq>().ok()?;
        let mut prack = dialog.request(Method::Prack);
        prack.headers.push(&RAck { rseq, seq, method });
        compose::via(core, &mut prack);
        let sent = core.send(prack, Purpose::Prack(call), 0);
        Some(Self { rseq, prack: if sent.is_some() { Prack::UnderWay } else { Prack::Failed } })
    }

    /// Something came of a PRACK of this early dialog.
    pub(super) fn outcome(&mut self, outcome: &Outcome) {
        let acknowledges = outcome.request.headers.get::<RAck>().is_ok_and(|rack| rack.rseq == self.rseq);
        let status = outcome.response.as_ref().map(|response| response.status);
        if acknowledges && status.is_none_or(Status::is_final) {
            self.prack = if status.is_some_and(Status::is_success) { Prack::Done } else { Prack::Failed };
        }
    }
}

/// The provisional response that we gave to an INVITE.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | RS1 | – | INVITE that does not require 100rel | 180 | Unreliable |
/// | RS2 | – | INVITE with offer that requires it | 180 with RSeq | Unacknowledged |
/// | RS3 | – | INVITE without offer that requires it | – (it would have to carry our offer; 100 in 200 ms) | Unreliable |
/// | RS4 | Unacknowledged | T1, doubling | the same 180 | Unacknowledged |
/// | RS5 | Unacknowledged | 64·T1 | 504, Ended | – |
/// | RS6 | Unacknowledged, Answered | PRACK of it | 200 | Acknowledged |
/// | RS7 | any | PRACK of something else | 481 | same |
/// | RS8 | Unacknowledged | the user answers | 200 at once: the 180 had no description | Answered |
/// | RS9 | Unacknowledged | transport is a new one | the same 180 | Unacknowledged |
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Provisional {
    /// Nobody waits for a PRACK.
    #[default]
    Unreliable,
    /// It is sent again until its PRACK comes.
    Unacknowledged { numbers: Numbers, response: Vec<u8>, resend: Resend, until: Instant },
    /// The final response left before its PRACK came.
    Answered { numbers: Numbers },
    /// Its PRACK came.
    Acknowledged,
}

/// What the RAck of a PRACK must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Numbers {
    rseq: u32,
    seq: u32,
}

impl Provisional {
    /// Says that it rings here, as the INVITE wants that said. `late`: it has no offer.
    pub(super) fn ring(core: &mut Core, key: &Key, invite: &Request, local_tag: &str, late: bool) -> Self {
        let reliably = is_required(&invite.headers);
        if reliably && late {
            return Self::Unreliable;
        }
        let mut response = compose::response(&core.config, invite, Status::RINGING, local_tag);
        let seq = match invite.headers.get::<CSeq>() {
            Ok(cseq) if reliably => cseq.seq,
            Ok(_) | Err(_) => {
                core.respond(key, &response);
                return Self::Unreliable;
            }
        };
        // Half of the numbers are left for those that follow (RFC 3262 3).
        let rseq = u32::try_from(core.random.below(0x7fff_ffff)).unwrap_or_default().saturating_add(1);
        response.headers.push(&Require(vec![compose::RELIABLE]));
        response.headers.push(&RSeq(rseq));
        core.respond_with(key, &mut response);
        Self::Unacknowledged {
            numbers: Numbers { rseq, seq },
            response: response.to_bytes(),
            resend: Resend::after(T1, core.now),
            until: core.now + T1_X64,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Unacknowledged { resend, until, .. } => Some(resend.at.min(*until)),
            Self::Unreliable | Self::Answered { .. } | Self::Acknowledged => None,
        }
    }

    /// A final response leaves: it is not repeated any more.
    pub(super) fn answered(&mut self) {
        if let Self::Unacknowledged { numbers, .. } = self {
            *self = Self::Answered { numbers: *numbers };
        }
    }

    /// Does what is due; says whether its PRACK is not waited for any longer.
    fn timeout(&mut self, core: &mut Core) -> bool {
        let Self::Unacknowledged { response, resend, until, .. } = self else { return false };
        if *until <= core.now {
            return true;
        }
        if resend.is_due(core.now) {
            // Twice as long each time, without end (RFC 3262 3).
            *resend = resend.doubled(Duration::MAX, core.now);
            core.transmit(response.clone());
        }
        false
    }

    /// Takes a PRACK; says whether it is the one that was waited for.
    fn takes(&mut self, rack: &RAck) -> bool {
        let (Self::Unacknowledged { numbers, .. } | Self::Answered { numbers }) = self else { return false };
        let matches = rack.method == Method::Invite && *numbers == Numbers { rseq: rack.rseq, seq: rack.seq };
        if matches {
            *self = Self::Acknowledged;
        }
        matches
    }
}

impl Session {
    /// PRACK came (RFC 3262 3).
    pub(super) fn pracked(&mut self, core: &mut Core, key: &Key, prack: &Request) {
        let taken = prack.headers.get::<RAck>().is_ok_and(|rack| self.provisional.takes(&rack));
        let status = if taken { Status::OK } else { Status::CALL_DOES_NOT_EXIST };
        if taken {
            self.informing.trickle.reached();
        }
        core.respond(key, &compose::response(&core.config, prack, status, &self.local_tag));
    }

    /// Repeats the reliable response, or gives the call up: says whether it did.
    pub(super) fn reliable_timeout(&mut self, core: &mut Core) -> bool {
        if !self.provisional.timeout(core) {
            return false;
        }
        if let State::Incoming(incoming) = &self.state {
            let response = compose::response(&core.config, &incoming.invite, Status::SERVER_TIMEOUT, &self.local_tag);
            core.respond(&incoming.key, &response);
        }
        self.gone(core, Cause::Network);
        true
    }

    /// Something came of our PRACK.
    pub(super) fn prack_outcome(&mut self, outcome: &Outcome) {
        if let State::Outgoing(outgoing) = &mut self.state
            && let Some((_, early, _)) = outgoing.inviting_mut()
        {
            early.prack_outcome(outcome);
        }
    }
}
