//! Contacts as a table. Columns are known by their names in the first line: ours, and those of the programs that people come
//! from (Google, Outlook, and whatever calls its columns phone or mobile).

use super::{Read, Remark};
use crate::store::contacts::{Details, Kind, Number};
use crate::table;
use csv::{ReaderBuilder, StringRecord};

/// What we write.
pub(super) const HEAD: [&str; 10] =
    ["Name", "Company", "Work", "Mobile", "Home", "SIP", "Other", "Groups", "Note", "UID"];
/// What stands between several values of one field: ours, and Google's.
const BETWEEN: [&str; 2] = ["\n", " ::: "];

/// What a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Given,
    Middle,
    Family,
    Company,
    Number(Kind),
    /// The kind of the number in the next column.
    KindOfNext,
    Groups,
    /// Groups between semicolons.
    Categories,
    Note,
    Uid,
    Unknown,
}

/// Reads all lines of a table.
pub(super) fn read(text: &str, read: &mut Read) {
    // Spreadsheets of half of the world separate by semicolons.
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: char| first.matches(separator).count();
    let delimiter = [',', ';', '\t'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(',');
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter as u8);
    let mut reader = reader.from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut columns: Option<Vec<Column>> = None;
    let mut head: Vec<String> = Vec::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                read.report.refuse(line, Remark::Table(error.to_string()));
                break;
            }
        }
        let line = record.position().map_or(line, |at| begins(text, at));
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let Some(columns) = &columns else {
            let found: Vec<Column> = record.iter().map(column).collect();
            let names = found.iter().any(|column| !matches!(column, Column::Unknown | Column::KindOfNext));
            if !names {
                read.report.refuse(line, Remark::Head);
                return;
            }
            columns = Some(found);
            head = record.iter().map(str::to_owned).collect();
            continue;
        };
        for (place, field) in record.iter().enumerate() {
            if columns.get(place).is_none_or(|column| *column == Column::Unknown) && !field.trim().is_empty() {
                let name = head.get(place).map(|name| name.trim()).filter(|name| !name.is_empty());
                let nameless = format!("column {}", place + 1);
                read.report.leave_out(line, name.unwrap_or(&nameless));
            }
        }
        if !read.take(line, details(&record, columns)) {
            return;
        }
    }
}

/// The line where a record begins: the reader stops before the end of the line before, and before lines with nothing in them.
fn begins(text: &str, at: &csv::Position) -> u64 {
    let from = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}

fn column(name: &str) -> Column {
    let name = name.trim().trim_start_matches('\u{feff}').to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match name.as_str() {
        "name" | "full name" | "display name" | "file as" | "fn" => Column::Name,
        "first name" | "given name" | "vorname" => Column::Given,
        "middle name" | "additional name" => Column::Middle,
        "last name" | "family name" | "surname" | "nachname" => Column::Family,
        "company" | "organization" | "organization name" | "organization 1 - name" | "organisation" | "firma" => {
            Column::Company
        }
        "groups" | "group" | "labels" | "group membership" => Column::Groups,
        "categories" => Column::Categories,
        "note" | "notes" | "notizen" => Column::Note,
        "uid" => Column::Uid,
        "sip" | "sip address" => Column::Number(Kind::Sip),
        "work" | "extension" | "number" | "telefon" => Column::Number(Kind::Work),
        "home" => Column::Number(Kind::Home),
        "other" => Column::Number(Kind::Other),
        "mobil" | "handy" => Column::Number(Kind::Mobile),
        _ if has(&["e-mail", "email", "website", "address"]) => Column::Unknown,
        _ if has(&["phone"]) && has(&[" - label", " - type"]) => Column::KindOfNext,
        _ if has(&["mobile", "cell"]) => Column::Number(Kind::Mobile),
        _ if has(&["fax", "pager", "other phone", "telex"]) => Column::Number(Kind::Other),
        _ if has(&["home phone"]) => Column::Number(Kind::Home),
        _ if has(&["phone", "telephone"]) => Column::Number(Kind::Work),
        _ => Column::Unknown,
    }
}

fn details(record: &StringRecord, columns: &[Column]) -> Details {
    let mut details = Details::default();
    let (mut given, mut middle, mut family) = (String::new(), String::new(), String::new());
    let mut named: Option<Kind> = None;
    for (field, column) in record.iter().zip(columns) {
        let field = table::text(field);
        let set = |text: &mut String| {
            if text.is_empty() {
                field.clone_into(text);
            }
        };
        match column {
            Column::Name => set(&mut details.name),
            Column::Given => set(&mut given),
            Column::Middle => set(&mut middle),
            Column::Family => set(&mut family),
            Column::Company => set(&mut details.company),
            Column::Note => set(&mut details.note),
            Column::Uid => set(&mut details.uid),
            Column::Groups => {
                details.groups.extend(several(field).into_iter().filter(|group| !group.starts_with("* ")))
            }
            Column::Categories => details.groups.extend(field.split(';').map(str::to_owned)),
            Column::KindOfNext => named = Some(kind(field)),
            Column::Number(kind) => {
                let kind = named.take().unwrap_or(*kind);
                let numbers = several(field).into_iter().map(|number| Number { kind, number });
                details.numbers.extend(numbers.filter(|number| !number.number.trim().is_empty()));
            }
            Column::Unknown => {}
        }
    }
    if details.name.trim().is_empty() {
        let parts: Vec<&str> = [&given, &middle, &family].into_iter().map(|part| part.trim()).collect();
        details.name = parts.join(" ");
    }
    details
}

fn several(field: &str) -> Vec<String> {
    let mut values = vec![field.to_owned()];
    for between in BETWEEN {
        values = values.iter().flat_map(|value| value.split(between)).map(str::to_owned).collect();
    }
    values
}

/// Google's words for a kind.
fn kind(label: &str) -> Kind {
    let label = label.to_lowercase();
    if label.contains("mobile") || label.contains("cell") {
        Kind::Mobile
    } else if label.contains("fax") || label.contains("pager") || label.contains("other") {
        Kind::Other
    } else if label.contains("home") {
        Kind::Home
    } else {
        Kind::Work
    }
}

/// A contact as a line.
pub(super) fn written(details: &Details) -> String {
    let Details { uid, name, company, note, numbers, groups, .. } = details;
    let of = |kind: Kind| {
        let numbers: Vec<&str> =
            numbers.iter().filter(|number| number.kind == kind).map(|number| number.number.as_str()).collect();
        numbers.join("\n")
    };
    let numbers = [Kind::Work, Kind::Mobile, Kind::Home, Kind::Sip, Kind::Other].map(of);
    let [work, mobile, home, sip, other] = &numbers;
    let groups = groups.join("\n");
    table::line([name, company, work, mobile, home, sip, other, &groups, note, uid].map(String::as_str))
}
