//! The requests under way, found by whatever a message or a moment names.

use super::context::{Context, Stage};
use super::token::Endpoint;
use crate::registrar::{Flow, QuestionId};
use crate::time::Instant;
use crate::transaction::Key;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;

/// The contexts by their numbers, and indices over them: how many there are does not matter to a message.
///
/// A context is changed by taking it out and putting it back; the indices follow then. A snapshot keeps the contexts
/// alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Contexts {
    /// In boxes: what is moved when one is added or removed is small.
    all: BTreeMap<u64, Box<Context>>,
    facets: BTreeMap<u64, Facets>,
    keys: BTreeMap<Key, BTreeSet<u64>>,
    branches: BTreeMap<String, (u64, usize)>,
    questions: BTreeMap<QuestionId, u64>,
    flows: BTreeSet<(Flow, u64)>,
    loads: BTreeMap<Flow, Load>,
    /// By the users of its ends: who sent it, and whose phones it was sent to.
    users: BTreeMap<String, BTreeSet<u64>>,
    /// By those of its ends that did not register.
    unregistered: BTreeSet<(Flow, u64)>,
    deadlines: BTreeSet<(Instant, u64)>,
}

/// How many requests came over a flow, and are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) all: usize,
    /// Those that were not answered yet.
    pub(super) waiting: usize,
}

/// By what a context is found: as the indices have it, which is as the context was when it was last put back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Facets {
    key: Key,
    flow: Option<Flow>,
    waiting: bool,
    questions: Vec<QuestionId>,
    deadline: Option<Instant>,
    branches: Vec<String>,
    ends: Vec<Endpoint>,
}

impl Contexts {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them, in the order in which they began.
    pub(super) fn values(&self) -> impl Iterator<Item = &Context> {
        self.all.values().map(Box::as_ref)
    }

    pub(super) fn get(&self, id: u64) -> Option<&Context> {
        self.all.get(&id).map(Box::as_ref)
    }

    /// Takes one out, to change it; it is found no more until it is put back.
    pub(super) fn take(&mut self, id: u64) -> Option<Box<Context>> {
        self.all.remove(&id)
    }

    /// A new one, or one that was taken out.
    pub(super) fn put(&mut self, id: u64, context: Box<Context>) {
        match self.facets.remove(&id) {
            Some(facets) => self.follow(id, facets, &context),
            None => self.index(id, Facets::of(&context)),
        }
        self.all.insert(id, context);
    }

    /// One that was taken out, or that is here, is over.
    pub(super) fn forget(&mut self, id: u64) {
        self.all.remove(&id);
        if let Some(facets) = self.facets.remove(&id) {
            self.unindex(id, &facets);
        }
    }

    /// The request of this server transaction.
    pub(super) fn find(&self, key: &Key) -> Option<u64> {
        self.present(self.keys.get(key).into_iter().flatten()).next()
    }

    /// The request that left with a Via of this branch, and to which of its phones.
    pub(super) fn sent(&self, branch: &str) -> Option<(u64, usize)> {
        self.branches.get(branch).copied().filter(|(id, _)| self.all.contains_key(id))
    }

    /// Whose question this is.
    pub(super) fn asked(&self, question: QuestionId) -> Option<u64> {
        self.questions.get(&question).copied().filter(|id| self.all.contains_key(id))
    }

    /// Those whose responses go over a flow.
    pub(super) fn of_flow(&self, flow: Flow) -> Vec<u64> {
        self.present(among(&self.flows, flow)).collect()
    }

    /// How many those are.
    pub(super) fn load(&self, flow: Flow) -> Load {
        self.loads.get(&flow).copied().unwrap_or_default()
    }

    /// Those that a user sent, or that were sent to phones of that user.
    pub(super) fn of_user(&self, user: &str) -> Vec<u64> {
        self.present(self.users.get(user).into_iter().flatten()).collect()
    }

    /// Those of which one end is a phone that did not register, and has this flow.
    pub(super) fn of_unregistered(&self, flow: Flow) -> Vec<u64> {
        self.present(among(&self.unregistered, flow)).collect()
    }

    /// Those for which it is time.
    pub(super) fn due(&self, now: Instant) -> Vec<u64> {
        let due = self.deadlines.range(..=(now, u64::MAX)).map(|(_, id)| id);
        let mut due: Vec<u64> = self.present(due).collect();
        due.sort_unstable();
        due
    }

    /// When it is time for the first.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    fn present<'a>(&self, ids: impl Iterator<Item = &'a u64>) -> impl Iterator<Item = u64> {
        ids.copied().filter(|id| self.all.contains_key(id))
    }

    /// Most changes move a deadline, and nothing else.
    fn follow(&mut self, id: u64, mut facets: Facets, context: &Context) {
        if !facets.has_ends_of(context) {
            self.unindex(id, &facets);
            return self.index(id, Facets::of(context));
        }
        let (flow, waiting, deadline) = (context.flow, context.server.is_waiting(), context.deadline());
        if (facets.flow, facets.waiting) != (flow, waiting) {
            self.unload(&facets);
            set(&mut self.flows, facets.flow, flow, id);
            (facets.flow, facets.waiting) = (flow, waiting);
            self.reload(&facets);
        }
        if facets.deadline != deadline {
            set(&mut self.deadlines, facets.deadline, deadline, id);
            facets.deadline = deadline;
        }
        if !facets.questions.iter().copied().eq(questions(context)) {
            for question in &facets.questions {
                self.questions.remove(question);
            }
            facets.questions = questions(context).collect();
            self.questions.extend(facets.questions.iter().map(|question| (*question, id)));
        }
        self.facets.insert(id, facets);
    }

    fn reload(&mut self, facets: &Facets) {
        if let Some(flow) = facets.flow {
            let load = self.loads.entry(flow).or_default();
            load.all += 1;
            load.waiting += usize::from(facets.waiting);
        }
    }

    fn unload(&mut self, facets: &Facets) {
        if let Some(flow) = facets.flow
            && let Some(load) = self.loads.get_mut(&flow)
        {
            load.all = load.all.saturating_sub(1);
            load.waiting = load.waiting.saturating_sub(usize::from(facets.waiting));
            if load.all == 0 {
                self.loads.remove(&flow);
            }
        }
    }

    fn index(&mut self, id: u64, facets: Facets) {
        self.keys.entry(facets.key.clone()).or_default().insert(id);
        set(&mut self.flows, None, facets.flow, id);
        self.reload(&facets);
        set(&mut self.deadlines, None, facets.deadline, id);
        self.questions.extend(facets.questions.iter().map(|question| (*question, id)));
        for (index, branch) in facets.branches.iter().enumerate() {
            self.branches.entry(branch.clone()).or_insert((id, index));
        }
        for end in &facets.ends {
            if let Some(ids) = self.users.get_mut(&end.user) {
                ids.insert(id);
            } else {
                self.users.insert(end.user.clone(), BTreeSet::from([id]));
            }
            set(&mut self.unregistered, None, end.flow(), id);
        }
        self.facets.insert(id, facets);
    }

    fn unindex(&mut self, id: u64, facets: &Facets) {
        drop_from(&mut self.keys, &facets.key, id);
        set(&mut self.flows, facets.flow, None, id);
        self.unload(facets);
        set(&mut self.deadlines, facets.deadline, None, id);
        for question in &facets.questions {
            self.questions.remove(question);
        }
        for branch in &facets.branches {
            if self.branches.get(branch).is_some_and(|(owner, _)| *owner == id) {
                self.branches.remove(branch);
            }
        }
        for end in &facets.ends {
            drop_from(&mut self.users, &*end.user, id);
            set(&mut self.unregistered, end.flow(), None, id);
        }
    }
}

impl Facets {
    fn of(context: &Context) -> Self {
        Self {
            key: context.key.clone(),
            flow: context.flow,
            waiting: context.server.is_waiting(),
            questions: questions(context).collect(),
            deadline: context.deadline(),
            branches: context.legs().iter().map(|leg| leg.branch.clone()).collect(),
            ends: ends(context).cloned().collect(),
        }
    }

    /// Whether it is still between the same phones, by the same branches.
    fn has_ends_of(&self, context: &Context) -> bool {
        let branches = context.legs().iter().map(|leg| &leg.branch);
        self.key == context.key && self.ends.iter().eq(ends(context)) && self.branches.iter().eq(branches)
    }
}

/// Who sent it, and to which phones it was sent.
fn ends(context: &Context) -> impl Iterator<Item = &Endpoint> {
    let caller = context.caller.iter().map(|(_, phone)| phone);
    caller.chain(context.legs().iter().map(|leg| &leg.target))
}

/// The questions that are open.
fn questions(context: &Context) -> impl Iterator<Item = QuestionId> {
    let responses = match &context.stage {
        Stage::Forked { responses, .. } => Some(responses),
        Stage::Admitting { .. }
        | Stage::Locating { .. }
        | Stage::Serving { .. }
        | Stage::Keeping { .. }
        | Stage::Settled => None,
    };
    let later = responses.into_iter().flat_map(|responses| responses.questions().map(|(question, ..)| question));
    context.question().into_iter().chain(later)
}

fn among(index: &BTreeSet<(Flow, u64)>, flow: Flow) -> impl Iterator<Item = &u64> {
    index.range((flow, 0)..=(flow, u64::MAX)).map(|(_, id)| id)
}

/// An entry of an index moves.
fn set<T: Ord>(index: &mut BTreeSet<(T, u64)>, from: Option<T>, to: Option<T>, id: u64) {
    if let Some(from) = from {
        index.remove(&(from, id));
    }
    index.extend(to.map(|to| (to, id)));
}

fn drop_from<K: Ord + Borrow<Q>, Q: Ord + ?Sized>(index: &mut BTreeMap<K, BTreeSet<u64>>, name: &Q, id: u64) {
    if let Some(ids) = index.get_mut(name) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(name);
        }
    }
}

impl core::convert::From<BTreeMap<u64, Box<Context>>> for Contexts {
    fn from(all: BTreeMap<u64, Box<Context>>) -> Self {
        let mut contexts = Self::default();
        for (id, context) in all {
            contexts.put(id, context);
        }
        contexts
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Contexts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Contexts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::<u64, Box<Context>>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests;
