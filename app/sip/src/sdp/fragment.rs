use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::section::Section;
use super::{Media, ParseError, SessionDescription, parse};

/// Candidates that follow a description, the body of an INFO (RFC 8840 9): the lines of a description, without those
/// that every description has, and with as little of each media section as names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    session: Section,
    media: Vec<Media>,
    tail: String,
}

impl Fragment {
    /// The media type (RFC 8840 12.3).
    pub const CONTENT_TYPE: &'static str = "application/trickle-ice-sdpfrag";

    /// Parses a fragment.
    ///
    /// # Errors
    /// It is none, or breaks one of the [limits](super::limits).
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let parse::Frame { session, media, tail } = parse::fragment(bytes)?;
        Ok(Self { session, media, tail })
    }

    /// What `now` has to say about candidates that `before`, an earlier state of the same description, had not:
    /// candidates and their end, of each section, under its `mid`. `None` if nothing is new. Candidates with `.local`
    /// names go the same way as in [`Media::prune_candidates`]: prune `now` before.
    #[must_use]
    pub fn between(before: &SessionDescription, now: &SessionDescription) -> Option<Self> {
        let end = now.session.end();
        let mut fragment = Self { session: Section::new(end), media: Vec::new(), tail: String::new() };
        for (index, media) in now.media.iter().enumerate().filter(|(_, media)| !media.is_rejected()) {
            let earlier = before.media.get(index);
            let fresh =
                |value: &&str| !earlier.is_some_and(|earlier| earlier.attributes("candidate").any(|v| v == *value));
            let candidates: Vec<&str> =
                media.attributes("candidate").take(super::limits::CANDIDATES).filter(fresh).collect();
            let ends = media.has_end_of_candidates() && !earlier.is_some_and(Media::has_end_of_candidates);
            if candidates.is_empty() && !ends {
                continue;
            }
            if fragment.media.is_empty() {
                fragment.name_ice(now, index);
            }
            fragment.media.push(media.fragment(end, &candidates, ends));
        }
        (!fragment.media.is_empty()).then_some(fragment)
    }

    /// The user fragment of the ICE session that the candidates are of, and its password; they may also stand in the
    /// media sections.
    #[must_use]
    pub fn ice(&self) -> Option<(&str, &str)> {
        let of = |section: &'_ Section, name| section.attribute(name).map(str::len).is_some();
        let media = self.media.iter().map(Media::section);
        let section = core::iter::once(&self.session)
            .chain(media)
            .find(|section| of(section, "ice-ufrag") && of(section, "ice-pwd"))?;
        Some((section.attribute("ice-ufrag")?.trim_ascii(), section.attribute("ice-pwd")?.trim_ascii()))
    }

    /// The media sections that are named, with their candidates.
    #[must_use]
    pub fn media(&self) -> &[Media] {
        &self.media
    }

    /// Whether no candidate will follow for any section.
    #[must_use]
    pub fn has_end_of_candidates(&self) -> bool {
        self.session.has_attribute("end-of-candidates")
    }

    /// Whether it is about the ICE session of this description: it has the same credentials. What is about an earlier
    /// one, before an ICE restart, is to be dropped (RFC 8840 4.4).
    #[must_use]
    pub fn belongs_to(&self, description: &SessionDescription) -> bool {
        let Some((ufrag, pwd)) = self.ice() else { return false };
        let transports = (0..description.media.len()).filter_map(|index| description.transport(index));
        transports.into_iter().any(|transport| transport.ufrag == Some(ufrag) && transport.pwd == Some(pwd))
    }

    fn name_ice(&mut self, description: &SessionDescription, index: usize) {
        let Some(transport) = description.transport(index) else { return };
        if let Some((ufrag, pwd)) = transport.ufrag.zip(transport.pwd) {
            self.session.push(&["a=ice-ufrag:", ufrag]);
            self.session.push(&["a=ice-pwd:", pwd]);
        }
    }
}

impl Media {
    /// As much of it as names it, and these candidates (RFC 8840 9.2).
    fn fragment(&self, end: super::section::LineEnd, candidates: &[&str], ends: bool) -> Self {
        let mut section = Section::new(end);
        section.push(&["m=", self.kind(), " 9 ", self.protocol(), " ", self.formats().next().unwrap_or("0")]);
        if let Some(mid) = self.mid() {
            section.push(&["a=mid:", mid]);
        }
        for candidate in candidates {
            section.push(&["a=candidate:", candidate]);
        }
        if ends {
            section.set_flag("end-of-candidates");
        }
        Self::from_section(section)
    }
}

impl FromStr for Fragment {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::write_lines(f, &self.session, &self.media, &self.tail)
    }
}
