//! Several servers on one PostgreSQL: one leads and does everything, the others stand by and pass on what they are asked.
//!
//! Leases, the exchange, the caretaker and the lines live in one process, and survive that it is killed. So whoever takes
//! over opens the storage exactly as after `kill -9`, and phones come back as they do after a restart.
//!
//! Read in this order: [`election`] decides, as a table; [`lock`] is the lock in the database; [`lead`] does what was
//! decided; [`term`] is a leadership with all that runs in it; [`front`] is what a request meets; [`upstream`] and
//! [`peers`] are the two ends of the way between servers.
//!
//! A leader that stood still for a while and wakes up does no harm: its sockets look at the clock themselves
//! ([`crate::fence`]); its connections to the database were ended by the next one, and new ones find another epoch; and
//! then it ends all it did and stands by.

mod body;
mod election;
mod front;
mod identity;
mod lead;
mod lock;
mod lookout;
mod peers;
mod term;
mod upstream;

pub use election::Epoch;
pub use identity::IdentityError;
pub use lock::LockError;
pub use term::{Services, Serving};

use crate::client::Proxies;
use crate::fence::Fence;
use crate::meters::Cluster as Meters;
use axum::Router;
use axum::http::uri::Authority;
use front::{Front, PATIENCE, Role};
use identity::Identity;
use lead::{Lead, Unsettled};
use peers::Peers;
use sqlx::postgres::PgConnectOptions;
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How a server is one of several.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database that all of them use.
    pub database: PgConnectOptions,
    /// Where this one is reached by the others.
    pub peer: Option<Peer>,
    /// Who is believed when it says whom it speaks for.
    pub proxies: Proxies,
}

/// Where a server is reached by the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The host and port that the others find it at, if that is another one.
    pub address: Option<Authority>,
}

/// What a server answers itself while another one leads.
pub struct Own {
    /// The answers.
    pub router: Router,
    /// What they are for.
    pub paths: &'static [&'static str],
}

/// A server cannot be one of several.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The lock cannot be asked for.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It cannot make itself known.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Others cannot reach it.
    #[error("cannot listen for other servers on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// They cannot know where to reach it.
    #[error("{0} is no address that other servers can reach: say which one is with --peer-address")]
    Nowhere(SocketAddr),
}

/// A server that is one of several, until it is stopped.
pub struct Member {
    stop: watch::Sender<bool>,
    leading: JoinHandle<()>,
    peers: Option<JoinHandle<()>>,
}

/// Begins to lead or to stand by: what answers requests from then on, and how to stop. It returns when it is known who
/// leads, or when nobody does for a while.
///
/// # Errors
/// What is in the way: a [`StartError`], or what the services cannot be opened for.
pub async fn start<S: Services<Error: From<StartError>>>(
    options: Options,
    services: S,
    own: Own,
    fence: Fence,
    meters: Meters,
) -> Result<(Router, Member), S::Error> {
    let Options { database, peer, proxies } = options;
    let identity = Identity::make().map_err(StartError::from)?;
    let (role, roles) = watch::channel(Role::Nobody);
    let front = Front::new(roles, own.router, own.paths, meters.clone());
    let mut peers = None;
    let mut address = None;
    if let Some(peer) = peer {
        let (listener, reached) = listen(peer).await?;
        let (identity, front, fence) = (identity.clone(), front.clone(), fence.clone());
        peers = Some(tokio::spawn(Peers { listener, identity, front, proxies, fence }.serve()));
        address = Some(reached);
    }
    let (stop, stopped) = watch::channel(false);
    let (settled, first) = oneshot::channel();
    let settled = Some(settled);
    let lead = Lead { database, identity, address, services, role, fence, meters, settled };
    let leading = tokio::spawn(async move {
        if let Err(error) = lead.run(stopped).await {
            tracing::error!(%error, "this server can neither lead nor stand by");
        }
    });
    let member = Member { stop, leading, peers };
    let failed = match timeout(PATIENCE, first).await {
        Ok(Ok(Err(Unsettled::Lock(error)))) => StartError::Lock(error).into(),
        Ok(Ok(Err(Unsettled::Services(error)))) => error,
        Ok(Ok(Ok(())) | Err(_)) | Err(_) => return Ok((front.router(), member)),
    };
    member.stop().await;
    Err(failed)
}

impl Member {
    /// Stops: a leader closes everything in order first, while it still leads.
    pub async fn stop(self) {
        let Self { stop, leading, peers, .. } = self;
        stop.send_replace(true);
        // A panic on the way is an end as well.
        let _ = leading.await;
        if let Some(peers) = peers {
            peers.abort();
        }
    }
}

/// The open listener, and where others find it.
async fn listen(peer: Peer) -> Result<(TcpListener, String), StartError> {
    let failed = |source| StartError::Listen { address: peer.listen, source };
    let listener = TcpListener::bind(peer.listen).await.map_err(failed)?;
    // A free port is known only now.
    let bound = listener.local_addr().map_err(failed)?;
    match peer.address {
        Some(address) => Ok((listener, address.to_string())),
        None if bound.ip().is_unspecified() => Err(StartError::Nowhere(bound)),
        None => Ok((listener, bound.to_string())),
    }
}
