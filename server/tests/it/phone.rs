//! A plain SIP client over WebSocket, that signs what it is asked to.

use futures::{SinkExt as _, StreamExt as _};
use sip::digest::{self, Algorithm};
use sip::message::{HeaderName, Message as SipMessage, Request, Response, Status};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes that is not broken.
const SOON: Duration = Duration::from_secs(10);

/// The tag of who is called.
const CALLEE: &str = "callee";

pub struct Phone {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    extension: String,
    password: String,
    seq: u32,
    /// Requests that came before a response.
    early: VecDeque<Request>,
}

impl Phone {
    /// Connects to the server at this `http://` URL.
    pub async fn connect(url: &str, (extension, password): (&str, &str)) -> Self {
        // The host is a name for two addresses; the server listens on one.
        let url = url.replacen("http://localhost", "ws://127.0.0.1", 1).replacen("http", "ws", 1);
        let mut request = format!("{url}/sip").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "sip".parse().unwrap());
        let (socket, _) = timeout(SOON, connect_async(request)).await.expect("no answer to the upgrade").unwrap();
        // Higher than what was sent before this came back.
        let seq = u32::try_from(server::clock::now() / 100 % 1_000_000_000).unwrap();
        Self { socket, extension: extension.to_owned(), password: password.to_owned(), seq, early: VecDeque::new() }
    }

    /// Connects and registers.
    pub async fn register(url: &str, person: (&str, &str)) -> Self {
        let mut phone = Self::connect(url, person).await;
        let extension = phone.extension.clone();
        let contact = format!(
            "Contact: <sip:{extension}@x.invalid;transport=ws>;+sip.instance=\"<urn:uuid:{extension}>\";\
             reg-id=1;expires=600\r\n"
        );
        let registered = phone.ask("REGISTER", "sip:tabphone", &extension, &extension, &contact, "").await;
        assert_eq!(registered.status, Status::OK, "{registered:?}");
        phone
    }

    /// Removes what [`Self::register`] did.
    pub async fn unregister(&mut self) {
        let extension = self.extension.clone();
        let headers = "Contact: *\r\nExpires: 0\r\n";
        let gone = self.ask("REGISTER", "sip:tabphone", &extension, &extension, headers, "").await;
        assert_eq!(gone.status, Status::OK, "{gone:?}");
    }

    /// Sends a MESSAGE that the other phone gets and answers with 200: what comes back.
    pub async fn message_to(&mut self, other: &mut Self, text: &str) -> u16 {
        let to = other.extension.clone();
        let arrives = async {
            let request = other.request("MESSAGE").await;
            assert_eq!(request.body, text.as_bytes());
            other.answer(&request, Status::OK).await;
        };
        tokio::join!(self.message(&to, text, text), arrives).0
    }

    /// Sends a MESSAGE: its final status.
    pub async fn message(&mut self, to: &str, call_id: &str, text: &str) -> u16 {
        let uri = format!("sip:{to}@tabphone");
        self.ask("MESSAGE", &uri, to, call_id, "Content-Type: text/plain\r\n", text).await.status.code()
    }

    /// Sends an INVITE, signed: the first response to it, which is 100.
    pub async fn invite(&mut self, to: &str, call_id: &str) -> Response {
        let uri = format!("sip:{to}@tabphone");
        let contact = format!("Contact: <sip:{}@x.invalid;transport=ws>\r\n", self.extension);
        self.ask("INVITE", &uri, to, call_id, &contact, "").await
    }

    /// Watches somebody's presence.
    pub async fn watch(&mut self, to: &str) {
        let headers = format!(
            "Contact: <sip:{}@x.invalid;transport=ws>\r\nEvent: presence\r\nExpires: 600\r\n\
             Accept: application/pidf+xml\r\n",
            self.extension
        );
        let accepted = self.ask("SUBSCRIBE", &format!("sip:{to}@tabphone"), to, "watch", &headers, "").await;
        assert_eq!(accepted.status, Status::OK, "{accepted:?}");
    }

    /// Hears notifications, and answers them, until one says this: the last one.
    pub async fn hears(&mut self, what: &str) -> Request {
        loop {
            let notify = self.request("NOTIFY").await;
            self.answer(&notify, Status::OK).await;
            if String::from_utf8_lossy(&notify.body).contains(what) {
                return notify;
            }
        }
    }

    /// Hangs up a call to `to` that was accepted with this.
    pub async fn hang_up(&mut self, to: &str, accepted: &Response) {
        let raw = |name: HeaderName| accepted.headers.raw(&name).next().unwrap_or_default().to_owned();
        let (route, call_id) = (raw(HeaderName::RecordRoute), raw(HeaderName::CallId));
        let uri = format!("sip:{to}@x.invalid;transport=ws");
        let to = format!("{to};tag={CALLEE}");
        self.send_signed("BYE", &uri, &to, &call_id, &format!("Route: {route}\r\n"), "").await;
    }

    /// The next message, which is a request of this method.
    pub async fn request(&mut self, method: &str) -> Request {
        let request = match self.early.pop_front() {
            Some(request) => request,
            None => match self.next().await {
                SipMessage::Request(request) => request,
                SipMessage::Response(response) => panic!("{response:?}"),
            },
        };
        assert_eq!(request.method.as_str(), method, "{request:?}");
        request
    }

    /// The next response; requests that come before are there for [`Self::request`].
    pub async fn response(&mut self) -> Response {
        loop {
            match self.next().await {
                SipMessage::Response(response) => return response,
                SipMessage::Request(request) => self.early.push_back(request),
            }
        }
    }

    /// Answers a request.
    pub async fn answer(&mut self, request: &Request, status: Status) {
        let mut response = Response::to_request(request, status);
        response.set_to_tag(CALLEE);
        if request.method.as_str() == "INVITE" {
            let contact = format!("<sip:{}@x.invalid;transport=ws>", self.extension);
            response.headers.push_raw("Contact", &contact).unwrap();
        }
        self.say(&String::from_utf8(response.to_bytes()).unwrap()).await;
    }

    /// Nothing was sent here that was not read: what is asked now is answered next.
    pub async fn hears_nothing(&mut self) {
        let options = self.ask("OPTIONS", "sip:tabphone", "", "options", "", "").await;
        assert_eq!(options.status, Status::OK);
        assert_eq!(self.early, []);
    }

    /// The connection ends, and nothing is said before.
    pub async fn is_cut_off_in_silence(&mut self) -> bool {
        loop {
            match timeout(SOON, self.socket.next()).await.expect("the connection stays open") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_) | Message::Binary(_))) => return false,
                Some(Ok(Message::Close(_) | Message::Frame(_)) | Err(_)) | None => return true,
            }
        }
    }

    pub async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends a request, signed if it has to be: the response to that.
    async fn ask(&mut self, method: &str, uri: &str, to: &str, call_id: &str, headers: &str, body: &str) -> Response {
        match self.send_signed(method, uri, to, call_id, headers, body).await {
            Some(response) => response,
            None => self.response().await,
        }
    }

    /// Sends a request, and again with a signature if it is challenged; the response if it is not. An INVITE that is
    /// challenged is acknowledged.
    async fn send_signed(
        &mut self,
        method: &str,
        uri: &str,
        to: &str,
        call_id: &str,
        headers: &str,
        body: &str,
    ) -> Option<Response> {
        self.send(method, uri, to, call_id, headers, body).await;
        let response = self.response().await;
        let name = match response.status.code() {
            401 => HeaderName::Authorization,
            407 => HeaderName::ProxyAuthorization,
            _ => return Some(response),
        };
        if method == "INVITE" {
            self.acknowledge(&response, uri).await;
        }
        let offered: Vec<_> = digest::offered(&response);
        let chosen = digest::choose(&offered, digest::Policy::default()).unwrap();
        let ha1 = digest::ha1(&Algorithm::Sha256, &self.extension, "tabphone", &self.password);
        let signed =
            digest::sign(chosen, &ha1, &self.extension, &method.parse().unwrap(), uri, body.as_bytes(), "c", 1);
        let headers = format!("{}: {signed}\r\n{headers}", name.as_str());
        self.send(method, uri, to, call_id, &headers, body).await;
        None
    }

    async fn send(&mut self, method: &str, uri: &str, to: &str, call_id: &str, headers: &str, body: &str) {
        self.seq += 1;
        let (seq, from, length) = (self.seq, self.extension.clone(), body.len());
        let at = match to.split_once(';') {
            Some((to, tag)) => format!("<sip:{to}@tabphone>;{tag}"),
            None if to.is_empty() => "<sip:tabphone>".to_owned(),
            None => format!("<sip:{to}@tabphone>"),
        };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK{from}{seq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{from}@tabphone>;tag={call_id}\r\nTo: {at}\r\nCall-ID: {call_id}\r\nCSeq: {seq} {method}\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}"
        );
        self.say(&text).await;
    }

    async fn acknowledge(&mut self, response: &Response, uri: &str) {
        let raw = |name: HeaderName| response.headers.raw(&name).next().unwrap_or_default().to_owned();
        let (via, from, to, id) =
            (raw(HeaderName::Via), raw(HeaderName::From), raw(HeaderName::To), raw(HeaderName::CallId));
        let seq = raw(HeaderName::CSeq).replace("INVITE", "ACK");
        self.say(&format!(
            "ACK {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\n\
             CSeq: {seq}\r\nContent-Length: 0\r\n\r\n"
        ))
        .await;
    }

    async fn next(&mut self) -> SipMessage {
        loop {
            match timeout(SOON, self.socket.next()).await.expect("nothing was said") {
                Some(Ok(Message::Text(text))) => return SipMessage::parse(text.as_bytes()).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
