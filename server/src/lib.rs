//! The server of Tabphone: login, pages, the line, and an exchange of its own.
//!
//! Each room is a module with a router and what it needs; rooms do not know one another (but for [`store`]).
//! What they need of each other are the traits in [`ports`], wired here.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
// Tests of what is stored are made with SQLite and with PostgreSQL.
#![cfg_attr(test, allow(clippy::duplicate_mod))]

pub mod admin;
pub mod bridge;
pub mod caretaker;
pub mod client;
pub mod clock;
pub mod cluster;
pub mod contacts;
pub mod exchange;
pub mod fence;
pub mod history;
pub mod listen;
pub mod login;
pub mod media;
pub mod messages;
pub mod meters;
pub mod origin;
pub mod outage;
pub mod pbx;
pub mod people;
pub mod ports;
pub mod recordings;
pub mod session;
pub mod settings;
pub mod site;
pub mod socket;
pub mod stop;
pub mod store;
pub mod table;
pub mod tabs;

use admin::metrics;
use app::media::IceServer;
use axum::Router;
use axum::middleware::from_fn_with_state;
use exchange::Exchange;
use fence::Fence;
use listen::{ListenError, Listeners};
use meters::Meters;
use origin::{InvalidOrigin, Origins, Transport};
use ports::Shared;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use stop::{Stop, Stopper};
use store::accounts::Accounts;
use store::calling::{Calling, Routes};
use store::contacts::{Contacts, Numbering};
use store::conversations::Conversations;
use store::history::History;
use store::ledger::Ledger;
use store::offers::Decisions;
use store::password::{Cost, PasswordError, Passwords};
use store::policies::Policies;
use store::recordings::Recordings;
use store::sound::SoundSettings;
use store::term::Term;
use store::url::DatabaseUrl;
use store::{Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// How long requests and sockets have to end when the server stops.
const FAREWELL: Duration = Duration::from_secs(4);

/// What the server is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data directory.
    pub data: PathBuf,
    /// The PostgreSQL database; without one the storage is SQLite in the data directory.
    pub database: Option<DatabaseUrl>,
    /// Where other servers on that database reach this one.
    pub peer: Option<cluster::Peer>,
    /// The SIP domain of a new data directory.
    pub domain: Option<String>,
    /// How the server is reached.
    pub listen: listen::Options,
    /// Other names for the domain in what SIP clients send.
    pub domain_aliases: Vec<String>,
    /// Foreign origins whose pages may use the exchange.
    pub allowed_origins: Vec<String>,
    /// The origin that people open, when a proxy stands before the server.
    pub origin: Option<String>,
    /// The PBXs that log people in, and that their phones are led to.
    pub pbxs: Vec<pbx::Pbx>,
    /// Where phones that speak plain SIP are served.
    pub plain: exchange::plain::Addresses,
    /// How long a call rings.
    pub ringing: Duration,
    /// How long a phone is registered at most until it has to register again: a minute or more.
    pub registration: Duration,
    /// STUN and TURN servers for calls.
    pub ice_servers: Vec<IceServer>,
    /// TURN servers whose credentials are made here.
    pub relays: Option<media::Relays>,
    /// After so long recordings are removed; `None` keeps them until somebody does.
    pub keep_recordings: Option<Duration>,
    /// The built site, if it is not the one in the program.
    pub site: Option<PathBuf>,
    /// Who shows this may read `/metrics` from anywhere; without one only this machine may.
    pub metrics_token: Option<metrics::Token>,
    /// How numbers are written where people are.
    pub numbering: Numbering,
    /// What hashing a password costs.
    pub cost: Cost,
}

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The storage cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// An origin is not one.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    /// The exchange cannot start.
    #[error(transparent)]
    Exchange(#[from] exchange::StartError),
    /// The server cannot be reached as it was told.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// It cannot be one of several.
    #[error(transparent)]
    Cluster(#[from] cluster::StartError),
    /// There is nothing that several servers could share.
    #[error("--peer-listen is for several servers on one PostgreSQL: name that with --database")]
    Alone,
}

/// A server that runs until it is stopped.
pub struct Running {
    reached: Reached,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
    work: Work,
}

/// What a server does.
enum Work {
    /// Everything, as the only one.
    Alone(Box<Open>),
    /// Everything while it leads.
    Member(cluster::Member),
}

/// How a running server is reached.
#[derive(Clone, Debug)]
pub struct Reached {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where plain HTTP is led away from.
    pub redirect: Option<SocketAddr>,
    /// What it speaks there.
    pub transport: Transport,
    /// By what people recognize a certificate that was made here.
    pub fingerprint: Option<String>,
}

/// Starts the server; it answers when this returns.
///
/// # Errors
/// [`StartError`] says what is in the way.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let transport = options.listen.transport();
    let origins = Origins::new(options.origin.as_deref())?.over(transport);
    store::make_directory(&options.data)?;
    let listeners = Listeners::open(options.listen.clone(), &options.data).await?;
    let (address, redirect, fingerprint) = (listeners.address(), listeners.redirect(), listeners.fingerprint());
    let reached = Reached { address, redirect, transport, fingerprint };
    let acceptor = listeners.acceptor()?;

    let public = origins.public().map(str::to_owned);
    let (stop, stopped) = watch::channel(false);
    let fence = Fence::default();
    let (pages, work) = match options.database.clone() {
        Some(database) => {
            let (pages, member) = join(database, options, (origins, acceptor), fence.clone()).await?;
            (pages, Work::Member(member))
        }
        None if options.peer.is_some() => return Err(StartError::Alone),
        None => {
            let open = Everything { options, origins, acceptor, cluster: None }.begin(None).await?;
            (open.pages.clone(), Work::Alone(Box::new(open)))
        }
    };
    let serving = tokio::spawn(listeners.serve(pages, public, fence, stopped));
    tracing::info!(%address, "listening");
    Ok(Running { reached, stop, serving, work })
}

/// Leads or stands by, beside others on the same database.
async fn join(
    database: DatabaseUrl,
    options: Options,
    (origins, acceptor): (Origins, Option<TlsAcceptor>),
    fence: Fence,
) -> Result<(Router, cluster::Member), StartError> {
    let meters = meters::Cluster::default();
    let readers = options.readers();
    let standing_by = metrics::StandingBy { cluster: meters.clone(), readers };
    let router = metrics::standing_by(standing_by).layer(from_fn_with_state(origins.clone(), site::guard));
    let own = cluster::Own { router, paths: metrics::OWN };
    let member = cluster::Options {
        database: database.options().clone(),
        peer: options.peer.clone(),
        proxies: options.listen.proxies.clone(),
    };
    let everything = Everything { options, origins, acceptor, cluster: Some(meters.clone()) };
    cluster::start(member, everything, own, fence, meters).await
}

/// Everything that a server does, to be opened.
#[derive(Clone)]
struct Everything {
    options: Options,
    origins: Origins,
    acceptor: Option<TlsAcceptor>,
    cluster: Option<meters::Cluster>,
}

/// Everything that a server does.
struct Open {
    stopper: Stopper,
    watching: [JoinHandle<()>; 5],
    lines: tabs::Lines,
    store: Store,
    pages: Router,
}

impl Everything {
    /// Opens it, for this leadership if there are others.
    async fn begin(self, term: Option<Term>) -> Result<Open, StartError> {
        let Self { options, origins, acceptor, cluster } = self;
        let store = Store::open_for(&options.data, options.database.as_ref(), options.domain.as_deref(), term).await?;
        let lines = tabs::Lines::open(store.clone()).await?;
        let accounts = Accounts::new(store.clone(), Passwords::new(options.cost)?);
        let sessions = session::Room::new(&store, accounts.clone(), origins.is_secure());
        let stopper = Stopper::default();
        let routes = Routes::new(Calling::new(store.clone()));
        let policies = Policies::new(store.clone());
        let homes = bridge::Homes::new(accounts.clone(), &options.pbxs, store.domain());
        let relays = options.relays.clone();
        let media = media::Room::new(policies, options.ice_servers.clone(), relays, Arc::new(homes.clone()));
        let recordings = Recordings::new(store.clone(), &options.data);
        let watching = [
            tokio::spawn(sessions.clone().watch()),
            tokio::spawn(routes.clone().watch()),
            tokio::spawn(media.clone().watch()),
            tokio::spawn(recordings.clone().watch(options.keep_recordings)),
            tokio::spawn(store.clone().watch()),
        ];
        let rooms = Rooms {
            options,
            origins,
            acceptor,
            cluster,
            store: store.clone(),
            accounts,
            homes,
            routes,
            media: Arc::new(media),
            sessions,
            lines: lines.clone(),
            recordings,
        };
        let pages = rooms.router(&stopper).await?;
        Ok(Open { stopper, watching, lines, store, pages })
    }
}

impl Open {
    /// Says farewell to every socket while the requests end, and writes down what is not yet.
    async fn close(self, requests: impl Future<Output = ()>) {
        let Self { stopper, watching, lines, store, pages } = self;
        // Rooms in it hold what is waited for.
        drop(pages);
        stopper.begin();
        watching.iter().for_each(JoinHandle::abort);
        let farewell = async { tokio::join!(stopper.finished(), requests) };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        lines.flush().await;
        store.close().await;
    }
}

impl cluster::Services for Everything {
    type Open = Open;
    type Error = StartError;

    async fn open(self, epoch: cluster::Epoch) -> Result<Open, StartError> {
        self.begin(Some(Term(epoch))).await
    }
}

impl cluster::Serving for Open {
    fn pages(&self) -> Router {
        self.pages.clone()
    }

    async fn stop(self) {
        self.close(std::future::ready(())).await;
    }
}

impl Options {
    /// Who may read `/metrics`.
    fn readers(&self) -> metrics::Readers {
        metrics::Readers {
            token: self.metrics_token.clone(),
            behind_proxy: self.listen.is_behind_proxy(self.origin.as_deref()),
        }
    }
}

impl Running {
    /// Where the server listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.reached.address
    }

    /// How the server is reached.
    #[must_use]
    pub const fn reached(&self) -> &Reached {
        &self.reached
    }

    /// Stops accepting, says farewell to every socket, and writes down what is not yet.
    pub async fn stop(self) {
        let Self { stop, mut serving, work, .. } = self;
        stop.send_replace(true);
        let requests = async {
            let _ = (&mut serving).await;
        };
        match work {
            Work::Alone(open) => open.close(requests).await,
            Work::Member(member) => {
                // While it still leads.
                let _ = tokio::time::timeout(FAREWELL, requests).await;
                member.stop().await;
            }
        }
        serving.abort();
    }
}

/// What the rooms are made of.
struct Rooms {
    options: Options,
    origins: Origins,
    acceptor: Option<TlsAcceptor>,
    cluster: Option<meters::Cluster>,
    store: Store,
    accounts: Accounts,
    homes: bridge::Homes,
    routes: Routes,
    media: Shared<dyn ports::Media>,
    sessions: session::Room,
    lines: tabs::Lines,
    recordings: Recordings,
}

impl Rooms {
    /// The routes of all rooms, and the layers around them: the guard outside, the session inside.
    async fn router(self, stopper: &Stopper) -> Result<Router, StartError> {
        let Self {
            options,
            origins,
            acceptor,
            cluster,
            store,
            accounts,
            homes,
            routes,
            media,
            sessions,
            lines,
            recordings,
        } = self;
        let readers = options.readers();
        let domain = store.domain().to_owned();
        let session_layer = sessions.layer();
        let sessions = Arc::new(sessions);
        let known: Shared<dyn ports::Accounts> = Arc::new(accounts.clone());
        let leases: Shared<dyn ports::Leases> = Arc::new(lines.clone());
        let history = History::new(store.clone());
        let contacts = Contacts::new(store.clone(), options.numbering.clone());
        let callers = contacts::Callers { contacts: contacts.clone(), history: history.clone() };
        let callers: Shared<dyn ports::Callers> = Arc::new(callers);
        let calls: Shared<dyn ports::CallHistory> = Arc::new(history.clone());
        let conversations = Conversations::new(store.clone());
        let mail: Shared<dyn ports::Mail> = Arc::new(conversations.clone());
        let meters = Meters::default();

        let domains = login::Domains { domain: domain.clone(), aliases: options.domain_aliases.clone() };
        let exchange = exchange::Options {
            domain,
            aliases: options.domain_aliases,
            allowed_origins: options.allowed_origins,
            origins: origins.clone(),
            ringing: options.ringing,
            registration: options.registration,
            secret: store.key().derive("exchange"),
            plain: exchange::plain::Options { addresses: options.plain, acceptor },
            unsigned: exchange::UNSIGNED,
        };
        let guesses: Shared<dyn ports::Guesses> = Arc::new(login::throttle::Shared::default());
        let ports = exchange::Ports {
            sessions: sessions.clone(),
            accounts: Arc::clone(&known),
            routes: Arc::new(routes.clone()),
            leases: Arc::clone(&leases),
            guesses: Arc::clone(&guesses),
            ledger: Arc::new(Ledger::new(store.clone()).noting(conversations.clone())),
            calls: Arc::new(history.clone()),
            meters: meters.clone(),
        };
        let exchange = Exchange::start(exchange, ports, stopper.stop()).await?;
        let events: Shared<dyn ports::LineEvents> = Arc::new(exchange.clone());
        let ways = bridge::Ports {
            sessions: sessions.clone(),
            leases: Arc::clone(&leases),
            secrets: sessions.clone(),
            exchange: Arc::new(exchange.clone()),
            routes: Arc::new(routes.clone()),
        };
        let bridge = bridge::Room::new(homes.clone(), origins.clone(), ways, stopper.stop());
        let homes: Shared<dyn ports::Homes> = Arc::new(homes);

        let lamps: Shared<dyn ports::Lamps> = Arc::new(bridge.colleagues());
        tokio::spawn(retell(bridge.mailboxes(), routes.clone(), stopper.stop()));
        let backend = people::Room {
            accounts: Arc::clone(&known),
            leases: Arc::clone(&leases),
            events: Arc::clone(&events),
            routes: Arc::new(routes.clone()),
            revisions: routes.revisions(),
            homes: Arc::clone(&homes),
            media: Arc::clone(&media),
            ringing_seconds: u32::try_from(options.ringing.as_secs()).unwrap_or(u32::MAX),
            sound: SoundSettings::new(store.clone()),
            decisions: Decisions::new(store.clone()),
            history: Arc::clone(&calls),
            lamps: Arc::clone(&lamps),
            mailboxes: Arc::new(bridge.mailboxes()),
            callers: Arc::clone(&callers),
        };
        let backend = Arc::new(backend);
        let settings = settings::Room {
            sessions: sessions.clone(),
            life: sessions.clone(),
            accounts: Arc::clone(&known),
            calling: Calling::new(store.clone()),
            sound: SoundSettings::new(store.clone()),
            decisions: Decisions::new(store.clone()),
            policies: Policies::new(store.clone()),
            routes,
            ringing_seconds: options.ringing.as_secs(),
            homes: Arc::clone(&homes),
        };
        let contacts = contacts::Room {
            sessions: sessions.clone(),
            life: sessions.clone(),
            events: Arc::clone(&events),
            lamps: Arc::clone(&lamps),
            homes: Arc::clone(&homes),
            contacts,
        };
        let recordings = recordings::Room {
            sessions: sessions.clone(),
            life: sessions.clone(),
            recordings,
            media: Arc::clone(&media),
        };
        let history = history::Room {
            sessions: sessions.clone(),
            life: sessions.clone(),
            accounts: Arc::clone(&known),
            names: contacts.contacts.clone(),
            history,
        };
        let messages = messages::Room {
            sessions: sessions.clone(),
            life: sessions.clone(),
            accounts: Arc::clone(&known),
            conversations,
        };
        let login = login::Room {
            accounts,
            sessions: sessions.clone(),
            life: sessions.clone(),
            leases: Arc::clone(&leases),
            origins: origins.clone(),
            domains,
            guesses,
            pbxs: Arc::new(login::pbx::Pbxs::new(options.pbxs)),
            secrets: sessions.clone(),
        };
        let kept = caretaker::Ports {
            uplinks: Arc::new(bridge.clone()),
            signer: Arc::new(login.clone()),
            minding: Arc::new(lines.clone()),
            leases,
            accounts: Arc::clone(&known),
            homes: Arc::clone(&homes),
            history: Arc::clone(&calls),
            mail: Arc::clone(&mail),
        };
        let keeping = caretaker::Options { ringing: options.ringing, most: caretaker::MOST };
        lines.employ(Arc::new(caretaker::Room::new(keeping, kept, stopper.stop())));
        let storage = store.clone();
        let metrics = metrics::Room {
            meters: meters.clone(),
            census: Arc::new(exchange.clone()),
            tabs: Arc::new(lines.clone()),
            store,
            data: options.data,
            readers,
            cluster,
        };
        let tabs = tabs::Room {
            lines,
            sessions: sessions.clone(),
            accounts: known,
            homes,
            events,
            lamps,
            media,
            history: calls,
            mail,
            wishes: backend.clone(),
            callers,
            origins: origins.clone(),
            stop: stopper.stop(),
        };
        let site = site::Room {
            sessions: sessions.clone(),
            life: sessions,
            backend,
            messages: Arc::new(messages.clone()),
            site: site::Files::choose(options.site),
        };
        let router = site::router(site)
            .merge(login::router(login))
            .merge(settings::router(settings))
            .merge(recordings::router(recordings))
            .merge(history::router(history))
            .merge(contacts::router(contacts))
            .merge(messages::router(messages))
            .merge(tabs::router(tabs))
            .merge(bridge::router(bridge, exchange::router(exchange)))
            .merge(metrics::router(metrics))
            .layer(session_layer)
            .layer(from_fn_with_state(storage, outage::guard))
            .layer(from_fn_with_state(meters, metrics::measure))
            .layer(from_fn_with_state(origins, site::guard));
        Ok(router)
    }
}

/// Has people told anew what is told of their calls, whenever something else waits in a mailbox.
async fn retell(mailboxes: bridge::Mailboxes, routes: Routes, mut stop: Stop) {
    let mut changed = ports::Mailboxes::changed(&mailboxes);
    loop {
        tokio::select! {
            change = changed.changed() => match change {
                Ok(()) => routes.revise(),
                Err(_) => return,
            },
            () = stop.requested() => return,
        }
    }
}
