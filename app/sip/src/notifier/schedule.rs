use crate::Instant;
use alloc::collections::{BTreeMap, BTreeSet};

/// What is due when: each key has at most one moment.
#[derive(Clone, Debug)]
pub(super) struct Schedule<K> {
    moments: BTreeMap<K, Instant>,
    order: BTreeSet<(Instant, K)>,
}

impl<K> Default for Schedule<K> {
    fn default() -> Self {
        Self { moments: BTreeMap::new(), order: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> Schedule<K> {
    /// Sets the moment of a key, or takes it away.
    pub(super) fn set(&mut self, key: &K, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.moments.insert(key.clone(), at),
            None => self.moments.remove(key),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, key.clone()));
        }
        if let Some(at) = at {
            self.order.insert((at, key.clone()));
        }
    }

    /// The next moment.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out a key that is due.
    pub(super) fn due(&mut self, now: Instant) -> Option<K> {
        let (at, key) = self.order.first()?.clone();
        if at > now {
            return None;
        }
        self.set(&key, None);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn what_is_due_comes_out_once_and_in_order() {
        let mut schedule = Schedule::default();
        for (key, moment) in [("a", 30), ("b", 10), ("c", 20), ("a", 5), ("d", 7)] {
            schedule.set(&key, Some(at(moment)));
        }
        schedule.set(&"d", None);
        assert_eq!(schedule.next(), Some(at(5)));
        assert_eq!([(); 3].map(|()| schedule.due(at(15))), [Some("a"), Some("b"), None]);
        assert_eq!(schedule.next(), Some(at(20)));
    }
}
