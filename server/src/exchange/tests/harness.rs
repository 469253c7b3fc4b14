//! A real server on a free port, real WebSockets, fake neighbours.

use crate::exchange::*;
use crate::login::throttle;
use crate::ports::{AccountId, Dialled, Ended, Ha1, Kept, PortError, Record, Seen, SessionId, SignedIn, Standing};
use crate::stop::Stopper;
use async_trait::async_trait;
use futures::{SinkExt as _, StreamExt as _};
use sip::digest::{self, Algorithm};
use sip::message::{Message as SipMessage, Request, Response};
use sip::proxy::{Party, Route};
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The other rooms: cookie `n` is a session of account n, whose extension is 1000 + n unless a test says otherwise;
/// each line's epoch is 7.
pub(super) struct Neighbours {
    pub(super) people: Mutex<Vec<SignedIn>>,
    pub(super) epochs: Mutex<HashMap<AccountId, u64>>,
    /// Whose password is not `secret`.
    pub(super) passwords: Mutex<HashMap<String, String>>,
    pub(super) logged_out: Mutex<Vec<AccountId>>,
    pub(super) ended: broadcast::Sender<AccountId>,
    pub(super) moved: broadcast::Sender<(AccountId, u64)>,
    pub(super) quiet: broadcast::Sender<(String, bool)>,
    /// What was seen of calls.
    pub(super) seen: Mutex<Vec<Seen>>,
}

pub(super) fn person(account: AccountId) -> SignedIn {
    SignedIn { account, extension: (1000 + account).to_string(), name: format!("Person {account}") }
}

#[async_trait]
impl Sessions for Neighbours {
    async fn standing(&self, parts: &http::request::Parts) -> Option<Standing> {
        let account: AccountId = parts.headers.get("cookie")?.to_str().ok()?.parse().ok()?;
        let known = self.people.lock().unwrap().iter().find(|person| person.account == account).cloned();
        let person = known.filter(|_| !self.logged_out.lock().unwrap().contains(&account))?;
        Some(Standing { person, session: account.into(), must_change: false, pbx: None })
    }

    async fn goes_on(&self, session: SessionId) -> bool {
        !self.logged_out.lock().unwrap().contains(&session.number())
    }

    fn ended(&self) -> broadcast::Receiver<AccountId> {
        self.ended.subscribe()
    }
}

#[async_trait]
impl CallLog for Neighbours {
    async fn write(&self, seen: Vec<Seen>) -> Result<(), PortError> {
        self.seen.lock().unwrap().extend(seen);
        Ok(())
    }
}

#[async_trait]
impl Accounts for Neighbours {
    async fn by_extension(&self, extension: &str) -> Option<SignedIn> {
        self.people.lock().unwrap().iter().find(|person| person.extension == extension).cloned()
    }

    async fn all(&self) -> Result<Vec<SignedIn>, PortError> {
        Ok(self.people.lock().unwrap().clone())
    }

    async fn ha1(&self, extension: &str) -> Option<Ha1> {
        self.by_extension(extension).await?;
        let password = self.passwords.lock().unwrap().get(extension).cloned().unwrap_or_else(|| "secret".into());
        let ha1 = |algorithm| digest::ha1(&algorithm, extension, "tabphone", &password);
        Some(Ha1 { md5: ha1(Algorithm::Md5), sha256: ha1(Algorithm::Sha256) })
    }
}

#[async_trait]
impl Routes for Neighbours {
    async fn route(&self, number: &str) -> Option<Route> {
        let person = self.by_extension(number).await?;
        Some(Party { user: person.extension, name: Some(person.name) }.into())
    }

    fn known(&self, _number: &str) -> Option<Route> {
        None
    }

    async fn dialled(&self, _caller: &str, _number: &str) -> Option<Dialled> {
        None
    }

    async fn quiet(&self) -> Result<BTreeSet<String>, PortError> {
        Ok(BTreeSet::new())
    }

    fn changes(&self) -> broadcast::Receiver<(String, bool)> {
        self.quiet.subscribe()
    }
}

impl Leases for Neighbours {
    fn current(&self, account: AccountId, epoch: u64) -> bool {
        self.epochs.lock().unwrap().get(&account).copied().unwrap_or(7) == epoch
    }

    fn moved(&self) -> broadcast::Receiver<(AccountId, u64)> {
        self.moved.subscribe()
    }

    fn end(&self, _ended: Ended) {}

    fn line(&self, _account: AccountId) -> Option<(app::phone::LineState, u64)> {
        None
    }
}

/// A storage that forgets.
struct Nowhere;

#[async_trait]
impl Ledger for Nowhere {
    async fn read(&self) -> Result<Kept, PortError> {
        Ok(Kept::default())
    }

    async fn write(&self, _records: Vec<Record>) -> Result<Vec<i64>, PortError> {
        Ok(Vec::new())
    }

    async fn message(&self, _id: i64) -> Result<Option<Vec<u8>>, PortError> {
        Ok(None)
    }
}

/// A server that runs.
pub(super) struct Server {
    pub(super) address: String,
    pub(super) exchange: Exchange,
    pub(super) neighbours: Arc<Neighbours>,
    pub(super) stopper: Stopper,
    pub(super) serving: tokio::task::JoinHandle<()>,
}

pub(super) async fn server() -> Server {
    server_with(UNSIGNED).await
}

pub(super) async fn server_with(unsigned: Duration) -> Server {
    server_on(unsigned, Arc::new(Nowhere)).await
}

pub(super) async fn server_on(unsigned: Duration, ledger: Shared<dyn Ledger>) -> Server {
    let neighbours = Arc::new(Neighbours {
        people: Mutex::new((1..=3).map(person).collect()),
        epochs: Mutex::default(),
        passwords: Mutex::default(),
        logged_out: Mutex::default(),
        ended: broadcast::channel(8).0,
        moved: broadcast::channel(8).0,
        quiet: broadcast::channel(8).0,
        seen: Mutex::default(),
    });
    let stopper = Stopper::default();
    let options = Options {
        domain: "tabphone".into(),
        aliases: super::torture::hosts(),
        allowed_origins: vec!["https://partner.example".into()],
        origins: Origins::new(None).unwrap(),
        ringing: Duration::from_secs(45),
        registration: Duration::from_secs(3600),
        secret: [7; 32],
        plain: plain::Options::default(),
        unsigned,
    };
    let ports = Ports {
        sessions: neighbours.clone(),
        accounts: neighbours.clone(),
        routes: neighbours.clone(),
        leases: neighbours.clone(),
        guesses: Arc::new(throttle::Shared::default()),
        ledger,
        calls: neighbours.clone(),
        meters: crate::meters::Meters::default(),
    };
    let exchange = Exchange::start(options, ports, stopper.stop()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let routes = router(exchange.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    Server { address, exchange, neighbours, stopper, serving }
}

/// What a client says when it connects.
pub(super) struct Hello<'a> {
    pub(super) query: &'a str,
    pub(super) origin: Option<&'a str>,
    pub(super) cookie: Option<&'a str>,
    pub(super) protocol: Option<&'a str>,
}

impl Server {
    pub(super) async fn connect(&self, hello: Hello<'_>) -> Result<Client, u16> {
        let mut request = format!("ws://{}/sip{}", self.address, hello.query).into_client_request().unwrap();
        let own = format!("http://{}", self.address);
        let headers = request.headers_mut();
        let mut add = |name: &'static str, value: Option<&str>| {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        };
        add("origin", hello.origin.map(|origin| if origin == "own" { own.as_str() } else { origin }));
        add("cookie", hello.cookie);
        add("sec-websocket-protocol", hello.protocol);
        match connect_async(request).await {
            Ok((socket, response)) => {
                assert_eq!(response.headers().get("sec-websocket-protocol").unwrap(), "sip");
                Ok(Client { socket })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// The page of an account, which holds its line.
    pub(super) async fn tab(&self, account: &str) -> Client {
        let hello = Hello { query: "?epoch=7", origin: Some("own"), cookie: Some(account), protocol: Some("sip") };
        self.connect(hello).await.unwrap()
    }

    /// A client of its own.
    pub(super) async fn stranger(&self) -> Client {
        self.connect(Hello { query: "", origin: None, cookie: None, protocol: Some("sip") }).await.unwrap()
    }

    /// Waits until an extension is doing this.
    pub(super) async fn until(&self, extension: &str, status: Status) {
        let mut changes = self.exchange.changes();
        let wait = async {
            while self.exchange.status(extension) != status {
                changes.recv().await.unwrap();
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{extension} is not {status:?}"));
    }
}

pub(super) struct Client {
    pub(super) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub(super) async fn send(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.unwrap();
    }

    pub(super) async fn next(&mut self) -> Message {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("something comes").unwrap().unwrap();
            if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                return message;
            }
        }
    }

    /// The next message, which must be text.
    pub(super) async fn text(&mut self) -> String {
        let message = self.next().await;
        assert!(message.is_text(), "{message:?}");
        message.to_text().unwrap().to_owned()
    }

    pub(super) async fn response(&mut self) -> Response {
        let message = self.next().await;
        match SipMessage::parse(&message.into_data()).unwrap() {
            SipMessage::Response(response) => response,
            SipMessage::Request(request) => panic!("{request:?}"),
        }
    }

    pub(super) async fn request(&mut self) -> Request {
        let message = self.next().await;
        match SipMessage::parse(&message.into_data()).unwrap() {
            SipMessage::Request(request) => request,
            SipMessage::Response(response) => panic!("{response:?}"),
        }
    }

    /// The close code, whatever comes before it.
    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            match self.next().await {
                Message::Close(frame) => return frame.unwrap().code.into(),
                Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Registers with this password: the status of the answer.
    pub(super) async fn sign_in(&mut self, user: &str, password: &str) -> u16 {
        self.send(register(user, 1)).await;
        let challenge = self.response().await;
        self.send(signed(user, 2, password, &Algorithm::Sha256, &challenge)).await;
        self.response().await.status.code()
    }

    pub(super) async fn register(&mut self, user: &str) {
        self.send(register(user, 1)).await;
        assert_eq!(self.response().await.status.code(), 200);
    }
}

pub(super) fn register(user: &str, seq: u32) -> String {
    format!(
        "REGISTER sip:tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKr{user}{seq}\r\n\
         From: <sip:{user}@tabphone>;tag=1\r\nTo: <sip:{user}@tabphone>\r\nCall-ID: r{user}\r\nCSeq: {seq} REGISTER\r\n\
         Contact: <sip:{user}@x.invalid;transport=ws>;+sip.instance=\"<urn:uuid:{user}>\";reg-id=1\r\n\r\n"
    )
}

/// What answers a challenge to [`register`] with this password.
pub(super) fn signed(user: &str, seq: u32, password: &str, algorithm: &Algorithm, challenge: &Response) -> String {
    let offered: Vec<_> = digest::offered(challenge).into_iter().filter(|one| one.algorithm() == *algorithm).collect();
    let chosen = digest::choose(&offered, digest::Policy::default()).unwrap();
    let ha1 = digest::ha1(algorithm, user, "tabphone", password);
    let method = sip::message::Method::Register;
    let signed = digest::sign(chosen, &ha1, user, &method, "sip:tabphone", &[], "c", 1);
    register(user, seq).replace("\r\n\r\n", &format!("\r\nAuthorization: {signed}\r\n\r\n"))
}

pub(super) fn options(seq: u32) -> String {
    format!(
        "OPTIONS sip:tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKo{seq}\r\nMax-Forwards: 70\r\n\
         From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:tabphone>\r\nCall-ID: o\r\nCSeq: {seq} OPTIONS\r\n\r\n"
    )
}

/// 1001 calls 1002, which answers: the 200 as the caller sees it.
pub(super) async fn call(caller: &mut Client, callee: &mut Client) -> Response {
    call_numbered(caller, callee, 0).await
}

/// The same, of several calls.
pub(super) async fn call_numbered(caller: &mut Client, callee: &mut Client, number: u32) -> Response {
    let invite = "INVITE sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKi\r\nMax-Forwards: 70\r\n\
                  From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\n\
                  Contact: <sip:1001@x.invalid;transport=ws>\r\n\r\n";
    caller.send(of_call(invite, number)).await;
    let invite = callee.request().await;
    let mut answer = Response::to_request(&invite, sip::message::Status::OK);
    answer.set_to_tag("2");
    answer.headers.push_raw("Contact", "<sip:1002@x.invalid;transport=ws>").unwrap();
    callee.send(String::from_utf8(answer.to_bytes()).unwrap()).await;
    assert_eq!(caller.response().await.status.code(), 100);
    let accepted = caller.response().await;
    assert_eq!(accepted.status.code(), 200);
    accepted
}

/// A request of the call with this number; that of [`call`] and [`bye`] is 0.
pub(super) fn of_call(request: &str, number: u32) -> String {
    match number {
        0 => request.into(),
        _ => request
            .replace("Call-ID: i\r\n", &format!("Call-ID: i{number}\r\n"))
            .replace("z9hG4bK", &format!("z9hG4bK{number}")),
    }
}

pub(super) fn bye(accepted: &Response) -> String {
    let route = accepted.headers.raw(&sip::message::HeaderName::RecordRoute).next().unwrap();
    format!(
        "BYE sip:1002@x.invalid;transport=ws SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKb\r\nRoute: {route}\r\n\
         From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>;tag=2\r\nCall-ID: i\r\nCSeq: 2 BYE\r\n\r\n"
    )
}
