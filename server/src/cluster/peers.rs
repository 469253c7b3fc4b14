//! Where the servers that do not lead pass on what they are asked: a listener of its own, for nobody else.

use super::front::Front;
use super::identity::Identity;
use super::upstream::{CLIENT, TOKEN};
use crate::client::Proxies;
use crate::fence::{Fence, Fenced};
use axum::body::{Body, HttpBody as _};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_http::timeout::TimeoutBody;

/// Connections of other servers: one for each WebSocket, and some for requests.
const MOST: usize = 32_768;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// The headers of a request, the time before it included: longer than the other side keeps a connection for later.
const HEADER: Duration = Duration::from_secs(100);
/// A little more than clients may send, for what is added.
const HEADERS: usize = 36 * 1024;
const FIELDS: usize = 110;
/// How long a body may pause.
const SILENCE: Duration = Duration::from_secs(30);
/// How long nothing is accepted when the system has no room for one more connection.
const PAUSE: Duration = Duration::from_secs(1);

/// The open listener.
pub(super) struct Peers {
    pub(super) listener: TcpListener,
    pub(super) identity: Identity,
    pub(super) front: Front,
    pub(super) proxies: Proxies,
    pub(super) fence: Fence,
}

impl Peers {
    /// Answers other servers, for as long as it is polled.
    pub(super) async fn serve(self) {
        let Self { listener, identity, front, proxies, fence } = self;
        let acceptor = TlsAcceptor::from(identity.tls);
        let places = Arc::new(Semaphore::new(MOST));
        let mut cuts = fence.cuts();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Ok(()) = cuts.changed() => connections.abort_all(),
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                        let stream = Fenced::new(stream, fence.clone());
                        let (acceptor, front, proxies) = (acceptor.clone(), front.clone(), proxies.clone());
                        connections.spawn(converse(acceptor, stream, front, proxies, place));
                    }
                    Err(error) => pause(&error).await,
                },
            }
        }
    }
}

async fn converse(
    acceptor: TlsAcceptor,
    stream: Fenced<TcpStream>,
    front: Front,
    proxies: Proxies,
    _place: OwnedSemaphorePermit,
) {
    // What is carried is small, and must not wait for one another.
    let _ = stream.get_ref().set_nodelay(true);
    let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER).max_header_size(HEADERS).max_headers(FIELDS);
    let service = service_fn(move |request| {
        let (front, proxies) = (front.clone(), proxies.clone());
        async move { Ok::<_, Infallible>(respond(&front, proxies, request).await) }
    });
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).with_upgrades().await {
        tracing::debug!(%error, "a connection of another server ended");
    }
}

/// What is asked is as if the client had come here itself.
async fn respond(front: &Front, proxies: Proxies, request: Request<Incoming>) -> Response {
    let mut request = request.map(|body| match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(TimeoutBody::new(SILENCE, body)),
    });
    let headers = request.headers_mut();
    let (token, client) = (headers.remove(TOKEN), headers.remove(CLIENT));
    let client = client.and_then(|client| client.to_str().ok()?.parse::<SocketAddr>().ok());
    let (Some(token), Some(client)) = (token, client) else {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    };
    request.extensions_mut().insert(ConnectInfo(client));
    request.extensions_mut().insert(proxies);
    front.respond_to_peer(token.as_bytes(), request).await
}

async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no connection of another server can be accepted for a moment");
        sleep(PAUSE).await;
    }
}
