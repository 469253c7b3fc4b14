//! The frame of a message (RFC 3261 7 and 25.1): one pass over the lines, no header is looked into but
//! Content-Length.

use alloc::vec::Vec;
use core::ops::Range;

use nom::Parser as _;
use nom::bytes::complete::tag;
use nom::character::complete::{char, digit1};
use nom::sequence::{preceded, separated_pair};

use super::error::{ParseError, ParseErrorKind};
use super::store::{Field, Store};
use super::{HeaderName, Headers, Message, Method, Request, Response, Text, limits};
use crate::class::{TOKEN, WHITE};
use crate::header::grammar::literal;

type Parsed<'a, T> = nom::IResult<&'a str, T>;

/// A whole message.
pub(super) fn message(bytes: &[u8]) -> Result<Message, ParseError> {
    if bytes.len() > limits::MESSAGE {
        return Err(fault(ParseErrorKind::TooLarge, limits::MESSAGE));
    }
    let start = blank_lines(bytes);
    let bytes = bytes.get(start..).unwrap_or_default();
    parts(bytes).map_err(|error| error.after(start))
}

/// Start line and fields that were saved, without the empty line.
#[cfg(feature = "serde")]
pub(super) fn head_only(section: &str) -> Result<Message, ParseError> {
    let whole = alloc::string::String::from(section) + "\r\n";
    head(whole.as_bytes(), &Bounds::SAVED).map(|(message, _)| message)
}

/// How large the parts of a head may be.
struct Bounds {
    section: usize,
    fields: usize,
    field: usize,
    start_line: usize,
}

impl Bounds {
    /// From the wire.
    const WIRE: Self = Self {
        section: limits::HEADER_SECTION,
        fields: limits::FIELDS,
        field: limits::FIELD,
        start_line: limits::START_LINE,
    };

    /// From a store of ours: what came from the wire may have grown by fields of ours since.
    #[cfg(feature = "serde")]
    const SAVED: Self = Self {
        section: limits::HEADER_SECTION * 4,
        fields: limits::FIELDS * 4,
        field: limits::HEADER_SECTION,
        start_line: limits::HEADER_SECTION,
    };
}

/// Start line, fields and body.
fn parts(bytes: &[u8]) -> Result<Message, ParseError> {
    let (mut message, end) = head(bytes, &Bounds::WIRE)?;
    let rest = bytes.get(end..).unwrap_or_default();
    let (body, said) = body(message.headers(), rest, end)?;
    message.headers_mut().store.set_implicit(!said);
    match &mut message {
        Message::Request(request) => request.body = body.into(),
        Message::Response(response) => response.body = body.into(),
    }
    Ok(message)
}

/// Start line and fields, and where the body begins. They are UTF-8, and CR, LF and NUL stand only where they may.
fn head(bytes: &[u8], bounds: &Bounds) -> Result<(Message, usize), ParseError> {
    if bytes.is_empty() {
        return Err(fault(ParseErrorKind::Empty, 0));
    }
    let Lines { first, fields, end, nul } = lines(bytes, bounds)?;
    let section = bytes.get(..end).unwrap_or_default();
    let section =
        core::str::from_utf8(section).map_err(|error| fault(ParseErrorKind::Encoding, error.valid_up_to()))?;
    let (line, text) = section.split_at_checked(first).unwrap_or((section, ""));
    let line = line.trim_end_matches(['\r', '\n']);
    if line.len() > bounds.start_line {
        return Err(fault(ParseErrorKind::HeadersTooLarge, bounds.start_line));
    }
    // The header section lets escaped ones pass; in a start line nothing is escaped with a backslash.
    if let Some(at) = line.find(|c| c < ' ' && c != '\t') {
        return Err(fault(ParseErrorKind::Control, at));
    }
    let mut message = start_line(line)?;
    *message.headers_mut() = headers(text, fields, nul, bounds).map_err(|error| error.after(first))?;
    Ok((message, end + 2))
}

/// The bytes before the start line: line ends (RFC 3261 7.5).
fn blank_lines(bytes: &[u8]) -> usize {
    bytes.chunks_exact(2).take_while(|pair| pair == b"\r\n").count() * 2
}

/// The lines up to the empty one.
struct Lines {
    /// Where the start line ends, its line end included.
    first: usize,
    /// The fields: their lines alone, with their folds, counted from there.
    fields: Vec<Field>,
    /// Where the empty line begins.
    end: usize,
    /// Whether there is a NUL.
    nul: bool,
}

/// Finds the lines. Each CR has its LF, and other control characters are escaped (RFC 3261 25.1 `quoted-pair`). Of
/// fields beyond the limit only the first is kept.
fn lines(bytes: &[u8], bounds: &Bounds) -> Result<Lines, ParseError> {
    let window = bytes.get(..bounds.section).unwrap_or(bytes);
    let mut lines = Lines { first: 0, fields: Vec::new(), end: 0, nul: false };
    let (mut at, mut start) = (0, 0);
    loop {
        at += next_control(window.get(at..).unwrap_or_default());
        match window.get(at..).unwrap_or_default() {
            [b'\r', b'\n', ..] if at == start => return Ok(Lines { end: start, ..lines }),
            [b'\r', b'\n', ..] => {
                at += 2;
                lines.add(window, start, at, bounds.fields);
                start = at;
            }
            [b'\r'] if bytes.get(at + 1).is_none_or(|next| *next == b'\n') => at += 1,
            [b'\r' | b'\n', ..] => return Err(fault(ParseErrorKind::LineEnd, at)),
            [b'\t', ..] => at += 1,
            [_, ..] if !is_escaped(window, at) => return Err(fault(ParseErrorKind::Control, at)),
            [control, ..] => {
                lines.nul |= *control == 0;
                at += 1;
            }
            [] if bytes.len() > window.len() => return Err(fault(ParseErrorKind::HeadersTooLarge, window.len())),
            [] => return Err(fault(ParseErrorKind::Unterminated, window.len())),
        }
    }
}

impl Lines {
    /// Most messages have no more fields than this.
    const USUAL: usize = 16;

    /// A line that begins with white space goes on with the field before it (RFC 3261 7.3.1).
    fn add(&mut self, window: &[u8], start: usize, end: usize, limit: usize) {
        if self.first == 0 {
            self.first = end;
            self.fields.reserve_exact(Self::USUAL);
            return;
        }
        let (start, end) = (start - self.first, end - self.first);
        let folds = matches!(window.get(self.first + start), Some(b' ' | b'\t'));
        match self.fields.last_mut() {
            Some(last) if folds => last.fold(end),
            Some(_) | None => {
                if self.fields.len() <= limit {
                    self.fields.push(Field::of_line(start, end));
                }
            }
        }
    }
}

/// The bytes in front of the first control character; eight are looked at in one go.
fn next_control(bytes: &[u8]) -> usize {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of each byte that is below a space; a borrow can spoil only bytes above the first of them.
        let below = word.wrapping_sub(EACH * 0x20) & !word & (EACH * 0x80);
        if below != 0 {
            return index * 8 + below.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(|byte| *byte < b' ').unwrap_or(rest.len());
    bytes.len() - rest.len() + tail
}

/// Whether a backslash is in front that is not escaped itself.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn start_line(line: &str) -> Result<Message, ParseError> {
    let is_response = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/"));
    if is_response { status_line(line) } else { request_line(line) }
}

/// Request-Line = Method SP Request-URI SP SIP-Version
fn request_line(line: &str) -> Result<Message, ParseError> {
    let at = |rest: &str| line.len() - rest.len();
    let (method, rest) = TOKEN.split(line);
    let uri_on = rest.strip_prefix(' ').filter(|_| !method.is_empty());
    let uri_on = uri_on.ok_or_else(|| fault(ParseErrorKind::StartLine, at(rest)))?;
    let length = uri_on.find(' ').ok_or_else(|| fault(ParseErrorKind::StartLine, line.len()))?;
    let (uri, after) = uri_on
        .split_at_checked(length)
        .filter(|(uri, _)| !uri.is_empty())
        .ok_or_else(|| fault(ParseErrorKind::StartLine, at(uri_on)))?;
    let uri =
        uri.parse().map_err(|error: crate::uri::UriError| fault(ParseErrorKind::RequestUri, at(uri_on) + error.at))?;
    let after = after.strip_prefix(' ').unwrap_or_default();
    if after == "SIP/2.0" {
        return Ok(Request::new(Method::from_checked(method), uri).into());
    }
    let (end, version) = version(after).map_err(|_| {
        // `INVITE sip:a;lr; x SIP/2.0`: the fault is the space in the URI.
        let kind = if after.contains(' ') { ParseErrorKind::RequestUri } else { ParseErrorKind::StartLine };
        fault(kind, at(after))
    })?;
    if !end.is_empty() {
        return Err(fault(ParseErrorKind::StartLine, at(end)));
    }
    if version != ("2", "0") {
        return Err(fault(ParseErrorKind::Version, at(after)));
    }
    Ok(Request::new(Method::from_checked(method), uri).into())
}

/// Status-Line = SIP-Version SP Status-Code SP Reason-Phrase; the world also leaves out the last space.
fn status_line(line: &str) -> Result<Message, ParseError> {
    let at = |rest: &str| line.len() - rest.len();
    let (rest, found) = version(line).map_err(start_line_fault(line))?;
    if found != ("2", "0") {
        return Err(fault(ParseErrorKind::Version, 0));
    }
    let (after, code) = preceded(char(' '), digit1).parse(rest).map_err(start_line_fault(line))?;
    let status = code.parse().map_err(|_| fault(ParseErrorKind::StatusCode, at(rest) + 1))?;
    let reason = match after.strip_prefix(' ') {
        Some(reason) => Some(Text::lossy(reason)),
        None if after.is_empty() => None,
        None => return Err(fault(ParseErrorKind::StartLine, at(after))),
    };
    Ok(Response::from_parsed(status, reason).into())
}

/// SIP-Version = "SIP" "/" 1*DIGIT "." 1*DIGIT, without case.
fn version(input: &str) -> Parsed<'_, (&str, &str)> {
    preceded(literal("SIP/"), separated_pair(digit1, tag("."), digit1)).parse(input)
}

/// The fields of a text, of which the lines are known.
fn headers(text: &str, mut fields: Vec<Field>, nul: bool, bounds: &Bounds) -> Result<Headers, ParseError> {
    for (count, field) in fields.iter_mut().enumerate() {
        let Range { start, end } = field.line();
        let line = text.as_bytes().get(start..end).unwrap_or_default();
        if line.len() > bounds.field || count >= bounds.fields {
            return Err(fault(ParseErrorKind::HeadersTooLarge, start));
        }
        if let Some(at) = if nul { bare_nul(line) } else { None } {
            return Err(fault(ParseErrorKind::Control, start + at));
        }
        let (name, value) = name_and_value(line).ok_or_else(|| fault(ParseErrorKind::Field, start))?;
        field.is(text, name, value);
    }
    Ok(Headers { store: Store::parsed(text, fields) })
}

/// The first NUL that is not in a quoted string: too many programs end a text there.
fn bare_nul(line: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    line.iter().position(|byte| {
        match byte {
            0 if !quoted => return true,
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        false
    })
}

/// header = token *WSP ":" value, the value without white space and line ends around it.
fn name_and_value(line: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let name = Some(TOKEN.end(line)).filter(|end| *end > 0)?;
    let colon = name + WHITE.end(line.get(name..)?);
    let value = line.get(colon..)?.strip_prefix(b":")?;
    let start = value.iter().position(|byte| !white(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !white(byte)).map_or(start, |last| last + 1);
    Some((0..name, colon + 1 + start..colon + 1 + end))
}

/// The body, as long as Content-Length says (RFC 3261 18.3), and whether it says so. It begins at byte `start`.
fn body<'a>(headers: &Headers, rest: &'a [u8], start: usize) -> Result<(&'a [u8], bool), ParseError> {
    let mut length = None;
    for (place, value) in headers.store.values(&HeaderName::ContentLength) {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit are more bytes than there are.
        let said = value.parse().unwrap_or(usize::MAX);
        if !digits || length.is_some_and(|length| length != said) {
            // The fields end where the empty line begins.
            return Err(fault(ParseErrorKind::ContentLength, start - 2 - headers.store.before_end(place)));
        }
        length = Some(said);
    }
    match length {
        Some(length) => {
            let body = rest.get(..length).ok_or_else(|| fault(ParseErrorKind::Truncated, start + rest.len()))?;
            Ok((body, true))
        }
        None => Ok((rest, false)),
    }
}

const fn fault(kind: ParseErrorKind, offset: usize) -> ParseError {
    ParseError { kind, offset }
}

/// Where the grammar of the start line stopped.
fn start_line_fault(line: &str) -> impl Fn(nom::Err<nom::error::Error<&str>>) -> ParseError {
    move |error| {
        let offset = match error {
            nom::Err::Error(error) | nom::Err::Failure(error) => line.len() - error.input.len(),
            nom::Err::Incomplete(_) => line.len(),
        };
        fault(ParseErrorKind::StartLine, offset)
    }
}

impl ParseError {
    /// The same fault in a text that begins `bytes` later.
    const fn after(self, bytes: usize) -> Self {
        Self { kind: self.kind, offset: self.offset + bytes }
    }
}
