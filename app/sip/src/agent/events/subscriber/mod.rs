mod standing;

use super::super::core::Core;
use super::super::transactions::Outcome;
use super::super::{Event, compose};
use super::{Failure, Package, Subject, Subscription, SubscriptionEnd, SubscriptionId, SubscriptionPhase};
use super::{back_off, least, longer, retry_after, send};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{Accept, Expires};
use crate::message::{Method, Request};
use crate::transaction::T1_X64;
use crate::uri::Uri;
use alloc::string::String;
use core::time::Duration;

/// A subscription of ours (RFC 6665 4.1.2). NOTIFY makes its dialog, and of several that a forked SUBSCRIBE leads to
/// the first one only (4.4.1): the others are answered 481, which ends them.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | S1 | – | subscribe, registered | SUBSCRIBE | Asking |
/// | S2 | – | subscribe, not registered | – | Waiting |
/// | S3 | Waiting, Later | registered, and its time came | SUBSCRIBE, as a new dialog | Asking |
/// | S4 | Asking | 2xx | timer N | Asking |
/// | S5 | Asking | NOTIFY that is active or pending, also before the 2xx | makes the dialog, tells it | Lasting |
/// | S6 | Asking | no response, timer N, a refusal that passes (480, 5xx, …) | – | Later |
/// | S7 | Asking, Lasting | 423 | SUBSCRIBE for longer | same |
/// | S8 | Asking, Lasting | another refusal | – | Ended |
/// | S9 | Lasting | NOTIFY that is active or pending | tells it | Lasting |
/// | S10 | Lasting | its time came, registered again, renew | SUBSCRIBE in the dialog | Lasting |
/// | S11 | Lasting | 2xx | – | Lasting, for longer |
/// | S12 | Lasting | 481 | – | Later |
/// | S13 | Lasting | no response, another refusal that passes | tries again until it runs out | Lasting |
/// | S14 | Lasting | it ran out | – | Later |
/// | S15 | Asking, Lasting | NOTIFY: deactivated, timeout | – | Later, at once the first time |
/// | S16 | Asking, Lasting | NOTIFY: probation, giveup, no reason, unknown reason | – | Later, after retry-after if it says so |
/// | S17 | Asking, Lasting | NOTIFY: rejected, noresource, invariant | – | Ended |
/// | S18 | Waiting, Later | unsubscribe | – | Ended |
/// | S19 | Asking | unsubscribe | – | Leaving, not asked |
/// | S20 | Lasting | unsubscribe | SUBSCRIBE with Expires 0, after the one that is under way | Leaving |
/// | S21 | Leaving, not asked | NOTIFY | SUBSCRIBE with Expires 0 | Leaving |
/// | S22 | Leaving | NOTIFY terminated, a refusal, no response, 32 s | – | Ended |
/// | S23 | Asking, for one moment | NOTIFY terminated | tells it | Ended |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Subscriber {
    pub(super) id: SubscriptionId,
    target: Uri,
    pub(super) package: Package,
    /// What is asked for; zero: the state of one moment.
    expires: Duration,
    pub(super) call_id: String,
    pub(super) local_tag: String,
    /// The number of the last SUBSCRIBE that was no part of a dialog.
    seq: u32,
    pub(super) dialog: Option<Dialog>,
    /// The number of the last NOTIFY: the same again is one whose response got lost with its connection.
    pub(super) notified: Option<u32>,
    /// Whether a SUBSCRIBE is under way.
    under_way: bool,
    /// How many times in a row it came to nothing.
    failures: u32,
    state: State,
    /// What the user was told last.
    told: SubscriptionPhase,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum State {
    Waiting,
    Later {
        at: Instant,
    },
    Asking {
        /// Timer N, once a 2xx came: before that, the transaction has its own time.
        until: Option<Instant>,
    },
    Lasting {
        active: bool,
        since: Instant,
        refresh: Instant,
        until: Instant,
    },
    Leaving {
        /// Whether SUBSCRIBE with Expires 0 left.
        asked: bool,
        until: Instant,
    },
    Ended(SubscriptionEnd),
}

impl Subscriber {
    pub(super) fn new(core: &mut Core, id: SubscriptionId, target: Uri, package: Package, expires: Duration) -> Self {
        Self {
            id,
            target,
            package,
            expires,
            call_id: core.random.token(),
            local_tag: core.random.token(),
            seq: 0,
            dialog: None,
            notified: None,
            under_way: false,
            failures: 0,
            state: State::Waiting,
            told: SubscriptionPhase::Waiting,
        }
    }

    /// What the user sees of it.
    pub(super) fn subscription(&self) -> Subscription {
        let (target, package) = (self.target.clone(), self.package.clone());
        Subscription { id: self.id, target, package, phase: self.phase() }
    }

    const fn phase(&self) -> SubscriptionPhase {
        match self.state {
            State::Waiting | State::Later { .. } => SubscriptionPhase::Waiting,
            State::Asking { .. } => SubscriptionPhase::Asking,
            State::Lasting { active: false, .. } => SubscriptionPhase::Pending,
            State::Lasting { active: true, .. } => SubscriptionPhase::Active,
            State::Leaving { .. } => SubscriptionPhase::Ending,
            State::Ended(end) => SubscriptionPhase::Ended(end),
        }
    }

    /// Tells where it stands, if that changed; says whether it is to be kept.
    pub(super) fn tell(&mut self, core: &mut Core) -> bool {
        let phase = self.phase();
        if phase != self.told {
            self.told = phase;
            core.event(Event::Subscription { id: self.id, phase });
        }
        !matches!(self.state, State::Ended(_))
    }

    /// Whether its notifications are for the user.
    pub(super) const fn is_listening(&self) -> bool {
        !matches!(self.state, State::Leaving { .. } | State::Ended(_))
    }

    /// Whether its SUBSCRIBE is worth being signed: one that would only make what is to be ended is not.
    pub(super) const fn is_wanted(&self) -> bool {
        self.is_listening() || self.dialog.is_some()
    }

    /// When it wants to do something; `ready`: whether the agent is registered.
    pub(super) fn deadline(&self, ready: bool) -> Option<Instant> {
        match self.state {
            State::Waiting | State::Ended(_) => None,
            State::Later { at } => ready.then_some(at),
            State::Asking { until } => until,
            State::Lasting { refresh, until, .. } if ready && !self.under_way => Some(refresh.min(until)),
            State::Lasting { until, .. } | State::Leaving { until, .. } => Some(until),
        }
    }

    pub(super) fn timeout(&mut self, core: &mut Core, ready: bool) {
        if self.deadline(ready).is_none_or(|deadline| deadline > core.now) {
            return;
        }
        match self.state {
            State::Later { .. } => self.begin(core),
            State::Asking { .. } => self.again(core, None),
            State::Lasting { until, .. } if until <= core.now => {
                if self.expires.is_zero() {
                    self.end(core, SubscriptionEnd::Fetched);
                } else {
                    self.again(core, None);
                }
            }
            State::Lasting { .. } => self.ask(core, self.expires),
            State::Leaving { .. } => self.end(core, SubscriptionEnd::Ended),
            State::Waiting | State::Ended(_) => {}
        }
    }

    /// The agent is registered: what was agreed before goes on over this transport.
    pub(super) fn ready(&mut self, core: &mut Core) {
        match self.state {
            State::Waiting => self.begin(core),
            State::Lasting { .. } => self.renew(core),
            State::Later { .. } | State::Asking { .. } | State::Leaving { .. } | State::Ended(_) => {}
        }
    }

    /// Asks for the whole state, if it can be asked for and is not already.
    pub(super) fn renew(&mut self, core: &mut Core) {
        if matches!(self.state, State::Lasting { .. }) && !self.under_way && !self.expires.is_zero() {
            self.ask(core, self.expires);
        }
    }

    /// Wants it to end.
    pub(super) fn leave(&mut self, core: &mut Core) {
        let until = core.now + T1_X64;
        match self.state {
            State::Waiting | State::Later { .. } => self.end(core, SubscriptionEnd::Ended),
            State::Asking { .. } => self.state = State::Leaving { asked: false, until },
            State::Lasting { .. } => {
                self.state = State::Leaving { asked: false, until };
                self.say_goodbye(core);
            }
            State::Leaving { .. } | State::Ended(_) => {}
        }
    }

    /// The agent is about to be gone: what can still be said is said now.
    pub(super) fn hurry(&mut self, core: &mut Core) {
        self.under_way = false;
        self.leave(core);
        self.say_goodbye(core);
    }

    /// The agent is gone.
    pub(super) fn stopped(&mut self, core: &mut Core) {
        self.end(core, SubscriptionEnd::Ended);
    }

    /// SUBSCRIBE was signed: the number to send it again with.
    pub(super) fn next_seq(&mut self) -> u32 {
        self.skip(1);
        self.dialog.as_ref().map_or(self.seq, Dialog::local_seq)
    }

    /// Makes the next number jump.
    pub(super) fn skip(&mut self, numbers: u32) {
        match &mut self.dialog {
            Some(dialog) => dialog.skip(numbers),
            None => self.seq = self.seq.saturating_add(numbers) & 0x7fff_ffff,
        }
    }

    /// Whether a request is a NOTIFY of this subscription's dialog, or may make it.
    pub(super) fn is_of(&self, request: &Request) -> bool {
        match &self.dialog {
            Some(dialog) => dialog.is_of_request(request),
            None => {
                let to = request.headers.get::<crate::header::To>();
                super::call_id_of(request) == self.call_id && to.is_ok_and(|to| to.tag() == Some(&self.local_tag))
            }
        }
    }

    /// The first NOTIFY makes the dialog.
    pub(super) fn meet(&mut self, mut dialog: Dialog) {
        dialog.skip(self.seq);
        self.dialog = Some(dialog);
    }

    /// Something final came of SUBSCRIBE.
    pub(super) fn outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        // One of a dialog that was given up concerns nobody.
        if !self.under_way || super::call_id_of(&outcome.request) != self.call_id {
            return;
        }
        self.under_way = false;
        let response = outcome.response.as_ref();
        if let Some(response) = response.filter(|response| response.status.is_success()) {
            let granted = response.headers.find::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
            return self.granted(core, granted);
        }
        if self.is_listening()
            && let Some(longer) = response.and_then(|response| longer(response, self.expires))
        {
            self.expires = longer;
            return self.ask(core, longer);
        }
        self.refused(core, Failure::of(response), response.and_then(retry_after));
    }

    /// Subscribes as if for the first time.
    fn begin(&mut self, core: &mut Core) {
        self.state = State::Asking { until: None };
        self.ask(core, self.expires);
    }

    /// Gives this dialog up, and tries a new one after some time.
    fn again(&mut self, core: &mut Core, after: Option<Duration>) {
        if self.expires.is_zero() {
            return self.end(core, SubscriptionEnd::Refused(Failure::NoResponse));
        }
        self.failures = if self.was_good(core) { 1 } else { self.failures.saturating_add(1) };
        let after = after.unwrap_or_else(|| back_off(core, self.failures));
        self.forget(core);
        self.state = State::Later { at: core.now + after.min(super::LONGEST) };
    }

    fn end(&mut self, core: &mut Core, end: SubscriptionEnd) {
        self.forget(core);
        self.state = State::Ended(end);
    }

    /// What was agreed is over; what comes next has a dialog of its own.
    fn forget(&mut self, core: &mut Core) {
        core.transactions.drop_purpose(Subject::Subscription(self.id).purpose());
        core.questions.forget_purpose(Subject::Subscription(self.id).purpose());
        self.under_way = false;
        self.dialog = None;
        self.notified = None;
        self.call_id = core.random.token();
        self.local_tag = core.random.token();
        self.seq = 0;
    }

    /// Ends it at the other end, as soon as that is possible.
    fn say_goodbye(&mut self, core: &mut Core) {
        if matches!(self.state, State::Leaving { asked: false, .. }) && self.dialog.is_some() && !self.under_way {
            self.state = State::Leaving { asked: true, until: core.now + T1_X64 };
            self.ask(core, Duration::ZERO);
        }
    }

    /// SUBSCRIBE leaves.
    fn ask(&mut self, core: &mut Core, expires: Duration) {
        let mut request = match &mut self.dialog {
            Some(dialog) => dialog.request(Method::Subscribe),
            None => {
                self.skip(1);
                let target = self.target.clone();
                compose::outside(&core.config, Method::Subscribe, target, &self.call_id, &self.local_tag, self.seq)
            }
        };
        let headers = &mut request.headers;
        headers.push(&self.package.event());
        headers.push(&Expires(u32::try_from(expires.as_secs()).unwrap_or(u32::MAX)));
        for range in self.package.accepts().iter().filter_map(|range| range.parse::<Accept>().ok()) {
            headers.push(&range);
        }
        compose::describe(&core.config, &mut request);
        self.under_way = send(core, request, Subject::Subscription(self.id));
    }
}

/// The interval that a user may ask for.
pub(super) fn asked(expires: Duration) -> Duration {
    if expires.is_zero() { expires } else { least(expires) }
}
