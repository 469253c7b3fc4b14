//! Classes of bytes (RFC 3261 25.1), in one table. They are as wide as the world writes. Bytes beyond ASCII are all
//! in a class or all out of it, so that a run of one ends between characters.

/// Bytes that may stand somewhere.
#[derive(Clone, Copy)]
pub(crate) struct Class(u16);

/// What `token` is made of.
pub(crate) const TOKEN: Class = Class(1);
/// What a domain name or an IPv4 address is made of.
pub(crate) const HOST: Class = Class(1 << 1);
/// What a user or a password is made of; `#` and `[` are among what the world writes there unescaped.
pub(crate) const PART: Class = Class(1 << 2);
/// What may stand anywhere in a URI.
pub(crate) const VISIBLE: Class = Class(1 << 3);
/// What a parameter's unquoted value is made of: more than tokens, as the world writes more.
pub(crate) const VALUE: Class = Class(1 << 4);
/// What a parameter's name is made of.
pub(crate) const NAME: Class = Class(1 << 5);
/// What the parameters of a URI are made of: a question mark ends them.
pub(crate) const URI_PARAM: Class = Class(1 << 6);
/// What follows the question mark: an `@` would make a user of all that is in front of it.
pub(crate) const URI_HEADERS: Class = Class(1 << 7);
/// What display names without quotes are made of: words, and white space between them.
pub(crate) const WORDS: Class = Class(1 << 8);
/// What a URI without angle brackets is made of (RFC 3261 20).
pub(crate) const BARE: Class = Class(1 << 9);
/// What a quoted string is made of, without escapes.
pub(crate) const QUOTED: Class = Class(1 << 10);
/// White space within a line.
pub(crate) const WHITE: Class = Class(1 << 11);

impl Class {
    /// Whether the byte is in the class.
    #[allow(clippy::indexing_slicing, reason = "there is an entry for each byte; `get` is not const")]
    pub(crate) const fn has(self, byte: u8) -> bool {
        TABLE[byte as usize] & self.0 != 0
    }

    /// Whether all of a text is in the class.
    pub(crate) fn holds(self, text: &str) -> bool {
        text.bytes().all(|byte| self.has(byte))
    }

    /// Where the first byte is that is not in the class.
    pub(crate) fn end(self, bytes: &[u8]) -> usize {
        bytes.iter().position(|byte| !self.has(*byte)).unwrap_or(bytes.len())
    }

    /// The text from its beginning on as far as it is in the class, and the rest.
    pub(crate) fn split(self, text: &str) -> (&str, &str) {
        // The end is between characters, as all bytes beyond ASCII are treated alike.
        text.split_at_checked(self.end(text.as_bytes())).unwrap_or((text, ""))
    }
}

static TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut slots: &mut [u16] = &mut table;
    let mut byte = 0;
    while let [slot, rest @ ..] = slots {
        *slot = classes(byte);
        byte = byte.wrapping_add(1);
        slots = rest;
    }
    table
};

const fn classes(byte: u8) -> u16 {
    const fn when(is: bool, class: Class) -> u16 {
        if is { class.0 } else { 0 }
    }
    let visible = !matches!(byte, 0..=b' ' | 0x7f | b'<' | b'>' | b'"');
    let value = visible && !matches!(byte, b';' | b',');
    let token = matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
        || byte.is_ascii_alphanumeric();
    when(token, TOKEN)
        | when(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'), HOST)
        | when(visible && !matches!(byte, b'@' | b':'), PART)
        | when(visible, VISIBLE)
        | when(value, VALUE)
        | when(value && byte != b'=', NAME)
        | when(value && byte != b'?', URI_PARAM)
        | when(visible && byte != b'@', URI_HEADERS)
        | when(value || matches!(byte, b' ' | b'\t'), WORDS)
        | when(!matches!(byte, b';' | b',' | b'?' | b' ' | b'\t' | b'>'), BARE)
        | when(!matches!(byte, b'"' | b'\\' | b'\r' | b'\n'), QUOTED)
        | when(matches!(byte, b' ' | b'\t'), WHITE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn bytes_beyond_ascii_are_treated_alike() {
        for bit in 0..u16::BITS {
            let found: Vec<bool> = (128..=255).map(|byte| Class(1 << bit).has(byte)).collect();
            assert!(found.iter().all(|is| *is) || !found.contains(&true), "{bit}");
        }
    }

    #[test]
    fn a_run_ends_where_its_class_ends() {
        assert_eq!(TOKEN.split("a-b;c"), ("a-b", ";c"));
        assert_eq!(PART.split("jörg@x"), ("jörg", "@x"));
        assert_eq!(TOKEN.split("jörg"), ("j", "örg"));
        assert_eq!(WHITE.split(""), ("", ""));
        assert!(VALUE.holds("a=b?c") && !VALUE.holds("a b"));
    }
}
