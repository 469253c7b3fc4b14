//! What Criterion found, as markdown.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sip_bench::corpus::Sample;
use sip_bench::digest::{Answer, CHALLENGES};
use sip_bench::shapes::shapes;

use crate::allocations::{self, Asked};
use crate::entrant::{Entrant, Work};

/// Where Criterion writes.
pub const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/messages");
const CAPTION: &str = "Measured with `make bench-messages`: medians, and how many times ours. A dash: it does not do that, or \
    not right. † and ‡: see `app/sip/bench/README.md`.";
/// The group of answers to challenges.
pub const DIGEST: &str = "answer a challenge";
/// The group of bad messages.
pub const SHAPES: &str = "bad messages";

/// Writes the tables to the file that the environment names as `TABLE`, or else to standard output.
pub fn write(entrants: &[Entrant], samples: &[Sample], answers: &[(&str, Answer)]) {
    let mut tables: Vec<_> = Work::ALL.iter().map(|work| times(*work, entrants, samples)).collect();
    tables.insert(1, asked(entrants, samples));
    tables.push(digest(answers));
    tables.push(growth());
    let text = format!("{CAPTION}\n\n{}", tables.join("\n"));
    match std::env::var_os("TABLE") {
        Some(file) => fs::write(file, text).expect("TABLE can be written"),
        None => print!("{text}"),
    }
}

/// A row for each engine, a column for each message: the median, and how many times ours that is.
fn times(work: Work, entrants: &[Entrant], samples: &[Sample]) -> String {
    let median = |entrant: &Entrant, sample: &Sample| {
        entrant.can(work, sample).then(|| median(&[work.name(), sample.name, entrant.name])).flatten()
    };
    let ours: Vec<_> = samples.iter().map(|sample| median(&entrants[0], sample)).collect();
    let mut text = head(&format!("{}, ns", work.name()), samples.iter().map(label));
    for entrant in entrants {
        let cells = samples.iter().zip(&ours).map(|(sample, ours)| compared(median(entrant, sample), *ours));
        row(&mut text, entrant.name, cells);
    }
    text
}

/// What parsing and reading asks of the allocator.
fn asked(entrants: &[Entrant], samples: &[Sample]) -> String {
    let title = format!("{}, allocations (bytes)", Work::Read.name());
    let mut text = head(&title, samples.iter().map(label));
    for entrant in entrants {
        let cells = samples.iter().map(|sample| {
            if !entrant.can(Work::Read, sample) {
                return "—".into();
            }
            let Asked { times, bytes } = allocations::of(|| {
                (entrant.once)(Work::Read, &sample.bytes);
            });
            format!("{times} ({bytes})")
        });
        row(&mut text, entrant.name, cells);
    }
    text
}

fn digest(answers: &[(&str, Answer)]) -> String {
    let ours = CHALLENGES.map(|(algorithm, _)| median(&[DIGEST, algorithm, answers[0].0]));
    let mut text = head(&format!("{DIGEST}, ns"), CHALLENGES.iter().map(|(algorithm, _)| (*algorithm).into()));
    for (name, answer) in answers {
        let cells = CHALLENGES.iter().zip(ours).map(|((algorithm, challenge), ours)| {
            let found = answer(challenge).and_then(|_| median(&[DIGEST, algorithm, name]));
            compared(found, ours)
        });
        row(&mut text, name, cells);
    }
    text
}

/// Ours, in nanoseconds a byte: along a row it must not grow.
fn growth() -> String {
    let sizes = crate::SIZES.map(|size| format!("{} kB", size / 1024));
    let mut text = head(&format!("{SHAPES}, ns a byte"), sizes.into_iter());
    for shape in shapes() {
        let cells = crate::SIZES.map(|size| {
            let bytes = (shape.message)(size);
            let refused = if (shape.read)(&bytes) { "" } else { " (refused)" };
            let time = median(&[SHAPES, shape.name, &size.to_string()]);
            time.map_or_else(|| "—".into(), |time| format!("{:.2}{refused}", time / bytes.len() as f64))
        });
        row(&mut text, shape.name, cells.into_iter());
    }
    text
}

fn head(title: &str, columns: impl Iterator<Item = String>) -> String {
    let columns: Vec<_> = columns.collect();
    format!("| {title} | {} |\n| --- |{}\n", columns.join(" | "), " ---: |".repeat(columns.len()))
}

fn row(text: &mut String, label: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<_> = cells.collect();
    writeln!(text, "| {label} | {} |", cells.join(" | ")).expect("a string");
}

/// A time, and how many times ours it is.
fn compared(time: Option<f64>, ours: Option<f64>) -> String {
    match (time, ours) {
        (Some(time), Some(ours)) if time != ours => format!("{time:.0} ({:.1}×)", time / ours),
        (Some(time), _) => format!("{time:.0}"),
        (None, _) => "—".into(),
    }
}

fn label(sample: &Sample) -> String {
    format!("{} ({} bytes)", sample.name, sample.bytes.len())
}

fn median(names: &[&str]) -> Option<f64> {
    // As Criterion names its folders.
    let folders = names.iter().map(|name| name.replace('/', "_"));
    let file: PathBuf = Path::new(FOLDER).join(folders.collect::<PathBuf>()).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
