//! What a REGISTER does to the bindings of its user (RFC 3261 10.3 steps 6 and 7), all of it or nothing.

use super::binding::{Binding, Reach, Removal, Removed, device, instance};
use super::flow::Flow;
use super::refusal::Refusal;
use crate::header::{NameAddr, Route};
use crate::random::Random;
use crate::time::Instant;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// What one REGISTER asks to change.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) flow: Flow,
    pub(super) path: Vec<Route>,
    pub(super) wish: Wish,
}

#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// No Contact: tell the bindings.
    Query,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    /// Contacts, each with its time; zero removes.
    Set(Vec<Wanted>),
}

/// One contact of a REGISTER.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// As the binding keeps it.
    pub(super) contact: NameAddr,
    /// The phone.
    device: String,
    /// Which of its flows, if it knows of flows.
    reg_id: Option<u32>,
    /// How long it lasts; zero removes.
    lasts: Duration,
}

/// What was changed.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// Whether anybody but the registrar can notice.
    pub(super) visibly: bool,
    /// What is gone.
    pub(super) removed: Vec<Removed>,
}

impl Wanted {
    pub(super) fn new(contact: NameAddr, reg_id: Option<u32>, lasts: Duration) -> Self {
        Self { device: device(&contact), contact, reg_id, lasts }
    }

    /// Whether it means this binding. A phone that removes itself without naming a flow removes all that it has.
    fn means(&self, binding: &Binding) -> bool {
        let any_flow = self.lasts.is_zero() && self.reg_id.is_none();
        binding.device == self.device && (any_flow || binding.reg_id == self.reg_id)
    }
}

impl Change {
    /// Whether it changes nothing.
    pub(super) const fn is_query(&self) -> bool {
        matches!(self.wish, Wish::Query)
    }

    /// Whether it may be done. A binding is changed only by a request of another Call-ID or of no lower CSeq. An equal
    /// CSeq is the same request again, which a phone sends when its connection broke before the response came.
    ///
    /// `room` is how many bindings there may be more of all users.
    pub(super) fn check(&self, list: &[Binding], limit: usize, room: usize) -> Result<(), Refusal> {
        let touched = |binding: &&Binding| match &self.wish {
            Wish::Query => false,
            Wish::RemoveAll => true,
            Wish::Set(wanted) => wanted.iter().any(|wanted| wanted.means(binding)),
        };
        if list.iter().filter(touched).any(|b| b.call_id == self.call_id && self.cseq < b.cseq) {
            return Err(Refusal::OutOfOrder);
        }
        let Wish::Set(wanted) = &self.wish else { return Ok(()) };
        let bound = wanted.iter().filter(|wanted| !wanted.lasts.is_zero()).count();
        let new = wanted.iter().filter(|one| !one.lasts.is_zero() && !list.iter().any(|b| one.means(b))).count();
        // Those whose phone is away give way.
        let kept = list.iter().filter(|binding| binding.flow().is_some() && !touched(binding)).count();
        if bound > 0 && kept + bound > limit {
            return Err(Refusal::TooManyPhones(limit));
        }
        if new > room { Err(Refusal::Full) } else { Ok(()) }
    }

    /// Does it.
    pub(super) fn apply(self, list: &mut Vec<Binding>, limit: usize, random: &mut Random, now: Instant) -> Changed {
        let mut changed = Changed::default();
        match self.wish {
            Wish::Query => {}
            Wish::RemoveAll => take(list, Removal::Unregistered, &mut changed, |_| true),
            Wish::Set(wanted) => {
                let told = Told { call_id: self.call_id, cseq: self.cseq, flow: self.flow, path: self.path };
                for wanted in wanted {
                    if wanted.lasts.is_zero() {
                        take(list, Removal::Unregistered, &mut changed, |binding| wanted.means(binding));
                    } else {
                        changed.visibly |= told.bind(wanted, list, random, now);
                    }
                }
                make_room(list, limit, &mut changed);
            }
        }
        changed
    }
}

/// What all contacts of a REGISTER have in common.
struct Told {
    call_id: String,
    cseq: u32,
    flow: Flow,
    path: Vec<Route>,
}

impl Told {
    /// Binds a contact, or refreshes it; says whether anybody can notice.
    fn bind(&self, wanted: Wanted, list: &mut Vec<Binding>, random: &mut Random, now: Instant) -> bool {
        let expires = now + wanted.lasts;
        let Some(known) = list.iter_mut().find(|binding| wanted.means(binding)) else {
            let instance = instance(&wanted.contact).map(ToString::to_string);
            list.push(Binding {
                generation: if instance.is_some() { generation(random) } else { 0 },
                instance,
                device: wanted.device,
                reg_id: wanted.reg_id,
                contact: wanted.contact,
                path: self.path.clone(),
                reach: Reach::Open(self.flow),
                call_id: self.call_id.clone(),
                cseq: self.cseq,
                since: now,
                expires,
            });
            return true;
        };
        let reach = Reach::Open(self.flow);
        let mut visibly = false;
        if known.reach != reach {
            (known.reach, known.since, visibly) = (reach, now, true);
        }
        if known.contact != wanted.contact {
            (known.contact, visibly) = (wanted.contact, true);
        }
        if known.path != self.path {
            (known.path, visibly) = (self.path.clone(), true);
        }
        if known.call_id != self.call_id {
            // Another registration: the temporary GRUUs of the one before are over (RFC 5627 3.1.2).
            known.call_id.clone_from(&self.call_id);
            if known.instance.is_some() {
                (known.generation, visibly) = (generation(random), true);
            }
        }
        (known.cseq, known.expires) = (self.cseq, expires);
        visibly
    }
}

/// Removes those bindings.
pub(super) fn take(list: &mut Vec<Binding>, why: Removal, changed: &mut Changed, is: impl Fn(&Binding) -> bool) {
    for binding in list.extract_if(.., |binding| is(binding)) {
        changed.visibly = true;
        changed.removed.push(Removed { binding, why });
    }
}

/// A user has `limit` bindings at most; those whose phone went away give way, the oldest first.
pub(super) fn make_room(list: &mut Vec<Binding>, limit: usize, changed: &mut Changed) {
    while list.len() > limit {
        let lost = list.iter().enumerate().filter(|(_, binding)| binding.flow().is_none());
        let Some((index, _)) = lost.min_by_key(|(_, binding)| binding.end()) else { return };
        changed.visibly = true;
        changed.removed.push(Removed { binding: list.remove(index), why: Removal::Expired });
    }
}

fn generation(random: &mut Random) -> u64 {
    random.below(u64::MAX).max(1)
}
