use super::Package;
use crate::Random;
use crate::digest::Policy;
use crate::header::{CallId, NameAddr};
use crate::message::Headers;
use crate::uri::{Params, SipUri, Uri};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Who the agent is and how it behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// The address of record: who calls reach (RFC 3261 6), with the name that others are shown.
    pub address: NameAddr,
    /// Who signs (RFC 7616 3.4 `username`), if it is not the user of the address.
    pub username: Option<String>,
    /// The only realm whose challenges are answered (RFC 7616 3.3); `None`: whichever asks.
    pub realm: Option<String>,
    /// Whether MD5 will do where nothing stronger is offered (RFC 8760 2.4).
    pub md5: bool,
    /// Whether a token is brought where one is asked for (RFC 8898), also where a digest would do: the user has some.
    #[cfg(feature = "bearer")]
    #[cfg_attr(feature = "serde", serde(default))]
    pub tokens: bool,
    /// Where REGISTER goes: the domain, as a URI without user.
    pub registrar: Uri,
    /// The first hop of every request outside of a dialog, if it is not the registrar's domain.
    pub outbound_proxy: Option<Uri>,
    /// What is added to every request that begins something (REGISTER, INVITE, OPTIONS, …). The agent's own headers stay
    /// as they are, and what a [`Hook`](crate::hook::Hook) may not add is left out, too.
    pub headers: Headers,
    /// The servers that the transport leads to; none is as good as one. See [`super::Output::Connect`].
    pub servers: Vec<Server>,
    /// How long a server that is not of the best priority is used, before it is tried to return: half of this to one and a
    /// half, and never in a call. It doubles with each return that is in vain, up to sixteen times this.
    pub return_after: Duration,
    /// Whether the transport is over TLS: Via says WSS then, else WS (RFC 7118 5.2).
    pub secure: bool,
    /// Whether the Contact says `;transport=wss`, which no RFC knows, instead of `ws`: some old servers want it.
    pub wss_in_contact: bool,
    /// What is said of this phone in its Contact: feature tags (RFC 3840 9), such as `;audio;video`.
    pub contact_params: Params,
    /// Whether calls give the temporary GRUU as Contact, which does not tell who this is (RFC 5627 3.1), where there is one.
    pub temporary_contact: bool,
    /// The user part of the Contact: the same for the life of the registration.
    pub contact_user: String,
    /// The host of Contact and Via: an `.invalid` name, as RFC 7118 5 advises.
    pub contact_host: String,
    /// The `+sip.instance` (RFC 5626 4.1): a `urn:uuid:`, the same for the life of the registration.
    pub instance: String,
    /// The Call-ID of every REGISTER (RFC 3261 10.2), the same for the life of the registration.
    pub register_call_id: String,
    /// The first CSeq of REGISTER when there is no snapshot to go on from (RFC 3261 10.2): above all that were
    /// sent with this Call-ID before, and below 2^31. Seconds of the wall clock are.
    pub register_cseq: u32,
    /// How long a binding is asked to last.
    pub register_expires: Duration,
    /// How long a call may ring, here or there, before it is given up.
    pub ringing: Duration,
    /// How many calls may be up at once; one more is answered 486 Busy Here.
    pub max_calls: usize,
    /// How often the transport is probed with a CRLF ping (RFC 5626 3.5.1) when it is idle; a Flow-Timer that is shorter
    /// is kept. A transport that dies is found after this and [`Config::pong_timeout`] at the latest: with 6 s and 3 s in
    /// 9 s.
    pub ping_interval: Duration,
    /// How long a pong may take before the transport counts as dead. A request that nothing follows on is probed after 4 s,
    /// if the next ping is not due before.
    pub pong_timeout: Duration,
    /// The User-Agent header.
    pub user_agent: String,
    /// Whether a browser makes the media (WebRTC): what it cannot take is refused before it rings, and who offered it
    /// learns why ([`SessionDescription::offer_for_browser`](crate::sdp::SessionDescription::offer_for_browser)).
    pub webrtc: bool,
    /// Whether what only a network can know of a caller is believed: P-Asserted-Identity (RFC 3325), Remote-Party-ID,
    /// Diversion, History-Info, and that a call may be answered by itself. It is right where all that comes over the
    /// transport comes from one's own server, which takes away what others wrote.
    pub trusts_identity: bool,
    /// How long a call may go on without being refreshed (RFC 4028 4 Session-Expires); `None`: session timers are not used.
    pub session_expires: Option<Duration>,
    /// The shortest such time that is accepted (RFC 4028 5 Min-SE).
    pub min_session: Duration,
    /// Whether provisional responses may come reliably, and are sent so where that is required (RFC 3262 `100rel`).
    pub reliable: bool,
    /// Whether a 3xx is followed, to five targets at most (RFC 3261 8.1.3.4); otherwise it ends the call.
    pub redirects: bool,
    /// Whether a call that asks for it is answered by itself ([`super::Call::auto_answer`]), if it is the only one
    /// (Call-Info `answer-after`, Alert-Info, RFC 5373).
    pub auto_answer: bool,
    /// Whether the user decides about a call that is to be refused unless it is answered by itself (RFC 5373 `require`), if
    /// it is the only one: it makes no ring then, and [`super::Agent::must_answer_itself`] tells it. Otherwise, and where
    /// [`Config::auto_answer`] does not answer it either, it is refused.
    pub decides_auto_answer: bool,
    /// Whether MESSAGE (RFC 3428) is given to the user; otherwise it is refused.
    pub messages: bool,
    /// Whether a mailbox may tell its state without a subscription, as many servers do; if not, it is answered 481.
    pub unsolicited: bool,
    /// The packages that others may subscribe to here (RFC 6665); any other is answered 489.
    pub packages: Vec<Package>,
    /// Whether REFER (RFC 3515) is given to the user; otherwise it is refused.
    pub transfers: bool,
    /// Whether candidates may follow in INFO (RFC 8840 `trickle-ice`).
    pub trickle: bool,
}

/// One of several servers; where it is, the agent does not need to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Server {
    /// Lower ones are tried first (RFC 2782).
    pub priority: u16,
    /// How often it is chosen among those of its priority, in relation to theirs (RFC 2782).
    pub weight: u16,
}

impl Config {
    /// The usual settings. What is to stay the same for the life of the registration (`contact_user`, `contact_host`,
    /// `instance`, `register_call_id`) is made anew: who wants to come back as the same phone keeps it.
    #[must_use]
    pub fn new(address: NameAddr, registrar: Uri, random: &mut Random) -> Self {
        Self {
            address,
            username: None,
            realm: None,
            md5: true,
            #[cfg(feature = "bearer")]
            tokens: false,
            registrar,
            outbound_proxy: None,
            headers: Headers::new(),
            servers: Vec::new(),
            return_after: Duration::from_secs(600),
            secure: true,
            wss_in_contact: false,
            contact_params: Params::new(),
            temporary_contact: false,
            contact_user: random.token(),
            contact_host: alloc::format!("{}.invalid", random.token()),
            instance: uuid(random.seed()),
            register_call_id: random.token(),
            register_cseq: 1,
            register_expires: Duration::from_secs(600),
            ringing: Duration::from_secs(60),
            max_calls: 1,
            ping_interval: Duration::from_secs(6),
            pong_timeout: Duration::from_secs(3),
            user_agent: String::from("Tabphone"),
            webrtc: false,
            trusts_identity: true,
            session_expires: Some(Duration::from_secs(1800)),
            min_session: Duration::from_secs(90),
            reliable: true,
            redirects: false,
            auto_answer: false,
            decides_auto_answer: false,
            messages: true,
            unsolicited: true,
            packages: Vec::new(),
            transfers: true,
            trickle: false,
        }
    }

    /// Whether an agent can work with this. One that is made with something else says it in the end, too: whatever it sends
    /// is refused, or not understood.
    ///
    /// # Errors
    /// What cannot be used, the first of it.
    pub fn check(&self) -> Result<(), ConfigError> {
        let user = |uri: &Uri| uri.as_sip().map(|uri| uri.user.is_some());
        let proxy = self.outbound_proxy.as_ref();
        let contact = SipUri::new(&self.contact_user, &self.contact_host);
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let checks = [
            (user(&self.address.uri) == Some(true), ConfigError::Address),
            (user(&self.registrar) == Some(false), ConfigError::Registrar),
            (proxy.is_none_or(|proxy| user(proxy).is_some()), ConfigError::OutboundProxy),
            (!self.contact_user.is_empty() && contact.is_ok(), ConfigError::Contact),
            (is_name(&self.instance) && !self.instance.contains(['<', '>', '"', '\\']), ConfigError::Instance),
            (self.register_call_id.parse::<CallId>().is_ok(), ConfigError::CallId),
            (!self.register_expires.is_zero() && !self.ping_interval.is_zero(), ConfigError::Time),
        ];
        checks.into_iter().find(|(fits, _)| !fits).map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Which challenge is answered.
    pub(super) const fn policy(&self) -> Policy {
        Policy { md5: self.md5, topmost: false }
    }

    /// Who signs.
    pub(super) fn signer(&self) -> String {
        let user = || self.address.uri.as_sip().and_then(SipUri::user_unescaped);
        self.username.clone().or_else(user).unwrap_or_default()
    }
}

/// A setting cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// [`Config::address`].
    #[error("the address of record is no SIP address with a user")]
    Address,
    /// [`Config::registrar`] (RFC 3261 10.2: it has no user).
    #[error("the registrar is no SIP URI of a domain")]
    Registrar,
    /// [`Config::outbound_proxy`].
    #[error("the outbound proxy is no SIP URI")]
    OutboundProxy,
    /// [`Config::contact_user`] or [`Config::contact_host`].
    #[error("the user and host of the Contact make no URI")]
    Contact,
    /// [`Config::instance`].
    #[error("the instance is no URN")]
    Instance,
    /// [`Config::register_call_id`].
    #[error("the Call-ID of REGISTER is none")]
    CallId,
    /// [`Config::register_expires`] or [`Config::ping_interval`].
    #[error("a registration, and the time between two pings, must last")]
    Time,
}

/// A random UUID (RFC 9562 5.4) as URN.
fn uuid(random: crate::Seed) -> String {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = random;
    let number = u128::from_be_bytes([a, b, c, d, e, f, g & 0x0f | 0x40, h, i & 0x3f | 0x80, j, k, l, m, n, o, p]);
    let part = |shift: u32, bits: u32| (number >> shift) & ((1 << bits) - 1);
    let (time, mid, version) = (part(96, 32), part(80, 16), part(64, 16));
    alloc::format!("urn:uuid:{time:08x}-{mid:04x}-{version:04x}-{:04x}-{:012x}", part(48, 16), part(0, 48))
}
