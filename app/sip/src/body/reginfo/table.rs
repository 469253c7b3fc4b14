use alloc::vec::Vec;

use super::super::version::{Progress, put};
use super::super::{Merge, Notice, limits};
use super::{ContactState, RegInfo, Registration, RegistrationState};

/// What a subscriber knows of the registrations (RFC 3680 5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegistrationTable {
    progress: Progress,
    registrations: Vec<Registration>,
}

impl RegistrationTable {
    /// A table at the beginning of a subscription.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over a document. A full one replaces all; a partial one replaces the contacts that it names, by
    /// their ids and those of their registrations. What is terminated is gone, so who wants to know why looks
    /// into the document. Of more than [`limits::REGISTRATIONS`] or [`limits::CONTACTS`] the last are left out,
    /// which is a gap.
    pub fn merge(&mut self, info: RegInfo) -> Merge {
        if self.progress.admit(info.version, info.notice) == Merge::Stale {
            return Merge::Stale;
        }
        if info.notice == Notice::Full {
            self.registrations.clear();
        }
        for registration in info.registrations {
            if !self.put(registration) {
                self.progress.lose();
            }
        }
        self.progress.outcome()
    }

    /// The version of the last document that had one.
    #[must_use]
    pub const fn version(&self) -> Option<u32> {
        self.progress.version
    }

    /// The registrations that are not terminated, with the contacts that are bound.
    #[must_use]
    pub fn registrations(&self) -> &[Registration] {
        &self.registrations
    }

    /// Takes over one registration; says whether there was room for all of it.
    fn put(&mut self, registration: Registration) -> bool {
        let place = self.registrations.iter().position(|known| known.id == registration.id);
        if registration.state == Some(RegistrationState::Terminated) {
            if let Some(place) = place {
                self.registrations.remove(place);
            }
            return true;
        }
        let Registration { aor, id, state, contacts } = registration;
        if place.is_none() {
            if self.registrations.len() >= limits::REGISTRATIONS {
                return false;
            }
            self.registrations.push(Registration { id, ..Registration::default() });
        }
        let known = match place {
            Some(place) => self.registrations.get_mut(place),
            None => self.registrations.last_mut(),
        };
        let Some(known) = known else { return false };
        known.aor = aor;
        known.state = state;
        let mut fits = true;
        for contact in contacts {
            let over = contact.state == Some(ContactState::Terminated);
            fits &= put(&mut known.contacts, contact, |one, other| one.id == other.id, over, limits::CONTACTS);
        }
        fits
    }
}
