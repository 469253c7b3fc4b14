//! What Criterion found, as markdown.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sip_bench::corpus::Sample;

use crate::entrant::{Entrant, Work};

/// Where Criterion writes, and where the table goes.
pub const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/messages");

/// Writes `messages.md`, and prints it.
pub fn write(entrants: &[Entrant], samples: &[Sample]) {
    let mut text = String::new();
    for work in Work::ALL {
        text += &times(work, entrants, samples);
        text.push('\n');
    }
    let file = Path::new(FOLDER).join("messages.md");
    fs::write(&file, &text).expect("the folder was Criterion's");
    eprintln!("{}", file.display());
    print!("{text}");
}

/// A row for each message, a column for each engine: the median, and how many times ours that is.
fn times(work: Work, entrants: &[Entrant], samples: &[Sample]) -> String {
    let mut text = format!("| {}, ns |", work.name());
    entrants.iter().for_each(|entrant| write!(text, " {} |", entrant.name).expect("a string"));
    text += "\n| --- |";
    entrants.iter().for_each(|_| text.push_str(" ---: |"));
    for sample in samples {
        write!(text, "\n| {} ({} bytes) |", sample.name, sample.bytes.len()).expect("a string");
        let ours = median(work, sample, &entrants[0]);
        for entrant in entrants {
            let cell = match (median(work, sample, entrant), ours) {
                (Some(found), Some(ours)) if found != ours => format!("{found:.0} ({:.1}×)", found / ours),
                (Some(found), _) => format!("{found:.0}"),
                (None, _) => "—".into(),
            };
            write!(text, " {cell} |").expect("a string");
        }
    }
    text.push('\n');
    text
}

fn median(work: Work, sample: &Sample, entrant: &Entrant) -> Option<f64> {
    if !entrant.can(work, sample) {
        return None;
    }
    let file = [FOLDER, work.name(), sample.name, entrant.name, "new", "estimates.json"]
        .iter()
        .collect::<std::path::PathBuf>();
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
