//! Answers without media: as long as no page is there that has the peer connection of a call, whoever keeps the call for
//! it goes on with what was described last.

use super::hold::Described;
use super::{Agent, Body, Question, QuestionId};
use crate::sdp::{Direction, DtlsRole, SessionDescription};

/// What is remembered of a description of theirs.
///
/// | Bits | What |
/// | --- | --- |
/// | 0–31 | a hash of all lines but the origin, whose version some count up without a change |
/// | 32 | whether they wait for us to begin DTLS (`a=setup:passive`) |
/// | 33–63 | a hash of what its transport is made of: the keys of ICE and DTLS and the media sections; without ICE the addresses |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Heard(u64);

impl Heard {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let lines = || bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let with_ice = lines().any(|line| line.starts_with(b"a=ice-ufrag:"));
        let (mut all, mut transport, mut waits) = (BASIS, BASIS, 0);
        for line in lines().filter(|line| !line.starts_with(b"o=")) {
            all = hash(all, line);
            waits |= u64::from(line == b"a=setup:passive");
            match line {
                [b'm', b'=', media @ ..] if with_ice => {
                    // Its port and its address follow the candidates, which do not count.
                    let mut words = media.split(|byte| *byte == b' ');
                    transport = hash(transport, words.next().unwrap_or_default());
                    transport = hash(transport, if words.next() == Some(b"0") { b"0" } else { b"1" });
                }
                [b'm' | b'c', b'=', ..] if !with_ice => transport = hash(transport, line),
                _ if KEYS.iter().any(|key| line.starts_with(key)) => transport = hash(transport, line),
                _ => {}
            }
        }
        Self(transport >> 33 << 33 | waits << 32 | all >> 32)
    }

    /// Whether both are over the same transport.
    const fn goes_on_from(self, before: Self) -> bool {
        self.0 >> 33 == before.0 >> 33
    }

    /// The role that is left for us, as they took theirs.
    const fn our_role(self) -> DtlsRole {
        if self.0 >> 32 & 1 == 1 { DtlsRole::Client } else { DtlsRole::Server }
    }
}

/// What names the keys of a transport.
const KEYS: [&[u8]; 4] = [b"a=ice-ufrag:", b"a=ice-pwd:", b"a=fingerprint:", b"a=tls-id:"];

/// FNV-1a.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

fn hash(before: u64, line: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    step(line.iter().fold(before, step), &b'\n')
}

impl Agent {
    /// The answer to a [`Question::Answer`] of an answered call that is to be had without any media: what was described
    /// last, turned as their offer wants it (RFC 3264 6.1, 8.4), or as it is when they ask for an offer. So a call whose
    /// page is gone can be held, resumed and refreshed. `None` when that needs a page: their offer is over another transport
    /// than before (ICE restarts, or they have another certificate), has no codec in common with what was agreed, or is no
    /// offer in an answered call.
    #[must_use]
    pub fn standing_answer(&self, id: QuestionId) -> Option<Body> {
        let open = self.core.questions.iter().find(|open| open.id == id)?;
        let Question::Answer { call, offer, hold } = &open.question else { return None };
        let session = self.sessions.iter().find(|session| session.id == *call)?;
        session.described()?.standing(offer.as_ref(), *hold)
    }
}

impl Described {
    fn standing(&self, offer: Option<&Body>, hold: bool) -> Option<Body> {
        let before = SessionDescription::parse(self.ours.as_ref()?.as_bytes()).ok()?;
        let mut ours = before.clone();
        // Who was held said less than it wanted to: the next hold, or its end, is seen from there.
        for media in ours.media_mut().iter_mut().filter(|media| media.is_audio() && !media.is_rejected()) {
            media.set_direction(Direction::SendRecv);
        }
        match offer {
            Some(offer) => self.follow(&mut ours, offer)?,
            None => ours.offer_actpass(),
        }
        let body = Body { content_type: super::compose::SDP.into(), bytes: ours.to_bytes() };
        let mut body = self.answer(body, offer, hold);
        let mut ours = SessionDescription::parse(&body.bytes).ok()?;
        if let Some(offer) = offer {
            ours.check_answer(&SessionDescription::parse(&offer.bytes).ok()?).ok()?;
        }
        ours.continue_from(&before);
        body.bytes = ours.to_bytes();
        Some(body)
    }

    /// Makes our last description one that answers this offer, if it is over the same transport: with its codecs, and with
    /// the role in DTLS that there is.
    fn follow(&self, ours: &mut SessionDescription, offer: &Body) -> Option<()> {
        let heard = self.theirs.filter(|heard| Heard::of(&offer.bytes).goes_on_from(*heard))?;
        let theirs = SessionDescription::parse(&offer.bytes).ok()?;
        for (media, offered) in ours.media_mut().iter_mut().zip(theirs.media()) {
            if !media.keep_formats(&|format| offered.formats().any(|known| known == format)) {
                return None;
            }
        }
        ours.decide_role(heard.our_role());
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const OFFER: &str = "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111 8\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef0123\r\n\
        a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=sendrecv\r\n";

    fn heard(from: &str, to: &str) -> Heard {
        assert!(OFFER.contains(from));
        Heard::of(OFFER.replace(from, to).as_bytes())
    }

    #[test]
    fn directions_codecs_candidates_and_versions_are_the_same_transport() {
        let before = Heard::of(OFFER.as_bytes());
        for (from, to) in [
            ("sendrecv", "sendonly"),
            ("111 8", "8 111"),
            ("audio 9", "audio 40000"),
            ("IP4 0.0.0.0", "IP4 192.0.2.1"),
            ("actpass", "active"),
            ("7 1", "7 2"),
            ("a=setup", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=setup"),
        ] {
            assert!(heard(from, to).goes_on_from(before), "{to}");
        }
        assert_eq!(heard("7 1", "7 2"), before, "only the origin changed");
        assert_ne!(heard("sendrecv", "sendonly"), before);
    }

    #[test]
    fn other_keys_sections_and_addresses_are_another_transport() {
        let before = Heard::of(OFFER.as_bytes());
        for (from, to) in [
            ("ufrag:abcd", "ufrag:efgh"),
            ("ef0123", "ef4567"),
            ("AA:BB", "AA:CC"),
            ("audio 9", "audio 0"),
            ("m=audio", "m=video"),
            ("a=sendrecv\r\n", "a=sendrecv\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"),
        ] {
            assert!(!heard(from, to).goes_on_from(before), "{to}");
        }
        let plain =
            |port: u16| Heard::of(format!("v=0\r\nm=audio {port} RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n").as_bytes());
        assert!(plain(4000).goes_on_from(plain(4000)));
        assert!(!plain(4002).goes_on_from(plain(4000)));
    }
}
