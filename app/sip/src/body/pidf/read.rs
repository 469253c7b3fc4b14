use alloc::string::String;
use alloc::vec::Vec;

use super::super::xml::{Element, Source};
use super::super::{BodyError, BodyErrorKind, limits};
use super::{Activity, Basic, Person, Presence, Tuple, xpidf};

type Read<T> = Result<T, (BodyErrorKind, usize)>;

pub(super) fn presence(body: &[u8]) -> Result<Presence, BodyError> {
    let source = Source::new(body)?;
    let root = source.root("presence", Some(xpidf::DOCTYPE))?;
    whole(&root).map_err(|(kind, at)| source.error(kind, at))
}

fn whole(root: &Element) -> Read<Presence> {
    let mut presence = Presence { entity: root.attribute("entity").map(String::from), ..Presence::default() };
    for child in root.children() {
        match child.name {
            "tuple" => tuple(&mut presence, child)?,
            "person" => person(&mut presence, child)?,
            "note" => note(&mut presence.notes, child)?,
            // Where Microsoft's format has its states, FreeSWITCH puts a note.
            "status" => notes(&mut presence.notes, child)?,
            "presentity" => xpidf::presentity(&mut presence, child),
            "atom" => xpidf::atom(&mut presence, child)?,
            _ => {}
        }
    }
    Ok(presence)
}

/// RFC 3863 4.1.2.
fn tuple(presence: &mut Presence, element: &Element) -> Read<()> {
    let mut tuple = Tuple { id: element.attribute("id").map(String::from), ..Tuple::default() };
    for child in element.children() {
        match child.name {
            "status" => status(presence, &mut tuple, child)?,
            "contact" => {
                tuple.contact = child.text().map(String::from);
                tuple.priority = child.attribute("priority").and_then(|priority| priority.parse().ok());
            }
            "note" => note(&mut tuple.notes, child)?,
            "timestamp" => tuple.timestamp = child.text().map(String::from),
            // Where they stood before RFC 4480, and where they still stand next to the status.
            "activities" => activities(&mut presence.person, child)?,
            _ => {}
        }
    }
    push_tuple(presence, tuple, element)
}

pub(super) fn push_tuple(presence: &mut Presence, mut tuple: Tuple, element: &Element) -> Read<()> {
    bounded(&presence.tuples, limits::TUPLES, element)?;
    // It is the contact's.
    if tuple.contact.is_none() {
        tuple.priority = None;
    }
    presence.tuples.push(tuple);
    Ok(())
}

fn status(presence: &mut Presence, tuple: &mut Tuple, element: &Element) -> Read<()> {
    for child in element.children() {
        match child.name {
            "basic" => tuple.basic = basic(child.text()),
            "activities" => activities(&mut presence.person, child)?,
            "note" => note(&mut tuple.notes, child)?,
            "digium_presence" => digium(&mut presence.person, child)?,
            _ => {}
        }
    }
    Ok(())
}

fn basic(text: Option<&str>) -> Option<Basic> {
    match text? {
        text if text.eq_ignore_ascii_case("open") => Some(Basic::Open),
        text if text.eq_ignore_ascii_case("closed") => Some(Basic::Closed),
        _ => None,
    }
}

/// RFC 4479 3.1 and RFC 4480 3; `chan_sip` puts a `status` between.
fn person(presence: &mut Presence, element: &Element) -> Read<()> {
    let person = &mut presence.person;
    for child in element.children() {
        match child.name {
            "activities" => activities(person, child)?,
            "status" => {
                for inner in child.all("activities") {
                    activities(person, inner)?;
                }
            }
            "note" => note(&mut person.notes, child)?,
            "place-type" => {
                let place = child.children().next();
                let words = place.map(|place| if place.name == "other" { place.text() } else { Some(place.name) });
                person.place_type = words.flatten().map(String::from).or_else(|| person.place_type.take());
            }
            "timestamp" => person.timestamp = child.text().map(String::from),
            _ => {}
        }
    }
    Ok(())
}

/// RFC 4480 3.2: an element for each; before it was an RFC, the name as the text of `activity`.
fn activities(person: &mut Person, element: &Element) -> Read<()> {
    for child in element.children() {
        let name = match child.name {
            "note" => {
                note(&mut person.notes, child)?;
                continue;
            }
            // Cisco's presence server tells each channel beside the whole.
            "phone-status" | "im-status" => continue,
            "other" | "activity" => child.text(),
            name => Some(name),
        };
        if let Some(name) = name {
            let activity = if child.name == "other" { Activity::Other(name.into()) } else { Activity::named(name) };
            add_activity(person, activity, child)?;
        }
    }
    Ok(())
}

pub(super) fn add_activity(person: &mut Person, activity: Activity, element: &Element) -> Read<()> {
    if !person.activities.contains(&activity) {
        bounded(&person.activities, limits::ACTIVITIES, element)?;
        person.activities.push(activity);
    }
    Ok(())
}

/// What Asterisk adds for Digium's phones: what the person has set, and their words or the kind of it.
fn digium(person: &mut Person, element: &Element) -> Read<()> {
    match element.attribute("type") {
        Some("not_set") | None => {}
        Some(name) => add_activity(person, Activity::named(name), element)?,
    }
    if let Some(words) = element.text().or_else(|| element.attribute("subtype")) {
        bounded(&person.notes, limits::NOTES, element)?;
        person.notes.push(words.into());
    }
    Ok(())
}

fn notes(list: &mut Vec<String>, parent: &Element) -> Read<()> {
    parent.all("note").try_for_each(|child| note(list, child))
}

pub(super) fn note(list: &mut Vec<String>, element: &Element) -> Read<()> {
    if let Some(text) = element.text() {
        bounded(list, limits::NOTES, element)?;
        list.push(text.into());
    }
    Ok(())
}

fn bounded<T>(list: &[T], limit: usize, element: &Element) -> Read<()> {
    if list.len() < limit { Ok(()) } else { Err((BodyErrorKind::TooMany, element.offset)) }
}
