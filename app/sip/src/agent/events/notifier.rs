use super::super::core::Core;
use super::super::identity::caller;
use super::super::transactions::Outcome;
use super::super::{Body, Event, compose};
use super::{Failure, PATIENCE, Package, Subject, SubscriptionEnd, SubscriptionId, SubscriptionPhase};
use super::{Reason, call_id_of, notifying::brief, respond, send, seq_of};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{self, Contact, Expires, NameAddr, SubscriptionState, To};
use crate::message::{HeaderError, Method, Request, Response, Status, Token};
use crate::transaction::Key;
use crate::uri::Uri;
use alloc::string::ToString;
use core::time::Duration;

/// The longest subscription that is given.
const MOST: Duration = Duration::from_secs(3600);

/// A subscription of somebody to a state of ours (RFC 6665 4.2). One NOTIFY is under way at a time; what is newer
/// follows, and only the newest of it.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | N1 | – | SUBSCRIBE of a package that is taken | asks the user | Asked |
/// | N2 | – | SUBSCRIBE: another package; too brief; cannot read what is told; too many; the same by another way | 489; 423; 406; 480; 482 | – |
/// | N3 | Asked | accepted | 200, NOTIFY active | Active |
/// | N4 | Asked | put off | 202, NOTIFY pending without state | Pending |
/// | N5 | Asked | rejected | that status | – |
/// | N6 | Asked | nothing for 30 s | 480 | – |
/// | N7 | Asked, for one moment | accepted | 200, NOTIFY terminated with the state | Leaving |
/// | N8 | Pending | accepted | NOTIFY active | Active |
/// | N9 | Pending | rejected | NOTIFY terminated, rejected | Leaving |
/// | N10 | Active | a newer state | NOTIFY, after the one that is under way | Active |
/// | N11 | Pending, Active | SUBSCRIBE | 200, NOTIFY | same, for longer |
/// | N12 | Pending, Active | SUBSCRIBE with Expires 0 | 200, NOTIFY terminated | Leaving |
/// | N13 | Pending, Active | it ran out | NOTIFY terminated, timeout | Leaving |
/// | N14 | Pending, Active | ended here; agent stops | NOTIFY terminated, noresource; probation | Leaving |
/// | N15 | Pending, Active | no response to NOTIFY, or one that says that nobody listens | – | – |
/// | N16 | Pending, Active | 5xx to NOTIFY | NOTIFY, if there is something newer | same |
/// | N17 | Leaving | any final response to the last NOTIFY, or none | – | – |
/// | N18 | Asked | restored | asks the user again | Asked |
/// | N19 | Pending, Active | the SUBSCRIBE that was answered again, as the response got lost | 200 | same |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Notifier {
    pub(super) id: SubscriptionId,
    pub(super) package: Package,
    /// As they said it, with its `id`.
    event: header::Event,
    by: NameAddr,
    target: Uri,
    dialog: Dialog,
    /// The last SUBSCRIBE, and the response to it: 200 or 202.
    key: Key,
    answered: Status,
    /// When it runs out.
    until: Instant,
    /// The newest state.
    body: Option<Body>,
    /// Whether there is something newer than what was sent.
    changed: bool,
    /// The number of the NOTIFY that is under way.
    under_way: Option<u32>,
    state: State,
    told: SubscriptionPhase,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(clippy::large_enum_variant, reason = "there are few")]
enum State {
    Asked { request: Request, until: Instant },
    Pending,
    Active,
    Leaving { reason: Reason, end: SubscriptionEnd },
    Ended(SubscriptionEnd),
}

impl Notifier {
    /// Somebody wants to subscribe; `lasts` is what they ask for.
    pub(super) fn new(
        core: &mut Core,
        id: SubscriptionId,
        key: &Key,
        request: &Request,
        event: header::Event,
        lasts: Duration,
    ) -> Result<Self, HeaderError> {
        let tag = core.random.token();
        let package = Package::named(&event.event_type);
        Ok(Self {
            id,
            package,
            event,
            by: caller(&core.config, &request.headers)?.0,
            target: request.headers.get::<To>()?.0.uri,
            dialog: Dialog::uas(request, &tag)?,
            key: key.clone(),
            answered: Status::OK,
            until: core.now + lasts.min(MOST),
            body: None,
            changed: false,
            under_way: None,
            state: State::Asked { request: request.clone(), until: core.now + PATIENCE },
            told: SubscriptionPhase::Waiting,
        })
    }

    /// Asks the user, as long as nothing was decided.
    pub(super) fn ask(&self, core: &mut Core) {
        if let State::Asked { .. } = self.state {
            let (id, package, by, target) = (self.id, self.package.clone(), self.by.clone(), self.target.clone());
            core.event(Event::SubscriptionAsked { id, package, by, target });
        }
    }

    const fn phase(&self) -> SubscriptionPhase {
        match self.state {
            State::Asked { .. } => SubscriptionPhase::Waiting,
            State::Pending => SubscriptionPhase::Pending,
            State::Active => SubscriptionPhase::Active,
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

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Asked { until, .. } => Some(until),
            State::Pending | State::Active => Some(self.until),
            State::Leaving { .. } | State::Ended(_) => None,
        }
    }

    pub(super) fn timeout(&mut self, core: &mut Core) {
        if self.deadline().is_none_or(|deadline| deadline > core.now) {
            return;
        }
        match &self.state {
            State::Asked { request, .. } => {
                respond(core, &self.key, request, Status::TEMPORARILY_UNAVAILABLE);
                self.state = State::Ended(SubscriptionEnd::Expired);
            }
            State::Pending | State::Active => self.leave(core, Reason::Timeout, SubscriptionEnd::Expired),
            State::Leaving { .. } | State::Ended(_) => {}
        }
    }

    /// The user accepts it, with the state as it is now; says whether that fits.
    pub(super) fn accept(&mut self, core: &mut Core, body: Body) -> bool {
        match &self.state {
            State::Asked { request, .. } => {
                let request = request.clone();
                self.body = Some(body);
                self.answer(core, &request, Status::OK);
                self.begin(core, State::Active);
            }
            State::Pending => {
                self.body = Some(body);
                self.begin(core, State::Active);
            }
            State::Active | State::Leaving { .. } | State::Ended(_) => return false,
        }
        true
    }

    /// The user will decide later; says whether that fits.
    pub(super) fn put_off(&mut self, core: &mut Core) -> bool {
        let State::Asked { request, .. } = &self.state else { return false };
        let request = request.clone();
        self.answer(core, &request, Status::ACCEPTED);
        self.begin(core, State::Pending);
        true
    }

    /// The user refuses it; says whether that fits.
    pub(super) fn reject(&mut self, core: &mut Core, status: Status) -> bool {
        match &self.state {
            State::Asked { request, .. } => {
                respond(core, &self.key, request, status);
                self.state = State::Ended(SubscriptionEnd::Rejected);
            }
            State::Pending => self.leave(core, Reason::Rejected, SubscriptionEnd::Rejected),
            State::Active | State::Leaving { .. } | State::Ended(_) => return false,
        }
        true
    }

    /// There is a newer state; says whether that fits.
    pub(super) fn change(&mut self, core: &mut Core, body: Body) -> bool {
        if !matches!(self.state, State::Active) {
            return false;
        }
        self.body = Some(body);
        self.notify(core);
        true
    }

    /// Ends it.
    pub(super) fn leave(&mut self, core: &mut Core, reason: Reason, end: SubscriptionEnd) {
        match &self.state {
            State::Asked { request, .. } => {
                respond(core, &self.key, request, Status::TEMPORARILY_UNAVAILABLE);
                self.state = State::Ended(end);
            }
            State::Pending | State::Active => {
                self.state = State::Leaving { reason, end };
                self.notify(core);
            }
            State::Leaving { .. } | State::Ended(_) => {}
        }
    }

    /// The agent is about to be gone: what can still be said is said now.
    pub(super) fn hurry(&mut self, core: &mut Core) {
        if matches!(self.state, State::Leaving { .. }) && !self.changed {
            // The last NOTIFY is on its way: what comes of it ends this.
            return;
        }
        self.under_way = None;
        if matches!(self.state, State::Leaving { .. }) {
            self.notify(core);
        } else {
            self.leave(core, Reason::Probation, SubscriptionEnd::Ended);
        }
    }

    /// The agent is gone.
    pub(super) fn stopped(&mut self) {
        self.state = State::Ended(SubscriptionEnd::Ended);
    }

    /// NOTIFY was signed: the number to send it again with.
    pub(super) const fn next_seq(&mut self) -> u32 {
        self.skip(1);
        let seq = self.dialog.local_seq();
        self.under_way = Some(seq);
        seq
    }

    /// Makes the next number jump.
    pub(super) const fn skip(&mut self, numbers: u32) {
        self.dialog.skip(numbers);
    }

    /// Whether a SUBSCRIBE in a dialog is one of this subscription.
    pub(super) fn is_of(&self, request: &Request, event: &header::Event) -> bool {
        self.dialog.is_of_request(request) && self.event.matches(event)
    }

    /// Whether a SUBSCRIBE outside of dialogs is the one that began this, again.
    pub(super) fn is_again(&self, request: &Request) -> bool {
        self.dialog.is_of_request_without_to(request) && call_id_of(request) == self.dialog.call_id()
    }

    /// The SUBSCRIBE that began this came again: its response got lost, or it came by another way.
    pub(super) fn repeated(&mut self, core: &mut Core, key: &Key, request: &Request) {
        let decided = !matches!(self.state, State::Asked { .. });
        if decided && self.key == *key {
            let response = self.response(core, request, self.answered);
            core.respond(key, &response);
        } else {
            respond(core, key, request, Status::LOOP_DETECTED);
        }
    }

    /// SUBSCRIBE came in its dialog, for `lasts`.
    pub(super) fn refreshed(&mut self, core: &mut Core, key: &Key, request: &Request, lasts: Duration) {
        if self.key == *key {
            let response = self.response(core, request, Status::OK);
            return core.respond(key, &response);
        }
        if let Err(status) = self.dialog.accepts(request) {
            return respond(core, key, request, status);
        }
        if !matches!(self.state, State::Pending | State::Active) {
            return respond(core, key, request, Status::CALL_DOES_NOT_EXIST);
        }
        if let Some(response) = brief(core, request, lasts) {
            return core.respond(key, &response);
        }
        self.dialog.refresh(&request.headers);
        self.until = core.now + lasts.min(MOST);
        self.key = key.clone();
        self.answer(core, request, Status::OK);
        if lasts.is_zero() {
            self.leave(core, Reason::Timeout, SubscriptionEnd::EndedThere);
        } else {
            self.notify(core);
        }
    }

    /// Something final came of NOTIFY.
    pub(super) fn outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        if self.under_way.is_none() || seq_of(&outcome.request) != self.under_way {
            return;
        }
        self.under_way = None;
        let failure = Failure::of(outcome.response.as_ref());
        match self.state {
            State::Leaving { .. } if self.changed => self.notify(core),
            State::Leaving { end, .. } => self.state = State::Ended(end),
            State::Pending | State::Active => match failure {
                Failure::Status(_) => {
                    if self.changed {
                        self.notify(core);
                    }
                }
                Failure::NoResponse
                | Failure::Forbidden
                | Failure::NotFound
                | Failure::Unavailable
                | Failure::Declined
                | Failure::Unsupported
                | Failure::TooLarge
                | Failure::Over => self.state = State::Ended(SubscriptionEnd::Refused(failure)),
            },
            State::Asked { .. } | State::Ended(_) => {}
        }
    }

    /// It was agreed: NOTIFY follows at once, and the last one if it is for one moment (RFC 6665 4.2.1.4).
    fn begin(&mut self, core: &mut Core, state: State) {
        self.state = state;
        if self.until <= core.now {
            self.leave(core, Reason::Timeout, SubscriptionEnd::Fetched);
        } else {
            self.notify(core);
        }
    }

    fn answer(&mut self, core: &mut Core, request: &Request, status: Status) {
        self.answered = status;
        let response = self.response(core, request, status);
        core.respond(&self.key, &response);
    }

    /// A 2xx to SUBSCRIBE: how long it lasts, and where we are.
    fn response(&self, core: &Core, request: &Request, status: Status) -> Response {
        let mut response = compose::response(&core.config, request, status, self.dialog.local_tag());
        if let Some(contact) = compose::dialog_contact(&core.config) {
            response.headers.push(&Contact::Addr(contact));
        }
        response.headers.push(&Expires(self.seconds(core)));
        response
    }

    fn seconds(&self, core: &Core) -> u32 {
        u32::try_from(self.until.since(core.now).as_secs()).unwrap_or(u32::MAX)
    }

    /// NOTIFY leaves, with the newest state; after the one that is under way.
    fn notify(&mut self, core: &mut Core) {
        self.changed = self.under_way.is_some();
        if self.changed {
            return;
        }
        let mut request = self.dialog.request(Method::Notify);
        compose::describe(&core.config, &mut request);
        request.headers.push(&self.event);
        request.headers.push(&self.said(core));
        let told = matches!(self.state, State::Active | State::Leaving { reason: Reason::Timeout, .. });
        if let Some(body) = self.body.clone().filter(|_| told) {
            compose::body(&mut request.headers, &mut request.body, body);
        }
        self.under_way = send(core, request, Subject::Notice(self.id)).then_some(self.dialog.local_seq());
    }

    fn said(&self, core: &Core) -> SubscriptionState {
        let lasts = |state| {
            let mut said = SubscriptionState::new(state);
            let _ = said.params.set("expires", Some(&self.seconds(core).to_string()));
            said
        };
        let over = |reason: Reason| {
            let mut said = SubscriptionState::new(const { Token::literal("terminated") });
            let _ = said.params.set("reason", Some(reason.as_str()));
            said
        };
        match self.state {
            State::Asked { .. } | State::Pending => lasts(const { Token::literal("pending") }),
            State::Active => lasts(const { Token::literal("active") }),
            State::Leaving { reason, .. } => over(reason),
            State::Ended(_) => over(Reason::Timeout),
        }
    }
}
