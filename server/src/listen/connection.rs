//! One connection: its handshake, and HTTP/1.1 or HTTP/2 on it, each with its deadlines.

use super::Limits;
use super::certificates::acme;
use super::pace::{Paced, Upgraded};
use super::places::{Placed, Places};
use super::request;
use crate::client::Proxies;
use crate::fence::Fence;
use axum::Router;
use http::StatusCode;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The largest headers of a request, in bytes, and how many there may be.
const HEADERS: usize = 32 * 1024;
const FIELDS: usize = 100;
/// What one connection may keep in memory of what was read, or is to be written.
const BUFFER: usize = 64 * 1024;
/// Proxies keep connections for later, for a minute mostly: it is on them to let go first, or they would send a request
/// into a connection that is just being closed.
const IDLE_PROXY: Duration = Duration::from_secs(100);
/// How many requests a client may have under way on one connection of HTTP/2.
const STREAMS: u32 = 64;
/// What a client may send on one stream, and on all together, before it is read.
const STREAM_WINDOW: u32 = 64 * 1024;
const WINDOW: u32 = 256 * 1024;
/// How often a client of HTTP/2 is asked for a sign of life, and how long it may take to give one.
const PING: Duration = Duration::from_secs(25);
const PONG: Duration = Duration::from_secs(20);

/// What is said to who speaks plain HTTP where TLS is spoken.
const SPEAK_TLS: &str = "HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 68\r\n\
    Cache-Control: no-store\r\n\
    Connection: close\r\n\r\n\
    This port speaks HTTPS: open the same address with https:// before.\n";
/// How long such a client may go on talking, so that it reads the answer before the connection is gone.
const LINGER: Duration = Duration::from_secs(1);

/// What all connections of a listener have alike.
pub(super) struct Port {
    pub(super) pages: Router,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) places: Arc<Places>,
    pub(super) proxies: Proxies,
    pub(super) limits: Limits,
    pub(super) fence: Fence,
    pub(super) stop: watch::Receiver<bool>,
}

/// Returns when it is time to stop.
pub(super) async fn stopped(mut stop: watch::Receiver<bool>) {
    // Who cannot ask any more is gone: that is the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Serves one connection to its end, or until it is a WebSocket.
pub(super) async fn serve(port: Arc<Port>, stream: Placed, peer: SocketAddr) {
    let Some(acceptor) = &port.tls else { return http1(&port, stream, peer).await };
    let handshake = timeout(port.limits.handshake, handshake(acceptor, stream));
    let stream = tokio::select! {
        stream = handshake => stream,
        () = stopped(port.stop.clone()) => return,
    };
    let Ok(Some(mut stream)) = stream else { return };
    match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => http2(&port, stream, peer).await,
        // The authority has seen in the handshake what it wanted to see.
        Some(acme::PROTOCOL) => drop(stream.shutdown().await),
        Some(_) | None => http1(&port, stream, peer).await,
    }
}

/// Nothing, when it is no TLS.
async fn handshake(acceptor: &TlsAcceptor, stream: Placed) -> Option<TlsStream<Placed>> {
    // A record of TLS begins with its type, a request of HTTP with its method.
    if stream.first().await?.is_ascii_uppercase() {
        refuse_plain(stream).await;
        return None;
    }
    match acceptor.accept(stream).await {
        Ok(stream) => Some(stream),
        Err(error) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
    }
}

async fn refuse_plain(mut stream: Placed) {
    let _ = timeout(LINGER, async {
        stream.write_all(SPEAK_TLS.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    })
    .await;
}

async fn http1(port: &Arc<Port>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr) {
    let proxy = port.proxies.trusts(peer.ip());
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(if proxy { IDLE_PROXY } else { port.limits.header })
        .max_header_size(HEADERS)
        .max_headers(FIELDS)
        .max_buf_size(BUFFER);
    let port = Arc::clone(port);
    let stop = port.stop.clone();
    let upgraded = Upgraded::default();
    let stream = TokioIo::new(Paced::new(stream, upgraded.clone()));
    let service = service_fn(move |request| {
        let response = request::respond(&port.pages, &port.proxies, peer, port.limits.body, request);
        let upgraded = upgraded.clone();
        async move {
            let response = response.await?;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                upgraded.set();
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(builder.serve_connection(stream, service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(stop) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn http2(port: &Arc<Port>, stream: TlsStream<Placed>, peer: SocketAddr) {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS as u32)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(BUFFER)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG);
    let asked = Arc::new(Notify::new());
    let service = service_fn({
        let (port, asked) = (Arc::clone(port), Arc::clone(&asked));
        move |request| {
            asked.notify_one();
            request::respond(&port.pages, &port.proxies, peer, port.limits.body, request)
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Paced::new(stream, Upgraded::default())), service));
    let silent = async {
        if timeout(port.limits.header, asked.notified()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = silent => return,
        () = stopped(port.stop.clone()) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_says_how_long_it_is() {
        let (head, body) = SPEAK_TLS.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{}", body.len());
    }
}
