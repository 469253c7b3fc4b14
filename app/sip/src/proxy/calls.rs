use super::token::Endpoint;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many calls of one phone are followed; what goes beyond is routed, but not counted.
const MAX_PER_PHONE: usize = 32;

/// The answered calls, from their 2xx to their BYE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Calls {
    calls: Vec<(DialogId, Endpoint, Endpoint)>,
}

/// Names a dialog, from whichever end it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct DialogId {
    call_id: String,
    tags: (String, String),
}

impl DialogId {
    pub(super) fn new(call_id: &str, one: &str, other: &str) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self { call_id: call_id.to_string(), tags: (low.to_string(), high.to_string()) }
    }
}

impl Calls {
    /// How many calls a user takes part in.
    pub(super) fn count(&self, user: &str) -> usize {
        self.calls.iter().filter(|(_, a, b)| a.user == user || b.user == user).count()
    }

    /// A call was answered. Says who is to be told, and the new counts.
    pub(super) fn answered(&mut self, id: DialogId, caller: Endpoint, callee: Endpoint) -> Vec<(String, usize)> {
        let full = |end: &Endpoint| self.calls.iter().filter(|(_, a, b)| a == end || b == end).count() >= MAX_PER_PHONE;
        if self.calls.iter().any(|(known, ..)| *known == id) || full(&caller) || full(&callee) {
            return Vec::new();
        }
        self.change(|calls| calls.push((id, caller, callee)))
    }

    /// A call was hung up.
    pub(super) fn ended(&mut self, id: &DialogId) -> Vec<(String, usize)> {
        self.change(|calls| calls.retain(|(known, ..)| known != id))
    }

    /// Phones are gone, and their calls with them: those for which `gone` says so.
    pub(super) fn lost(&mut self, gone: impl Fn(&Endpoint) -> bool) -> Vec<(String, usize)> {
        self.change(|calls| calls.retain(|(_, a, b)| !gone(a) && !gone(b)))
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<(DialogId, Endpoint, Endpoint)>)) -> Vec<(String, usize)> {
        let before = self.counts();
        change(&mut self.calls);
        let mut after = self.counts();
        for user in before.keys() {
            after.entry(user.clone()).or_insert(0);
        }
        after.into_iter().filter(|(user, count)| before.get(user).copied().unwrap_or(0) != *count).collect()
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        let users = self.calls.iter().flat_map(|(_, a, b)| [&a.user, &b.user]);
        users.map(|user| (user.clone(), self.count(user))).collect()
    }
}
