//! A phone that speaks plain SIP, step by step: over UDP, TCP or TLS.

use rustls::pki_types::ServerName;
use sip::digest;
use sip::message::{HeaderName, Message, Request, Response, Status};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Longer than anything takes that is not broken.
const SOON: Duration = Duration::from_secs(10);

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

enum Wire {
    Datagrams(UdpSocket),
    Stream(Box<dyn Stream>, Vec<u8>),
}

pub struct PlainPhone {
    wire: Wire,
    transport: &'static str,
    server: SocketAddr,
    pub own: SocketAddr,
    extension: String,
    password: String,
    seq: u32,
    /// What Via says beside the branch.
    pub via: &'static str,
    /// As Via and Contact name it, if that is not where it is.
    pub inside: Option<&'static str>,
}

impl PlainPhone {
    pub async fn udp(server: SocketAddr, person: (&str, &str)) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(server).await.unwrap();
        let own = socket.local_addr().unwrap();
        Self::over(Wire::Datagrams(socket), "UDP", server, own, person)
    }

    pub async fn tcp(server: SocketAddr, person: (&str, &str)) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        let own = stream.local_addr().unwrap();
        Self::over(Wire::Stream(Box::new(stream), Vec::new()), "TCP", server, own, person)
    }

    /// Believes the certificate, whatever it is.
    pub async fn tls(server: SocketAddr, config: rustls::ClientConfig, person: (&str, &str)) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        let own = stream.local_addr().unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        Self::over(Wire::Stream(Box::new(stream), Vec::new()), "TLS", server, own, person)
    }

    fn over(
        wire: Wire,
        transport: &'static str,
        server: SocketAddr,
        own: SocketAddr,
        (extension, password): (&str, &str),
    ) -> Self {
        let (extension, password) = (extension.to_owned(), password.to_owned());
        Self { wire, transport, server, own, extension, password, seq: 0, via: ";rport", inside: None }
    }

    /// Registers, signed: what was answered at last.
    pub async fn register(&mut self) -> Response {
        let registered = self.try_register().await;
        assert_eq!(registered.status, Status::OK, "{registered:?}");
        registered
    }

    pub async fn try_register(&mut self) -> Response {
        let headers = format!("Contact: {}\r\nExpires: 600\r\n", self.contact());
        let (uri, own) = (format!("sip:{}", self.server), self.extension.clone());
        self.ask("REGISTER", &uri, &own, "register", &headers, "").await
    }

    /// Calls somebody with this description, if any; signed: the first response to that, which is 100.
    pub async fn invite(&mut self, to: &str, call_id: &str, sdp: &str) -> Response {
        let mut headers = format!("Contact: {}\r\n", self.contact());
        if !sdp.is_empty() {
            headers += "Content-Type: application/sdp\r\n";
        }
        let uri = format!("sip:{to}@{}", self.server);
        self.ask("INVITE", &uri, to, call_id, &headers, sdp).await
    }

    /// Sends a request within the call that this response made; `seq` follows those before.
    pub async fn within(&mut self, method: &str, made: &Response, headers: &str, body: &str) {
        let raw = |name: HeaderName| made.headers.raw(&name).next().unwrap_or_default().to_owned();
        let to = raw(HeaderName::To);
        let (call_id, route) = (raw(HeaderName::CallId), raw(HeaderName::RecordRoute));
        let contact = raw(HeaderName::Contact);
        let target = contact.trim_start_matches('<').split('>').next().unwrap().to_owned();
        let headers = format!("Route: {route}\r\nContact: {}\r\n{headers}", self.contact());
        if method == "ACK" {
            // An ACK has the number of its INVITE.
            self.seq -= 1;
            self.send(method, &target, &to, &call_id, &headers, body).await;
        } else {
            self.send_signed(method, &target, &to, &call_id, &headers, body).await;
        }
    }

    /// Answers a request with this description, if any.
    pub async fn answer(&mut self, request: &Request, status: Status, sdp: &str) -> Response {
        let mut response = Response::to_request(request, status);
        response.set_to_tag(&format!("of{}", self.own.port()));
        response.headers.push_raw("Contact", &self.contact()).unwrap();
        if !sdp.is_empty() {
            response.headers.push_raw("Content-Type", "application/sdp").unwrap();
            response.body = sdp.as_bytes().to_vec();
        }
        self.say(&response.to_bytes()).await;
        response
    }

    /// The next message; what asks for a sign of life is answered.
    pub async fn next(&mut self) -> Message {
        loop {
            let bytes = timeout(SOON, self.read()).await.expect("nothing was said");
            let message = Message::parse(&bytes).unwrap();
            match message {
                Message::Request(request) if request.method.as_str() == "OPTIONS" => {
                    self.answer(&request, Status::OK, "").await;
                }
                message => return message,
            }
        }
    }

    pub async fn request(&mut self, method: &str) -> Request {
        match self.next().await {
            Message::Request(request) if request.method.as_str() == method => request,
            other => panic!("{other:?}"),
        }
    }

    pub async fn response(&mut self) -> Response {
        match self.next().await {
            Message::Response(response) => response,
            Message::Request(request) => panic!("{request:?}"),
        }
    }

    /// The final response to what was asked.
    pub async fn outcome(&mut self) -> Response {
        loop {
            let response = self.response().await;
            if !response.status.is_provisional() {
                return response;
            }
        }
    }

    /// Whether nothing comes for a while in which something would.
    pub async fn hears_nothing(&mut self) -> bool {
        timeout(Duration::from_millis(300), self.read()).await.is_err()
    }

    pub async fn say(&mut self, bytes: &[u8]) {
        match &mut self.wire {
            Wire::Datagrams(socket) => drop(socket.send(bytes).await.unwrap()),
            Wire::Stream(stream, _) => stream.write_all(bytes).await.unwrap(),
        }
    }

    /// One message as it came.
    pub async fn read(&mut self) -> Vec<u8> {
        match &mut self.wire {
            Wire::Datagrams(socket) => {
                let mut bytes = vec![0; 65_536];
                let length = socket.recv(&mut bytes).await.unwrap();
                bytes.truncate(length);
                bytes
            }
            Wire::Stream(stream, bytes) => loop {
                if let Some(length) = whole(bytes) {
                    return bytes.drain(..length).collect();
                }
                let length = stream.read_buf(bytes).await.unwrap();
                assert_ne!(length, 0, "the connection was closed");
            },
        }
    }

    pub fn contact(&self) -> String {
        let at = self.inside.map_or_else(|| self.own.to_string(), str::to_owned);
        format!("<sip:{}@{at};transport={}>", self.extension, self.transport.to_lowercase())
    }

    /// Sends a request, and signed when it is challenged: the response to that.
    pub async fn ask(&mut self, method: &str, uri: &str, to: &str, id: &str, headers: &str, body: &str) -> Response {
        let to = format!("<sip:{to}@{}>", self.server);
        match self.send_signed(method, uri, &to, id, headers, body).await {
            Some(response) => response,
            None => self.response().await,
        }
    }

    async fn send_signed(
        &mut self,
        method: &str,
        uri: &str,
        to: &str,
        id: &str,
        headers: &str,
        body: &str,
    ) -> Option<Response> {
        self.send(method, uri, to, id, headers, body).await;
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
        let ha1 = digest::ha1(&chosen.algorithm(), &self.extension, "tabphone", &self.password);
        let signed =
            digest::sign(chosen, &ha1, &self.extension, &method.parse().unwrap(), uri, body.as_bytes(), "c", 1);
        let headers = format!("{}: {signed}\r\n{headers}", name.as_str());
        self.send(method, uri, to, id, &headers, body).await;
        None
    }

    /// Acknowledges a failure.
    pub async fn acknowledge(&mut self, response: &Response, uri: &str) {
        let raw = |name: HeaderName| response.headers.raw(&name).next().unwrap_or_default().to_owned();
        let (via, from, to, id) =
            (raw(HeaderName::Via), raw(HeaderName::From), raw(HeaderName::To), raw(HeaderName::CallId));
        let seq = raw(HeaderName::CSeq).replace("INVITE", "ACK");
        let ack = format!(
            "ACK {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\n\
             CSeq: {seq}\r\nContent-Length: 0\r\n\r\n"
        );
        self.say(ack.as_bytes()).await;
    }

    /// Sends a request as it is.
    pub async fn send(&mut self, method: &str, uri: &str, to: &str, id: &str, headers: &str, body: &str) -> String {
        self.seq += 1;
        let (seq, length, own) = (self.seq, body.len(), self.extension.clone());
        let at = self.inside.map_or_else(|| self.own.to_string(), str::to_owned);
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{} {at};branch=z9hG4bK{}.{method}{seq}{}\r\nMax-Forwards: 70\r\n\
             From: <sip:{own}@{}>;tag={id}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {seq} {method}\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}",
            self.transport,
            self.own.port(),
            self.via,
            self.server,
        );
        self.say(text.as_bytes()).await;
        text
    }
}

/// How long the first message in a stream is, if all of it is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.trim().parse::<usize>().ok());
    Some(head + length.unwrap_or(0)).filter(|length| bytes.len() >= *length)
}
