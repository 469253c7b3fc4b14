use super::{HeaderName, Status};

/// A message cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// Where: bytes from the beginning of the message.
    pub offset: usize,
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// There is nothing but line ends.
    #[error("no start line")]
    Empty,
    /// The first line is neither a request line nor a status line (RFC 3261 7.1, 7.2).
    #[error("the start line is not well-formed")]
    StartLine,
    /// The Request-URI is not well-formed.
    #[error("the Request-URI is not well-formed")]
    RequestUri,
    /// The version is not SIP/2.0.
    #[error("the SIP version is not 2.0")]
    Version,
    /// The status code of a response is not 100 to 699.
    #[error("the status code is not 100 to 699")]
    StatusCode,
    /// No empty line ends the header section.
    #[error("the header section does not end")]
    Unterminated,
    /// A carriage return or a line feed stands alone.
    #[error("a carriage return or line feed stands alone")]
    LineEnd,
    /// A control character is not escaped, or a NUL is escaped but not in a quoted string.
    #[error("there is a control character in the header section")]
    Control,
    /// The header section is not UTF-8.
    #[error("the header section is not UTF-8")]
    Encoding,
    /// A line is no header field: no name, no colon, or a fold before the first one.
    #[error("a line is not a header field")]
    Field,
    /// Content-Length is no number, or there are different ones.
    #[error("the Content-Length is not well-formed")]
    ContentLength,
    /// Content-Length says more than there is.
    #[error("the body is shorter than its Content-Length")]
    Truncated,
    /// The message is larger than [`super::limits::MESSAGE`].
    #[error("the message is too large")]
    TooLarge,
    /// The header section, a field or their number breaks its limit, or the start line does.
    #[error("the header section is too large")]
    HeadersTooLarge,
}

impl ParseError {
    /// What a server answers; `None` if the message is to be dropped. Whether it can be answered at all is
    /// [`super::refusal()`]'s to find out.
    #[must_use]
    pub const fn status(&self) -> Option<Status> {
        match self.kind {
            ParseErrorKind::Empty => None,
            ParseErrorKind::StartLine
            | ParseErrorKind::RequestUri
            | ParseErrorKind::StatusCode
            | ParseErrorKind::Unterminated
            | ParseErrorKind::LineEnd
            | ParseErrorKind::Control
            | ParseErrorKind::Encoding
            | ParseErrorKind::Field
            | ParseErrorKind::ContentLength
            | ParseErrorKind::Truncated => Some(Status::BAD_REQUEST),
            ParseErrorKind::Version => Some(Status::VERSION_NOT_SUPPORTED),
            ParseErrorKind::TooLarge | ParseErrorKind::HeadersTooLarge => Some(Status::MESSAGE_TOO_LARGE),
        }
    }
}

/// A header that is needed cannot be had from a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It is not there.
    #[error("{name} is missing")]
    Missing {
        /// Which.
        name: HeaderName,
    },
    /// It is not well-formed, or contradicts the start line.
    #[error("{name} is not well-formed at byte {at} of its value")]
    Malformed {
        /// Which.
        name: HeaderName,
        /// Where: bytes from the beginning of the field's value.
        at: usize,
    },
    /// It is there more than once, and may not be.
    #[error("{name} is there more than once")]
    Repeated {
        /// Which.
        name: HeaderName,
    },
    /// It has more values than [`super::limits::VALUES`].
    #[error("{name} has too many values")]
    TooMany {
        /// Which.
        name: HeaderName,
    },
}

impl HeaderError {
    /// What a server answers to a request with it: 400.
    #[must_use]
    pub const fn status(&self) -> Status {
        Status::BAD_REQUEST
    }

    /// The header that it is about.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        match self {
            Self::Missing { name }
            | Self::Malformed { name, .. }
            | Self::Repeated { name }
            | Self::TooMany { name } => name,
        }
    }
}

/// A header field, or a part of one, may not be built like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// The name is no token.
    #[error("the name is not a token")]
    Name,
    /// There is a CR, LF, NUL or another control character in it.
    #[error("a control character at byte {at}")]
    Control {
        /// Where.
        at: usize,
    },
    /// It does not fit the header's grammar.
    #[error("it does not fit the grammar")]
    Syntax,
    /// It is longer than [`super::limits::FIELD`], or there are [`super::limits::FIELDS`] already.
    #[error("it is too large")]
    TooLarge,
}

impl From<crate::uri::InvalidParam> for InvalidHeader {
    fn from(_: crate::uri::InvalidParam) -> Self {
        Self::Syntax
    }
}

impl From<super::Malformed> for InvalidHeader {
    fn from(_: super::Malformed) -> Self {
        Self::Syntax
    }
}
