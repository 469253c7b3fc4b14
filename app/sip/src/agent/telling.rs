use super::Body;
use super::compose;
use super::core::Core;
use super::session::Session;
use super::transactions::{Outcome, Purpose};
use crate::Instant;
use crate::body::sipfrag::SipFrag;
use crate::header::{self, CSeq, Expires, SubscriptionState};
use crate::message::{Method, Request, Status, Token};
use crate::transaction::Key;
use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

/// How long who asked is told what becomes of it, unless it asks for more or less.
const USUAL: Duration = Duration::from_secs(180);
/// How long at most.
const LONGEST: Duration = Duration::from_secs(3600);
/// How often the same is told, if it cannot be delivered.
const MAX_TRIES: u8 = 4;
/// How long before it is told anew: after a refusal, and without an answer. Each time it is twice as long.
const REFUSED: Duration = Duration::from_secs(2);
const UNANSWERED: Duration = Duration::from_secs(4);

const ACTIVE: Token = Token::literal("active");
const TERMINATED: Token = Token::literal("terminated");

/// The implicit subscription of a REFER that came (RFC 3515 2.4.4): what is told to who asked. One NOTIFY at a time is
/// waited for; what changes meanwhile is told by the next one. One that got lost, as the other end lost its connection, is
/// sent anew.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | Not, Again, Sent more than once | news | NOTIFY | Sent |
/// | Sent once | news | – | Sent |
/// | Sent | 2xx | – | Not; silent, if a final status was told |
/// | Sent | 481, 489 | – | Not, silent |
/// | Sent | refused otherwise | – | Again: in 2, 4, 8 s; then Not, silent |
/// | Sent | nothing in 4, 8, 16 s | NOTIFY | Sent; after 32 s more Not, silent |
/// | Again | its time came | NOTIFY | Sent |
/// | any | SUBSCRIBE | 200, NOTIFY | Sent |
/// | any | SUBSCRIBE with Expires 0 | 200, NOTIFY, terminated for timeout | Sent, silent |
/// | silent | SUBSCRIBE | 481 | silent |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Telling {
    /// The number of the REFER, which names the subscription.
    seq: u32,
    /// How long the subscription lasts; `None`: nobody wants to be told.
    pub(super) until: Option<Instant>,
    /// What was told last.
    told: Option<Status>,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Step {
    /// All is told.
    Not,
    /// NOTIFY with this number, or a later one, is under way, or is being signed: the n-th time.
    Sent { tries: u8, seq: u32, until: Instant },
    /// It could not be delivered.
    Again { tries: u8, at: Instant },
}

impl Telling {
    /// Nothing is told yet of the REFER with this number.
    pub(super) fn new(seq: u32, silent: bool, core: &Core) -> Self {
        let until = core.now + USUAL.max(core.config.ringing.saturating_mul(2));
        Self { seq, until: (!silent).then_some(until), told: None, step: Step::Not }
    }

    /// Whether NOTIFY is under way, or has to be sent anew.
    pub(super) const fn is_under_way(&self) -> bool {
        match self.step {
            Step::Not => false,
            Step::Sent { .. } | Step::Again { .. } => true,
        }
    }

    /// Whether this, being final, is not told yet, or may not have arrived.
    pub(super) fn owes(&self, status: Status) -> bool {
        self.is_under_way() || (self.until.is_some() && self.told != Some(status))
    }

    /// What was told last.
    pub(super) fn last(&self) -> Status {
        self.told.unwrap_or(Status::TRYING)
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.step {
            Step::Not => None,
            Step::Sent { until: at, .. } | Step::Again { at, .. } => Some(at),
        }
    }

    /// Whether this is to be told now.
    pub(super) fn is_due(&self, status: Status, now: Instant) -> bool {
        let news = self.told != Some(status);
        match self.step {
            Step::Not => news,
            Step::Again { at, .. } => news || at <= now,
            // Who did not hear what was told before may hear this.
            Step::Sent { tries, .. } => news && tries > 1,
        }
    }

    /// Nobody answered: says whether the time for that is over.
    pub(super) fn give_up(&mut self, now: Instant) -> bool {
        match self.step {
            Step::Sent { tries, until, .. } if until <= now => {
                self.again(tries, now);
                true
            }
            Step::Not | Step::Sent { .. } | Step::Again { .. } => false,
        }
    }

    fn again(&mut self, tries: u8, at: Instant) {
        if tries < MAX_TRIES && self.until.is_some() {
            self.step = Step::Again { tries, at };
        } else {
            self.step = Step::Not;
            self.until = None;
        }
    }

    /// Notes that this is told now, by a NOTIFY with this number.
    fn tells(&mut self, status: Status, seq: u32, now: Instant) {
        let tries = match self.step {
            Step::Sent { tries, .. } | Step::Again { tries, .. } if self.told == Some(status) => {
                tries.saturating_add(1)
            }
            Step::Not | Step::Sent { .. } | Step::Again { .. } => 1,
        };
        self.told = Some(status);
        self.step = Step::Sent { tries, seq, until: now + doubled(UNANSWERED, tries) };
    }

    /// NOTIFY with this number was answered so; `None`: with nothing.
    fn answered(&mut self, seq: u32, answer: Option<Status>, now: Instant) {
        let Step::Sent { tries, seq: last, .. } = self.step else { return };
        // What became of an earlier one concerns nobody any more.
        if seq < last {
            return;
        }
        self.step = Step::Not;
        match answer {
            // What is final ended the subscription.
            Some(status) if status.is_success() => self.until = self.until.filter(|_| !self.last().is_final()),
            Some(Status::CALL_DOES_NOT_EXIST | Status::BAD_EVENT) => self.until = None,
            Some(_) | None => self.again(tries, now + doubled(REFUSED, tries)),
        }
    }

    fn subscription_state(&self, over: Option<&str>, now: Instant) -> SubscriptionState {
        let left = self.until.map_or(0, |until| until.since(now).as_secs()).to_string();
        let (state, name, value) = match over {
            Some(reason) => (TERMINATED, "reason", reason),
            None => (ACTIVE, "expires", left.as_str()),
        };
        let mut state = SubscriptionState::new(state);
        // A number and a token are values of parameters.
        let _ = state.params.set(name, Some(value));
        state
    }
}

impl Session {
    /// Sends NOTIFY with what has become of it. `over`: why nothing more is going to be told.
    pub(super) fn tell(&mut self, core: &mut Core, status: Status, over: Option<&str>) {
        let Some(dialog) = self.dialog_mut() else { return };
        let mut notify = dialog.request(Method::Notify);
        let seq = dialog.local_seq();
        let Some(report) = &mut self.refer.report else { return };
        let mut event = header::Event::new(compose::REFER);
        let _ = event.params.set("id", Some(&report.telling.seq.to_string()));
        compose::describe(&core.config, &mut notify);
        notify.headers.push(&event);
        notify.headers.push(&report.telling.subscription_state(over, core.now));
        let content_type = format!("{};version=2.0", SipFrag::MEDIA_TYPE);
        let body = Body { content_type, bytes: SipFrag::response(status).compose() };
        compose::body(&mut notify.headers, &mut notify.body, body);
        compose::via(core, &mut notify);
        report.telling.tells(status, seq, core.now);
        core.send(notify, Purpose::Report(self.id), 0);
    }

    /// Says for the last time what is known, as the subscription is over before that is final.
    pub(super) fn fall_silent(&mut self, core: &mut Core, last: Status) {
        self.tell(core, last, Some("timeout"));
        if let Some(report) = &mut self.refer.report {
            report.telling.until = None;
        }
    }

    /// Something came of our NOTIFY.
    pub(super) fn report_outcome(&mut self, core: &Core, outcome: &Outcome) {
        let Some(report) = &mut self.refer.report else { return };
        let status = outcome.response.as_ref().map(|response| response.status);
        if status.is_none_or(Status::is_final) {
            let seq = outcome.request.headers.get::<CSeq>().map_or(0, |cseq| cseq.seq);
            report.telling.answered(seq, status, core.now);
        }
    }

    /// SUBSCRIBE of the REFER's subscription came: it is to last longer, or is not wanted any more.
    pub(super) fn report_wanted(&mut self, core: &mut Core, key: &Key, subscribe: &Request) {
        let event = subscribe.headers.get::<header::Event>().ok();
        let is_of = |telling: &&mut Telling| {
            let id = event.as_ref().and_then(header::Event::id);
            telling.until.is_some() && id.is_none_or(|id| *id == *telling.seq.to_string())
        };
        let Some(telling) = self.refer.report.as_mut().map(|report| &mut report.telling).filter(is_of) else {
            let response = compose::response(&core.config, subscribe, Status::CALL_DOES_NOT_EXIST, &self.local_tag);
            return core.respond(key, &response);
        };
        let asked = subscribe.headers.find::<Expires>().ok().flatten();
        let time = asked.map_or(USUAL, |Expires(seconds)| Duration::from_secs(seconds.into())).min(LONGEST);
        let last = telling.last();
        telling.until = Some(core.now + time);
        // What was told before is told again (RFC 6665 4.2.1.2).
        telling.told = None;
        let mut response = compose::response(&core.config, subscribe, Status::OK, &self.local_tag);
        compose::describe_response(&core.config, &mut response);
        response.headers.push(&Expires(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)));
        core.respond(key, &response);
        if time.is_zero() {
            self.fall_silent(core, last);
        }
    }
}

/// The n-th wait.
const fn doubled(first: Duration, tries: u8) -> Duration {
    first.saturating_mul(1 << if tries > MAX_TRIES { MAX_TRIES } else { tries.saturating_sub(1) })
}
