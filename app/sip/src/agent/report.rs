use super::compose;
use super::core::Core;
use super::session::{Session, State};
use super::target::Target;
use super::telling::Telling;
use super::transactions::{Outcome, Purpose};
use super::{Agent, CallId, CallOptions, Event, Phase, VerbError, identity};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{CSeq, ReferSub};
use crate::message::{Request, Status};
use crate::transaction::Key;

/// How far the number of the next request jumps in a dialog whose call ended: that had the last ones for itself.
const GAP: u32 = 16;
/// A transfer that the other end asks for: the call that it wants, and the NOTIFYs that tell what becomes of that (RFC 3515
/// 2.4, RFC 6665 4.2). REFER is answered at once, as it cannot wait for the user (RFC 3515 2.4.2). It
/// outlives the call, as its subscription does (RFC 5057 5.2); what is told of it is a [`Telling`]'s.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | –, Over | REFER | 202, NOTIFY 100, TransferAsked | Asked |
/// | –, Over | REFER that cannot be followed | 400, 403, 416 | same |
/// | Asked, Calling | REFER | 491 | same |
/// | Asked | accept | begins the call | Calling |
/// | Asked | reject | NOTIFY 603, terminated | Over |
/// | Asked | the ringing time | NOTIFY 408, terminated | Over |
/// | Asked | the user is gone for good | NOTIFY 503, terminated | Over |
/// | Asked | BYE | Ended, as hung up | Asked |
/// | Asked | restored | TransferAsked | Asked |
/// | Calling | the target rings | NOTIFY 180 | Calling |
/// | Calling | the target answers | NOTIFY 200, terminated | Over |
/// | Calling | the target refuses | NOTIFY with its status, terminated | Over |
/// | Calling | it is given up here | NOTIFY 487, terminated | Over |
/// | Calling | the subscription's time | NOTIFY, terminated for timeout | Calling, silent |
/// | Calling, Over after an answer | BYE | Ended, as transferred | same |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Report {
    /// The dialog as it was when the call was there last.
    pub(super) dialog: Dialog,
    /// Whether the call is gone.
    alone: bool,
    /// What is told of it.
    pub(super) telling: Telling,
    stage: Stage,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there is one for a call")]
enum Stage {
    /// The user is asked.
    Asked { target: Target, until: Instant },
    /// The call was begun. `heard`: how its INVITE was refused last; `came`: what finally became of it.
    Calling { call: CallId, heard: Option<Status>, came: Option<Status> },
    /// It is decided.
    Over { status: Status },
}

impl Report {
    /// Whether another REFER has to wait.
    pub(super) const fn is_under_way(&self) -> bool {
        match self.stage {
            Stage::Asked { .. } | Stage::Calling { .. } => true,
            Stage::Over { .. } => self.telling.is_under_way(),
        }
    }

    /// Whether something is still to be decided or told.
    pub(super) fn is_open(&self) -> bool {
        match self.stage {
            Stage::Asked { .. } => true,
            Stage::Calling { .. } => self.telling.until.is_some(),
            Stage::Over { status } => self.telling.owes(status),
        }
    }

    /// Whether what was asked is done.
    pub(super) const fn is_followed(&self) -> bool {
        match self.stage {
            Stage::Asked { .. } => false,
            Stage::Calling { .. } => true,
            Stage::Over { status } => status.is_success(),
        }
    }

    /// Whether the user is asked.
    pub(super) const fn is_asked(&self) -> bool {
        match self.stage {
            Stage::Asked { .. } => true,
            Stage::Calling { .. } | Stage::Over { .. } => false,
        }
    }

    /// Asks the user, as long as nothing was decided.
    pub(super) fn ask(&self, core: &mut Core, call: CallId) {
        if let Stage::Asked { target, .. } = &self.stage {
            core.event(Event::TransferAsked {
                call,
                target: target.address.clone(),
                by: target.by.as_ref().map(|by| by.0.clone()),
                replaces: target.replaces.is_some(),
            });
        }
    }

    /// The call that was begun.
    pub(super) const fn call(&self) -> Option<CallId> {
        match self.stage {
            Stage::Calling { call, .. } => Some(call),
            Stage::Asked { .. } | Stage::Over { .. } => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let stage = match self.stage {
            Stage::Asked { until, .. } => Some(until),
            Stage::Calling { .. } => self.telling.until,
            Stage::Over { .. } => None,
        };
        [stage, self.telling.deadline()].into_iter().flatten().min()
    }
}

/// What has become of a call so far; `None`: it ended.
pub(super) fn followed(call: Option<&Session>) -> Option<Status> {
    match call.filter(|call| !call.over)?.phase() {
        Phase::Established => Some(Status::OK),
        Phase::RingingThere => Some(Status::RINGING),
        Phase::Preparing | Phase::Calling | Phase::RingingHere | Phase::Answering | Phase::Ending => {
            Some(Status::TRYING)
        }
    }
}

impl Agent {
    /// Does what the other end of this call asks for ([`Event::TransferAsked`]): begins the call to the target, and
    /// tells how it goes. The new call says who wanted it (RFC 3892), and takes the place of the target's other one if
    /// it is an attended transfer; who hides in the old call hides in the new one. It may be one more than [`super::Config::max_calls`]: the other end ends the old one.
    /// Works also after that was ended, as long as it was asked.
    ///
    /// # Errors
    /// There is no such call, it asks for nothing (any more), or there are too many.
    pub fn accept_transfer(&mut self, id: CallId, now: Instant) -> Result<CallId, VerbError> {
        self.enter(now);
        let session = self.sessions.iter().find(|session| session.id == id).ok_or(VerbError::NoCall)?;
        let report = session.refer.report.as_ref().ok_or(VerbError::WrongPhase)?;
        let Stage::Asked { target, .. } = &report.stage else { return Err(VerbError::WrongPhase) };
        if self.live() > self.core.config.max_calls {
            return Err(VerbError::TooMany);
        }
        let Target { address, headers, replaces, by } = target.clone();
        let mut options =
            CallOptions { headers, anonymous: identity::is_hidden(report.dialog.local()), preferred: None };
        if let Some(by) = by {
            options.headers.push(&by);
        }
        let call = self.next_call();
        let mut new = Session::dial(&mut self.core, call, address.uri, options.into_headers());
        new.refer.replacing = replaces;
        self.sessions.push(new);
        self.with(id, |session, core| session.decided(core, Stage::Calling { call, heard: None, came: None }));
        self.settle();
        Ok(call)
    }

    /// Refuses what the other end of this call asks for ([`Event::TransferAsked`]): it is told 603. The call goes on.
    ///
    /// # Errors
    /// There is no such call, or it asks for nothing (any more).
    pub fn reject_transfer(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.enter(now);
        let session = self.session(id).ok_or(VerbError::NoCall)?;
        if !session.refer.report.as_ref().is_some_and(Report::is_asked) {
            return Err(VerbError::WrongPhase);
        }
        self.with(id, |session, core| session.decided(core, Stage::Over { status: Status::DECLINE }));
        self.settle();
        Ok(())
    }

    /// An INVITE was refused, or nothing came of it: if a REFER asked for it, that is what is to be told.
    pub(super) fn report_heard(&mut self, outcome: &Outcome, call: CallId) {
        let status = outcome.response.as_ref().map_or(Status::REQUEST_TIMEOUT, |response| response.status);
        if !status.is_final() || status.is_success() {
            return;
        }
        for session in &mut self.sessions {
            if let Some(Report { stage: Stage::Calling { call: of, heard, .. }, .. }) = &mut session.refer.report
                && *of == call
            {
                *heard = Some(status);
            }
        }
    }
}

impl Session {
    /// REFER came.
    pub(super) fn referred(&mut self, core: &mut Core, key: &Key, refer: &Request) {
        let (target, seq) = match self.judge_refer(core, refer) {
            Ok(judged) => judged,
            Err(status) => {
                let response = compose::response(&core.config, refer, status, &self.local_tag);
                return core.respond(key, &response);
            }
        };
        let Some(dialog) = self.dialog().cloned() else { return };
        let mut response = compose::response(&core.config, refer, Status::ACCEPTED, &self.local_tag);
        compose::describe_response(&core.config, &mut response);
        let silent = matches!(refer.headers.find::<ReferSub>(), Ok(Some(sub)) if !sub.wanted);
        if silent {
            response.headers.push(&ReferSub::new(false));
        }
        core.respond(key, &response);
        let telling = Telling::new(seq, silent, core);
        let stage = Stage::Asked { target, until: core.now + core.config.ringing };
        let report = self.refer.report.insert(Report { dialog, alone: false, telling, stage });
        report.ask(core, self.id);
    }

    /// Whether a REFER can be followed: whom to call, and its number.
    fn judge_refer(&self, core: &Core, refer: &Request) -> Result<(Target, u32), Status> {
        let State::Established(_) = &self.state else { return Err(Status::FORBIDDEN) };
        if self.over {
            return Err(Status::CALL_DOES_NOT_EXIST);
        }
        // SU9: what would be asked for here is not the call any more in a moment.
        if self.refer.is_under_way() || matches!(self.refer.passed, super::refer::Passed::Leaving) {
            return Err(Status::REQUEST_PENDING);
        }
        let seq = refer.headers.get::<CSeq>().map_err(|_| Status::BAD_REQUEST)?.seq;
        Ok((Target::of_refer(&core.config, refer)?, seq))
    }

    /// Nobody is there any more to decide about their REFER.
    pub(super) fn refuse_transfer(&mut self, core: &mut Core) {
        if self.refer.report.as_ref().is_some_and(Report::is_asked) {
            self.decided(core, Stage::Over { status: Status::SERVICE_UNAVAILABLE });
            // Before the BYE that may follow.
            self.report(core, None);
        }
    }

    /// It was decided what becomes of their REFER.
    fn decided(&mut self, core: &mut Core, stage: Stage) {
        if let Some(report) = &mut self.refer.report {
            report.stage = stage;
            core.event(Event::Call(self.id));
        }
    }

    /// Tells what there is to tell. `call`: what has become of the new call, if there was one begun; `Some(None)`: it
    /// ended.
    pub(super) fn report(&mut self, core: &mut Core, call: Option<Option<Status>>) {
        self.keep_dialog();
        let Some(report) = &mut self.refer.report else { return };
        let status = match &mut report.stage {
            Stage::Asked { .. } => Status::TRYING,
            Stage::Over { status } => *status,
            Stage::Calling { heard, came, .. } => {
                let now = call.flatten().unwrap_or_else(|| heard.unwrap_or(Status::REQUEST_TERMINATED));
                if now.is_final() {
                    came.get_or_insert(now);
                }
                came.unwrap_or(now)
            }
        };
        if !report.telling.is_due(status, core.now) {
            return;
        }
        if status.is_final() {
            report.stage = Stage::Over { status };
        }
        if report.telling.until.is_some() {
            self.tell(core, status, status.is_final().then_some("noresource"));
        }
    }

    pub(super) fn report_timeout(&mut self, core: &mut Core) {
        let Some(report) = &mut self.refer.report else { return };
        if report.telling.give_up(core.now) {
            core.questions.forget_purpose(Purpose::Report(self.id));
        }
        match report.stage {
            Stage::Asked { until, .. } if until <= core.now => {
                self.decided(core, Stage::Over { status: Status::REQUEST_TIMEOUT });
            }
            Stage::Calling { .. } if report.telling.until.is_some_and(|until| until <= core.now) => {
                let last = report.telling.last();
                self.fall_silent(core, last);
            }
            Stage::Asked { .. } | Stage::Calling { .. } | Stage::Over { .. } => {}
        }
    }

    /// Keeps what is known of the dialog for when the call is gone.
    fn keep_dialog(&mut self) {
        let Some(report) = &mut self.refer.report else { return };
        match &self.state {
            State::Incoming(incoming) => report.dialog.clone_from(&incoming.dialog),
            State::Established(established) => report.dialog.clone_from(&established.dialog),
            State::Outgoing(_) | State::Gone if !report.alone => {
                report.alone = true;
                report.dialog.skip(GAP);
            }
            State::Outgoing(_) | State::Gone => {}
        }
    }
}
