//! What the crate says of itself in `src/conformance.md`: every test that is named there exists, and no RFC that the source
//! names is left out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../src/conformance.md");

/// A row of a table.
struct Row<'a> {
    /// What the table stands below.
    heading: &'a str,
    /// What its first column has.
    table: &'a str,
    cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    /// The tests that it names, each with its file. What is not done has none.
    fn shown_by(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let tests = self.cells.last().expect("a row has cells").split(", ");
        tests.filter(|_| !self.is_not_done()).map(|test| {
            let name = test.strip_prefix('`').and_then(|test| test.strip_suffix('`'));
            name.and_then(|name| name.split_once("::")).unwrap_or_else(|| panic!("`file::test` is expected: {test}"))
        })
    }

    /// Whether it says of a feature that it is not there.
    fn is_not_done(&self) -> bool {
        self.table == "Feature" && self.cells[3].starts_with("No: ")
    }
}

/// The rows of all tables.
fn rows() -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    let (mut heading, mut table) = ("", None);
    for line in PAGE.lines() {
        heading = line.strip_prefix("# ").unwrap_or(heading);
        let Some(line) = line.strip_prefix("| ") else {
            table = None;
            continue;
        };
        let cells: Vec<_> = line.trim_end().trim_end_matches('|').split(" | ").map(str::trim).collect();
        match table {
            None => table = Some((cells[0], cells.len())),
            Some((table, columns)) => {
                assert_eq!(cells.len(), columns, "a row of another width: {line}");
                if !cells[0].starts_with("---") {
                    rows.push(Row { heading, table, cells });
                }
            }
        }
    }
    rows
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of Rust below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// The first word of a line that is indented by one step.
fn entry(line: &str) -> Option<&str> {
    let line = line.strip_prefix("    ").filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))?;
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
}

/// The macros of a file whose entries are tests, such as `flows!`.
fn test_macros(text: &str) -> impl Iterator<Item = &str> {
    let bodies = text.split("\nmacro_rules! ").skip(1).filter_map(|rest| rest.split_once("\n}\n"));
    bodies.filter(|(body, _)| body.contains("#[test]")).filter_map(|(body, _)| body.split(' ').next())
}

/// The names of the tests of a file.
fn tests(text: &str, macros: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut is_test, mut in_macro) = (false, false);
    for line in text.lines() {
        is_test |= line.trim_start().starts_with("#[test]");
        if let Some((_, name)) = line.split_once("fn ").filter(|_| is_test) {
            found.extend(name.split('(').next().map(str::to_owned));
            is_test = false;
        }
        if let Some(name) = line.strip_suffix("! {") {
            in_macro = macros.contains(name);
        } else if line == "}" {
            in_macro = false;
        } else if in_macro {
            found.extend(entry(line).map(str::to_owned));
        }
    }
    found
}

/// The tests of the crate, by the file that they are in: relative to `tests` or `src`.
fn all_tests() -> BTreeMap<String, BTreeSet<String>> {
    let folders = [root().join("tests"), root().join("src")];
    let mut texts = Vec::new();
    for folder in &folders {
        for file in sources(folder) {
            let name = file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            texts.push((name, std::fs::read_to_string(&file).unwrap()));
        }
    }
    let macros = texts.iter().flat_map(|(_, text)| test_macros(text).map(str::to_owned)).collect();
    let mut all: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, text) in &texts {
        all.entry(name.clone()).or_default().extend(tests(text, &macros));
    }
    all
}

/// The numbers that follow on `RFC ` in a text.
fn rfcs(text: &str) -> BTreeSet<u32> {
    let numbers = text.split("RFC ").skip(1);
    numbers.filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()).collect()
}

#[test]
fn every_test_that_is_named_exists() {
    let all = all_tests();
    for row in rows() {
        for (file, test) in row.shown_by() {
            let tests = all.get(file).unwrap_or_else(|| panic!("there is no file {file}: {:?}", row.cells));
            assert!(tests.contains(test), "there is no test {file}::{test}: {:?}", row.cells);
        }
    }
}

#[test]
fn every_rfc_that_the_source_names_has_a_row() {
    let rows = rows();
    let mut said: BTreeSet<u32> =
        rows.iter().filter(|row| row.table == "RFC").map(|row| row.cells[0].parse().expect("a number")).collect();
    said.extend(rows.iter().filter(|row| row.table == "What").flat_map(|row| rfcs(row.cells[0])));
    let mut missing = BTreeMap::new();
    for file in sources(&root().join("src")) {
        for rfc in rfcs(&std::fs::read_to_string(&file).unwrap()).difference(&said) {
            missing.insert(*rfc, file.clone());
        }
    }
    assert_eq!(missing, BTreeMap::new());
}

#[test]
fn nothing_is_said_twice() {
    let mut said = BTreeSet::new();
    for row in rows() {
        let (_, what) = row.cells.split_last().unwrap();
        assert!(said.insert((row.table, what.to_vec())), "this row is there twice: {:?}", row.cells);
        let tests: Vec<_> = row.shown_by().collect();
        let once: BTreeSet<_> = tests.iter().collect();
        assert_eq!(tests.len(), once.len(), "a test is named twice: {:?}", row.cells);
    }
}

/// An RFC and a section of it, as numbers.
fn place(row: &Row<'_>) -> Option<(u32, Vec<u32>)> {
    let section = row.cells[1].split('.').filter_map(|part| part.parse().ok()).collect();
    (row.table == "RFC").then(|| (row.cells[0].parse().expect("a number"), section))
}

#[test]
fn rfcs_and_their_sections_are_in_order() {
    let rows = rows();
    let mut tables: Vec<_> = rows.chunk_by(|one, two| one.heading == two.heading).collect();
    tables.retain(|rows| rows.iter().all(|row| row.table == "RFC"));
    for table in tables {
        let places: Vec<_> = table.iter().map(place).collect();
        assert!(places.is_sorted(), "{}", table[0].heading);
    }
}

#[test]
fn each_feature_is_there_or_plainly_said_not_to_be() {
    for row in rows().iter().filter(|row| row.table == "Feature") {
        for stack in &row.cells[1..4] {
            assert!(stack.starts_with("Yes") || stack.starts_with("No"), "{:?}", row.cells);
        }
        assert!(row.cells[3].starts_with("Yes") || row.is_not_done() && row.cells[4] == "–", "{:?}", row.cells);
    }
}

#[test]
fn the_tables_are_read() {
    for table in ["RFC", "What", "Behaviour", "Feature"] {
        assert!(rows().iter().filter(|row| row.table == table).count() >= 10, "{table}");
    }
    let flows = all_tests();
    assert!(flows["agent/flows.rs"].contains("registered") && flows["messages.rs"].len() > 5);
}
