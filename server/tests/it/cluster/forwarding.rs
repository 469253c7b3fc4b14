//! What is passed on from a server that stands by to the one that leads, with something small in place of a phone system.

use crate::house::SOON;
use crate::postgres;
use crate::tls::{self, Issued};
use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::ws::{Message as Frame, WebSocketUpgrade};
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::routing::{any, get, post};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::Client;
use server::cluster::{self, Epoch, Own, Peer, Serving};
use server::fence::Fence;
use server::listen::{Listeners, Options, Tls};
use server::meters::Cluster as Meters;
use server::store::url::DatabaseUrl;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// What is led: it says who it is.
#[derive(Clone)]
struct Echo(&'static str);

struct Open(Router);

/// A server with that.
struct Node {
    url: String,
    address: SocketAddr,
    meters: Meters,
    member: Option<cluster::Member>,
    serving: JoinHandle<()>,
    _stop: watch::Sender<bool>,
    _data: TempDir,
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Failed(#[from] cluster::StartError);

impl cluster::Services for Echo {
    type Open = Open;
    type Error = Failed;

    async fn open(self, _epoch: Epoch) -> Result<Open, Failed> {
        let name = self.0;
        let router = Router::new()
            .route("/who", get(async move || name))
            .route("/length", post(async |body: Bytes| body.len().to_string()))
            .route("/headers", any(headers))
            .route("/socket", get(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
            .route("/never", get(async || std::future::pending::<()>().await));
        Ok(Open(router))
    }
}

impl Serving for Open {
    fn pages(&self) -> Router {
        self.0.clone()
    }

    async fn stop(self) {}
}

/// What the leader sees of a request.
async fn headers(ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> String {
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    format!("\n{peer}\n{}", lines.join("\n"))
}

async fn echo(mut socket: axum::extract::ws::WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if !matches!(message, Frame::Ping(_) | Frame::Pong(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

impl Node {
    async fn open(database: &DatabaseUrl, name: &'static str) -> Self {
        Self::open_over(database, name, None).await
    }

    async fn open_over(database: &DatabaseUrl, name: &'static str, tls: Option<Tls>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let any: SocketAddr = ([127, 0, 0, 1], 0).into();
        let listening = Options { tls, ..Options::from(any) };
        let proxies = listening.proxies.clone();
        let listeners = Listeners::open(listening, data.path()).await.unwrap();
        let address = listeners.address();
        let url = format!("http://{address}");
        let (fence, meters) = (Fence::default(), Meters::default());
        let own = Own { router: Router::new().route("/own", get(async move || name)), paths: &["/own"] };
        let peer = Some(Peer { listen: any, address: None });
        let options = cluster::Options { database: database.options().clone(), peer, proxies };
        let (pages, member) = cluster::start(options, Echo(name), own, fence.clone(), meters.clone()).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(listeners.serve(pages, None, fence, stopped));
        Self { url, address, meters, member: Some(member), serving, _stop: stop, _data: data }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = Client::new().get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// It hands over, and goes.
    async fn leave(mut self) {
        self.member.take().unwrap().stop().await;
        self.serving.abort();
    }
}

/// Two on a database of their own, of which the first one leads.
async fn two() -> (Node, Node, DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    postgres::choose(folder.path());
    let database: DatabaseUrl = postgres::url(folder.path()).unwrap().parse().unwrap();
    let first = Node::open(&database, "first").await;
    let second = Node::open(&database, "second").await;
    (first, second, database)
}

#[tokio::test]
async fn whoever_is_asked_the_one_that_leads_answers() {
    let (first, second, _) = two().await;
    assert!(first.meters.is_leading() && !second.meters.is_leading());
    for node in [&first, &second] {
        assert_eq!(node.get("/who").await, (StatusCode::OK, "first".to_owned()));
    }
    assert_eq!(second.get("/own").await.1, "second", "that it answers itself");
    assert_eq!(first.get("/own").await.0, StatusCode::NOT_FOUND, "a leader's is one of its pages");
    assert_eq!(second.get("/nothing").await.0, StatusCode::NOT_FOUND);
    let body = vec![b'x'; 1_000_000];
    let length = Client::new().post(format!("{}/length", second.url)).body(body).send().await.unwrap();
    assert_eq!(length.text().await.unwrap(), "1000000");
}

#[tokio::test]
async fn the_leader_sees_the_client_and_not_the_server_between() {
    let (_first, second, _) = two().await;
    let host = second.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "GET /headers HTTP/1.1\r\nHost: {host}\r\nConnection: close, x-private\r\nX-Private: 1\r\nTE: trailers\r\nX-Own: 1\r\n\
         X-Forwarded-For: 203.0.113.7\r\ntabphone-peer-client: 198.51.100.1:1\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let client = stream.local_addr().unwrap();
    let mut seen = String::new();
    timeout(SOON, stream.read_to_string(&mut seen)).await.unwrap().unwrap();
    for line in
        [format!("\n{client}\n"), format!("host: {host}\n"), "x-forwarded-for: 203.0.113.7\n".into(), "x-own: 1".into()]
    {
        assert!(seen.contains(&line), "{line} is not in\n{seen}");
    }
    assert!(!["tabphone-peer", "\nte: ", "x-private"].iter().any(|hidden| seen.contains(hidden)), "{seen}");
}

#[tokio::test]
async fn what_comes_over_http_2_is_passed_on_and_comes_back_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let issued = Issued::in_folder(folder.path());
    postgres::choose(folder.path());
    let database: DatabaseUrl = postgres::url(folder.path()).unwrap().parse().unwrap();
    let _first = Node::open(&database, "first").await;
    let second = Node::open_over(&database, "second", issued.tls()).await;
    let browser = tls::browser(second.address, issued.root());
    let answer = browser.ask(Method::POST, "/length", &[], "four").await.unwrap();
    assert_eq!((answer.version(), answer.body().as_str()), (Version::HTTP_2, "4"));
    let cookies = [("cookie", "a=1"), ("cookie", "b=2")];
    let seen = browser.ask(Method::GET, "/headers", &cookies, "").await.unwrap();
    let host = browser.origin.strip_prefix("https://").unwrap();
    for line in ["cookie: a=1; b=2", &format!("host: {host}")] {
        assert!(seen.body().contains(line), "{line} is not in\n{}", seen.body());
    }
}

#[tokio::test]
async fn websockets_are_carried_both_ways_until_they_end() {
    let (_first, second, _) = two().await;
    let url = format!("{}/socket", second.url.replacen("http", "ws", 1));
    let (mut socket, _) = connect_async(&url).await.unwrap();
    let large = vec![7; 300_000];
    for message in [Message::text("a"), Message::binary(large), Message::text("b")] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap(), message);
    }
    socket.close(None).await.unwrap();
    let ended = async { while let Some(Ok(_)) = socket.next().await {} };
    timeout(SOON, ended).await.expect("the connection stays open");
    drop(socket);
    let nothing_held = async {
        let mut text = String::new();
        while !text.contains("tabphone_cluster_passing 0\n") {
            text.clear();
            second.meters.write(&mut text).unwrap();
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, nothing_held).await.expect("its place is kept");
}

#[tokio::test]
async fn requests_wait_while_the_leader_changes_and_sockets_end() {
    let (first, second, _) = two().await;
    let url = format!("{}/socket", second.url.replacen("http", "ws", 1));
    let (mut socket, _) = connect_async(&url).await.unwrap();
    let hanging = tokio::spawn(Client::new().get(format!("{}/never", second.url)).send());
    sleep(Duration::from_millis(100)).await;
    let client = Client::new();
    let posted = async {
        sleep(Duration::from_millis(5)).await;
        client.post(format!("{}/length", second.url)).body("four").send().await.unwrap()
    };
    let (posted, ()) = tokio::join!(posted, first.leave());
    // It may have been on its way in the moment of the change: that is said, and nothing is done twice.
    assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&posted.status()));
    assert!(!matches!(timeout(SOON, socket.next()).await.expect("it goes on"), Some(Ok(Message::Text(_)))));
    assert_eq!(second.get("/who").await, (StatusCode::OK, "second".to_owned()));
    hanging.abort();
}

#[tokio::test]
async fn when_nobody_leads_it_is_said_after_a_while() {
    let server = postgres::Server::start();
    let folder = tempfile::tempdir().unwrap();
    let database: DatabaseUrl = server.database(folder.path()).parse().unwrap();
    let (first, second) = (Node::open(&database, "first").await, Node::open(&database, "second").await);
    server.stop();
    // Who leads does so for some seconds without an answer of the database.
    let refused = async {
        loop {
            let (status, words) = second.get("/who").await;
            if status == StatusCode::SERVICE_UNAVAILABLE {
                return words;
            }
        }
    };
    let words = timeout(4 * SOON, refused).await.expect("somebody still leads");
    assert!(words.contains("Please try again in a few seconds"), "{words}");
    assert_eq!(second.get("/own").await, (StatusCode::OK, "second".to_owned()));
    assert!(!first.meters.is_leading());
    server.start_again();
    let again = async { while second.get("/who").await.0 != StatusCode::OK {} };
    timeout(4 * SOON, again).await.expect("nobody leads again");
}

#[tokio::test]
async fn a_stranger_gets_nothing_where_servers_talk() {
    let (_first, _second, database) = two().await;
    use sqlx::ConnectOptions as _;
    let mut connection = database.options().connect().await.unwrap();
    let address: String =
        sqlx::query_scalar("SELECT address FROM tabphone_cluster").fetch_one(&mut connection).await.unwrap();
    let mut plain = TcpStream::connect(&address).await.unwrap();
    plain.write_all(b"GET /who HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    let _ = timeout(SOON, plain.read_to_end(&mut said)).await.expect("it is not closed");
    assert!(!said.windows(5).any(|window| window == b"first"));
    // Over TLS, without the token or with another one.
    for token in [None, Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] {
        let mut stream = to_anybody(&address).await;
        let token = token.map(|token| format!("tabphone-peer-token: {token}\r\n")).unwrap_or_default();
        let request = format!("GET /who HTTP/1.1\r\nHost: a\r\ntabphone-peer-client: 192.0.2.1:1\r\n{token}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(SOON, stream.read_exact(&mut first)).await.unwrap().unwrap();
        assert_eq!(&first, b"HTTP/1.1 421");
    }
}

/// A connection that takes whatever certificate there is.
async fn to_anybody(address: &str) -> tokio_rustls::client::TlsStream<TcpStream> {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    struct Anybody;

    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }

    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        builder.dangerous().with_custom_certificate_verifier(std::sync::Arc::new(Anybody)).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    connector.connect(ServerName::try_from("a").unwrap(), stream).await.unwrap()
}
