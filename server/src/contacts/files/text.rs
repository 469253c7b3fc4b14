//! The letters of a file.

use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;

/// The text of a file, and what it was taken for if that had to be guessed: by the mark at its beginning, else UTF-8, else
/// Windows' letters, in which everything is something.
pub(super) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default());
        return (text, None);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), None),
        Err(_) => (WINDOWS_1252.decode_without_bom_handling(bytes).0, Some(WINDOWS_1252.name())),
    }
}
