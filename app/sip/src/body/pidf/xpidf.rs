//! The XML of `application/xpidf+xml`, as Asterisk, FreeSWITCH and phones of its time send it.

use alloc::string::String;

use super::super::BodyErrorKind;
use super::super::xml::Element;
use super::read::{add_activity, note, push_tuple};
use super::{Activity, Basic, Presence, Tuple};

/// The document type that all such documents name.
pub(super) const DOCTYPE: &str = "-//IETF//DTD RFCxxxx XPIDF 1.0//EN";

/// Who it is about: a URI with the method to subscribe by.
pub(super) fn presentity(presence: &mut Presence, element: &Element) {
    let uri = element.attribute("uri").map(|uri| uri.split_once(";method=").map_or(uri, |(uri, _)| uri.trim()));
    let uri = uri.filter(|uri| !uri.is_empty());
    presence.entity = presence.entity.take().or_else(|| uri.map(String::from));
}

/// A way to reach them: addresses, each with two states.
pub(super) fn atom(presence: &mut Presence, element: &Element) -> Result<(), (BodyErrorKind, usize)> {
    for address in element.all("address") {
        let status = address.child("status");
        let said = status.and_then(|status| status.attribute("status"));
        let detail = address.child("msnsubstatus").and_then(|detail| detail.attribute("substatus"));
        let mut tuple = Tuple {
            id: element.attribute("id").map(String::from),
            basic: basic(said),
            contact: address.attribute("uri").map(String::from),
            priority: address.attribute("priority").and_then(|priority| priority.parse().ok()),
            ..Tuple::default()
        };
        for inner in status.into_iter().flat_map(|status| status.all("note")) {
            note(&mut tuple.notes, inner)?;
        }
        match (said, detail) {
            (_, Some("offline" | "appearoffline")) | (Some("closed"), None | Some("online")) => {}
            (_, Some(detail)) => add_activity(&mut presence.person, Activity::named(detail), address)?,
            (Some("inuse"), None) => add_activity(&mut presence.person, Activity::Busy, address)?,
            (_, None) => {}
        }
        push_tuple(presence, tuple, address)?;
    }
    Ok(())
}

fn basic(said: Option<&str>) -> Option<Basic> {
    match said? {
        "open" | "inuse" => Some(Basic::Open),
        "closed" => Some(Basic::Closed),
        _ => None,
    }
}
