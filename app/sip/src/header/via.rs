use core::fmt;
use core::net::IpAddr;

use nom::Parser as _;
use nom::bytes::complete::tag;
use nom::error::{Error, ErrorKind};

use super::grammar::{Parsed, around, literal, params, token, white1, whole};
use crate::message::{Header, HeaderName, Malformed, Token};
use crate::uri::{Host, Params, host, port};

/// A hop that a request took, and that its response takes back (RFC 3261 20.42).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Via {
    /// How the message was sent.
    pub transport: ViaTransport,
    /// Who sent it, by its own account: host of `sent-by`.
    pub host: Host,
    /// The port of `sent-by`.
    pub port: Option<u16>,
    /// `;branch=…;received=…;rport`
    pub params: Params,
}

/// How a message was sent. The names have no case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ViaTransport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream over TLS.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
    /// Any other.
    Other(Token),
}

impl Via {
    /// What every branch begins with that this specification's rules hold for (RFC 3261 8.1.1.7).
    pub const COOKIE: &'static str = "z9hG4bK";

    /// A hop of ours. The branch is left out if it is no token.
    #[must_use]
    pub fn new(transport: ViaTransport, host: Host, port: Option<u16>, branch: &str) -> Self {
        let mut params = Params::new();
        let _ = params.set("branch", Some(branch));
        Self { transport, host, port, params }
    }

    /// The transaction's name.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.value("branch")
    }

    /// Where the message came from, if someone has noted it (RFC 3261 18.2.1).
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        self.params.value("received")?.trim_matches(['[', ']']).parse().ok()
    }

    /// Notes where the message came from.
    pub fn set_received(&mut self, from: IpAddr) {
        let address = alloc::string::ToString::to_string(&from);
        // Digits, letters, dots and colons are allowed in a parameter.
        let _ = self.params.set("received", Some(&address));
    }

    /// The port that the message came from, if someone has noted it (RFC 3581).
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        self.params.value("rport")?.parse().ok()
    }

    /// Whether the sender asks for its port to be noted, or it has been (RFC 3581).
    #[must_use]
    pub fn wants_rport(&self) -> bool {
        self.params.has("rport")
    }

    /// Notes the port that the message came from.
    pub fn set_rport(&mut self, port: u16) {
        let port = alloc::string::ToString::to_string(&port);
        let _ = self.params.set("rport", Some(&port));
    }
}

impl ViaTransport {
    /// The name, in its usual letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(token) => token,
        }
    }

    fn from_checked(name: &str) -> Self {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Self::Other(Token::from_checked(name)))
    }
}

/// sent-protocol LWS sent-by *( SEMI via-params )
fn via(input: &str) -> Parsed<'_, Via> {
    let rest = match input.strip_prefix("SIP/2.0/") {
        Some(rest) => rest,
        None => protocol(input)?.0,
    };
    let (rest, transport) = token(rest)?;
    let (rest, _) = white1(rest)?;
    let (rest, (host, _)) = host(rest).map_err(fault)?;
    let (rest, port) = match around(':')(rest) {
        Ok((digits, _)) => port(digits).map(|(rest, (port, _))| (rest, Some(port))).map_err(|_| fault(rest))?,
        Err(_) => (rest, None),
    };
    let (rest, params) = params(rest)?;
    Ok((rest, Via { transport: ViaTransport::from_checked(transport), host, port, params }))
}

/// `SIP/2.0/`, as the world may write it.
fn protocol(input: &str) -> Parsed<'_, ()> {
    let mut rule = (literal("SIP"), around('/'), tag("2.0"), around('/'));
    rule.parse(input).map(|(rest, _)| (rest, ()))
}

fn fault(rest: &str) -> nom::Err<Error<&str>> {
    nom::Err::Error(Error::new(rest, ErrorKind::Verify))
}

impl Header for Via {
    const NAME: HeaderName = HeaderName::Via;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        whole(value, via)
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.params.fmt(f)
    }
}

impl fmt::Display for ViaTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

super::header_text!(Via);
