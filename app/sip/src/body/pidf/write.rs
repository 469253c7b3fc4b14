use alloc::string::String;

use super::super::xml::Writer;
use super::{Basic, Person, Presence, Tuple};

/// The elements stand in the order of the schema: tuples, notes, the person.
pub(super) fn presence(presence: &Presence) -> String {
    let mut xml = Writer::new();
    xml.open("presence").attribute("xmlns", "urn:ietf:params:xml:ns:pidf");
    let person = &presence.person;
    if *person != Person::default() {
        xml.attribute("xmlns:dm", "urn:ietf:params:xml:ns:pidf:data-model");
        xml.attribute("xmlns:rpid", "urn:ietf:params:xml:ns:pidf:rpid");
    }
    if person.activities.iter().filter_map(|activity| activity.element().ok()).any(|element| element.starts_with("ce:"))
    {
        xml.attribute("xmlns:ce", "urn:cisco:params:xml:ns:pidf:rpid");
    }
    xml.maybe("entity", presence.entity.as_ref());
    for tuple in &presence.tuples {
        write_tuple(&mut xml, tuple);
    }
    for note in &presence.notes {
        xml.leaf("note", note);
    }
    if *person != Person::default() {
        write_person(&mut xml, person);
    }
    xml.finish()
}

fn write_tuple(xml: &mut Writer, tuple: &Tuple) {
    xml.open("tuple");
    xml.maybe("id", tuple.id.as_ref()).open("status");
    if let Some(basic) = tuple.basic {
        xml.leaf("basic", if basic == Basic::Open { "open" } else { "closed" });
    }
    xml.close();
    if let Some(contact) = &tuple.contact {
        xml.open("contact").maybe("priority", tuple.priority).text(contact).close();
    }
    for note in &tuple.notes {
        xml.leaf("note", note);
    }
    if let Some(timestamp) = &tuple.timestamp {
        xml.leaf("timestamp", timestamp);
    }
    xml.close();
}

fn write_person(xml: &mut Writer, person: &Person) {
    xml.open("dm:person").attribute("id", "person");
    if !person.activities.is_empty() {
        xml.open("rpid:activities");
        for activity in &person.activities {
            match activity.element() {
                Ok(element) => xml.open(element).close(),
                Err(words) => xml.leaf("rpid:other", words),
            };
        }
        xml.close();
    }
    if let Some(place) = &person.place_type {
        xml.open("rpid:place-type").leaf("rpid:other", place).close();
    }
    for note in &person.notes {
        xml.leaf("dm:note", note);
    }
    if let Some(timestamp) = &person.timestamp {
        xml.leaf("dm:timestamp", timestamp);
    }
    xml.close();
}
