//! A presence agent and event state compositor (RFC 6665, 3903, 3856, 4235, 3680, 3842): tells the phones of a domain
//! what is known of its users.
//!
//! | Package | Tells | Whom |
//! | --- | --- | --- |
//! | `presence` | whether somebody is there, and what they do: [`Event::Presence`] | everybody of the domain |
//! | `dialog` | what calls somebody has, so that they can be picked up ([`Disclosure`]) | everybody of the domain |
//! | `message-summary` | what waits in a mailbox | its owner |
//! | `reg` | which phones are registered | their owner |
//!
//! What the user of a [`Notifier`] does:
//! - passes on what it is asked by the proxy ([`Input::Received`]), what the registrar and the proxy tell of users
//!   ([`Input::Bindings`], [`Input::Dialogs`]), and what it knows itself ([`Input::Mailbox`], [`Input::DoNotDisturb`],
//!   [`Input::Stated`]);
//! - gives every [`Output::Answer`] and [`Output::Send`] to the proxy, and says what became of the latter
//!   ([`Input::Sent`]); answers each [`Output::Ask`] with an [`Input::Answer`], whenever it can;
//! - drains [`Notifier::poll`] after each of these, then arms one timer for [`Notifier::deadline`] and passes
//!   [`Input::Timeout`] when it is due.
//!
//! Each document tells everything; what changes while a NOTIFY is under way, or right after one, is told with the next
//! one. Of its own it knows nothing: a registrar, a proxy and a notifier are made, saved and restored together, since
//! what they tell each other is told once, when it changes, and by one clock.

mod api;
mod compose;
mod documents;
mod index;
mod package;
mod publication;
mod publish;
mod reason;
mod refusal;
mod resource;
mod schedule;
mod snapshot;
mod subscribe;
mod subscription;
mod verdict;

pub use crate::proxy::{CallState, Direction, Progress, SendId};
pub use api::{Answer, Config, Disclosure, Event, Input, Output, Question, Waiting};
pub use snapshot::Snapshot;

use self::index::Index;
use self::reason::Reason;
use self::refusal::Refusal;
use self::resource::{Change, Resource, Stated};
use self::subscription::{Desk, Subscription};
use crate::body::pidf::Presence;
use crate::clock::Clock;
use crate::header::Require;
use crate::message::{Method, Request, Response, Status, Token};
use crate::registrar::{Party, QuestionId};
use crate::{Instant, Random, Seed};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// The packages that a notifier answers for: what a proxy is to serve ([`crate::proxy::Config::serves`]).
pub const PACKAGES: [&str; 4] = ["presence", "dialog", "message-summary", "reg"];

/// Tells phones what is known of users; see the module.
pub struct Notifier {
    config: Config,
    random: Random,
    clock: Clock,
    state: State,
    index: Index,
    outputs: VecDeque<Output>,
}

/// What a snapshot keeps.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct State {
    /// Of those of whom anything is known that is not known of everybody.
    resources: BTreeMap<String, Resource>,
    subscriptions: BTreeMap<u64, Subscription>,
    pending: BTreeMap<QuestionId, Pending>,
    /// The last number given to a subscription, a question or a document.
    counter: u64,
}

/// A SUBSCRIBE for somebody of whom it is not known whether they exist.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Pending {
    asked: Asked,
    user: String,
}

/// A request that is to be answered.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Asked {
    id: QuestionId,
    from: Party,
    device: String,
    request: Request,
}

impl Notifier {
    /// A notifier that knows nothing of anybody.
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with(config, seed, Clock::default(), State::default())
    }

    /// Takes what happened.
    pub fn handle(&mut self, input: Input, now: Instant) {
        let now = self.clock.inside(now);
        match input {
            Input::Received { id, from, device, request } => {
                self.received(Asked { id, from, device, request }, now);
            }
            Input::Bindings { user, bindings, removed } => {
                self.learn(&user, now, |resource, watched| resource.bind(bindings, &removed, watched));
            }
            Input::Dialogs { user, dialogs } => {
                self.learn(&user, now, |resource, watched| resource.call(dialogs, watched));
            }
            Input::Mailbox { user, waiting } => self.learn(&user, now, |resource, _| resource.wait(waiting)),
            Input::DoNotDisturb { user, on } => self.learn(&user, now, |resource, _| {
                resource.undisturbed = on;
                Change { package: None, presence: true }
            }),
            Input::Stated { user, activity, note } => self.learn(&user, now, |resource, _| {
                let stated = Stated { activity, note };
                resource.stated = (stated.activity.is_some() || !stated.note.is_empty()).then_some(stated);
                Change { package: None, presence: true }
            }),
            Input::Removed { user } => self.removed(&user, now),
            Input::Sent { id, response } => self.sent(id, response.as_ref(), now),
            Input::Answer(id, answer) => self.answered(id, answer, now),
            Input::Stop => self.leave(self.ids(), Reason::Deactivated, now),
            Input::Timeout => self.timeout(now),
        }
    }

    /// What is to be done; to be called until it says `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.index.next().map(|at| self.clock.outside(at))
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        self.state.subscriptions.len()
    }

    /// Of how many users anything is known that is not known of everybody.
    #[must_use]
    pub fn known(&self) -> usize {
        self.state.resources.len()
    }

    /// What a user says of themselves, as their watchers see it, but without their calls and without what they set about being
    /// disturbed; `None` when they say nothing. When it changes, [`Event::Presence`] is told, watched or not.
    #[must_use]
    pub fn said(&self, user: &str) -> Option<Presence> {
        let resource = self.state.resources.get(user).filter(|resource| resource.is_said())?;
        let alone = Resource { calls: Vec::new(), undisturbed: false, ..resource.clone() };
        Some(compose::presence(&documents::entity(&self.config, user), &alone))
    }

    /// Who says something of themselves.
    pub fn sayers(&self) -> impl Iterator<Item = &str> {
        self.state.resources.iter().filter(|(_, resource)| resource.is_said()).map(|(user, _)| user.as_str())
    }

    fn with(config: Config, seed: Seed, clock: Clock, state: State) -> Self {
        let index = Index::of(&state.subscriptions, &state.resources);
        Self { config, random: Random::new(seed), clock, state, index, outputs: VecDeque::new() }
    }

    fn received(&mut self, asked: Asked, now: Instant) {
        if asked.request.method == Method::Subscribe {
            self.subscribe(asked, now);
        } else if asked.request.method == Method::Publish {
            self.publish(&asked, now);
        } else {
            self.refuse(&asked, Refusal::Method);
        }
    }

    fn sent(&mut self, id: SendId, response: Option<&Response>, now: Instant) {
        let subscription = Subscription::of(id);
        let there = self.state.subscriptions.get(&subscription).is_some_and(|subscription| {
            let resource = self.state.resources.get(&subscription.watcher);
            resource.is_some_and(|resource| resource.is_bound(&subscription.device))
        });
        self.change(subscription, now, |subscription, desk| subscription.sent(id, response, there, desk));
    }

    fn removed(&mut self, user: &str, now: Instant) {
        for id in self.index.by(user).collect::<Vec<_>>() {
            self.drop_subscription(id);
        }
        self.state.pending.retain(|_, pending| pending.asked.from.user != user);
        self.learn(user, now, |resource, _| {
            *resource = Resource { told: core::mem::take(&mut resource.told), ..Resource::default() };
            Change { package: None, presence: true }
        });
        self.leave(self.index.to(user).collect(), Reason::NoResource, now);
    }

    fn leave(&mut self, ids: Vec<u64>, reason: Reason, now: Instant) {
        for id in ids {
            self.change(id, now, |subscription, desk| subscription.leave(reason, desk));
        }
    }

    fn timeout(&mut self, now: Instant) {
        while let Some(user) = self.index.expiries.due(now) {
            self.learn(&user, now, |resource, _| {
                resource.publications.retain(|publication| publication.until > now);
                Change { package: None, presence: true }
            });
        }
        while let Some(id) = self.index.due.due(now) {
            self.change(id, now, Subscription::timeout);
        }
    }

    /// Something is known of a user; `work` is told whether anybody watches them, and says what changed.
    fn learn(&mut self, user: &str, now: Instant, work: impl FnOnce(&mut Resource, bool) -> Change) {
        let resource = self.state.resources.entry(user.to_string()).or_default();
        let (before, said) = (resource.publications.len(), resource.is_said());
        let watched = self.index.is_watched(user);
        let change = work(resource, watched);
        self.index.publications = self.index.publications + resource.publications.len() - before;
        if before > 0 || !resource.publications.is_empty() {
            self.index.expiries.set(&user.to_string(), resource.deadline());
        }
        // Who says something of themselves is heard by who asks the notifier, watched or not.
        let said = said || resource.is_said();
        let tells = change.presence && (watched || said || self.config.unwatched);
        let presence = tells.then(|| compose::presence(&documents::entity(&self.config, user), resource));
        let presence = presence.filter(|presence| *presence != resource.told);
        if let Some(presence) = &presence {
            resource.told.clone_from(presence);
        }
        if resource.is_blank() {
            self.state.resources.remove(user);
        }
        let changed = [change.package, presence.as_ref().map(|_| package::Package::Presence)];
        if let Some(presence) = presence {
            self.outputs.push_back(Output::Event(Event::Presence { user: user.to_string(), presence }));
        }
        let concerned = |id: &u64| {
            let subscription = self.state.subscriptions.get(id);
            subscription.is_some_and(|subscription| changed.contains(&Some(subscription.package)))
        };
        for id in self.index.to(user).filter(concerned).collect::<Vec<_>>() {
            self.change(id, now, Subscription::change);
        }
    }

    /// The first to watch a user is told what they do now; what is told later is what differs from that.
    fn watched(&mut self, user: &str) {
        if !self.config.unwatched
            && !self.index.is_watched(user)
            && let Some(resource) = self.state.resources.get_mut(user)
        {
            resource.told = compose::presence(&documents::entity(&self.config, user), resource);
        }
    }

    /// Works on a subscription with the rest of the notifier at hand, and forgets it when it is over.
    fn change(&mut self, id: u64, now: Instant, work: impl FnOnce(&mut Subscription, &mut Desk<'_>)) {
        let Some(mut subscription) = self.state.subscriptions.remove(&id) else {
            return;
        };
        work(&mut subscription, &mut self.desk(now));
        self.index.due.set(&id, subscription.deadline());
        let over = subscription.is_over();
        self.state.subscriptions.insert(id, subscription);
        if over {
            self.drop_subscription(id);
        }
    }

    fn drop_subscription(&mut self, id: u64) {
        let Some(subscription) = self.state.subscriptions.remove(&id) else {
            return;
        };
        self.index.remove(&subscription);
        let user = subscription.user.as_str();
        if !self.index.is_watched(user)
            && let Some(resource) = self.state.resources.get_mut(user)
        {
            resource.forget();
            if resource.is_blank() {
                self.state.resources.remove(user);
            }
        }
    }

    const fn desk(&mut self, now: Instant) -> Desk<'_> {
        Desk {
            config: &self.config,
            resources: &self.state.resources,
            random: &mut self.random,
            outputs: &mut self.outputs,
            now,
        }
    }

    fn refuse(&mut self, asked: &Asked, refusal: Refusal) {
        let mut response = refusal.response(&asked.request, &self.config);
        response.set_to_tag(&self.random.token());
        self.outputs.push_back(Output::Answer(asked.id, response));
    }

    const fn next(&mut self) -> u64 {
        self.state.counter += 1;
        self.state.counter
    }

    fn ids(&self) -> Vec<u64> {
        self.state.subscriptions.keys().copied().collect()
    }
}

impl Config {
    /// How long something lasts that is asked to last so long; nothing stays nothing.
    fn lasts(&self, asked: Option<Duration>) -> Result<Duration, Refusal> {
        match asked {
            None => Ok(self.max_expires),
            Some(asked) if !asked.is_zero() && asked < self.min_expires => Err(Refusal::TooBrief),
            Some(asked) => Ok(asked.min(self.max_expires)),
        }
    }
}

/// How many bytes the fields of a request may have: what is kept of it is kept for long.
const MAX_FIELDS: usize = 8192;

/// Whether a request is too large, or asks for an extension: there are none.
fn screen(request: &Request) -> Result<(), Refusal> {
    let fields = request.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    if fields > MAX_FIELDS {
        return Err(Refusal::Status(Status::MESSAGE_TOO_LARGE));
    }
    let tags: Vec<Token> = request.headers.all::<Require>()?.into_iter().flat_map(|Require(tags)| tags).collect();
    if tags.is_empty() { Ok(()) } else { Err(Refusal::Extension(tags)) }
}
