//! What REFER (RFC 3515) and Replaces (RFC 3891) do to a call, and what one call of ours then means for another.

use super::core::Core;
use super::report::{Report, followed};
use super::session::{Session, State};
use super::transfer::Transfer;
use super::{Agent, CallId, Cause};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::Replaces;
use crate::message::Request;
use crate::transaction::T1_X64;
use core::time::Duration;

/// How long the target of an attended transfer may take to end the call that was replaced, before we end it.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// The part of a call that has to do with being passed on.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub(super) struct Refer {
    /// What we ask of the other end.
    pub(super) transfer: Transfer,
    /// The number of our last REFER in this dialog, and of the one before.
    pub(super) seq: Option<u32>,
    pub(super) earlier: Option<u32>,
    /// Whether it is what another transfer of ours is about.
    pub(super) passed: Passed,
    /// What the other end asks of us.
    pub(super) report: Option<Report>,
    /// The call that it takes the place of: its INVITE had Replaces.
    pub(super) replaces: Option<CallId>,
    /// What our INVITE says that it takes the place of.
    pub(super) replacing: Option<Replaces>,
}

/// Whether an attended transfer of ours hands on this call.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | Not | transfer_to | – | Offered |
/// | Offered | the transfer failed | – | Not |
/// | Offered | the target answered | – | Due: 5 s, then BYE |
/// | Offered | the other call ended otherwise | – | Due: 64·T1, then Not |
/// | Offered, Due | BYE | Ended, as transferred | – |
///
/// Beside that, whether the call goes on in another dialog of ours: see [`super::succession`].
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Passed {
    /// No.
    #[default]
    Not,
    /// It is to be replaced by what this call's other end begins.
    Offered(CallId),
    /// That was done, or may have been: their BYE is awaited.
    Due {
        /// Until then.
        until: Instant,
        /// Whether we end it then.
        leave: bool,
    },
    /// We want it to go on in another dialog.
    Leaving,
    /// It is the dialog that this call is to go on in, on hold or not. Nobody is told of it.
    Taking { call: CallId, hold: bool },
    /// As before, and the dialog of that call is over: the call is in this one, or nowhere.
    /// Whether the user wants it on hold, and whether its offer said so.
    Alone { wanted: bool, agreed: bool },
    /// Its call goes on in another dialog. Until when their BYE is awaited; then comes ours.
    Left { until: Instant },
}

impl Refer {
    /// Adds what an INVITE says that it takes the place of.
    pub(super) fn add_to(&self, invite: &mut Request) {
        if let Some(replacing) = &self.replacing {
            invite.headers.push(replacing);
        }
    }

    /// Whether a transfer is under way, asked for by either end.
    pub(super) fn is_under_way(&self) -> bool {
        self.transfer.is_under_way() || self.report.as_ref().is_some_and(Report::is_under_way)
    }

    /// Whether another transfer is about to end it.
    pub(super) const fn is_handed_on(&self) -> bool {
        match self.passed {
            Passed::Offered(_)
            | Passed::Due { leave: true, .. }
            | Passed::Leaving
            | Passed::Taking { .. }
            | Passed::Alone { .. }
            | Passed::Left { .. } => true,
            Passed::Not | Passed::Due { leave: false, .. } => false,
        }
    }

    /// Whether something is still to be said, or decided, though the call may be over.
    pub(super) fn is_open(&self) -> bool {
        self.report.as_ref().is_some_and(Report::is_open)
    }

    /// Why the other end hangs up.
    pub(super) fn cause_of_bye(&self) -> Cause {
        let passed = match self.passed {
            Passed::Not | Passed::Leaving | Passed::Taking { .. } | Passed::Alone { .. } | Passed::Left { .. } => false,
            Passed::Offered(_) | Passed::Due { .. } => true,
        };
        let followed = self.report.as_ref().is_some_and(Report::is_followed);
        if passed || followed || self.transfer.explains_bye() { Cause::Transferred } else { Cause::HungUpThere }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let passed = match self.passed {
            Passed::Due { until, .. } | Passed::Left { until } => Some(until),
            Passed::Not | Passed::Offered(_) | Passed::Leaving | Passed::Taking { .. } | Passed::Alone { .. } => None,
        };
        let report = self.report.as_ref().and_then(Report::deadline);
        [self.transfer.deadline(), passed, report].into_iter().flatten().min()
    }

    /// The dialog of a call that is over, as long as something is to be said in it.
    pub(super) fn dialog(&self) -> Option<&Dialog> {
        self.report.as_ref().filter(|report| report.is_open()).map(|report| &report.dialog)
    }

    pub(super) fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        self.report.as_mut().filter(|report| report.is_open()).map(|report| &mut report.dialog)
    }

    fn is_idle(&self) -> bool {
        self.report.is_none() && self.replaces.is_none() && matches!(self.passed, Passed::Not)
    }
}

impl Session {
    pub(super) fn refer_timeout(&mut self, core: &mut Core) {
        if self.refer.deadline().is_none_or(|deadline| deadline > core.now) {
            return;
        }
        self.transfer_timeout(core);
        self.report_timeout(core);
        if let Passed::Due { until, leave } = self.refer.passed
            && until <= core.now
        {
            self.refer.passed = Passed::Not;
            if leave && !self.over {
                self.hang_up(core, Some(Cause::Transferred));
            }
        }
        if let Passed::Left { until } = self.refer.passed
            && until <= core.now
        {
            self.refer.passed = Passed::Not;
            self.hang_up(core, Some(Cause::Replaced));
        }
    }
}

impl Agent {
    /// Does what follows for one call from what became of another.
    pub(super) fn relate(&mut self) {
        if self.sessions.iter().all(|session| session.refer.is_idle()) {
            return;
        }
        for id in self.ids() {
            self.relate_passed(id);
            self.relate_replaced(id);
            self.relate_succession(id);
            self.relate_report(id);
        }
    }

    pub(super) fn find(&self, id: CallId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    /// An attended transfer came to something: so does the call that it hands on.
    fn relate_passed(&mut self, id: CallId) {
        let Some(Passed::Offered(by)) = self.find(id).map(|session| session.refer.passed) else { return };
        let now = self.core.now;
        let next = match self.find(by) {
            Some(session) if matches!(session.refer.transfer, Transfer::Done) => {
                Passed::Due { until: now + GRACE, leave: true }
            }
            Some(session) if !session.over && session.refer.transfer.progress().is_some() => return,
            Some(session) if !session.over => Passed::Not,
            Some(_) | None => Passed::Due { until: now + T1_X64, leave: false },
        };
        if let Some(session) = self.session(id) {
            session.refer.passed = next;
        }
    }

    /// A call was answered that takes the place of another one: that ends (RFC 3891 3).
    fn relate_replaced(&mut self, id: CallId) {
        let answered = |session: &&Session| !session.over && matches!(session.state, State::Established(_));
        let Some(old) = self.find(id).filter(answered).and_then(|session| session.refer.replaces) else { return };
        self.with(old, |session, core| {
            if !session.over {
                session.hang_up(core, Some(Cause::Replaced));
            }
        });
    }

    /// What became of the call that REFER asked for is told to who asked.
    fn relate_report(&mut self, id: CallId) {
        let Some(report) = self.find(id).and_then(|session| session.refer.report.as_ref()) else { return };
        let status = report.call().map(|call| followed(self.find(call)));
        self.with(id, |session, core| session.report(core, status));
    }
}
