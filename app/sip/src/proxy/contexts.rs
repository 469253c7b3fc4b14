//! The requests under way, found by whatever a message or a moment names.

use super::api::Load;
use super::context::{Context, Stage};
use super::hash::place_of;
use super::token::Endpoint;
use crate::registrar::{Flow, QuestionId};
use crate::time::Instant;
use crate::transaction::Key;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The contexts by their numbers, and indices over them: how many there are does not matter to a message.
///
/// A context is changed by taking it out and putting it back; the indices follow then. A snapshot keeps the contexts
/// alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Contexts {
    all: BTreeMap<u64, Entry>,
    /// By the place of the server transaction's key.
    keys: BTreeSet<(u64, u64)>,
    /// By the places of the branches.
    branches: BTreeSet<(u64, u64)>,
    questions: BTreeMap<QuestionId, u64>,
    flows: BTreeSet<(Flow, u64)>,
    loads: BTreeMap<Flow, Load>,
    /// By the places of the users of its ends: who sent it, and whose phones it was sent to.
    users: BTreeSet<(u64, u64)>,
    /// By those of its ends that did not register.
    unregistered: BTreeSet<(Flow, u64)>,
    deadlines: BTreeSet<(Instant, u64)>,
}

/// A context with the places where it stands in the indices, which is as it was when it was last put back.
#[derive(Clone, Debug)]
struct Entry {
    /// `None` while it is taken out. In a box: what is moved when one is added or removed is small.
    context: Option<Box<Context>>,
    facets: Facets,
}

/// By what a context is found; by nothing, before it is put in and once it is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Facets {
    key: Option<u64>,
    flow: Option<Flow>,
    waiting: bool,
    questions: Vec<QuestionId>,
    deadline: Option<Instant>,
    branches: Vec<u64>,
    ends: Vec<(u64, Option<Flow>)>,
}

impl Contexts {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them, in the order in which they began.
    pub(super) fn values(&self) -> impl Iterator<Item = &Context> {
        self.all.values().filter_map(|entry| entry.context.as_deref())
    }

    pub(super) fn get(&self, id: u64) -> Option<&Context> {
        self.all.get(&id)?.context.as_deref()
    }

    /// Takes one out, to change it; it is found no more until it is put back.
    pub(super) fn take(&mut self, id: u64) -> Option<Box<Context>> {
        self.all.get_mut(&id)?.context.take()
    }

    /// A new one, or one that was taken out.
    pub(super) fn put(&mut self, id: u64, context: Box<Context>) {
        let entry = self.all.entry(id).or_insert_with(|| Entry { context: None, facets: Facets::default() });
        let now = Facets::of(&context);
        entry.context = Some(context);
        if entry.facets != now {
            let before = core::mem::replace(&mut entry.facets, now.clone());
            self.follow(id, &before, &now);
        }
    }

    /// One that was taken out, or that is here, is over.
    pub(super) fn forget(&mut self, id: u64) {
        if let Some(entry) = self.all.remove(&id) {
            self.follow(id, &entry.facets, &Facets::default());
        }
    }

    /// The requests that name this server transaction, each of another sender: who saw a request may give its name to one of
    /// theirs.
    pub(super) fn named(&self, key: &Key) -> impl Iterator<Item = (u64, &Context)> {
        let alike = among(&self.keys, place_of(key)).filter_map(|id| Some((*id, self.get(*id)?)));
        alike.filter(move |(_, context)| context.key == *key)
    }

    /// The request that left with a Via of this branch, and to which of its phones.
    pub(super) fn sent(&self, branch: &str) -> Option<(u64, usize)> {
        among(&self.branches, place_of(branch)).find_map(|id| {
            let index = self.get(*id)?.legs().iter().position(|leg| leg.branch == branch)?;
            Some((*id, index))
        })
    }

    /// Whose question this is.
    pub(super) fn asked(&self, question: QuestionId) -> Option<u64> {
        self.questions.get(&question).copied().filter(|id| self.get(*id).is_some())
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
        let is_of = |id: &&u64| self.get(**id).is_some_and(|context| ends(context).any(|end| end.user == user));
        among(&self.users, place_of(user)).filter(is_of).copied().collect()
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
        ids.copied().filter(|id| self.get(*id).is_some())
    }

    /// The indices follow a context. Most changes move a deadline, and nothing else.
    fn follow(&mut self, id: u64, before: &Facets, now: &Facets) {
        set(&mut self.keys, before.key, now.key, id);
        set(&mut self.flows, before.flow, now.flow, id);
        if (before.flow, before.waiting) != (now.flow, now.waiting) {
            self.unload(before);
            self.reload(now);
        }
        set(&mut self.deadlines, before.deadline, now.deadline, id);
        if before.questions != now.questions {
            for question in &before.questions {
                self.questions.remove(question);
            }
            self.questions.extend(now.questions.iter().map(|question| (*question, id)));
        }
        if before.branches != now.branches {
            move_all(&mut self.branches, before.branches.iter().copied(), now.branches.iter().copied(), id);
        }
        if before.ends != now.ends {
            let users = |facets: &Facets| facets.ends.iter().map(|(user, _)| *user).collect::<Vec<u64>>();
            let flows = |facets: &Facets| facets.ends.iter().filter_map(|(_, flow)| *flow).collect::<Vec<Flow>>();
            move_all(&mut self.users, users(before).into_iter(), users(now).into_iter(), id);
            move_all(&mut self.unregistered, flows(before).into_iter(), flows(now).into_iter(), id);
        }
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
}

impl Facets {
    fn of(context: &Context) -> Self {
        Self {
            key: Some(place_of(&context.key)),
            flow: context.flow,
            waiting: context.server.is_waiting(),
            questions: questions(context).collect(),
            deadline: context.deadline(),
            branches: context.legs().iter().map(|leg| place_of(&*leg.branch)).collect(),
            ends: ends(context).map(|end| (place_of(&*end.user), end.flow())).collect(),
        }
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

fn among<T: Ord + Copy>(index: &BTreeSet<(T, u64)>, place: T) -> impl Iterator<Item = &u64> {
    index.range((place, 0)..=(place, u64::MAX)).map(|(_, id)| id)
}

/// An entry of an index moves.
fn set<T: Ord>(index: &mut BTreeSet<(T, u64)>, from: Option<T>, to: Option<T>, id: u64) {
    if from != to {
        move_all(index, from.into_iter(), to.into_iter(), id);
    }
}

fn move_all<T: Ord>(
    index: &mut BTreeSet<(T, u64)>,
    from: impl Iterator<Item = T>,
    to: impl Iterator<Item = T>,
    id: u64,
) {
    for place in from {
        index.remove(&(place, id));
    }
    index.extend(to.map(|place| (place, id)));
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
        let all = self.all.iter().filter_map(|(id, entry)| Some((id, entry.context.as_ref()?)));
        serializer.collect_map(all)
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
