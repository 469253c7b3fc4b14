//! SUBSCRIBE, from its arrival to the 200 (RFC 6665 4.2.1).

use super::api::{Answer, Config, Output, Question};
use super::package::Package;
use super::refusal::Refusal;
use super::subscription::{Grant, Subscription};
use super::{Asked, Notifier, Pending, screen};
use crate::Instant;
use crate::header::{Accept, Event, Expires, To};
use crate::message::{HeaderName, Request, Status};
use crate::registrar::QuestionId;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// How many SUBSCRIBEs of one user may wait for an answer; more are answered 503.
const MAX_ASKED: usize = 32;
/// How many of all.
const MAX_PENDING: usize = 1024;

/// What a SUBSCRIBE asks for.
struct Demand {
    event: Event,
    package: Package,
    lasts: Result<Duration, Refusal>,
}

impl Notifier {
    pub(super) fn subscribe(&mut self, mut asked: Asked, now: Instant) {
        // Filters are not applied, and not kept.
        asked.request.body.clear();
        if self.state.pending.values().any(|pending| pending.asked.id == asked.id) {
            return; // It was asked before a restore, and is asked again.
        }
        let tag = asked.request.headers.get::<To>().ok().and_then(|to| to.tag().map(ToString::to_string));
        let outcome = match (demand(&asked.request, &self.config), tag) {
            (Err(refusal), _) => Err(refusal),
            (Ok(demand), Some(tag)) => return self.subscribe_again(&asked, demand, &tag, now),
            (Ok(demand), None) => self.subscribe_anew(&asked, demand, now),
        };
        if let Err(refusal) = outcome {
            self.refuse(&asked, refusal);
        }
    }

    /// It is known whether there is whom a SUBSCRIBE is for.
    pub(super) fn answered(&mut self, id: QuestionId, answer: Answer, now: Instant) {
        let Some(Pending { asked, .. }) = self.state.pending.remove(&id) else {
            return;
        };
        let Answer::Account(party) = answer;
        let outcome = match party {
            None => Err(Refusal::Status(Status::NOT_FOUND)),
            Some(party) => demand(&asked.request, &self.config)
                .and_then(|demand| Ok((demand.lasts.clone()?, demand)))
                .and_then(|(lasts, demand)| self.grant(&asked, party.user, demand, lasts, now)),
        };
        if let Err(refusal) = outcome {
            self.refuse(&asked, refusal);
        }
    }

    /// A SUBSCRIBE that begins a dialog.
    fn subscribe_anew(&mut self, asked: &Asked, demand: Demand, now: Instant) -> Result<(), Refusal> {
        let Asked { from, request, .. } = asked;
        let again = self
            .index
            .by(&from.user)
            .find(|id| self.state.subscriptions.get(id).is_some_and(|subscription| subscription.is_again(request)));
        if let Some(again) = again {
            let id = asked.id;
            let mut outcome = Ok(());
            self.change(again, now, |subscription, desk| match subscription.repeated(request, desk) {
                Ok(response) => desk.outputs.push_back(Output::Answer(id, response)),
                Err(refusal) => outcome = Err(refusal),
            });
            return outcome;
        }
        let lasts = demand.lasts.clone()?;
        let user = target(request, &demand, &from.user)?;
        if demand.package.is_private() && user != from.user {
            return Err(Refusal::Status(Status::FORBIDDEN));
        }
        self.make_room(asked, &demand, &user)?;
        if user == from.user {
            return self.grant(asked, user, demand, lasts, now);
        }
        self.state.counter += 1;
        let id = QuestionId(self.state.counter);
        let pending = Pending { asked: asked.clone(), user };
        self.outputs.push_back(Output::Ask(id, pending.question()));
        self.state.pending.insert(id, pending);
        Ok(())
    }

    /// A SUBSCRIBE within the dialog that our tag names.
    fn subscribe_again(&mut self, asked: &Asked, demand: Demand, tag: &str, now: Instant) {
        let Asked { id, from, device, request } = asked;
        let found = Subscription::named(tag).filter(|named| {
            let subscription = self.state.subscriptions.get(named);
            subscription.is_some_and(|subscription| subscription.is_of(request, &from.user, &demand.event))
        });
        let Some(found) = found else {
            return self.refuse(asked, Refusal::Status(Status::CALL_DOES_NOT_EXIST));
        };
        self.change(found, now, |subscription, desk| match subscription.refresh(request, device, demand.lasts, desk) {
            Ok((response, renewed)) => {
                desk.outputs.push_back(Output::Answer(*id, response));
                if renewed {
                    subscription.refreshed(desk);
                }
            }
            Err(refusal) => {
                let response = refusal.response(request, desk.config);
                desk.outputs.push_back(Output::Answer(*id, response));
            }
        });
    }

    fn grant(
        &mut self,
        asked: &Asked,
        user: String,
        demand: Demand,
        lasts: Duration,
        now: Instant,
    ) -> Result<(), Refusal> {
        self.state.counter += 1;
        let grant = Grant {
            id: self.state.counter,
            user,
            watcher: asked.from.user.clone(),
            device: asked.device.clone(),
            package: demand.package,
            event: demand.event,
            lasts,
            request: &asked.request,
        };
        let (subscription, response) = Subscription::new(grant, &mut self.desk(now))?;
        let id = subscription.id;
        self.outputs.push_back(Output::Answer(asked.id, response));
        self.watched(&subscription.user);
        self.index.add(&subscription);
        self.state.subscriptions.insert(id, subscription);
        self.change(id, now, Subscription::begin);
        Ok(())
    }

    /// Whether there is room for one more. A phone that begins anew, as its page was loaded anew, does not get refused
    /// for what it left behind: that gives way.
    fn make_room(&mut self, asked: &Asked, demand: &Demand, user: &str) -> Result<(), Refusal> {
        let Asked { from, device, .. } = asked;
        let waiting = self.state.pending.values().filter(|pending| pending.asked.from.user == from.user).count();
        let pending = self.state.pending.len();
        let all = self.state.subscriptions.len() + pending;
        if waiting >= MAX_ASKED || pending >= MAX_PENDING || all >= self.config.max_subscriptions {
            return Err(Refusal::Later(Status::SERVICE_UNAVAILABLE));
        }
        if self.index.by(&from.user).count() + waiting < self.config.max_subscriptions_per_user {
            return Ok(());
        }
        let left = self
            .index
            .by(&from.user)
            .filter_map(|id| self.state.subscriptions.get(&id))
            .filter(|left| left.device == *device && left.package == demand.package && left.user == user);
        match left.min_by_key(|left| left.until()).map(|left| left.id) {
            Some(left) => {
                self.drop_subscription(left);
                Ok(())
            }
            None => Err(Refusal::Later(Status::TEMPORARILY_UNAVAILABLE)),
        }
    }
}

impl Pending {
    pub(super) fn question(&self) -> Question {
        Question::Account { user: self.user.clone() }
    }
}

fn demand(request: &Request, config: &Config) -> Result<Demand, Refusal> {
    screen(request)?;
    let event = request.headers.find::<Event>()?.ok_or(Refusal::Event)?;
    let package = Package::of(&event).ok_or(Refusal::Event)?;
    let asked = request.headers.find::<Expires>()?.map(|Expires(seconds)| Duration::from_secs(seconds.into()));
    if !is_readable(request, package) {
        return Err(Refusal::Status(Status::NOT_ACCEPTABLE));
    }
    Ok(Demand { event, package, lasts: config.lasts(asked) })
}

/// Whom it is for: the user of the Request-URI. Phones ask for what is their own at the domain, too.
fn target(request: &Request, demand: &Demand, own: &str) -> Result<String, Refusal> {
    let user = request.uri.as_sip().and_then(|uri| uri.user_unescaped()).filter(|user| !user.is_empty());
    match user {
        Some(user) => Ok(user),
        None if demand.package.is_private() => Ok(own.to_string()),
        None => Err(Refusal::Status(Status::NOT_FOUND)),
    }
}

/// Whether who asks can read what is told (RFC 6665 7.1.2). Who does not say, or says it in a way that cannot be read,
/// reads what is usual for the package.
fn is_readable(request: &Request, package: Package) -> bool {
    if !request.headers.contains(HeaderName::Accept) {
        return true;
    }
    let ranges: Vec<Accept> = request.headers.all::<Accept>().unwrap_or_default();
    ranges.is_empty() || ranges.iter().any(|range| range.takes(package.media_type()) && range.q() != Some(0))
}
