//! One connection: `GET /sip`, a WebSocket with the subprotocol `sip` (RFC 7118).

use super::admission::{self, Opener, Refusal};
use super::budget::Budget;
use super::desk::party;
use super::mail::{Mail, Outgoing};
use super::{Exchange, Inner};
use crate::ports::AccountId;
use crate::stop::Stop;
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_MOVED};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http::header;
use http::request::Parts;
use sip::message::limits;
use sip::registrar::{Admission, Arrival, Flow};
use sip::transaction::Reliability;
use sip::uri::Host;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep_until, timeout};

/// The subprotocol's name (RFC 7118 3).
const SUBPROTOCOL: &str = "sip";
/// How many messages may wait for a client that reads slowly.
const QUEUE: usize = 256;
/// How many connections there may be.
const MAX_OPEN: usize = 10_000;
/// How long one message may take to leave.
const SEND: Duration = Duration::from_secs(10);
/// How often the client is asked for a sign of life.
const PING: Duration = Duration::from_secs(25);
/// How long it may take to give one.
const PONG: Duration = Duration::from_secs(10);
/// How long a client that has to sign its requests may stay without sending any.
const FIRST: Duration = Duration::from_secs(30);
/// A WebSocket message that is longer than a SIP message may be is still read up to here, so that the client
/// can be told why the connection is closed.
const READ: usize = 1024 * 1024;

/// Why a connection ends.
enum End {
    /// Nothing more can be said.
    Gone,
    /// With this code and these words.
    Close(u16, &'static str),
}

/// A connection's own facts.
struct Line {
    exchange: Exchange,
    parts: Parts,
    opener: Opener,
    flow: Flow,
}

pub(super) async fn open(
    State(exchange): State<Exchange>,
    parts: Parts,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let inner = &exchange.shared;
    let gate = match admission::gate(&parts.headers, &inner.options.origins, &inner.options.allowed_origins) {
        Ok(gate) => gate,
        Err(refusal) => return refuse(refusal),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade.max_message_size(READ).max_frame_size(READ).protocols([SUBPROTOCOL]),
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        return refuse(Refusal::NoSubprotocol);
    }
    let signed_in = match gate {
        admission::Gate::Page => inner.ports.sessions.signed_in(&parts).await,
        admission::Gate::Stranger => None,
    };
    let opener = match admission::opener(gate, signed_in, &parts.uri, &*inner.ports.leases) {
        Ok(opener) => opener,
        Err(refusal) => return refuse(refusal),
    };
    if inner.open.load(Ordering::Relaxed) >= MAX_OPEN {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many connections are open.").into_response();
    }
    let Some(stop) = inner.door.enter() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "The server stops.").into_response();
    };
    let flow = inner.next_flow();
    let line = Line { exchange: exchange.clone(), parts, opener, flow };
    upgrade.on_upgrade(move |socket| line.run(socket, stop))
}

fn refuse(refusal: Refusal) -> Response {
    (refusal.status(), refusal.to_string()).into_response()
}

impl Line {
    async fn run(self, mut socket: WebSocket, mut stop: Stop) {
        let inner = Arc::clone(&self.exchange.shared);
        inner.open.fetch_add(1, Ordering::Relaxed);
        let (queue, outgoing) = mpsc::channel(QUEUE);
        let opened = Mail::Opened { arrival: self.arrival(), queue };
        if inner.inbox.send(opened).await.is_ok() {
            let end = self.converse(&inner, &mut socket, outgoing, &mut stop).await;
            let _ = inner.inbox.send(Mail::Closed(self.flow)).await;
            if let End::Close(code, words) = end {
                close(&mut socket, code, words).await;
            }
        }
        inner.open.fetch_sub(1, Ordering::Relaxed);
    }

    fn arrival(&self) -> Arrival {
        let admission = match &self.opener {
            Opener::Tab(person, _) => Admission::Account(party(person.extension.clone(), person.name.clone())),
            Opener::Client => Admission::Digest,
        };
        Arrival { flow: self.flow, admission, host: came_by(&self.parts), reliability: Reliability::Reliable }
    }

    async fn converse(
        &self,
        inner: &Inner,
        socket: &mut WebSocket,
        mut outgoing: mpsc::Receiver<Outgoing>,
        stop: &mut Stop,
    ) -> End {
        let mut moved = inner.ports.leases.moved();
        let mut ended = inner.ports.sessions.ended();
        // Subscribed first, looked at then: nothing that happens in between is missed.
        if let Err(end) = self.holds(inner) {
            return end;
        }
        let is_tab = matches!(self.opener, Opener::Tab(..));
        let mut budget = Budget::new();
        let mut ping = interval_at(Instant::now() + PING, PING);
        // Until when a sign of life has to come.
        let mut alive = match self.opener {
            Opener::Tab(..) => None,
            Opener::Client => Some(Instant::now() + FIRST),
        };
        loop {
            let step = tokio::select! {
                message = socket.recv() => {
                    alive = None;
                    self.receive(inner, &mut budget, message).await
                }
                message = outgoing.recv() => send(socket, message).await,
                _ = ping.tick() => {
                    alive = alive.or(Some(Instant::now() + PONG));
                    write(socket, Message::Ping(Bytes::new())).await
                }
                () = sleep_until(alive.unwrap_or_else(Instant::now)), if alive.is_some() => {
                    Err(End::Close(close_code::POLICY, "no sign of life"))
                }
                news = moved.recv(), if is_tab => self.on_move(inner, news),
                account = ended.recv(), if is_tab => self.on_end(inner, account).await,
                () = stop.requested() => Err(End::Close(close_code::AWAY, "the server stops")),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn receive(
        &self,
        inner: &Inner,
        budget: &mut Budget,
        message: Option<Result<Message, axum::Error>>,
    ) -> Result<(), End> {
        if !budget.spend() {
            return Err(End::Close(close_code::POLICY, "too many messages"));
        }
        let bytes = match message {
            Some(Ok(Message::Text(text))) => Bytes::from(text),
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
            Some(Err(_)) => return Err(End::Close(close_code::PROTOCOL, "this is no WebSocket message")),
        };
        if bytes.len() > limits::MESSAGE {
            return Err(End::Close(close_code::SIZE, "a SIP message has 64 KiB at most"));
        }
        let mail = Mail::Received { flow: self.flow, bytes };
        inner.inbox.send(mail).await.map_err(|_| End::Close(close_code::AWAY, "the server stops"))
    }

    fn on_move(&self, inner: &Inner, news: Result<(AccountId, u64), RecvError>) -> Result<(), End> {
        match (&self.opener, news) {
            (Opener::Client, _) => Ok(()),
            (Opener::Tab(person, _), Ok((account, _))) if account != person.account => Ok(()),
            (Opener::Tab(_, own), Ok((_, epoch))) if epoch > *own => Err(End::Close(CLOSE_MOVED, MOVED)),
            (Opener::Tab(..), Ok(_) | Err(RecvError::Lagged(_))) => self.holds(inner),
            (Opener::Tab(..), Err(RecvError::Closed)) => Err(End::Close(close_code::AWAY, "the server stops")),
        }
    }

    /// Whether the tab still holds the line.
    fn holds(&self, inner: &Inner) -> Result<(), End> {
        match &self.opener {
            Opener::Tab(person, epoch) if !inner.ports.leases.current(person.account, *epoch) => {
                Err(End::Close(CLOSE_MOVED, MOVED))
            }
            Opener::Tab(..) | Opener::Client => Ok(()),
        }
    }

    /// A session ended: perhaps the one that opened this.
    async fn on_end(&self, inner: &Inner, account: Result<AccountId, RecvError>) -> Result<(), End> {
        let Opener::Tab(person, _) = &self.opener else {
            return Ok(());
        };
        let concerned = match account {
            Ok(account) => account == person.account,
            Err(RecvError::Lagged(_)) => true,
            Err(RecvError::Closed) => return Err(End::Close(close_code::AWAY, "the server stops")),
        };
        if concerned && inner.ports.sessions.signed_in(&self.parts).await.is_none() {
            return Err(End::Close(CLOSE_LOGGED_OUT, "logged out"));
        }
        Ok(())
    }
}

/// The words that go with [`CLOSE_MOVED`].
const MOVED: &str = "the line is used elsewhere";

async fn send(socket: &mut WebSocket, message: Option<Outgoing>) -> Result<(), End> {
    match message {
        // JsSIP and SIP.js read text only; a body that is no text cannot be sent as such.
        Some(Outgoing::Message(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => write(socket, Message::Text(text.into())).await,
            Err(error) => write(socket, Message::Binary(error.into_bytes().into())).await,
        },
        Some(Outgoing::Close(code, words)) => Err(End::Close(code, words)),
        None => Err(End::Close(close_code::AGAIN, "messages are not read fast enough")),
    }
}

async fn write(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(SEND, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

async fn close(socket: &mut WebSocket, code: u16, words: &'static str) {
    let frame = CloseFrame { code, reason: words.into() };
    let _ = timeout(SEND, socket.send(Message::Close(Some(frame)))).await;
    // The other side's close, so that it does not see a cut connection.
    let _ = timeout(Duration::from_secs(1), async { while let Some(Ok(_)) = socket.recv().await {} }).await;
}

/// The host the client came by.
fn came_by(parts: &Parts) -> Option<Host> {
    let host = parts.headers.get(header::HOST)?.to_str().ok()?;
    let authority: http::uri::Authority = host.parse().ok()?;
    authority.host().parse().ok()
}
