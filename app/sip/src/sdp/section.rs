use alloc::string::String;
use alloc::vec::Vec;

/// How lines end: as they do in the first line that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    CrLf,
    Lf,
}

/// One line, with its line end as it came. Only the last of a description may have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line(String);

/// The lines of the session, or of one media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    lines: Vec<Line>,
    end: LineEnd,
}

impl LineEnd {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::CrLf => "\r\n",
            Self::Lf => "\n",
        }
    }
}

impl Line {
    /// A line that was parsed, with its line end.
    pub(super) fn from_parsed(text: &str) -> Self {
        Self(text.into())
    }

    /// A line of these parts. CR, LF and NUL do not get in, whatever the parts hold: the last fence before the wire.
    fn new(parts: &[&str], end: LineEnd) -> Self {
        let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + 2);
        for part in parts {
            // RFC 8866 9, `byte-string`: all others may stand in a line.
            let fenced = |c| if matches!(c, '\r' | '\n' | '\0') { char::REPLACEMENT_CHARACTER } else { c };
            text.extend(part.chars().map(fenced));
        }
        text.push_str(end.as_str());
        Self(text)
    }

    /// As it is printed.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Without its line end.
    pub(super) fn content(&self) -> &str {
        self.0.trim_end_matches(['\r', '\n'])
    }

    /// What stands before the equals sign.
    pub(super) fn letter(&self) -> u8 {
        self.0.as_bytes().first().copied().unwrap_or_default()
    }

    /// What stands behind the equals sign.
    pub(super) fn value(&self) -> &str {
        self.content().get(2..).unwrap_or_default()
    }

    /// Name and value of an attribute; the value of a flag is empty (RFC 8866 5.13).
    pub(super) fn attribute(&self) -> Option<(&str, &str)> {
        if self.letter() != b'a' {
            return None;
        }
        let value = self.value();
        Some(value.split_once(':').unwrap_or((value, "")))
    }
}

impl Section {
    pub(super) const fn new(end: LineEnd) -> Self {
        Self { lines: Vec::new(), end }
    }

    pub(super) fn add_parsed(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub(super) const fn end(&self) -> LineEnd {
        self.end
    }

    pub(super) fn lines(&self) -> core::slice::Iter<'_, Line> {
        self.lines.iter()
    }

    /// The value of the first line of that letter.
    pub(super) fn value(&self, letter: u8) -> Option<&str> {
        self.lines().find(|line| line.letter() == letter).map(Line::value)
    }

    /// The values of the attribute, in order.
    pub(super) fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.lines().filter_map(Line::attribute).filter(move |(found, _)| *found == name);
        named.map(|(_, value)| value)
    }

    /// The first value of the attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.lines().filter_map(Line::attribute).find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    pub(super) fn has_attribute(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// The place of the first line for which `which` says so.
    pub(super) fn place(&self, which: &dyn Fn(&Line) -> bool) -> Option<usize> {
        self.lines().position(which)
    }

    /// Gives the line at a place other contents.
    pub(super) fn replace(&mut self, place: usize, parts: &[&str]) {
        if let Some(line) = self.lines.get_mut(place) {
            *line = Line::new(parts, self.end);
        }
    }

    /// Puts a line at a place.
    pub(super) fn insert(&mut self, place: usize, parts: &[&str]) {
        self.lines.insert(place.min(self.lines.len()), Line::new(parts, self.end));
    }

    /// Puts a line at the end.
    pub(super) fn push(&mut self, parts: &[&str]) {
        self.insert(usize::MAX, parts);
    }

    /// Makes this the only value of the attribute, in the place of the first, or at the end; one that says so
    /// already stays as it is.
    pub(super) fn set_attribute(&mut self, name: &str, value: &str) {
        let mut said = false;
        let first = self.place(&|line| line.attribute().is_some_and(|(found, _)| found == name));
        match first {
            Some(_) if self.attribute(name) == Some(value) => {}
            Some(place) => self.replace(place, &["a=", name, ":", value]),
            None => self.push(&["a=", name, ":", value]),
        }
        self.retain_attributes(&mut |found, _| found != name || !core::mem::replace(&mut said, true));
    }

    /// Makes this the only address (`c=`).
    pub(super) fn set_connection(&mut self, address: &str) {
        self.remove(&|line| line.letter() == b'c');
        let place = self.place(&|line| !matches!(line.letter(), b'm' | b'i'));
        self.insert(place.unwrap_or(usize::MAX), &["c=", address]);
    }

    /// Adds a flag, unless it is there.
    pub(super) fn set_flag(&mut self, name: &str) {
        if !self.has_attribute(name) {
            self.push(&["a=", name]);
        }
    }

    /// Takes away the attributes for which `keep`, given name and value, does not say so.
    pub(super) fn retain_attributes(&mut self, keep: &mut dyn FnMut(&str, &str) -> bool) {
        self.lines.retain(|line| line.attribute().is_none_or(|(name, value)| keep(name, value)));
    }

    /// Moves the attributes to another section for whose names `which` says so.
    pub(super) fn move_attributes(&mut self, to: &mut Self, which: &dyn Fn(&str) -> bool) {
        let moves = |line: &Line| line.attribute().is_some_and(|(name, _)| which(name));
        let (moved, stays) = core::mem::take(&mut self.lines).into_iter().partition(moves);
        self.lines = stays;
        to.lines.append(&mut { moved });
    }

    /// Takes away the lines for which `which` says so.
    pub(super) fn remove(&mut self, which: &dyn Fn(&Line) -> bool) {
        self.lines.retain(|line| !which(line));
    }

    /// Takes away SDES keys and lines without a value, and gives every line its end. What every description must have
    /// gets a value that says nothing instead (RFC 8866 5.3, 5.9).
    pub(super) fn make_strict(&mut self) {
        for (letter, value) in [(b's', "s=-"), (b't', "t=0 0")] {
            if let Some(place) = self.place(&|line| line.letter() == letter && line.value().is_empty()) {
                self.replace(place, &[value]);
            }
        }
        self.remove(&|line| line.value().is_empty());
        self.retain_attributes(&mut |name, _| name != "crypto");
        let end = self.end;
        for line in self.lines.iter_mut().filter(|line| !line.0.ends_with('\n')) {
            line.0.push_str(end.as_str());
        }
    }

    /// Whether the lines are the same, but for the origin, and whatever their ends.
    pub(super) fn is_unchanged_from(&self, other: &Self) -> bool {
        self.contents_but_origin().eq(other.contents_but_origin())
    }

    fn contents_but_origin(&self) -> impl Iterator<Item = &str> {
        self.lines().filter(|line| line.letter() != b'o').map(Line::content)
    }
}
