//! How large a description may be. What is larger is refused before anything is made of it. What changes add to a
//! description afterwards is not counted: a few short lines a media section.

/// Bytes of a whole description.
pub const DESCRIPTION: usize = 64 * 1024;
/// Lines of a description.
pub const LINES: usize = 2048;
/// Bytes of one line, without its line end.
pub const LINE: usize = 8 * 1024;
/// Media sections: what Asterisk takes, too.
pub const MEDIA: usize = 16;
/// Formats of one media section: there are no more payload types (RFC 3551 3).
pub const FORMATS: usize = 128;
/// Candidates that are read of one media section, and that [`super::Media::prune_candidates`] leaves.
pub const CANDIDATES: usize = 64;
/// Fingerprints that are read of one section: one a hash function, some certificates.
pub const FINGERPRINTS: usize = 16;
