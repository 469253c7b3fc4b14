//! The frame of a message (RFC 3261 7 and 25.1): one pass over the lines, no header is looked into but
//! Content-Length.

use core::ops::Range;

use nom::Parser as _;
use nom::bytes::complete::{tag, take_till1, take_while1};
use nom::character::complete::{char, digit1};
use nom::sequence::{preceded, separated_pair, terminated};

use super::error::{ParseError, ParseErrorKind};
use super::store::Store;
use super::token::is_token_byte;
use super::{HeaderName, Headers, Message, Method, Request, Response, Text, limits};

type Parsed<'a, T> = nom::IResult<&'a str, T>;

/// A whole message.
pub(super) fn message(bytes: &[u8]) -> Result<Message, ParseError> {
    if bytes.len() > limits::MESSAGE {
        return Err(fault(ParseErrorKind::TooLarge, limits::MESSAGE));
    }
    let (start, section) = head(bytes)?;
    let mut message = start_line_and_fields(section).map_err(|error| error.after(start))?;
    let body_start = start + section.len() + 2;
    let rest = bytes.get(body_start..).unwrap_or_default();
    let body = body(message.headers(), rest).map_err(|error| error.after(body_start))?;
    match &mut message {
        Message::Request(request) => request.body = body.into(),
        Message::Response(response) => response.body = body.into(),
    }
    Ok(message)
}

/// Start line and fields that were saved, without the empty line.
#[cfg(feature = "serde")]
pub(super) fn head_only(section: &str) -> Result<Message, ParseError> {
    let whole = alloc::string::String::from(section) + "\r\n";
    let (start, section) = head(whole.as_bytes())?;
    start_line_and_fields(section).map_err(|error| error.after(start))
}

fn start_line_and_fields(section: &str) -> Result<Message, ParseError> {
    let (line, fields) = section.split_once("\r\n").unwrap_or((section, ""));
    if line.len() > limits::START_LINE {
        return Err(fault(ParseErrorKind::HeadersTooLarge, limits::START_LINE));
    }
    let mut message = start_line(line)?;
    *message.headers_mut() = headers(fields).map_err(|error| error.after(line.len() + 2))?;
    Ok(message)
}

/// Start line and fields, each with its line end, without the empty line; and where they begin. They are UTF-8,
/// and CR, LF and NUL stand only where they may.
fn head(bytes: &[u8]) -> Result<(usize, &str), ParseError> {
    let mut start = 0;
    while bytes.get(start..).is_some_and(|rest| rest.starts_with(b"\r\n")) {
        start += 2;
    }
    let rest = bytes.get(start..).unwrap_or_default();
    if rest.is_empty() {
        return Err(fault(ParseErrorKind::Empty, start));
    }
    let length = section_length(rest).map_err(|error| error.after(start))?;
    let section = rest.get(..length).unwrap_or_default();
    match core::str::from_utf8(section) {
        Ok(section) => Ok((start, section)),
        Err(error) => Err(fault(ParseErrorKind::Encoding, start + error.valid_up_to())),
    }
}

/// The bytes up to the empty line. Until then each CR has its LF, and NUL is escaped (RFC 3261 25.1 `quoted-pair`).
fn section_length(bytes: &[u8]) -> Result<usize, ParseError> {
    let window = bytes.get(..limits::HEADER_SECTION).unwrap_or(bytes);
    let mut line_start = 0;
    for (at, byte) in window.iter().enumerate() {
        match byte {
            b' '.. => {}
            b'\n' if at.checked_sub(1).and_then(|before| window.get(before)) != Some(&b'\r') => {
                return Err(fault(ParseErrorKind::LineEnd, at));
            }
            b'\n' if at == line_start + 1 => return Ok(line_start),
            b'\n' => line_start = at + 1,
            b'\r' if bytes.get(at + 1).is_some_and(|next| *next != b'\n') => {
                return Err(fault(ParseErrorKind::LineEnd, at));
            }
            0 if !is_escaped(window, at) => return Err(fault(ParseErrorKind::Nul, at)),
            _ => {}
        }
    }
    let kind = if bytes.len() > window.len() { ParseErrorKind::HeadersTooLarge } else { ParseErrorKind::Unterminated };
    Err(fault(kind, window.len()))
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
    let method = take_while1(|c: char| u8::try_from(c).is_ok_and(is_token_byte));
    let (rest, method) = terminated(method, char(' ')).parse(line).map_err(start_line_fault(line))?;
    let (after, uri) = terminated(take_till1(|c| c == ' '), char(' ')).parse(rest).map_err(start_line_fault(line))?;
    let uri =
        uri.parse().map_err(|error: crate::uri::UriError| fault(ParseErrorKind::RequestUri, at(rest) + error.at))?;
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
    let name = nom::bytes::complete::tag_no_case("SIP/");
    preceded(name, separated_pair(digit1, tag("."), digit1)).parse(input)
}

fn headers(section: &str) -> Result<Headers, ParseError> {
    let mut store = Store::over(section);
    let mut start = 0;
    while let Some((line, folded)) = next_field(section, start) {
        if line.len() > limits::FIELD || store.len() >= limits::FIELDS {
            return Err(fault(ParseErrorKind::HeadersTooLarge, start));
        }
        let (name, value) = name_and_value(line).ok_or_else(|| fault(ParseErrorKind::Field, start))?;
        let shift = |range: Range<usize>| range.start + start..range.end + start;
        let end = start + line.len();
        store.add_parsed(start..end, shift(name), shift(value), folded);
        start = end;
    }
    Ok(Headers { store })
}

/// The field that begins at `start`, with its folds and line end; and whether there are folds.
fn next_field(section: &str, start: usize) -> Option<(&str, bool)> {
    let rest = section.get(start..).filter(|rest| !rest.is_empty())?;
    let (mut end, mut folded) = (0, false);
    loop {
        let more = rest.get(end..)?;
        end += more.find('\n').map_or(more.len(), |at| at + 1);
        if !matches!(rest.as_bytes().get(end), Some(b' ' | b'\t')) {
            return rest.get(..end).map(|line| (line, folded));
        }
        folded = true;
    }
}

/// header = token *WSP ":" value, the value without white space and line ends around it.
fn name_and_value(line: &str) -> Option<(Range<usize>, Range<usize>)> {
    let bytes = line.as_bytes();
    let white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let name = bytes.iter().position(|byte| !is_token_byte(*byte)).filter(|end| *end > 0)?;
    let colon = name + bytes.get(name..)?.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    let value = bytes.get(colon..)?.strip_prefix(b":")?;
    let start = value.iter().position(|byte| !white(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !white(byte)).map_or(start, |last| last + 1);
    Some((0..name, colon + 1 + start..colon + 1 + end))
}

/// The body: as long as Content-Length says (RFC 3261 18.3).
fn body<'a>(headers: &Headers, rest: &'a [u8]) -> Result<&'a [u8], ParseError> {
    let mut length = None;
    for value in headers.raw(&HeaderName::ContentLength) {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit are more bytes than there are.
        let said = value.parse().unwrap_or(usize::MAX);
        if !digits || length.is_some_and(|length| length != said) {
            return Err(fault(ParseErrorKind::ContentLength, 0));
        }
        length = Some(said);
    }
    match length {
        Some(length) => rest.get(..length).ok_or_else(|| fault(ParseErrorKind::Truncated, rest.len())),
        None => Ok(rest),
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
