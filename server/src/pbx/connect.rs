//! Connections to a PBX: streams, encrypted or not, and WebSockets over them.

use super::trust::trust;
use super::{Pbx, Target};
use http::{HeaderValue, Uri};
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use sip::message::limits;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// A stream, encrypted or not.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A WebSocket that speaks SIP (RFC 7118).
pub type Socket = WebSocketStream<Box<dyn Wire>>;

/// A PBX cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The network.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not speak SIP over WebSocket there.
    #[error(transparent)]
    WebSocket(Box<tungstenite::Error>),
    /// It is not who it should be, or speaks no TLS.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// Its name can be in no certificate.
    #[error("{0}")]
    Name(#[from] InvalidDnsNameError),
    /// The file of the authorities.
    #[error("the certificates of {0} cannot be read: {1}")]
    Certificates(String, rustls::pki_types::pem::Error),
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        Self::WebSocket(Box::new(error))
    }
}

/// A stream to one of its addresses, and this end of it.
///
/// # Errors
/// [`ConnectError`].
pub async fn stream(pbx: &Pbx, target: &Target) -> Result<(Box<dyn Wire>, SocketAddr), ConnectError> {
    let stream = TcpStream::connect((target.host.as_str(), target.port)).await?;
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    if !target.scheme.is_secure() {
        return Ok((Box::new(stream), local));
    }
    let connector = TlsConnector::from(Arc::new(trust(pbx).await?));
    let name = ServerName::try_from(target.host.clone())?;
    Ok((Box::new(connector.connect(name, stream).await?), local))
}

/// Speaks SIP over WebSocket through a stream (RFC 7118 4). Longer messages than SIP may have end it.
///
/// # Errors
/// [`ConnectError::WebSocket`].
pub async fn websocket(wire: Box<dyn Wire>, uri: &Uri) -> Result<Socket, ConnectError> {
    let mut request = uri.clone().into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("sip"));
    let bounds =
        WebSocketConfig::default().max_message_size(Some(limits::MESSAGE)).max_frame_size(Some(limits::MESSAGE));
    let (socket, _) = client_async_with_config(request, wire, Some(bounds)).await?;
    Ok(socket)
}
