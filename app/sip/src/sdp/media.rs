use alloc::string::{String, ToString as _};

use super::section::{LineEnd, Section};

/// A media section: an `m=` line and what belongs to it (RFC 8866 5.14).
///
/// What the session says for all its media is not seen here: [`super::SessionDescription`] has the methods that know
/// both levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    section: Section,
}

/// The words of an `m=` line.
#[derive(Clone, Copy)]
pub(super) struct MediaLine<'a> {
    kind: &'a str,
    /// Port, and how many if there are several.
    ports: &'a str,
    port: u16,
    protocol: &'a str,
    formats: &'a str,
}

impl<'a> MediaLine<'a> {
    /// media SP port ["/" integer] 1*SP proto 1*(SP fmt)
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        let (kind, rest) = word(value)?;
        let (ports, rest) = word(rest)?;
        let (protocol, formats) = word(rest)?;
        let (port, count) = ports.split_once('/').unwrap_or((ports, "1"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(port) || !digits(count) || formats.trim().is_empty() {
            return None;
        }
        Some(Self { kind, ports, port: port.parse().ok()?, protocol, formats })
    }

    pub(super) fn formats(&self) -> core::str::SplitAsciiWhitespace<'a> {
        self.formats.split_ascii_whitespace()
    }
}

/// The first word, and what follows it.
pub(super) fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    let (word, rest) = text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
    (!word.is_empty()).then_some((word, rest))
}

impl Media {
    /// What it is: `audio`, `video`, `application` and others.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.line().kind
    }

    /// Whether it is sound.
    #[must_use]
    pub fn is_audio(&self) -> bool {
        self.kind().eq_ignore_ascii_case("audio")
    }

    /// Whether it is a picture that moves.
    #[must_use]
    pub fn is_video(&self) -> bool {
        self.kind().eq_ignore_ascii_case("video")
    }

    /// The port: 0 for none, 9 for one that ICE will find (RFC 8840 4.1.1).
    #[must_use]
    pub fn port(&self) -> u16 {
        self.line().port
    }

    /// The protocol, such as `UDP/TLS/RTP/SAVPF`.
    #[must_use]
    pub fn protocol(&self) -> &str {
        self.line().protocol
    }

    /// The formats; for RTP they are payload types, the best first (RFC 3264 5.1).
    pub fn formats(&self) -> impl Iterator<Item = &str> {
        self.line().formats()
    }

    /// Whether it is RTP of any profile.
    #[must_use]
    pub fn is_rtp(&self) -> bool {
        let protocol = self.protocol();
        let profile = protocol.rsplit('/').next().unwrap_or_default();
        let known = ["AVP", "AVPF", "SAVP", "SAVPF"].iter().any(|known| known.eq_ignore_ascii_case(profile));
        known && protocol.split('/').any(|word| word.eq_ignore_ascii_case("RTP"))
    }

    /// Whether it is refused, or over: its port is 0 (RFC 3264 6, 8.2). One that only its bundle carries is not
    /// (RFC 9143 6).
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.port() == 0 && !self.section.has_attribute("bundle-only")
    }

    /// Its name in the description (RFC 5888 4).
    #[must_use]
    pub fn mid(&self) -> Option<&str> {
        self.section.attribute("mid").map(str::trim_ascii)
    }

    /// The stream and track that it carries (RFC 8830 2).
    #[must_use]
    pub fn msid(&self) -> Option<&str> {
        self.section.attribute("msid")
    }

    /// Whether RTP and RTCP share a port (RFC 5761 5.1.1).
    #[must_use]
    pub fn has_rtcp_mux(&self) -> bool {
        self.section.has_attribute("rtcp-mux") || self.has_rtcp_mux_only()
    }

    /// Whether they cannot do otherwise (RFC 8858).
    #[must_use]
    pub fn has_rtcp_mux_only(&self) -> bool {
        self.section.has_attribute("rtcp-mux-only")
    }

    /// The first value of an attribute of this section; empty for a flag.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.section.attribute(name)
    }

    /// The values of an attribute of this section, in order.
    pub fn attributes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.section.attributes(name)
    }

    /// How many milliseconds of sound a packet should hold (RFC 8866 6.4).
    #[must_use]
    pub fn ptime(&self) -> Option<u32> {
        milliseconds(self.section.attribute("ptime")?)
    }

    /// Sets how many milliseconds of sound a packet should hold.
    pub fn set_ptime(&mut self, milliseconds: Option<u32>) {
        self.set_number("ptime", milliseconds);
    }

    /// How many milliseconds of sound a packet may hold (RFC 8866 6.5).
    #[must_use]
    pub fn maxptime(&self) -> Option<u32> {
        milliseconds(self.section.attribute("maxptime")?)
    }

    /// Sets how many milliseconds of sound a packet may hold.
    pub fn set_maxptime(&mut self, milliseconds: Option<u32>) {
        self.set_number("maxptime", milliseconds);
    }

    pub(super) const fn from_section(section: Section) -> Self {
        Self { section }
    }

    /// What stands in an answer for a section that is not taken (RFC 3264 6), or in an offer for one that is over
    /// (RFC 3264 8.2).
    pub(super) fn rejected(of: &Self, end: LineEnd) -> Self {
        let mut section = Section::new(end);
        let line = of.line();
        section.push(&["m=", line.kind, " 0 ", line.protocol, " ", line.formats.trim_ascii()]);
        section.push(&["c=IN IP4 0.0.0.0"]);
        section.push(&["a=inactive"]);
        if let Some(mid) = of.mid() {
            section.push(&["a=mid:", mid]);
        }
        Self { section }
    }

    pub(super) const fn section(&self) -> &Section {
        &self.section
    }

    pub(super) const fn section_mut(&mut self) -> &mut Section {
        &mut self.section
    }

    /// Gives it a port of its own, or none with 0: either way not only its bundle carries it.
    pub(super) fn set_port(&mut self, port: u16) {
        let line = self.line();
        if line.port != port {
            let value = [line.kind, &port.to_string(), line.protocol, line.formats].join(" ");
            self.section.replace(0, &["m=", &value]);
        }
        self.section.retain_attributes(&mut |name, _| name != "bundle-only");
    }

    pub(super) fn set_protocol(&mut self, protocol: &str) {
        let line = self.line();
        let value = [line.kind, line.ports, protocol, line.formats].join(" ");
        self.section.replace(0, &["m=", &value]);
    }

    /// Sets the formats; without any, nothing is changed: every `m=` line has some.
    pub(super) fn set_formats(&mut self, formats: &[String]) {
        let line = self.line();
        if formats.is_empty() || line.formats().eq(formats.iter()) {
            return;
        }
        let value = [line.kind, line.ports, line.protocol, &formats.join(" ")].join(" ");
        self.section.replace(0, &["m=", &value]);
    }

    fn set_number(&mut self, name: &str, number: Option<u32>) {
        match number {
            Some(number) => self.section.set_attribute(name, &number.to_string()),
            None => self.section.retain_attributes(&mut |found, _| found != name),
        }
    }

    fn line(&self) -> MediaLine<'_> {
        // The parser let no other line be the first.
        let none = MediaLine { kind: "", ports: "0", port: 0, protocol: "", formats: "" };
        self.section.value(b'm').and_then(MediaLine::parse).unwrap_or(none)
    }
}

/// Whole milliseconds; the world also writes `20.0`.
fn milliseconds(text: &str) -> Option<u32> {
    let text = text.trim_ascii();
    text.split_once('.').map_or(text, |(whole, _)| whole).parse().ok()
}
