use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::super::fields;
use super::Part;
use crate::header::MediaType;
use crate::message::InvalidHeader;

/// What all boundaries begin with; digits follow.
const PREFIX: &[u8] = b"--part-";
/// How many.
const DIGITS: usize = 8;

/// A body of several parts, and its type with the boundary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// For Content-Type.
    pub media_type: MediaType,
    /// The body.
    pub body: Vec<u8>,
}

/// Puts parts together, as `multipart/mixed`, `multipart/alternative` and so on. The boundary is the first of a
/// fixed row that occurs in no part: the same parts give the same bytes.
///
/// # Errors
/// The subtype is no token.
pub fn compose(subtype: &str, parts: &[Part]) -> Result<Composed, InvalidHeader> {
    let written: Vec<Vec<u8>> = parts.iter().map(write).collect();
    let boundary = free_boundary(&written);
    let media_type = format!("multipart/{subtype};boundary={boundary}").parse()?;
    let mut body = Vec::new();
    for part in &written {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Composed { media_type, body })
}

fn write(part: &Part) -> Vec<u8> {
    let mut out = Vec::new();
    fields::write(&part.headers, &mut out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&part.body);
    out
}

/// The smallest number that no part has where a boundary would have it. All that occur are collected first, so
/// that parts full of boundaries do not make it slow.
fn free_boundary(parts: &[Vec<u8>]) -> String {
    let windows = parts.iter().flat_map(|part| part.windows(PREFIX.len() + DIGITS));
    let numbers = windows.filter_map(|window| window.strip_prefix(PREFIX)).filter_map(number);
    let taken: BTreeSet<u32> = numbers.collect();
    let free = (0..).zip(&taken).find(|(number, taken)| number != *taken).map(|(number, _)| number);
    // As all numbers so far are taken in order, the next is as many as there are.
    let number = free.unwrap_or_else(|| u32::try_from(taken.len()).unwrap_or(u32::MAX));
    format!("part-{number:0DIGITS$}")
}

fn number(digits: &[u8]) -> Option<u32> {
    let digits = core::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok()
}
