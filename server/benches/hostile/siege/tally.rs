//! What hostile clients did, and how it ended for them.

use std::collections::BTreeMap;
use std::time::Duration;

/// By the name of what they did.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<&'static str, BTreeMap<String, Ended>>);

/// How often something ended in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) times: u64,
    /// The longest that one of them lasted.
    pub(crate) longest: Duration,
}

impl Tally {
    pub(crate) fn add(&mut self, attack: &'static str, end: impl Into<String>, lasted: Duration) {
        let ended = self.0.entry(attack).or_default().entry(end.into()).or_default();
        ended.times += 1;
        ended.longest = ended.longest.max(lasted);
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (attack, ends) in other.0 {
            for (end, ended) in ends {
                let all = self.0.entry(attack).or_default().entry(end).or_default();
                all.times += ended.times;
                all.longest = all.longest.max(ended.longest);
            }
        }
    }

    /// How often an attack ended like this.
    pub(crate) fn of(&self, attack: &str, end: &str) -> Ended {
        self.0.get(attack).and_then(|ends| ends.get(end)).copied().unwrap_or_default()
    }

    /// All attacks, with all of their ends.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static str, &BTreeMap<String, Ended>)> {
        self.0.iter().map(|(attack, ends)| (*attack, ends))
    }
}
