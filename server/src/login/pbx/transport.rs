//! The way to a PBX: WebSocket (RFC 7118), TLS, TCP or UDP.

use super::query::Hop;
use super::{Pbx, Unproven, config::Scheme, config::Target};
use crate::store::key::random_word;
use futures::{SinkExt as _, StreamExt as _};
use http::HeaderValue;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sip::header::ViaTransport;
use sip::message::limits;
use sip::transaction::Reliability;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// How much of a stream is read at once.
const READ: usize = 4096;

/// A stream, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// An open connection to a PBX.
pub(super) struct Link {
    way: Way,
    transport: ViaTransport,
    /// This end of it.
    local: SocketAddr,
}

enum Way {
    WebSocket(Box<WebSocketStream<Box<dyn Wire>>>),
    Stream(Box<dyn Wire>, Vec<u8>),
    Datagrams(UdpSocket),
}

/// A PBX cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    WebSocket(Box<tungstenite::Error>),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    #[error("{0}")]
    Name(#[from] InvalidDnsNameError),
    #[error("the certificates of {0} cannot be read: {1}")]
    Certificates(String, rustls::pki_types::pem::Error),
    #[error("it sends more than a SIP message may have")]
    TooLong,
    #[error("it hung up")]
    Closed,
}

impl From<tungstenite::Error> for LinkError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

impl Link {
    pub(super) async fn open(pbx: &Pbx) -> Result<Self, LinkError> {
        let Target { scheme, host, port, uri } = &pbx.target;
        let place = (host.as_str(), *port);
        if *scheme == Scheme::Udp {
            let remote = lookup_host(place).await?.next().ok_or(io::Error::from(io::ErrorKind::NotFound))?;
            let any: SocketAddr = if remote.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
            let socket = UdpSocket::bind(any).await?;
            // From nobody else anything is heard.
            socket.connect(remote).await?;
            let local = socket.local_addr()?;
            return Ok(Self { way: Way::Datagrams(socket), transport: ViaTransport::Udp, local });
        }
        let stream = TcpStream::connect(place).await?;
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        let wire: Box<dyn Wire> = if scheme.is_secure() {
            let connector = TlsConnector::from(Arc::new(trust(pbx.ca.as_deref()).await?));
            Box::new(connector.connect(ServerName::try_from(host.clone())?, stream).await?)
        } else {
            Box::new(stream)
        };
        let (way, transport) = match scheme {
            Scheme::Wss => (websocket(wire, uri).await?, ViaTransport::Wss),
            Scheme::Ws => (websocket(wire, uri).await?, ViaTransport::Ws),
            Scheme::Tls => (Way::Stream(wire, Vec::new()), ViaTransport::Tls),
            Scheme::Tcp | Scheme::Udp => (Way::Stream(wire, Vec::new()), ViaTransport::Tcp),
        };
        Ok(Self { way, transport, local })
    }

    pub(super) const fn reliability(&self) -> Reliability {
        match self.way {
            Way::WebSocket(_) | Way::Stream(..) => Reliability::Reliable,
            Way::Datagrams(_) => Reliability::Unreliable,
        }
    }

    /// What Via says: over WebSocket no address is known that could be called back (RFC 7118 5).
    pub(super) fn via(&self) -> Result<Hop, Unproven> {
        let transport = self.transport.clone();
        if matches!(self.way, Way::WebSocket(_)) {
            let word = random_word(12).map_err(|_| Unproven::Unsupported)?;
            let host = format!("{word}.invalid").parse().map_err(|_| Unproven::Unsupported)?;
            return Ok(Hop { transport, host, port: None });
        }
        let host = match self.local {
            SocketAddr::V4(local) => sip::uri::Host::V4(*local.ip()),
            SocketAddr::V6(local) => sip::uri::Host::V6(*local.ip()),
        };
        Ok(Hop { transport, host, port: Some(self.local.port()) })
    }

    pub(super) async fn send(&mut self, bytes: Vec<u8>) -> Result<(), LinkError> {
        match &mut self.way {
            Way::WebSocket(socket) => {
                let message = match String::from_utf8(bytes) {
                    Ok(text) => Message::text(text),
                    Err(error) => Message::binary(error.into_bytes()),
                };
                Ok(socket.send(message).await?)
            }
            Way::Stream(wire, _) => {
                wire.write_all(&bytes).await?;
                Ok(wire.flush().await?)
            }
            Way::Datagrams(socket) => Ok(socket.send(&bytes).await.map(drop)?),
        }
    }

    /// The next message. When this is dropped before, nothing is lost.
    pub(super) async fn receive(&mut self) -> Result<Vec<u8>, LinkError> {
        match &mut self.way {
            Way::WebSocket(socket) => loop {
                match socket.next().await.ok_or(LinkError::Closed)?? {
                    Message::Text(text) => return Ok(text.as_bytes().to_vec()),
                    Message::Binary(bytes) => return Ok(bytes.to_vec()),
                    Message::Close(_) => return Err(LinkError::Closed),
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                }
            },
            Way::Stream(wire, read) => loop {
                if let Some(message) = first(read) {
                    return Ok(message);
                }
                if read.len() > limits::MESSAGE {
                    return Err(LinkError::TooLong);
                }
                read.reserve(READ);
                if wire.read_buf(read).await? == 0 {
                    return Err(LinkError::Closed);
                }
            },
            Way::Datagrams(socket) => {
                let mut bytes = vec![0; limits::MESSAGE];
                let length = socket.recv(&mut bytes).await?;
                bytes.truncate(length);
                Ok(bytes)
            }
        }
    }
}

/// Speaks SIP over WebSocket through a stream.
async fn websocket(wire: Box<dyn Wire>, uri: &http::Uri) -> Result<Way, LinkError> {
    let mut request = uri.clone().into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("sip"));
    let bounds =
        WebSocketConfig::default().max_message_size(Some(limits::MESSAGE)).max_frame_size(Some(limits::MESSAGE));
    let (socket, _) = client_async_with_config(request, wire, Some(bounds)).await?;
    Ok(Way::WebSocket(Box::new(socket)))
}

/// Who may vouch for a PBX: the system's authorities, or those of a file.
async fn trust(ca: Option<&Path>) -> Result<ClientConfig, LinkError> {
    let mut roots = RootCertStore::empty();
    let certificates = match ca {
        Some(file) => {
            let pem = tokio::fs::read(file).await?;
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
            read.map_err(|error| LinkError::Certificates(file.display().to_string(), error))?
        }
        None => {
            let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
            found.map(|found| found.certs).unwrap_or_default()
        }
    };
    roots.add_parsable_certificates(certificates);
    // Named, as another part of the program may bring another one along.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// Takes the first whole message out of what a stream brought (RFC 3261 18.3), without line ends that only keep it open.
fn first(read: &mut Vec<u8>) -> Option<Vec<u8>> {
    let idle = read.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    read.drain(..idle);
    let head = read.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let fields = String::from_utf8_lossy(read.get(..head)?);
    let length = fields.split("\r\n").filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        let name = name.trim();
        let is_length = name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("l");
        is_length.then(|| value.trim().parse::<usize>().unwrap_or(usize::MAX))
    });
    let end = head.checked_add(length.unwrap_or(0)).filter(|end| *end <= limits::MESSAGE);
    match end {
        Some(end) if read.len() >= end => Some(read.drain(..end).collect()),
        Some(_) => None,
        // It would never be whole: what is longer than anything is read ends the connection.
        None => {
            read.resize(limits::MESSAGE + 1, 0);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_into_messages() {
        let mut read = b"\r\n\r\nSIP/2.0 200 OK\r\nl: 3\r\n\r\nabcSIP/2.0 100 Trying\r\nContent-Length: 0\r\n".to_vec();
        assert_eq!(first(&mut read).unwrap(), b"SIP/2.0 200 OK\r\nl: 3\r\n\r\nabc");
        assert_eq!(first(&mut read), None);
        read.extend_from_slice(b"\r\n");
        assert_eq!(first(&mut read).unwrap(), b"SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n");
        assert!(read.is_empty());
    }

    #[test]
    fn a_message_without_end_ends_the_connection() {
        for length in ["99999999", "-1", "99999999999999999999999"] {
            let mut read = format!("SIP/2.0 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
            assert_eq!(first(&mut read), None);
            assert!(read.len() > limits::MESSAGE, "{length}");
        }
    }
}
