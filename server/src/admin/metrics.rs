//! `/metrics` and `/healthz`: how the server is, for who looks after it.

use crate::meters::{Cluster, LoginResult, Meters};
use crate::ports::{Census, Counted, Shared, Tabs};
use crate::store::Store;
use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use zeroize::Zeroizing;

/// How long the exchange has to answer; who looks after servers asks every few seconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// With less on the disk than this the database may not be able to write soon.
const LEAST_SPACE: u64 = 64 * 1024 * 1024;
/// The shortest token that cannot be guessed, and the longest.
const TOKEN: std::ops::RangeInclusive<usize> = 16..=1_024;
/// What proxies say of whom they stand for.
const FORWARDED: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
/// The text form of OpenMetrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a program shows to read `/metrics` from elsewhere. It is never shown.
#[derive(Clone)]
pub struct Token(Arc<Zeroizing<String>>);

/// Not a token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token for /metrics {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Too short to be secret, or far too long.
    #[error("the token for /metrics must be {} to {} letters, digits or signs on one line", TOKEN.start(), TOKEN.end())]
    Form,
}

/// What these routes look at.
#[derive(Clone)]
pub struct Room {
    /// What was measured.
    pub meters: Meters,
    /// The exchange.
    pub census: Shared<dyn Census>,
    /// The tabs.
    pub tabs: Shared<dyn Tabs>,
    /// The storage.
    pub store: Store,
    /// The data directory.
    pub data: PathBuf,
    /// Who may read `/metrics`.
    pub readers: Readers,
    /// What is measured of a server that is one of several.
    pub cluster: Option<Cluster>,
}

/// Who may read `/metrics`.
#[derive(Clone, Debug)]
pub struct Readers {
    /// Who shows this, from anywhere.
    pub token: Option<Token>,
    /// A proxy may stand before the server: what comes from this machine may be from anywhere.
    pub behind_proxy: bool,
}

/// What these routes look at while another server leads.
#[derive(Clone, Debug)]
pub struct StandingBy {
    /// What is measured then.
    pub cluster: Cluster,
    /// Who may read `/metrics`.
    pub readers: Readers,
}

/// What a server answers itself while another one leads.
pub const OWN: &[&str] = &["/metrics", "/healthz", "/alive"];

/// `/metrics`, `/healthz` and `/alive`.
pub fn router(room: Room) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .route("/alive", get(alive))
        .with_state(room)
}

/// The same of a server that stands by.
pub fn standing_by(room: StandingBy) -> Router {
    Router::new()
        .route("/metrics", get(metrics_standing_by))
        .route("/healthz", get(health_standing_by))
        .route("/alive", get(alive))
        .with_state(room)
}

/// Measures every request.
pub async fn measure(State(meters): State<Meters>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>().cloned();
    // What is no route is a file, or nothing: one name for all, as anybody can ask for anything.
    let method = if path.is_some() { request.method().clone() } else { Method::GET };
    let route = path.as_ref().map_or("other", MatchedPath::as_str);
    let response = next.run(request).await;
    let status = response.status();
    meters.answered(route, method.as_str(), status.as_u16(), begun.elapsed());
    if route == "/login" && method == Method::POST {
        meters.login(match status {
            StatusCode::SEE_OTHER => LoginResult::Succeeded,
            StatusCode::TOO_MANY_REQUESTS => LoginResult::Throttled,
            status if status.is_client_error() => LoginResult::Wrong,
            _ => LoginResult::Failed,
        });
    }
    response
}

impl Token {
    /// What stands in this file.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let text = std::fs::read_to_string(path);
        Self::new(text.map_err(|source| TokenError::File { path: path.to_owned(), source })?)
    }

    /// This token; a line break at its end is none of it.
    ///
    /// # Errors
    /// [`TokenError::Form`].
    pub fn new(text: String) -> Result<Self, TokenError> {
        let text = Zeroizing::new(text);
        let token = text.trim_end_matches(['\r', '\n']);
        if !TOKEN.contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Form);
        }
        Ok(Self(Arc::new(Zeroizing::new(token.to_owned()))))
    }

    /// Whether this is it; how long that takes tells nothing of what is in it.
    fn is(&self, shown: &str) -> bool {
        let same = |(a, b): (u8, u8)| u8::from(a != b);
        shown.len() == self.0.len() && self.0.bytes().zip(shown.bytes()).map(same).fold(0, |all, one| all | one) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Readers {
    /// Whether a request may read `/metrics`: with the token, or, where none is set, from this very machine. What a proxy
    /// here forwards comes from this machine, too: it gives itself away, or is known to be there.
    fn admits(&self, peer: SocketAddr, headers: &HeaderMap) -> bool {
        if let Some(token) = &self.token {
            let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            return shown.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|shown| token.is(shown));
        }
        let forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name)) || headers.contains_key(header::VIA);
        peer.ip().to_canonical().is_loopback() && !self.behind_proxy && !forwarded && names_this_machine(headers)
    }
}

impl Room {
    async fn count(&self) -> Result<String, fmt::Error> {
        let begun = Instant::now();
        let counted = timeout(PATIENCE, self.census.census()).await.ok().flatten();
        let took = begun.elapsed();
        let mut text = String::new();
        self.meters.write(&mut text)?;
        if let Some(cluster) = &self.cluster {
            cluster.write(&mut text)?;
        }
        encode_registry(&mut text, &gauges(counted.as_ref().map(|counted| (counted, took)), self.tabs.open_tabs()))?;
        encode_registry(&mut text, &process())?;
        encode_eof(&mut text)?;
        Ok(text)
    }

    /// What is wrong; nothing if all is well.
    async fn ails(&self) -> Vec<&'static str> {
        let mut ails = Vec::new();
        if !self.store.answers().await {
            ails.push("The storage does not answer.");
        }
        if rustix::fs::statvfs(&self.data).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_SPACE) {
            ails.push("The disk with the data directory is nearly full.");
        }
        if !matches!(timeout(PATIENCE, self.census.census()).await, Ok(Some(_))) {
            ails.push("The exchange does not answer.");
        }
        ails
    }
}

async fn metrics(State(room): State<Room>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    if !room.readers.admits(peer, &headers) {
        return nothing();
    }
    tell(room.count().await)
}

async fn metrics_standing_by(
    State(room): State<StandingBy>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !room.readers.admits(peer, &headers) {
        return nothing();
    }
    let mut text = String::new();
    let written = room.cluster.write(&mut text).and_then(|()| {
        encode_registry(&mut text, &process())?;
        encode_eof(&mut text)
    });
    tell(written.map(|()| text))
}

/// As if it were not there.
fn nothing() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here.").into_response()
}

fn tell(counted: Result<String, fmt::Error>) -> Response {
    match counted {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether a server that stands by is of use.
async fn health_standing_by(State(room): State<StandingBy>) -> (StatusCode, &'static str) {
    if room.cluster.is_of_use() {
        (StatusCode::OK, "ok, standing by\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "Neither the server that leads nor the database answers.\n")
    }
}

/// Whether the server can work, and if not, why.
async fn health(State(room): State<Room>) -> (StatusCode, String) {
    let ails = room.ails().await;
    if ails.is_empty() {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, ails.iter().flat_map(|words| [words, "\n"]).collect())
    }
}

/// Answers whatever the state of everything else is: pages ask it whether the network is there.
async fn alive() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<http::uri::Authority>().ok());
    authority.is_some_and(|authority| {
        let name = authority.host().trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Socket {
    socket: &'static str,
}

/// What there is now.
fn gauges(counted: Option<(&Counted, Duration)>, tabs: usize) -> Registry {
    let mut registry = Registry::with_prefix("tabphone");
    let sockets = Family::<Socket, Gauge>::default();
    sockets.get_or_create(&Socket { socket: "tab" }).set(whole(tabs));
    let up: Gauge = Gauge::default();
    up.set(i64::from(counted.is_some()));
    registry.register("exchange_up", "Whether the exchange answered within two seconds", up);
    if let Some((counted, took)) = counted {
        sockets.get_or_create(&Socket { socket: "sip" }).set(whole(counted.connections));
        let mut gauge = |name: &str, help: &str, value: usize| {
            let gauge: Gauge<i64, AtomicI64> = Gauge::default();
            gauge.set(whole(value));
            registry.register(name, help, gauge);
        };
        gauge("registered_extensions", "Extensions with a phone that is registered", counted.extensions);
        gauge("registrations", "Phones that are registered", counted.registrations);
        gauge("calls", "Calls that are up", counted.calls);
        gauge("transactions", "SIP requests under way", counted.transactions);
        gauge("exchange_queue", "SIP messages that wait for the exchange", counted.waiting);
        gauge("storage_queue", "Records that wait for the storage", counted.unwritten);
        let answer: Gauge<f64, AtomicU64> = Gauge::default();
        answer.set(took.as_secs_f64());
        registry.register("exchange_answer_seconds", "How long the exchange took to answer this", answer);
        let mut counter = |name: &str, help: &str, value: u64| registry.register(name, help, total(value));
        counter("sip_messages", "SIP messages that came", counted.received);
        counter("sip_rejections", "SIP requests with wrong credentials", counted.rejected);
        counter("slow_sockets", "Phones that were cut off because they did not read", counted.slow);
        let outcomes = Family::<Outcome, Counter>::default();
        for (outcome, count) in &counted.outcomes {
            outcomes.get_or_create(&Outcome { outcome }).inner().store(*count, Ordering::Relaxed);
        }
        registry.register("call_outcomes", "Calls by what became of them", outcomes);
    }
    registry.register("sockets", "WebSockets that are open: of tabs, and of phones for SIP", sockets);
    registry
}

/// What the operating system tells of this process, by the names that every program uses.
fn process() -> Registry {
    let mut registry = Registry::with_prefix("process");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<i64>().ok()
    };
    for (name, help, field) in [
        ("resident_memory", "Memory of the process", "VmRSS"),
        ("virtual_memory", "Addresses of the process", "VmSize"),
    ] {
        if let Some(kibibytes) = kibibytes(field) {
            let gauge: Gauge = Gauge::default();
            gauge.set(kibibytes.saturating_mul(1_024));
            registry.register_with_unit(name, help, Unit::Bytes, gauge);
        }
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        let gauge: Gauge = Gauge::default();
        gauge.set(whole(open.count()));
        registry.register("open_fds", "Files and sockets that are open", gauge);
    }
    let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds: Counter<f64, AtomicU64> = Counter::default();
    seconds.inc_by(Duration::new(cpu.tv_sec.unsigned_abs(), u32::try_from(cpu.tv_nsec).unwrap_or(0)).as_secs_f64());
    registry.register_with_unit("cpu", "Time on processors", Unit::Seconds, seconds);
    registry
}

fn total(value: u64) -> Counter {
    let counter: Counter = Counter::default();
    counter.inc_by(value);
    counter
}

fn whole(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
