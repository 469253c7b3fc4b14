use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::mem::{Discriminant, discriminant};
use core::ops::Range;

use super::text::{holds_forbidden, is_forbidden};
use super::{HeaderName, Headers};

/// The fields of a message in their order, as they were written. All letters lie in one text: what is taken
/// away leaves its letters behind, what comes is written at the end.
#[derive(Clone, Default)]
pub(super) struct Store {
    text: String,
    fields: Vec<Field>,
    /// Whether the message came without Content-Length, and is written without as long as nobody adds one.
    implicit: bool,
}

const LENGTH: Discriminant<HeaderName> = discriminant(&HeaderName::ContentLength);

/// Where a field lies in the text.
#[derive(Clone)]
pub(super) struct Field {
    /// The header, unless it is one that only its name tells.
    known: Option<Discriminant<HeaderName>>,
    /// The whole, with folds and line end.
    line: Span,
    /// The name as written.
    name: Span,
    /// The value without white space around it and without folds.
    value: Span,
    /// Whether folds are still in the value.
    folded: bool,
}

impl Field {
    /// A field of which only the line is known.
    pub(super) const fn of_line(start: usize, end: usize) -> Self {
        let nothing = Span::new(start, start);
        Self { known: None, line: Span::new(start, end), name: nothing, value: nothing, folded: false }
    }

    /// One more line of it.
    pub(super) const fn fold(&mut self, end: usize) {
        self.line = Span::new(self.line.start as usize, end);
        self.folded = true;
    }

    pub(super) const fn line(&self) -> Range<usize> {
        self.line.range()
    }

    /// Takes name and value, counted from the beginning of the line.
    pub(super) fn is(&mut self, text: &str, name: Range<usize>, value: Range<usize>) {
        let start = self.line.start as usize;
        self.name = Span::new(start + name.start, start + name.end);
        self.value = Span::new(start + value.start, start + value.end);
        self.known = text.get(self.name.range()).and_then(HeaderName::known).map(discriminant);
    }
}

/// A range of the text, which stays far below 4 GiB ([`super::limits`]).
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From the first byte to the one after the last.
    pub(super) const fn new(start: usize, end: usize) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what is parsed is at most 64 KiB, what is added is a field"
        )]
        Self { start: start as u32, end: end as u32 }
    }

    const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Store {
    pub(super) const fn new() -> Self {
        Self { text: String::new(), fields: Vec::new(), implicit: false }
    }

    /// No fields, with room for as many as another one has.
    pub(super) fn with_room_for(other: &Self) -> Self {
        let (text, fields) = (String::with_capacity(other.text.len()), Vec::with_capacity(other.fields.len()));
        Self { text, fields, implicit: false }
    }

    /// The store of a header section. A value with folds is written once more without them.
    pub(super) fn parsed(section: &str, fields: Vec<Field>) -> Self {
        let mut store = Self { text: section.into(), fields, implicit: false };
        for place in 0..store.fields.len() {
            if let Some(&Field { folded: true, value, .. }) = store.fields.get(place) {
                let value = store.unfold(value);
                if let Some(field) = store.fields.get_mut(place) {
                    field.value = value;
                }
            }
        }
        store
    }

    /// Says whether the length of the body goes without saying, as it ends with what carries it (RFC 3261 18.3).
    pub(super) const fn set_implicit(&mut self, implicit: bool) {
        self.implicit = implicit;
    }

    pub(super) const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Name and value of each field.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (self.slice(field.name), self.slice(field.value)))
    }

    /// Place and value of each field of that name.
    pub(super) fn values<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = (usize, &'a str)> {
        let is = named(&self.text, name);
        let of_name = self.fields.iter().enumerate().filter(move |(_, field)| is(field));
        of_name.map(|(place, field)| (place, self.slice(field.value)))
    }

    /// How many bytes before the end of the last field the value of this one begins, in a text that was parsed; for
    /// a value that was folded, its line.
    pub(super) fn before_end(&self, place: usize) -> usize {
        let end = self.fields.last().map_or(0, |field| field.line.range().end);
        let start = self.fields.get(place).map_or(end, |field| {
            let (line, value) = (field.line.range(), field.value.range());
            if line.contains(&value.start) { value.start } else { line.start }
        });
        end.saturating_sub(start)
    }

    /// Puts a field at a place; CR, LF and NUL do not get in, whatever `value` prints.
    pub(super) fn insert(&mut self, place: usize, name: &str, value: &dyn fmt::Display) {
        let start = self.text.len();
        let mut guard = Guard(&mut self.text);
        // Writing to a String does not fail; a Display that fails leaves what it has written.
        let _ = guard.write_str(name);
        let name = Span::new(start, guard.0.len());
        let _ = guard.write_str(": ");
        let value_start = guard.0.len();
        let _ = write!(guard, "{value}");
        let value = Span::new(value_start, self.text.len());
        self.text.push_str("\r\n");
        let known = HeaderName::known(self.slice(name)).map(discriminant);
        self.implicit &= known != Some(LENGTH);
        let line = Span::new(start, self.text.len());
        let field = Field { known, line, name, value, folded: false };
        self.fields.insert(place.min(self.fields.len()), field);
    }

    /// Takes the first bytes of a value away. The name moves up to the rest of it: whoever takes all values of a long
    /// list away, one by one, needs no more memory for it.
    pub(super) fn cut_front(&mut self, place: usize, bytes: usize) {
        let Some(field) = self.fields.get(place) else { return };
        let (line, value) = (field.line.range(), field.value.range());
        let before = self.text.get(line.start..value.start).filter(|_| !field.folded && value.end <= line.end);
        match before.map(String::from) {
            Some(before) => {
                let end = value.start + bytes;
                let start = end - before.len();
                // What is overwritten must be whole characters.
                let whole = (0..=start).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(start);
                let pad = " ".repeat(start - whole);
                self.text.replace_range(whole..end, &(pad + &before));
                let shift = |span: Span| Span::new(span.range().start + bytes, span.range().end + bytes);
                if let Some(field) = self.fields.get_mut(place) {
                    field.name = shift(field.name);
                    field.line = Span::new(start, line.end);
                    field.value = Span::new(end, value.end);
                }
            }
            None => {
                let rest = String::from(self.slice(field.value).get(bytes..).unwrap_or_default());
                self.replace(place, &rest);
            }
        }
    }

    /// Writes what other programs might read otherwise in the one way that all read alike: no white space in front of
    /// a colon, no folds, no second Content-Length.
    pub(super) fn normalize(&mut self) {
        let mut said = false;
        for place in (0..self.fields.len()).rev() {
            let Some(field) = self.fields.get(place) else { continue };
            let plain = self.text.get(field.name.range().end..).is_some_and(|rest| rest.starts_with(':'));
            let length = field.known == Some(LENGTH);
            if length && said {
                self.fields.remove(place);
            } else if field.folded || !plain {
                let value = String::from(self.slice(field.value));
                self.replace(place, &value);
            }
            said |= length;
        }
    }

    /// Gives the field at a place another value, under the name it has.
    fn replace(&mut self, place: usize, value: &dyn fmt::Display) {
        let Some(field) = self.fields.get(place) else { return };
        let name = String::from(self.slice(field.name));
        self.fields.remove(place);
        self.insert(place, &name, value);
    }

    /// Takes away the fields of that name for which `which` says so, in order.
    pub(super) fn remove(&mut self, name: &HeaderName, mut which: impl FnMut(usize) -> bool) {
        let mut count = 0;
        let mut fields = core::mem::take(&mut self.fields);
        let is = named(&self.text, name);
        fields.retain(|field| {
            if !is(field) {
                return true;
            }
            count += 1;
            !which(count - 1)
        });
        self.fields = fields;
    }

    /// Takes away the fields of these names.
    pub(super) fn remove_all(&mut self, names: &[HeaderName]) {
        let Self { text, fields, .. } = self;
        let alike: Vec<_> = names.iter().map(|name| named(text, name)).collect();
        fields.retain(|field| !alike.iter().any(|is| is(field)));
    }

    /// Adds the fields of that name from another store, as they were written there.
    pub(super) fn copy(&mut self, other: &Self, name: &HeaderName) {
        let is = named(&other.text, name);
        for field in other.fields.iter().filter(|field| is(field)) {
            let (from, to) = (field.line.start as usize, self.text.len());
            let shift = |span: Span, from: usize, to: usize| {
                let Range { start, end } = span.range();
                Span::new(start - from + to, end - from + to)
            };
            self.text.push_str(other.slice(field.line));
            let line = Span::new(to, self.text.len());
            let at = field.value.start;
            let value = if (field.line.start..field.line.end).contains(&at) || other.slice(field.value).is_empty() {
                shift(field.value, from.min(at as usize), to)
            } else {
                let start = self.text.len();
                self.text.push_str(other.slice(field.value));
                Span::new(start, self.text.len())
            };
            self.implicit &= field.known != Some(LENGTH);
            let name = shift(field.name, from, to);
            self.fields.push(Field { known: field.known, line, name, value, folded: false });
        }
    }

    /// The lines as written.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| self.slice(field.line))
    }

    /// The lines, with a Content-Length of `length`: one that says so already stays as it is, one that does not
    /// is corrected, further ones that do not are left out, and where none is needed none is added.
    fn write_with_length(&self, out: &mut Vec<u8>, length: usize) {
        let mut said = self.implicit;
        for field in &self.fields {
            if field.known != Some(LENGTH) {
                out.extend_from_slice(self.slice(field.line).as_bytes());
            } else if self.slice(field.value).parse() == Ok(length) {
                said = true;
                out.extend_from_slice(self.slice(field.line).as_bytes());
            } else if !said {
                said = true;
                append(out, format_args!("{}: {length}\r\n", self.slice(field.name)));
            }
        }
        if !said {
            append(out, format_args!("Content-Length: {length}\r\n"));
        }
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Each fold, with the white space around it, is one space (RFC 3261 7.3.1).
    fn unfold(&mut self, value: Span) -> Span {
        let start = self.text.len();
        let mut plain = String::with_capacity(value.range().len());
        for line in self.slice(value).split("\r\n") {
            let line = line.trim_matches([' ', '\t']);
            if !line.is_empty() && !plain.is_empty() {
                plain.push(' ');
            }
            plain.push_str(line);
        }
        self.text.push_str(&plain);
        Span::new(start, self.text.len())
    }
}

/// A message as it goes on the wire.
pub(super) fn to_bytes(start_line: fmt::Arguments<'_>, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + headers.store.text.len() + body.len());
    append(&mut out, start_line);
    headers.store.write_with_length(&mut out, body.len());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

/// Whether a field of that text has that name.
fn named<'a>(text: &'a str, name: &'a HeaderName) -> impl Fn(&Field) -> bool + 'a {
    let known = discriminant(name.resolved());
    move |field| match (field.known, name) {
        (Some(found), _) => found == known,
        (None, HeaderName::Other(token)) => {
            text.get(field.name.range()).is_some_and(|name| name.eq_ignore_ascii_case(token))
        }
        (None, _) => false,
    }
}

/// Lets everything through but what ends lines and strings: the last fence before the wire.
struct Guard<'a>(&'a mut String);

impl fmt::Write for Guard<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if holds_forbidden(text) {
            self.0.extend(text.chars().map(|c| if is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c }));
        } else {
            self.0.push_str(text);
        }
        Ok(())
    }
}

fn append(out: &mut Vec<u8>, what: fmt::Arguments<'_>) {
    struct Bytes<'a>(&'a mut Vec<u8>);
    impl fmt::Write for Bytes<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }
    // Writing to a Vec does not fail.
    let _ = Bytes(out).write_fmt(what);
}
