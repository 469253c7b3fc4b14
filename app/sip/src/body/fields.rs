//! Header fields inside of a body: of a part (RFC 2046 5.1), of a fragment (RFC 3420).

use alloc::string::String;

use super::BodyErrorKind;
use crate::message::Headers;

/// Reads fields up to an empty line or the end; gives them and where what follows begins. Lines may end with
/// LF alone, and may be folded.
///
/// # Errors
/// A line that is no field, or breaks a limit of [`crate::message::limits`], and where.
pub(super) fn read(bytes: &[u8]) -> Result<(Headers, usize), (BodyErrorKind, usize)> {
    let mut headers = Headers::new();
    let mut field: Option<(usize, String)> = None;
    let mut next = 0;
    for raw in bytes.split_inclusive(|byte| *byte == b'\n') {
        let start = next;
        next += raw.len();
        let line = core::str::from_utf8(raw).map_err(|error| (BodyErrorKind::Encoding, start + error.valid_up_to()))?;
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.starts_with([' ', '\t']) && !line.trim_matches([' ', '\t']).is_empty() {
            let Some((_, field)) = &mut field else { return Err((BodyErrorKind::Field, start)) };
            field.push(' ');
            field.push_str(line.trim_matches([' ', '\t']));
            continue;
        }
        push(&mut headers, field.take())?;
        if line.is_empty() {
            return Ok((headers, next));
        }
        field = Some((start, line.into()));
    }
    push(&mut headers, field)?;
    Ok((headers, next))
}

/// The fields as they go on the wire, without the empty line.
pub(super) fn write(headers: &Headers, out: &mut alloc::vec::Vec<u8>) {
    for (name, value) in headers.iter() {
        for piece in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(piece.as_bytes());
        }
    }
}

fn push(headers: &mut Headers, field: Option<(usize, String)>) -> Result<(), (BodyErrorKind, usize)> {
    let Some((start, field)) = field else { return Ok(()) };
    let pushed = field.split_once(':').map(|(name, value)| headers.push_raw(name.trim_end_matches([' ', '\t']), value));
    match pushed {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) | None => Err((BodyErrorKind::Field, start)),
    }
}
