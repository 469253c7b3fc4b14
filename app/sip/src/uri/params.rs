use alloc::string::String;
use core::fmt;

use crate::class::{URI_PARAM, VALUE};
use crate::message::Text;

/// Parameters of a URI or of a header field, in order: `;name=value;name`. Names have no case. A value that
/// is a quoted string keeps its quotes; [`Params::text`] takes them off.
///
/// They are kept as one text, as most of them are only passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params(String);

/// A name or value would break out of its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not allowed in a parameter")]
pub struct InvalidParam;

impl Params {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// The parameter: `None` if it is not there, `Some(None)` if it has no value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        Pieces(&self.0).find_map(|piece| value_of(piece, name))
    }

    /// The parameter's value; `None` if it is not there or has none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name).flatten()
    }

    /// The parameter's value without quotes and escapes.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Text> {
        self.value(name).map(Text::unquote)
    }

    /// Whether it is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as they stand on the wire, each with its semicolon in front.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// All of them: name and value, as written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        Pieces(&self.0).map(|piece| match piece.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (piece, None),
        })
    }

    /// Sets the parameter in its place, or adds it at the end.
    ///
    /// # Errors
    /// The name is no token, or the value has a character that would end it. Free text goes through
    /// [`Params::set_text`].
    pub fn set(&mut self, name: &str, value: Option<&str>) -> Result<(), InvalidParam> {
        if value.is_some_and(|value| value.is_empty() || !URI_PARAM.holds(value) || value.contains('@')) {
            return Err(InvalidParam);
        }
        self.replace(name, value)
    }

    /// Sets the parameter to a quoted string: for parameters of header fields only.
    ///
    /// # Errors
    /// The name is no token.
    pub fn set_text(&mut self, name: &str, text: &Text) -> Result<(), InvalidParam> {
        let mut quoted = String::with_capacity(text.len() + 2);
        write_quoted(&mut quoted, text).map_err(|_| InvalidParam)?;
        self.replace(name, Some(&quoted))
    }

    /// As [`Params::set`], for values that another element chose, like tags: all is allowed that can be read back
    /// from a header field.
    pub(crate) fn set_received(&mut self, name: &str, value: &str) -> Result<(), InvalidParam> {
        if value.is_empty() || !VALUE.holds(value) {
            return Err(InvalidParam);
        }
        self.replace(name, Some(value))
    }

    /// Takes the parameter away; says whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.remove_all(&[name]);
        self.0.len() != before
    }

    /// Takes these parameters away.
    pub(crate) fn remove_all(&mut self, names: &[&str]) {
        let mut kept = String::with_capacity(self.0.len());
        for piece in Pieces(&self.0).filter(|piece| !names.iter().any(|name| is_named(piece, name))) {
            kept.push(';');
            kept.push_str(piece);
        }
        self.0 = kept;
    }

    /// All of them, from a text that the grammar has read: with semicolons in front, without white space.
    pub(crate) fn from_parsed(text: &str) -> Self {
        Self(text.into())
    }

    fn replace(&mut self, name: &str, value: Option<&str>) -> Result<(), InvalidParam> {
        if !crate::message::is_token(name) {
            return Err(InvalidParam);
        }
        let mut out = String::with_capacity(self.0.len() + name.len() + 8);
        let mut placed = false;
        for piece in Pieces(&self.0) {
            if !is_named(piece, name) {
                write_param(&mut out, piece, None);
            } else if !placed {
                write_param(&mut out, name, value);
                placed = true;
            }
        }
        if !placed {
            write_param(&mut out, name, value);
        }
        self.0 = out;
        Ok(())
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Adds a parameter to a text of them.
pub(crate) fn write_param(out: &mut String, name: &str, value: Option<&str>) {
    out.push(';');
    out.push_str(name);
    if let Some(value) = value {
        out.push('=');
        out.push_str(value);
    }
}

/// Writes a quoted string (RFC 3261 25.1), with its quotes.
pub(crate) fn write_quoted(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

fn is_named(piece: &str, name: &str) -> bool {
    value_of(piece, name).is_some()
}

/// What a piece says of this name, if it is its own.
fn value_of<'a>(piece: &'a str, name: &str) -> Option<Option<&'a str>> {
    let (head, rest) = piece.split_at_checked(name.len())?;
    match rest.strip_prefix('=') {
        _ if !head.eq_ignore_ascii_case(name) => None,
        None if !rest.is_empty() => None,
        value => Some(value),
    }
}

/// What stands between semicolons, outside of quotes.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.strip_prefix(';')?;
        // Most hold no quotes, and are read often.
        let end = text.bytes().position(|byte| matches!(byte, b';' | b'"')).unwrap_or(text.len());
        let end = if text.as_bytes().get(end) == Some(&b'"') { behind_quotes(text) } else { end };
        let (piece, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        self.0 = rest;
        Some(piece)
    }
}

/// Where the first semicolon outside of quotes is, or the end.
fn behind_quotes(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => return true,
            _ => {}
        }
        false
    });
    end.unwrap_or(text.len())
}

#[cfg(feature = "serde")]
mod form {
    use super::{InvalidParam, Params};
    use alloc::string::String;

    impl serde::Serialize for Params {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&self.0)
        }
    }

    impl<'de> serde::Deserialize<'de> for Params {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            match crate::header::grammar::params(&text) {
                Ok(("", params)) => Ok(params),
                Ok(_) | Err(_) => Err(serde::de::Error::custom(InvalidParam)),
            }
        }
    }
}
