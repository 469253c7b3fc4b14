//! Session descriptions (RFC 8866), as far as a browser phone must read and change them: directions, the pairing of
//! media sections in offer and answer (RFC 3264), codecs, the keys of ICE and DTLS (RFC 8839, 8842), candidates.
//!
//! A [`SessionDescription`] keeps its lines as they were written: what was parsed prints byte for byte, and a change
//! touches only the lines that it is about. Descriptions are made by browsers, so nothing here makes one from nothing.
//!
//! ```
//! use sip::sdp::{Direction, SessionDescription};
//!
//! let bytes = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n";
//! let mut description = SessionDescription::parse(bytes)?;
//! assert_eq!(description.direction(0), Some(Direction::SendRecv));
//! description.hold();
//! assert!(description.to_string().ends_with("m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=sendonly\r\n"));
//! # Ok::<(), sip::sdp::ParseError>(())
//! ```

mod bandwidth;
mod browser;
mod bundle;
mod candidate;
mod codec;
mod direction;
mod error;
mod fragment;
pub mod limits;
mod media;
mod origin;
mod pairing;
mod parameter;
mod parse;
mod reoffer;
mod section;
mod transport;
mod unfit;

pub use bandwidth::Bandwidth;
pub use candidate::{Candidate, CandidateKind, CandidateKinds};
pub use codec::{Codec, TelephoneEvent};
pub use direction::Direction;
pub use error::{InvalidParameter, ParseError, ParseErrorKind};
pub use fragment::Fragment;
pub use media::Media;
pub use origin::Origin;
pub use pairing::Mismatch;
pub use reoffer::MediaChange;
pub use transport::{Continuity, DtlsRole, Fingerprint, Setup, Transport};
pub use unfit::{Unfit, Unfitness};

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use section::{Line, Section};

/// A session description (RFC 8866): the session's own lines, and its media sections. It prints as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    session: Section,
    media: Vec<Media>,
    /// Empty lines at the end.
    tail: String,
}

impl SessionDescription {
    /// The media type of descriptions (RFC 8866 8.1).
    pub const CONTENT_TYPE: &'static str = "application/sdp";

    /// Parses a description. Lines end with CRLF or LF; letters and attributes that are not known here are kept.
    ///
    /// # Errors
    /// It is no description that a browser would read either, or breaks one of the [`limits`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let parse::Frame { session, media, tail } = parse::description(bytes)?;
        Ok(Self { session, media, tail })
    }

    /// The media sections, in order: their places are what offer and answer pair (RFC 3264 6).
    #[must_use]
    pub fn media(&self) -> &[Media] {
        &self.media
    }

    /// The media sections, to be changed. None can be added or taken away.
    #[must_use]
    pub fn media_mut(&mut self) -> &mut [Media] {
        &mut self.media
    }

    /// The first value of an attribute of the session itself; empty for a flag.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.session.attribute(name)
    }

    /// The values of an attribute of the session itself, in order.
    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.session.attributes(name)
    }

    /// As it goes on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl FromStr for SessionDescription {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(f, &self.session, &self.media, &self.tail)
    }
}

/// Writes all lines. A last line may have come without its end, and stand elsewhere now.
fn write_lines(f: &mut fmt::Formatter<'_>, session: &Section, media: &[Media], tail: &str) -> fmt::Result {
    let mut open = false;
    let lines = session.lines().chain(media.iter().flat_map(|media| media.section().lines())).map(Line::text);
    for line in lines.chain((!tail.is_empty()).then_some(tail)) {
        if open {
            f.write_str(session.end().as_str())?;
        }
        f.write_str(line)?;
        open = !line.ends_with('\n');
    }
    Ok(())
}

crate::message::serde_as_text!(SessionDescription);

#[cfg(test)]
mod tests;
