use alloc::string::String;

use super::{HeaderError, HeaderName, Headers, Method, ParseError, Request, Response, Status, limits};
use crate::header::CSeq;

/// What an answer repeats of a request, once each, beside all Via (RFC 3261 8.2.6.2).
const ECHOED: [HeaderName; 4] = [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq];

/// The answer to a request that could not be parsed, with what could be read of it: best effort, so that the
/// other end learns why (RFC 3261 8.2.6, RFC 4475). `None` when nothing may be answered: to a response, to an
/// ACK, or when one of Via, From, To, Call-ID and CSeq cannot be found.
#[must_use]
pub fn refusal(bytes: &[u8], error: &ParseError) -> Option<Response> {
    let mut response = Response::new(error.status()?);
    let head = bytes.get(..limits::HEADER_SECTION).unwrap_or(bytes);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.trim_start_matches(['\r', '\n']).split("\r\n");
    let (method, _) = lines.next()?.split_once(' ')?;
    if method == "ACK" || !super::is_token(method) {
        return None;
    }
    let found = echoed(lines);
    response.headers.copy_from(&found, HeaderName::Via);
    for name in ECHOED {
        if found.raw(&name).count() != 1 {
            return None;
        }
        response.headers.copy_from(&found, &name);
    }
    response.headers.contains(HeaderName::Via).then_some(response)
}

impl Request {
    /// The answer to this request when [`Request::validate`] says that something in it is missing or wrong: with what
    /// it has of what an answer repeats, and of what it has several times the first. `None` when nothing may be
    /// answered: to an ACK, or without Via.
    #[must_use]
    pub fn refusal(&self, error: &HeaderError) -> Option<Response> {
        if self.method == Method::Ack || !self.headers.contains(HeaderName::Via) {
            return None;
        }
        let mut response = Response::new(self.refused_with(error));
        response.headers.copy_from(&self.headers, HeaderName::Via);
        for name in ECHOED {
            if self.headers.raw(&name).count() == 1 {
                response.headers.copy_from(&self.headers, &name);
            } else if let Some(first) = self.headers.raw(&name).next() {
                // What cannot stand in a field is not repeated.
                let _ = response.headers.push_raw(name.as_str(), first);
            }
        }
        Some(response)
    }

    /// A method that nobody knows is refused as such also when CSeq names another (RFC 4475 3.1.2.18): what the
    /// method means for CSeq is not known.
    fn refused_with(&self, error: &HeaderError) -> Status {
        match (&self.method, error) {
            (Method::Other(_), HeaderError::Malformed { name: HeaderName::CSeq, .. })
                if self.headers.get::<CSeq>().is_ok() =>
            {
                Status::NOT_IMPLEMENTED
            }
            (_, error) => error.status(),
        }
    }
}

/// The fields that an answer repeats, as far as they are well-formed lines.
fn echoed<'a>(lines: impl Iterator<Item = &'a str>) -> Headers {
    let mut found = Headers::new();
    let mut field = String::new();
    for line in lines {
        match line.strip_prefix([' ', '\t']) {
            Some(fold) => {
                field.push(' ');
                field.push_str(fold.trim_start());
            }
            None => {
                keep(&mut found, &field);
                field.clear();
                field.push_str(line);
            }
        }
        if line.is_empty() {
            return found;
        }
    }
    keep(&mut found, &field);
    found
}

fn keep(found: &mut Headers, field: &str) {
    let Some((name, value)) = field.split_once(':') else { return };
    let name = name.trim_end_matches([' ', '\t']);
    let echoed = [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq];
    if HeaderName::known(name).is_some_and(|name| echoed.contains(name)) {
        // What cannot stand in a field is not repeated.
        let _ = found.push_raw(name, value);
    }
}
