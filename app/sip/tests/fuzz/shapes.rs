//! What a parser that looks back, nests or copies would be slow or greedy at: long runs of one unit.

use super::bodies::memory::taken;
use super::bodies::{header, message, uri};
use super::mutate::{BEGINNINGS, UNITS};
use sip::message::{Message, limits};
use std::collections::BTreeMap;
use std::time::Instant;

/// A run of one unit up to that length.
pub fn run(beginning: &str, unit: &str, length: usize) -> String {
    let mut text = String::from(beginning);
    text.extend(std::iter::repeat_n(unit, length.saturating_sub(beginning.len()) / unit.len()));
    text
}

/// Messages that are as large as they may be, each of one shape.
fn messages() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for unit in UNITS {
        for name in ["Via", "X", "f"] {
            let field = format!("{name}: {}x\r\n", run("", unit, limits::FIELD - 16));
            let text = format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", field.repeat(3));
            all.push((format!("{name}: {unit:?}"), text.into_bytes()));
        }
        let line = format!("OPTIONS sip:{} SIP/2.0\r\n\r\n", run("", unit, limits::START_LINE - 32));
        all.push((format!("Request-URI {unit:?}"), line.into_bytes()));
        all.push((format!("line {unit:?}"), run("", unit, limits::MESSAGE).into_bytes()));
    }
    all.push(("CRLF".into(), run("", "\r\n", limits::MESSAGE).into_bytes()));
    let many = |line: &str| format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", run("", line, limits::HEADER_SECTION - 64));
    for line in ["l: 0\r\n", "A: b\r\n", "A:\r\n \r\n \r\n", "A: b\r\n c\r\n", ":\r\n", "A\r\n", " a\r\n"] {
        all.push((format!("lines {line:?}"), many(line).into_bytes()));
        let field = line.repeat(limits::FIELDS);
        all.push((
            format!("{} of {line:?}", limits::FIELDS),
            format!("OPTIONS sip:a SIP/2.0\r\n{field}\r\n").into_bytes(),
        ));
    }
    let nul = format!("OPTIONS sip:a SIP/2.0\r\nA: {}\r\n\r\n", run("", "\\\0", limits::FIELD - 16));
    all.push(("escaped NUL".into(), nul.into_bytes()));
    let body = format!("OPTIONS sip:a SIP/2.0\r\nl: 65000\r\n\r\n{}", "\r\n".repeat(32500));
    all.push(("body".into(), body.into_bytes()));
    all
}

#[test]
fn no_shape_takes_more_memory_than_its_bound() {
    messages().iter().filter(|(_, bytes)| bytes.len() < 30_000).for_each(|(_, bytes)| message::message(bytes));
    for beginning in BEGINNINGS {
        for unit in UNITS {
            let text = run(beginning, unit, 3000);
            uri::uri(text.as_bytes());
            for number in 0..header::TYPES.len() {
                header::header(&[&[u8::try_from(number).unwrap()], text.as_bytes()].concat());
            }
        }
    }
}

/// Not a test: a table of what each shape takes at 64 kB, the slowest first. To be run in release:
/// `cargo test --release -p sip --test fuzz -- --ignored --nocapture table`.
#[test]
#[ignore = "measures"]
fn table() {
    let mut rows = Vec::new();
    for (name, bytes) in messages() {
        let mut row = measured(format!("message {name}"), bytes.len(), &|| Message::parse(&bytes).is_ok());
        if let Ok(message) = Message::parse(&bytes) {
            row.what += " (accepted)";
            rows.push(measured(format!("print {name}"), bytes.len(), &|| !message.to_bytes().is_empty()));
        }
        rows.push(row);
    }
    let params: String = (0..).map(|number| format!(";{number}")).take(900).collect();
    let uri: sip::uri::Uri = format!("sip:a{params}").parse().unwrap();
    let other = uri.clone();
    rows.push(measured("equivalent sip:a;0;1;2… (4 kB)".into(), params.len(), &|| uri.equivalent(&other)));
    for beginning in BEGINNINGS {
        for unit in UNITS {
            let text = run(beginning, unit, limits::MESSAGE);
            rows.push(measured(format!("Uri {beginning} {unit:?}"), text.len(), &|| {
                text.parse::<sip::uri::Uri>().is_ok()
            }));
            if let Ok(uri) = text.parse::<sip::uri::Uri>() {
                let other = uri.clone();
                rows.push(measured(format!("equivalent {beginning} {unit:?}"), text.len(), &|| uri.equivalent(&other)));
                rows.push(measured(format!("print Uri {beginning} {unit:?}"), text.len(), &|| {
                    !uri.to_string().is_empty()
                }));
            }
            for (number, name) in header::TYPES.iter().enumerate() {
                rows.push(measured(format!("{name} {beginning} {unit:?}"), text.len(), &|| {
                    header::read(number, &text)
                }));
            }
        }
    }
    for (what, bytes, read) in super::documents::shapes() {
        rows.push(measured(what, bytes.len(), &|| read(&bytes)));
    }
    for number in 0..header::TYPES.len() {
        for value in ["a", ",", "a,", "<sip:a>,", "SIP/2.0/WS a;branch=z,", "399 a \"b\",", "Digest a=b,"] {
            let field = format!("{}: {}a\r\n", header::name(number), run("", value, limits::FIELD - 64));
            let text = format!("SIP/2.0 200 OK\r\n{}\r\n", field.repeat(limits::HEADER_SECTION / field.len() - 1));
            let Ok(message) = Message::parse(text.as_bytes()) else { continue };
            rows.push(measured(format!("all {} {value:?}", header::TYPES[number]), text.len(), &|| {
                header::read_all(number, message.headers())
            }));
        }
    }
    rows.sort_by(|one, two| two.time.total_cmp(&one.time));
    let greedy = rows.iter().map(|row| row.memory).max_by(f64::total_cmp);
    println!("| Shape | ns per byte | bytes allocated per byte |\n| --- | ---: | ---: |");
    for row in rows.iter().take(40) {
        println!("| `{}` | {:.1} | {:.1} |", row.what.replace('|', "\\|"), row.time, row.memory);
    }
    rows.sort_by(|one, two| two.memory.total_cmp(&one.memory));
    for row in rows.iter().take(15) {
        println!("| `{}` | {:.1} | {:.1} |", row.what.replace('|', "\\|"), row.time, row.memory);
    }
    for (kind, memory) in greediest(&rows) {
        println!("| {kind}: the greediest | | {memory:.1} |");
    }
    println!("{} shapes; the greediest takes {greedy:.1?} bytes per byte", rows.len());
}

/// What the greediest shape of each kind takes.
fn greediest(rows: &[Row]) -> BTreeMap<&str, f64> {
    let mut kinds = BTreeMap::new();
    for row in rows {
        let kind = kinds.entry(row.what.split(' ').next().unwrap_or_default()).or_insert(0.0_f64);
        *kind = kind.max(row.memory);
    }
    kinds
}

struct Row {
    what: String,
    /// Nanoseconds per byte: the fastest of some runs, as others use the machine too.
    time: f64,
    memory: f64,
}

fn measured(what: String, length: usize, work: &dyn Fn() -> bool) -> Row {
    let (_, memory) = taken(work);
    let times = (0..5).map(|_| {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed().as_secs_f64()
    });
    let time = times.min_by(f64::total_cmp).unwrap_or_default();
    let per_byte = |amount: f64| amount / f64::from(u32::try_from(length).unwrap());
    Row { what, time: per_byte(time * 1e9), memory: per_byte(f64::from(u32::try_from(memory.total).unwrap())) }
}
