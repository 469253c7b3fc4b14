use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;

use super::super::xml::{Element, Source};
use super::super::{BodyError, BodyErrorKind, Notice, limits};
use super::{ContactEvent, ContactState, RegInfo, RegisteredContact, Registration, RegistrationState};

pub(super) fn reg_info(body: &[u8]) -> Result<RegInfo, BodyError> {
    let source = Source::new(body)?;
    let root = source.root("reginfo", None)?;
    let registrations = list(root.all("registration"), limits::REGISTRATIONS, registration);
    Ok(RegInfo {
        version: number(root.attribute("version")),
        notice: Notice::from_attribute(root.attribute("state")),
        registrations: registrations.map_err(|at| source.error(BodyErrorKind::TooMany, at))?,
    })
}

fn registration(element: &Element) -> Result<Registration, usize> {
    Ok(Registration {
        aor: owned(element.attribute("aor")).unwrap_or_default(),
        id: owned(element.attribute("id")).unwrap_or_default(),
        state: element.attribute("state").and_then(RegistrationState::from_word),
        contacts: list(element.all("contact"), limits::CONTACTS, contact)?,
    })
}

fn contact(element: &Element) -> Result<RegisteredContact, usize> {
    let gruu = |name| element.child(name).and_then(|gruu| gruu.attribute("uri"));
    let first_cseq = element.child("temp-gruu").and_then(|gruu| number(gruu.attribute("first-cseq")));
    Ok(RegisteredContact {
        id: owned(element.attribute("id")).unwrap_or_default(),
        state: element.attribute("state").and_then(ContactState::from_word),
        event: element.attribute("event").and_then(ContactEvent::from_word),
        duration_registered: number(element.attribute("duration-registered")),
        expires: number(element.attribute("expires")),
        retry_after: number(element.attribute("retry-after")),
        q: number(element.attribute("q")),
        call_id: owned(element.attribute("callid")),
        cseq: number(element.attribute("cseq")),
        uri: owned(element.child_text("uri")),
        display_name: owned(element.child_text("display-name")),
        unknown_params: list(element.all("unknown-param"), limits::PARAMS, |param| Ok(unknown_param(param)))?,
        pub_gruu: owned(gruu("pub-gruu")),
        temp_gruu: gruu("temp-gruu").map(|uri| (uri.into(), first_cseq.unwrap_or_default())),
    })
}

fn unknown_param(element: &Element) -> (String, String) {
    let name = owned(element.attribute("name")).unwrap_or_default();
    (name, owned(element.text()).unwrap_or_default())
}

/// Reads each element; the error is where there is one too many.
fn list<'a, 'e: 'a, T>(
    elements: impl Iterator<Item = &'a Element<'e>>,
    limit: usize,
    read: impl Fn(&Element) -> Result<T, usize>,
) -> Result<Vec<T>, usize> {
    let mut found = Vec::new();
    for element in elements {
        if found.len() >= limit {
            return Err(element.offset);
        }
        found.push(read(element)?);
    }
    Ok(found)
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(String::from)
}

fn number<T: FromStr>(text: Option<&str>) -> Option<T> {
    text.and_then(|text| text.parse().ok())
}
