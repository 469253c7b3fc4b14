//! The laws of `bodies`, over seeds and what is made of them: every prefix, and damage of all kinds. The fuzz
//! targets of `app/sip/fuzz` search further (`make fuzz`); what they find becomes a seed in `corpus`.
//!
//! `FUZZ_CASES` says how many mutations of each seed are tried.

#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bodies;
mod documents;
mod mutate;
mod protos;
mod shapes;

use mutate::{Generator, anomalies, mutated};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What is made of the seeds of one body: as many bytes as this in all, so that a test lasts about a second.
const BYTES: usize = 1 << 18;

fn run(name: &str, body: fn(&[u8])) {
    let seeds = corpus(name);
    assert!(!seeds.is_empty(), "no seeds for {name}");
    let step = 1 + seeds.iter().map(|seed| seed.len() * seed.len() / 2).sum::<usize>() / BYTES;
    for seed in &seeds {
        (0..=seed.len()).rev().step_by(step).for_each(|end| tried(body, &seed[..end]));
    }
    let anomalies = anomalies();
    let cases = std::env::var("FUZZ_CASES").ok().and_then(|cases| cases.parse().ok());
    let mut generator = Generator(1);
    for seed in &seeds {
        let fitting = (BYTES / seeds.len() / (seed.len() + 200)).min(400);
        for _ in 0..cases.unwrap_or(fitting) {
            tried(body, &mutated(seed, &seeds, &anomalies, &mut generator));
        }
    }
}

/// Runs a body, and says which input broke its law.
fn tried(body: fn(&[u8]), input: &[u8]) {
    if let Err(broken) = catch_unwind(AssertUnwindSafe(|| body(input))) {
        eprintln!("the law is broken by b\"{}\"", input.escape_ascii());
        resume_unwind(broken);
    }
}

/// The seeds of a body, in the order of their names. For those that read messages, the real ones are seeds too.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut folders = vec![tests.join("fuzz/corpus").join(name)];
    if ["message", "refusal"].contains(&name) {
        folders
            .extend(["messages", "fuzz/corpus/message", "torture/rfc4475", "torture/rfc5118"].map(|at| tests.join(at)));
    }
    if ["pidf", "dialog_info", "reginfo"].contains(&name) {
        folders.push(tests.join("bodies"));
    }
    let mut seeds = Vec::new();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
        files.sort();
        seeds.extend(
            files
                .iter()
                .filter(|file| ["rs", "gitattributes"].iter().all(|end| !file.to_string_lossy().ends_with(end)))
                .map(|file| std::fs::read(file).unwrap()),
        );
    }
    seeds
}

macro_rules! bodies {
    ($($name:ident)+) => {
    $(
        #[test]
        fn $name() {
            run(stringify!($name), bodies::$name::$name);
        }
    )+

        /// Those that there are.
        const BODIES: &[&str] = &[$(stringify!($name)),+];
    };
}

/// `.ci/fuzz` runs what `cargo fuzz` lists: each body needs its target, and each target its entry.
#[test]
fn each_body_has_a_fuzz_target() {
    let fuzz = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let files = std::fs::read_dir(fuzz.join("targets")).unwrap().map(|entry| entry.unwrap().path());
    let mut targets: Vec<_> = files.map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    targets.sort_unstable();
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let mut entries: Vec<_> = manifest.lines().filter_map(|line| line.strip_prefix("path = \"targets/")).collect();
    entries.sort_unstable();
    let mut bodies = BODIES.to_vec();
    bodies.sort_unstable();
    assert_eq!(targets, bodies);
    assert_eq!(entries, bodies.iter().map(|body| format!("{body}.rs\"")).collect::<Vec<_>>());
}

bodies! {
    message
    refusal
    uri
    header
    digest
    agent
    exchange
    sdp
    pidf
    dialog_info
    reginfo
    message_summary
    sipfrag
    snapshot
    multipart
}
