//! What watchers see of somebody: what their phones publish, and what the exchange knows itself (RFC 3903 3: the
//! composition policy).

use super::publication::Publication;
use super::resource::{Resource, Stated};
use crate::body::dialog_info::Direction;
use crate::body::limits;
use crate::body::pidf::{Activity, Basic, Person, Presence, Tuple};
use crate::proxy::{CallState, Progress};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The presence of a user, whose address of record is `entity`.
///
/// | Row | What is known | What is shown |
/// | --- | --- | --- |
/// | C1 | no phone registered, nothing published | one tuple, closed |
/// | C2 | a phone is registered, and published no tuple | a tuple for it, open, with the address of record |
/// | C3 | a registered phone published tuples | these, as it says; open if it does not say |
/// | C4 | a phone published, and is not registered any more | its tuples, closed |
/// | C5 | who never registered published | the tuples as they are, closed if no phone is registered |
/// | C6 | a phone published more than one document | the newest of them alone |
/// | C7 | several phones published something of the person | what was said last, whole, until it runs out |
/// | C8 | a call is answered, or the user calls somebody | the activity `on-the-phone`, before all others |
/// | C9 | the user's phone rings | nothing: that is told by dialog-info |
/// | C10 | the user does not want to be disturbed | the activities `busy` and `dnd`; what is open stays open |
/// | C11 | C8 or C10, and `available` or `unknown` was published | not these |
/// | C12 | several published notes on the whole | those that were said last |
/// | C13 | the user states an activity, wherever they are | it, before what phones published of the person |
/// | C14 | the user states a note | it, before the notes that were published |
///
/// Tuples are named after their phones, so that they stay the same from one document to the next.
pub(super) fn presence(entity: &str, resource: &Resource) -> Presence {
    let published = newest(&resource.publications);
    let mut tuples = Vec::new();
    let mut devices: Vec<&str> = Vec::new();
    for contact in &resource.contacts {
        let device = contact.binding.device.as_str();
        if devices.contains(&device) {
            continue; // another flow of that phone
        }
        devices.push(device);
        let of = published.iter().find(|publication| publication.device == device);
        match of.map(|publication| publication.document.tuples.as_slice()) {
            None | Some([]) => tuples.push(registered(device, entity)),
            Some(said) => add(&mut tuples, device, said, true),
        }
    }
    for publication in published.iter().filter(|publication| !resource.is_bound(&publication.device)) {
        let there = is_stranger(&publication.device) && !resource.contacts.is_empty();
        add(&mut tuples, &publication.device, &publication.document.tuples, there);
    }
    if tuples.is_empty() {
        tuples.push(Tuple { id: Some("exchange".into()), basic: Some(Basic::Closed), ..Tuple::default() });
    }
    tuples.truncate(limits::TUPLES);
    let notes = published.iter().map(|publication| &publication.document.notes).find(|notes| !notes.is_empty());
    Presence {
        entity: Some(entity.to_string()),
        tuples,
        person: person(&published, resource),
        notes: notes.cloned().unwrap_or_default(),
    }
}

/// The newest publication of each phone, the newest of all first.
fn newest(publications: &[Publication]) -> Vec<&Publication> {
    let is_newest =
        |one: &&Publication| publications.iter().all(|other| other.device != one.device || other.order <= one.order);
    let newest = publications.iter().filter(is_newest).collect();
    crate::sorted::sorted(newest, |one, other| other.order.cmp(&one.order))
}

/// Whether a device is a connection whose phone never registered.
fn is_stranger(device: &str) -> bool {
    device.starts_with('~')
}

fn registered(device: &str, entity: &str) -> Tuple {
    Tuple { id: Some(name(device, 0)), basic: Some(Basic::Open), contact: Some(entity.to_string()), ..Tuple::default() }
}

/// Adds what a phone says of itself; `there` says whether it can be reached at all.
fn add(tuples: &mut Vec<Tuple>, device: &str, said: &[Tuple], there: bool) {
    for (index, tuple) in said.iter().enumerate() {
        let basic = match tuple.basic {
            Some(Basic::Open) | None if there => Basic::Open,
            Some(Basic::Open | Basic::Closed) | None => Basic::Closed,
        };
        tuples.push(Tuple { id: Some(name(device, index)), basic: Some(basic), ..tuple.clone() });
    }
}

/// The id of a tuple: an XML name (RFC 3863 4.1.2), other ones for the further tuples of a phone.
fn name(device: &str, index: usize) -> String {
    let letters: String = device.chars().filter(char::is_ascii_alphanumeric).collect();
    let kind = if is_stranger(device) { "flow" } else { "phone" };
    if index == 0 { format!("{kind}-{letters}") } else { format!("{kind}-{letters}-{index}") }
}

fn person(published: &[&Publication], resource: &Resource) -> Person {
    let said = published.iter().map(|publication| &publication.document.person);
    let mut person = said.filter(|person| **person != Person::default()).take(1).next().cloned().unwrap_or_default();
    let mut known = Vec::new();
    if let Some(Stated { activity, note }) = &resource.stated {
        if activity.is_some() {
            person.activities = activity.iter().cloned().collect();
        }
        if !note.is_empty() {
            person.notes.retain(|known| known != note);
            person.notes.insert(0, note.clone());
            person.notes.truncate(limits::NOTES);
        }
    }
    if resource.calls.iter().any(is_engaged) {
        known.push(Activity::OnThePhone);
    }
    if resource.undisturbed {
        known.extend([Activity::Busy, Activity::DoNotDisturb]);
    }
    if !known.is_empty() {
        let stays = |activity: &Activity| {
            !known.contains(activity) && !matches!(activity, Activity::Available | Activity::Unknown)
        };
        let rest: Vec<Activity> = person.activities.into_iter().filter(stays).collect();
        known.extend(rest);
        known.truncate(limits::ACTIVITIES);
        person.activities = known;
    }
    person
}

/// Whether a call keeps the user from taking another one.
fn is_engaged(call: &CallState) -> bool {
    match (call.state, call.direction) {
        (Progress::Confirmed, _) | (Progress::Trying | Progress::Early, Direction::Initiator) => true,
        (Progress::Trying | Progress::Early, Direction::Recipient) => false,
    }
}
