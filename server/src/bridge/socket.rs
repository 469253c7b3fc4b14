//! A tab at its leg: `GET /sip` of the server's own pages, for who is at home at a PBX.

use super::leg::Refused;
use super::legs::{Phone, Place};
use super::{Inner, Room};
use crate::origin::From;
use crate::ports::{AccountId, SessionId};
use crate::socket::{Budget, End, close, close_with, send};
use crate::stop::Stop;
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_MOVED};
use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::Uri;
use http::request::Parts;
use sip::message::limits;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

/// The subprotocol's name (RFC 7118 3).
const SUBPROTOCOL: &str = "sip";
/// How many messages a tab may send at once, and how many a second in the long run, pings included.
const BURST: f64 = 400.0;
const RATE: f64 = 100.0;
/// How often the tab is asked for a sign of life.
const PING: Duration = Duration::from_secs(25);
/// How long it may take to give one.
const PONG: Duration = Duration::from_secs(10);
/// How long a tab whose session ended may still end its calls and unregister.
const FAREWELL: Duration = Duration::from_millis(500);
/// A WebSocket message that is longer than a SIP message may be is still read up to here, so that the page can be told why
/// the connection is closed.
const READ: usize = 1024 * 1024;
/// How much is read at once.
const AT_ONCE: usize = 4 * 1024;

/// A tab that holds the line.
struct Tab {
    inner: Arc<Inner>,
    phone: Phone,
    session: SessionId,
    epoch: u64,
}

/// Why a tab is sent away.
enum Over {
    End(End),
    /// The PBX hung up: its own code and words.
    Mirrored(u16, String),
}

impl core::convert::From<End> for Over {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// Leads the pages of those who are at home at a PBX there; all others are for the exchange, which also turns away whoever
/// is to be turned away.
pub(super) async fn lead(State(room): State<Room>, request: Request, next: Next) -> Response {
    let inner = room.0;
    if !inner.homes.are_several() || inner.origins.of(request.headers()) != From::Own {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Some((person, session)) = inner.ports.sessions.admitted(&parts).await else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    match inner.homes.pbx(person.account).await {
        Ok(Some(pbx)) => {
            let phone = Phone { account: person.account, extension: person.extension, pbx };
            open(inner, phone, session, &mut parts).await
        }
        Ok(None) => next.run(Request::from_parts(parts, body)).await,
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "The storage does not answer.").into_response(),
    }
}

async fn open(inner: Arc<Inner>, phone: Phone, session: SessionId, parts: &mut Parts) -> Response {
    let upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection> =
        WebSocketUpgrade::from_request_parts(parts, &()).await;
    let upgrade = match upgrade {
        Ok(upgrade) => {
            let bounded = upgrade.max_message_size(READ).max_frame_size(READ).read_buffer_size(AT_ONCE);
            bounded.protocols([SUBPROTOCOL])
        }
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "The WebSocket subprotocol must be sip (RFC 7118).").into_response();
    }
    let current = epoch(&parts.uri).filter(|epoch| inner.ports.leases.current(phone.account, *epoch));
    let Some(epoch) = current else { return refuse(Refused::Moved) };
    let Some(stop) = super::lock(&inner.door).clone() else { return refuse(Refused::Ending) };
    // The page is let in when the PBX lets it in: so it knows whether its phone is reachable.
    match inner.sit(&phone, epoch).await {
        Ok(place) => {
            let tab = Tab { inner, phone, session, epoch };
            // In a box: what waits for the upgrade would stay as large as both.
            upgrade.on_upgrade(move |socket| Box::pin(tab.run(socket, place, stop)))
        }
        Err(refused) => refuse(refused),
    }
}

fn refuse(refused: Refused) -> Response {
    let status = match refused {
        Refused::Moved => StatusCode::CONFLICT,
        Refused::Unreachable | Refused::Ending => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, refused.to_string()).into_response()
}

/// `?epoch=7`
fn epoch(uri: &Uri) -> Option<u64> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("epoch="))?.parse().ok()
}

impl Tab {
    async fn run(self, mut socket: WebSocket, mut place: Place, mut stop: Stop) {
        let mut farewell = None;
        let Err(over) = self.converse(&mut socket, &mut place, &mut farewell, &mut stop).await;
        let Place { to, from, for_good, .. } = place;
        if farewell.is_some() {
            // Before the rest is dropped, so that it is known why.
            let _ = for_good.send(());
        }
        drop((to, from));
        match over {
            Over::End(end) => close(&mut socket, end).await,
            Over::Mirrored(code, words) => close_with(&mut socket, code, words).await,
        }
    }

    async fn converse(
        &self,
        socket: &mut WebSocket,
        place: &mut Place,
        farewell: &mut Option<Instant>,
        stop: &mut Stop,
    ) -> Result<Infallible, Over> {
        let ports = &self.inner.ports;
        let (mut moved, mut ended) = (ports.leases.moved(), ports.sessions.ended());
        // Subscribed first, looked at then: nothing that happens in between is missed.
        self.holds()?;
        let mut budget = Budget::new(BURST, RATE);
        let (mut ping, mut alive) = (Instant::now() + PING, None::<Instant>);
        loop {
            let due = [Some(ping), alive, *farewell].into_iter().flatten().min().unwrap_or(ping);
            tokio::select! {
                message = socket.recv() => {
                    alive = None;
                    if let Some(bytes) = received(&mut budget, message)? {
                        // Waits for the PBX, and the page for this.
                        if place.to.send(bytes).await.is_err() {
                            return Err(self.why(place).await);
                        }
                    }
                }
                message = place.from.recv() => match message {
                    Some(bytes) => send(socket, frame(bytes)).await?,
                    None => return Err(self.why(place).await),
                },
                () = sleep_until(due) => {
                    let now = Instant::now();
                    if farewell.is_some_and(|at| at <= now) {
                        return Err(End::Close(CLOSE_LOGGED_OUT, "logged out").into());
                    }
                    if alive.is_some_and(|at| at <= now) {
                        return Err(End::Close(close_code::POLICY, "no sign of life").into());
                    }
                    if ping <= now {
                        ping = now + PING;
                        alive = alive.or(Some(now + PONG));
                        send(socket, Message::Ping(Bytes::new())).await?;
                    }
                }
                news = moved.recv(), if farewell.is_none() => {
                    if let Err(end) = self.on_move(news) {
                        // The line of a session that ended moves on at once; its own phone still says goodbye.
                        if ports.sessions.goes_on(self.session).await {
                            return Err(end.into());
                        }
                        *farewell = Some(Instant::now() + FAREWELL);
                    }
                }
                account = ended.recv(), if farewell.is_none() => {
                    let concerned = match account {
                        Ok(account) => account == self.phone.account,
                        Err(RecvError::Lagged(_)) => true,
                        Err(RecvError::Closed) => return Err(End::Close(close_code::AWAY, "the server stops").into()),
                    };
                    if concerned && !ports.sessions.goes_on(self.session).await {
                        *farewell = Some(Instant::now() + FAREWELL);
                    }
                }
                () = stop.requested() => return Err(End::Close(close_code::AWAY, "the server stops").into()),
            }
        }
    }

    fn on_move(&self, news: Result<(AccountId, u64), RecvError>) -> Result<(), End> {
        match news {
            Ok((account, _)) if account != self.phone.account => Ok(()),
            Ok((_, epoch)) if epoch > self.epoch => Err(End::Close(CLOSE_MOVED, MOVED)),
            Ok(_) | Err(RecvError::Lagged(_)) => self.holds(),
            Err(RecvError::Closed) => Err(End::Close(close_code::AWAY, "the server stops")),
        }
    }

    /// Whether the tab still holds the line.
    fn holds(&self) -> Result<(), End> {
        if self.inner.ports.leases.current(self.phone.account, self.epoch) {
            return Ok(());
        }
        Err(End::Close(CLOSE_MOVED, MOVED))
    }

    /// Why the leg has nothing to say any more.
    async fn why(&self, place: &mut Place) -> Over {
        match (&mut place.end).await {
            Ok(closed) => Over::Mirrored(closed.code, closed.words),
            Err(_) => Over::End(End::Close(close_code::AGAIN, "the connection to the telephone system broke")),
        }
    }
}

/// A message to be passed on; nothing of what only keeps the socket open.
fn received(budget: &mut Budget, message: Option<Result<Message, axum::Error>>) -> Result<Option<Vec<u8>>, End> {
    if !budget.spend() {
        return Err(End::Close(close_code::POLICY, "too many messages"));
    }
    let bytes = match message {
        Some(Ok(Message::Text(text))) => Vec::from(Bytes::from(text)),
        Some(Ok(Message::Binary(bytes))) => Vec::from(bytes),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(None),
        Some(Ok(Message::Close(_))) | None => return Err(End::Gone),
        Some(Err(_)) => return Err(End::Close(close_code::PROTOCOL, "this is no WebSocket message")),
    };
    if bytes.len() > limits::MESSAGE {
        return Err(End::Close(close_code::SIZE, "a SIP message has 64 KiB at most"));
    }
    Ok(Some(bytes))
}

/// The words that go with [`CLOSE_MOVED`].
const MOVED: &str = "the line is used elsewhere";

/// A page takes text as text; a body that is no text cannot be sent as such.
fn frame(bytes: Vec<u8>) -> Message {
    match String::from_utf8(bytes) {
        Ok(text) => Message::Text(text.into()),
        Err(error) => Message::Binary(error.into_bytes().into()),
    }
}
