//! The way to the server: TCP from an address of one's own, TLS, WebSocket.

use super::Failure;
use super::phone::Stream;
use http::HeaderValue;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// The name that the certificate is for.
const NAME: &str = "localhost";

/// Where the server is, and how it is known again.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

/// A socket is not opened: the status that says why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the socket is refused: {0}")]
pub(crate) struct Refused(pub(crate) u16);

impl Target {
    pub(crate) fn new(address: SocketAddr, certificate: &Path) -> Result<Self, Failure> {
        let config = |protocol: &str| -> Result<Arc<ClientConfig>, Failure> {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(certificate)?)?;
            let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
            let builder = builder.with_safe_default_protocol_versions()?;
            let mut config = builder.with_root_certificates(roots).with_no_client_auth();
            config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
            Ok(Arc::new(config))
        };
        Ok(Self { address, http1: config("http/1.1")?, http2: config("h2")? })
    }

    pub(crate) fn origin(&self) -> String {
        format!("https://{NAME}:{}", self.address.port())
    }

    /// A connection from 127.0.0.`from`: to the server each of these is another client.
    pub(crate) async fn tcp(&self, from: u8) -> Result<TcpStream, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(([127, 0, 0, from], 0).into())?;
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    pub(crate) async fn http1(&self, from: u8) -> Result<TlsStream<TcpStream>, Failure> {
        self.tls(self.tcp(from).await?, &self.http1).await
    }

    pub(crate) async fn http2(&self, from: u8) -> Result<TlsStream<TcpStream>, Failure> {
        self.tls(self.tcp(from).await?, &self.http2).await
    }

    /// The same through a socket that holds little of what is sent to it.
    pub(crate) async fn narrow(&self, from: u8) -> Result<TlsStream<TcpStream>, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(4096)?;
        socket.bind(([127, 0, 0, from], 0).into())?;
        self.tls(socket.connect(self.address).await?, &self.http1).await
    }

    async fn tls(&self, stream: TcpStream, config: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, Failure> {
        let connector = TlsConnector::from(Arc::clone(config));
        Ok(connector.connect(ServerName::try_from(NAME)?, stream).await?)
    }

    /// A WebSocket for SIP, of whoever is nobody's page; fails with [`Refused`] if the server does not want it.
    pub(crate) async fn sip(&self, from: u8) -> Result<WebSocketStream<Stream>, Failure> {
        let stream: Stream = Box::new(self.http1(from).await?);
        self.sip_over(stream).await
    }

    /// The same over a connection that is there.
    pub(crate) async fn sip_over(&self, stream: Stream) -> Result<WebSocketStream<Stream>, Failure> {
        let mut request = format!("wss://{NAME}:{}/sip", self.address.port()).into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("sip"));
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(response)) => Err(Refused(response.status().as_u16()).into()),
            Err(error) => Err(error.into()),
        }
    }
}
