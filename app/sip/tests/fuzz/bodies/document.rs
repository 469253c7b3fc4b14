//! The laws that all documents share which messages carry.

use super::memory::{Bound, bounded};
use sip::body::{BodyError, BodyErrorKind, limits};

/// What reading a document may take: an element of a few bytes becomes a value of some hundred.
const READ: Bound = Bound { per_byte: 64, fixed: 8 * 1024 };

/// Reads, writes and reads again: what was read is the same.
pub fn law<T: PartialEq + std::fmt::Debug>(
    data: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, BodyError>,
    compose: impl Fn(&T) -> Vec<u8>,
) -> Option<T> {
    let document = match bounded("the document", data.len(), READ, || parse(data)) {
        Ok(document) => document,
        Err(error) => {
            fault(data, &error);
            return None;
        }
    };
    let written = compose(&document);
    match parse(&written) {
        Ok(again) => assert_eq!(again, document, "{}", written.escape_ascii()),
        // Escapes make it longer.
        Err(error) => assert!(
            error.kind == BodyErrorKind::TooLarge && written.len() > limits::BODY,
            "{error} of {} from {}",
            written.escape_ascii(),
            data.escape_ascii()
        ),
    }
    Some(document)
}

/// A fault lies within the input.
pub fn fault(data: &[u8], error: &BodyError) {
    assert!(error.offset <= data.len(), "{error} of {}", data.escape_ascii());
    assert!(error.line >= 1 && error.line <= 1 + data.iter().filter(|byte| **byte == b'\n').count(), "{error}");
}
