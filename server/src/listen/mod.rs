//! How the server is reached: plain HTTP or HTTPS on one address, and a plain listener that leads there.
//!
//! Every connection has a place among all and among those of its client's network before anything of it is read, and
//! keeps it for as long as it is open, as a WebSocket too. It is given up when its handshake, its headers, or the next
//! piece of a body take too long.

mod certificates;
mod connection;
mod descriptors;
mod pace;
mod places;
mod redirect;
mod request;

pub use certificates::acme::{Acme, LETS_ENCRYPT};
pub use certificates::{CertificateError, Shown};

use crate::client::{self, Proxies};
use crate::fence::Fence;
use crate::origin::Transport;
use axum::Router;
use certificates::Certificates;
use connection::Port;
use places::Places;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How long nothing is accepted when the system has no room for one more connection.
const PAUSE: Duration = Duration::from_secs(1);

/// How the server is reached.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen on.
    pub address: SocketAddr,
    /// Where the certificate comes from; plain HTTP without one.
    pub tls: Option<Tls>,
    /// Where plain HTTP is answered with the way to HTTPS.
    pub redirect: Option<SocketAddr>,
    /// Who is believed when it says whom it speaks for.
    pub proxies: Proxies,
    /// How much there may be, and how long it may take.
    pub limits: Limits,
}

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Tls {
    /// From files in PEM, read again when they change.
    Files {
        /// The certificate, and those that lead to its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// From an authority that speaks ACME (RFC 8555).
    Acme(Acme),
    /// Made here once, for these names and addresses beside the machine's own.
    SelfSigned(Vec<String>),
}

/// How much there may be, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections. There are fewer where the system lets the process have fewer.
    pub connections: usize,
    /// Connections of one client's network (see [`client::network`]); proxies have no such limit.
    pub per_network: usize,
    /// A TLS handshake.
    pub handshake: Duration,
    /// The headers of a request, from the moment in which it could begin: so long a connection may be idle, too.
    pub header: Duration,
    /// The whole body of a request, however it comes.
    pub body: Duration,
}

/// The server cannot be reached as it was told.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else listens there, or it is not an address of this machine.
    #[error("cannot listen on {address}: {source}")]
    Address {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The open listeners; nothing is accepted yet.
pub struct Listeners {
    options: Options,
    main: (TcpListener, SocketAddr),
    redirect: Option<(TcpListener, SocketAddr)>,
    tls: Option<(TlsAcceptor, Certificates)>,
}

impl From<SocketAddr> for Options {
    /// Plain HTTP on this address.
    fn from(address: SocketAddr) -> Self {
        Self { address, tls: None, redirect: None, proxies: Proxies::default(), limits: Limits::default() }
    }
}

impl Options {
    /// What carries the requests.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match self.tls {
            None => Transport::Plain,
            Some(Tls::SelfSigned(_)) => Transport::SelfSigned,
            Some(Tls::Files { .. } | Tls::Acme(_)) => Transport::Tls,
        }
    }

    /// Whether what comes from this machine may come from anywhere, since a proxy stands before the server. `origin` is
    /// what people open, when it was named: where that is not this server itself, it is a proxy. With the certificate of an
    /// authority it is this server, unless nobody can reach it but from this machine.
    #[must_use]
    pub fn is_behind_proxy(&self, origin: Option<&str>) -> bool {
        let is_reached = self.transport() == Transport::Tls && !self.address.ip().to_canonical().is_loopback();
        self.proxies.are_named() || (origin.is_some() && !is_reached)
    }
}

impl Default for Limits {
    /// Room for a large company behind one address: each page has some four connections.
    fn default() -> Self {
        Self {
            connections: 20_000,
            per_network: 4_096,
            handshake: Duration::from_secs(5),
            header: Duration::from_secs(10),
            // Sixteen megabytes of a recording, over the slowest line that a call could be made on.
            body: Duration::from_secs(600),
        }
    }
}

impl Listeners {
    /// Opens the listeners and the certificate; what is made for it lies in the data directory.
    ///
    /// # Errors
    /// [`ListenError`] says what is in the way.
    pub async fn open(options: Options, data: &Path) -> Result<Self, ListenError> {
        let tls = match &options.tls {
            Some(tls) => {
                let certificates = Certificates::open(tls, options.address.ip(), data).await?;
                Some((TlsAcceptor::from(Arc::new(certificates.config()?)), certificates))
            }
            None => None,
        };
        let main = bind(options.address).await?;
        let redirect = match options.redirect {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        Ok(Self { options, main, redirect, tls })
    }

    /// Where the server listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.main.1
    }

    /// Shows the same certificate to those who speak something else over TLS; nobody without one.
    ///
    /// # Errors
    /// [`ListenError::Certificate`].
    pub fn acceptor(&self) -> Result<Option<TlsAcceptor>, ListenError> {
        let Some((_, certificates)) = &self.tls else { return Ok(None) };
        let mut config = certificates.config()?;
        config.alpn_protocols.clear();
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }

    /// Where plain HTTP is led away from.
    #[must_use]
    pub fn redirect(&self) -> Option<SocketAddr> {
        self.redirect.as_ref().map(|(_, address)| *address)
    }

    /// By what people recognize a certificate that was made here: SHA-256, as browsers show it.
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        self.tls.as_ref()?.1.fingerprint()
    }

    /// Serves the pages until it is time to stop, and then until every request is answered. `origin` is what people
    /// open, when it was named. WebSockets go on: whoever holds them ends them. Nothing leaves that the fence stops.
    pub async fn serve(self, pages: Router, origin: Option<String>, fence: Fence, stop: watch::Receiver<bool>) {
        let Self { options, main: (listener, address), redirect, tls } = self;
        let limits = Limits { connections: options.limits.connections.min(descriptors::available()), ..options.limits };
        let places = Arc::new(Places::new(limits.connections, limits.per_network));
        let port = |pages, tls| {
            let (places, proxies) = (Arc::clone(&places), options.proxies.clone());
            Port { pages, tls, places, proxies, limits, fence: fence.clone(), stop: stop.clone() }
        };
        let (acceptor, certificates) = tls.unzip();
        let main = accept(listener, port(pages, acceptor));
        let plain = async {
            if let Some((listener, _)) = redirect {
                accept(listener, port(redirect::router(origin, address.port()), None)).await;
            }
        };
        let upkeep = async {
            match certificates {
                Some(certificates) => certificates.keep().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = async { tokio::join!(main, plain) } => {}
            () = upkeep => {}
        }
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let failed = |source| ListenError::Address { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Accepts connections until it is time to stop, and waits for those that are being served.
async fn accept(listener: TcpListener, port: Port) {
    let port = Arc::new(port);
    // When this is dropped, so are they.
    let mut connections = JoinSet::new();
    let mut stopped = pin!(connection::stopped(port.stop.clone()));
    let mut cuts = port.fence.cuts();
    loop {
        tokio::select! {
            () = &mut stopped => break,
            Ok(()) = cuts.changed() => connections.abort_all(),
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    if let Some(stream) = admit(&port, stream, peer) {
                        connections.spawn(connection::serve(Arc::clone(&port), stream, peer));
                    }
                }
                Err(error) => pause(&error).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Gives a connection its place; without one it is closed at once.
fn admit(port: &Port, stream: TcpStream, peer: SocketAddr) -> Option<places::Placed> {
    let network = (!port.proxies.trusts(peer.ip())).then(|| client::network(peer.ip()));
    let place = match port.places.enter(network) {
        Ok(place) => place,
        Err(crowded) => {
            if port.places.complain() {
                tracing::warn!(address = %peer.ip(), "a connection was turned away: {crowded}");
            }
            return None;
        }
    };
    // SIP and lease messages are small and must not wait for one another.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    Some(place.with(stream, port.fence.clone()))
}

/// A connection that broke before it was accepted is nobody's fault; when files are used up, some have to be closed.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no connection can be accepted for a moment");
        tokio::time::sleep(PAUSE).await;
    }
}
