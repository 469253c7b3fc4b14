use alloc::string::String;
use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

use super::InvalidHeader;

/// Free text for a header field: whatever holds no CR, LF, NUL or other control character but a tab.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    /// The text as it is.
    ///
    /// # Errors
    /// There is a control character in it.
    pub fn new(text: &str) -> Result<Self, InvalidHeader> {
        match text.find(is_forbidden) {
            Some(at) => Err(InvalidHeader::Control { at }),
            None => Ok(Self(text.into())),
        }
    }

    /// Text from anywhere: control characters become U+FFFD.
    #[must_use]
    pub fn lossy(text: &str) -> Self {
        if !holds_forbidden(text) {
            return Self(text.into());
        }
        Self(text.chars().map(|c| if is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a quoted string says (RFC 3261 25.1), or what it is when it is not quoted.
    pub(crate) fn unquote(raw: &str) -> Self {
        let Some(inner) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else {
            return Self::lossy(raw);
        };
        if !inner.contains('\\') {
            return Self::lossy(inner);
        }
        let mut out = String::with_capacity(inner.len());
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            out.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        Self::lossy(&out)
    }
}

/// Whether it must never reach the wire from outside: it ends lines or strings, or is another control character
/// that no header may hold (RFC 3261 25.1 `TEXT-UTF8char`).
pub(crate) const fn is_forbidden(c: char) -> bool {
    c < ' ' && c != '\t'
}

/// Whether any of it is forbidden; all that is forbidden is ASCII.
pub(crate) fn holds_forbidden(text: &str) -> bool {
    // Without a way out of the loop several bytes are looked at in one step.
    text.bytes().fold(false, |found, byte| found | is_forbidden(char::from(byte)))
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Text {
    type Err = InvalidHeader;

    fn from_str(text: &str) -> Result<Self, InvalidHeader> {
        Self::new(text)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

super::serde_as_text!(Text);
