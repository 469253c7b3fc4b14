use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;

use super::store::Store;
use super::text::is_forbidden;
use super::{HeaderError, HeaderName, InvalidHeader, limits};

/// A header that can be read from its value and written again. Its `Display` is the value.
pub trait Header: Sized + fmt::Display {
    /// The name.
    const NAME: HeaderName;
    /// Whether a field may hold several values, with commas between them (RFC 3261 7.3.1); the type is one of them.
    const LIST: bool;
    /// Whether the type is the whole list, over all fields: they are merged.
    const WHOLE: bool = false;

    /// Reads one value: a whole field's, or one of a list.
    ///
    /// # Errors
    /// It does not fit the grammar.
    fn parse(value: &str) -> Result<Self, Malformed>;

    /// Takes over what a later field says, if [`Header::WHOLE`].
    fn merge(&mut self, _later: Self) {}
}

/// A value does not fit its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not well-formed at byte {at}")]
pub struct Malformed {
    /// Where: bytes from the beginning of the value.
    pub at: usize,
}

/// The header fields of a message: an ordered store that keeps them as they were written. What is read from it
/// is typed ([`Headers::get`]); what is written to it cannot hold CR, LF or NUL.
#[derive(Clone, Default)]
pub struct Headers {
    pub(super) store: Store,
}

impl Headers {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self { store: Store::new() }
    }

    /// No fields, with room for as many as others have.
    pub(crate) fn with_room_for(other: &Self) -> Self {
        Self { store: Store::with_room_for(&other.store) }
    }

    /// The first value of the header.
    ///
    /// # Errors
    /// There is none, or it is malformed.
    pub fn get<H: Header>(&self) -> Result<H, HeaderError> {
        self.find()?.ok_or(HeaderError::Missing { name: H::NAME })
    }

    /// The first value of the header, if there is one.
    ///
    /// # Errors
    /// It is malformed.
    pub fn find<H: Header>(&self) -> Result<Option<H>, HeaderError> {
        let name = H::NAME;
        let mut fields = self.store.values(&name).map(|(_, value)| value);
        if H::LIST {
            // A field may hold no value at all.
            return fields
                .find_map(|value| Elements::new(value).next())
                .map(|(at, first)| typed(first, at))
                .transpose();
        }
        let Some(value) = fields.next() else { return Ok(None) };
        let mut found = typed::<H>(value, 0)?;
        if H::WHOLE {
            for value in fields {
                found.merge(typed(value, 0)?);
            }
        }
        Ok(Some(found))
    }

    /// Every value of the header over all its fields, in order.
    ///
    /// # Errors
    /// One is malformed, or there are more than [`limits::VALUES`].
    pub fn all<H: Header>(&self) -> Result<Vec<H>, HeaderError> {
        let mut found = Vec::new();
        for (_, value) in self.store.values(&H::NAME) {
            if H::LIST {
                for (offset, element) in Elements::new(value) {
                    found.push(typed(element, offset)?);
                }
            } else {
                found.push(typed(value, 0)?);
            }
            if found.len() > limits::VALUES {
                return Err(HeaderError::TooMany { name: H::NAME });
            }
        }
        Ok(found)
    }

    /// Adds a field at the end.
    pub fn push<H: Header>(&mut self, header: &H) {
        self.store.insert(usize::MAX, H::NAME.as_str(), header);
    }

    /// Adds a field before the first of its name, or before all when there is none: for Via and Record-Route,
    /// of which the first is the newest.
    pub fn push_front<H: Header>(&mut self, header: &H) {
        let place = self.store.values(&H::NAME).next().map_or(0, |(place, _)| place);
        self.store.insert(place, H::NAME.as_str(), header);
    }

    /// Makes this the only value of the header, in the place of the first, or at the end.
    pub fn set<H: Header>(&mut self, header: &H) {
        self.put(&H::NAME, header);
    }

    /// As [`Headers::set`], with a value that is kept as it is written.
    pub(crate) fn set_raw(&mut self, name: &HeaderName, value: &str) {
        self.put(name, &value);
    }

    fn put(&mut self, name: &HeaderName, value: &dyn fmt::Display) {
        let place = self.store.values(name).next().map_or(usize::MAX, |(place, _)| place);
        self.remove(name);
        self.store.insert(place, name.as_str(), value);
    }

    /// Takes away the first value of the header, also out of a list; says whether there was one.
    pub fn pop_front<H: Header>(&mut self) -> bool {
        let name = H::NAME;
        let is_value = |value: &str| !H::LIST || Elements::new(value).next().is_some();
        let Some((empty, (place, value))) =
            self.store.values(&name).enumerate().find(|(_, (_, value))| is_value(value))
        else {
            return false;
        };
        let second = if H::LIST { Elements::new(value).nth(1) } else { None };
        match second {
            Some((offset, _)) => self.store.cut_front(place, offset),
            // Fields without a value that are in front go with it.
            None => self.store.remove(&name, |count| count <= empty),
        }
        true
    }

    /// Takes away all fields of that name.
    pub fn remove(&mut self, name: impl Borrow<HeaderName>) {
        self.store.remove(name.borrow(), |_| true);
    }

    /// Takes away all fields of these names.
    pub(crate) fn remove_all(&mut self, names: &[HeaderName]) {
        self.store.remove_all(names);
    }

    /// Takes away the fields of that name whose value is not to stay.
    pub(crate) fn retain(&mut self, name: &HeaderName, keep: impl FnMut(&str) -> bool) {
        let mut stays = self.raw(name).map(keep).collect::<Vec<bool>>().into_iter();
        self.store.remove(name, |_| stays.next() == Some(false));
    }

    /// How many values of the header there are over all its fields.
    pub(crate) fn count<H: Header>(&self) -> usize {
        let of = |value| if H::LIST { Elements::new(value).count() } else { 1 };
        self.store.values(&H::NAME).map(|(_, value)| of(value)).sum()
    }

    /// Whether there is a field of that name.
    #[must_use]
    pub fn contains(&self, name: impl Borrow<HeaderName>) -> bool {
        self.store.values(name.borrow()).next().is_some()
    }

    /// The values of the fields of that name, untyped, without folds.
    pub fn raw<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
        self.store.values(name).map(|(_, value)| value)
    }

    /// All fields: the name as it is written, and the value without folds.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.store.iter()
    }

    /// The number of fields.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there are no fields.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.store.len() == 0
    }

    /// Adds a field at the end, untyped.
    ///
    /// # Errors
    /// The name is no token, the value holds CR, LF or NUL, or a limit is broken.
    pub fn push_raw(&mut self, name: &str, value: &str) -> Result<(), InvalidHeader> {
        if !super::is_token(name) {
            return Err(InvalidHeader::Name);
        }
        if let Some(at) = value.bytes().position(|byte| is_forbidden(char::from(byte))) {
            return Err(InvalidHeader::Control { at });
        }
        if name.len() + value.len() + 4 > limits::FIELD || self.len() >= limits::FIELDS {
            return Err(InvalidHeader::TooLarge);
        }
        self.store.insert(usize::MAX, name, &value.trim_matches([' ', '\t']));
        Ok(())
    }

    /// Writes a Content-Length from now on, also if the message came without one: streams need it
    /// (RFC 3261 18.3).
    pub fn state_length(&mut self) {
        self.store.set_implicit(false);
    }

    /// Makes fields ready for whoever reads them next, which may read what is unusual otherwise: writes names without
    /// white space behind them, values without folds, one Content-Length, and that always.
    pub fn normalize(&mut self) {
        self.state_length();
        self.store.normalize();
    }

    /// Adds all fields of that name from another message, as they are written there.
    pub fn copy_from(&mut self, other: &Self, name: impl Borrow<HeaderName>) {
        self.store.copy(&other.store, name.borrow());
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.store.lines().eq(other.store.lines())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.store.lines()).finish()
    }
}

/// The values of a list: what stands between commas outside of quotes and angle brackets, without white space
/// around it, each with its offset. Nothing between two commas is no value (RFC 9110 5.6.1.2).
struct Elements<'a> {
    value: &'a str,
    next: Option<usize>,
}

impl<'a> Elements<'a> {
    const fn new(value: &'a str) -> Self {
        Self { value, next: Some(0) }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.next?;
            let rest = self.value.get(start..)?;
            // Most fields hold one value, and no comma at all.
            let end = if rest.contains(',') { comma(rest) } else { None };
            self.next = end.map(|end| start + end + 1);
            let element = rest.get(..end.unwrap_or(rest.len()))?;
            let trimmed = element.trim_start_matches([' ', '\t']);
            if !trimmed.is_empty() {
                return Some((start + element.len() - trimmed.len(), trimmed.trim_end_matches([' ', '\t'])));
            }
        }
    }
}

/// The first comma outside of quotes and angle brackets.
fn comma(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped, mut angled) = (false, false, false);
    text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'<' => angled = true,
            b'>' => angled = false,
            b',' if !angled => return true,
            _ => {}
        }
        false
    })
}

fn typed<H: Header>(value: &str, offset: usize) -> Result<H, HeaderError> {
    H::parse(value).map_err(|error| HeaderError::Malformed { name: H::NAME, at: offset + error.at })
}
