//! One phone: a WebSocket, an account, and the messages that it sends, as JsSIP would write them.

use super::wire::{header, headers, status};
use super::{DOMAIN, Failure, PASSWORD};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use sip::digest::{Algorithm, Challenge, ha1, sign};
use sip::message::Method;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Where a phone signs: each has nonces of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// REGISTER: 401.
    Registrar,
    /// Everything else: 407.
    Proxy,
}

/// What a phone speaks through.
pub(crate) type Stream = Box<dyn Wire>;

/// A connection, encrypted or not.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A phone that is connected.
pub(crate) struct Phone {
    socket: WebSocketStream<Stream>,
    /// Its extension.
    pub(crate) user: String,
    /// Its own host name, of which there is no other.
    pub(crate) host: String,
    ha1: String,
    registrar: Option<Nonce>,
    proxy: Option<Nonce>,
    sequence: u32,
}

/// A challenge that is answered again and again, with a rising count.
struct Nonce {
    challenge: Challenge,
    count: u32,
}

impl Phone {
    /// Connects to `/sip`; with more headers where a page does.
    pub(crate) async fn open(
        server: SocketAddr,
        user: &str,
        number: usize,
        path: &str,
        more: &[(&'static str, String)],
    ) -> Result<Self, Failure> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{server}{path}").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", "sip".parse()?);
        for (name, value) in more {
            request.headers_mut().insert(*name, value.parse()?);
        }
        let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
        let stream: Stream = Box::new(stream);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        Ok(Self::over(socket, user, number))
    }

    /// Over a connection that is there already.
    pub(crate) fn over(socket: WebSocketStream<Stream>, user: &str, number: usize) -> Self {
        let ha1 = ha1(&Algorithm::Md5, user, DOMAIN, PASSWORD);
        let host = format!("p{number}x{user}.invalid");
        Self { socket, user: user.to_owned(), host, ha1, registrar: None, proxy: None, sequence: 0 }
    }

    pub(crate) async fn send(&mut self, message: String) -> Result<(), Failure> {
        Ok(self.socket.send(Message::text(message)).await?)
    }

    /// The next message that is not about the WebSocket itself.
    pub(crate) async fn next(&mut self) -> Result<Utf8Bytes, Failure> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => return Err(format!("the server sent {other:?}").into()),
                Some(Err(error)) => return Err(error.into()),
                None => return Err("the server closed".into()),
            }
        }
    }

    /// Answers the pings that came while nothing was asked.
    pub(crate) fn tend(&mut self) {
        while let Some(Some(Ok(_))) = self.socket.next().now_or_never() {}
    }

    /// REGISTER, 401, REGISTER, 200.
    pub(crate) async fn register(&mut self) -> Result<(), Failure> {
        let request = self.register_request("");
        let challenged = self.ask(request).await?;
        self.expect(&challenged, 401)?;
        self.keep(Gate::Registrar, &challenged)?;
        self.refresh().await
    }

    /// REGISTER, 200: signed with the next count of the nonce that is known.
    pub(crate) async fn refresh(&mut self) -> Result<(), Failure> {
        let signature = self.signature(Gate::Registrar, &Method::Register, &format!("sip:{DOMAIN}"))?;
        let request = self.register_request(&signature);
        let answer = self.ask(request).await?;
        self.expect(&answer, 200)
    }

    /// REGISTER, 200: from whom the server knows already.
    pub(crate) async fn refresh_unsigned(&mut self) -> Result<(), Failure> {
        let request = self.register_request("");
        let answer = self.ask(request).await?;
        self.expect(&answer, 200)
    }

    /// Gets a nonce to sign calls with.
    pub(crate) async fn meet_proxy(&mut self) -> Result<(), Failure> {
        let request = format!(
            "{}{}\r\nContent-Length: 0\r\n\r\n",
            self.start("OPTIONS", &format!("sip:{DOMAIN}"), "probe"),
            format_args!("To: <sip:{DOMAIN}>")
        );
        let challenged = self.ask(request).await?;
        self.expect(&challenged, 407)?;
        self.keep(Gate::Proxy, &challenged)
    }

    /// The header line that signs a request.
    pub(crate) fn signature(&mut self, gate: Gate, method: &Method, uri: &str) -> Result<String, Failure> {
        let (known, name) = match gate {
            Gate::Registrar => (&mut self.registrar, "Authorization"),
            Gate::Proxy => (&mut self.proxy, "Proxy-Authorization"),
        };
        let Nonce { challenge, count } = known.as_mut().ok_or("there is no nonce yet")?;
        *count += 1;
        let credentials = sign(challenge, &self.ha1, &self.user, method, uri, b"", "6bd1f0a2c4e8", *count);
        Ok(format!("{name}: {credentials}\r\n"))
    }

    /// A request up to its To, within the call (or registration) of this name.
    pub(crate) fn start(&mut self, method: &str, uri: &str, call: &str) -> String {
        self.sequence += 1;
        let Self { host, user, sequence, .. } = self;
        format!(
            "{method} {uri} SIP/2.0\r\n\
             Via: SIP/2.0/WS {host};branch=z9hG4bK{sequence}{host}\r\n\
             Max-Forwards: 69\r\n\
             From: <sip:{user}@{DOMAIN}>;tag=f{call}\r\n\
             Call-ID: {call}-{host}\r\n\
             CSeq: {sequence} {method}\r\n"
        )
    }

    /// What went wrong when the answer is another one.
    pub(crate) fn expect(&self, answer: &str, wanted: u16) -> Result<(), Failure> {
        if status(answer) == Some(wanted) { Ok(()) } else { Err(format!("not {wanted}: {answer}").into()) }
    }

    /// Sends a REGISTER to who sends everything back.
    pub(crate) async fn echo(&mut self) -> Result<(), Failure> {
        let request = self.register_request("");
        self.ask(request).await.map(drop)
    }

    async fn ask(&mut self, request: String) -> Result<Utf8Bytes, Failure> {
        self.send(request).await?;
        self.next().await
    }

    fn register_request(&mut self, signature: &str) -> String {
        let start = self.start("REGISTER", &format!("sip:{DOMAIN}"), "registration");
        let Self { host, user, .. } = self;
        format!(
            "{start}To: <sip:{user}@{DOMAIN}>\r\n\
             {signature}Contact: <sip:{user}@{host};transport=ws>;reg-id=1;\
             +sip.instance=\"<urn:uuid:{host}>\";expires=600\r\n\
             Expires: 600\r\n\
             Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\n\
             Supported: path,gruu,outbound\r\n\
             User-Agent: JsSIP 3.13.8\r\n\
             Content-Length: 0\r\n\r\n"
        )
    }

    /// MD5 of both servers, which is what JsSIP and SIP.js can do.
    fn keep(&mut self, gate: Gate, challenged: &str) -> Result<(), Failure> {
        let (known, name) = match gate {
            Gate::Registrar => (&mut self.registrar, "WWW-Authenticate"),
            Gate::Proxy => (&mut self.proxy, "Proxy-Authenticate"),
        };
        let challenges = headers(challenged, name).filter_map(|value| value.parse::<Challenge>().ok());
        let md5 = challenges.into_iter().find(|challenge| challenge.algorithm() == Algorithm::Md5);
        let challenge = md5.ok_or_else(|| format!("no MD5 challenge: {}", header(challenged, name)))?;
        *known = Some(Nonce { challenge, count: 0 });
        Ok(())
    }
}
