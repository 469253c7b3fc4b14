//! Phones that speak plain SIP: over UDP, TCP and TLS (RFC 3261 18).
//!
//! The registrar and the proxy know flows and nothing of what carries them. Here each remote address of a datagram, and each
//! stream, is a flow (RFC 5626), and an [`Edge`] puts into every message what its phone needs to find us by.
//!
//! | Row | What | Then |
//! | --- | --- | --- |
//! | PF1 | a datagram from an address that is not known | a flow; nobody is known to use it |
//! | PF2 | a stream is accepted | a flow; nobody is known to use it |
//! | PF3 | nobody signed anything, and nothing came for [`super::UNSIGNED`] | closed |
//! | PF4 | somebody signed something | asked every [`PING`] whether it is there, which keeps the NAT's way open |
//! | PF5 | nothing was heard for [`SILENCE`] | closed: its phone is away until it comes back |
//! | PF6 | more than [`STRANGERS`] of a listener on which nobody signed | a datagram is dropped, a stream is closed |
//! | PF7 | more of one network than the exchange takes (also over WebSocket) | the same |
//! | PF8 | more messages than a flow may send | a datagram is dropped, a stream is closed |

mod datagrams;
mod digests;
mod edge;
mod frames;
mod ping;
mod streams;

pub use digests::Digests;
pub(super) use edge::Edge;

use super::{Exchange, Inner, UNSIGNED};
use crate::clock;
use crate::stop::Stop;
use sip::header::ViaTransport;
use sip::registrar::{Admission, Arrival, Flow};
use sip::transaction::Reliability;
use sip::uri::Host;
use std::net::{IpAddr, SocketAddr, UdpSocket as BoundSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// How often a phone is asked for a sign of life: NATs forget a way of datagrams after half a minute (RFC 4787 REQ-5 asks
/// for two, few keep to it).
const PING: Duration = Duration::from_secs(25);
/// After how long without one it is away: three were not answered.
const SILENCE: Duration = Duration::from_secs(90);
/// How many flows of one listener there may be on which nobody signed anything: whoever writes the address of somebody else
/// into datagrams makes many.
const STRANGERS: usize = 1_024;
/// How many messages a flow may send at once, and how many a second in the long run, while nobody signed anything there.
const STRANGE: (f64, f64) = (40.0, 10.0);

/// Where plain phones are served; nowhere when nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// Datagrams.
    pub udp: Option<SocketAddr>,
    /// Streams.
    pub tcp: Option<SocketAddr>,
    /// Streams over TLS.
    pub tls: Option<SocketAddr>,
    /// By which name or address phones reach this machine; the address that they came to when it is not said.
    pub host: Option<Host>,
    /// Which digests they are asked for.
    pub digests: Digests,
    /// The rtpengine that stands between them and browsers, by the address of its ng protocol.
    pub engine: Option<SocketAddr>,
    /// It stands between all of them: they do not reach each other.
    pub relay_all: bool,
}

/// How plain phones are served.
#[derive(Clone, Default)]
pub struct Options {
    /// Where.
    pub addresses: Addresses,
    /// Who shows the server's certificate.
    pub acceptor: Option<TlsAcceptor>,
}

/// Plain phones cannot be served as it was told.
#[derive(Debug, thiserror::Error)]
pub enum PlainError {
    /// Somebody else listens there, or it is not an address of this machine.
    #[error("cannot serve phones over {transport} on {address}: {source}")]
    Address {
        /// What carries the messages.
        transport: ViaTransport,
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// There is none for TLS.
    #[error("--sip-tls needs a certificate: --tls-certificate, --acme or --self-signed")]
    NoCertificate,
}

/// The open sockets; nothing is read yet.
pub(super) struct Sockets {
    udp: Option<UdpSocket>,
    tcp: Option<TcpListener>,
    tls: Option<(TcpListener, TlsAcceptor)>,
    shown: Shown,
}

/// What phones are told of us.
#[derive(Clone, Debug)]
struct Shown {
    host: Option<Host>,
    digests: Digests,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Sockets {
    /// Opens them.
    pub(super) async fn open(options: &Options) -> Result<Self, PlainError> {
        let Options { addresses, acceptor } = options;
        let udp = match addresses.udp {
            Some(address) => Some(UdpSocket::bind(address).await.map_err(refused(ViaTransport::Udp, address))?),
            None => None,
        };
        let tcp = match addresses.tcp {
            Some(address) => Some(TcpListener::bind(address).await.map_err(refused(ViaTransport::Tcp, address))?),
            None => None,
        };
        let tls = match addresses.tls {
            Some(address) => {
                let acceptor = acceptor.clone().ok_or(PlainError::NoCertificate)?;
                Some((TcpListener::bind(address).await.map_err(refused(ViaTransport::Tls, address))?, acceptor))
            }
            None => None,
        };
        Ok(Self { udp, tcp, tls, shown: Shown { host: addresses.host.clone(), digests: addresses.digests } })
    }

    /// Whether there are any.
    pub(super) const fn are_open(&self) -> bool {
        self.udp.is_some() || self.tcp.is_some() || self.tls.is_some()
    }

    /// Serves phones until the server stops.
    pub(super) fn serve(self, exchange: &Exchange, stop: &Stop) {
        let inner = || Arc::clone(&exchange.shared);
        let Self { udp, tcp, tls, shown } = self;
        if let Some(socket) = udp {
            tokio::spawn(datagrams::serve(inner(), socket, shown.clone(), stop.clone()));
        }
        if let Some(listener) = tcp {
            tokio::spawn(streams::serve(inner(), listener, None, shown.clone(), stop.clone()));
        }
        if let Some((listener, acceptor)) = tls {
            tokio::spawn(streams::serve(inner(), listener, Some(acceptor), shown, stop.clone()));
        }
    }
}

fn refused(transport: ViaTransport, address: SocketAddr) -> impl FnOnce(std::io::Error) -> PlainError {
    move |source| PlainError::Address { transport, address, source }
}

/// How a flow arrives at the machines.
fn arrival(flow: Flow, edge: &Edge) -> Arrival {
    let is_reliable = edge.transport != ViaTransport::Udp;
    let reliability = if is_reliable { Reliability::Reliable } else { Reliability::Unreliable };
    Arrival { flow, admission: Admission::Digest, host: Some(edge.host.clone()), reliability }
}

/// The edge of what `remote` sends to `local`, which may be all addresses of this machine.
fn edge(transport: ViaTransport, local: SocketAddr, remote: SocketAddr, shown: &Shown) -> Edge {
    let own = || Host::from(reached(local.ip(), remote).to_canonical());
    let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
    Edge { transport, host: shown.host.clone().unwrap_or_else(own), port: local.port(), remote, digests: shown.digests }
}

/// The address of this machine that is next to a remote one: of a socket that is connected to it, which sends nothing.
fn reached(local: IpAddr, remote: SocketAddr) -> IpAddr {
    if !local.is_unspecified() {
        return local;
    }
    let next = || {
        let socket = BoundSocket::bind(SocketAddr::new(local, 0))?;
        socket.connect(remote)?;
        socket.local_addr()
    };
    next().map_or(local, |address| address.ip())
}

/// A flow on which nobody signed anything: counted while it is held.
#[derive(Debug)]
struct Stranger(Arc<AtomicUsize>);

impl Stranger {
    /// One more, if there is room (PF6).
    fn enter(count: &Arc<AtomicUsize>) -> Option<Self> {
        let room = |count: usize| (count < STRANGERS).then_some(count + 1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok()?;
        Some(Self(Arc::clone(count)))
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// When a flow was last heard of, shared by who reads and who waits.
#[derive(Clone, Debug)]
struct Heard(Arc<AtomicU64>);

impl Heard {
    fn now() -> Self {
        Self(Arc::new(AtomicU64::new(clock::now())))
    }

    fn again(&self) {
        self.0.store(clock::now(), Ordering::Relaxed);
    }

    /// How much longer the flow may be silent; `None` when it was for too long.
    fn left(&self, known: bool) -> Option<Duration> {
        let most = if known { SILENCE } else { UNSIGNED };
        let silent = Duration::from_millis(clock::now().saturating_sub(self.0.load(Ordering::Relaxed)));
        most.checked_sub(silent).filter(|left| !left.is_zero())
    }
}

impl Inner {
    /// Whether nothing is to be served any more.
    fn is_stopped(&self) -> bool {
        self.door.enter().is_none()
    }
}
