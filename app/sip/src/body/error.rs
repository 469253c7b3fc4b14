use crate::message::Status;

/// A body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}, line {line}")]
pub struct BodyError {
    /// What is wrong.
    pub kind: BodyErrorKind,
    /// Where: bytes from the beginning of the body, to the beginning of the piece that cannot be read.
    pub offset: usize,
    /// The line of that byte, from 1.
    pub line: usize,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyErrorKind {
    /// It has more than [`super::limits::BODY`] bytes.
    #[error("the body is too large")]
    TooLarge,
    /// There is more of something than its limit in [`super::limits`].
    #[error("there are too many elements")]
    TooMany,
    /// It is nested deeper than its limit in [`super::limits`].
    #[error("the body is nested too deep")]
    TooDeep,
    /// The bytes are not of the encoding that they are said to be, or of one that is not read: only UTF-8,
    /// ASCII and ISO-8859-1 are.
    #[error("the encoding is wrong or not supported")]
    Encoding,
    /// There is a document type definition.
    #[error("there is a document type definition")]
    Doctype,
    /// An entity that XML does not define itself, or a character that it cannot hold.
    #[error("the entity is not known")]
    Entity,
    /// It does not fit the grammar: no well-formed XML.
    #[error("the body is not well-formed")]
    Syntax,
    /// The document is of another kind.
    #[error("the document is of another kind")]
    Root,
    /// It says nothing of what it is there to say.
    #[error("what the body must say is missing")]
    Missing,
    /// The first line is neither a request line, nor a status line, nor a header field.
    #[error("the start line is not well-formed")]
    StartLine,
    /// A line is no header field, or breaks a limit of header fields.
    #[error("a line is not a header field")]
    Field,
    /// Content-Type is no multipart type, has no boundary, or the boundary is not found.
    #[error("there is no boundary between parts")]
    Boundary,
    /// A part must be understood, and is not (RFC 3261 20.11, RFC 5621 8.2).
    #[error("a part that must be understood is not supported")]
    Unsupported,
}

impl BodyError {
    pub(super) fn new(kind: BodyErrorKind, body: &[u8], offset: usize) -> Self {
        let before = body.get(..offset).unwrap_or(body);
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Self { kind, offset: before.len(), line }
    }

    /// What a server answers to a request with such a body.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.kind {
            BodyErrorKind::TooLarge | BodyErrorKind::TooMany | BodyErrorKind::TooDeep => {
                Status::REQUEST_ENTITY_TOO_LARGE
            }
            BodyErrorKind::Unsupported | BodyErrorKind::Encoding => Status::UNSUPPORTED_MEDIA_TYPE,
            BodyErrorKind::Doctype
            | BodyErrorKind::Entity
            | BodyErrorKind::Syntax
            | BodyErrorKind::Root
            | BodyErrorKind::Missing
            | BodyErrorKind::StartLine
            | BodyErrorKind::Field
            | BodyErrorKind::Boundary => Status::BAD_REQUEST,
        }
    }
}
