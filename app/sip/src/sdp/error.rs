/// A description, or a fragment of one, cannot be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("{kind} in line {line}, at byte {offset}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// In which line, counted from 1; the one behind the last when something is missing.
    pub line: usize,
    /// Where: bytes from the beginning of the description.
    pub offset: usize,
}

/// What is wrong with a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ParseErrorKind {
    /// It is larger than [`super::limits::DESCRIPTION`].
    #[error("the description is too large")]
    TooLarge,
    /// There are more lines than [`super::limits::LINES`].
    #[error("there are too many lines")]
    TooManyLines,
    /// A line is longer than [`super::limits::LINE`].
    #[error("the line is too long")]
    LineTooLong,
    /// There are more media sections than [`super::limits::MEDIA`].
    #[error("there are too many media sections")]
    TooManyMedia,
    /// There are more formats in a media section than [`super::limits::FORMATS`].
    #[error("there are too many formats")]
    TooManyFormats,
    /// It is not UTF-8. Browsers take text only.
    #[error("the text is not UTF-8")]
    Encoding,
    /// There is a NUL, or a carriage return that ends no line (RFC 8866 9 `byte-string`).
    #[error("there is a control character")]
    Control,
    /// The line is not a small letter, an equals sign and a value (RFC 8866 5).
    #[error("the line is not of the form x=value")]
    Line,
    /// The first line is not `v=0` (RFC 8866 5.1).
    #[error("the version is not v=0")]
    Version,
    /// The second line is no well-formed `o=` (RFC 8866 5.2).
    #[error("the origin (o=) is missing or not well-formed")]
    Origin,
    /// The third line is not `s=` (RFC 8866 5.3).
    #[error("the session name (s=) is missing")]
    SessionName,
    /// There is no `t=` before the media (RFC 8866 5.9).
    #[error("the time (t=) is missing")]
    Time,
    /// An `m=` is not media, port, protocol and formats (RFC 8866 5.14).
    #[error("the media line (m=) is not well-formed")]
    Media,
}

/// A parameter of a format may not be written like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParameter {
    /// The name is no token.
    #[error("the name is not a token")]
    Name,
    /// The value has a semicolon or a control character in it, or white space at its ends, or is too long.
    #[error("the value cannot stand in a format's parameters")]
    Value,
}
