//! The laws that all documents share which messages carry.

use super::memory::{Bound, bounded};
use sip::body::{BodyError, BodyErrorKind, limits};

/// What reading a document may take: an element of a few bytes becomes a value of some hundred.
const READ: Bound = Bound { per_byte: 64, fixed: 8 * 1024 };

/// As [`law`], and what is read of what was written is the same.
pub fn exact<T: PartialEq + std::fmt::Debug>(
    data: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, BodyError>,
    compose: impl Fn(&T) -> Vec<u8>,
) -> Option<T> {
    let document = law(data, &parse, &compose)?;
    if let Ok(again) = parse(&compose(&document)) {
        assert_eq!(again, document, "{}", data.escape_ascii());
    }
    Some(document)
}

/// Reads, writes and reads again. Schemas demand more than the world writes, and that is added; from then on
/// nothing changes any more.
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
        Ok(again) => assert_eq!(compose(&again).escape_ascii().to_string(), written.escape_ascii().to_string()),
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
