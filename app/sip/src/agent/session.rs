use super::core::Core;
use super::established::Established;
use super::incoming::Incoming;
use super::info::Informing;
use super::outgoing::Outgoing;
use super::refer::Refer;
use super::reliable::Provisional;
use super::report::Report;
use super::{Branch, Call, CallId, Cause, Direction, Event, Identity, Phase};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{NameAddr, Reason, To};
use crate::message::{Method, Request, Status};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// A call, from the first INVITE to the last thing that is owed to the other end: it may outlive its
/// [`Event::Ended`].
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Session {
    pub(super) id: CallId,
    pub(super) direction: Direction,
    pub(super) remote: NameAddr,
    pub(super) call_id: String,
    pub(super) local_tag: String,
    /// What is known of who calls.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) identity: Identity,
    /// After how long it is to be answered by itself.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) auto_answer: Option<Duration>,
    /// How it wants to ring.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) alert: Option<String>,
    /// The final response that ended it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) status: Option<Status>,
    /// Why they ended it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) reason: Option<Reason>,
    /// The early dialog that was answered.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) branch: Branch,
    /// The provisional response that we gave.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) provisional: Provisional,
    /// Whether the user was told that it ended.
    pub(super) over: bool,
    /// What is said beside it.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) informing: Informing,
    pub(super) state: State,
    /// What passes it on.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) refer: Refer,
}

/// Where a call stands.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there are few calls at a time")]
pub(super) enum State {
    /// Called, not answered.
    Outgoing(Outgoing),
    /// Being called, not answered.
    Incoming(Incoming),
    /// Answered.
    Established(Established),
    /// Nothing is owed any more: drop it.
    Gone,
}

impl Session {
    /// What the user sees of it.
    pub(super) fn call(&self) -> Call {
        let (held_here, held_there) = self.holds();
        Call {
            id: self.id,
            direction: self.direction,
            remote: self.remote.clone(),
            phase: self.phase(),
            call_id: self.call_id.clone(),
            local_tag: self.local_tag.clone(),
            replaces: self.refer.replaces,
            transfer: self.refer.transfer.progress(),
            transfer_asked: self.refer.report.as_ref().is_some_and(Report::is_asked),
            identity: self.identity.clone(),
            auto_answer: self.auto_answer,
            alert: self.alert.clone(),
            status: self.status,
            reason: self.reason.clone(),
            held_here,
            held_there,
            trickles: self.trickles(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match &self.state {
            State::Outgoing(outgoing) => outgoing.phase(),
            State::Incoming(incoming) => incoming.phase(),
            State::Established(_) => Phase::Established,
            State::Gone => Phase::Ending,
        }
    }

    /// Tells the user that it ended, once. The state stays as it is.
    pub(super) fn end(&mut self, core: &mut Core, cause: Cause) {
        core.forget_questions(self.id);
        let cause = self.cause_of_end(cause);
        let shown = self.is_shown();
        self.over = true;
        if shown {
            core.event(Event::Ended { call: self.id, last: self.call(), cause });
        }
    }

    /// Tells the user that it ended; nothing is owed any more.
    pub(super) fn gone(&mut self, core: &mut Core, cause: Cause) {
        self.end(core, cause);
        self.state = State::Gone;
    }

    /// Ends it because the user wants to, in whatever phase it is.
    pub(super) fn hang_up(&mut self, core: &mut Core, cause: Option<Cause>) {
        match &self.state {
            State::Outgoing(_) => self.withdraw(core, cause.unwrap_or(Cause::CancelledHere)),
            State::Incoming(_) => self.refuse(core, cause.unwrap_or(Cause::DeclinedHere)),
            State::Established(_) => self.leave(core, cause.unwrap_or(Cause::HungUpHere)),
            State::Gone => {}
        }
    }

    /// BYE is not to wait for an ACK: it does not come any more, or there is nobody who could take it.
    pub(super) fn expect_no_ack(&mut self) {
        if let State::Established(established) = &mut self.state {
            established.unacknowledged = None;
        }
    }

    /// Ends it because it was left alone for so long that nobody waits at the other end any more.
    pub(super) fn abandon(&mut self, core: &mut Core) {
        self.over |= !self.is_shown();
        self.refer = Refer::default();
        match &self.state {
            State::Outgoing(_) => self.outgoing_abandoned(core),
            State::Incoming(_) => self.refuse(core, Cause::Network),
            State::Established(_) => {
                self.expect_no_ack();
                self.leave(core, Cause::Network);
            }
            State::Gone => {}
        }
    }

    /// Whether this INVITE reached us by another way before, and rings (RFC 3261 8.2.2.2).
    pub(super) fn is_merged(&self, invite: &Request) -> bool {
        matches!(&self.state, State::Incoming(incoming) if incoming.is_merged(invite))
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone) && !self.refer.is_open()
    }

    /// The dialog, if there is one and no other: a call of ours has none before it is answered, or several.
    pub(super) fn dialog(&self) -> Option<&Dialog> {
        match &self.state {
            State::Incoming(incoming) => Some(&incoming.dialog),
            State::Established(established) => Some(&established.dialog),
            State::Outgoing(_) | State::Gone => self.refer.dialog(),
        }
    }

    /// As [`Self::dialog`].
    pub(super) fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match &mut self.state {
            State::Incoming(incoming) => Some(&mut incoming.dialog),
            State::Established(established) => Some(&mut established.dialog),
            State::Outgoing(_) | State::Gone => self.refer.dialog_mut(),
        }
    }

    /// The dialog that a request of theirs belongs to, which may be an early one of several.
    pub(super) fn dialog_of(&mut self, request: &Request) -> Option<&mut Dialog> {
        self.find_dialog(|dialog| dialog.is_of_request(request))
    }

    /// Whether a request of theirs belongs to a dialog of this call.
    pub(super) fn is_of_request(&self, request: &Request) -> bool {
        match &self.state {
            State::Outgoing(outgoing) => outgoing.dialogs().any(|dialog| dialog.is_of_request(request)),
            State::Incoming(_) | State::Established(_) | State::Gone => {
                self.dialog().is_some_and(|dialog| dialog.is_of_request(request))
            }
        }
    }

    /// The dialog that a request of ours was sent in.
    pub(super) fn dialog_with(&mut self, request: &Request) -> Option<&mut Dialog> {
        let to = request.headers.get::<To>().ok()?;
        let tag = to.tag().unwrap_or_default();
        self.find_dialog(|dialog| dialog.remote_tag() == tag)
    }

    fn find_dialog(&mut self, is: impl Fn(&Dialog) -> bool) -> Option<&mut Dialog> {
        match &mut self.state {
            State::Outgoing(outgoing) => outgoing.dialogs_mut().find(|dialog| is(dialog)),
            State::Incoming(incoming) => Some(&mut incoming.dialog).filter(|dialog| is(dialog)),
            State::Established(established) => Some(&mut established.dialog).filter(|dialog| is(dialog)),
            State::Gone => self.refer.dialog_mut().filter(|dialog| is(dialog)),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.state_deadline(), self.refer.deadline()].into_iter().flatten().min()
    }

    fn state_deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Outgoing(outgoing) => Some(outgoing.deadline()),
            State::Incoming(incoming) => {
                let repetition = self.provisional.deadline();
                [Some(incoming.deadline()), repetition].into_iter().flatten().min()
            }
            State::Established(established) => established.deadline(),
            State::Gone => None,
        }
    }

    pub(super) fn timeout(&mut self, core: &mut Core) {
        self.refer_timeout(core);
        if self.state_deadline().is_none_or(|deadline| deadline > core.now) {
            return;
        }
        match &self.state {
            State::Outgoing(_) => self.outgoing_timeout(core),
            State::Incoming(_) => self.incoming_timeout(core),
            State::Established(_) => self.established_timeout(core),
            State::Gone => {}
        }
    }

    /// How far the numbers of an INVITE that is under way are to jump.
    pub(super) const fn skipped(&self) -> u32 {
        match &self.state {
            State::Outgoing(outgoing) => outgoing.skip,
            State::Incoming(_) | State::Established(_) | State::Gone => 0,
        }
    }

    /// Makes the numbers of later requests jump, past those that were sent after the call was saved.
    pub(super) fn skip(&mut self, numbers: u32) {
        if let State::Outgoing(outgoing) = &mut self.state {
            outgoing.skip = outgoing.skip.saturating_add(numbers);
            for dialog in outgoing.dialogs_mut() {
                dialog.skip(numbers);
            }
        }
        if let Some(dialog) = self.dialog_mut() {
            dialog.skip(numbers);
        }
    }
}

/// Ends a dialog that nothing else is owed to.
pub(super) fn bye(core: &mut Core, dialog: &mut Dialog) {
    bye_because(core, dialog, None);
}

/// As [`bye`], and says why (RFC 3326).
pub(super) fn bye_because(core: &mut Core, dialog: &mut Dialog, reason: Option<&Reason>) {
    let mut bye = dialog.request(Method::Bye);
    if let Some(reason) = reason {
        bye.headers.push(reason);
    }
    super::compose::via(core, &mut bye);
    core.send(bye, super::transactions::Purpose::Farewell, 0);
}

/// Acknowledges a 2xx; the bytes are for its repetitions.
pub(super) fn acknowledge(core: &mut Core, dialog: &Dialog, seq: u32) -> Vec<u8> {
    let mut ack = dialog.ack(seq);
    super::compose::via(core, &mut ack);
    core.hook.request(&mut ack);
    let bytes = ack.to_bytes();
    core.transmit(bytes.clone());
    bytes
}
