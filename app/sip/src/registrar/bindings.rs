//! All bindings, and the ways to find them: by user, by flow, and by when the next one runs out.

use super::binding::Binding;
use super::flow::Flow;
use crate::time::Instant;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The bindings of all users. [`Bindings::change`] is the one place that changes them, and with them all that is derived.
#[derive(Default)]
pub(super) struct Bindings {
    users: BTreeMap<String, Entry>,
    /// The names of the users, by number.
    names: BTreeMap<u64, String>,
    /// Which users have bindings over a flow.
    flows: BTreeSet<(Flow, u64)>,
    /// When the next binding of each user runs out.
    ends: BTreeSet<(Instant, u64)>,
    /// How many bindings there are.
    total: usize,
    /// The last number that was given to a user.
    last: u64,
    /// Holds the flows of a user while its bindings change.
    before: Vec<Flow>,
}

/// The bindings of a user, and the number that stands for it in what is derived.
struct Entry {
    number: u64,
    list: Vec<Binding>,
}

impl Bindings {
    /// The bindings of these users.
    pub(super) fn new(users: BTreeMap<String, Vec<Binding>>) -> Self {
        let mut bindings = Self::default();
        for (user, list) in users {
            bindings.change(&user, |empty| *empty = list);
        }
        bindings
    }

    /// As a snapshot keeps them.
    pub(super) fn to_saved(&self) -> BTreeMap<String, Vec<Binding>> {
        self.users.iter().map(|(user, entry)| (user.clone(), entry.list.clone())).collect()
    }

    /// The bindings of a user.
    pub(super) fn of(&self, user: &str) -> &[Binding] {
        self.users.get(user).map_or(&[], |entry| entry.list.as_slice())
    }

    /// Every user who has bindings, with them.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &[Binding])> {
        self.users.iter().map(|(user, entry)| (user.as_str(), entry.list.as_slice()))
    }

    /// How many there are of all users.
    pub(super) const fn total(&self) -> usize {
        self.total
    }

    /// When the first of all runs out.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ends.first().map(|(at, _)| *at)
    }

    /// A user of whom a binding ran out.
    pub(super) fn due(&self, now: Instant) -> Option<String> {
        let (_, number) = self.ends.first().filter(|(at, _)| *at <= now)?;
        self.names.get(number).cloned()
    }

    /// The users who have bindings over a flow.
    pub(super) fn over(&self, flow: Flow) -> Vec<String> {
        let numbers = self.flows.range((flow, 0)..=(flow, u64::MAX)).map(|(_, number)| number);
        numbers.filter_map(|number| self.names.get(number).cloned()).collect()
    }

    /// Changes the bindings of a user.
    pub(super) fn change<R>(&mut self, user: &str, change: impl FnOnce(&mut Vec<Binding>) -> R) -> R {
        let Some(Entry { number, list }) = self.users.get_mut(user) else {
            return self.add(user, change);
        };
        let (number, count, end) = (*number, list.len(), end(list));
        self.before.clear();
        self.before.extend(list.iter().filter_map(Binding::flow));
        let result = change(list);
        self.total = (self.total + list.len()).saturating_sub(count);
        let next = self::end(list);
        if next != end {
            end.map(|at| self.ends.remove(&(at, number)));
            next.map(|at| self.ends.insert((at, number)));
        }
        if !list.iter().filter_map(Binding::flow).eq(self.before.iter().copied()) {
            for flow in &self.before {
                self.flows.remove(&(*flow, number));
            }
            self.flows.extend(list.iter().filter_map(Binding::flow).map(|flow| (flow, number)));
        }
        if list.is_empty() {
            self.users.remove(user);
            self.names.remove(&number);
        }
        result
    }

    /// A user who had none.
    fn add<R>(&mut self, user: &str, change: impl FnOnce(&mut Vec<Binding>) -> R) -> R {
        let mut list = Vec::new();
        let result = change(&mut list);
        if !list.is_empty() {
            self.last += 1;
            let number = self.last;
            self.total += list.len();
            self.ends.extend(end(&list).map(|at| (at, number)));
            self.flows.extend(list.iter().filter_map(Binding::flow).map(|flow| (flow, number)));
            self.names.insert(number, user.to_string());
            self.users.insert(user.to_string(), Entry { number, list });
        }
        result
    }
}

fn end(list: &[Binding]) -> Option<Instant> {
    list.iter().map(Binding::end).min()
}

#[cfg(test)]
mod tests {
    use super::super::binding::Reach;
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set { user: u8, device: u8, flow: Option<u8>, lasts: u8 },
        Remove { user: u8, device: u8 },
        Clear { user: u8 },
        Restore,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (0..4_u8, 0..3_u8, prop::option::of(0..4_u8), any::<u8>())
                .prop_map(|(user, device, flow, lasts)| Step::Set { user, device, flow, lasts }),
            2 => (0..4_u8, 0..3_u8).prop_map(|(user, device)| Step::Remove { user, device }),
            1 => (0..4_u8).prop_map(|user| Step::Clear { user }),
            1 => Just(Step::Restore),
        ]
    }

    fn binding(device: u8, flow: Option<u8>, lasts: u8) -> Binding {
        let expires = Instant::from_millis(lasts.into());
        Binding {
            device: device.to_string(),
            contact: "<sip:a@b.invalid>".parse().unwrap(),
            path: Vec::new(),
            reach: flow.map_or(Reach::Lost { until: expires }, |flow| Reach::Open(Flow(flow.into()))),
            instance: None,
            reg_id: None,
            call_id: String::new(),
            cseq: 1,
            generation: 0,
            since: Instant::default(),
            expires,
        }
    }

    proptest! {
        /// What is derived is what a search through all of them finds.
        #[test]
        fn nothing_is_ever_out_of_step(steps in prop::collection::vec(step(), 1..40)) {
            let mut bindings = Bindings::default();
            let mut model: BTreeMap<String, Vec<Binding>> = BTreeMap::new();
            for step in steps {
                let mut both = |user: u8, change: &dyn Fn(&mut Vec<Binding>)| {
                    bindings.change(&user.to_string(), |list| change(list));
                    change(model.entry(user.to_string()).or_default());
                };
                match step {
                    Step::Set { user, device, flow, lasts } => both(user, &|list| {
                        list.retain(|binding| binding.device != device.to_string());
                        list.push(binding(device, flow, lasts));
                    }),
                    Step::Remove { user, device } => {
                        both(user, &|list| list.retain(|binding| binding.device != device.to_string()));
                    }
                    Step::Clear { user } => both(user, &|list| list.clear()),
                    Step::Restore => bindings = Bindings::new(bindings.to_saved()),
                }
                model.retain(|_, list| !list.is_empty());
                let all = || model.values().flatten();
                prop_assert_eq!(bindings.to_saved(), model.clone());
                prop_assert_eq!(bindings.total(), all().count());
                prop_assert_eq!(bindings.deadline(), all().map(Binding::end).min());
                for flow in (0..4).map(Flow) {
                    let over = model.iter().filter(|(_, list)| list.iter().any(|binding| binding.flow() == Some(flow)));
                    let mut found = bindings.over(flow);
                    found.sort();
                    prop_assert_eq!(found, over.map(|(user, _)| user.clone()).collect::<Vec<_>>());
                }
                for now in [0, 50, 255].map(Instant::from_millis) {
                    let due = bindings.due(now);
                    prop_assert_eq!(due.is_some(), all().any(|binding| binding.end() <= now));
                    if let Some(user) = due {
                        prop_assert!(bindings.of(&user).iter().any(|binding| binding.end() <= now));
                    }
                }
            }
        }
    }
}
