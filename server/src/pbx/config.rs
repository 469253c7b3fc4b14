//! Which PBX, where it is, and whose logins it decides.

use super::{Fingerprint, InvalidFingerprint, Kind};
use http::Uri;
use std::path::PathBuf;
use std::str::FromStr;

/// How many addresses one PBX may have.
const MOST: usize = 16;

/// A PBX that logs people in, and that their phones are led to if it speaks WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pbx {
    /// What accounts that it knows belong to; not to be changed afterwards.
    pub name: String,
    /// `wss://`, `ws://` (RFC 7118), `tls://`, `tcp://` or `udp://`.
    pub target: Target,
    /// Where it is, too.
    pub also: Vec<Target>,
    /// The SIP domain of its users.
    pub domain: String,
    /// Which extensions are its own when they are typed without a domain, with `*` for anything and `?` for one letter;
    /// none means all that no other PBX names.
    pub extensions: Vec<String>,
    /// The certificates (PEM) that it may be vouched for with, in place of the system's.
    pub ca: Option<PathBuf>,
    /// The one certificate that it has, in place of what vouches for it.
    pub fingerprint: Option<Fingerprint>,
    /// Which it is.
    pub kind: Kind,
    /// What is dialled there before an extension to pick up the call that rings at it; empty where that cannot be done.
    pub pick_up: String,
}

/// Where a PBX is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How to talk to it.
    pub scheme: Scheme,
    /// Host name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The whole of it, as it was written, without what follows here.
    pub uri: Uri,
    /// Lower ones are tried first (RFC 2782).
    pub priority: u16,
    /// How often it is chosen among those of its priority, in relation to theirs (RFC 2782).
    pub weight: u16,
}

/// How to talk to a PBX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// WebSocket over TLS.
    Wss,
    /// WebSocket.
    Ws,
    /// SIP over TLS.
    Tls,
    /// SIP over TCP.
    Tcp,
    /// SIP over UDP.
    Udp,
}

/// Not a PBX.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPbx {
    /// Not even the form.
    #[error("a PBX is like office=wss://pbx.example.com/ws,domain=example.com,extensions=2*,ca=FILE")]
    Form,
    /// Not an address.
    #[error("{0:?} is no address of a PBX: it begins with wss://, ws://, tls://, tcp:// or udp:// and names a host")]
    Target(String),
    /// Not an option.
    #[error("{0:?} is no option of a PBX: there are domain, extensions, ca, fingerprint, kind, pickup and also")]
    Option(String),
    /// Not a certificate's.
    #[error(transparent)]
    Fingerprint(#[from] InvalidFingerprint),
    /// Nobody's habits.
    #[error("{0:?} is no kind of PBX: there are generic, asterisk, freeswitch, kamailio and opensips")]
    Kind(String),
    /// Too many, or such that a phone could not go from one to the other.
    #[error("a PBX has {MOST} addresses at most, all with WebSocket (ws, wss) or all without")]
    Addresses,
}

impl Scheme {
    const ALL: [(&str, Self, u16); 5] = [
        ("wss", Self::Wss, 443),
        ("ws", Self::Ws, 80),
        ("tls", Self::Tls, 5061),
        ("tcp", Self::Tcp, 5060),
        ("udp", Self::Udp, 5060),
    ];

    /// Whether nobody on the way can read it.
    #[must_use]
    pub const fn is_secure(self) -> bool {
        match self {
            Self::Wss | Self::Tls => true,
            Self::Ws | Self::Tcp | Self::Udp => false,
        }
    }

    /// Whether phones in browsers speak it.
    #[must_use]
    pub const fn is_websocket(self) -> bool {
        match self {
            Self::Wss | Self::Ws => true,
            Self::Tls | Self::Tcp | Self::Udp => false,
        }
    }
}

impl Pbx {
    /// All its addresses.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        std::iter::once(&self.target).chain(&self.also)
    }

    /// Whether phones are led there: it speaks WebSocket.
    #[must_use]
    pub const fn has_phones(&self) -> bool {
        self.target.scheme.is_websocket()
    }
}

impl FromStr for Pbx {
    type Err = InvalidPbx;

    fn from_str(text: &str) -> Result<Self, InvalidPbx> {
        let (name, rest) = text.split_once('=').ok_or(InvalidPbx::Form)?;
        let is_name = (1..=32).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
        let mut parts = rest.split(',');
        let target: Target = parts.next().filter(|_| is_name).ok_or(InvalidPbx::Form)?.parse()?;
        let domain = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
        let mut pbx = Self {
            name: name.to_owned(),
            target,
            also: Vec::new(),
            domain,
            extensions: Vec::new(),
            ca: None,
            fingerprint: None,
            kind: Kind::default(),
            pick_up: String::new(),
        };
        for part in parts {
            match part.split_once('=') {
                Some(("domain", domain)) if is_domain(domain) => pbx.domain = domain.to_ascii_lowercase(),
                Some(("extensions", patterns)) if !patterns.is_empty() => {
                    pbx.extensions = patterns.split('|').map(str::to_owned).collect();
                }
                Some(("ca", file)) if !file.is_empty() => pbx.ca = Some(file.into()),
                Some(("fingerprint", text)) => pbx.fingerprint = Some(text.parse()?),
                Some(("kind", text)) => pbx.kind = text.parse().map_err(|()| InvalidPbx::Kind(text.to_owned()))?,
                Some(("pickup", code)) if is_code(code) => pbx.pick_up = code.to_owned(),
                Some(("also", target)) => pbx.also.push(target.parse()?),
                Some(_) | None => return Err(InvalidPbx::Option(part.to_owned())),
            }
        }
        let alike = pbx.also.iter().all(|target| target.scheme.is_websocket() == pbx.has_phones());
        if !alike || pbx.also.len() >= MOST {
            return Err(InvalidPbx::Addresses);
        }
        Ok(pbx)
    }
}

impl FromStr for Target {
    type Err = InvalidPbx;

    fn from_str(text: &str) -> Result<Self, InvalidPbx> {
        let invalid = || InvalidPbx::Target(text.to_owned());
        let (written, (priority, weight)) = ranked(text).ok_or_else(invalid)?;
        let uri: Uri = written.parse().map_err(|_| invalid())?;
        let known = Scheme::ALL.into_iter().find(|(name, ..)| uri.scheme_str() == Some(*name));
        let (_, scheme, port) = known.ok_or_else(invalid)?;
        let authority = uri.authority().filter(|it| !it.as_str().contains('@')).ok_or_else(invalid)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(port);
        if host.is_empty() || port == 0 {
            return Err(invalid());
        }
        Ok(Self { scheme, host, port, uri, priority, weight })
    }
}

/// An address without the priority and the weight behind it, and these.
fn ranked(mut text: &str) -> Option<(&str, (u16, u16))> {
    let (mut priority, mut weight) = (0, 0);
    while let Some((rest, last)) = text.rsplit_once(';') {
        match last.split_once('=') {
            Some(("priority", number)) => priority = number.parse().ok()?,
            Some(("weight", number)) => weight = number.parse().ok()?,
            // It belongs to the address.
            Some(_) | None => break,
        }
        text = rest;
    }
    Some((text, (priority, weight)))
}

/// What can be dialled before a number.
fn is_code(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit() || it == b'*' || it == b'#')
}

/// What can stand on the right of an `@`.
fn is_domain(text: &str) -> bool {
    sip::uri::SipUri::new("", text).is_ok()
}

/// Whether an extension is one of a pattern's, in capitals or not.
#[must_use]
pub fn fits(pattern: &str, extension: &str) -> bool {
    fn rest(pattern: &[u8], extension: &[u8]) -> bool {
        match (pattern.split_first(), extension.split_first()) {
            (None, None) => true,
            // An extension is short, so that trying all of it is cheap, with one star that is left.
            (Some((b'*', pattern)), _) => {
                (0..=extension.len()).any(|at| rest(pattern, extension.get(at..).unwrap_or_default()))
            }
            (Some((b'?', pattern)), Some((_, extension))) => rest(pattern, extension),
            (Some((one, pattern)), Some((other, extension))) => {
                one.eq_ignore_ascii_case(other) && rest(pattern, extension)
            }
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
    rest(pattern.as_bytes(), extension.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pbx_is_named_with_where_it_is_and_whose_logins_it_decides() {
        let pbx: Pbx =
            "office=wss://pbx.example.com/ws,domain=Example.com,extensions=2*|3???,ca=/etc/pbx.pem".parse().unwrap();
        assert_eq!((pbx.name.as_str(), pbx.domain.as_str()), ("office", "example.com"));
        assert_eq!(
            (pbx.target.scheme, pbx.target.host.as_str(), pbx.target.port),
            (Scheme::Wss, "pbx.example.com", 443)
        );
        assert_eq!(pbx.extensions, ["2*", "3???"]);
        assert_eq!(pbx.ca, Some("/etc/pbx.pem".into()));
        let bare: Pbx = "old=udp://[2001:db8::1]:5070".parse().unwrap();
        assert_eq!((bare.target.host.as_str(), bare.target.port), ("2001:db8::1", 5070));
        for wrong in [
            "office",
            "=wss://a",
            "of fice=wss://a",
            "a=https://b",
            "a=wss://u@b",
            "a=b",
            "a=wss://b,domain=",
            "a=wss://b,x=1",
        ] {
            assert!(wrong.parse::<Pbx>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pbx_may_have_several_addresses_a_kind_and_one_certificate() {
        let fingerprint = "0f".repeat(32);
        let text = format!(
            "office=wss://a.example.com/ws;weight=3,also=wss://b.example.com/ws;weight=1,\
             also=ws://c.example.com:5066;priority=10,kind=kamailio,pickup=**,fingerprint={fingerprint}"
        );
        let pbx: Pbx = text.parse().unwrap();
        let ranks: Vec<_> =
            pbx.targets().map(|target| (target.host.as_str(), target.priority, target.weight)).collect();
        assert_eq!(ranks, [("a.example.com", 0, 3), ("b.example.com", 0, 1), ("c.example.com", 10, 0)]);
        assert_eq!((pbx.kind, &*pbx.domain, &*pbx.pick_up), (Kind::Kamailio, "a.example.com", "**"));
        assert_eq!(pbx.fingerprint, fingerprint.parse().ok());
        assert_eq!(pbx.target.uri.to_string(), "wss://a.example.com/ws");
        assert!(pbx.has_phones() && !"old=udp://pbx".parse::<Pbx>().unwrap().has_phones());
        for wrong in [
            "a=wss://b,kind=pbx",
            "a=wss://b,pickup=x",
            "a=wss://b,fingerprint=00",
            "a=wss://b,also=udp://c",
            "a=wss://b;priority=x",
            "a=wss://b;weight=65536",
        ] {
            assert!(wrong.parse::<Pbx>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pattern_names_extensions() {
        for (pattern, extension, expected) in [
            ("2*", "2001", true),
            ("2*", "2", true),
            ("2*", "1002", false),
            ("3???", "3001", true),
            ("3???", "30011", false),
            ("*-DESK", "alice-desk", true),
            ("", "1", false),
        ] {
            assert_eq!(fits(pattern, extension), expected, "{pattern} {extension}");
        }
    }
}
