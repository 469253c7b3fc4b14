use super::resource::Resource;
use super::schedule::Schedule;
use super::subscription::Subscription;
use crate::Instant;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;

/// Where to find what there is, without going through all of it. It is made of it, and not saved with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    of_user: BTreeMap<String, BTreeSet<u64>>,
    of_watcher: BTreeMap<String, BTreeSet<u64>>,
    /// When something of a subscription is due.
    pub(super) due: Schedule<u64>,
    /// When a publication of a user runs out.
    pub(super) expiries: Schedule<String>,
    /// How many publications there are.
    pub(super) publications: usize,
}

impl Index {
    pub(super) fn of(subscriptions: &BTreeMap<u64, Subscription>, resources: &BTreeMap<String, Resource>) -> Self {
        let mut index = Self::default();
        for subscription in subscriptions.values() {
            index.add(subscription);
            index.due.set(&subscription.id, subscription.deadline());
        }
        for (user, resource) in resources {
            index.expiries.set(user, resource.deadline());
            index.publications += resource.publications.len();
        }
        index
    }

    pub(super) fn add(&mut self, subscription: &Subscription) {
        self.of_user.entry(subscription.user.clone()).or_default().insert(subscription.id);
        self.of_watcher.entry(subscription.watcher.clone()).or_default().insert(subscription.id);
    }

    pub(super) fn remove(&mut self, subscription: &Subscription) {
        self.due.set(&subscription.id, None);
        for (map, user) in [(&mut self.of_user, &subscription.user), (&mut self.of_watcher, &subscription.watcher)] {
            if let Some(ids) = map.get_mut(user) {
                ids.remove(&subscription.id);
                if ids.is_empty() {
                    map.remove(user);
                }
            }
        }
    }

    /// Whether anybody watches a user.
    pub(super) fn is_watched(&self, user: &str) -> bool {
        self.of_user.contains_key(user)
    }

    /// The subscriptions to a user.
    pub(super) fn to(&self, user: &str) -> impl Iterator<Item = u64> {
        self.of_user.get(user).into_iter().flatten().copied()
    }

    /// The subscriptions of a user.
    pub(super) fn by(&self, watcher: &str) -> impl Iterator<Item = u64> {
        self.of_watcher.get(watcher).into_iter().flatten().copied()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.next().into_iter().chain(self.expiries.next()).min()
    }
}
