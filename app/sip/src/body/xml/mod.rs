//! As much XML as SIP bodies need: elements, attributes and text, read into a small tree, and written.

mod read;
mod text;
mod write;

pub(super) use read::{Element, Source};
pub(super) use write::Writer;

/// Whether XML 1.0 can hold it (2.2 `Char`).
pub(super) const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
