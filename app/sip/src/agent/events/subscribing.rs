use super::super::identity::caller;
use super::super::{Agent, Config, Event, VerbError};
use super::subscriber::{Subscriber, asked};
use super::{MAX_NOTICE, Package, Subscription, SubscriptionId, body_of, is_plain, respond, response};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{self, Accept, AllowEvents, ContentType, NameAddr, SubscriptionState};
use crate::message::{HeaderName, Request, Status};
use crate::transaction::Key;
use crate::uri::Uri;
use core::time::Duration;

/// How many subscriptions an agent may have.
const MAX_SUBSCRIPTIONS: usize = 256;

impl Agent {
    /// Subscribes to somebody's state (RFC 6665): [`Event::Subscription`] tells how it stands, [`Event::Notified`]
    /// what is said. It lasts until [`Agent::unsubscribe`], whatever happens to dialogs and transports, unless it is
    /// refused for good; `expires` is how long is asked for at a time, 60 s at least; zero asks for the state of this
    /// moment only.
    ///
    /// # Errors
    /// There are as many subscriptions as are allowed (256).
    pub fn subscribe(
        &mut self,
        target: Uri,
        package: Package,
        expires: Duration,
        now: Instant,
    ) -> Result<SubscriptionId, VerbError> {
        if self.events.subscribers.len() >= MAX_SUBSCRIPTIONS {
            return Err(VerbError::TooMany);
        }
        self.enter(now);
        let id = SubscriptionId(self.events.name());
        let mut subscriber = Subscriber::new(&mut self.core, id, target, package, asked(expires));
        if self.events.ready {
            subscriber.ready(&mut self.core);
        }
        self.events.subscribers.push(subscriber);
        self.settle();
        Ok(id)
    }

    /// Ends a subscription of ours. What is still told is not for the user any more.
    ///
    /// # Errors
    /// There is no such subscription.
    pub fn unsubscribe(&mut self, id: SubscriptionId, now: Instant) -> Result<(), VerbError> {
        self.with_subscription(id, now, Subscriber::leave)
    }

    /// Asks for the whole state now, as after a gap in partial documents (RFC 4235 4.3, RFC 3680 5.2). Does nothing
    /// if it is being asked for, or not agreed.
    ///
    /// # Errors
    /// There is no such subscription.
    pub fn renew(&mut self, id: SubscriptionId, now: Instant) -> Result<(), VerbError> {
        self.with_subscription(id, now, Subscriber::renew)
    }

    /// Our subscriptions, oldest first.
    pub fn subscriptions(&self) -> impl Iterator<Item = Subscription> {
        self.events.subscribers.iter().map(Subscriber::subscription)
    }

    fn with_subscription(
        &mut self,
        id: SubscriptionId,
        now: Instant,
        act: fn(&mut Subscriber, &mut super::super::core::Core),
    ) -> Result<(), VerbError> {
        self.enter(now);
        let subscriber = self.events.subscriber(id).ok_or(VerbError::Unknown)?;
        act(subscriber, &mut self.core);
        self.settle();
        Ok(())
    }

    /// NOTIFY came that belongs to no transfer (RFC 6665 4.1.3).
    ///
    /// | On | Answer |
    /// | --- | --- |
    /// | one of a subscription | 200, or what [`Agent::listen`] says |
    /// | mailbox without subscription, outside of dialogs ([`super::super::Config::unsolicited`]) | 200, told |
    /// | `keep-alive` (NAT pings of Asterisk, FreeSWITCH, Cisco) | 200 |
    /// | another one of a package that may be subscribed to, or of a transfer | 481 |
    /// | `check-sync`, `talk`, `hold`, `aastra-xml`, …: a page cannot be told these | 489 |
    pub(in super::super) fn notice_came(&mut self, key: &Key, request: &Request) {
        let event = match request.headers.find::<header::Event>() {
            Ok(Some(event)) => event,
            Ok(None) => return self.bad_event(key, request),
            Err(error) => return respond(&mut self.core, key, request, error.status()),
        };
        let package = Package::named(&event.event_type);
        let of = |subscriber: &Subscriber| subscriber.package == package && event.id().is_none();
        let found = self.events.subscribers.iter().position(|subscriber| of(subscriber) && subscriber.is_of(request));
        if let Some(at) = found {
            return self.listen(at, key, request);
        }
        let outside = request.headers.get::<header::To>().is_ok_and(|to| to.tag().is_none());
        match package {
            Package::MessageSummary if outside && self.core.config.unsolicited => self.unsolicited(key, request),
            Package::Presence | Package::Dialog | Package::MessageSummary | Package::Reg | Package::Conference => {
                respond(&mut self.core, key, request, Status::CALL_DOES_NOT_EXIST);
            }
            Package::Other(_) if event.is("keep-alive") => respond(&mut self.core, key, request, Status::OK),
            Package::Other(_) => {
                let known = event.is("refer") || self.events.subscribers.iter().any(of);
                if known {
                    respond(&mut self.core, key, request, Status::CALL_DOES_NOT_EXIST);
                } else {
                    self.bad_event(key, request);
                }
            }
        }
    }

    /// NOTIFY of a subscription: 500 if it is older than the last one, 413, 415, 400 if it cannot be read.
    fn listen(&mut self, at: usize, key: &Key, request: &Request) {
        let Some(subscriber) = self.events.subscribers.get_mut(at) else { return };
        let core = &mut self.core;
        let seq = super::seq_of(request);
        if subscriber.notified.is_some() && subscriber.notified == seq {
            return respond(core, key, request, Status::OK);
        }
        if let Err(status) = subscriber.dialog.as_mut().map_or(Ok(()), |dialog| dialog.accepts(request)) {
            return respond(core, key, request, status);
        }
        if let Some(status) = unreadable(request, &subscriber.package) {
            let mut response = response(core, request, status);
            accept(&mut response, status, &subscriber.package);
            return core.respond(key, &response);
        }
        let said = match request.headers.find::<SubscriptionState>() {
            Ok(said) => said,
            Err(error) => return respond(core, key, request, error.status()),
        };
        match &mut subscriber.dialog {
            Some(dialog) => dialog.refresh(&request.headers),
            None => match Dialog::uas(request, &subscriber.local_tag) {
                Ok(dialog) => subscriber.meet(dialog),
                Err(error) => return respond(core, key, request, error.status()),
            },
        }
        subscriber.notified = seq;
        respond(core, key, request, Status::OK);
        let (id, package) = (subscriber.id, subscriber.package.clone());
        let listening = subscriber.is_listening();
        subscriber.stands(core, said.as_ref());
        if !said.is_some_and(|said| said.is_terminated()) {
            subscriber.tell(core);
        }
        let type_of = package.accepts().first().copied().unwrap_or("text/plain");
        if let Some(body) = body_of(request, type_of).filter(|_| listening) {
            let from = from(&core.config, request);
            core.event(Event::Notified { id: Some(id), package, from, body });
        }
    }

    /// A mailbox tells its state without being asked (Asterisk, FreeSWITCH).
    fn unsolicited(&mut self, key: &Key, request: &Request) {
        let package = Package::MessageSummary;
        let status = unreadable(request, &package).unwrap_or(Status::OK);
        let mut response = response(&mut self.core, request, status);
        accept(&mut response, status, &package);
        self.core.respond(key, &response);
        let type_of = package.accepts().first().copied().unwrap_or_default();
        if let Some(body) = body_of(request, type_of).filter(|_| status == Status::OK) {
            let from = from(&self.core.config, request);
            self.core.event(Event::Notified { id: None, package, from, body });
        }
    }

    /// 489 (RFC 6665 8.3.2).
    pub(super) fn bad_event(&mut self, key: &Key, request: &Request) {
        let mut response = response(&mut self.core, request, Status::BAD_EVENT);
        let packages = &self.core.config.packages;
        if !packages.is_empty() {
            response.headers.push(&AllowEvents(packages.iter().map(Package::name).collect()));
        }
        self.core.respond(key, &response);
    }
}

/// Why a NOTIFY cannot be read, if it cannot.
fn unreadable(request: &Request, package: &Package) -> Option<Status> {
    if request.body.is_empty() {
        return None;
    }
    if request.body.len() > MAX_NOTICE {
        return Some(Status::REQUEST_ENTITY_TOO_LARGE);
    }
    let accepts = package.accepts();
    let fits = match request.headers.find::<ContentType>() {
        Ok(Some(found)) => accepts.is_empty() || accepts.iter().any(|name| found.is(name)),
        Ok(None) => true,
        Err(_) => false,
    };
    (!fits || !is_plain(request)).then_some(Status::UNSUPPORTED_MEDIA_TYPE)
}

/// 415 says what is taken.
fn accept(response: &mut crate::message::Response, status: Status, package: &Package) {
    if status == Status::UNSUPPORTED_MEDIA_TYPE {
        response.headers.remove(HeaderName::Accept);
        for range in package.accepts().iter().filter_map(|range| range.parse::<Accept>().ok()) {
            response.headers.push(&range);
        }
    }
}

/// Who says it; validated requests have a From.
fn from(config: &Config, request: &Request) -> NameAddr {
    let from = caller(config, &request.headers).map(|(from, _)| from);
    from.unwrap_or_else(|_| NameAddr::new(request.uri.clone()))
}
