use alloc::vec::Vec;

use super::section::Section;
use super::{Media, SessionDescription};

/// The keys of a media section's transport: its own, or the session's, or those of the section that has the transport
/// of its bundle (RFC 8839 5.4, RFC 8122 5, RFC 9143 7.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport<'a> {
    /// The user fragment of ICE (RFC 8839 5.4).
    pub ufrag: Option<&'a str>,
    /// The password of ICE.
    pub pwd: Option<&'a str>,
    /// The certificates, any of which DTLS may show.
    pub fingerprints: Vec<Fingerprint<'a>>,
    /// Who begins DTLS.
    pub setup: Option<Setup>,
    /// The name of the DTLS association (RFC 8842 4).
    pub tls_id: Option<&'a str>,
}

/// The hash of a certificate (RFC 8122 5). Neither part has a case.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Fingerprint<'a> {
    /// Such as `sha-256`.
    pub algorithm: &'a str,
    /// Pairs of hexadecimal digits, with colons between them.
    pub value: &'a str,
}

/// Who begins DTLS (RFC 5763 5, which takes it from RFC 4145 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setup {
    /// Who wrote it.
    Active,
    /// The other end.
    Passive,
    /// As the other end likes: what every offer must say.
    ActPass,
    /// Nobody for now.
    HoldConn,
}

/// The role of an end in a DTLS association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DtlsRole {
    /// It begins: `a=setup:active`.
    Client,
    /// It waits: `a=setup:passive`.
    Server,
}

/// How a description goes on from the one before it of the same end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Continuity {
    /// The same DTLS association over the same ICE session.
    Same,
    /// The same certificates and other ICE credentials: ICE restarts, DTLS goes on (RFC 8839 4.4.1.1).
    IceRestart,
    /// Other certificates, another association or another role: the connection that is there cannot go on with it
    /// (RFC 8842 5.1). It takes a fresh one.
    NewPeer,
}

impl Setup {
    const ALL: [Self; 4] = [Self::Active, Self::Passive, Self::ActPass, Self::HoldConn];

    /// The value of the attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
            Self::HoldConn => "holdconn",
        }
    }

    /// The role of who says so, if it is decided.
    #[must_use]
    pub const fn role(self) -> Option<DtlsRole> {
        match self {
            Self::Active => Some(DtlsRole::Client),
            Self::Passive => Some(DtlsRole::Server),
            Self::ActPass | Self::HoldConn => None,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setup| setup.as_str().eq_ignore_ascii_case(name.trim_ascii()))
    }
}

impl DtlsRole {
    /// The role of the other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// What who has it says.
    const fn setup(self) -> Setup {
        match self {
            Self::Client => Setup::Active,
            Self::Server => Setup::Passive,
        }
    }
}

impl<'a> Fingerprint<'a> {
    /// Reads the value of the attribute.
    #[must_use]
    pub fn parse(value: &'a str) -> Option<Self> {
        let (algorithm, value) = value.trim_ascii().split_once(' ')?;
        let value = value.trim_ascii();
        let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        (!algorithm.is_empty() && value.split(':').all(pair)).then_some(Self { algorithm, value })
    }
}

impl PartialEq for Fingerprint<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm.eq_ignore_ascii_case(other.algorithm) && self.value.eq_ignore_ascii_case(other.value)
    }
}

impl SessionDescription {
    /// The keys of a media section's transport. `None` if there is no such section.
    #[must_use]
    pub fn transport(&self, index: usize) -> Option<Transport<'_>> {
        let media = self.media.get(index)?;
        let tagged = self.tagged(media).map(Media::section);
        let sections = [Some(media.section()), Some(&self.session), tagged];
        let with = |name: &str| sections.into_iter().flatten().find(|section| section.has_attribute(name));
        let first = |name: &str| with(name).and_then(|section| section.attribute(name)).map(str::trim_ascii);
        // The two are a pair: they come from the same level.
        let ice = with("ice-ufrag");
        let fingerprints = with("fingerprint").map(fingerprints).unwrap_or_default();
        Some(Transport {
            ufrag: ice.and_then(|section| section.attribute("ice-ufrag")).map(str::trim_ascii),
            pwd: ice.and_then(|section| section.attribute("ice-pwd")).or_else(|| first("ice-pwd")).map(str::trim_ascii),
            fingerprints,
            setup: first("setup").and_then(Setup::named),
            tls_id: first("tls-id"),
        })
    }

    /// The DTLS role that a description takes for who wrote it: decided in answers, open in offers. It has to stay the
    /// same in all answers of a call (RFC 8842 5.3).
    #[must_use]
    pub fn dtls_role(&self, index: usize) -> Option<DtlsRole> {
        self.transport(index)?.setup?.role()
    }

    /// Makes a received offer say `actpass`, as every offer must (RFC 8842 5.2): browsers refuse others, and the world
    /// sends the role that it has. Not for answers.
    pub fn offer_actpass(&mut self) {
        // Only a section without certificates of its own, nor the session's, needs none.
        let by_session = self.session.has_attribute("setup");
        let certified = self.session.has_attribute("fingerprint");
        set_actpass(&mut self.session, false);
        for media in &mut self.media {
            let section = media.section_mut();
            let missing = !by_session && (section.has_attribute("fingerprint") || certified);
            set_actpass(section, missing);
        }
    }

    /// Takes the DTLS role that an offer leaves for its answer (RFC 8842 5.3). `offer` is the one that was received: in
    /// what the browser got, [`actpass`](Self::offer_actpass) hides the role that the other end insists on.
    pub fn take_role(&mut self, offer: &Self) {
        for (index, media) in self.media.iter_mut().enumerate() {
            let section = media.section_mut();
            if let (Some(theirs), true) = (offer.dtls_role(index), section.has_attribute("setup")) {
                section.set_attribute("setup", theirs.other().setup().as_str());
            }
        }
    }

    /// Makes an answer of what was an offer: where the role in DTLS is open it becomes this one (RFC 8842 5.3).
    pub fn decide_role(&mut self, role: DtlsRole) {
        let sections = self.media.iter_mut().map(Media::section_mut);
        for section in core::iter::once(&mut self.session).chain(sections) {
            if section.attribute("setup").and_then(Setup::named) == Some(Setup::ActPass) {
                section.set_attribute("setup", role.setup().as_str());
            }
        }
    }

    /// How this goes on from `previous`, the description of the same end that was applied last. The sections that are
    /// live in both are compared; offers should say [`actpass`](Self::offer_actpass) before.
    #[must_use]
    pub fn continuity(&self, previous: &Self) -> Continuity {
        let mut found = Continuity::Same;
        for (index, (now, before)) in self.media.iter().zip(&previous.media).enumerate() {
            if now.is_rejected() || before.is_rejected() {
                continue;
            }
            if let (Some(now), Some(before)) = (self.transport(index), previous.transport(index)) {
                found = found.max(now.continuity(&before));
            }
        }
        found
    }
}

impl Transport<'_> {
    fn continuity(&self, before: &Self) -> Continuity {
        let differ = |now: Option<&str>, before: Option<&str>| now.is_some() && before.is_some() && now != before;
        let role = |transport: &Self| transport.setup.and_then(Setup::role);
        let roles_differ = role(self).zip(role(before)).is_some_and(|(now, before)| now != before);
        let shared = self.fingerprints.iter().any(|fingerprint| before.fingerprints.contains(fingerprint));
        let certified = !self.fingerprints.is_empty() || !before.fingerprints.is_empty();
        if (certified && !shared) || differ(self.tls_id, before.tls_id) || roles_differ {
            Continuity::NewPeer
        } else if self.ufrag != before.ufrag || self.pwd != before.pwd {
            Continuity::IceRestart
        } else {
            Continuity::Same
        }
    }
}

fn fingerprints(section: &Section) -> Vec<Fingerprint<'_>> {
    section.attributes("fingerprint").filter_map(Fingerprint::parse).take(super::limits::FINGERPRINTS).collect()
}

fn set_actpass(section: &mut Section, missing: bool) {
    if section.has_attribute("setup") || missing {
        section.set_attribute("setup", Setup::ActPass.as_str());
    }
}
