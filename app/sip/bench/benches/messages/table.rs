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
    let text = tables.join("\n");
    match std::env::var_os("TABLE") {
        Some(file) => fs::write(file, text).expect("TABLE can be written"),
        None => print!("{text}"),
    }
}

/// A row for each message, a column for each engine: the median, and how many times ours that is.
fn times(work: Work, entrants: &[Entrant], samples: &[Sample]) -> String {
    let mut text = head(&format!("{}, ns", work.name()), entrants.iter().map(|entrant| entrant.name));
    for sample in samples {
        let found = |entrant: &Entrant| {
            entrant.can(work, sample).then(|| median(&[work.name(), sample.name, entrant.name])).flatten()
        };
        row(&mut text, &label(sample), &entrants.iter().map(found).collect::<Vec<_>>());
    }
    text
}

/// What parsing and reading asks of the allocator.
fn asked(entrants: &[Entrant], samples: &[Sample]) -> String {
    let title = format!("{}, allocations (bytes)", Work::Read.name());
    let mut text = head(&title, entrants.iter().map(|entrant| entrant.name));
    for sample in samples {
        write!(text, "| {} |", label(sample)).expect("a string");
        for entrant in entrants {
            if !entrant.can(Work::Read, sample) {
                text += " — |";
                continue;
            }
            let Asked { times, bytes } = allocations::of(|| {
                (entrant.once)(Work::Read, &sample.bytes);
            });
            write!(text, " {times} ({bytes}) |").expect("a string");
        }
        text.push('\n');
    }
    text
}

fn digest(answers: &[(&str, Answer)]) -> String {
    let mut text = head(&format!("{DIGEST}, ns"), answers.iter().map(|(name, _)| *name));
    for (algorithm, _) in CHALLENGES {
        let found = answers.iter().map(|(name, _)| median(&[DIGEST, algorithm, name])).collect::<Vec<_>>();
        row(&mut text, algorithm, &found);
    }
    text
}

/// Ours, in nanoseconds a byte: along a row it must not grow.
fn growth() -> String {
    let sizes = crate::SIZES.map(|size| format!("{} kB", size / 1024));
    let mut text = head(&format!("{SHAPES}, ns a byte"), sizes.iter().map(String::as_str));
    for shape in shapes() {
        write!(text, "| {} |", shape.name).expect("a string");
        for size in crate::SIZES {
            let bytes = (shape.message)(size);
            let refused = if (shape.read)(&bytes) { "" } else { " (refused)" };
            match median(&[SHAPES, shape.name, &size.to_string()]) {
                Some(time) => write!(text, " {:.2}{refused} |", time / bytes.len() as f64).expect("a string"),
                None => text += " — |",
            }
        }
        text.push('\n');
    }
    text
}

fn head<'a>(title: &str, columns: impl Iterator<Item = &'a str>) -> String {
    let columns: Vec<_> = columns.collect();
    format!("| {title} | {} |\n| --- |{}\n", columns.join(" | "), " ---: |".repeat(columns.len()))
}

/// The first number is what the others are compared with.
fn row(text: &mut String, label: &str, found: &[Option<f64>]) {
    write!(text, "| {label} |").expect("a string");
    let base = found.first().copied().flatten();
    for (n, time) in found.iter().enumerate() {
        match (time, base) {
            (Some(time), Some(base)) if n > 0 => write!(text, " {time:.0} ({:.1}×) |", time / base),
            (Some(time), _) => write!(text, " {time:.0} |"),
            (None, _) => write!(text, " — |"),
        }
        .expect("a string");
    }
    text.push('\n');
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
