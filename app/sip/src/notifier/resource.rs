use super::api::Waiting;
use super::package::Package;
use super::publication::Publication;
use crate::Instant;
use crate::body::pidf::{Activity, Presence};
use crate::body::reginfo::ContactEvent;
use crate::proxy::CallState;
use crate::registrar::{Binding, Removal, Removed};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// How many calls of a user are told of.
const MAX_CALLS: usize = 64;
/// How many calls and contacts that are over are remembered, for watchers that were told of them.
const MAX_OVER: usize = 16;

/// What is known of a user (RFC 3856: the presentity).
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Resource {
    pub(super) contacts: Vec<Contact>,
    /// Contacts that are gone: the last of them, as long as somebody watches.
    pub(super) departed: Vec<Contact>,
    pub(super) calls: Vec<CallState>,
    /// Calls that are over: the last of them, as long as somebody watches.
    pub(super) ended: Vec<CallState>,
    pub(super) waiting: Waiting,
    pub(super) undisturbed: bool,
    /// What they say of themselves, wherever they are.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) stated: Option<Stated>,
    pub(super) publications: Vec<Publication>,
    /// What its watchers see of it, as it was told last.
    pub(super) told: Presence,
}

/// What somebody says of themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Stated {
    pub(super) activity: Option<Activity>,
    pub(super) note: String,
}

/// What a change concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// The package whose documents differ.
    pub(super) package: Option<Package>,
    /// Whether presence may differ too.
    pub(super) presence: bool,
}

/// A binding, and what happened to it last (RFC 3680 4.7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Contact {
    pub(super) binding: Binding,
    pub(super) event: ContactEvent,
}

impl Contact {
    /// Names it among the user's: a phone with several flows has several contacts (RFC 5626 4.2).
    pub(super) fn id(&self) -> String {
        flow_id(&self.binding)
    }
}

impl Resource {
    /// Whether nothing is known that is not known of everybody.
    pub(super) const fn is_blank(&self) -> bool {
        let Self { contacts, departed, calls, ended, waiting, undisturbed, stated, publications, told: _ } = self;
        let over = departed.is_empty() && ended.is_empty();
        let mailbox = waiting.new == 0 && waiting.old == 0;
        let said = stated.is_some() || !publications.is_empty();
        contacts.is_empty() && calls.is_empty() && over && mailbox && !*undisturbed && !said
    }

    /// Whether they say anything of themselves, here or from a phone.
    pub(super) const fn is_said(&self) -> bool {
        self.stated.is_some() || !self.publications.is_empty()
    }

    /// Nobody watches: nobody was told of what is over.
    pub(super) fn forget(&mut self) {
        self.departed.clear();
        self.ended.clear();
    }

    /// Takes over what is bound now; says what that changes.
    pub(super) fn bind(&mut self, bindings: Vec<Binding>, removed: &[Removed], watched: bool) -> Change {
        let before = core::mem::take(&mut self.contacts);
        for binding in bindings {
            let known = before.iter().find(|known| known.id() == flow_id(&binding));
            let event = match known {
                None => ContactEvent::Registered,
                Some(known) if !is_told_as(&known.binding, &binding) => ContactEvent::Refreshed,
                Some(known) => known.event,
            };
            self.contacts.push(Contact { binding, event });
        }
        if watched {
            for gone in &before {
                let id = gone.id();
                if !self.is_active(&id) {
                    let why = removed.iter().find(|removed| flow_id(&removed.binding) == id).map(|removed| removed.why);
                    let binding = gone.binding.clone();
                    remember(&mut self.departed, Contact { binding, event: event(why) });
                }
            }
        }
        let devices = |list: &[Contact]| -> Vec<String> { list.iter().map(|c| c.binding.device.clone()).collect() };
        let same = self.contacts.len() == before.len()
            && self.contacts.iter().zip(&before).all(|(new, old)| is_told_as(&new.binding, &old.binding));
        Change {
            package: (!same).then_some(Package::Reg),
            presence: !same && devices(&self.contacts) != devices(&before),
        }
    }

    /// Takes over the calls that there are now; says what that changes.
    pub(super) fn call(&mut self, mut calls: Vec<CallState>, watched: bool) -> Change {
        calls.truncate(MAX_CALLS);
        if self.calls == calls {
            return Change::default();
        }
        let before = core::mem::replace(&mut self.calls, calls);
        for over in before.into_iter().filter(|_| watched) {
            if self.calls.iter().all(|call| call.id != over.id) {
                remember(&mut self.ended, over);
            }
        }
        Change { package: Some(Package::Dialog), presence: true }
    }

    /// Takes over what waits now; says what that changes.
    pub(super) fn wait(&mut self, waiting: Waiting) -> Change {
        let before = core::mem::replace(&mut self.waiting, waiting);
        Change { package: (before != waiting).then_some(Package::MessageSummary), presence: false }
    }

    /// Whether the contact of that name is bound.
    pub(super) fn is_active(&self, id: &str) -> bool {
        self.contacts.iter().any(|contact| contact.id() == id)
    }

    /// Whether a phone is registered, also if its connection is being made anew.
    pub(super) fn is_bound(&self, device: &str) -> bool {
        self.contacts.iter().any(|contact| contact.binding.device == device)
    }

    /// When the next publication runs out.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.publications.iter().map(|publication| publication.until).min()
    }
}

fn flow_id(binding: &Binding) -> String {
    match binding.reg_id {
        Some(number) => format!("{}-{number}", binding.device),
        None => binding.device.clone(),
    }
}

/// Why a contact is gone, as its watchers are told.
const fn event(why: Option<Removal>) -> ContactEvent {
    match why {
        Some(Removal::Expired) => ContactEvent::Expired,
        Some(Removal::Deactivated) => ContactEvent::Deactivated,
        Some(Removal::Unregistered) | None => ContactEvent::Unregistered,
    }
}

/// Whether two bindings look the same to who watches them: over which connection a phone is reached does not matter.
fn is_told_as(one: &Binding, other: &Binding) -> bool {
    let said = |binding: &Binding| (binding.cseq, binding.expires);
    one.device == other.device
        && one.contact == other.contact
        && one.call_id == other.call_id
        && said(one) == said(other)
}

fn remember<T>(list: &mut Vec<T>, over: T) {
    if list.len() >= MAX_OVER {
        list.remove(0);
    }
    list.push(over);
}
