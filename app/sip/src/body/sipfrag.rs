//! A piece of a message (RFC 3420): `message/sipfrag`, by which the NOTIFYs of a REFER tell what became of it
//! (RFC 3515 2.4.5).
//!
//! ```
//! use sip::body::sipfrag::{SipFrag, StartLine};
//! use sip::message::Status;
//!
//! assert_eq!(SipFrag::status(b"SIP/2.0 180 Ringing\r\n"), Some(Status::RINGING));
//! assert_eq!(SipFrag::response(Status::OK).compose(), b"SIP/2.0 200 OK\r\n");
//! ```

use alloc::format;
use alloc::vec::Vec;

use super::{BodyError, BodyErrorKind, fields, limits};
use crate::message::{Headers, Message, Method, Status, Text};
use crate::uri::Uri;

/// A piece of a message: any of its parts may be missing (RFC 3420 2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SipFrag {
    /// The first line.
    pub start: Option<StartLine>,
    /// The header fields.
    pub headers: Headers,
    /// The body: what follows the empty line.
    pub body: Vec<u8>,
}

/// The first line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartLine {
    /// Of a request.
    Request {
        /// What it asks for.
        method: Method,
        /// Of whom.
        uri: Uri,
    },
    /// Of a response.
    Response {
        /// What became of the request.
        status: Status,
        /// The phrase.
        reason: Text,
    },
}

impl SipFrag {
    /// The media type of the body.
    pub const MEDIA_TYPE: &'static str = "message/sipfrag";

    /// A fragment that is a status line with its usual phrase.
    #[must_use]
    pub fn response(status: Status) -> Self {
        let start = StartLine::Response { status, reason: Text::lossy(status.reason()) };
        Self { start: Some(start), ..Self::default() }
    }

    /// Reads a fragment. Lines may end with LF alone. A Content-Length is a field like any other: the body is
    /// what follows the empty line.
    ///
    /// # Errors
    /// It is too large, the first line is nothing that it may be, or a line is no header field.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        if body.len() > limits::BODY {
            return Err(BodyError::new(BodyErrorKind::TooLarge, body, limits::BODY));
        }
        let rest = body.trim_ascii_start();
        let skipped = body.len() - rest.len();
        let (line, after) = first_line(rest);
        let (start, fields_at) = if is_field(line) {
            (None, 0)
        } else {
            let start = start_line(line).map_err(|kind| BodyError::new(kind, body, skipped))?;
            (Some(start), after)
        };
        let fields_at = skipped + fields_at;
        let read = fields::read(body.get(fields_at..).unwrap_or_default());
        let (headers, length) = read.map_err(|(kind, at)| BodyError::new(kind, body, fields_at + at))?;
        Ok(Self { start, headers, body: body.get(fields_at + length..).unwrap_or_default().into() })
    }

    /// The status of a fragment that begins with a status line, whatever follows it; `None` for any other.
    #[must_use]
    pub fn status(body: &[u8]) -> Option<Status> {
        let (line, _) = first_line(body.trim_ascii_start());
        match start_line(line) {
            Ok(StartLine::Response { status, .. }) => Some(status),
            Ok(StartLine::Request { .. }) | Err(_) => None,
        }
    }

    /// The body that it is.
    #[must_use]
    pub fn compose(&self) -> Vec<u8> {
        let mut out = match &self.start {
            Some(StartLine::Request { method, uri }) => format!("{method} {uri} SIP/2.0\r\n").into_bytes(),
            Some(StartLine::Response { status, reason }) => format!("SIP/2.0 {status} {reason}\r\n").into_bytes(),
            None => Vec::new(),
        };
        fields::write(&self.headers, &mut out);
        if !self.body.is_empty() {
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(&self.body);
        }
        out
    }
}

/// The first line without its end, and where the next one begins.
fn first_line(bytes: &[u8]) -> (&[u8], usize) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (end, next) = end.map_or((bytes.len(), bytes.len()), |end| (end, end + 1));
    let line = bytes.get(..end).unwrap_or_default();
    (line.strip_suffix(b"\r").unwrap_or(line), next)
}

/// Whether a name and a colon stand at its beginning; a request line has a space before its first colon.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
    core::str::from_utf8(name).is_ok_and(crate::message::is_token)
}

/// The grammar of the line is the message's, so that is what it is made.
fn start_line(line: &[u8]) -> Result<StartLine, BodyErrorKind> {
    let message =
        Message::parse(&[line.trim_ascii_end(), b"\r\n\r\n"].concat()).map_err(|_| BodyErrorKind::StartLine)?;
    Ok(match message {
        Message::Request(request) => StartLine::Request { method: request.method, uri: request.uri },
        Message::Response(response) => {
            StartLine::Response { status: response.status, reason: Text::lossy(response.reason()) }
        }
    })
}
