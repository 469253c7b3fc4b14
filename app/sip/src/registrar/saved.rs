use super::{Binding, Reach, Registrar};
use crate::time::Instant;
use alloc::vec::Vec;
use core::time::Duration;

/// A binding as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedBinding {
    binding: Binding,
    lasts: Duration,
}

impl Registrar {
    /// The bindings of a user, to be kept.
    #[must_use]
    pub fn export(&self, user: &str, now: Instant) -> Vec<SavedBinding> {
        let now = self.clock.inside(now);
        let saved = |binding: &Binding| SavedBinding { lasts: binding.expires.since(now), binding: binding.clone() };
        self.bindings(user).iter().map(saved).collect()
    }

    /// Takes bindings that were exported `away` ago: their phones are waited for.
    pub fn import(&mut self, user: &str, saved: Vec<SavedBinding>, _away: Duration, now: Instant) {
        let now = self.clock.inside(now);
        let until = now + self.config.grace;
        let back = |SavedBinding { binding, .. }| Binding { reach: Reach::Lost { until }, expires: until, ..binding };
        self.store(user, saved.into_iter().map(back).collect());
    }
}
