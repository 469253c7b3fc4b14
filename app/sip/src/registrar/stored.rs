//! Bindings that survive the process: what is written down of them, and how they come back.

use super::binding::{Binding, Reach, device, instance};
use super::{Event, Output, Registrar};
use crate::header::{NameAddr, Route};
use crate::time::Instant;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// All that has to be known of a binding to go on with it in another process, which may be killed at any time: no moment
/// of a clock stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedBinding {
    /// How long it lasts from now on. Who stores it takes the time off that passes until it is imported.
    pub remaining: Duration,
    contact: NameAddr,
    #[cfg_attr(feature = "serde", serde(default))]
    path: Vec<Route>,
    #[cfg_attr(feature = "serde", serde(default))]
    reg_id: Option<u32>,
    call_id: String,
    cseq: u32,
    generation: u64,
}

impl Registrar {
    /// A user's bindings, to be stored whenever [`Event::Bindings`] or [`Event::Refreshed`] tells of them.
    #[must_use]
    pub fn export(&self, user: &str, now: Instant) -> Vec<SavedBinding> {
        let now = self.clock.inside(now);
        let save = |binding: &Binding| SavedBinding {
            remaining: binding.expires.since(now),
            contact: binding.contact.clone(),
            path: binding.path.clone(),
            reg_id: binding.reg_id,
            call_id: binding.call_id.clone(),
            cseq: binding.cseq,
            generation: binding.generation,
        };
        self.bindings(user).iter().map(save).collect()
    }

    /// Takes stored bindings in, after a start. Their flows are gone: each is kept for [`super::Config::restart_grace`]
    /// or as long as it lasts, whichever is less, for its phone to come back. What is there already is newer, and stays; what
    /// is beyond the limits is left out.
    pub fn import(&mut self, user: &str, saved: Vec<SavedBinding>, now: Instant) {
        let now = self.clock.inside(now);
        let limit = self.config.max_bindings;
        let room = self.config.max_total.saturating_sub(self.bindings.total());
        let until = now + self.config.restart_grace;
        let added = self.bindings.change(user, |list| {
            let before = list.len();
            let limit = limit.min(before.saturating_add(room));
            for saved in saved.into_iter().filter(|saved| !saved.remaining.is_zero()) {
                let binding = saved.lost(until, now);
                let known = |other: &Binding| other.device == binding.device && other.reg_id == binding.reg_id;
                if list.len() < limit && !list.iter().any(known) {
                    list.push(binding);
                }
            }
            list.len() > before
        });
        if added {
            let bindings = self.bindings(user).to_vec();
            let told = Event::Bindings { user: user.to_string(), bindings, removed: Vec::new() };
            self.outputs.push_back(Output::Event(told));
        }
    }
}

impl SavedBinding {
    /// The binding, without a flow.
    fn lost(self, until: Instant, now: Instant) -> Binding {
        Binding {
            device: device(&self.contact),
            instance: instance(&self.contact).map(ToString::to_string),
            contact: self.contact,
            path: self.path,
            reach: Reach::Lost { until },
            reg_id: self.reg_id,
            call_id: self.call_id,
            cseq: self.cseq,
            generation: self.generation,
            since: now,
            expires: now + self.remaining,
        }
    }
}
