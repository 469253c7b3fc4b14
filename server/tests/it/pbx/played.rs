//! A PBX that is played: it answers REGISTER as a script says, over WebSocket, TLS, TCP or UDP.

use super::{REALM, SECRET};
use crate::house::House;
use crate::tls::{Wire, accept, acceptor};
use futures::{SinkExt as _, StreamExt as _};
use sip::digest::{Algorithm, Challenge, Ha1s, Verifier, presented};
use sip::header::{Contact, Expires, Header as _, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate};
use sip::message::{HeaderName, Message, Request, Response, Status};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::server::{Request as Upgrade, Response as Upgraded};
use tokio_tungstenite::{accept_hdr_async, tungstenite};

/// How a PBX behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Asks with MD5, as most do.
    Md5,
    /// Asks with SHA-256.
    Sha256,
    /// As a proxy: 407.
    Proxy,
    /// Says 403 to a wrong password.
    Forbids,
    /// Finds the first nonce too old.
    Stale,
    /// Finds every nonce too old.
    AlwaysStale,
    /// Says nothing.
    Silent,
    /// Says what is no SIP, and answers to what nobody asked.
    Garbage,
    /// Asks nobody for a password.
    Open,
    /// Refuses every REGISTER that changes nothing.
    NotAllowed,
    /// Refuses a REGISTER without Contact.
    WantsContact,
    /// The same, once it knows who asks.
    WantsContactThen,
    /// Cannot now.
    Unavailable,
    /// Asks in a way that nobody knows.
    Unknown,
}

/// A PBX, and what it was asked.
pub struct Played {
    pub address: SocketAddr,
    /// Of its certificate, where it has one.
    pub fingerprint: Option<String>,
    pub asked: Arc<Mutex<Vec<Request>>>,
}

struct Desk {
    script: Script,
    verifier: Verifier,
    stale: bool,
    refused: bool,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Desk {
    fn new(script: Script, asked: &Arc<Mutex<Vec<Request>>>) -> Self {
        Self { script, verifier: Verifier::new([7; 32], REALM), stale: false, refused: false, asked: Arc::clone(asked) }
    }

    /// What it answers.
    fn answer(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Ok(Message::Request(request)) = Message::parse(bytes) else { panic!("no request: {bytes:?}") };
        assert_eq!(request.method.as_str(), "REGISTER");
        assert!(request.validate().is_ok());
        let gone = matches!(request.headers.find(), Ok(Some(Expires(0))));
        let contact = request.headers.contains(&Contact::NAME);
        assert!(!contact || (gone && self.refused), "it changes nothing there");
        self.asked.lock().unwrap().push(request.clone());
        let say = |status: u16| vec![Response::to_request(&request, Status::new(status).unwrap()).to_bytes()];
        match self.script {
            Script::Silent => return Vec::new(),
            Script::Garbage => {
                let mut other = request.clone();
                other.headers.remove(&HeaderName::Via);
                other.headers.push_raw("Via", "SIP/2.0/UDP elsewhere;branch=z9hG4bKanother").unwrap();
                let other = Response::to_request(&other, Status::OK).to_bytes();
                return vec![b"\0\xff nonsense".to_vec(), b"SIP/2.0 200 OK\r\n\r\n".to_vec(), other];
            }
            Script::Open => return say(200),
            Script::NotAllowed => {
                self.refused = true;
                return say(405);
            }
            Script::WantsContact if !contact => {
                self.refused = true;
                return say(400);
            }
            Script::WantsContactThen if !contact && self.credentials(&request).is_some() => {
                self.refused = true;
                return say(400);
            }
            Script::Unavailable => return say(503),
            Script::Md5
            | Script::Sha256
            | Script::Proxy
            | Script::Forbids
            | Script::Stale
            | Script::AlwaysStale
            | Script::WantsContact
            | Script::WantsContactThen
            | Script::Unknown => {}
        }
        let now = sip::Instant::from_millis(1_000);
        let Some(credentials) = self.credentials(&request) else { return vec![self.challenge(&request, false)] };
        let always = self.script == Script::AlwaysStale;
        if always || (self.script == Script::Stale && !self.stale) {
            self.stale = true;
            return vec![self.challenge(&request, true)];
        }
        let secrets = Ha1s::new("2001", REALM, SECRET);
        let right = credentials.is_of("2001") && self.verifier.check(&credentials, &request, &secrets, now).is_ok();
        match (right, self.script) {
            (true, _) => {
                let trying = Response::to_request(&request, Status::TRYING).to_bytes();
                let mut welcome = Response::to_request(&request, Status::OK);
                welcome.headers.push(&self.verifier.info(&credentials, &secrets, &[], false, now));
                vec![trying, welcome.to_bytes()]
            }
            (false, Script::Forbids) => say(403),
            (false, _) => vec![self.challenge(&request, false)],
        }
    }

    fn credentials(&self, request: &Request) -> Option<sip::digest::Credentials> {
        if self.script == Script::Proxy {
            return request.headers.find::<ProxyAuthorization>().ok()?.map(|it| it.0);
        }
        presented(request, REALM)
    }

    fn challenge(&mut self, request: &Request, stale: bool) -> Vec<u8> {
        let strongest_first = self.verifier.challenges(sip::Instant::from_millis(1_000), stale);
        let algorithm = if self.script == Script::Sha256 { Algorithm::Sha256 } else { Algorithm::Md5 };
        let chosen = strongest_first.into_iter().find(|challenge| challenge.algorithm() == algorithm).unwrap();
        let chosen = match self.script {
            Script::Unknown => Challenge { algorithm: Some("AKAv1-MD5".parse().unwrap()), ..chosen },
            _ => chosen,
        };
        let proxy = self.script == Script::Proxy;
        let status = Status::new(if proxy { 407 } else { 401 }).unwrap();
        let mut response = Response::to_request(request, status);
        if proxy {
            response.headers.push(&ProxyAuthenticate(chosen));
        } else {
            response.headers.push(&WwwAuthenticate(chosen));
        }
        response.to_bytes()
    }
}

impl Played {
    pub async fn over_websocket(script: Script) -> Self {
        Self::listening(script, None, over_websocket).await
    }

    /// With a certificate that nobody vouches for.
    pub async fn over_secure_websocket(script: Script) -> Self {
        Self::listening(script, Some(acceptor()), over_websocket).await
    }

    pub async fn over_tcp(script: Script) -> Self {
        Self::listening(script, None, over_stream).await
    }

    /// With a certificate that nobody vouches for.
    pub async fn over_tls(script: Script) -> Self {
        Self::listening(script, Some(acceptor()), over_stream).await
    }

    async fn listening<S: Future<Output = ()> + Send + 'static>(
        script: Script,
        tls: Option<(TlsAcceptor, String)>,
        serve: fn(Box<dyn Wire>, Desk) -> S,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Request>>>::default());
        let (tls, fingerprint) = tls.unzip();
        let played = Self { address, fingerprint, asked: Arc::clone(&asked) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (desk, tls) = (Desk::new(script, &asked), tls.clone());
                tokio::spawn(async move {
                    // Who does not trust the certificate hangs up.
                    if let Ok(wire) = accept(stream, tls.as_ref()).await {
                        serve(wire, desk).await;
                    }
                });
            }
        });
        played
    }

    /// Which loses the first message of all.
    pub async fn over_udp(script: Script) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::<Mutex<Vec<Request>>>::default());
        let played = Self { address, fingerprint: None, asked: Arc::clone(&asked) };
        tokio::spawn(async move {
            let mut desk = Desk::new(script, &asked);
            let (mut read, mut lost) = (vec![0; 65_536], false);
            while let Ok((length, from)) = socket.recv_from(&mut read).await {
                if !std::mem::replace(&mut lost, true) {
                    continue;
                }
                for answer in desk.answer(&read[..length]) {
                    socket.send_to(&answer, from).await.unwrap();
                }
            }
        });
        played
    }

    /// A server that asks it.
    pub async fn house(&self, scheme: &str, options: &str) -> House {
        let pinned = self.fingerprint.as_ref().map(|it| format!(",fingerprint={it}")).unwrap_or_default();
        let pbx = format!("office={scheme}://{}{options}{pinned}", self.address).parse().unwrap();
        House::open_with(|options| options.pbxs = vec![pbx]).await
    }

    /// How many passwords reached it.
    pub fn guesses(&self) -> usize {
        let signed = |request: &&Request| {
            request.headers.contains(&HeaderName::Authorization)
                || request.headers.contains(&HeaderName::ProxyAuthorization)
        };
        self.asked.lock().unwrap().iter().filter(signed).count()
    }
}

async fn over_websocket(wire: Box<dyn Wire>, mut desk: Desk) {
    let mut socket = accept_hdr_async(wire, subprotocol).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if !message.is_text() {
            continue;
        }
        for answer in desk.answer(&message.into_data()) {
            let message = String::from_utf8(answer)
                .map_or_else(|error| tungstenite::Message::binary(error.into_bytes()), tungstenite::Message::text);
            socket.send(message).await.unwrap();
        }
    }
}

/// In pieces, as streams come.
async fn over_stream(mut wire: Box<dyn Wire>, mut desk: Desk) {
    let mut read = vec![0; 65_536];
    while let Ok(length @ 1..) = wire.read(&mut read).await {
        for answer in desk.answer(&read[..length]) {
            for piece in answer.chunks(answer.len() / 2 + 1) {
                wire.write_all(piece).await.unwrap();
                wire.flush().await.unwrap();
            }
        }
    }
}

#[allow(clippy::result_large_err, reason = "the library's")]
fn subprotocol(
    upgrade: &Upgrade,
    mut upgraded: Upgraded,
) -> Result<Upgraded, tungstenite::handshake::server::ErrorResponse> {
    assert_eq!(upgrade.headers()["sec-websocket-protocol"], "sip");
    upgraded.headers_mut().insert("sec-websocket-protocol", "sip".parse().unwrap());
    Ok(upgraded)
}
