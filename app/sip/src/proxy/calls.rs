//! The calls that go through the proxy, as busy lamps and call pick-up show them (RFC 4235).
//!
//! A call to several phones is followed once for each of them:
//!
//! | Row | State | On | Next |
//! | --- | --- | --- | --- |
//! | CA1 | – | the INVITE is to go to a phone | Trying |
//! | CA2 | Trying, Early | 101–199 with a tag | Early |
//! | CA3 | –, Trying, Early | 2xx | Confirmed |
//! | CA4 | Trying, Early | 300–699; no answer; it is cancelled; the phone is gone | – |
//! | CA5 | Early, Confirmed | BYE | – |
//! | CA6 | any | a phone is gone for good | – |
//! | CA7 | – | 2xx again, after the BYE | – |
//!
//! The caller has one dialog as long as nobody rings, and one with each phone that does.

use super::token::Endpoint;
pub use crate::body::dialog_info::Direction;
use crate::registrar::{Flow, Party};
use crate::uri::Uri;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many calls of one phone are followed; what goes beyond is routed, but not told.
const MAX_PER_PHONE: usize = 32;
/// How many phones these may go to, all together.
const MAX_FORKS: usize = 256;

/// A call, as one of its two users has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallState {
    /// Names it among the user's, as long as it lasts.
    pub id: u64,
    /// Its Call-ID.
    pub call_id: String,
    /// The tag of the user's side; empty as long as the user was called and no phone has said one.
    pub local_tag: String,
    /// The tag of the other side, once there is one.
    pub remote_tag: Option<String>,
    /// Whether the user called or was called.
    pub direction: Direction,
    /// How far it is.
    pub state: Progress,
    /// The phone of the user's that has it: [`super::Binding::device`], or what stands for one that did not register.
    pub device: Option<String>,
    /// Who the other one is.
    pub remote: Party,
    /// The Contact of the other one's phone, once it is known.
    pub remote_target: Option<Uri>,
}

impl CallState {
    /// The number of the call, which both of its users have.
    #[must_use]
    pub const fn call(&self) -> u64 {
        self.id / 2
    }
}

/// How far a call is (RFC 4235 3.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Progress {
    /// The INVITE is on its way.
    Trying,
    /// A phone answered provisionally, with a tag: it rings.
    Early,
    /// It was answered.
    Confirmed,
}

/// The calls that are followed.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Calls {
    calls: BTreeMap<u64, Call>,
    /// Which calls a user takes part in.
    users: BTreeMap<String, BTreeSet<u64>>,
    /// Which calls have a Call-ID.
    names: BTreeMap<String, BTreeSet<u64>>,
    /// Which calls are of a phone that did not register, and has this flow.
    #[cfg_attr(feature = "serde", serde(default))]
    unregistered: BTreeSet<(Flow, u64)>,
    /// Whose calls changed, and were not told yet.
    touched: BTreeSet<String>,
    /// The last number given to a call.
    last: u64,
}

/// A call between two phones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Call {
    pub(super) call_id: String,
    pub(super) caller: Side,
    pub(super) callee: Side,
    pub(super) progress: Progress,
}

/// One end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Side {
    pub(super) party: Party,
    pub(super) phone: Endpoint,
    /// Empty as long as it is not known.
    pub(super) tag: String,
    pub(super) target: Option<Uri>,
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

impl Call {
    fn id(&self) -> DialogId {
        DialogId::new(&self.call_id, &self.caller.tag, &self.callee.tag)
    }

    pub(super) fn sides(&self) -> [&Side; 2] {
        [&self.caller, &self.callee]
    }
}

impl Calls {
    /// How many answered calls a user takes part in.
    pub(super) fn count(&self, user: &str) -> usize {
        self.of(user).filter(|(_, call)| call.progress == Progress::Confirmed).count()
    }

    /// Whether a user calls, rings or talks, but for the call with this Call-ID: that may come to them by several ways. A
    /// phone that never rang may be waited for long after the call was answered elsewhere, so it does not count.
    pub(super) fn is_engaged(&self, user: &str, call_id: &str) -> bool {
        let is_on = |call: &Call| call.caller.phone.user == user || call.progress != Progress::Trying;
        self.of(user).any(|(_, call)| call.call_id != call_id && is_on(call))
    }

    /// CA1: an INVITE is to go to a phone. Its number; `None` when it is not followed.
    pub(super) fn begin(&mut self, call: Call) -> Option<u64> {
        if call.sides().into_iter().any(|side| self.is_full(&side.phone, &call.call_id)) {
            return None;
        }
        self.last += 1;
        let id = self.last;
        self.restore(id, call);
        Some(id)
    }

    /// A call, by its number.
    pub(super) fn get(&self, id: u64) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// A call that has this number; the next ones have higher ones.
    pub(super) fn restore(&mut self, id: u64, call: Call) {
        self.last = self.last.max(id);
        for side in call.sides() {
            self.users.entry(side.phone.user.clone()).or_default().insert(id);
            self.unregistered.extend(side.phone.flow().map(|flow| (flow, id)));
        }
        self.names.entry(call.call_id.clone()).or_default().insert(id);
        self.touch(&call);
        self.calls.insert(id, call);
    }

    /// CA2, CA3: the phone that was called said something, with its tag.
    pub(super) fn answered(&mut self, id: u64, progress: Progress, tag: &str, target: Option<Uri>) {
        let Some(call) = self.calls.get_mut(&id) else {
            return; // CA7
        };
        if progress < call.progress {
            return;
        }
        let before = call.clone();
        call.progress = progress;
        call.callee.tag = tag.to_string();
        call.callee.target = target.or_else(|| call.callee.target.take());
        if before != *call {
            self.touch(&before);
        }
    }

    /// Whether a call is followed, and is answered by another tag than this: it was answered twice.
    pub(super) fn is_other(&self, id: u64, tag: &str) -> bool {
        self.calls.get(&id).is_some_and(|call| call.progress == Progress::Confirmed && call.callee.tag != tag)
    }

    /// CA4: a phone did not answer.
    pub(super) fn failed(&mut self, id: u64) {
        if self.calls.get(&id).is_some_and(|call| call.progress != Progress::Confirmed) {
            self.remove(id);
        }
    }

    /// CA5: a call was hung up.
    pub(super) fn ended(&mut self, dialog: &DialogId) {
        for id in self.find(dialog) {
            self.remove(id);
        }
    }

    /// CA6: a phone that did not register is gone with its flow, and its calls with it.
    pub(super) fn lost_with(&mut self, flow: Flow) {
        let lost = self.unregistered.range((flow, 0)..=(flow, u64::MAX)).map(|(_, id)| *id);
        for id in lost.collect::<Vec<u64>>() {
            self.remove(id);
        }
    }

    /// CA6: phones of a user are gone, and their calls with them: those for which `gone` says so.
    pub(super) fn lost(&mut self, user: &str, gone: impl Fn(&Endpoint) -> bool) {
        let is_lost = |call: &Call| call.sides().into_iter().any(|side| gone(&side.phone));
        let lost: Vec<u64> = self.of(user).filter(|(_, call)| is_lost(call)).map(|(id, _)| id).collect();
        for id in lost {
            self.remove(id);
        }
    }

    /// The calls with that dialog, however far they are.
    pub(super) fn named<'a>(&'a self, dialog: &DialogId) -> impl Iterator<Item = &'a Call> + use<'a> {
        self.find(dialog).into_iter().filter_map(|id| self.calls.get(&id))
    }

    /// The calls of a user.
    pub(super) fn states(&self, user: &str) -> Vec<CallState> {
        let mut tried: BTreeSet<(&str, &str)> = self
            .of(user)
            .filter(|(_, call)| call.caller.phone.user == user && call.progress != Progress::Trying)
            .map(|(_, call)| (&*call.call_id, &*call.caller.tag))
            .collect();
        let mut states = Vec::new();
        for (id, call) in self.of(user) {
            let shown = call.progress != Progress::Trying || tried.insert((&call.call_id, &call.caller.tag));
            if call.caller.phone.user == user && shown {
                states.push(state(2 * id, call, Direction::Initiator));
            }
            if call.callee.phone.user == user {
                states.push(state(2 * id + 1, call, Direction::Recipient));
            }
        }
        states
    }

    /// Whose calls changed since this was last asked, with all that they have now.
    pub(super) fn changed(&mut self) -> Vec<(String, Vec<CallState>)> {
        let touched = core::mem::take(&mut self.touched);
        touched.into_iter().map(|user| (user.clone(), self.states(&user))).collect()
    }

    pub(super) fn of<'a>(&'a self, user: &str) -> impl Iterator<Item = (u64, &'a Call)> + use<'a> {
        let ids = self.users.get(user).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.calls.get(id)?)))
    }

    fn find(&self, dialog: &DialogId) -> Vec<u64> {
        let named = self.names.get(&dialog.call_id).into_iter().flatten();
        named.copied().filter(|id| self.calls.get(id).is_some_and(|call| call.id() == *dialog)).collect()
    }

    /// Whether no other call of a phone is followed.
    fn is_full(&self, phone: &Endpoint, call_id: &str) -> bool {
        let own = self.of(&phone.user).filter(|(_, call)| call.sides().into_iter().any(|side| side.phone == *phone));
        let (mut forks, mut names) = (0, BTreeSet::new());
        for (_, call) in own {
            forks += 1;
            names.insert(&*call.call_id);
        }
        forks >= MAX_FORKS || (names.len() >= MAX_PER_PHONE && !names.contains(call_id))
    }

    fn remove(&mut self, id: u64) {
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        for side in call.sides() {
            forget(&mut self.users, &side.phone.user, id);
            if let Some(flow) = side.phone.flow() {
                self.unregistered.remove(&(flow, id));
            }
        }
        forget(&mut self.names, &call.call_id, id);
        self.touch(&call);
    }

    fn touch(&mut self, call: &Call) {
        for side in call.sides() {
            self.touched.insert(side.phone.user.clone());
        }
    }
}

fn forget(index: &mut BTreeMap<String, BTreeSet<u64>>, name: &str, id: u64) {
    if let Some(ids) = index.get_mut(name) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(name);
        }
    }
}

fn state(id: u64, call: &Call, direction: Direction) -> CallState {
    let (own, other) = match direction {
        Direction::Initiator => (&call.caller, &call.callee),
        Direction::Recipient => (&call.callee, &call.caller),
    };
    CallState {
        id,
        call_id: call.call_id.clone(),
        local_tag: own.tag.clone(),
        remote_tag: Some(other.tag.clone()).filter(|tag| !tag.is_empty()),
        direction,
        state: call.progress,
        device: Some(own.phone.device.clone()),
        remote: other.party.clone(),
        remote_target: other.target.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Begin { caller: Endpoint, callee: Endpoint },
        Fail { id: u64 },
        Close { flow: u64 },
        Gone { phone: Endpoint },
    }

    fn end() -> impl Strategy<Value = Endpoint> {
        (0..3_u8, any::<bool>(), 0..3_u64).prop_map(|(user, registered, number)| match registered {
            true => Endpoint { user: user.to_string(), device: format!("{number}") },
            false => Endpoint::unregistered(user.to_string(), Flow(number)),
        })
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            5 => (end(), end()).prop_map(|(caller, callee)| Step::Begin { caller, callee }),
            2 => (0..20_u64).prop_map(|id| Step::Fail { id }),
            1 => (0..3_u64).prop_map(|flow| Step::Close { flow }),
            1 => end().prop_map(|phone| Step::Gone { phone }),
        ]
    }

    fn side(phone: Endpoint) -> Side {
        Side { party: Party { user: phone.user.clone(), name: None }, phone, tag: String::new(), target: None }
    }

    proptest! {
        /// What is lost is what a search through all calls finds.
        #[test]
        fn nothing_is_ever_out_of_step(steps in prop::collection::vec(step(), 1..40)) {
            let mut calls = Calls::default();
            let mut model: BTreeMap<u64, [Endpoint; 2]> = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Begin { caller, callee } => {
                        let ends = [caller.clone(), callee.clone()];
                        let (caller, callee) = (side(caller), side(callee));
                        let call = Call { call_id: "a".into(), caller, callee, progress: Progress::Trying };
                        model.extend(calls.begin(call).map(|id| (id, ends)));
                    }
                    Step::Fail { id } => {
                        calls.failed(id);
                        model.remove(&id);
                    }
                    Step::Close { flow } => {
                        calls.lost_with(Flow(flow));
                        model.retain(|_, ends| ends.iter().all(|end| end.flow() != Some(Flow(flow))));
                    }
                    Step::Gone { phone } => {
                        calls.lost(&phone.user, |end| *end == phone);
                        model.retain(|_, ends| !ends.contains(&phone));
                    }
                }
                prop_assert!(calls.calls.keys().eq(model.keys()));
                let flows = model.iter().flat_map(|(id, ends)| ends.iter().filter_map(|end| Some((end.flow()?, *id))));
                prop_assert_eq!(&calls.unregistered, &flows.collect::<BTreeSet<_>>());
                let users = model.iter().flat_map(|(id, ends)| ends.iter().map(|end| (end.user.clone(), *id)));
                let known = calls.users.iter().flat_map(|(user, ids)| ids.iter().map(|id| (user.clone(), *id)));
                prop_assert_eq!(known.collect::<BTreeSet<_>>(), users.collect::<BTreeSet<_>>());
            }
        }
    }
}
