//! A registrar (RFC 3261 10.3): knows where each user of one domain can be reached.
//!
//! What the user of a [`Registrar`] does:
//! - tells it of every connection ([`Input::Opened`], [`Input::Closed`]) and of every REGISTER ([`Input::Received`]);
//! - sends every [`Output::Transmit`], answers each [`Output::Ask`] with an [`Input::Answer`], whenever it can;
//! - passes [`Event::Bindings`] on to the [`crate::proxy::Proxy`];
//! - drains [`Registrar::poll`] after each of these, then arms one timer for [`Registrar::deadline`] and passes
//!   [`Input::Timeout`] when it is due.
//!
//! A binding belongs to a phone, not to its connection: when the connection closes the binding is kept for a
//! while, and a REGISTER of the same phone over another connection takes it over.

mod api;
mod binding;
mod domain;
mod flow;
mod gate;
mod hex;
mod register;
mod saved;
mod snapshot;

pub use api::{Config, Event, Input, Output, Question};
pub use binding::{Binding, Reach};
pub use domain::Domain;
pub use flow::{Admission, Arrival, Flow, Party, QuestionId, Secrets};
pub use saved::SavedBinding;
pub use snapshot::{RestoreError, Snapshot};

pub(crate) use domain::Place;
pub(crate) use gate::{Gate, Role, Verdict};
pub(crate) use hex::{hex, unhex};

use crate::clock::Clock;
use crate::digest::Credentials;
use crate::message::{Request, Response, Status};
use crate::random::{Random, Seed};
use crate::time::Instant;
use crate::transaction::{Effect, Key, Reliability, ServerNonInvite};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many REGISTERs of one flow may wait for secrets to be looked up; more are answered 503.
const MAX_PENDING: usize = 16;

/// Knows where each user can be reached; see the module.
pub struct Registrar {
    config: Config,
    gate: Gate,
    random: Random,
    clock: Clock,
    state: State,
    outputs: VecDeque<Output>,
}

/// What a snapshot keeps.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct State {
    flows: BTreeMap<Flow, Arrival>,
    users: BTreeMap<String, Vec<Binding>>,
    pending: BTreeMap<QuestionId, Pending>,
    transactions: Vec<Transaction>,
    questions: u64,
}

/// A REGISTER whose credentials are being looked up.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Pending {
    flow: Flow,
    request: Request,
    credentials: Credentials,
}

/// A REGISTER that may come again, over a transport that loses messages.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Transaction {
    key: Key,
    flow: Flow,
    server: ServerNonInvite,
}

impl Registrar {
    /// A registrar that knows nobody yet.
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with(config, seed, Clock::default(), State::default())
    }

    /// Takes what happened.
    pub fn handle(&mut self, input: Input, now: Instant) {
        let now = self.clock.inside(now);
        match input {
            Input::Opened(arrival) => {
                self.state.flows.insert(arrival.flow, arrival);
            }
            Input::Closed(flow) => self.closed(flow, now),
            Input::Received { flow, request } => self.received(flow, request, now),
            Input::Timeout => self.timeout(now),
            Input::Answer(id, secrets) => self.answered(id, secrets, now),
        }
    }

    /// What is to be done; to be called until it says `None`.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let bindings = self.state.users.values().flatten().map(Binding::end);
        let transactions = self.state.transactions.iter().filter_map(|t| t.server.deadline());
        bindings.chain(transactions).min().map(|at| self.clock.outside(at))
    }

    /// The bindings of a user.
    #[must_use]
    pub fn bindings(&self, user: &str) -> &[Binding] {
        self.state.users.get(user).map_or(&[], Vec::as_slice)
    }

    /// Every user who has bindings, with them.
    pub fn users(&self) -> impl Iterator<Item = (&str, &[Binding])> {
        self.state.users.iter().map(|(user, bindings)| (user.as_str(), bindings.as_slice()))
    }

    /// The flows that are open: after a restore, those that did not survive have to be said to be closed.
    pub fn flows(&self) -> impl Iterator<Item = Flow> {
        self.state.flows.keys().copied()
    }

    /// Removes the bindings of one phone, by its instance-id.
    pub fn unbind(&mut self, user: &str, instance: &str) {
        let kept = self
            .bindings(user)
            .iter()
            .filter(|binding| binding.instance.as_deref() != Some(instance))
            .cloned()
            .collect();
        self.store(user, kept);
    }

    fn with(config: Config, seed: Seed, clock: Clock, state: State) -> Self {
        let gate = Gate::new(config.secret, seed, config.domain.name().to_string(), Role::Registrar);
        Self { config, gate, random: Random::new(seed), clock, state, outputs: VecDeque::new() }
    }

    fn received(&mut self, flow: Flow, request: Request, now: Instant) {
        let Some(arrival) = self.state.flows.get(&flow).cloned() else {
            return;
        };
        let Ok(key) = Key::server(&request) else {
            return;
        };
        if arrival.reliability == Reliability::Unreliable {
            if let Some(known) = self.state.transactions.iter_mut().find(|t| t.key == key) {
                let mut effects = Vec::new();
                known.server.receive(&request, &mut effects);
                self.transmit(flow, effects);
                return;
            }
            let server = ServerNonInvite::new(arrival.reliability);
            self.state.transactions.push(Transaction { key, flow, server });
        }
        if let Err(refusal) = register::screen(&request, &arrival, &self.config) {
            return self.refuse(flow, &request, refusal, now);
        }
        match self.gate.judge(&request, &arrival.admission, now) {
            Verdict::Admit(party) => self.admitted(flow, &request, &party, now),
            Verdict::Refuse(response) => self.respond(flow, &request, response, now),
            Verdict::Verify(_) if self.state.pending.values().filter(|p| p.flow == flow).count() >= MAX_PENDING => {
                let busy = register::Refusal::Status(Status::SERVICE_UNAVAILABLE);
                self.refuse(flow, &request, busy, now);
            }
            Verdict::Verify(credentials) => {
                self.state.questions += 1;
                let id = QuestionId(self.state.questions);
                self.outputs.push_back(Output::Ask(id, question(&credentials)));
                self.state.pending.insert(id, Pending { flow, request, credentials });
            }
        }
    }

    fn answered(&mut self, id: QuestionId, secrets: Option<Secrets>, now: Instant) {
        let Some(Pending { flow, request, credentials }) = self.state.pending.remove(&id) else {
            return;
        };
        match self.gate.verify(&request, &credentials, secrets, now) {
            Ok(party) => self.admitted(flow, &request, &party, now),
            Err(refused) => {
                if !refused.stale {
                    self.outputs.push_back(Output::Event(Event::Rejected { flow }));
                }
                self.respond(flow, &request, refused.response, now);
            }
        }
    }

    /// The request comes from `party`.
    fn admitted(&mut self, flow: Flow, request: &Request, party: &Party, now: Instant) {
        let Some(arrival) = self.state.flows.get(&flow) else {
            return; // It closed while the secrets were looked up.
        };
        let came_by = arrival.host.as_ref();
        let outcome = register::authorize(request, party, &self.config.domain, came_by)
            .and_then(|()| register::read(request, flow, &self.config))
            .and_then(|change| {
                let limit = self.config.max_bindings;
                binding::apply(self.bindings(&party.user), &change, limit, now).map_err(register::Refusal::Status)
            });
        match outcome {
            Ok(bindings) => {
                let response = register::accept(request, &bindings, now);
                self.store(&party.user, bindings);
                self.respond(flow, request, response, now);
            }
            Err(refusal) => self.refuse(flow, request, refusal, now),
        }
    }

    fn closed(&mut self, flow: Flow, now: Instant) {
        self.state.flows.remove(&flow);
        self.state.transactions.retain(|t| t.flow != flow);
        self.state.pending.retain(|_, pending| pending.flow != flow);
        let until = now + self.config.grace;
        self.change_all(|binding| {
            if binding.flow() == Some(flow) {
                binding.reach = Reach::Lost { until };
            }
            true
        });
    }

    fn timeout(&mut self, now: Instant) {
        self.change_all(|binding| binding.end() > now);
        for transaction in &mut self.state.transactions {
            transaction.server.timeout(now);
        }
        self.state.transactions.retain(|t| !t.server.is_terminated());
    }

    /// Changes every binding, and removes it when told `false`.
    fn change_all(&mut self, mut change: impl FnMut(&mut Binding) -> bool) {
        let mut changed = Vec::new();
        for (user, bindings) in &self.state.users {
            let mut next = bindings.clone();
            next.retain_mut(&mut change);
            if next != *bindings {
                changed.push((user.clone(), next));
            }
        }
        for (user, bindings) in changed {
            self.store(&user, bindings);
        }
    }

    /// Replaces a user's bindings, and tells it if anybody but the registrar can notice.
    fn store(&mut self, user: &str, bindings: Vec<Binding>) {
        let seen = |list: &[Binding]| -> Vec<(String, String, Reach)> {
            list.iter().map(|b| (b.device.clone(), b.uri().to_string(), b.reach)).collect()
        };
        if seen(self.bindings(user)) != seen(&bindings) {
            let told = Event::Bindings { user: user.to_string(), bindings: bindings.clone() };
            self.outputs.push_back(Output::Event(told));
        }
        if bindings.is_empty() {
            self.state.users.remove(user);
        } else {
            self.state.users.insert(user.to_string(), bindings);
        }
    }

    fn refuse(&mut self, flow: Flow, request: &Request, refusal: register::Refusal, now: Instant) {
        let response = register::refuse(request, refusal, &self.config);
        self.respond(flow, request, response, now);
    }

    fn respond(&mut self, flow: Flow, request: &Request, mut response: Response, now: Instant) {
        response.set_to_tag(&self.random.token());
        let transaction =
            Key::server(request).ok().and_then(|key| self.state.transactions.iter_mut().find(|t| t.key == key));
        let effects = match transaction {
            Some(transaction) => {
                let mut effects = Vec::new();
                transaction.server.respond(&response, now, &mut effects);
                effects
            }
            None => Vec::from([Effect::Transmit(response.to_bytes())]),
        };
        self.transmit(flow, effects);
    }

    fn transmit(&mut self, flow: Flow, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Transmit(bytes) = effect {
                self.outputs.push_back(Output::Transmit { flow, bytes });
            }
        }
    }
}

fn question(credentials: &Credentials) -> Question {
    Question::Credentials { user: credentials.username.to_string() }
}
