//! The way to a PBX: WebSocket (RFC 7118), TLS, TCP or UDP.

use super::Unproven;
use super::query::Hop;
use crate::pbx::{ConnectError, Pbx, Scheme, Socket, Target, Wire, in_order, stream, websocket};
use crate::store::key::random_word;
use futures::{SinkExt as _, StreamExt as _};
use sip::header::ViaTransport;
use sip::message::limits;
use sip::transaction::Reliability;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UdpSocket, lookup_host};
use tokio_tungstenite::tungstenite::{self, Message};

/// How much of a stream is read at once.
const READ: usize = 4096;

/// An open connection to a PBX.
pub(super) struct Link {
    way: Way,
    transport: ViaTransport,
    /// This end of it.
    local: SocketAddr,
}

enum Way {
    WebSocket(Box<Socket>),
    Stream(Box<dyn Wire>, Vec<u8>),
    Datagrams(UdpSocket),
}

/// A PBX cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("it sends more than a SIP message may have")]
    TooLong,
    #[error("it hung up")]
    Closed,
}

impl From<tungstenite::Error> for LinkError {
    fn from(error: tungstenite::Error) -> Self {
        Self::Connect(error.into())
    }
}

impl From<io::Error> for LinkError {
    fn from(error: io::Error) -> Self {
        Self::Connect(error.into())
    }
}

impl Link {
    /// To the first of its addresses that can be had, in their order.
    pub(super) async fn open(pbx: &Pbx) -> Result<Self, LinkError> {
        let mut failed = LinkError::Closed;
        for target in in_order(pbx) {
            match Self::to(pbx, target).await {
                Ok(link) => return Ok(link),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    async fn to(pbx: &Pbx, target: &Target) -> Result<Self, LinkError> {
        let Target { scheme, host, port, uri, .. } = target;
        if *scheme == Scheme::Udp {
            let remote = lookup_host((host.as_str(), *port)).await?.next();
            let remote = remote.ok_or(io::Error::from(io::ErrorKind::NotFound))?;
            let any: SocketAddr = if remote.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
            let socket = UdpSocket::bind(any).await?;
            // From nobody else anything is heard.
            socket.connect(remote).await?;
            let local = socket.local_addr()?;
            return Ok(Self { way: Way::Datagrams(socket), transport: ViaTransport::Udp, local });
        }
        let (wire, local) = stream(pbx, target).await?;
        let (way, transport) = match scheme {
            Scheme::Wss => (Way::WebSocket(Box::new(websocket(wire, uri).await?)), ViaTransport::Wss),
            Scheme::Ws => (Way::WebSocket(Box::new(websocket(wire, uri).await?)), ViaTransport::Ws),
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
