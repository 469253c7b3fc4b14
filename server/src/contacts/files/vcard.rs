//! vCard (RFC 2426, RFC 6350, and the older 2.1). The lines are counted and the cards told apart here, so that one that is broken
//! is no other's trouble; `calcard` reads and writes each.

use super::{Read, Remark, picture};
use crate::store::contacts::{Details, Kind, Number, Picture};
use calcard::common::{Data, IanaString as _};
use calcard::vcard::{
    VCard, VCardEntry, VCardParameter, VCardParameterName, VCardParameterValue, VCardProperty, VCardType, VCardValue,
    VCardValueType, VCardVersion,
};
use calcard::{Entry, Parser};

/// The largest card, in bytes.
pub(super) const LARGEST_CARD: usize = 4 << 20;
/// How many pixels the pictures of one file have in all.
const PIXELS: u64 = 1 << 30;

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// As most programs read it.
    #[default]
    V3,
    /// As it is today.
    V4,
}

/// A card of a file.
#[derive(Default)]
struct Card<'a> {
    line: u64,
    text: &'a str,
}

/// Reads all cards of a text.
pub(super) fn read(text: &str, read: &mut Read) {
    let mut pixels = PIXELS;
    for card in cards(text, read) {
        if card.text.len() > LARGEST_CARD {
            read.report.refuse(card.line, Remark::LargeCard);
            continue;
        }
        let kept = lines(&card, read);
        let Entry::VCard(parsed) = Parser::new(&kept).entry() else {
            read.report.refuse(card.line, Remark::Card);
            continue;
        };
        let details = details(parsed, card.line, &mut pixels, read);
        if !read.take(card.line, details) {
            return;
        }
    }
}

/// The cards of a text; what stands outside of them is told.
fn cards<'a>(text: &'a str, read: &mut Read) -> Vec<Card<'a>> {
    let mut cards = Vec::new();
    let mut open: Option<(u64, usize)> = None;
    let mut at = 0;
    for (number, line) in (1_u64..).zip(text.split_inclusive('\n')) {
        let (from, word) = (at, line.trim().trim_start_matches('\u{feff}'));
        at += line.len();
        if word.eq_ignore_ascii_case("BEGIN:VCARD") {
            if let Some((line, begin)) = open.replace((number, from)) {
                read.report.remark(line, Remark::Unended);
                cards.push(Card { line, text: text.get(begin..from).unwrap_or_default() });
            }
        } else if word.eq_ignore_ascii_case("END:VCARD") {
            match open.take() {
                Some((line, begin)) => cards.push(Card { line, text: text.get(begin..at).unwrap_or_default() }),
                None => read.report.remark(number, Remark::Outside),
            }
        } else if open.is_none() && !word.is_empty() {
            read.report.remark(number, Remark::Outside);
        }
    }
    if let Some((line, begin)) = open {
        read.report.remark(line, Remark::Unended);
        cards.push(Card { line, text: text.get(begin..).unwrap_or_default() });
    }
    cards
}

/// The lines of a card that say something; what does not, and what is not kept here, is told.
fn lines(card: &Card<'_>, read: &mut Read) -> String {
    let mut kept = String::with_capacity(card.text.len());
    let (mut goes_on, mut takes) = (false, true);
    let mut rest = card.text.lines();
    let mut number = card.line.saturating_sub(1);
    while let Some(line) = rest.next() {
        number += 1;
        if !(is_folded(line) || goes_on) {
            let name = line.split([':', ';']).next().unwrap_or_default();
            let name = name.rsplit('.').next().unwrap_or_default().trim().to_ascii_uppercase();
            let mut whole = std::iter::once(line).chain(rest.clone().take_while(|line| is_folded(line)));
            takes = whole.any(|line| line.contains(':')) && is_name(&name);
            if !takes && !line.trim().is_empty() {
                // A value that an old program broke without folding it.
                read.report.remark(number, Remark::Line);
            } else if takes && !is_kept(&name) {
                read.report.leave_out(number, &name);
            }
        }
        // Quoted-printable goes on behind an equals sign at the end (2.1).
        let quoted = line.to_ascii_uppercase().contains("QUOTED-PRINTABLE");
        goes_on = line.ends_with('=') && (goes_on || quoted);
        if takes {
            kept.push_str(line);
            kept.push_str("\r\n");
        }
    }
    kept
}

fn is_folded(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whether something becomes of a property, or nothing is lost without it.
fn is_kept(name: &str) -> bool {
    const KEPT: [&str; 22] = [
        "BEGIN",
        "END",
        "VERSION",
        "FN",
        "N",
        "NICKNAME",
        "ORG",
        "TEL",
        "IMPP",
        "X-SIP",
        "NOTE",
        "CATEGORIES",
        "PHOTO",
        "UID",
        "PRODID",
        "REV",
        "KIND",
        "CLASS",
        "X-ABLABEL",
        "SORT-STRING",
        "NAME",
        "SOURCE",
    ];
    KEPT.contains(&name)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a card can hold much that is not kept here")]
fn details(card: VCard, line: u64, pixels: &mut u64, read: &mut Read) -> Details {
    let mut details = Details::default();
    let (mut parts, mut nickname) = (String::new(), String::new());
    let mut notes: Vec<String> = Vec::new();
    for entry in card.entries {
        match &entry.name {
            VCardProperty::Fn if details.name.is_empty() => details.name = first(&entry),
            VCardProperty::N => parts = name(&entry),
            VCardProperty::Nickname => nickname = first(&entry),
            VCardProperty::Org if details.company.is_empty() => {
                let parts: Vec<String> = entry.values.iter().map(text).filter(|part| !part.trim().is_empty()).collect();
                details.company = parts.join(", ");
            }
            VCardProperty::Tel => {
                let value = first(&entry);
                let number = without(&value, "tel:").unwrap_or(&value).to_owned();
                details.numbers.push(Number { kind: kind(&entry), number });
            }
            VCardProperty::Impp => match first(&entry) {
                address if without(&address, "sip:").is_some() || without(&address, "sips:").is_some() => {
                    details.numbers.push(Number { kind: Kind::Sip, number: address });
                }
                _ => read.report.leave_out(line, "IMPP"),
            },
            VCardProperty::Other(name) if name.eq_ignore_ascii_case("X-SIP") => {
                details.numbers.push(Number { kind: Kind::Sip, number: first(&entry) });
            }
            VCardProperty::Note => notes.push(first(&entry)),
            VCardProperty::Categories => details.groups.extend(entry.values.iter().map(text)),
            VCardProperty::Uid => details.uid = first(&entry),
            VCardProperty::Photo if details.picture.is_none() => {
                details.picture = photo(entry, pixels).unwrap_or_else(|remark| {
                    read.report.remark(line, remark);
                    None
                });
            }
            _ => {}
        }
    }
    for name in [parts, nickname] {
        if details.name.trim().is_empty() {
            details.name = name;
        }
    }
    details.note = notes.join("\n");
    details
}

fn photo(entry: VCardEntry, pixels: &mut u64) -> Result<Option<Picture>, Remark> {
    let Some(VCardValue::Binary(Data { data, .. })) = entry.values.into_iter().next() else {
        return Err(Remark::PictureAddress);
    };
    let more = picture::pixels(&data).map_err(Remark::Picture)?;
    *pixels = pixels.checked_sub(more).ok_or(Remark::Pictures)?;
    picture::picture(&data).map(Some).map_err(Remark::Picture)
}

/// What a number is, by the types that stand with it; older cards have them without a name.
fn kind(entry: &VCardEntry) -> Kind {
    let words = entry.params.iter().map(|param| match (&param.name, &param.value) {
        (_, VCardParameterValue::Type(kind)) => kind.as_str().to_ascii_lowercase(),
        (VCardParameterName::Type, VCardParameterValue::Text(text)) => text.to_ascii_lowercase(),
        (name, VCardParameterValue::Null) => name.as_str().to_ascii_lowercase(),
        _ => String::new(),
    });
    let words: Vec<String> = words.collect();
    let has = |word: &str| words.iter().any(|known| known == word);
    if has("cell") {
        Kind::Mobile
    } else if has("fax") || has("pager") || has("other") {
        Kind::Other
    } else if has("home") {
        Kind::Home
    } else {
        Kind::Work
    }
}

/// A name of its parts, as it is said: prefix, given, more, family, suffix.
fn name(entry: &VCardEntry) -> String {
    let part = |place: usize| entry.values.get(place).map(text).unwrap_or_default();
    let parts = [3, 1, 2, 0, 4].map(part);
    let parts: Vec<&str> = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn first(entry: &VCardEntry) -> String {
    entry.values.first().map(text).unwrap_or_default()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only what is text")]
fn text(value: &VCardValue) -> String {
    match value {
        VCardValue::Text(text) => text.clone(),
        VCardValue::Component(parts) => parts.join(" "),
        VCardValue::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}

fn without<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// A contact as a card.
pub(super) fn written(details: &Details, version: Version) -> String {
    let Details { uid, name, company, note, numbers, groups, picture } = details;
    let of = |property, text: &str| VCardEntry::new(property).with_value(text.to_owned());
    let mut entries = vec![of(VCardProperty::Uid, uid), of(VCardProperty::Fn, name)];
    // It is asked for in 3.0, and nobody knows which part of a name is which.
    let parts = ["", name.as_str(), "", "", ""].map(|part| VCardValue::Text(part.to_owned()));
    entries.push(VCardEntry::new(VCardProperty::N).with_values(parts.to_vec()));
    if !company.is_empty() {
        entries.push(of(VCardProperty::Org, company));
    }
    entries.extend(numbers.iter().map(number));
    if !groups.is_empty() {
        let groups = groups.iter().map(|group| VCardValue::Text(group.clone())).collect();
        entries.push(VCardEntry::new(VCardProperty::Categories).with_values(groups));
    }
    if !note.is_empty() {
        entries.push(of(VCardProperty::Note, note));
    }
    if let Some(Picture { kind, bytes }) = picture {
        let data = Data { content_type: Some(kind.clone()), data: bytes.clone() };
        entries.push(VCardEntry::new(VCardProperty::Photo).with_values(vec![VCardValue::Binary(data)]));
    }
    let version = match version {
        Version::V3 => VCardVersion::V3_0,
        Version::V4 => VCardVersion::V4_0,
    };
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = VCard { entries }.write_to(&mut out, version);
    out
}

fn number(number: &Number) -> VCardEntry {
    let Number { kind, number } = number;
    let entry = |property| VCardEntry::new(property).with_value(number.clone());
    let typed = |kind: VCardType| entry(VCardProperty::Tel).with_param(VCardParameter::typ(kind));
    match kind {
        Kind::Work => typed(VCardType::Work),
        Kind::Mobile => typed(VCardType::Cell),
        Kind::Home => typed(VCardType::Home),
        Kind::Other => entry(VCardProperty::Tel).with_param(VCardParameter::typ("other".to_owned())),
        // Programs know what to do with an address (RFC 4770); as a text it can hold anything.
        Kind::Sip => {
            let address = format!("sip:{}", number.trim_start_matches("sip:"));
            VCardEntry::new(VCardProperty::Impp)
                .with_value(address)
                .with_param(VCardParameter::value(VCardValueType::Text))
        }
    }
}
