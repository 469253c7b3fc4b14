//! A stateful proxy (RFC 3261 16) for the users of one domain.
//!
//! What the user of a [`Proxy`] does:
//! - tells it of every connection ([`Input::Opened`], [`Input::Closed`]), of what the registrar knows
//!   ([`Input::Bindings`]), and of every message that [`Inbound::read`] says is for it ([`Input::Received`]);
//! - sends every [`Output::Transmit`], answers each [`Output::Ask`] with an [`Input::Answer`], whenever it can;
//! - drains [`Proxy::poll`] after each of these, then arms one timer for [`Proxy::deadline`] and passes
//!   [`Input::Timeout`] when it is due.
//!
//! Services of the exchange take part by words alone: what [`Config::serves`] names is asked of them
//! ([`Question::Serve`]), messages that no phone took are left with them ([`Question::Keep`]), what they send to phones
//! goes out by [`Input::Send`], and the calls of every user are told to them ([`Event::Dialogs`]).
//!
//! A dialog runs between two phones, not between two connections: our Record-Route names both phones, sealed,
//! and requests within the dialog go to wherever the other phone can be reached by then. No host of a client is
//! ever resolved.

mod admit;
mod api;
mod best;
mod branch;
mod calls;
mod completed;
mod context;
mod contexts;
mod dialog;
mod failover;
mod follow;
mod forward;
mod gruu;
mod hash;
mod history;
mod hunt;
mod inbound;
mod joins;
mod legs;
mod outcome;
mod phones;
mod pick_up;
mod plan;
mod repeats;
mod response_context;
mod route;
mod saved;
mod send;
mod serve;
mod snapshot;
#[cfg(test)]
mod tests;
mod token;

pub use crate::registrar::{Admission, Arrival, Binding, Domain, Flow, Party, QuestionId, RestoreError, Secrets};
pub use api::{Answer, Config, Event, Input, Load, Output, Question, Refusal, SendId};
pub use calls::{CallState, Direction, Progress};
pub use inbound::Inbound;
pub use outcome::{CallOutcome, Called, How};
pub use route::{Destination, Group, Order, Redirects, Route, Rules};
pub use saved::SavedCall;
pub use snapshot::Snapshot;

use crate::clock::Clock;
use crate::message::{Message, Method, Request};
use crate::random::{Random, Seed};
use crate::registrar::{Gate, Gruus, Role};
use crate::time::Instant;
use crate::transaction::{Effect, Key, Reliability};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use calls::Calls;
use completed::Completed;
use context::{Context, Stage};
use contexts::Contexts;
use joins::Referral;
use phones::Phones;
use token::{Endpoint, Tokens};

/// Forwards requests and responses between phones; see the module.
pub struct Proxy {
    config: Config,
    gate: Gate,
    tokens: Tokens,
    gruus: Gruus,
    random: Random,
    clock: Clock,
    state: State,
    outputs: VecDeque<Output>,
}

/// What a snapshot keeps.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct State {
    flows: BTreeMap<Flow, Connection>,
    bindings: Phones,
    contexts: Contexts,
    calls: Calls,
    /// Whose messages are all kept, behind those that wait.
    held: BTreeSet<String>,
    completed: Completed,
    referrals: Vec<Referral>,
    /// When the first thing happened.
    since: Option<Instant>,
    /// The last number given to a context or a question.
    counter: u64,
}

/// A flow, and who was seen to use it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Connection {
    arrival: Arrival,
    /// Who signed requests here: their ACKs, which cannot be challenged, are let through.
    users: BTreeSet<String>,
    /// What came again here while nobody knew whose flow it is. Each flow has its own: what others send over theirs, who may
    /// have seen the request, takes nothing away from its sender.
    #[cfg_attr(feature = "serde", serde(default))]
    repeated: VecDeque<Key>,
}

/// How many users of one flow are remembered.
const MAX_USERS: usize = 16;

impl Proxy {
    /// A proxy through which nothing goes yet.
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with(config, seed, Clock::default(), State::default())
    }

    /// Takes what happened.
    pub fn handle(&mut self, input: Input, now: Instant) {
        let now = self.clock.inside(now);
        self.state.since.get_or_insert(now);
        match input {
            Input::Opened(arrival) => {
                self.state
                    .flows
                    .insert(arrival.flow, Connection { arrival, users: BTreeSet::new(), repeated: VecDeque::new() });
            }
            Input::Closed(flow) => self.closed(flow, now),
            Input::Bindings { user, bindings } => self.rebound(user, bindings, now),
            Input::Received { flow, message: Message::Request(request) } => self.request(flow, request, now),
            Input::Received { flow, message: Message::Response(response) } => self.response(flow, &response, now),
            Input::Timeout => self.timeout(now),
            Input::Answer(id, answer) => self.answered(id, answer, now),
            Input::Send { id, user, device, request } => self.send(id, user, device, request, now),
            Input::Hold { user, hold: true } => drop(self.state.held.insert(user)),
            Input::Hold { user, hold: false } => drop(self.state.held.remove(&user)),
        }
        self.tell_calls();
    }

    /// What is to be done; to be called until it says `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let referrals = self.state.referrals.iter().map(Referral::until);
        let deadlines = self.state.contexts.deadline().into_iter().chain(self.state.completed.deadline());
        deadlines.chain(referrals).min().map(|at| self.clock.outside(at))
    }

    /// How many answered calls a user takes part in.
    #[must_use]
    pub fn calls(&self, user: &str) -> usize {
        self.state.calls.count(user)
    }

    /// The flows that are open: after a restore, those that did not survive have to be said to be closed.
    pub fn flows(&self) -> impl Iterator<Item = Flow> {
        self.state.flows.keys().copied()
    }

    /// How many requests are under way, or remembered for what may still follow them.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.state.contexts.len()
    }

    /// How many of those there are of one flow: never more than [`Config::max_load`].
    #[must_use]
    pub fn load(&self, flow: Flow) -> Load {
        self.state.contexts.load(flow)
    }

    fn with(config: Config, seed: Seed, clock: Clock, state: State) -> Self {
        let gate = Gate::new(config.secret, seed, config.domain.name().to_string(), Role::Proxy);
        let tokens = Tokens::new(&config.secret);
        let gruus = Gruus::new(&config.secret, config.domain.name());
        Self { config, gate, tokens, gruus, random: Random::new(seed), clock, state, outputs: VecDeque::new() }
    }

    fn request(&mut self, flow: Flow, request: Request, now: Instant) {
        let Ok(key) = Key::server(&request) else {
            return;
        };
        if !self.state.flows.contains_key(&flow) {
            return;
        }
        if request.method == Method::Ack {
            self.ack(flow, request, &key, now);
        } else if request.method == Method::Cancel {
            self.cancel(flow, &request, &key, now);
        } else if !self.repeated(flow, &request, &key, now) {
            self.begin(flow, request, key, now);
        }
    }

    /// Whether a flow has as many requests as it may have.
    fn is_full(&self, flow: Flow) -> bool {
        let (load, most) = (self.load(flow), self.config.max_load());
        load.waiting >= most.waiting || load.all >= most.all
    }

    /// The responses to a request go over this flow of its sender from now on, if there is room; whether they do.
    fn take_over(&self, context: &mut Context, flow: Flow) -> bool {
        if context.flow != Some(flow) && self.is_full(flow) {
            return false;
        }
        context.flow = Some(flow);
        context.gone = None;
        true
    }

    fn closed(&mut self, flow: Flow, now: Instant) {
        self.state.flows.remove(&flow);
        let until = now + self.config.grace;
        for id in self.state.contexts.of_flow(flow) {
            match self.state.contexts.take(id) {
                // Nobody waits for what was not let in yet.
                Some(context) if matches!(context.stage, Stage::Admitting { .. }) => self.state.contexts.forget(id),
                Some(mut context) => {
                    context.gone = Some(until);
                    self.state.contexts.put(id, context);
                }
                None => {}
            }
        }
        let ids = self.state.contexts.of_unregistered(flow);
        self.state.calls.lost_with(flow);
        self.lost(ids, |end| end.flow() == Some(flow), now);
    }

    fn rebound(&mut self, user: String, bindings: Vec<Binding>, now: Instant) {
        let before = self.state.bindings.set(&user, bindings);
        let bindings = self.state.bindings.get(&user).cloned().unwrap_or_default();
        for binding in &bindings {
            let old = before.iter().find(|old| old.device == binding.device);
            if let Some(flow) = binding.flow().filter(|flow| old.and_then(Binding::flow) != Some(*flow)) {
                let end = Endpoint { user: user.clone(), device: binding.device.clone() };
                self.came_back(&end, flow, now);
            }
        }
        let gone = |end: &Endpoint| {
            let is_in = |list: &[Binding]| list.iter().any(|binding| binding.device == end.device);
            end.user == user && is_in(&before) && !is_in(&bindings)
        };
        // Most changes are of phones that come back.
        if before.iter().any(|old| bindings.iter().all(|binding| binding.device != old.device)) {
            let ids = self.state.contexts.of_user(&user);
            let over = |end: &Endpoint| before.iter().find(|old| old.device == end.device)?.flow();
            for id in &ids {
                self.change(*id, |proxy, context| proxy.silence(context, &gone, over, now));
            }
            self.state.calls.lost(&user, gone);
            self.lost(ids, gone, now);
        }
    }

    /// A phone can be reached over another flow than before.
    fn came_back(&mut self, end: &Endpoint, flow: Flow, now: Instant) {
        self.proved(&end.user, flow);
        for id in self.state.contexts.of_user(&end.user) {
            self.change(id, |proxy, context| {
                if context.caller.as_ref().is_some_and(|(_, caller)| caller == end) {
                    proxy.go_on(context, flow);
                }
                proxy.resume_legs(context, end, now);
            });
        }
    }

    /// The responses to a request go over this flow from now on, if there is room: first what was missed.
    fn go_on(&mut self, context: &mut Context, flow: Flow) {
        if context.flow != Some(flow) && !self.is_full(flow) {
            context.flow = Some(flow);
            context.gone = None;
            let mut missed = Vec::new();
            context.server.resend(&mut missed);
            self.transmit(flow, missed);
        }
    }

    /// Phones are gone for good: nothing is to be expected from them. `ids` are the requests that may be theirs.
    fn lost(&mut self, ids: Vec<u64>, gone: impl Fn(&Endpoint) -> bool, now: Instant) {
        for id in ids {
            self.change(id, |proxy, context| proxy.fail_legs(context, &gone, now));
        }
    }

    fn timeout(&mut self, now: Instant) {
        self.state.completed.timeout(now);
        self.state.referrals.retain(|referral| referral.until() > now);
        for id in self.state.contexts.due(now) {
            self.change(id, |proxy, context| {
                let mut effects = Vec::new();
                context.server.timeout(now, &mut effects);
                proxy.transmit(context.flow, effects);
                proxy.timeout_legs(context, now);
                proxy.keep_overdue(context, now);
                if context.gone.is_some_and(|at| at <= now) {
                    context.gone = None;
                    proxy.give_up(context, now);
                }
            });
        }
    }

    /// Works on a context with the rest of the proxy at hand, and forgets it when it is over.
    fn change(&mut self, id: u64, work: impl FnOnce(&mut Self, &mut Context)) {
        if let Some(mut context) = self.state.contexts.take(id) {
            work(self, &mut context);
            if context.is_over() {
                self.state.contexts.forget(id);
            } else {
                context.lighten();
                self.state.contexts.put(id, context);
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.state.counter += 1;
        self.state.counter
    }

    /// The flow by which a phone can be reached.
    fn reach(&self, end: &Endpoint) -> Option<Flow> {
        match end.flow() {
            // Another process gave the same names to other flows.
            Some(flow) => self.is_of(flow, &end.user).then_some(flow),
            None => self.binding(end)?.flow(),
        }
    }

    /// Whether nobody is known to use a flow but who signs something there.
    fn wants_signatures(&self, flow: Flow) -> bool {
        self.state.flows.get(&flow).is_some_and(|connection| connection.arrival.admission == Admission::Digest)
    }

    /// Whether a flow is known to be a user's: it was admitted as theirs, they signed something here, or a phone
    /// of theirs is registered here.
    fn is_of(&self, flow: Flow, user: &str) -> bool {
        let Some(connection) = self.state.flows.get(&flow) else {
            return false;
        };
        match &connection.arrival.admission {
            Admission::Account(party) => party.user == user,
            Admission::Digest => {
                let bindings = self.state.bindings.get(user).map(Vec::as_slice).unwrap_or_default();
                connection.users.contains(user) || bindings.iter().any(|binding| binding.flow() == Some(flow))
            }
        }
    }

    /// Whether what comes over this flow may come from that phone.
    fn is_from(&self, end: &Endpoint, flow: Flow) -> bool {
        self.reach(end) == Some(flow) || self.is_of(flow, &end.user)
    }

    fn binding(&self, end: &Endpoint) -> Option<&Binding> {
        self.state.bindings.get(&end.user)?.iter().find(|binding| binding.device == end.device)
    }

    fn reliability(&self, flow: Flow) -> Reliability {
        self.state.flows.get(&flow).map_or(Reliability::Reliable, |c| c.arrival.reliability)
    }

    fn transmit(&mut self, flow: impl Into<Option<Flow>>, effects: Vec<Effect>) {
        if let Some(flow) = flow.into().filter(|flow| self.state.flows.contains_key(flow)) {
            for effect in effects {
                if let Effect::Transmit(bytes) = effect {
                    self.outputs.push_back(Output::Transmit { flow, bytes });
                }
            }
        }
    }

    fn tell_calls(&mut self) {
        for (user, dialogs) in self.state.calls.changed() {
            self.outputs.push_back(Output::Event(Event::Dialogs { user, dialogs }));
        }
    }
}
