//! The documents of NOTIFY: each tells all that there is, so that a watcher who missed one knows the truth again.

use super::api::{Config, Disclosure};
use super::compose;
use super::package::Package;
use super::refusal::seconds;
use super::resource::{Contact, Resource};
use crate::Instant;
use crate::body::dialog_info::{Dialog, DialogInfo, DialogState, Participant};
use crate::body::message_summary::{MessageCount, MessageSummary};
use crate::body::reginfo::{ContactState, RegInfo, RegisteredContact, Registration, RegistrationState};
use crate::body::{Notice, Permille};
use crate::message::Text;
use crate::proxy::{CallState, Progress};
use crate::registrar::public_gruu;
use crate::uri::Uri;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Which document.
pub(super) struct Wanted<'a> {
    pub(super) package: Package,
    /// Of whom.
    pub(super) user: &'a str,
    /// For whom.
    pub(super) watcher: &'a str,
    /// The number of the document in its subscription.
    pub(super) version: u32,
}

/// The address of record of a user.
pub(super) fn address(config: &Config, user: &str) -> Uri {
    config.domain.address(user).into()
}

/// The same, as documents have it.
pub(super) fn entity(config: &Config, user: &str) -> String {
    address(config, user).to_string()
}

/// The document; `told` are the calls or contacts that the last one listed: of these it says that they are over.
pub(super) fn document(
    wanted: &Wanted<'_>,
    resource: &Resource,
    told: &mut Vec<String>,
    config: &Config,
    now: Instant,
) -> String {
    let entity = entity(config, wanted.user);
    match wanted.package {
        Package::Presence => compose::presence(&entity, resource).compose(),
        Package::Dialog => {
            let disclosure = if wanted.user == wanted.watcher { Disclosure::Dialogs } else { config.disclosure };
            dialogs(entity, wanted.version, resource, told, disclosure, config).compose()
        }
        Package::MessageSummary => mailbox(&entity, resource, config).compose(),
        Package::Reg => registration(wanted, resource, told, config, now).compose(),
    }
}

fn dialogs(
    entity: String,
    version: u32,
    resource: &Resource,
    told: &mut Vec<String>,
    disclosure: Disclosure,
    config: &Config,
) -> DialogInfo {
    let ended = resource.ended.iter().filter(|call| told.contains(&id(call)));
    let over = ended.map(|call| (call, DialogState::Terminated));
    let all = resource.calls.iter().map(|call| (call, state(call))).chain(over);
    let dialogs = all.map(|(call, state)| dialog(call, state, &entity, disclosure, config)).collect();
    *told = resource.calls.iter().map(id).collect();
    DialogInfo { version: Some(version), notice: Notice::Full, entity: Some(entity), dialogs }
}

fn id(call: &CallState) -> String {
    format!("{:x}", call.id)
}

const fn state(call: &CallState) -> DialogState {
    match call.state {
        Progress::Trying => DialogState::Trying,
        Progress::Early => DialogState::Early,
        Progress::Confirmed => DialogState::Confirmed,
    }
}

fn dialog(call: &CallState, state: DialogState, entity: &str, disclosure: Disclosure, config: &Config) -> Dialog {
    let mut dialog = Dialog { id: id(call), direction: Some(call.direction), state: Some(state), ..Dialog::default() };
    match disclosure {
        Disclosure::States => return dialog,
        Disclosure::Parties => {}
        Disclosure::Dialogs => {
            dialog.call_id = Some(call.call_id.clone());
            dialog.local_tag = Some(call.local_tag.clone()).filter(|tag| !tag.is_empty());
            dialog.remote_tag.clone_from(&call.remote_tag);
            dialog.remote.target = call.remote_target.as_ref().map(Uri::to_string);
        }
    }
    dialog.local = Participant { identity: Some(entity.to_string()), ..Participant::default() };
    dialog.remote.identity = Some(self::entity(config, &call.remote.user));
    dialog.remote.display.clone_from(&call.remote.name);
    dialog
}

fn mailbox(entity: &str, resource: &Resource, config: &Config) -> MessageSummary {
    let waiting = resource.waiting;
    let count = MessageCount { class: config.mailbox.clone(), new: waiting.new, old: waiting.old, urgent: None };
    MessageSummary { waiting: waiting.new > 0, account: Text::new(entity).ok(), counts: [count].into() }
}

fn registration(
    wanted: &Wanted<'_>,
    resource: &Resource,
    told: &mut Vec<String>,
    config: &Config,
    now: Instant,
) -> RegInfo {
    let describe = |known: &Contact, state| {
        let domain = config.domain.name().to_string();
        let pub_gruu = known.binding.instance.as_ref().map(|id| public_gruu(wanted.user, &domain, id));
        RegisteredContact { pub_gruu, ..contact(known, state, now) }
    };
    let departed = resource.departed.iter().filter(|gone| told.contains(&gone.id()) && !resource.is_active(&gone.id()));
    let over = departed.map(|gone| describe(gone, ContactState::Terminated));
    let bound = resource.contacts.iter().map(|bound| describe(bound, ContactState::Active));
    let contacts: Vec<RegisteredContact> = bound.chain(over).collect();
    let state = match (resource.contacts.is_empty(), contacts.is_empty()) {
        (false, _) => RegistrationState::Active,
        (true, false) => RegistrationState::Terminated,
        (true, true) => RegistrationState::Init,
    };
    *told = resource.contacts.iter().map(Contact::id).collect();
    let registration =
        Registration { aor: entity(config, wanted.user), id: "exchange".into(), state: Some(state), contacts };
    RegInfo { version: Some(wanted.version), notice: Notice::Full, registrations: [registration].into() }
}

fn contact(contact: &Contact, state: ContactState, now: Instant) -> RegisteredContact {
    let Contact { binding, event } = contact;
    let params = &binding.contact.params;
    // A refresh need not be told: what seems to be over, but is bound, lasts for longer than is known.
    let left = Some(seconds(binding.expires.since(now))).filter(|left| *left > 0);
    let expires = left.filter(|_| matches!(state, ContactState::Active));
    let instance = binding.instance.as_ref().map(|instance| ("+sip.instance".into(), format!("\"<{instance}>\"")));
    RegisteredContact {
        id: contact.id(),
        state: Some(state),
        event: Some(*event),
        expires,
        q: params.value("q").and_then(|q| q.parse::<Permille>().ok()),
        call_id: Some(binding.call_id.clone()),
        cseq: Some(binding.cseq),
        uri: Some(binding.uri().to_string()),
        display_name: binding.contact.display().map(String::from),
        unknown_params: instance.into_iter().collect(),
        ..RegisteredContact::default()
    }
}
