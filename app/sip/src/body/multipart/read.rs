use alloc::vec::Vec;

use super::super::{BodyError, BodyErrorKind, fields, limits};
use super::Part;
use crate::header::MediaType;
use crate::message::Text;

pub(super) fn parts(media_type: &MediaType, body: &[u8]) -> Result<Vec<Part>, BodyError> {
    if body.len() > limits::BODY {
        return Err(BodyError::new(BodyErrorKind::TooLarge, body, limits::BODY));
    }
    let boundary = boundary(media_type).ok_or_else(|| BodyError::new(BodyErrorKind::Boundary, body, 0))?;
    let mut parts = Vec::new();
    let mut start = None;
    let mut next = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let at = next;
        next += line.len();
        let Some(delimiter) = Delimiter::read(line, &boundary) else { continue };
        if let Some(start) = start.replace(next) {
            push(&mut parts, body, start, end_before(body, at))?;
        }
        if delimiter == Delimiter::Last {
            return Ok(parts);
        }
    }
    match start {
        Some(start) => push(&mut parts, body, start, body.len())?,
        None => return Err(BodyError::new(BodyErrorKind::Boundary, body, body.len())),
    }
    Ok(parts)
}

/// The boundary of a multipart type (RFC 2046 5.1.1), which a space must not end.
fn boundary(media_type: &MediaType) -> Option<Text> {
    if !media_type.kind.eq_ignore_ascii_case("multipart") {
        return None;
    }
    let fits = |boundary: &Text| (1..=limits::BOUNDARY).contains(&boundary.len()) && !boundary.ends_with(' ');
    media_type.params.text("boundary").filter(fits)
}

fn push(parts: &mut Vec<Part>, body: &[u8], start: usize, end: usize) -> Result<(), BodyError> {
    if parts.len() >= limits::PARTS {
        return Err(BodyError::new(BodyErrorKind::TooMany, body, start));
    }
    // A part without anything ends where it begins, as its line end belongs to the boundary.
    let part = body.get(start..end.max(start)).unwrap_or_default();
    let (headers, length) = fields::read(part).map_err(|(kind, at)| BodyError::new(kind, body, start + at))?;
    parts.push(Part { headers, body: part.get(length..).unwrap_or_default().into() });
    Ok(())
}

/// Where a part ends before a boundary: the line end in front belongs to the boundary.
fn end_before(body: &[u8], boundary: usize) -> usize {
    let before = body.get(..boundary).unwrap_or_default();
    let before = before.strip_suffix(b"\n").unwrap_or(before);
    before.strip_suffix(b"\r").unwrap_or(before).len()
}

/// A line between parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    Next,
    Last,
}

impl Delimiter {
    /// Two hyphens, the boundary, and two more after the last part; then nothing but white space.
    fn read(line: &[u8], boundary: &str) -> Option<Self> {
        let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
        match rest.trim_ascii_end() {
            b"" => Some(Self::Next),
            b"--" => Some(Self::Last),
            _ => None,
        }
    }
}
