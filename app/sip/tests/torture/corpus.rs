//! The messages of the files, and that no file was touched.

use crate::files::root;
pub use crate::files::{archived, bytes};
use sha2::{Digest as _, Sha256};
use sip::message::{Message, Request, Response};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The folder of RFC 4475, and that of RFC 5118.
pub const FOLDERS: [(&str, usize); 2] = [("rfc4475", 49), ("rfc5118", 12)];

/// The message of a file, which has one.
pub fn message(name: &str) -> Message {
    Message::parse(&bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The request of a file.
pub fn request(name: &str) -> Request {
    match message(name) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("{name} is a response"),
    }
}

/// The response of a file.
pub fn response(name: &str) -> Response {
    match message(name) {
        Message::Response(response) => response,
        Message::Request(_) => panic!("{name} is a request"),
    }
}

/// `SHA256SUMS`: the digest of each file.
fn sums() -> BTreeMap<String, String> {
    let sums = std::fs::read_to_string(root().join("SHA256SUMS")).unwrap();
    sums.lines().map(|line| line.split_once("  ").unwrap()).map(|(sum, path)| (path.into(), sum.into())).collect()
}

#[test]
fn no_file_was_touched() {
    let mut found = BTreeMap::new();
    for (folder, _) in FOLDERS {
        for file in std::fs::read_dir(root().join(folder)).unwrap() {
            let file = file.unwrap();
            let digest = Sha256::digest(std::fs::read(file.path()).unwrap());
            let mut sum = String::new();
            digest.iter().for_each(|byte| write!(sum, "{byte:02x}").unwrap());
            found.insert(format!("{folder}/{}", file.file_name().display()), sum);
        }
    }
    assert_eq!(found, sums());
}

#[test]
fn all_files_are_there_and_in_the_table() {
    let sums = sums();
    for (folder, count) in FOLDERS {
        assert_eq!(sums.keys().filter(|path| path.starts_with(folder)).count(), count, "{folder}");
    }
    let mut named: Vec<_> = sums.keys().map(|path| path.split_once('/').unwrap().1.trim_end_matches(".dat")).collect();
    let mut rows: Vec<_> = crate::cases::CASES.iter().map(|case| case.name).collect();
    named.sort_unstable();
    rows.sort_unstable();
    assert_eq!(rows, named);
}

/// The archive of RFC 5118 as it is holds no SIP messages: the first line ends with a lone LF.
#[test]
fn lines_that_end_with_a_lone_lf_are_refused() {
    for case in crate::cases::CASES.iter().filter(|case| case.section.starts_with('4')) {
        let bytes = archived("rfc5118", case.name);
        let error = Message::parse(&bytes).unwrap_err();
        assert_eq!(error.kind, sip::message::ParseErrorKind::LineEnd, "{}", case.name);
        assert_eq!(error.offset, bytes.iter().position(|byte| *byte == b'\n').unwrap(), "{}", case.name);
    }
}
