//! The phones that are registered: by which flow each is reached, by which others it could be (RFC 5626 5.3), and whose
//! Contact is whose.

use super::token::Endpoint;
use crate::registrar::{Binding, best_flows};
use crate::uri::{Uri, unescaped};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
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
    /// Who registered a Contact, by what all ways to write it have in common.
    contacts: BTreeSet<(String, String)>,
}

impl Phones {
    /// A user's phones, if there is one.
    pub(super) fn get(&self, user: &str) -> Option<&Vec<Binding>> {
        self.users.get(user)
    }

    /// The phones that registered a Contact as which this URI counts (RFC 3261 19.1.4): the first of each user.
    pub(super) fn named<'a>(&'a self, uri: &'a Uri) -> impl Iterator<Item = Endpoint> + use<'a> {
        let common = common(uri);
        let from = (common.clone(), String::new());
        let users = self.contacts.range(from..).take_while(move |(other, _)| *other == common).map(|(_, user)| user);
        users.filter_map(|user| {
            let binding = self.users.get(user)?.iter().find(|binding| binding.uri().equivalent(uri))?;
            Some(Endpoint { user: user.clone(), device: binding.device.clone() })
        })
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
        let before = self.users.remove(user).unwrap_or_default();
        // Most changes are of where a phone is, and not of what it calls itself.
        if !before.iter().map(Binding::uri).eq(list.iter().map(Binding::uri)) {
            for binding in &before {
                self.contacts.remove(&(common(binding.uri()), user.to_string()));
            }
            self.contacts.extend(list.iter().map(|binding| (common(binding.uri()), user.to_string())));
        }
        if !list.is_empty() {
            self.users.insert(user.to_string(), list);
        }
        before
    }
}

/// What is the same in all ways to write a URI.
fn common(uri: &Uri) -> String {
    let mut common = match uri {
        Uri::Sip(uri) => {
            let user = uri.user.as_ref().map(|user| unescaped(user).collect::<Vec<u8>>()).unwrap_or_default();
            format!("{}@{}", String::from_utf8_lossy(&user), uri.host)
        }
        Uri::Tel(uri) => uri.number.chars().filter(|c| !"-.()".contains(*c)).collect(),
        Uri::Other { rest, .. } => rest.to_string(),
    };
    common.make_ascii_lowercase();
    common
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
        let Phones { mut users, spares, contacts: _ } = phones;
        for (user, spares) in spares {
            users.entry(user).or_default().extend(spares);
        }
        users
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registrar::{Flow, Reach};
    use crate::time::Instant;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set { user: u8, bindings: Vec<Binding> },
        Fail { user: u8, device: u8 },
        Restore,
    }

    const CONTACTS: [&str; 8] = [
        "sip:a@b.invalid",
        "sip:%61@B.invalid",
        "sip:a@b.invalid;transport=ws",
        "sip:a@b.invalid:5060",
        "sip:A@b.invalid",
        "sip:[2001:db8::1]",
        "tel:+49-30(1)",
        "tel:+49301",
    ];

    fn binding() -> impl Strategy<Value = Binding> {
        (0..3_u8, prop::option::of(0..4_u64), 0..5_u64, 0..CONTACTS.len()).prop_map(|(device, flow, since, contact)| {
            let expires = Instant::from_millis(99);
            Binding {
                device: device.to_string(),
                contact: format!("<{}>", CONTACTS.get(contact).unwrap()).parse().unwrap(),
                path: Vec::new(),
                reach: flow.map_or(Reach::Lost { until: expires }, |flow| Reach::Open(Flow(flow))),
                instance: None,
                reg_id: None,
                call_id: String::new(),
                cseq: 1,
                generation: 0,
                since: Instant::from_millis(since),
                expires,
            }
        })
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..3_u8, prop::collection::vec(binding(), 0..5)).prop_map(|(user, bindings)| Step::Set { user, bindings }),
            2 => (0..3_u8, 0..3_u8).prop_map(|(user, device)| Step::Fail { user, device }),
            1 => Just(Step::Restore),
        ]
    }

    /// Of each phone of a list the best, as a search finds it.
    fn best(list: &[Binding]) -> Vec<Binding> {
        let mut devices: Vec<&str> = Vec::new();
        for binding in list {
            if !devices.contains(&&*binding.device) {
                devices.push(&binding.device);
            }
        }
        let best = |device: &&str| {
            let own = list.iter().filter(|binding| binding.device == **device);
            let rank = own.clone().map(Binding::rank).max().unwrap();
            own.clone().find(|binding| binding.rank() == rank).unwrap().clone()
        };
        devices.iter().map(best).collect()
    }

    proptest! {
        /// What is derived is what a search through all of them finds.
        #[test]
        fn nothing_is_ever_out_of_step(steps in prop::collection::vec(step(), 1..30)) {
            let mut phones = Phones::default();
            let mut model: BTreeMap<String, Vec<Binding>> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Set { user, bindings } => {
                        phones.set(&user.to_string(), bindings.clone());
                        model.insert(user.to_string(), bindings);
                    }
                    Step::Fail { user, device } => {
                        let phone = Endpoint { user: user.to_string(), device: device.to_string() };
                        let list = model.entry(phone.user.clone()).or_default();
                        let now = best(list).into_iter().find(|binding| binding.device == phone.device);
                        let open = list.iter().filter(|other| other.device == phone.device && other.flow().is_some());
                        let other = now.as_ref().is_some_and(|now| open.clone().count() > usize::from(now.flow().is_some()));
                        let failed = phones.fail(&phone);
                        let key = |one: &Binding| (one.device.clone(), one.rank());
                        prop_assert_eq!(failed.as_ref().map(key), now.as_ref().filter(|_| other).map(key));
                        if let Some(place) = failed.and_then(|failed| list.iter().position(|one| *one == failed)) {
                            list.remove(place);
                        }
                    }
                    Step::Restore => phones = BTreeMap::from(phones).into(),
                }
                for user in (0..3).map(|user: u8| user.to_string()) {
                    let mut found = phones.get(&user).cloned().unwrap_or_default();
                    let mut expected = best(model.get(&user).map(Vec::as_slice).unwrap_or_default());
                    let by = |one: &Binding, two: &Binding| one.device.cmp(&two.device);
                    found.sort_by(by);
                    expected.sort_by(by);
                    let key = |one: &Binding| (one.device.clone(), one.rank());
                    prop_assert_eq!(found.iter().map(key).collect::<Vec<_>>(), expected.iter().map(key).collect::<Vec<_>>());
                }
                for contact in CONTACTS {
                    let uri: Uri = contact.parse().unwrap();
                    let found: Vec<_> = phones.named(&uri).collect();
                    let scan = phones.users.iter().filter_map(|(user, list)| {
                        let binding = list.iter().find(|binding| binding.uri().equivalent(&uri))?;
                        Some(Endpoint { user: user.clone(), device: binding.device.clone() })
                    });
                    prop_assert_eq!(found, scan.collect::<Vec<_>>());
                }
                let known: BTreeSet<_> = phones
                    .users
                    .iter()
                    .flat_map(|(user, list)| list.iter().map(|binding| (common(binding.uri()), user.clone())))
                    .collect();
                prop_assert_eq!(&phones.contacts, &known, "and nothing stays behind");
            }
        }
    }
}
