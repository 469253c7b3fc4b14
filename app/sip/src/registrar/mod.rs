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
//!
//! What becomes of a REGISTER; the first row that fits counts:
//!
//! | Row | REGISTER | Answer | Bindings |
//! | --- | --- | --- | --- |
//! | R1 | for another domain, or of another scheme | 404, 416 | – |
//! | R2 | requires what is unknown | 420 | – |
//! | R3 | over a flow where requests are signed: not signed, or wrongly | 401 | – |
//! | R4 | From or To is not the user's | 403 | – |
//! | R5 | several contacts, one of them a flow (RFC 5626 6) | 400 | – |
//! | R6 | a flow behind a hop that does not keep it (RFC 5626 6) | 439 | – |
//! | R7 | `*` with another contact, or without Expires 0 | 400 | – |
//! | R8 | a contact that is another user's address, or a GRUU (RFC 5627 5.1) | 403, Warning | – |
//! | R9 | a contact for too short a time | 423, Min-Expires | – |
//! | R10 | contact, Path and Call-ID are too long | 513, Warning | – |
//! | R11 | older than the last one of its Call-ID | 500 | – |
//! | R12 | more phones than a user may have, all of them there | 403, Warning | – |
//! | R13 | more bindings than there may be | 503, Retry-After | – |
//! | R14 | no contact | 200 with all bindings | – |
//! | R15 | `*` | 200 | all removed: unregistered |
//! | R16 | a contact that lasts no time | 200 | removed: unregistered |
//! | R17 | a contact that is not known | 200 | added |
//! | R18 | a contact that is known, over the same flow | 200 | lasts longer |
//! | R19 | a contact that is known, over another flow, or with other words | 200 | changed |
//!
//! What becomes of a binding otherwise:
//!
//! | Row | Reach | On | Then |
//! | --- | --- | --- | --- |
//! | B1 | Open | its flow closes | Lost |
//! | B2 | Open, Lost | it ran out | removed: expired |
//! | B3 | Lost | its phone did not come back | removed: expired |
//! | B4 | Lost | its user has too many | removed: expired |
//! | B5 | Open, Lost | [`Registrar::unbind`] | removed: deactivated |
//! | B6 | Open | [`Registrar::unbind_flow`] | removed: unregistered |
//! | B7 | – | [`Registrar::import`] | Lost |

mod api;
mod binding;
mod bindings;
mod change;
mod domain;
mod flow;
mod gate;
mod gruu;
mod refusal;
mod register;
mod seal;
mod snapshot;
mod stored;
mod transactions;

pub use api::{Config, Event, Input, Output, Question};
pub use binding::{Binding, Reach, Removal, Removed};
pub use domain::Domain;
pub use flow::{Admission, Arrival, Flow, Party, QuestionId, Secrets};
pub use snapshot::{RestoreError, Snapshot};
pub use stored::SavedBinding;

pub(crate) use binding::best_flows;
pub(crate) use domain::Place;
pub(crate) use gate::{Gate, Role, Verdict};
pub(crate) use gruu::{Gruu, Gruus, public_gruu};
pub(crate) use seal::{Mac, Sealer};

use crate::clock::Clock;
use crate::digest::Credentials;
use crate::message::{Request, Response};
use crate::random::{Random, Seed};
use crate::time::Instant;
use crate::transaction::{Effect, Key, Reliability};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::ToString as _;
use alloc::vec::Vec;
use bindings::Bindings;
use change::Changed;
use refusal::Refusal;
use transactions::{Known, Transactions};

/// How many REGISTERs of one flow may wait for secrets to be looked up; more are answered 503.
const MAX_PENDING: usize = 16;

/// Knows where each user can be reached; see the module.
pub struct Registrar {
    config: Config,
    gate: Gate,
    gruus: Gruus,
    random: Random,
    clock: Clock,
    flows: BTreeMap<Flow, Connection>,
    bindings: Bindings,
    pending: BTreeMap<QuestionId, Pending>,
    transactions: Transactions,
    /// The last number given to a question.
    questions: u64,
    outputs: VecDeque<Output>,
}

/// A flow that is open.
struct Connection {
    arrival: Arrival,
    /// How many of its REGISTERs wait for secrets.
    asked: usize,
}

/// A REGISTER whose credentials are being looked up.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Pending {
    flow: Flow,
    request: Request,
    credentials: Credentials,
}

impl Registrar {
    /// A registrar that knows nobody yet.
    #[must_use]
    pub fn new(config: Config, seed: Seed) -> Self {
        Self::with(config, seed, Clock::default())
    }

    /// Takes what happened.
    pub fn handle(&mut self, input: Input, now: Instant) {
        let now = self.clock.inside(now);
        match input {
            Input::Opened(arrival) => {
                self.flows.insert(arrival.flow, Connection { arrival, asked: 0 });
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
        let next = self.bindings.deadline().into_iter().chain(self.transactions.deadline()).min();
        next.map(|at| self.clock.outside(at))
    }

    /// The bindings of a user: a phone that has several flows has one for each.
    #[must_use]
    pub fn bindings(&self, user: &str) -> &[Binding] {
        self.bindings.of(user)
    }

    /// Every user who has bindings, with them.
    pub fn users(&self) -> impl Iterator<Item = (&str, &[Binding])> {
        self.bindings.all()
    }

    /// The flows that are open: after a restore, those that did not survive have to be said to be closed.
    pub fn flows(&self) -> impl Iterator<Item = Flow> {
        self.flows.keys().copied()
    }

    /// Takes the bindings of one phone away, by its instance-id: deactivated.
    pub fn unbind(&mut self, user: &str, instance: &str) {
        self.remove(user, Removal::Deactivated, |binding| binding.instance.as_deref() == Some(instance));
    }

    /// Removes what is bound to a flow whose phone went for good without a word: unregistered.
    pub fn unbind_flow(&mut self, flow: Flow) {
        for user in self.bindings.over(flow) {
            self.remove(&user, Removal::Unregistered, |binding| binding.flow() == Some(flow));
        }
    }

    fn with(config: Config, seed: Seed, clock: Clock) -> Self {
        let gate = Gate::new(config.secret, seed, config.domain.name().to_string(), Role::Registrar);
        let gruus = Gruus::new(&config.secret, config.domain.name());
        Self {
            config,
            gate,
            gruus,
            random: Random::new(seed),
            clock,
            flows: BTreeMap::new(),
            bindings: Bindings::default(),
            pending: BTreeMap::new(),
            transactions: Transactions::default(),
            questions: 0,
            outputs: VecDeque::new(),
        }
    }

    fn received(&mut self, flow: Flow, request: Request, now: Instant) {
        let Some(Connection { arrival, asked }) = self.flows.get_mut(&flow) else {
            return;
        };
        if arrival.reliability == Reliability::Unreliable {
            let Ok(key) = Key::server(&request) else { return };
            match self.transactions.receive(flow, key, &request) {
                Known::New => {}
                Known::Again(effects) => return self.transmit(flow, effects),
                Known::TooMany => return self.refuse(flow, &request, Refusal::Busy, now),
            }
        }
        if let Err(refusal) = register::screen(&request, arrival, &self.config) {
            return self.refuse(flow, &request, refusal, now);
        }
        match self.gate.judge(&request, &arrival.admission, now) {
            Verdict::Admit(party) => self.admitted(flow, &request, &party, now),
            Verdict::Refuse(response) => self.respond(flow, &request, response, now),
            Verdict::Verify(_) if *asked >= MAX_PENDING => self.refuse(flow, &request, Refusal::Busy, now),
            Verdict::Verify(credentials) => {
                *asked += 1;
                self.questions += 1;
                let id = QuestionId(self.questions);
                self.outputs.push_back(Output::Ask(id, question(&credentials)));
                self.pending.insert(id, Pending { flow, request, credentials });
            }
        }
    }

    fn answered(&mut self, id: QuestionId, secrets: Option<Secrets>, now: Instant) {
        let Some(Pending { flow, request, credentials }) = self.pending.remove(&id) else {
            return;
        };
        if let Some(connection) = self.flows.get_mut(&flow) {
            connection.asked = connection.asked.saturating_sub(1);
        }
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
        let Some(Connection { arrival, .. }) = self.flows.get(&flow) else {
            return; // It closed while the secrets were looked up.
        };
        let came_by = arrival.host.as_ref();
        let (limit, room) = (self.config.max_bindings, self.config.max_total.saturating_sub(self.bindings.total()));
        let wanted = register::authorize(request, party, &self.config.domain, came_by)
            .and_then(|()| register::read(request, party, flow, came_by, &self.config));
        let wanted = wanted.and_then(|(change, manner)| {
            change.check(self.bindings.of(&party.user), limit, room)?;
            Ok((change, manner))
        });
        let (change, manner) = match wanted {
            Ok(wanted) => wanted,
            Err(refusal) => return self.refuse(flow, request, refusal, now),
        };
        let is_query = change.is_query();
        let random = &mut self.random;
        let changed = self.bindings.change(&party.user, |list| change.apply(list, limit, random, now));
        let bound = (party.user.as_str(), self.bindings.of(&party.user));
        let response = register::accept(request, manner, bound, (&self.gruus, &mut self.random), &self.config, now);
        if !is_query {
            self.tell(&party.user, changed);
        }
        self.respond(flow, request, response, now);
    }

    fn closed(&mut self, flow: Flow, now: Instant) {
        let Some(connection) = self.flows.remove(&flow) else { return };
        self.transactions.closed(flow);
        if connection.asked > 0 {
            self.pending.retain(|_, pending| pending.flow != flow);
        }
        let until = now + self.config.grace;
        for user in self.bindings.over(flow) {
            self.bindings.change(&user, |list| {
                for binding in list.iter_mut().filter(|binding| binding.flow() == Some(flow)) {
                    binding.reach = Reach::Lost { until };
                }
            });
            self.tell(&user, Changed { visibly: true, removed: Vec::new() });
        }
    }

    fn timeout(&mut self, now: Instant) {
        while let Some(user) = self.bindings.due(now) {
            self.remove(&user, Removal::Expired, |binding| binding.end() <= now);
        }
        self.transactions.timeout(now);
    }

    fn remove(&mut self, user: &str, why: Removal, is: impl Fn(&Binding) -> bool) {
        let mut changed = Changed::default();
        self.bindings.change(user, |list| change::take(list, why, &mut changed, is));
        if changed.visibly {
            self.tell(user, changed);
        }
    }

    /// Tells what became of a user's bindings.
    fn tell(&mut self, user: &str, changed: Changed) {
        let user = user.to_string();
        let told = if changed.visibly {
            let bindings = self.bindings.of(&user).to_vec();
            Event::Bindings { user, bindings, removed: changed.removed }
        } else {
            Event::Refreshed { user }
        };
        self.outputs.push_back(Output::Event(told));
    }

    fn refuse(&mut self, flow: Flow, request: &Request, refusal: Refusal, now: Instant) {
        let response = refusal.response(request, &self.config);
        self.respond(flow, request, response, now);
    }

    fn respond(&mut self, flow: Flow, request: &Request, mut response: Response, now: Instant) {
        response.set_to_tag(&self.random.token());
        let reliability = self.flows.get(&flow).map(|connection| connection.arrival.reliability);
        if reliability == Some(Reliability::Unreliable)
            && let Ok(key) = Key::server(request)
        {
            let effects = self.transactions.respond(flow, &key, &response, now);
            return self.transmit(flow, effects);
        }
        self.outputs.push_back(Output::Transmit { flow, bytes: response.to_bytes() });
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
