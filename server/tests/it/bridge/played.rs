//! A PBX that is played: logins it answers by itself, phones are in the test's hands.

use crate::house::{House, SOON, Visitor, sign_in};
use crate::tls::{Wire, accept, acceptor};
use futures::{SinkExt as _, StreamExt as _};
use server::Options;
use sip::digest::{Ha1s, Verifier, presented};
use sip::header::{CallId, Contact, Event, Expires, From, Header as _, WwwAuthenticate};
use sip::message::{Message, Request, Response, Status};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request as Upgrade, Response as Upgraded};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Error};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// Of 2001.
pub const SECRET: &str = "only the pbx knows";
const REALM: &str = "example.com";

/// A PBX with WebSocket at a free port.
pub struct Played {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

/// A phone's connection, as the PBX sees it.
pub struct Connection {
    socket: WebSocketStream<Box<dyn Wire>>,
    verifier: Verifier,
    /// What it tells subscribers of; of all else it knows nothing.
    packages: Vec<&'static str>,
    watched: Vec<Request>,
}

impl Played {
    pub async fn open() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), tls: None }
    }

    /// With a certificate that nobody vouches for: its fingerprint.
    pub async fn open_with_tls() -> (Self, String) {
        let (tls, fingerprint) = acceptor();
        (Self { tls: Some(tls), ..Self::open().await }, fingerprint)
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    /// A server for its phones; more options may follow on the domain.
    pub async fn house(&self, more: &str) -> House {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        let pbx = format!("office={scheme}://{},domain=example.com{more}", self.address()).parse().unwrap();
        House::open_with(|options: &mut Options| options.pbxs = vec![pbx]).await
    }

    /// 2001 logs in.
    pub async fn signed_in(&self, house: &House) -> Visitor {
        self.signed_in_as("2001", house).await
    }

    /// Somebody with the same password does.
    pub async fn signed_in_as(&self, extension: &str, house: &House) -> Visitor {
        let serves = async {
            let mut connection = self.accept().await;
            while let Some(request) = connection.try_request().await {
                assert!(!request.headers.contains(&Contact::NAME), "a login changes nothing");
                connection.admit(&request).await;
            }
        };
        tokio::join!(sign_in(house.browser(), (extension, SECRET)), serves).0
    }

    /// The next connection.
    pub async fn accept(&self) -> Connection {
        let (stream, _) = timeout(SOON, self.listener.accept()).await.expect("nobody connects").unwrap();
        self.greet(stream).await.unwrap()
    }

    /// The next connection is cut.
    pub async fn cut(&self) {
        drop(timeout(SOON, self.listener.accept()).await.expect("nobody connects").unwrap());
    }

    /// Nobody gets through the handshake of the next connection.
    pub async fn is_refused(&self) -> bool {
        let (stream, _) = timeout(SOON, self.listener.accept()).await.expect("nobody connects").unwrap();
        self.greet(stream).await.is_err()
    }

    /// Whether nobody has connected since the last one was accepted.
    pub async fn is_left_alone(&self) -> bool {
        futures::poll!(std::pin::pin!(self.listener.accept())).is_pending()
    }

    async fn greet(&self, stream: TcpStream) -> Result<Connection, Error> {
        let wire = accept(stream, self.tls.as_ref()).await?;
        let socket = accept_hdr_async(wire, subprotocol).await?;
        let verifier = Verifier::new([7; 32], REALM);
        Ok(Connection { socket, verifier, packages: Vec::new(), watched: Vec::new() })
    }
}

impl Connection {
    /// The next text that is no SUBSCRIBE, which it answers itself; `None` when the connection ends.
    pub async fn try_text(&mut self) -> Option<String> {
        loop {
            match timeout(3 * SOON, self.socket.next()).await.expect("nothing was said") {
                Some(Ok(tungstenite::Message::Text(text))) if text.starts_with("SUBSCRIBE ") => {
                    self.subscribed(&text).await;
                }
                Some(Ok(tungstenite::Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    /// From now on subscribers are told of these.
    pub fn tells_of(&mut self, packages: &[&'static str]) {
        self.packages = packages.to_vec();
    }

    /// The subscription to this package of this extension, once it is asked for.
    pub async fn watched(&mut self, package: &str, extension: &str) -> Request {
        let is_it = |request: &Request| {
            let event = request.headers.get::<Event>().unwrap();
            event.is(package) && request.uri.to_string() == format!("sip:{extension}@example.com")
        };
        loop {
            if let Some(at) = self.watched.iter().position(is_it) {
                return self.watched.remove(at);
            }
            match timeout(SOON, self.socket.next()).await.expect("nobody asks") {
                Some(Ok(tungstenite::Message::Text(text))) => self.subscribed(&text).await,
                other => panic!("{other:?}"),
            }
        }
    }

    /// Tells the subscriber, who says that they heard it.
    pub async fn notify(&mut self, subscription: &Request, seq: u32, content_type: &str, body: &str) {
        let (own, call_id) =
            (subscription.headers.get::<From>().unwrap(), subscription.headers.get::<CallId>().unwrap());
        let (to, event) = (&subscription.uri, subscription.headers.get::<Event>().unwrap());
        self.say(&format!(
            "NOTIFY sip:u@x.invalid;transport=ws SIP/2.0\r\nVia: SIP/2.0/WS pbx.example.com;branch=z9hG4bK{seq}{call_id}\r\n\
             Max-Forwards: 70\r\nFrom: <{to}>;tag=pbx\r\nTo: {own}\r\nCall-ID: {call_id}\r\nCSeq: {seq} NOTIFY\r\n\
             Event: {event}\r\nSubscription-State: active\r\nContent-Type: {content_type}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
        assert_eq!(self.response().await.status, Status::OK);
    }

    async fn subscribed(&mut self, text: &str) {
        let Ok(Message::Request(request)) = Message::parse(text.as_bytes()) else { panic!("{text}") };
        let event = request.headers.get::<Event>().unwrap();
        let known = self.packages.iter().any(|package| event.is(package));
        let status = if known { Status::OK } else { Status::BAD_EVENT };
        let mut response = Response::to_request(&request, status);
        response.set_to_tag("pbx");
        response.headers.push(&Expires(600));
        self.say(&String::from_utf8(response.to_bytes()).unwrap()).await;
        self.watched.extend(known.then_some(request));
    }

    async fn try_request(&mut self) -> Option<Request> {
        match Message::parse(self.try_text().await?.as_bytes()).unwrap() {
            Message::Request(request) => Some(request),
            Message::Response(response) => panic!("{response:?}"),
        }
    }

    /// The next message, which is a request of this method.
    pub async fn request(&mut self, method: &str) -> Request {
        let request = self.try_request().await.expect("the connection ended");
        assert_eq!(request.method.as_str(), method, "{request:?}");
        request
    }

    /// The next message, which is a response.
    pub async fn response(&mut self) -> Response {
        match Message::parse(self.try_text().await.expect("the connection ended").as_bytes()).unwrap() {
            Message::Response(response) => response,
            Message::Request(request) => panic!("{request:?}"),
        }
    }

    /// Answers what is signed with 200, and asks for a signature otherwise: whether it was signed.
    pub async fn admit(&mut self, request: &Request) -> bool {
        let now = sip::Instant::from_millis(1_000);
        let From(who) = request.headers.get::<From>().unwrap();
        let user = who.uri.as_sip().and_then(sip::uri::SipUri::user_unescaped).unwrap();
        let secrets = Ha1s::new(&user, REALM, SECRET);
        let credentials = presented(request, REALM);
        let signed = credentials.is_some_and(|it| self.verifier.check(&it, request, &secrets, now).is_ok());
        let mut response = Response::to_request(request, if signed { Status::OK } else { Status::UNAUTHORIZED });
        response.set_to_tag("pbx");
        if signed {
            response.headers.copy_from(&request.headers, Contact::NAME);
        } else {
            let challenges = self.verifier.challenges(now, false);
            challenges.into_iter().for_each(|challenge| response.headers.push(&WwwAuthenticate(challenge)));
        }
        self.say(&String::from_utf8(response.to_bytes()).unwrap()).await;
        signed
    }

    /// Accepts it, whoever signed it.
    pub async fn accepts(&mut self, request: &Request) {
        let mut accepted = Response::to_request(request, Status::OK);
        accepted.set_to_tag("pbx");
        self.say(&String::from_utf8(accepted.to_bytes()).unwrap()).await;
    }

    pub async fn say(&mut self, text: &str) {
        self.socket.send(tungstenite::Message::text(text)).await.unwrap();
    }

    /// Asks 2001 with this Call-ID.
    pub async fn ask(&mut self, method: &str, call_id: &str) {
        self.say(&format!(
            "{method} sip:u@x.invalid;transport=ws SIP/2.0\r\nVia: SIP/2.0/WS pbx.example.com;branch=z9hG4bK{call_id}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:pbx@example.com>;tag=1\r\nTo: <sip:2001@example.com>\r\n\
             Call-ID: {call_id}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
        ))
        .await;
    }

    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "so it is".into() };
        self.socket.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = self.socket.next().await {}
    }

    /// The close code that the phone's side ends it with.
    pub async fn closed(mut self) -> Option<u16> {
        loop {
            match timeout(3 * SOON, self.socket.next()).await.expect("it is not closed") {
                Some(Ok(tungstenite::Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}

#[allow(clippy::result_large_err, reason = "the library's")]
fn subprotocol(upgrade: &Upgrade, mut upgraded: Upgraded) -> Result<Upgraded, ErrorResponse> {
    assert_eq!(upgrade.headers()["sec-websocket-protocol"], "sip");
    upgraded.headers_mut().insert("sec-websocket-protocol", "sip".parse().unwrap());
    Ok(upgraded)
}
