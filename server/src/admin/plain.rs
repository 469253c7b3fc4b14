//! Where phones that speak plain SIP are served, on the command line.

use crate::exchange::plain::{Addresses, Digests};
use clap::Args;
use sip::uri::Host;
use std::net::SocketAddr;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Phones that speak plain SIP")]
pub(super) struct Plain {
    /// Serve phones over UDP on this address, such as `0.0.0.0:5060`. They log in with extension and password; without any
    /// of these three there are none.
    #[arg(long, value_name = "ADDRESS:PORT")]
    sip_udp: Option<SocketAddr>,
    /// Serve phones over TCP on this address, such as `0.0.0.0:5060`.
    #[arg(long, value_name = "ADDRESS:PORT")]
    sip_tcp: Option<SocketAddr>,
    /// Serve phones over TLS on this address, such as `0.0.0.0:5061`, with the certificate of the pages.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "https")]
    sip_tls: Option<SocketAddr>,
    /// The name or address by which those phones reach this machine, such as `phone.example.com`, if that is not the
    /// address that they come to: it has a name, or stands behind a NAT.
    #[arg(long, value_name = "HOST", value_parser = host)]
    sip_host: Option<Host>,
    /// Which digests those phones are asked for; each is checked, whichever they sign with. Many phones give up when they are
    /// asked for SHA-256, even beside MD5. Over UDP and TCP who listens can try passwords against either.
    #[arg(long, value_name = "DIGESTS", value_enum, default_value_t)]
    sip_digest: Digests,
    /// The rtpengine through which calls between those phones and browsers go, by the address of its ng protocol, such as
    /// `127.0.0.1:2223`. Without one there are none.
    #[arg(long, value_name = "ADDRESS:PORT")]
    rtpengine: Option<SocketAddr>,
    /// Sound between plain phones goes through rtpengine, too: they are in networks that do not reach each other.
    #[arg(long, requires = "rtpengine")]
    relay_all: bool,
}

/// Not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a host is a name or an address, without a port: phone.example.com")]
struct InvalidHost;

impl From<Plain> for Addresses {
    fn from(plain: Plain) -> Self {
        Self {
            udp: plain.sip_udp,
            tcp: plain.sip_tcp,
            tls: plain.sip_tls,
            host: plain.sip_host,
            digests: plain.sip_digest,
            engine: plain.rtpengine,
            relay_all: plain.relay_all,
        }
    }
}

fn host(text: &str) -> Result<Host, InvalidHost> {
    text.parse().map_err(|_| InvalidHost)
}
