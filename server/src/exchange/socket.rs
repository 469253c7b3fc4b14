//! One connection: `GET /sip`, a WebSocket with the subprotocol `sip` (RFC 7118).

use super::admission::{self, Opener, Refusal};
use super::desk::party;
use super::mail::{Mail, Outgoing, Waiting, queue};
use super::visitors::{Crowded, Visit};
use super::{Exchange, Inner};
use crate::client;
use crate::ports::{AccountId, SessionId};
use crate::socket::{AT_ONCE, Budget, End, close, send};
use crate::stop::Stop;
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_MOVED};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, header};
use sip::message::limits;
use sip::registrar::{Admission, Arrival, Flow};
use sip::transaction::Reliability;
use sip::uri::Host;
use std::convert::Infallible;
use std::error::Error as _;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite;

/// The subprotocol's name (RFC 7118 3).
const SUBPROTOCOL: &str = "sip";
/// How many messages a client may send at once, and how many a second in the long run.
pub(super) const BURST: f64 = 400.0;
pub(super) const RATE: f64 = 100.0;
/// How often the client is asked for a sign of life.
const PING: Duration = Duration::from_secs(25);
/// How long it may take to give one.
const PONG: Duration = Duration::from_secs(10);
/// How long a tab whose session ended may still end its calls and unregister.
const FAREWELL: Duration = Duration::from_millis(500);
/// A WebSocket message that is longer than a SIP message may be is still read up to here, so that the client
/// can be told why the connection is closed.
const READ: usize = 1024 * 1024;

/// What is said to who sends more than a message.
const TOO_LONG: End = End::Close(close_code::SIZE, "a SIP message has 64 KiB at most");

/// A connection's own facts.
struct Line {
    exchange: Exchange,
    /// A tab's session, which is looked at again.
    session: Option<SessionId>,
    opener: Opener,
    address: IpAddr,
    host: Option<Host>,
    flow: Flow,
}

/// Until when what has to happen; nothing has to where there is no time.
struct Deadlines {
    /// The client is asked for a sign of life.
    ping: Instant,
    /// Somebody signs a request.
    signed: Option<Instant>,
    /// A sign of life.
    alive: Option<Instant>,
    /// The tab says its farewell, because its session is over.
    farewell: Option<Instant>,
}

pub(super) async fn open(
    State(exchange): State<Exchange>,
    client::Address(address): client::Address,
    parts: Parts,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let inner = &exchange.shared;
    let gate = match admission::gate(&parts.headers, &inner.options.origins, &inner.options.allowed_origins) {
        Ok(gate) => gate,
        Err(refusal) => return refuse(refusal),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => {
            let bounded = upgrade.max_message_size(READ).max_frame_size(READ).read_buffer_size(AT_ONCE);
            bounded.protocols([SUBPROTOCOL])
        }
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        return refuse(Refusal::NoSubprotocol);
    }
    let signed_in = match gate {
        admission::Gate::Page => inner.ports.sessions.admitted(&parts).await,
        admission::Gate::Stranger => None,
    };
    let (signed_in, session) = signed_in.unzip();
    let opener = match admission::opener(gate, signed_in, &parts.uri, &*inner.ports.leases) {
        Ok(opener) => opener,
        Err(refusal) => return refuse(refusal),
    };
    let visit = match inner.visitors.enter((opener == Opener::Client).then_some(address)) {
        Ok(visit) => visit,
        Err(crowded) => return turn_away(crowded),
    };
    let Some(stop) = inner.door.enter() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "The server stops.").into_response();
    };
    let (flow, host) = (inner.next_flow(), came_by(&parts.headers));
    let line = Line { exchange: exchange.clone(), session, opener, address, host, flow };
    // In a box: what waits for the upgrade would stay as large as both.
    upgrade.on_upgrade(move |socket| Box::pin(line.run(socket, visit, stop)))
}

fn refuse(refusal: Refusal) -> Response {
    (refusal.status(), refusal.to_string()).into_response()
}

fn turn_away(crowded: Crowded) -> Response {
    let status = match crowded {
        Crowded::Everywhere => StatusCode::SERVICE_UNAVAILABLE,
        Crowded::Address => StatusCode::TOO_MANY_REQUESTS,
    };
    (status, crowded.to_string()).into_response()
}

impl Line {
    async fn run(self, mut socket: WebSocket, mut visit: Visit, mut stop: Stop) {
        let inner = Arc::clone(&self.exchange.shared);
        let (queue, outgoing) = queue();
        let opened = Mail::Opened { arrival: self.arrival(), address: self.address, queue, edge: None };
        if inner.inbox.send(opened).await.is_err() {
            return;
        }
        let mut deadlines = Deadlines::new(&self.opener, inner.options.unsigned);
        let Err(end) = self.converse(&inner, &mut socket, outgoing, &mut deadlines, &mut visit, &mut stop).await;
        let for_good = deadlines.farewell.is_some();
        let _ = inner.inbox.send(Mail::Closed { flow: self.flow, for_good }).await;
        close(&mut socket, end).await;
    }

    fn arrival(&self) -> Arrival {
        let admission = match &self.opener {
            Opener::Tab(person, _) => Admission::Account(party(person.extension.clone(), person.name.clone())),
            Opener::Client => Admission::Digest,
        };
        Arrival { flow: self.flow, admission, host: self.host.clone(), reliability: Reliability::Reliable }
    }

    async fn converse(
        &self,
        inner: &Inner,
        socket: &mut WebSocket,
        mut outgoing: Waiting,
        deadlines: &mut Deadlines,
        visit: &mut Visit,
        stop: &mut Stop,
    ) -> Result<Infallible, End> {
        let mut moved = inner.ports.leases.moved();
        let mut ended = inner.ports.sessions.ended();
        // Subscribed first, looked at then: nothing that happens in between is missed.
        self.holds(inner)?;
        let is_tab = matches!(self.opener, Opener::Tab(..));
        let mut budget = Budget::new(BURST, RATE);
        let mut timer = pin!(sleep_until(deadlines.ping));
        let mut stopped = pin!(stop.requested());
        loop {
            let listening = is_tab && deadlines.farewell.is_none();
            let (at, due) = deadlines.next();
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            tokio::select! {
                message = socket.recv() => {
                    deadlines.alive = None;
                    self.receive(inner, &mut budget, message).await?;
                }
                message = outgoing.recv() => match message {
                    Some(Outgoing::Message(bytes) | Outgoing::ToPort(bytes, _)) => send(socket, frame(bytes)).await?,
                    Some(Outgoing::Admitted) => {
                        deadlines.signed = None;
                        visit.known();
                    }
                    Some(Outgoing::Close(code, words)) => return Err(End::Close(code, words)),
                    None => return Err(End::Close(close_code::AGAIN, "messages are not read fast enough")),
                },
                () = &mut timer => match due {
                    Due::Ping => {
                        deadlines.pinged();
                        send(socket, Message::Ping(Bytes::new())).await?;
                    }
                    Due::End(end) => return Err(end),
                },
                news = moved.recv(), if listening => {
                    if let Err(end) = self.on_move(inner, news) {
                        // The line of a session that ended moves on at once; its own phone still says goodbye.
                        self.unless_ended(inner, deadlines, end).await?;
                    }
                }
                account = ended.recv(), if listening => self.on_end(inner, deadlines, account).await?,
                () = &mut stopped => return Err(End::Close(close_code::AWAY, "the server stops")),
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
            Some(Err(error)) if is_too_long(&error) => return Err(TOO_LONG),
            Some(Err(_)) => return Err(End::Close(close_code::PROTOCOL, "this is no WebSocket message")),
        };
        if bytes.len() > limits::MESSAGE {
            return Err(TOO_LONG);
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
    async fn on_end(
        &self,
        inner: &Inner,
        deadlines: &mut Deadlines,
        account: Result<AccountId, RecvError>,
    ) -> Result<(), End> {
        let Opener::Tab(person, _) = &self.opener else { return Ok(()) };
        let concerned = match account {
            Ok(account) => account == person.account,
            Err(RecvError::Lagged(_)) => true,
            Err(RecvError::Closed) => return Err(End::Close(close_code::AWAY, "the server stops")),
        };
        if concerned && !self.is_signed_in(inner).await {
            deadlines.farewell = Some(Instant::now() + FAREWELL);
        }
        Ok(())
    }

    /// Ends, or begins the farewell if that is because the session is over.
    async fn unless_ended(&self, inner: &Inner, deadlines: &mut Deadlines, end: End) -> Result<(), End> {
        if self.is_signed_in(inner).await {
            return Err(end);
        }
        deadlines.farewell = Some(Instant::now() + FAREWELL);
        Ok(())
    }

    /// Whether the session that opened this goes on.
    async fn is_signed_in(&self, inner: &Inner) -> bool {
        match self.session {
            Some(session) => inner.ports.sessions.goes_on(session).await,
            None => false,
        }
    }
}

/// What is due next.
enum Due {
    Ping,
    End(End),
}

impl Deadlines {
    fn new(opener: &Opener, unsigned: Duration) -> Self {
        let now = Instant::now();
        let signed = match opener {
            Opener::Tab(..) => None,
            Opener::Client => Some(now + unsigned),
        };
        Self { ping: now + PING, signed, alive: None, farewell: None }
    }

    /// The client was asked for a sign of life.
    fn pinged(&mut self) {
        let now = Instant::now();
        self.ping = now + PING;
        self.alive = self.alive.or(Some(now + PONG));
    }

    /// What happens next, and when. The connection ends if it is not a ping.
    fn next(&self) -> (Instant, Due) {
        let ends = [
            (self.signed, End::Close(close_code::POLICY, "nobody signed in")),
            (self.alive, End::Close(close_code::POLICY, "no sign of life")),
            (self.farewell, End::Close(CLOSE_LOGGED_OUT, "logged out")),
        ];
        let ends = ends.into_iter().filter_map(|(at, end)| Some((at?, Due::End(end))));
        let first = ends.min_by_key(|(at, _)| *at);
        first.filter(|(at, _)| *at <= self.ping).unwrap_or((self.ping, Due::Ping))
    }
}

/// The words that go with [`CLOSE_MOVED`].
const MOVED: &str = "the line is used elsewhere";

/// JsSIP and SIP.js read text only; a body that is no text cannot be sent as such.
fn frame(bytes: Vec<u8>) -> Message {
    match String::from_utf8(bytes) {
        Ok(text) => Message::Text(text.into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    }
}

/// Whether a message is longer than all that is read.
fn is_too_long(error: &axum::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<tungstenite::Error>());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}

/// The host the client came by.
fn came_by(headers: &HeaderMap) -> Option<Host> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let authority: http::uri::Authority = host.parse().ok()?;
    authority.host().parse().ok()
}
