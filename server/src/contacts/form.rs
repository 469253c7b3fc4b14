//! Reading what was typed into the form of a contact.

use crate::store::contacts::{Details, Kind, Number};
use app::pages::contact::Typed;

/// How many fields of a form are looked at.
const MOST: usize = 128;

/// The fields of a form, in their order; names may come several times.
pub(super) fn fields(body: &[u8]) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(body).take(MOST).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// What was typed.
pub(super) fn typed(body: &[u8]) -> Typed {
    let mut typed = Typed::default();
    let mut kinds = Vec::new();
    let mut numbers = Vec::new();
    for (name, value) in fields(body) {
        match name.as_str() {
            "name" => typed.name = value,
            "company" => typed.company = value,
            "kind" => kinds.push(value),
            "number" => numbers.push(value),
            "groups" => typed.groups = value,
            "note" => typed.note = value,
            _ => {}
        }
    }
    let pairs = kinds.into_iter().zip(numbers);
    typed.numbers = pairs.filter(|(_, number)| !number.trim().is_empty()).collect();
    typed
}

/// What is kept of it.
pub(super) fn details(typed: &Typed) -> Details {
    let Typed { name, company, numbers, groups, note } = typed.clone();
    let number = |(kind, number): (String, String)| Number { kind: Kind::named(&kind).unwrap_or(Kind::Other), number };
    Details {
        uid: String::new(),
        name,
        company,
        note,
        numbers: numbers.into_iter().map(number).collect(),
        groups: groups.lines().map(str::to_owned).collect(),
        picture: None,
    }
}
