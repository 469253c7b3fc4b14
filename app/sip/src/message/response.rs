use alloc::vec::Vec;

use super::{HeaderName, Headers, InvalidHeader, Request, Status, Text, store};

/// A response (RFC 3261 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// What became of the request.
    pub status: Status,
    /// `None` when not even the space before it is there.
    reason: Option<Text>,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with the status' usual phrase, without header fields and body.
    #[must_use]
    pub fn new(status: Status) -> Self {
        Self::from_parsed(status, Some(Text::lossy(status.reason())))
    }

    /// A response with what RFC 3261 8.2.6.2 takes from the request: all Via, From, To, Call-ID and CSeq;
    /// Record-Route too when the response may make a dialog (12.1.1), and Timestamp in a 100 (8.2.6.1).
    /// A tag for To is the caller's to set, with [`Response::set_to_tag`].
    #[must_use]
    pub fn to_request(request: &Request, status: Status) -> Self {
        let mut response = Self::new(status);
        response.headers = Headers::with_room_for(&request.headers);
        let headers = &mut response.headers;
        headers.copy_from(&request.headers, &HeaderName::Via);
        if status == Status::TRYING {
            headers.copy_from(&request.headers, &HeaderName::Timestamp);
        } else if request.method.makes_dialog() && (status.is_provisional() || status.is_success()) {
            headers.copy_from(&request.headers, &HeaderName::RecordRoute);
        }
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
            headers.copy_from(&request.headers, &name);
        }
        response
    }

    /// The phrase after the status code.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.reason.as_deref().unwrap_or_default()
    }

    /// Sets the phrase after the status code.
    ///
    /// # Errors
    /// There is a CR, LF or NUL in it.
    pub fn set_reason(&mut self, reason: &str) -> Result<(), InvalidHeader> {
        self.reason = Some(Text::new(reason)?);
        Ok(())
    }

    /// Adds the tag to To if it has none. Nothing happens when To is missing or malformed, or when the tag could
    /// not be read back from it.
    pub fn set_to_tag(&mut self, tag: &str) {
        use crate::header::To;
        if let Ok(to) = self.headers.get::<To>()
            && to.tag().is_none()
        {
            self.headers.set(&to.with_tag(tag));
        }
    }

    /// The response as it goes on the wire, with the true Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (space, reason) = self.status_line_end();
        store::to_bytes(format_args!("SIP/2.0 {}{space}{reason}\r\n", self.status), &self.headers, &self.body)
    }

    /// A response from what was read.
    pub(super) const fn from_parsed(status: Status, reason: Option<Text>) -> Self {
        Self { status, reason, headers: Headers::new(), body: Vec::new() }
    }

    /// What follows the status code in the first line.
    pub(super) fn status_line_end(&self) -> (&'static str, &str) {
        match &self.reason {
            Some(reason) => (" ", reason),
            None => ("", ""),
        }
    }
}
