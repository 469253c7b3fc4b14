use super::super::core::Core;
use super::super::{Agent, Body, VerbError};
use super::notifier::Notifier;
use super::{BUSY, Package, Reason, SHORTEST, SubscriptionEnd, SubscriptionId, errand, respond, response};
use crate::Instant;
use crate::header::{self, Expires, MinExpires, RetryAfter, To};
use crate::message::{Request, Response, Status};
use crate::transaction::Key;
use core::time::Duration;

/// How many may be subscribed here.
const MAX_NOTIFIERS: usize = 64;

impl Agent {
    /// Accepts a subscription to us, also one that was put off: NOTIFY tells this state at once, and again when the
    /// subscriber refreshes, so that it is to be all of it.
    ///
    /// # Errors
    /// There is no such subscription, it was accepted before, or the body is too large or its type malformed.
    pub fn accept_subscription(&mut self, id: SubscriptionId, body: Body, now: Instant) -> Result<(), VerbError> {
        errand::check(&body)?;
        self.with_notifier(id, now, |notifier, core| notifier.accept(core, body))
    }

    /// Puts the decision off: the subscriber is told that it is pending (202).
    ///
    /// # Errors
    /// There is no such subscription, or it was decided before.
    pub fn put_off_subscription(&mut self, id: SubscriptionId, now: Instant) -> Result<(), VerbError> {
        self.with_notifier(id, now, Notifier::put_off)
    }

    /// Refuses a subscription to us, with this status; one that was put off, with NOTIFY.
    ///
    /// # Errors
    /// There is no such subscription, it was accepted before, or the status is none that refuses (300 to 699).
    pub fn reject_subscription(&mut self, id: SubscriptionId, status: Status, now: Instant) -> Result<(), VerbError> {
        if !errand::is_refusal(status) {
            return Err(VerbError::Malformed);
        }
        self.with_notifier(id, now, |notifier, core| notifier.reject(core, status))
    }

    /// Tells a subscriber our state: all of it. Of several that come while one is under way, the last one is sent.
    ///
    /// # Errors
    /// There is no such subscription, it is not accepted, or the body is too large or its type malformed.
    pub fn notify(&mut self, id: SubscriptionId, body: Body, now: Instant) -> Result<(), VerbError> {
        errand::check(&body)?;
        self.with_notifier(id, now, |notifier, core| notifier.change(core, body))
    }

    /// Ends a subscription to us.
    ///
    /// # Errors
    /// There is no such subscription.
    pub fn end_subscription(&mut self, id: SubscriptionId, now: Instant) -> Result<(), VerbError> {
        self.with_notifier(id, now, |notifier, core| {
            notifier.leave(core, Reason::NoResource, SubscriptionEnd::Ended);
            true
        })
    }

    fn with_notifier(
        &mut self,
        id: SubscriptionId,
        now: Instant,
        act: impl FnOnce(&mut Notifier, &mut Core) -> bool,
    ) -> Result<(), VerbError> {
        self.enter(now);
        let notifier = self.events.notifier(id).ok_or(VerbError::Unknown)?;
        let fits = act(notifier, &mut self.core);
        self.settle();
        if fits { Ok(()) } else { Err(VerbError::WrongPhase) }
    }

    /// SUBSCRIBE came that belongs to no transfer (RFC 6665 4.2.1).
    pub(in super::super) fn subscribe_came(&mut self, key: &Key, request: &Request) {
        let event = match request.headers.find::<header::Event>() {
            Ok(Some(event)) => event,
            Ok(None) => return self.bad_event(key, request),
            Err(error) => return respond(&mut self.core, key, request, error.status()),
        };
        let expires = match request.headers.find::<Expires>() {
            Ok(expires) => expires,
            Err(error) => return respond(&mut self.core, key, request, error.status()),
        };
        let package = Package::named(&event.event_type);
        let lasts = expires.map_or(package.lasts(), |Expires(seconds)| Duration::from_secs(seconds.into()));
        if request.headers.get::<To>().is_ok_and(|to| to.tag().is_some()) {
            let found = self.events.notifiers.iter_mut().find(|notifier| notifier.is_of(request, &event));
            return match found {
                Some(notifier) => notifier.refreshed(&mut self.core, key, request, lasts),
                None => respond(&mut self.core, key, request, Status::CALL_DOES_NOT_EXIST),
            };
        }
        if !self.core.config.packages.contains(&package) {
            return self.bad_event(key, request);
        }
        if let Some(known) = self.events.notifiers.iter_mut().find(|notifier| notifier.is_again(request)) {
            return known.repeated(&mut self.core, key, request);
        }
        if let Some(response) = brief(&mut self.core, request, lasts) {
            return self.core.respond(key, &response);
        }
        if self.events.notifiers.len() >= MAX_NOTIFIERS {
            let mut response = response(&mut self.core, request, Status::TEMPORARILY_UNAVAILABLE);
            response.headers.push(&RetryAfter::new(BUSY));
            return self.core.respond(key, &response);
        }
        let id = SubscriptionId(self.events.name());
        match Notifier::new(&mut self.core, id, key, request, event, lasts) {
            Ok(notifier) => {
                notifier.ask(&mut self.core);
                self.events.notifiers.push(notifier);
            }
            Err(error) => respond(&mut self.core, key, request, error.status()),
        }
    }
}

/// 423 to who wants to refresh too often.
pub(super) fn brief(core: &mut Core, request: &Request, lasts: Duration) -> Option<Response> {
    if lasts.is_zero() || lasts >= SHORTEST {
        return None;
    }
    let mut response = response(core, request, Status::INTERVAL_TOO_BRIEF);
    response.headers.push(&MinExpires(u32::try_from(SHORTEST.as_secs()).unwrap_or(u32::MAX)));
    Some(response)
}
