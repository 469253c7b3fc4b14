//! What requests other than INVITE were answered, for when they come again.
//!
//! Over a reliable transport nothing is ever sent twice, and RFC 3261 17.2.2 keeps nothing (timer J is 0). But a phone
//! that lost its connection before the response came sends its request again over the next one, and a message would be
//! delivered twice.
//!
//! | Row | The request comes again | Then |
//! | --- | --- | --- |
//! | CO1 | over a flow of the same user | the response is sent there again |
//! | CO2 | over a flow where nobody has signed anything yet | the response is sent there once the user's phone registers |
//! | CO3 | over a flow of somebody else, or later than 64·T1 | it is another request |

use super::hash::place_of;
use crate::registrar::Flow;
use crate::time::Instant;
use crate::transaction::{Key, T1_X64};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

/// How many repeated requests wait until it is known who sends them.
const MAX_WAITING: usize = 64;

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
    /// Those of CO2.
    waiting: Vec<u64>,
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
    /// The flow it came again over, where nobody has signed anything yet.
    asked: Option<Flow>,
}

/// Whose flow it is that a request came again over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The sender's.
    Same,
    /// Nobody's yet.
    Unknown,
    /// Somebody else's.
    Other,
}

impl Completed {
    /// Keeps a response.
    pub(super) fn keep(&mut self, key: Key, user: String, flow: Flow, response: Vec<u8>, limit: usize, now: Instant) {
        let entry = Entry { key, user, flow, response, until: now + T1_X64, asked: None };
        self.insert(entry);
        while self.flows.get(&flow).is_some_and(|own| own.len() > limit) {
            let oldest = self.flows.get(&flow).and_then(|own| own.front().copied());
            let Some(oldest) = oldest else { return };
            self.remove(oldest);
        }
    }

    /// Who sent the request with that key, if it was answered.
    pub(super) fn sender(&self, key: &Key) -> Option<&str> {
        let (_, entry) = self.find(key)?;
        Some(&entry.user)
    }

    /// CO1, CO2: a request comes again over this flow. The response, if it is to be sent there now.
    pub(super) fn again(&mut self, key: &Key, flow: Flow, whose: Whose) -> Option<Vec<u8>> {
        let (id, _) = self.find(key)?;
        let entry = self.entries.get_mut(&id)?;
        match whose {
            Whose::Same => return Some(entry.response.clone()),
            Whose::Unknown if self.waiting.len() < MAX_WAITING => {
                entry.asked = Some(flow);
                self.waiting.push(id);
            }
            Whose::Unknown | Whose::Other => {}
        }
        None
    }

    /// CO2: it is known now whose flow that is. What is to be sent there.
    pub(super) fn came_back(&mut self, user: &str, flow: Flow) -> Vec<Vec<u8>> {
        let mut responses = Vec::new();
        let entries = &mut self.entries;
        self.waiting.retain(|id| match entries.get_mut(id) {
            Some(entry) if entry.asked == Some(flow) && entry.user == user => {
                entry.asked = None;
                responses.push(entry.response.clone());
                false
            }
            Some(_) => true,
            None => false,
        });
        responses
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

    fn find(&self, key: &Key) -> Option<(u64, &Entry)> {
        let place = place_of(key);
        let alike = self.names.range((place, 0)..=(place, u64::MAX));
        alike.filter_map(|(_, id)| Some((*id, self.entries.get(id)?))).find(|(_, entry)| entry.key == *key)
    }

    fn insert(&mut self, entry: Entry) {
        self.last += 1;
        if let Some((before, _)) = self.find(&entry.key) {
            self.remove(before);
        }
        self.names.insert((place_of(&entry.key), self.last));
        self.flows.entry(entry.flow).or_default().push_back(self.last);
        if entry.asked.is_some() {
            self.waiting.push(self.last);
        }
        self.entries.insert(self.last, entry);
    }

    fn remove(&mut self, id: u64) {
        let Some(entry) = self.entries.remove(&id) else {
            return;
        };
        self.waiting.retain(|other| *other != id);
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
