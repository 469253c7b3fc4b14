use super::compose;
use super::core::Core;
use super::session::{Session, State};
use super::target::Target;
use super::transactions::{Outcome, Purpose};
use super::{Agent, Body, CallId, Event, Phase, VerbError};
use crate::Instant;
use crate::body::sipfrag::SipFrag;
use crate::dialog::Dialog;
use crate::header::{self, CSeq, Expires, ReferSub, SubscriptionState};
use crate::message::{Method, Request, Status, Token};
use crate::transaction::Key;
use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

/// How long who asked is told what becomes of it, unless it asks for more or less.
const TOLD_FOR: Duration = Duration::from_secs(180);
/// How long at most.
const LONGEST: Duration = Duration::from_secs(3600);
/// How far the number of the next request jumps in a dialog whose call ended: that had the last ones for itself.
const GAP: u32 = 16;
/// How often the same is told, if it cannot be delivered.
const MAX_TRIES: u8 = 4;
/// How long before it is told anew: after a refusal, and without an answer. Each time it is twice as long.
const REFUSED: Duration = Duration::from_secs(2);
const UNANSWERED: Duration = Duration::from_secs(4);

const ACTIVE: Token = Token::literal("active");
const TERMINATED: Token = Token::literal("terminated");

/// A transfer that the other end asks for: the call that it wants, and the NOTIFYs that tell what becomes of that (RFC 3515
/// 2.4, RFC 6665 4.2). REFER is answered at once, as it cannot wait for the user (RFC 3515 2.4.2). One NOTIFY at a time is
/// waited for; what changes meanwhile is told by the next one. One that got lost, as who asked lost its connection, is sent anew. It outlives the call, as its subscription does (RFC 5057 5.2).
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | –, Over | REFER | 202, NOTIFY 100, TransferAsked | Asked |
/// | –, Over | REFER that cannot be followed | 400, 403, 416 | same |
/// | Asked, Calling | REFER | 491 | same |
/// | Asked | accept | begins the call | Calling |
/// | Asked | reject | NOTIFY 603, terminated | Over |
/// | Asked | the ringing time | NOTIFY 408, terminated | Over |
/// | Asked | BYE | Ended, as hung up | Asked |
/// | Calling | the target rings | NOTIFY 180 | Calling |
/// | Calling | the target answers | NOTIFY 200, terminated | Over |
/// | Calling | the target refuses | NOTIFY with its status, terminated | Over |
/// | Calling | it is given up here | NOTIFY 487, terminated | Over |
/// | Calling | the subscription's time | NOTIFY, terminated for timeout | Calling, silent |
/// | Calling, Over after an answer | BYE | Ended, as transferred | same |
/// | any | NOTIFY is answered with 481 or 489 | – | same, silent |
/// | any | NOTIFY is refused otherwise | NOTIFY again after 2, 4, 8 s | same; then silent |
/// | any | NOTIFY is not answered | NOTIFY again after 4, 8, 16 s | same; then silent |
/// | any but silent | SUBSCRIBE | 200, NOTIFY | same |
/// | any but silent | SUBSCRIBE with Expires 0 | 200, NOTIFY, terminated for timeout | same, silent |
/// | –, silent | SUBSCRIBE | 481 | same |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Report {
    /// The dialog as it was when the call was there last.
    pub(super) dialog: Dialog,
    /// Whether the call is gone.
    alone: bool,
    /// The number of the REFER, which names the subscription.
    seq: u32,
    /// How long the subscription lasts; `None`: nobody wants to be told.
    told_until: Option<Instant>,
    /// What was told last.
    told: Option<Status>,
    telling: Telling,
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

/// What becomes of what is told.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Telling {
    /// All is told.
    Not,
    /// NOTIFY with this number, or a later one, is under way, or is being signed: the n-th try.
    Sent { tries: u8, seq: u32, until: Instant },
    /// It could not be delivered: who asked may be connecting anew just now.
    Again { tries: u8, at: Instant },
}

impl Telling {
    const fn deadline(self) -> Option<Instant> {
        match self {
            Self::Not => None,
            Self::Sent { until: at, .. } | Self::Again { at, .. } => Some(at),
        }
    }

    const fn tries(self) -> u8 {
        match self {
            Self::Not => 0,
            Self::Sent { tries, .. } | Self::Again { tries, .. } => tries,
        }
    }
}

/// The n-th wait.
const fn doubled(first: Duration, tries: u8) -> Duration {
    first.saturating_mul(1 << if tries > MAX_TRIES { MAX_TRIES } else { tries.saturating_sub(1) })
}

impl Report {
    /// What was told did not arrive.
    fn tell_again(&mut self, tries: u8, at: Instant) {
        if tries < MAX_TRIES && self.told_until.is_some() {
            self.telling = Telling::Again { tries, at };
        } else {
            self.telling = Telling::Not;
            self.told_until = None;
        }
    }

    /// Whether another REFER has to wait.
    pub(super) const fn is_under_way(&self) -> bool {
        match self.stage {
            Stage::Asked { .. } | Stage::Calling { .. } => true,
            Stage::Over { .. } => self.telling.deadline().is_some(),
        }
    }

    /// Whether something is still to be decided or told.
    pub(super) fn is_open(&self) -> bool {
        match self.stage {
            Stage::Asked { .. } => true,
            Stage::Calling { .. } => self.told_until.is_some(),
            Stage::Over { status } => {
                self.telling.deadline().is_some() || (self.told_until.is_some() && self.told != Some(status))
            }
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
            Stage::Calling { .. } => self.told_until,
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
    /// it is an attended transfer. It may be one more than [`super::Config::max_calls`]: the other end ends the old one.
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
        let mut more = headers;
        if let Some(by) = by {
            more.push(&by);
        }
        let call = self.next_call();
        let mut new = Session::dial(&mut self.core, call, address.uri, more);
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
        core.event(Event::TransferAsked {
            call: self.id,
            target: target.address.clone(),
            by: target.by.as_ref().map(|by| by.0.clone()),
            replaces: target.replaces.is_some(),
        });
        let told_until = (!silent).then(|| core.now + TOLD_FOR.max(core.config.ringing.saturating_mul(2)));
        let stage = Stage::Asked { target, until: core.now + core.config.ringing };
        self.refer.report =
            Some(Report { dialog, alone: false, seq, told_until, told: None, telling: Telling::Not, stage });
    }

    /// Whether a REFER can be followed: whom to call, and its number.
    fn judge_refer(&self, core: &Core, refer: &Request) -> Result<(Target, u32), Status> {
        let State::Established(_) = &self.state else { return Err(Status::FORBIDDEN) };
        if self.over {
            return Err(Status::CALL_DOES_NOT_EXIST);
        }
        if self.refer.is_under_way() {
            return Err(Status::REQUEST_PENDING);
        }
        let seq = refer.headers.get::<CSeq>().map_err(|_| Status::BAD_REQUEST)?.seq;
        Ok((Target::of_refer(&core.config, refer)?, seq))
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
        let news = report.told != Some(status);
        let due = match report.telling {
            Telling::Not => news,
            Telling::Again { at, .. } => news || at <= core.now,
            // Who did not hear what was told before may hear this.
            Telling::Sent { tries, .. } => news && tries > 1,
        };
        if !due {
            return;
        }
        if status.is_final() {
            report.stage = Stage::Over { status };
        }
        if let Some(until) = report.told_until {
            self.tell(core, status, if status.is_final() { Err("noresource") } else { Ok(until) });
        }
    }

    /// Sends NOTIFY: this is what has become of it, and it is told until then, or why not any more.
    fn tell(&mut self, core: &mut Core, status: Status, until: Result<Instant, &'static str>) {
        let Some(dialog) = self.dialog_mut() else { return };
        let mut notify = dialog.request(Method::Notify);
        let seq = dialog.local_seq();
        let Some(report) = &mut self.refer.report else { return };
        let tries = if report.told == Some(status) { report.telling.tries().saturating_add(1) } else { 1 };
        report.told = Some(status);
        let mut event = header::Event::new(compose::REFER);
        // A number and a token are values of parameters.
        let _ = event.params.set("id", Some(&report.seq.to_string()));
        let state = match until {
            Ok(until) => {
                let mut state = SubscriptionState::new(ACTIVE);
                let _ = state.params.set("expires", Some(&until.since(core.now).as_secs().to_string()));
                state
            }
            Err(reason) => {
                let mut state = SubscriptionState::new(TERMINATED);
                let _ = state.params.set("reason", Some(reason));
                state
            }
        };
        report.telling = Telling::Sent { tries, seq, until: core.now + doubled(UNANSWERED, tries) };
        compose::describe(&core.config, &mut notify);
        notify.headers.push(&event);
        notify.headers.push(&state);
        let content_type = format!("{};version=2.0", SipFrag::MEDIA_TYPE);
        let body = Body { content_type, bytes: SipFrag::response(status).compose() };
        compose::body(&mut notify.headers, &mut notify.body, body);
        compose::via(core, &mut notify);
        core.send(notify, Purpose::Report(self.id), 0);
    }

    /// Says for the last time what is known, as the subscription is over before that is.
    fn fall_silent(&mut self, core: &mut Core, last: Status) {
        self.tell(core, last, Err("timeout"));
        if let Some(report) = &mut self.refer.report {
            report.told_until = None;
        }
    }

    /// Something came of our NOTIFY.
    pub(super) fn report_outcome(&mut self, core: &Core, outcome: &Outcome) {
        let Some(report) = &mut self.refer.report else { return };
        if outcome.response.as_ref().is_some_and(|response| response.status.is_provisional()) {
            return;
        }
        let of = outcome.request.headers.get::<CSeq>().map_or(0, |cseq| cseq.seq);
        let Telling::Sent { tries, seq, .. } = report.telling else { return };
        // What became of an earlier one concerns nobody any more.
        if of < seq {
            return;
        }
        report.telling = Telling::Not;
        let over = matches!(report.stage, Stage::Over { status } if report.told == Some(status));
        match outcome.response.as_ref().map(|response| response.status) {
            Some(status) if status.is_success() && !over => {}
            Some(Status::CALL_DOES_NOT_EXIST | Status::BAD_EVENT) => report.told_until = None,
            answer if answer.is_none_or(|status| !status.is_success()) && report.told_until.is_some() => {
                report.tell_again(tries, core.now + doubled(REFUSED, tries));
            }
            Some(_) | None => report.told_until = None,
        }
    }

    /// SUBSCRIBE of the REFER's subscription came: it is to last longer, or is not wanted any more.
    pub(super) fn report_wanted(&mut self, core: &mut Core, key: &Key, subscribe: &Request) {
        let is_of = |report: &&mut Report| {
            let event = subscribe.headers.get::<header::Event>();
            let id = event.ok().and_then(|event| event.id().map(ToString::to_string));
            report.told_until.is_some() && id.is_none_or(|id| id == report.seq.to_string())
        };
        let Some(report) = self.refer.report.as_mut().filter(is_of) else {
            let response = compose::response(&core.config, subscribe, Status::CALL_DOES_NOT_EXIST, &self.local_tag);
            return core.respond(key, &response);
        };
        let asked = subscribe.headers.find::<Expires>().ok().flatten();
        let time = asked.map_or(TOLD_FOR, |Expires(seconds)| Duration::from_secs(seconds.into())).min(LONGEST);
        let last = report.told.unwrap_or(Status::TRYING);
        report.told_until = Some(core.now + time);
        // What was told before is told again (RFC 6665 4.2.1.2).
        report.told = None;
        let mut response = compose::response(&core.config, subscribe, Status::OK, &self.local_tag);
        compose::describe_response(&core.config, &mut response);
        response.headers.push(&Expires(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)));
        core.respond(key, &response);
        if time.is_zero() {
            self.fall_silent(core, last);
        }
    }

    pub(super) fn report_timeout(&mut self, core: &mut Core) {
        let Some(report) = &mut self.refer.report else { return };
        if let Telling::Sent { tries, until, .. } = report.telling
            && until <= core.now
        {
            report.tell_again(tries, core.now);
            core.questions.forget_purpose(Purpose::Report(self.id));
        }
        match report.stage {
            Stage::Asked { until, .. } if until <= core.now => {
                self.decided(core, Stage::Over { status: Status::REQUEST_TIMEOUT });
            }
            Stage::Calling { .. } if report.told_until.is_some_and(|until| until <= core.now) => {
                let last = report.told.unwrap_or(Status::TRYING);
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
