//! The way to the server that leads: HTTP/1.1 over TLS, with the one certificate that the database tells.

use super::body::{Lazy, Unread};
use super::election::Leader;
use super::identity::{self, IdentityError};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncWriteExt as _, copy, split};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// What shows that a request comes from a server of the same system, and from which address that one got it.
pub(super) const TOKEN: HeaderName = HeaderName::from_static("tabphone-peer-token");
pub(super) const CLIENT: HeaderName = HeaderName::from_static("tabphone-peer-client");
/// How long a connection to the leader may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long the leader may think about a request that it has.
const THINK: Duration = Duration::from_secs(30);
/// How long a connection is kept for the next request; the other side keeps it for longer.
const IDLE: Duration = Duration::from_secs(30);
/// How long one half of a WebSocket goes on after the other has ended: for a farewell.
const LINGER: Duration = Duration::from_secs(5);
/// What is said to the next server only, and not to the one behind it (RFC 9110 7.6.1).
const HOP: [HeaderName; 9] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The way to one leader. When this is dropped, all that goes on over it is cut.
pub(super) struct Upstream {
    client: Client<HttpsConnector<HttpConnector>, Lazy>,
    authority: Authority,
    token: HeaderValue,
    alive: watch::Sender<()>,
}

/// A request that is passed on, as often as it takes until somebody leads.
pub(super) struct Passed {
    /// As it came, but for its body.
    parts: Parts,
    body: Unread,
    path: PathAndQuery,
    /// As they are passed on.
    headers: HeaderMap,
}

/// A request was not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// The leader was not reached, so that another one may be.
    #[error("{0}")]
    Unreached(Error),
    /// The connection broke before there was an answer.
    #[error("{0}")]
    Broken(Error),
    /// The one that was asked does not lead.
    #[error("it does not lead")]
    Misdirected,
    /// There was no answer in time.
    #[error("it does not answer")]
    Silent,
}

/// Runs what belongs to connections for as long as the way is there.
#[derive(Clone)]
struct Bound(watch::Receiver<()>);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Bound {
    fn execute(&self, future: F) {
        let mut alive = self.0.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = future => {}
                // Nothing is ever sent: it ends with the sender.
                _ = alive.changed() => {}
            }
        });
    }
}

impl Upstream {
    /// The way to this leader; `None` if it takes nothing from others.
    pub(super) fn new(leader: &Leader) -> Result<Option<Self>, IdentityError> {
        let Some(address) = &leader.address else { return Ok(None) };
        let authority = Authority::try_from(address.as_str());
        let (Ok(authority), Ok(token)) = (authority, HeaderValue::from_str(&leader.token)) else { return Ok(None) };
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let tls = identity::trusting(leader.fingerprint.clone())?;
        let Ok(name) = ServerName::try_from(identity::NAME) else { return Ok(None) };
        let names = Arc::new(FixedServerNameResolver::new(name));
        let connector = HttpsConnector::new(tcp, tls, true, names);
        let (alive, bound) = watch::channel(());
        let mut builder = Client::builder(Bound(bound));
        builder.timer(TokioTimer::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).set_host(false);
        Ok(Some(Self { client: builder.build(connector), authority, token, alive }))
    }

    /// The leader's answer.
    pub(super) async fn ask(&self, passed: &Passed) -> Result<Response<Incoming>, Failed> {
        let (body, sent) = passed.body.read();
        let mut request = Request::new(body);
        *request.method_mut() = passed.parts.method.clone();
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTPS);
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(passed.path.clone());
        // All three parts are there, so it is one.
        *request.uri_mut() = Uri::from_parts(uri).unwrap_or_default();
        request.headers_mut().clone_from(&passed.headers);
        request.headers_mut().insert(TOKEN, self.token.clone());
        let silence = async {
            // Long bodies take as long as they take.
            let _ = sent.await;
            sleep(THINK).await;
        };
        let answer = tokio::select! {
            answer = self.client.request(request) => answer,
            () = silence => return Err(Failed::Silent),
        };
        match answer {
            Ok(answer) if answer.status() == StatusCode::MISDIRECTED_REQUEST => Err(Failed::Misdirected),
            Ok(answer) => Ok(answer),
            Err(error) if error.is_connect() => Err(Failed::Unreached(error)),
            Err(error) => Err(Failed::Broken(error)),
        }
    }

    /// Carries what is said over a WebSocket from one to the other, as it comes, until both ended or the way is gone.
    pub(super) fn join<T: Send + 'static>(&self, client: OnUpgrade, leader: OnUpgrade, held: T) {
        let bound = Bound(self.alive.subscribe());
        bound.execute(async move {
            if let (Ok(client), Ok(leader)) = tokio::join!(client, leader) {
                carry(client, leader).await;
            }
            drop(held);
        });
    }
}

impl Passed {
    /// This request of a client at that address.
    pub(super) fn new(request: Request<Body>, client: SocketAddr) -> Self {
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers.clone();
        strip(&mut headers);
        headers.remove(header::EXPECT);
        if is_websocket(&parts) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        join_cookies(&mut headers);
        // Whatever the client itself called itself.
        if let Ok(client) = HeaderValue::from_str(&client.to_string()) {
            headers.insert(CLIENT, client);
        }
        let path = parts.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Self { parts, body: Unread::new(body), path, headers }
    }

    /// Whether it can be asked once more after this.
    pub(super) fn may_be_asked_again(&self, failed: &Failed) -> bool {
        let nothing_done = match failed {
            Failed::Unreached(_) | Failed::Misdirected => true,
            // To ask twice for something to read is as good as once.
            Failed::Broken(_) | Failed::Silent => self.parts.method.is_safe(),
        };
        nothing_done && self.body.is_whole()
    }

    /// The client's side of a WebSocket.
    pub(super) fn upgrade(self) -> OnUpgrade {
        hyper::upgrade::on(self.into_request())
    }

    /// The request as it came.
    pub(super) fn into_request(self) -> Request<Body> {
        Request::from_parts(self.parts, self.body.take().unwrap_or_default())
    }
}

/// Takes out what is only for the next server.
pub(super) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .filter_map(|name| name.trim().parse().ok())
        // Who says that this is for the next server only wants to hide where it comes from.
        .filter(|name: &HeaderName| *name != header::HOST && name.as_str() != "x-forwarded-for")
        .collect();
    for name in HOP.iter().chain(&named) {
        headers.remove(name);
    }
}

fn is_websocket(parts: &Parts) -> bool {
    let asks = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && parts.headers.get(header::UPGRADE).is_some_and(asks)
}

/// HTTP/2 may send each cookie by itself, HTTP/1.1 must not (RFC 9113 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

async fn carry(client: Upgraded, leader: Upgraded) {
    let (mut client, mut to_client) = split(TokioIo::new(client));
    let (mut leader, mut to_leader) = split(TokioIo::new(leader));
    let mut up = std::pin::pin!(async {
        let _ = copy(&mut client, &mut to_leader).await;
        let _ = to_leader.shutdown().await;
    });
    let mut down = std::pin::pin!(async {
        let _ = copy(&mut leader, &mut to_client).await;
        let _ = to_client.shutdown().await;
    });
    let _ = tokio::select! {
        () = &mut up => timeout(LINGER, down).await,
        () = &mut down => timeout(LINGER, up).await,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(request: http::request::Builder) -> HeaderMap {
        let request = request.body(Body::empty()).unwrap();
        Passed::new(request, SocketAddr::from(([203, 0, 113, 7], 5000))).headers
    }

    #[test]
    fn what_is_for_the_next_server_only_stays_here() {
        let request = Request::post("/a").header("connection", "close, x-private").header("x-private", "1");
        let headers =
            passed(request.header("keep-alive", "5").header("te", "trailers").header("expect", "100-continue"));
        assert_eq!(headers.keys().collect::<Vec<_>>(), [&CLIENT]);
    }

    #[test]
    fn only_the_server_says_who_the_client_is() {
        let headers = passed(Request::get("/").header(CLIENT, "192.0.2.1:1").header(CLIENT, "192.0.2.2:1"));
        let clients: Vec<_> = headers.get_all(CLIENT).iter().collect();
        assert_eq!(clients, ["203.0.113.7:5000"]);
    }

    #[test]
    fn a_websocket_is_asked_for_and_nothing_else_to_become() {
        let socket =
            passed(Request::get("/sip").header("connection", "keep-alive, Upgrade").header("upgrade", "WebSocket"));
        assert_eq!(
            (&socket["connection"], &socket["upgrade"]),
            (&"upgrade".parse().unwrap(), &"websocket".parse().unwrap())
        );
        for request in [Request::post("/"), Request::get("/").version(Version::HTTP_2)] {
            assert!(
                !passed(request.header("connection", "upgrade").header("upgrade", "websocket")).contains_key("upgrade")
            );
        }
        let other = passed(Request::get("/").header("connection", "upgrade").header("upgrade", "h2c"));
        assert!(!other.contains_key("upgrade"));
    }

    #[test]
    fn cookies_of_http_2_become_one() {
        let headers = passed(Request::get("/").header("cookie", "a=1").header("cookie", "b=2"));
        let cookies: Vec<_> = headers.get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1; b=2"]);
    }

    #[test]
    fn what_may_have_changed_something_is_not_asked_twice() {
        let ask = |request: http::request::Builder| {
            Passed::new(request.body(Body::from("x")).unwrap(), SocketAddr::from(([203, 0, 113, 7], 5000)))
        };
        let (get, post) = (ask(Request::get("/")), ask(Request::post("/")));
        assert!(get.may_be_asked_again(&Failed::Silent) && !post.may_be_asked_again(&Failed::Silent));
        assert!(post.may_be_asked_again(&Failed::Misdirected), "nobody has read it");
        drop(post.body.take());
        assert!(!post.may_be_asked_again(&Failed::Misdirected), "a part of it is gone");
    }
}
