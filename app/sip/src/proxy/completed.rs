//! What requests other than INVITE were answered, for when they come again.
//!
//! Over a reliable transport nothing is ever sent twice, and RFC 3261 17.2.2 keeps nothing (timer J is 0). But a phone
//! that lost its connection before the response came sends its request again over the next one, and a message would be
//! delivered twice.
//!
//! | Row | The request comes again | Then |
//! | --- | --- | --- |
//! | CO1 | over a flow of the same user | the response is sent there again |
//! | CO2 | over a flow where nobody has signed anything yet, and says that it is of the same user | the response is sent there once the user signs something there, or their phone registers |
//! | CO3 | otherwise, or later than 64·T1 | it is another request, and may be answered beside the first |

use super::hash::place_of;
use crate::registrar::Flow;
use crate::time::Instant;
use crate::transaction::{Key, T1_X64};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

/// The final responses of the last 64·T1, so many of each flow at most.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Vec<Entry>", into = "Vec<Entry>"))]
pub(super) struct Completed {
    /// In the order in which they end.
    entries: BTreeMap<u64, Entry>,
    /// By the places of their keys.
    names: BTreeSet<(u64, u64)>,
    flows: BTreeMap<Flow, VecDeque<u64>>,
    /// The last number given to one.
    last: u64,
}

/// The final response to one request.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Entry {
    key: Key,
    /// Who sent the request.
    user: String,
    /// The flow that the response was sent over.
    flow: Flow,
    response: Vec<u8>,
    until: Instant,
}

impl Completed {
    /// Keeps a response.
    pub(super) fn keep(&mut self, key: Key, user: String, flow: Flow, response: Vec<u8>, limit: usize, now: Instant) {
        let entry = Entry { key, user, flow, response, until: now + T1_X64 };
        self.insert(entry);
        while self.flows.get(&flow).is_some_and(|own| own.len() > limit) {
            let oldest = self.flows.get(&flow).and_then(|own| own.front().copied());
            let Some(oldest) = oldest else { return };
            self.remove(oldest);
        }
    }

    /// Whether a request with that key was answered.
    pub(super) fn contains(&self, key: &Key) -> bool {
        self.alike(key).next().is_some()
    }

    /// Whether a request with that key of this user was.
    pub(super) fn has(&self, key: &Key, user: &str) -> bool {
        self.alike(key).any(|(_, entry)| entry.user == user)
    }

    /// CO1: what was answered to the request with that key of somebody who uses the flow it came again over.
    pub(super) fn response(&self, key: &Key, uses: impl Fn(&str) -> bool) -> Option<&[u8]> {
        let (_, entry) = self.alike(key).find(|(_, entry)| uses(&entry.user))?;
        Some(&entry.response)
    }

    /// Forgets what is over.
    pub(super) fn timeout(&mut self, now: Instant) {
        while let Some((id, _)) = self.entries.first_key_value().filter(|(_, entry)| entry.until <= now) {
            self.remove(*id);
        }
    }

    /// When [`Self::timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.entries.first_key_value().map(|(_, entry)| entry.until)
    }

    /// Those with that key, each of another user: who saw a request may give its name to one of theirs.
    fn alike(&self, key: &Key) -> impl Iterator<Item = (u64, &Entry)> {
        let place = place_of(key);
        let alike = self.names.range((place, 0)..=(place, u64::MAX));
        alike.filter_map(|(_, id)| Some((*id, self.entries.get(id)?))).filter(move |(_, entry)| entry.key == *key)
    }

    fn insert(&mut self, entry: Entry) {
        self.last += 1;
        let before = self.alike(&entry.key).find(|(_, before)| before.user == entry.user).map(|(id, _)| id);
        if let Some(before) = before {
            self.remove(before);
        }
        self.names.insert((place_of(&entry.key), self.last));
        self.flows.entry(entry.flow).or_default().push_back(self.last);
        self.entries.insert(self.last, entry);
    }

    fn remove(&mut self, id: u64) {
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        self.names.remove(&(place_of(&entry.key), id));
        if let Some(own) = self.flows.get_mut(&entry.flow) {
            own.retain(|other| *other != id);
            if own.is_empty() {
                self.flows.remove(&entry.flow);
            }
        }
    }
}

impl From<Vec<Entry>> for Completed {
    fn from(entries: Vec<Entry>) -> Self {
        let mut completed = Self::default();
        entries.into_iter().for_each(|entry| completed.insert(entry));
        completed
    }
}

impl From<Completed> for Vec<Entry> {
    fn from(completed: Completed) -> Self {
        completed.entries.into_values().collect()
    }
}
