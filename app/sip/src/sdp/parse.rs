//! The frame of a description (RFC 8866 5 and 9): one pass over the lines, which are sorted into the session and its
//! media sections. Nothing is looked into but what every reader needs: `v=`, `o=` and `m=`.

use alloc::string::String;
use alloc::vec::Vec;

use super::error::{ParseError, ParseErrorKind};
use super::limits;
use super::media::{Media, MediaLine};
use super::origin::Origin;
use super::section::{Line, LineEnd, Section};

/// What was read.
pub(super) struct Frame {
    pub(super) session: Section,
    pub(super) media: Vec<Media>,
    /// Empty lines behind the last.
    pub(super) tail: String,
}

/// Where the reader is.
struct Place {
    line: usize,
    offset: usize,
}

impl Place {
    const fn fault(&self, kind: ParseErrorKind) -> ParseError {
        ParseError { kind, line: self.line, offset: self.offset }
    }

    const fn pass(&mut self, line: &str) {
        self.line += 1;
        self.offset += line.len();
    }
}

/// A whole description.
pub(super) fn description(bytes: &[u8]) -> Result<Frame, ParseError> {
    let text = text(bytes)?;
    check_session(text)?;
    frame(text)
}

/// A fragment: a description without the lines that every description has (RFC 8840 9).
pub(super) fn fragment(bytes: &[u8]) -> Result<Frame, ParseError> {
    frame(text(bytes)?)
}

fn text(bytes: &[u8]) -> Result<&str, ParseError> {
    let fault = |kind, offset: usize| {
        let before = bytes.get(..offset).unwrap_or(bytes);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Err(ParseError { kind, line, offset })
    };
    if bytes.len() > limits::DESCRIPTION {
        return fault(ParseErrorKind::TooLarge, limits::DESCRIPTION);
    }
    let alone = |(at, byte): (usize, &u8)| match byte {
        0 => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    if let Some(at) = bytes.iter().enumerate().position(alone) {
        return fault(ParseErrorKind::Control, at);
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => fault(ParseErrorKind::Encoding, error.valid_up_to()),
    }
}

/// The lines that every description has: browsers take none without them.
fn check_session(text: &str) -> Result<(), ParseError> {
    let mut place = Place { line: 1, offset: 0 };
    let mut lines = text.split_inclusive('\n').take(limits::LINES);
    let mut next = |kind: ParseErrorKind, fits: fn(&str) -> bool| {
        let line = lines.next().unwrap_or_default();
        if !fits(line.trim_end_matches(['\r', '\n'])) {
            return Err(place.fault(kind));
        }
        place.pass(line);
        Ok(())
    };
    next(ParseErrorKind::Version, |line| line.trim_end() == "v=0")?;
    next(ParseErrorKind::Origin, |line| line.strip_prefix("o=").is_some_and(|value| Origin::parse(value).is_some()))?;
    next(ParseErrorKind::SessionName, |line| line.starts_with("s="))?;
    for line in lines.take_while(|line| !line.starts_with("m=")) {
        if line.starts_with("t=") {
            return Ok(());
        }
        place.pass(line);
    }
    Err(place.fault(ParseErrorKind::Time))
}

fn frame(text: &str) -> Result<Frame, ParseError> {
    let body = text.trim_end_matches(['\r', '\n']);
    // The last line keeps its end; the empty ones behind it are the tail.
    let rest = text.get(body.len()..).unwrap_or_default();
    let last_end = if body.is_empty() { 0 } else { rest.find('\n').map_or(0, |at| at + 1) };
    let (body, tail) = text.split_at_checked(body.len() + last_end).unwrap_or((text, ""));
    let end = match body.split_inclusive('\n').next() {
        Some(first) if first.ends_with('\n') && !first.ends_with("\r\n") => LineEnd::Lf,
        Some(_) | None => LineEnd::CrLf,
    };
    let mut session = Section::new(end);
    let mut media: Vec<Media> = Vec::new();
    let mut place = Place { line: 1, offset: 0 };
    for line in body.split_inclusive('\n') {
        let parsed = self::line(line, &place)?;
        if parsed.letter() == b'm' {
            let section = media_section(parsed, end, media.len()).map_err(|kind| place.fault(kind))?;
            media.push(section);
        } else {
            media.last_mut().map_or(&mut session, Media::section_mut).add_parsed(parsed);
        }
        place.pass(line);
    }
    if place.line + tail.matches('\n').count() > limits::LINES + 1 {
        return Err(place.fault(ParseErrorKind::TooManyLines));
    }
    Ok(Frame { session, media, tail: tail.into() })
}

/// A line of the form `x=value`, within its limits.
fn line(text: &str, place: &Place) -> Result<Line, ParseError> {
    if place.line > limits::LINES {
        return Err(place.fault(ParseErrorKind::TooManyLines));
    }
    let content = text.trim_end_matches(['\r', '\n']);
    if content.len() > limits::LINE {
        return Err(place.fault(ParseErrorKind::LineTooLong));
    }
    match content.as_bytes() {
        [b'a'..=b'z', b'=', ..] => Ok(Line::from_parsed(text)),
        _ => Err(place.fault(ParseErrorKind::Line)),
    }
}

fn media_section(line: Line, end: LineEnd, before: usize) -> Result<Media, ParseErrorKind> {
    if before >= limits::MEDIA {
        return Err(ParseErrorKind::TooManyMedia);
    }
    let formats = MediaLine::parse(line.value()).ok_or(ParseErrorKind::Media)?.formats().count();
    if formats > limits::FORMATS {
        return Err(ParseErrorKind::TooManyFormats);
    }
    let mut section = Section::new(end);
    section.add_parsed(line);
    Ok(Media::from_section(section))
}
