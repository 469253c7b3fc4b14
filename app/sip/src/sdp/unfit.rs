use alloc::vec::Vec;
use core::fmt;

use super::{Media, ParseError, SessionDescription};

/// Why no browser can take a description that was received. Its `Display` is a few words that fit into a
/// `Warning: 399` (RFC 3261 20.43) beside a 488; [`Unfit::remedy`] says what to set on the PBX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Unfit {
    /// It cannot be parsed.
    #[error("malformed SDP: {0}")]
    Malformed(#[from] ParseError),
    /// There is no section with sound or picture that is not refused.
    #[error("no audio or video in the SDP")]
    NoMedia,
    /// The keys are in the description (RFC 4568), and there is no DTLS.
    #[error("SDES keys instead of DTLS-SRTP")]
    Sdes,
    /// The media would not be encrypted at all.
    #[error("plain RTP instead of DTLS-SRTP")]
    PlainRtp,
    /// DTLS is said, but no certificate (RFC 8122 5).
    #[error("no DTLS fingerprint")]
    NoFingerprint,
    /// There is no ICE (RFC 8839 5.4).
    #[error("no ICE (ice-ufrag, ice-pwd)")]
    NoIce,
    /// The ICE credentials have not 4 to 256 and 22 to 256 characters (RFC 8839 5.4).
    #[error("ICE credentials of a wrong length")]
    BadIce,
    /// RTCP would need a port of its own (RFC 5761).
    #[error("no rtcp-mux")]
    NoRtcpMux,
    /// There is no sound codec that browsers have.
    #[error("no common audio codec (opus, G722, PCMU, PCMA)")]
    NoCodec,
}

/// All the reasons why no browser can take a description: never none. Its `Display` fits into one `Warning: 399`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Unfitness(Vec<Unfit>);

impl Unfit {
    /// What an admin sets so that it is not said any more: Asterisk, FreeSWITCH and rtpengine.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Malformed(_) => {
                "The PBX or something in between writes broken SDP. Look for header manipulation, SIP ALG and \
                 fragmented UDP between PBX and phone."
            }
            Self::NoMedia => {
                "The call has no audio or video for a browser. Fax (T.38) must not be routed to it. Asterisk: check \
                 allow= of the endpoint. FreeSWITCH: check absolute_codec_string."
            }
            Self::Sdes | Self::PlainRtp => {
                "Asterisk: webrtc=yes at the endpoint (it sets media_encryption=dtls and use_avpf). FreeSWITCH: \
                 register the phone at the profile with wss-binding, and media_webrtc=true for calls to it. rtpengine: \
                 DTLS=passive transport-protocol=UDP/TLS/RTP/SAVPF SDES-off."
            }
            Self::NoFingerprint => {
                "Asterisk: webrtc=yes, and dtls_auto_generate_cert=yes or a readable dtls_cert_file. FreeSWITCH: \
                 dtls-srtp.pem in the certs folder, readable. rtpengine: DTLS=passive \
                 transport-protocol=UDP/TLS/RTP/SAVPF."
            }
            Self::NoIce | Self::BadIce => {
                "Asterisk: webrtc=yes at the endpoint (it sets ice_support=yes), and icesupport=yes in rtp.conf. \
                 FreeSWITCH: media_webrtc=true, and apply-candidate-acl in the profile (localnet.auto, rfc1918.auto, \
                 wan_v4.auto, any_v4.auto), then a restart. rtpengine: ICE=force."
            }
            Self::NoRtcpMux => {
                "Asterisk: webrtc=yes at the endpoint (it sets rtcp_mux=yes). FreeSWITCH: \
                 media_webrtc=true for calls to the phone. rtpengine: rtcp-mux-offer, and rtcp-mux-require in answers."
            }
            Self::NoCodec => {
                "Asterisk: allow=opus,ulaw,alaw at the endpoint, with codec_opus or transcoding. FreeSWITCH: \
                 OPUS,G722,PCMU,PCMA in inbound-codec-prefs and outbound-codec-prefs. rtpengine: codec-transcode-opus."
            }
        }
    }
}

impl Unfitness {
    /// The reasons, each once.
    #[must_use]
    pub fn reasons(&self) -> &[Unfit] {
        &self.0
    }

    fn add(&mut self, reason: Unfit) {
        if !self.0.contains(&reason) {
            self.0.push(reason);
        }
    }
}

impl fmt::Display for Unfitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            reason.fmt(f)?;
        }
        Ok(())
    }
}

impl core::error::Error for Unfitness {}

impl From<ParseError> for Unfitness {
    fn from(error: ParseError) -> Self {
        Self(Vec::from([Unfit::Malformed(error)]))
    }
}

impl SessionDescription {
    /// Whether a browser can take this description as it is: all reasons why not, over all sections that it would have
    /// to take (RFC 8827 6.5, RFC 8829 5.8, RFC 8834 4.5). For what was received, offers and answers. If there is
    /// sound that it can take, [`offer_for_browser`](Self::offer_for_browser) only refuses the other sections: this
    /// tells why, if it is asked about the description as it was received.
    ///
    /// # Errors
    /// It cannot.
    pub fn check_fit(&self) -> Result<(), Unfitness> {
        let mut found = Unfitness(Vec::new());
        let mut any = false;
        for (index, media) in self.media.iter().enumerate().filter(|(_, media)| !media.is_rejected()) {
            any |= media.is_rtp() && media.is_for_browsers();
            self.check_section(index, media, &mut found);
        }
        if !any {
            found.add(Unfit::NoMedia);
        }
        if found.0.is_empty() { Ok(()) } else { Err(found) }
    }

    /// [Rejects](Self::reject) the sections that no browser knows; and those that are unfit, if there is sound that is
    /// fit: a call is more than its picture.
    ///
    /// # Errors
    /// No browser can take what is left: all reasons.
    pub(crate) fn reject_unfit(&mut self) -> Result<(), Unfitness> {
        let live = self.media.iter().enumerate().filter(|(_, media)| !media.is_rejected());
        let fits = |index: usize, media: &Media| {
            let mut found = Unfitness(Vec::new());
            self.check_section(index, media, &mut found);
            media.is_for_browsers() && found.0.is_empty()
        };
        let judged: Vec<(usize, bool)> = live.map(|(index, media)| (index, fits(index, media))).collect();
        let sound = |(index, fit): &(usize, bool)| *fit && self.media.get(*index).is_some_and(Media::is_audio);
        let sound = judged.iter().any(sound);
        for (index, _) in judged.into_iter().filter(|(_, fit)| !fit) {
            if sound || self.media.get(index).is_some_and(|media| !media.is_for_browsers()) {
                self.reject(index);
            }
        }
        self.check_fit()
    }

    /// What browsers do not know they need not take.
    fn check_section(&self, index: usize, media: &Media, found: &mut Unfitness) {
        let Some(transport) = self.transport(index).filter(|_| media.is_for_browsers()) else { return };
        if transport.fingerprints.is_empty() {
            found.add(self.what_instead_of_dtls(media));
        }
        match (transport.ufrag, transport.pwd) {
            (Some(ufrag), Some(pwd)) if (4..=256).contains(&ufrag.len()) && (22..=256).contains(&pwd.len()) => {}
            (Some(_), Some(_)) => found.add(Unfit::BadIce),
            (Some(_) | None, None) | (None, Some(_)) => found.add(Unfit::NoIce),
        }
        if media.is_rtp() && !self.muxes_rtcp(media) {
            found.add(Unfit::NoRtcpMux);
        }
        let common = ["opus", "G722", "PCMU", "PCMA"];
        if media.is_audio() && !media.codecs().iter().any(|codec| common.iter().any(|name| codec.is(name))) {
            found.add(Unfit::NoCodec);
        }
    }

    fn what_instead_of_dtls(&self, media: &Media) -> Unfit {
        let says = |word: &str| media.protocol().split('/').any(|found| found.eq_ignore_ascii_case(word));
        if media.section().has_attribute("crypto") || self.session.has_attribute("crypto") {
            Unfit::Sdes
        } else if says("TLS") || says("DTLS") {
            Unfit::NoFingerprint
        } else if says("SAVP") || says("SAVPF") {
            Unfit::Sdes
        } else {
            Unfit::PlainRtp
        }
    }
}

impl Media {
    /// Whether browsers know such a section: sound and picture over RTP, or data channels (RFC 8841).
    #[must_use]
    pub fn is_for_browsers(&self) -> bool {
        let data = self.kind().eq_ignore_ascii_case("application")
            && self.protocol().split('/').any(|word| word.eq_ignore_ascii_case("SCTP"));
        data || (self.is_rtp() && (self.is_audio() || self.is_video()))
    }
}
