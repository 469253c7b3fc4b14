//! The phones that are registered: by which flow each is reached, and by which others it could be (RFC 5626 5.3).

use super::token::Endpoint;
use crate::registrar::{Binding, best_flows};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The bindings of all users. [`Phones::set`] and [`Phones::fail`] are what changes them, and with them all that is
/// derived. A snapshot keeps the bindings alone.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "BTreeMap<String, Vec<Binding>>", into = "BTreeMap<String, Vec<Binding>>"))]
pub(super) struct Phones {
    /// One of each phone: the flow by which it is reached.
    users: BTreeMap<String, Vec<Binding>>,
    /// What else phones have that have several flows.
    spares: BTreeMap<String, Vec<Binding>>,
}

impl Phones {
    /// A user's phones, if there is one.
    pub(super) fn get(&self, user: &str) -> Option<&Vec<Binding>> {
        self.users.get(user)
    }

    /// Every user who has phones, with them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Vec<Binding>)> {
        self.users.iter()
    }

    /// What the registrar says of a user; what was known before.
    pub(super) fn set(&mut self, user: &str, bindings: Vec<Binding>) -> Vec<Binding> {
        let (best, spares) = best_flows(bindings);
        if spares.is_empty() {
            self.spares.remove(user);
        } else {
            self.spares.insert(user.to_string(), spares);
        }
        self.put(user, best)
    }

    /// The flow of a phone has failed, as the hop in front of it says: what was known of it, if the phone has another flow,
    /// by which it is reached from now on. What failed is forgotten until the registrar says it again.
    pub(super) fn fail(&mut self, phone: &Endpoint) -> Option<Binding> {
        let spares = self.spares.get_mut(&phone.user)?;
        let own = spares.iter().enumerate().filter(|(_, spare)| spare.device == phone.device);
        let (best, _) = own.max_by_key(|(_, spare)| spare.rank())?;
        let next = spares.remove(best);
        if spares.is_empty() {
            self.spares.remove(&phone.user);
        }
        let mut list = self.users.get(&phone.user)?.clone();
        let place = list.iter_mut().find(|binding| binding.device == phone.device)?;
        let failed = core::mem::replace(place, next);
        self.put(&phone.user, list);
        Some(failed)
    }

    fn put(&mut self, user: &str, list: Vec<Binding>) -> Vec<Binding> {
        let before = if list.is_empty() { self.users.remove(user) } else { self.users.insert(user.to_string(), list) };
        before.unwrap_or_default()
    }
}

impl From<BTreeMap<String, Vec<Binding>>> for Phones {
    fn from(users: BTreeMap<String, Vec<Binding>>) -> Self {
        let mut phones = Self::default();
        for (user, bindings) in users {
            phones.set(&user, bindings);
        }
        phones
    }
}

impl From<Phones> for BTreeMap<String, Vec<Binding>> {
    fn from(phones: Phones) -> Self {
        let Phones { mut users, spares } = phones;
        for (user, spares) in spares {
            users.entry(user).or_default().extend(spares);
        }
        users
    }
}
