//! Clients of HTTPS, and certificates for it.

use crate::house::{ALICE, House, SOON};
use app::encoding;
use app::lease::{FromTab, SUBPROTOCOL, ToTab};
use axum::body::Body;
use futures::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, Method, Request, Response, Uri, header};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use server::listen::Tls;
use sha2::{Digest as _, Sha256};
use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// The name that certificates are for, and a browser goes to.
pub const NAME: &str = "phone.example";

/// Two files, as an administrator has them.
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Issued {
    pub fn in_folder(folder: &Path) -> Self {
        let issued = Self { certificate: folder.join("fullchain.pem"), key: folder.join("privkey.pem") };
        issued.renew();
        issued
    }

    /// Another certificate with another key, in the same files.
    pub fn renew(&self) {
        let made = rcgen::generate_simple_self_signed(vec![NAME.to_owned(), "localhost".to_owned()]).unwrap();
        std::fs::write(&self.certificate, made.cert.pem()).unwrap();
        std::fs::write(&self.key, made.key_pair.serialize_pem()).unwrap();
    }

    pub fn tls(&self) -> Option<Tls> {
        Some(Tls::Files { certificate: self.certificate.clone(), key: self.key.clone() })
    }

    /// What a client has to know to trust it.
    pub fn root(&self) -> CertificateDer<'static> {
        root(&self.certificate)
    }
}

/// A server with a certificate from files, which lie in this folder.
pub async fn house() -> (House, Issued, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let issued = Issued::in_folder(folder.path());
    let tls = issued.tls();
    let house = House::open_with(|options| options.listen.tls = tls).await;
    (house, issued, folder)
}

pub fn root(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).unwrap()
}

pub fn trusting(root: CertificateDer<'static>, protocols: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config
}

/// A stream, encrypted or not.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Takes connections with a certificate that nobody vouches for: and its fingerprint.
pub fn acceptor() -> (TlsAcceptor, String) {
    let made = rcgen::generate_simple_self_signed(vec!["pbx".to_owned()]).unwrap();
    let fingerprint = Sha256::digest(made.cert.der()).iter().map(|byte| format!("{byte:02x}")).collect();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = PrivateKeyDer::try_from(made.key_pair.serialize_der()).unwrap();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    (TlsAcceptor::from(Arc::new(config)), fingerprint)
}

/// A stream as it comes, or what is in it.
pub async fn accept(stream: TcpStream, tls: Option<&TlsAcceptor>) -> std::io::Result<Box<dyn Wire>> {
    match tls {
        Some(tls) => Ok(Box::new(tls.accept(stream).await?)),
        None => Ok(Box::new(stream)),
    }
}

/// A TLS connection, if there is one.
pub async fn try_connect(
    address: SocketAddr,
    name: &str,
    root: CertificateDer<'static>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(trusting(root, &[protocol]))).connect(name, stream).await
}

pub async fn connect(address: SocketAddr, root: CertificateDer<'static>, protocol: &str) -> TlsStream<TcpStream> {
    timeout(SOON, try_connect(address, NAME, root, protocol)).await.expect("no handshake").unwrap()
}

/// Sends one request over a connection of its own.
pub async fn send(
    address: SocketAddr,
    name: &str,
    root: CertificateDer<'static>,
    protocol: &str,
    request: Request<Body>,
) -> Result<Response<String>, Box<dyn Error + Send + Sync>> {
    let stream = TokioIo::new(try_connect(address, name, root, protocol).await?);
    let response = if protocol == "h2" {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    } else {
        let (mut sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(connection);
        sender.send_request(request).await?
    };
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(Body::new(body), usize::MAX).await?;
    Ok(Response::from_parts(parts, String::from_utf8(body.to_vec())?))
}

/// A browser that goes to [`NAME`] over HTTP/2, keeps the last cookie, and follows no redirects.
pub struct Browser {
    address: SocketAddr,
    root: CertificateDer<'static>,
    pub origin: String,
    cookie: Mutex<Option<String>>,
}

pub fn browser(address: SocketAddr, root: CertificateDer<'static>) -> Browser {
    Browser { address, root, origin: format!("https://{NAME}:{}", address.port()), cookie: Mutex::default() }
}

impl Browser {
    /// The same page again and again over one connection: how often it came.
    pub async fn get_often(&self, path: &str, times: usize) -> usize {
        let stream = TokioIo::new(connect(self.address, self.root.clone(), "h2").await);
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        let cookie = self.cookie.lock().unwrap().clone().unwrap_or_default();
        for came in 0..times {
            let request = Request::get(format!("{}{path}", self.origin)).header("cookie", &cookie);
            let Ok(response) = sender.send_request(request.body(Body::empty()).unwrap()).await else { return came };
            let whole = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await;
            if whole.is_err() {
                return came;
            }
        }
        times
    }

    pub async fn get(&self, path: &str) -> Response<String> {
        self.ask(Method::GET, path, &[], "").await.unwrap()
    }

    /// Logs in as the server's own page does; the cookie is kept.
    pub async fn log_in(&self, extension: &str, password: &str) -> Response<String> {
        let headers = [("origin", self.origin.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let form = format!("extension={extension}&password={password}");
        let response = self.ask(Method::POST, "/login", &headers, &form).await.unwrap();
        *self.cookie.lock().unwrap() = cookie(response.headers());
        response
    }

    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Response<String>, Box<dyn Error + Send + Sync>> {
        let uri: Uri = format!("{}{path}", self.origin).parse().unwrap();
        let mut request = Request::builder().method(method).uri(uri);
        let cookie = self.cookie.lock().unwrap().clone();
        for (name, value) in headers.iter().copied().chain(cookie.as_deref().map(|cookie| ("cookie", cookie))) {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = send(self.address, NAME, self.root.clone(), "h2", request);
        timeout(SOON, answer).await.expect("there is no answer")
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let set = headers.get(header::SET_COOKIE)?.to_str().ok()?;
    set.split(';').next().map(str::to_owned)
}

/// A tab of Alice's over TLS, as the holder of her line.
pub struct Tab(WebSocketStream<TlsStream<TcpStream>>);

impl Tab {
    pub async fn open(address: SocketAddr, root: CertificateDer<'static>) -> Self {
        let browser = browser(address, root.clone());
        let login = browser.log_in(ALICE.0, ALICE.1).await;
        let cookie = cookie(login.headers()).unwrap();
        let mut request = format!("wss://{NAME}:{}/line", address.port()).into_client_request().unwrap();
        for (name, value) in
            [("origin", browser.origin.as_str()), ("cookie", &cookie), ("sec-websocket-protocol", SUBPROTOCOL)]
        {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let stream = connect(address, root, "http/1.1").await;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let mut tab = Self(socket);
        tab.say(FromTab::Hello { tab: "a".to_owned(), running: None, loaded: true }).await;
        while !matches!(tab.hear().await, ToTab::Granted(_)) {}
        tab
    }

    /// Whether the server still answers.
    pub async fn lives(&mut self) {
        self.say(FromTab::Alive).await;
        while self.hear().await != ToTab::Alive {}
    }

    async fn say(&mut self, message: FromTab) {
        self.0.send(Message::binary(encoding::encode(&message))).await.unwrap();
    }

    async fn hear(&mut self) -> ToTab {
        match timeout(SOON, self.0.next()).await.expect("nothing was said") {
            Some(Ok(Message::Binary(bytes))) => encoding::decode(&bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The code with which the server closes the socket.
    pub async fn closed(mut self) -> u16 {
        let end = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.unwrap().code.into(),
                    Some(Ok(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        timeout(SOON, end).await.expect("the socket was not closed")
    }
}
