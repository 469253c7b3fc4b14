//! The embedded exchange: a SIP server for every RFC 7118 client, at `GET /sip`.
//!
//! One task owns the registrar and the proxy and never waits for anything but its mail; each connection has a
//! task of its own and a bounded queue to it. What the machines ask for is looked up beside, and comes back as mail.

mod admission;
mod attach;
mod board;
mod desk;
mod journal;
mod known;
mod mail;
mod mailbox;
pub mod plain;
mod presence;
mod quiet;
pub mod relay;
mod socket;
mod stated;
#[cfg(test)]
mod tests;
mod visitors;

use crate::clock;
use crate::meters::Meters;
use crate::origin::Origins;
use crate::ports::{
    Accounts, CallLog, Census, Counted, Guesses, Leases, Ledger, LineEvents, PortError, Routes, Sessions, Shared,
};
use crate::stop::Stop;
use app::phone::Status;
use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use board::Board;
use desk::Desk;
use mail::{Mail, Order};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};
use visitors::Visitors;

/// In milliseconds.
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;

/// How many messages may wait for the desk; connections wait beyond that, each for itself.
const INBOX: usize = 1024;

/// How long a client usually has to sign a request.
pub const UNSIGNED: Duration = Duration::from_secs(30);

/// How the exchange behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The SIP domain, and the digest realm.
    pub domain: String,
    /// Other names that clients may use for it.
    pub aliases: Vec<String>,
    /// Web origins, such as `https://phone.example.com`, whose pages may connect as SIP clients of their own.
    pub allowed_origins: Vec<String>,
    /// The server's own origin.
    pub origins: Origins,
    /// How long a call may ring.
    pub ringing: Duration,
    /// How long a phone is registered at most (RFC 3261 10.3 step 7). Less than a minute is refused to all (423).
    pub registration: Duration,
    /// What nonces and routes are sealed with: secret, and the same over restarts, so that calls stay routable.
    pub secret: [u8; 32],
    /// Where plain phones are served.
    pub plain: plain::Options,
    /// How long a client that has to sign its requests may stay before one of them is admitted; [`UNSIGNED`].
    pub unsigned: Duration,
}

/// What the exchange needs of other rooms.
#[derive(Clone)]
pub struct Ports {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Who there is.
    pub accounts: Shared<dyn Accounts>,
    /// What becomes of calls to a number.
    pub routes: Shared<dyn Routes>,
    /// Which tab holds a line.
    pub leases: Shared<dyn Leases>,
    /// Who guesses passwords.
    pub guesses: Shared<dyn Guesses>,
    /// What has to be known after a restart.
    pub ledger: Shared<dyn Ledger>,
    /// Who keeps what was seen of calls.
    pub calls: Shared<dyn CallLog>,
    /// What is measured.
    pub meters: Meters,
}

/// The exchange cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The domain, or an alias, is no host name.
    #[error("{0:?} is no domain name")]
    Domain(String),
    /// Plain phones cannot be served as it was told.
    #[error(transparent)]
    Plain(#[from] plain::PlainError),
    /// rtpengine cannot be asked.
    #[error(transparent)]
    Engine(#[from] relay::EngineError),
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random,
    /// What was known before a restart cannot be read.
    #[error("the storage did not answer")]
    Storage,
}

/// A handle on the running exchange.
#[derive(Clone)]
pub struct Exchange {
    shared: Arc<Inner>,
}

struct Inner {
    options: Options,
    ports: Ports,
    door: Arc<Door>,
    inbox: mpsc::Sender<Mail>,
    orders: mpsc::UnboundedSender<Order>,
    board: Arc<Board>,
    flows: AtomicU64,
    visitors: Arc<Visitors>,
}

/// Open until the server stops: what a connection needs to come in, and to be waited for. Rooms hold on to each
/// other, so the exchange itself must not be what is waited for.
struct Door(Mutex<Option<Stop>>);

impl Exchange {
    /// Starts the exchange's task, which knows what was known before a restart; it ends when `stop` says so.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: Options, ports: Ports, stop: Stop) -> Result<Self, StartError> {
        let sockets = plain::Sockets::open(&options.plain).await?;
        let (inbox, mails) = mpsc::channel(INBOX);
        let (orders, ordered) = mpsc::unbounded_channel();
        let board = Arc::new(Board::new());
        let kept = ports.ledger.read().await.map_err(|PortError::Storage| StartError::Storage)?;
        // Listened to first, asked then: nothing that happens in between is missed.
        let changes = ports.routes.changes();
        let quiet = ports.routes.quiet().await.map_err(|PortError::Storage| StartError::Storage)?;
        tokio::spawn(quiet::watch(Arc::clone(&ports.routes), changes, quiet.clone(), orders.clone(), stop.clone()));
        let statements = ports.routes.statements();
        let stated = ports.routes.stated().await.map_err(|PortError::Storage| StartError::Storage)?;
        tokio::spawn(stated::watch(Arc::clone(&ports.routes), statements, stated, orders.clone(), stop.clone()));
        let mut desk = Desk::new(&options, &ports, orders.clone(), Arc::clone(&board), kept, quiet, &stop)?;
        if sockets.are_open() {
            let addresses = &options.plain.addresses;
            desk.serve_plain(relay::open(addresses.engine).await?, addresses.relay_all);
        }
        let door = Arc::new(Door(Mutex::new(Some(stop.clone()))));
        tokio::spawn(desk.run(mails, ordered, Arc::clone(&door), stop.clone()));
        // Beginning with the wall clock, so that a flow is never named like one before a restart.
        let flows = AtomicU64::new(clock::now().saturating_mul(1_000));
        let visitors = Arc::default();
        let shared = Arc::new(Inner { options, ports, door, inbox, orders, board, flows, visitors });
        let exchange = Self { shared };
        sockets.serve(&exchange, &stop);
        Ok(exchange)
    }
}

/// `/sip`.
pub fn router(exchange: Exchange) -> Router {
    Router::new().route("/sip", get(socket::open)).with_state(exchange)
}

#[async_trait]
impl Census for Exchange {
    async fn census(&self) -> Option<Counted> {
        let (told, counted) = oneshot::channel();
        let inbox = &self.shared.inbox;
        let waiting = inbox.max_capacity() - inbox.capacity();
        self.shared.orders.send(Order::Count(told)).ok()?;
        Some(Counted { waiting, ..counted.await.ok()? })
    }
}

impl LineEvents for Exchange {
    fn status(&self, extension: &str) -> Status {
        self.shared.board.status(extension)
    }

    fn note(&self, extension: &str) -> String {
        self.shared.board.note(extension)
    }

    fn changes(&self) -> broadcast::Receiver<(String, Status)> {
        self.shared.board.changes()
    }
}

impl Inner {
    fn next_flow(&self) -> sip::registrar::Flow {
        sip::registrar::Flow(self.flows.fetch_add(1, Ordering::Relaxed))
    }
}

impl Door {
    /// Comes in; `None` once the server stops.
    fn enter(&self) -> Option<Stop> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}
