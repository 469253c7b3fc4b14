use core::fmt;
use core::net::IpAddr;

use super::media::word;
use super::{Media, SessionDescription, limits};

/// A way to reach an end (RFC 8839 5.1). Its `Display` is the attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// What candidates that rise and fall together share.
    pub foundation: &'a str,
    /// 1 for RTP, or for both; 2 for RTCP.
    pub component: u16,
    /// `udp` or `tcp`, in any case.
    pub transport: &'a str,
    /// The higher, the rather.
    pub priority: u32,
    /// An address, or a name: browsers hide addresses behind names that end in `.local`.
    pub address: &'a str,
    /// The port.
    pub port: u16,
    /// How it was found.
    pub kind: CandidateKind<'a>,
    /// The address that it was found from (`raddr`).
    pub related_address: Option<&'a str>,
    /// The port that it was found from (`rport`).
    pub related_port: Option<u16>,
    /// All that follows, as it is written, such as `tcptype` and `generation`.
    pub extensions: &'a str,
}

/// How a candidate was found (RFC 8445 5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateKind<'a> {
    /// An interface of the machine.
    Host,
    /// A STUN server told (`srflx`).
    ServerReflexive,
    /// The other end's checks told (`prflx`).
    PeerReflexive,
    /// A TURN server lends it.
    Relay,
    /// Any other.
    Other(&'a str),
}

/// Which kinds of candidates there are of those that the other end's checks can reach. One over TCP that only connects (RFC 6544
/// 4.5, `active`) is none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CandidateKinds {
    /// An interface, with its address.
    pub host: bool,
    /// An interface, behind a name that only machines of the same network can resolve (mDNS).
    pub hidden_host: bool,
    /// What a STUN server told.
    pub server_reflexive: bool,
    /// What the other end's checks told.
    pub peer_reflexive: bool,
    /// What a TURN server lends.
    pub relay: bool,
}

impl<'a> Candidate<'a> {
    /// Reads the value of the attribute. Unknown extensions are kept.
    #[must_use]
    pub fn parse(value: &'a str) -> Option<Self> {
        let (foundation, rest) = word(value)?;
        let (component, rest) = word(rest)?;
        let (transport, rest) = word(rest)?;
        let (priority, rest) = word(rest)?;
        let (address, rest) = word(rest)?;
        let (port, rest) = word(rest)?;
        let (_, rest) = word(rest).filter(|(typ, _)| *typ == "typ")?;
        let (kind, rest) = word(rest)?;
        let (related_address, rest) = extension(rest, "raddr");
        let (related_port, rest) = extension(rest, "rport");
        Some(Self {
            foundation,
            component: component.parse().ok()?,
            transport,
            priority: priority.parse().ok()?,
            address,
            port: port.parse().ok()?,
            kind: CandidateKind::named(kind),
            related_address,
            related_port: related_port.and_then(|port| port.parse().ok()),
            extensions: rest.trim_ascii(),
        })
    }

    /// The address, unless it is a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.address.parse().ok()
    }

    /// Whether the address is a name that only machines of the same network can resolve (mDNS, RFC 6762 3).
    #[must_use]
    pub fn is_mdns(&self) -> bool {
        let start = self.address.len().saturating_sub(".local".len());
        self.address.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(".local"))
    }
}

impl<'a> CandidateKind<'a> {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relay => "relay",
            Self::Other(name) => name,
        }
    }

    fn named(name: &'a str) -> Self {
        let known = [Self::Host, Self::ServerReflexive, Self::PeerReflexive, Self::Relay];
        known.into_iter().find(|kind| kind.as_str() == name).unwrap_or(Self::Other(name))
    }
}

impl CandidateKinds {
    fn add(&mut self, candidate: &Candidate<'_>) {
        if extension(candidate.extensions, "tcptype").0.is_some_and(|kind| kind.eq_ignore_ascii_case("active")) {
            return;
        }
        match candidate.kind {
            CandidateKind::Host if candidate.is_mdns() => self.hidden_host = true,
            CandidateKind::Host => self.host = true,
            CandidateKind::ServerReflexive => self.server_reflexive = true,
            CandidateKind::PeerReflexive => self.peer_reflexive = true,
            CandidateKind::Relay => self.relay = true,
            CandidateKind::Other(_) => {}
        }
    }
}

impl fmt::Display for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { foundation, component, transport, priority, address, port, .. } = self;
        write!(f, "{foundation} {component} {transport} {priority} {address} {port} typ {}", self.kind.as_str())?;
        if let Some(address) = self.related_address {
            write!(f, " raddr {address}")?;
        }
        if let Some(port) = self.related_port {
            write!(f, " rport {port}")?;
        }
        let space = if self.extensions.is_empty() { "" } else { " " };
        write!(f, "{space}{}", self.extensions)
    }
}

impl Media {
    /// The candidates, at most [`limits::CANDIDATES`]; what is not well-formed is passed over.
    pub fn candidates(&self) -> impl Iterator<Item = Candidate<'_>> {
        self.attributes("candidate").filter_map(Candidate::parse).take(limits::CANDIDATES)
    }

    /// Which kinds of candidates there are.
    #[must_use]
    pub fn candidate_kinds(&self) -> CandidateKinds {
        let mut kinds = CandidateKinds::default();
        self.candidates().for_each(|candidate| kinds.add(&candidate));
        kinds
    }

    /// Whether no candidate will follow (RFC 8840 8.2).
    #[must_use]
    pub fn has_end_of_candidates(&self) -> bool {
        self.section().has_attribute("end-of-candidates")
    }

    /// Takes away what servers stumble over: candidates with `.local` names, if there is another one over UDP, and
    /// those beyond [`limits::CANDIDATES`].
    pub fn prune_candidates(&mut self) {
        let other = |candidate: Candidate<'_>| !candidate.is_mdns() && candidate.transport.eq_ignore_ascii_case("udp");
        let others = self.attributes("candidate").filter_map(Candidate::parse).any(other);
        let mut count = 0;
        self.section_mut().retain_attributes(&mut |name, value| {
            if name != "candidate" {
                return true;
            }
            let hidden = Candidate::parse(value).is_some_and(|candidate| candidate.is_mdns());
            count += usize::from(!(hidden && others));
            !(hidden && others) && count <= limits::CANDIDATES
        });
    }
}

impl SessionDescription {
    /// [Prunes](Media::prune_candidates) the candidates of all media sections.
    pub fn prune_candidates(&mut self) {
        self.media.iter_mut().for_each(Media::prune_candidates);
    }

    /// Which kinds of candidates there are, in all media sections together.
    #[must_use]
    pub fn candidate_kinds(&self) -> CandidateKinds {
        let mut kinds = CandidateKinds::default();
        self.media.iter().flat_map(Media::candidates).for_each(|candidate| kinds.add(&candidate));
        kinds
    }

    /// Whether who wrote it takes candidates afterwards (RFC 8840 4.1.1 `a=ice-options:trickle`).
    #[must_use]
    pub fn trickles(&self) -> bool {
        let sections = core::iter::once(&self.session).chain(self.media.iter().map(Media::section));
        let mut options = sections.flat_map(|section| section.attributes("ice-options"));
        options.any(|options| options.split_ascii_whitespace().any(|option| option == "trickle"))
    }
}

/// The value of an extension, if it comes next; and what follows it.
fn extension<'a>(text: &'a str, name: &str) -> (Option<&'a str>, &'a str) {
    let found = word(text).filter(|(found, _)| *found == name).and_then(|(_, rest)| word(rest));
    found.map_or((None, text), |(value, rest)| (Some(value), rest))
}
