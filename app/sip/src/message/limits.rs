//! How large a message may be. What is larger is refused before anything is made of it.

/// Bytes of a whole message.
pub const MESSAGE: usize = 64 * 1024;
/// Bytes of start line and header fields together.
pub const HEADER_SECTION: usize = 32 * 1024;
/// Header fields of a message.
pub const FIELDS: usize = 128;
/// Bytes of one header field, with its folds.
pub const FIELD: usize = 8 * 1024;
/// Bytes of the start line.
pub const START_LINE: usize = 8 * 1024;
/// Values of one header, over all its fields: Via is the one that grows, by one a hop, and Max-Forwards starts at 70.
pub const VALUES: usize = 70;
