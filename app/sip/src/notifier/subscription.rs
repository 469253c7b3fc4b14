use super::api::{Config, Output};
use super::documents::{Wanted, address, document};
use super::package::Package;
use super::reason::Reason;
use super::refusal::{Refusal, seconds};
use super::resource::Resource;
use super::snapshot::RESERVE;
use super::verdict::Verdict;
use crate::dialog::Dialog;
use crate::header::{CSeq, Contact, ContentType, Event, Expires, NameAddr, SubscriptionState};
use crate::message::{Method, Request, Response, Status, Token};
use crate::proxy::SendId;
use crate::transaction::Key;
use crate::{Instant, Random};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// After how many failures in a row a subscription is given up.
const MAX_FAILURES: u32 = 4;
/// How long to wait after the first failure; it doubles from there.
const FIRST_BACK_OFF: Duration = Duration::from_secs(2);
/// For how long nothing may be heard of a NOTIFY: whoever sends it says what became of it well before.
const PATIENCE: Duration = Duration::from_secs(90);
/// After how many seconds to try again who failed too often.
const PROBATION: u32 = 60;

/// A subscription of a user's phone to what is known of somebody (RFC 6665 4.2). One NOTIFY is under way at a time.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | W1 | – | SUBSCRIBE to somebody else | asks whether there is such a user | Asked |
/// | W2 | – | SUBSCRIBE to oneself | 200, NOTIFY active with the state | Active |
/// | W3 | – | SUBSCRIBE: another package; cannot read what is told; too brief; what is only another's own; too many of one user; in all | 489; 406; 423; 403; 480; 503 | – |
/// | W4 | Asked | there is | 200, NOTIFY active with the state | Active |
/// | W5 | Asked | there is not | 404 | – |
/// | W6 | –, Asked | SUBSCRIBE for no time | 200, NOTIFY terminated, timeout, with the state | Ending |
/// | W7 | Active | SUBSCRIBE | 200, NOTIFY active with the state | Active, for longer |
/// | W8 | Active | SUBSCRIBE for no time | 200, NOTIFY terminated, timeout, with the state | Ending |
/// | W9 | Active | SUBSCRIBE: too brief; out of order | 423; 500 | Active |
/// | W10 | Active, Ending | the SUBSCRIBE that was answered, again | 200 | same |
/// | W11 | –, Ending | SUBSCRIBE within a dialog; of somebody else's dialog | 481 | same |
/// | W12 | Active | the state changes | NOTIFY active with the state | Active |
/// | W13 | Active | it changes right after a NOTIFY, or while one is under way | NOTIFY later, with what is the state by then | Active |
/// | W14 | Active | it ran out | NOTIFY terminated, timeout, with the state | Ending |
/// | W15 | Active | the user is removed; the exchange goes | NOTIFY terminated, noresource; deactivated | Ending |
/// | W16 | Active | 2xx to NOTIFY | | Active |
/// | W17 | Active | a response to NOTIFY that says that nobody listens; no phone there | | – |
/// | W18 | Active | a response that says that it may be tried again; none from a phone that is there | NOTIFY after 2, 4 and 8 s | Active |
/// | W19 | Active | W18 for the fourth time in a row: a response; none | NOTIFY terminated, probation; | Ending; – |
/// | W20 | Ending | any final response to the last NOTIFY, or none | | – |
/// | W21 | Asked | restored | asks again | Asked |
/// | W22 | any but Asked | nothing is heard of a NOTIFY at all | like no response | |
/// | W23 | any but Asked | restored after a kill | NOTIFY with the state, numbered above all before | same |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Subscription {
    pub(super) id: u64,
    /// Whom they watch.
    pub(super) user: String,
    pub(super) package: Package,
    /// Who watches.
    pub(super) watcher: String,
    /// With which phone.
    pub(super) device: String,
    /// As they said it, with its `id`.
    event: Event,
    dialog: Dialog,
    /// The CSeq of the SUBSCRIBE that began it.
    begun: u32,
    /// The last SUBSCRIBE that was answered 200.
    key: Key,
    /// When it runs out.
    until: Instant,
    /// How many documents were told.
    version: u32,
    /// The calls or contacts that the last one listed.
    told: Vec<String>,
    /// Whether there is something newer than what was told.
    changed: bool,
    /// When the next NOTIFY may leave.
    earliest: Instant,
    under_way: Option<UnderWay>,
    /// How many NOTIFYs in a row failed.
    failures: u32,
    stage: Stage,
}

/// A NOTIFY of which nothing was heard yet.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct UnderWay {
    id: SendId,
    until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Stage {
    Active,
    Ending(Reason),
    Over,
}

/// What a subscription works with.
pub(super) struct Desk<'a> {
    pub(super) config: &'a Config,
    pub(super) resources: &'a BTreeMap<String, Resource>,
    pub(super) random: &'a mut Random,
    pub(super) outputs: &'a mut VecDeque<Output>,
    pub(super) now: Instant,
}

/// A SUBSCRIBE that may be granted.
pub(super) struct Grant<'a> {
    pub(super) id: u64,
    pub(super) user: String,
    pub(super) watcher: String,
    pub(super) device: String,
    pub(super) package: Package,
    pub(super) event: Event,
    pub(super) lasts: Duration,
    pub(super) request: &'a Request,
}

impl Subscription {
    /// A new subscription, and the 200 that begins it; [`Subscription::begin`] follows.
    pub(super) fn new(grant: Grant<'_>, desk: &mut Desk<'_>) -> Result<(Self, Response), Refusal> {
        let Grant { id, user, watcher, device, package, event, lasts, request } = grant;
        let tag = format!("{}.{id:x}", desk.random.token());
        let subscription = Self {
            id,
            user,
            package,
            watcher,
            device,
            event,
            dialog: Dialog::uas(request, &tag)?,
            begun: request.headers.get::<CSeq>()?.seq,
            key: Key::server(request)?,
            until: desk.now + lasts,
            version: 0,
            told: Vec::new(),
            changed: false,
            earliest: desk.now,
            under_way: None,
            failures: 0,
            stage: Stage::Active,
        };
        let response = subscription.accept(request, desk);
        Ok((subscription, response))
    }

    /// The subscription that a tag of ours names, if it is one.
    pub(super) fn named(tag: &str) -> Option<u64> {
        let (_, id) = tag.rsplit_once('.')?;
        u64::from_str_radix(id, 16).ok()
    }

    /// The subscription that a request that was sent belongs to.
    pub(super) const fn of(id: SendId) -> u64 {
        id.0 >> 24
    }

    /// Tells the state for the first time (RFC 6665 4.2.1.2).
    pub(super) fn begin(&mut self, desk: &mut Desk<'_>) {
        if self.until <= desk.now {
            self.leave(Reason::Timeout, desk);
        } else {
            self.tell(desk);
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// When it ends if nothing happens: what was asked for last ends last.
    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let guard = self.under_way.as_ref().map(|under_way| under_way.until);
        let next = (self.changed && guard.is_none()).then_some(self.earliest);
        let end = (self.stage == Stage::Active).then_some(self.until);
        [guard, next, end].into_iter().flatten().min()
    }

    pub(super) fn timeout(&mut self, desk: &mut Desk<'_>) {
        if self.under_way.as_ref().is_some_and(|under_way| under_way.until <= desk.now) {
            self.under_way = None;
            self.failed(None, desk);
        }
        if self.stage == Stage::Active && self.until <= desk.now {
            self.leave(Reason::Timeout, desk);
        }
        self.flush(desk);
    }

    /// The state is another one.
    pub(super) fn change(&mut self, desk: &mut Desk<'_>) {
        if self.stage == Stage::Active {
            self.changed = true;
            self.flush(desk);
        }
    }

    /// Ends it, with a last NOTIFY.
    pub(super) fn leave(&mut self, reason: Reason, desk: &mut Desk<'_>) {
        if self.stage == Stage::Active {
            self.stage = Stage::Ending(reason);
            self.tell(desk);
        }
    }

    /// Whether a SUBSCRIBE outside of dialogs is the one that began this, again.
    pub(super) fn is_again(&self, request: &Request) -> bool {
        self.dialog.is_of_request_without_to(request)
            && request.headers.get::<CSeq>().is_ok_and(|cseq| cseq.seq == self.begun)
    }

    /// The SUBSCRIBE that began this came again: its response got lost, or it came by another way (RFC 3261 8.2.2.2).
    pub(super) fn repeated(&self, request: &Request, desk: &Desk<'_>) -> Result<Response, Refusal> {
        let same = Key::server(request).is_ok_and(|key| key == self.key);
        if same { Ok(self.accept(request, desk)) } else { Err(Refusal::Status(Status::LOOP_DETECTED)) }
    }

    /// Whether a SUBSCRIBE of a phone of `watcher`'s belongs to this.
    pub(super) fn is_of(&self, request: &Request, watcher: &str, event: &Event) -> bool {
        self.watcher == watcher && self.dialog.is_of_request(request) && self.event.matches(event)
    }

    /// SUBSCRIBE came within the dialog, for `lasts` if that is long enough. The response; what follows from it is for
    /// [`Subscription::refreshed`], after it was sent.
    pub(super) fn refresh(
        &mut self,
        request: &Request,
        device: &str,
        lasts: Result<Duration, Refusal>,
        desk: &Desk<'_>,
    ) -> Result<(Response, bool), Refusal> {
        let key = Key::server(request)?;
        if key == self.key {
            return Ok((self.accept(request, desk), false));
        }
        if self.stage != Stage::Active {
            return Err(Refusal::Status(Status::CALL_DOES_NOT_EXIST));
        }
        self.dialog.accepts(request).map_err(Refusal::Status)?;
        let lasts = lasts?;
        self.dialog.refresh(&request.headers);
        self.device = device.to_string();
        self.key = key;
        self.until = desk.now + lasts;
        Ok((self.accept(request, desk), true))
    }

    /// Tells the state anew, at once.
    pub(super) fn refreshed(&mut self, desk: &mut Desk<'_>) {
        self.failures = 0;
        self.begin(desk);
    }

    /// What became of a NOTIFY. `there` says whether the phone is registered.
    pub(super) fn sent(&mut self, id: SendId, response: Option<&Response>, there: bool, desk: &mut Desk<'_>) {
        if self.under_way.as_ref().is_none_or(|under_way| under_way.id != id) {
            return;
        }
        self.under_way = None;
        match Verdict::of(response, there) {
            Verdict::Heard => {
                self.failures = 0;
                if let Stage::Ending(_) = self.stage
                    && !self.changed
                {
                    self.stage = Stage::Over;
                }
            }
            Verdict::Later(after) => self.failed(Some((response.is_some(), after)), desk),
            Verdict::Never => self.stage = Stage::Over,
        }
        self.flush(desk);
    }

    /// A NOTIFY failed. `None`: nobody knows why.
    fn failed(&mut self, why: Option<(bool, Option<Duration>)>, desk: &mut Desk<'_>) {
        let (answered, after) = why.unwrap_or((false, None));
        self.failures += 1;
        match self.stage {
            Stage::Ending(_) if self.changed => {}
            Stage::Ending(_) | Stage::Over => self.stage = Stage::Over,
            Stage::Active if self.failures < MAX_FAILURES => {
                let back_off = FIRST_BACK_OFF * (1 << (self.failures - 1));
                self.changed = true;
                self.earliest = desk.now + after.unwrap_or(back_off).min(desk.config.max_expires);
            }
            Stage::Active if answered => self.leave(Reason::Probation, desk),
            Stage::Active => self.stage = Stage::Over,
        }
    }

    /// W23: the process that sent the last NOTIFYs was killed, and nobody knows which they were.
    pub(super) fn recover(&mut self, desk: &mut Desk<'_>) {
        self.dialog.skip(RESERVE);
        self.version = self.version.wrapping_add(RESERVE);
        self.under_way = None;
        self.failures = 0;
        self.changed = true;
        self.earliest = desk.now;
    }

    /// Tells the state as soon as nothing is under way.
    fn tell(&mut self, desk: &mut Desk<'_>) {
        self.changed = true;
        self.earliest = desk.now;
        self.flush(desk);
    }

    /// Sends what is to be told, if its time has come.
    fn flush(&mut self, desk: &mut Desk<'_>) {
        let waits = self.under_way.is_some() || self.earliest > desk.now;
        if !self.changed || waits || self.stage == Stage::Over {
            return;
        }
        self.changed = false;
        self.earliest = desk.now + desk.config.pace;
        let request = self.notify(desk);
        let id = SendId((self.id << 24 | u64::from(self.dialog.local_seq() & 0xff_ffff)) & (u64::MAX >> 1));
        self.under_way = Some(UnderWay { id, until: desk.now + PATIENCE });
        let (user, device) = (self.watcher.clone(), self.device.clone());
        desk.outputs.push_back(Output::Send { id, user, device, request });
    }

    fn notify(&mut self, desk: &Desk<'_>) -> Request {
        let mut request = self.dialog.request(Method::Notify);
        self.locate(&mut request.headers, desk);
        request.headers.push(&self.event);
        request.headers.push(&self.said(desk));
        let tells = match self.stage {
            Stage::Active => true,
            Stage::Ending(reason) => reason.tells(),
            Stage::Over => false,
        };
        if tells && let Ok(content_type) = ContentType::new(self.package.media_type()) {
            let nothing = Resource::default();
            let resource = desk.resources.get(&self.user).unwrap_or(&nothing);
            let mut told = core::mem::take(&mut self.told);
            let Self { package, user, watcher, version, .. } = &*self;
            let wanted = Wanted { package: *package, user, watcher, version: *version };
            request.headers.push(&content_type);
            request.body = document(&wanted, resource, &mut told, desk.config, desk.now).into_bytes();
            self.told = told;
            self.version = self.version.wrapping_add(1);
        }
        request
    }

    /// The 200 to SUBSCRIBE: how long it lasts, and where its dialog is.
    fn accept(&self, request: &Request, desk: &Desk<'_>) -> Response {
        let mut response = Response::to_request(request, Status::OK);
        response.set_to_tag(self.dialog.local_tag());
        self.locate(&mut response.headers, desk);
        response.headers.push(&Expires(seconds(self.until.since(desk.now))));
        response
    }

    /// Our Contact: the user's address, as the exchange itself answers there.
    fn locate(&self, headers: &mut crate::header::Headers, desk: &Desk<'_>) {
        headers.push(&Contact::Addr(NameAddr::new(address(desk.config, &self.user))));
    }

    fn said(&self, desk: &Desk<'_>) -> SubscriptionState {
        let left = seconds(self.until.since(desk.now)).to_string();
        let (state, params) = match self.stage {
            Stage::Active => (const { Token::literal("active") }, [Some(("expires", left)), None]),
            Stage::Ending(reason) => {
                let after = (reason == Reason::Probation).then(|| ("retry-after", PROBATION.to_string()));
                (const { Token::literal("terminated") }, [Some(("reason", reason.as_str().to_string())), after])
            }
            Stage::Over => (const { Token::literal("terminated") }, [None, None]),
        };
        let mut said = SubscriptionState::new(state);
        for (name, value) in params.into_iter().flatten() {
            // Numbers and tokens are always values of parameters.
            let _ = said.params.set(name, Some(&value));
        }
        said
    }
}
