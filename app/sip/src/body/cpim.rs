//! A message with header fields of its own (RFC 3862): `message/cpim`, in which texts travel that ask for receipts
//! ([`super::imdn`]), and the receipts.
//!
//! ```
//! use sip::body::cpim::Cpim;
//! use sip::body::multipart::Part;
//!
//! let hello = Part::new("text/plain;charset=utf-8", b"Hello")?;
//! let mut message = Cpim::new("Alice <sip:alice@example.com>", "<sip:bob@example.com>", hello)?;
//! message.set_subject("first line\nsecond line")?;
//! let read = Cpim::parse(&message.compose())?;
//! assert_eq!(read.sender(), Some("sip:alice@example.com"));
//! assert_eq!(read.subject().as_deref(), Some("first line\nsecond line"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::multipart::Part;
use super::{BodyError, BodyErrorKind, fields, limits};
use crate::message::{Headers, InvalidHeader};

/// A message of its own inside of a body: fields that say who wrote it, to whom and when, and what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpim {
    /// From, To, cc, `DateTime`, Subject, NS, and fields of namespaces such as `imdn.Message-ID`.
    pub headers: Headers,
    /// What was written, with its type.
    pub part: Part,
}

impl Cpim {
    /// The media type of the body.
    pub const MEDIA_TYPE: &'static str = "message/cpim";

    /// A message from one to another: `Alice <sip:alice@example.com>`, or the URI alone in angle brackets. Further
    /// fields go into [`Cpim::headers`], which takes no line ends.
    ///
    /// # Errors
    /// An address holds a control character, or is too long.
    pub fn new(from: &str, to: &str, part: Part) -> Result<Self, InvalidHeader> {
        let mut headers = Headers::new();
        headers.push_raw("From", from)?;
        headers.push_raw("To", to)?;
        Ok(Self { headers, part })
    }

    /// Reads a message. Lines may end with LF alone. Fields whose names begin with `Content-` are those of the part,
    /// also if no empty line stands in front of them, as in the examples of RFC 5438; then the part follows on the
    /// first empty line.
    ///
    /// # Errors
    /// It is too large, or a line is no header field or breaks a limit of [`crate::message::limits`].
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        if body.len() > limits::BODY {
            return Err(BodyError::new(BodyErrorKind::TooLarge, body, limits::BODY));
        }
        let read = |at: usize| {
            let (headers, length) = fields::read(body.get(at..).unwrap_or_default())
                .map_err(|(kind, wrong)| BodyError::new(kind, body, at + wrong))?;
            Ok((headers, at + length))
        };
        let (first, mut next) = read(0)?;
        let (mut headers, mut of_part) = (Headers::new(), Headers::new());
        for (name, value) in first.iter() {
            let to = if is_of_part(name) { &mut of_part } else { &mut headers };
            // What was a field before is one again.
            to.push_raw(name, value).map_err(|_| BodyError::new(BodyErrorKind::Field, body, 0))?;
        }
        if of_part.is_empty() {
            (of_part, next) = read(next)?;
        }
        Ok(Self { headers, part: Part { headers: of_part, body: body.get(next..).unwrap_or_default().into() } })
    }

    /// The body that it is.
    #[must_use]
    pub fn compose(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for headers in [&self.headers, &self.part.headers] {
            fields::write(headers, &mut out);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&self.part.body);
        out
    }

    /// The values of the fields of that name, as they are written. Names have case (RFC 3862 3.1), which senders get
    /// wrong, so it counts for nothing.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of the first field of that name, as it is written.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The URI of From.
    #[must_use]
    pub fn sender(&self) -> Option<&str> {
        self.header("From").and_then(uri)
    }

    /// The URI of the first To.
    #[must_use]
    pub fn recipient(&self) -> Option<&str> {
        self.header("To").and_then(uri)
    }

    /// What the first Subject says, without its language and escapes (RFC 3862 2.3, 3.3).
    #[must_use]
    pub fn subject(&self) -> Option<String> {
        let value = self.header("Subject")?;
        let tagged = value.strip_prefix(";lang=").map(|rest| rest.split_once(' ').map_or("", |(_, text)| text));
        Some(unescape(tagged.unwrap_or(value)))
    }

    /// Adds a Subject; what a line cannot hold is escaped (RFC 3862 2.3.1).
    ///
    /// # Errors
    /// It is too long.
    pub fn set_subject(&mut self, subject: &str) -> Result<(), InvalidHeader> {
        self.headers.push_raw("Subject", &escape(subject))
    }

    /// What fields of a namespace are called here (RFC 3862 3.4): `imdn.Message-ID`. The prefix is the one that NS
    /// declares, or the usual one, as there are senders that declare none.
    #[must_use]
    pub fn name_in(&self, namespace: &str, usual: &str, name: &str) -> String {
        let mut declared = self.all("NS").filter_map(|value| value.split_once('<'));
        let prefix = declared.find(|(_, rest)| rest.trim_end().strip_suffix('>') == Some(namespace));
        let prefix = prefix.map_or(usual, |(prefix, _)| prefix.trim());
        let dot = if prefix.is_empty() { "" } else { "." };
        [prefix, dot, name].concat()
    }
}

/// Whether it is a field of the part.
fn is_of_part(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"))
}

/// What stands in the angle brackets of an address; a name in front may have quotes, but no such brackets.
fn uri(address: &str) -> Option<&str> {
    let (_, rest) = address.rsplit_once('<')?;
    rest.split_once('>').map(|(uri, _)| uri.trim()).filter(|uri| !uri.is_empty())
}

/// Control characters and backslashes by escapes; white space at the ends as well, which fields lose.
fn escape(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| !c.is_control() && c != '\\';
    if text.chars().all(is_plain) && text.trim() == text && !text.starts_with(';') {
        return Cow::Borrowed(text);
    }
    let inner = text.len() - text.trim_start().len()..text.trim_end().len();
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        let plain = is_plain(c) && inner.contains(&at) && !(at == 0 && c == ';');
        match c {
            _ if plain => out.push(c),
            '\\' => out.push_str("\\\\"),
            // All others are in the plane that four digits reach: controls, white space, a semicolon. Writing to a
            // String does not fail.
            _ => drop(write!(out, "\\u{:04x}", u32::from(c))),
        }
    }
    Cow::Owned(out)
}

/// The text that is meant; a backslash that begins no escape is left out (RFC 3862 2.3).
fn unescape(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('b') => out.push('\u{8}'),
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('u') => {
                let digits = rest.as_str().get(..4).filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                if code.is_some() {
                    rest = rest.as_str().get(4..).unwrap_or_default().chars();
                }
                out.push(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            other => out.extend(other),
        }
    }
    out
}
