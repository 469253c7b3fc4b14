use alloc::string::String;

use super::SessionDescription;

/// Who made the session, and which version of it this is (RFC 8866 5.2 `o=`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The user's name on the machine of origin, or `-`.
    pub username: &'a str,
    /// The session. Digits, more than fit a `u64` in the world out there.
    pub session_id: &'a str,
    /// The version: one more with every change (RFC 3264 8). Digits.
    pub version: &'a str,
    /// `IN`
    pub network_type: &'a str,
    /// `IP4` or `IP6`
    pub address_type: &'a str,
    /// The machine of origin; nothing may be sent there.
    pub address: &'a str,
}

impl<'a> Origin<'a> {
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let mut next = || words.next();
        let origin = Self {
            username: next()?,
            session_id: next()?,
            version: next()?,
            network_type: next()?,
            address_type: next()?,
            address: next()?,
        };
        let version = origin.version.bytes().all(|byte| byte.is_ascii_digit());
        (version && words.next().is_none()).then_some(origin)
    }
}

impl SessionDescription {
    /// The origin, with the version.
    #[must_use]
    pub fn origin(&self) -> Origin<'_> {
        // The parser let nothing in without one, and nothing here takes it away.
        self.session.value(b'o').and_then(Origin::parse).unwrap_or(Origin {
            username: "-",
            session_id: "0",
            version: "0",
            network_type: "IN",
            address_type: "IP4",
            address: "0.0.0.0",
        })
    }

    /// Makes the version one more, as a description that changed must have it (RFC 3264 8).
    pub fn increase_version(&mut self) {
        let origin = self.origin();
        let version = one_more(origin.version);
        let line = origin_line(&Origin { version: &version, ..origin });
        self.set_origin_line(&line);
    }

    /// Makes this the next version of what was sent before in the same dialog: the origin is that of `previous`, and
    /// the version is one more, or the same when nothing else is changed (RFC 3264 8). A fresh RTCPeerConnection in a
    /// running call has an origin of its own, which the other end must not see.
    pub fn continue_from(&mut self, previous: &Self) {
        let before = previous.origin();
        let next = one_more(before.version);
        let version = if self.is_unchanged_from(previous) { before.version } else { &next };
        if self.origin() != (Origin { version, ..before }) {
            self.set_origin_line(&origin_line(&Origin { version, ..before }));
        }
    }

    /// Whether it is the same description again, line for line: a retransmission, or a session refresh that changes
    /// nothing (RFC 3264 8). Line ends do not count.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.origin() == other.origin() && self.is_unchanged_from(other)
    }

    /// Whether it says the same as the other one, whatever the origins are. The world counts versions up without a
    /// change, and changes without counting.
    #[must_use]
    pub fn is_unchanged_from(&self, other: &Self) -> bool {
        let mut media = self.media.iter().zip(&other.media);
        self.media.len() == other.media.len()
            && self.session.is_unchanged_from(&other.session)
            && media.all(|(one, other)| one.section().is_unchanged_from(other.section()))
    }

    fn set_origin_line(&mut self, value: &str) {
        if let Some(place) = self.session.place(&|line| line.letter() == b'o') {
            self.session.replace(place, &["o=", value]);
        }
    }
}

fn origin_line(origin: &Origin<'_>) -> String {
    let words =
        [origin.username, origin.session_id, origin.version, origin.network_type, origin.address_type, origin.address];
    words.join(" ")
}

/// The next number, however many digits it has.
fn one_more(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let mut next = String::with_capacity(digits.len() + 1);
    match kept.as_bytes().split_last() {
        Some((last, before)) => {
            next.push_str(kept.get(..before.len()).unwrap_or_default());
            next.push(char::from(last + 1));
        }
        None => next.push('1'),
    }
    next.extend(core::iter::repeat_n('0', digits.len() - kept.len()));
    next
}
