//! What colleagues do, as their PBX tells a phone: their dialogs (RFC 4235) and their presence (RFC 3856). Pure.

use super::subscription::{self, Package, Subscription};
use crate::ports::{Lamp, PbxSecret};
use app::phone;
use sip::body::dialog_info::{DialogInfo, DialogState, DialogTable, Direction};
use sip::body::pidf::{Availability, Presence};
use sip::message::{Headers, Request, Response, Status};
use sip::uri::SipUri;
use std::collections::BTreeMap;
use tokio::time::Instant;

const DIALOGS: Package = Package { name: "dialog", accepts: &[DialogInfo::MEDIA_TYPE] };
const PRESENCE: Package = Package { name: "presence", accepts: &[Presence::MEDIA_TYPE, Presence::XPIDF] };
/// How many colleagues are watched at most.
const MOST: usize = 200;
/// How many questions may be without an answer: a PBX is not asked all at once.
const AT_ONCE: usize = 8;
/// The longest note that is shown, in characters.
const LONGEST_NOTE: usize = 120;
/// Notes that are not the person's: what PBXs write there for every state.
const STATES: [&str; 17] = [
    "available",
    "away",
    "busy",
    "closed",
    "dnd",
    "do not disturb",
    "idle",
    "in use",
    "not online",
    "offline",
    "on hold",
    "on the phone",
    "online",
    "open",
    "ready",
    "ringing",
    "unavailable",
];

/// The colleagues of a phone.
#[derive(Debug)]
pub(super) struct Lamps {
    domain: String,
    watched: BTreeMap<String, Watched>,
}

/// What is known of one, from two subscriptions. The first row that fits decides what is shown:
///
/// | Row | What the PBX tells | What is shown |
/// | --- | --- | --- |
/// | LA1 | presence: not to be disturbed | do not disturb |
/// | LA2 | dialogs: one that is answered, or that they began | in a call |
/// | LA3 | dialogs: one that is not answered | it rings |
/// | LA4 | presence: on the phone, busy, away, offline, available | so |
/// | LA5 | neither tells anything, or not any more | unknown |
///
/// Dialogs that are over say nothing of whether a phone is there: PBXs tell the same of one that is off.
#[derive(Debug)]
struct Watched {
    dialogs: Subscription,
    presence: Subscription,
    table: DialogTable,
    said: Availability,
    note: String,
    told: Lamp,
}

/// One of the two that are told of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Dialogs,
    Presence,
}

/// What follows on something that the PBX said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lit {
    /// What is to be said to the PBX.
    pub(super) say: Option<Vec<u8>>,
    /// Who does something else now.
    pub(super) changed: Option<(String, Lamp)>,
}

impl Lamps {
    /// Of the colleagues in this domain; there are none yet.
    pub(super) fn new(domain: &str) -> Self {
        Self { domain: domain.to_owned(), watched: BTreeMap::new() }
    }

    /// These are the colleagues now. Nobody asks after those who are none any more.
    pub(super) fn watch(&mut self, extensions: Vec<String>) {
        self.watched.retain(|known, _| extensions.contains(known));
        for extension in extensions {
            if self.watched.len() >= MOST {
                return;
            }
            if let Ok(whose) = SipUri::new(&extension, &self.domain) {
                self.watched.entry(extension).or_insert_with(|| Watched::new(&whose));
            }
        }
    }

    /// As [`Subscription::drive`], of all of them: what is to be said, and who is unknown now.
    pub(super) fn drive(&mut self, registered: Option<&Request>, now: Instant) -> (Vec<Vec<u8>>, Vec<(String, Lamp)>) {
        let mut room = AT_ONCE.saturating_sub(self.asked());
        let (mut say, mut changed) = (Vec::new(), Vec::new());
        for (extension, watched) in &mut self.watched {
            for which in [Which::Dialogs, Which::Presence] {
                let subscription = watched.subscription(which);
                let (due, asked) = (subscription.is_due(now), subscription.is_asked());
                if registered.is_some() && due && !asked && room == 0 {
                    continue;
                }
                let said = subscription.drive(registered, now);
                room = room.saturating_sub(usize::from(said.is_some()));
                say.extend(said);
                if registered.is_none() || (due && asked) {
                    // Nobody tells it any more.
                    watched.forget(which);
                }
            }
            changed.extend(watched.change(extension));
        }
        (say, changed)
    }

    /// When [`Self::drive`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let full = self.asked() >= AT_ONCE;
        let subscriptions = self.watched.values().flat_map(|watched| [&watched.dialogs, &watched.presence]);
        subscriptions.filter(|one| !full || one.is_asked()).filter_map(Subscription::deadline).min()
    }

    /// The PBX answers; `None` when that is about nobody.
    pub(super) fn answered(&mut self, response: &Response, secret: Option<&PbxSecret>, now: Instant) -> Option<Lit> {
        let (extension, watched, which) = self.find(&response.headers)?;
        let say = watched.subscription(which).answered(response, secret, now);
        let goes_on = say.is_some() && response.status != Status::CALL_DOES_NOT_EXIST;
        if !goes_on && !response.status.is_success() && !response.status.is_provisional() {
            watched.forget(which);
        }
        Some(Lit { say, changed: watched.change(extension) })
    }

    /// A NOTIFY came; `None` when it is about nobody.
    pub(super) fn notified(&mut self, request: &Request, now: Instant) -> Option<Lit> {
        let (extension, watched, which) = self.find(&request.headers)?;
        let notified = watched.subscription(which).notified(request, now);
        if notified.is_over {
            watched.forget(which);
        } else if notified.is_new {
            watched.hear(which, &request.body);
        }
        Some(Lit { say: Some(notified.answer), changed: watched.change(extension) })
    }

    fn asked(&self) -> usize {
        let subscriptions = self.watched.values().flat_map(|watched| [&watched.dialogs, &watched.presence]);
        subscriptions.filter(|one| one.is_asked()).count()
    }

    /// Whom this is about, and which of both.
    fn find(&mut self, headers: &Headers) -> Option<(&str, &mut Watched, Which)> {
        let call_id = subscription::call_id(headers)?;
        self.watched.iter_mut().find_map(|(extension, watched)| {
            let mut both = [Which::Dialogs, Which::Presence].into_iter();
            let which = both.find(|which| watched.subscription(*which).is_mine(&call_id))?;
            Some((extension.as_str(), watched, which))
        })
    }
}

impl Watched {
    fn new(whose: &SipUri) -> Self {
        Self {
            dialogs: Subscription::new(DIALOGS, Some(whose.clone())),
            presence: Subscription::new(PRESENCE, Some(whose.clone())),
            table: DialogTable::new(),
            said: Availability::Unknown,
            note: String::new(),
            told: Lamp::default(),
        }
    }

    fn subscription(&mut self, which: Which) -> &mut Subscription {
        match which {
            Which::Dialogs => &mut self.dialogs,
            Which::Presence => &mut self.presence,
        }
    }

    fn hear(&mut self, which: Which, body: &[u8]) {
        match which {
            // What cannot be read tells nothing, as an empty one does (RFC 6665 4.2.2).
            Which::Dialogs => {
                if let Ok(info) = DialogInfo::parse(body) {
                    self.table.merge(info);
                }
            }
            Which::Presence => {
                if let Ok(document) = Presence::parse(body) {
                    self.said = document.state();
                    self.note = document.note().map(own_words).unwrap_or_default();
                }
            }
        }
    }

    fn forget(&mut self, which: Which) {
        match which {
            Which::Dialogs => self.table = DialogTable::new(),
            Which::Presence => (self.said, self.note) = (Availability::Unknown, String::new()),
        }
    }

    /// What is shown now, if that is something else than before.
    fn change(&mut self, extension: &str) -> Option<(String, Lamp)> {
        let lamp = Lamp { status: self.status(), note: self.note.clone() };
        if lamp == self.told {
            return None;
        }
        self.told = lamp.clone();
        Some((extension.to_owned(), lamp))
    }

    fn status(&self) -> phone::Status {
        match (self.said, of_dialogs(&self.table)) {
            (Availability::DoNotDisturb, _) => phone::Status::DoNotDisturb,
            (_, Some(status)) => status,
            (Availability::OnThePhone, None) => phone::Status::InCall,
            (Availability::Busy, None) => phone::Status::Busy,
            (Availability::Away, None) => phone::Status::Away,
            (Availability::Offline, None) => phone::Status::Offline,
            (Availability::Available, None) => phone::Status::Online,
            (Availability::Unknown, None) => phone::Status::Unknown,
        }
    }
}

/// What of a note the person wrote.
fn own_words(note: &str) -> String {
    let is_state = STATES.iter().any(|state| state.eq_ignore_ascii_case(note.trim()));
    let own = if is_state { "" } else { note.trim() };
    own.chars().filter(|sign| !sign.is_control()).take(LONGEST_NOTE).collect()
}

/// Who calls hears it ring elsewhere: that is no call to pick up.
fn of_dialogs(table: &DialogTable) -> Option<phone::Status> {
    let each = table.dialogs().iter().filter_map(|dialog| match (dialog.state?, dialog.direction) {
        (DialogState::Confirmed, _) => Some(phone::Status::InCall),
        (DialogState::Trying | DialogState::Proceeding | DialogState::Early, Some(Direction::Initiator)) => {
            Some(phone::Status::InCall)
        }
        (DialogState::Trying | DialogState::Proceeding | DialogState::Early, Some(Direction::Recipient) | None) => {
            Some(phone::Status::Ringing)
        }
        (DialogState::Terminated, _) => None,
    });
    // A call comes before what rings beside it.
    each.max_by_key(|status| *status == phone::Status::InCall)
}

#[cfg(test)]
mod tests;
