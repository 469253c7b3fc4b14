//! What an administrator set about the media of an account: as it holds for one page, defaults filled in.

use serde::{Deserialize, Serialize};

/// What holds for the media of this account. It comes with the [`crate::backend::Opening`], and anew over the tab socket
/// whenever something of it changes or its credentials would run out ([`crate::lease::ToTab::Media`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// STUN and TURN servers for calls; empty where only paths of our own interfaces are wanted (a LAN).
    pub ice_servers: Vec<IceServer>,
    /// Whether sound and pictures go over a relay (TURN) only.
    pub relay: bool,
    /// Whether candidates may follow the descriptions of a call (RFC 8840).
    pub trickle: bool,
    /// The codecs that come first, the best first, by the names of their encodings; those that are not named follow as the
    /// browser has them.
    pub preferred: Vec<String>,
    /// The codecs that are not used.
    pub removed: Vec<String>,
    /// The most that sound may take, in kilobits a second; 0 is no limit.
    pub audio_kbit: u16,
    /// The most that pictures may take, in kilobits a second; 0 is no limit.
    pub video_kbit: u16,
    /// The most lines that a picture of ours has; 0 is no limit.
    pub video_height: u16,
    /// The most pictures a second that we send; 0 is no limit.
    pub video_rate: u8,
    /// How keys are sent in a call.
    pub digits: Digits,
    /// Whose calls are answered by themselves, when they ask for it: an administrator allows it, and the person wants it.
    pub auto_answer: AutoAnswer,
    /// Whether calls may be recorded.
    pub recording: Recording,
    /// The number of the voicemail, empty if there is none.
    pub voicemail: String,
}

/// Whether the calls of an account may be recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recording {
    /// They may not: the page shows no button for it, and the server takes none.
    Off,
    /// Whoever has the phone decides. The other end is told nothing by the phone.
    #[default]
    Allowed,
    /// The same, and the other end hears a tone when it begins, and again and again.
    Announced,
}

/// How the keys of a person are sent in a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Digits {
    /// As events in RTP (RFC 4733) where the other end takes these, else by INFO.
    #[default]
    Auto,
    /// As events in RTP, always.
    Rtp,
    /// By INFO (`application/dtmf-relay`), always.
    Info,
}

/// Whose calls may be answered by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AutoAnswer {
    /// Nobody's.
    #[default]
    Nobody,
    /// Those of everybody in the own domain.
    Domain,
    /// Those from these numbers of the own domain.
    Numbers(Vec<String>),
}

impl AutoAnswer {
    /// Whether calls from this number of the own domain may be.
    #[must_use]
    pub fn allows(&self, number: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::Domain => true,
            Self::Numbers(numbers) => numbers.iter().any(|known| known == number),
        }
    }
}

/// A STUN or TURN server (the fields of RTCIceServer).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` addresses.
    pub urls: Vec<String>,
    /// For TURN.
    pub username: Option<String>,
    /// For TURN: what the server was started with, or what it made for this account and for a short time.
    pub credential: Option<String>,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            ice_servers: Vec::new(),
            relay: false,
            trickle: true,
            preferred: Vec::new(),
            removed: Vec::new(),
            audio_kbit: 0,
            video_kbit: 0,
            video_height: 0,
            video_rate: 0,
            digits: Digits::Auto,
            auto_answer: AutoAnswer::Nobody,
            recording: Recording::Allowed,
            voicemail: String::new(),
        }
    }
}

impl Media {
    /// Whether one of the servers is a relay.
    #[must_use]
    pub fn has_relay(&self) -> bool {
        self.ice_servers.iter().flat_map(|server| &server.urls).any(|url| url.starts_with("turn"))
    }
}
