//! The way from a page to the company's PBX: whoever came in through a PBX that speaks WebSocket (RFC 7118) is registered
//! there, and the page's `/sip` leads to it.
//!
//! `leg` is the connection to the PBX, one for each phone, and who sits at it; `guard` says what a phone may send there;
//! `passing` what has to be known of what passes; `farewell` how a phone is unregistered that nobody has; `mailbox` and `lamps` ask what
//! waits for it there and what colleagues do, `publication` tells what the person says. Messages pass as they are.

mod colleagues;
mod farewell;
mod guard;
mod homes;
mod lamps;
mod leg;
mod legs;
mod mailbox;
mod mailboxes;
mod parting;
mod passing;
mod publication;
mod signing;
mod socket;
mod subscription;
mod upstream;

pub use colleagues::Colleagues;
pub use homes::Homes;
pub use mailboxes::Mailboxes;

use crate::origin::Origins;
use crate::ports::{AccountId, Leases, PbxSecrets, Routes, Sessions, Shared, Uplink, Uplinks};
use crate::stop::Stop;
use async_trait::async_trait;
use axum::Router;
use axum::middleware::from_fn_with_state;
use legs::{Phone, Running};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// How many messages may wait for the caretaker, and from it.
const QUEUE: usize = 64;

/// What this room needs of others.
#[derive(Clone)]
pub struct Ports {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Which tab holds a line.
    pub leases: Shared<dyn Leases>,
    /// What signs for people at their PBX.
    pub secrets: Shared<dyn PbxSecrets>,
    /// Where lines lead that are not of a PBX.
    pub exchange: Shared<dyn Uplinks>,
    /// What people say of themselves.
    pub routes: Shared<dyn Routes>,
}

/// The bridge.
#[derive(Clone)]
pub struct Room(Arc<Inner>);

struct Inner {
    homes: Homes,
    origins: Origins,
    ports: Ports,
    mailboxes: Mailboxes,
    colleagues: Colleagues,
    /// Open until the server stops.
    door: Mutex<Option<Stop>>,
    legs: Mutex<BTreeMap<AccountId, Running>>,
    last: AtomicU64,
}

impl Room {
    /// A bridge that leads nowhere yet. When the server stops, the connections to PBXs close; what is registered stays
    /// registered, for the phones that come back after the start.
    #[must_use]
    pub fn new(homes: Homes, origins: Origins, ports: Ports, stop: Stop) -> Self {
        let (door, last) = (Mutex::new(Some(stop.clone())), AtomicU64::new(0));
        let (legs, mailboxes, colleagues) = (Mutex::default(), Mailboxes::default(), Colleagues::default());
        let room = Self(Arc::new(Inner { homes, origins, ports, mailboxes, colleagues, door, legs, last }));
        let inner = Arc::downgrade(&room.0);
        tokio::spawn(async move {
            let mut stop = stop;
            stop.requested().await;
            if let Some(inner) = inner.upgrade() {
                lock(&inner.door).take();
            }
        });
        room
    }

    /// What waits for people at their PBXs.
    #[must_use]
    pub fn mailboxes(&self) -> Mailboxes {
        self.0.mailboxes.clone()
    }

    /// What people's PBXs tell them of colleagues.
    #[must_use]
    pub fn colleagues(&self) -> Colleagues {
        self.0.colleagues.clone()
    }
}

/// `/sip`: to the PBX for those who are at home there, else to the exchange, whose routes these are.
pub fn router(room: Room, exchange: Router) -> Router {
    exchange.layer(from_fn_with_state(room, socket::lead))
}

#[async_trait]
impl Uplinks for Room {
    async fn open(&self, account: AccountId, epoch: u64, extension: &str) -> Option<Uplink> {
        let inner = Arc::clone(&self.0);
        let Some(pbx) = inner.homes.pbx(account).await.ok()? else {
            return inner.ports.exchange.open(account, epoch, extension).await;
        };
        let phone = Phone { account, extension: extension.to_owned(), pbx };
        let (to, mut said) = mpsc::channel(QUEUE);
        let (heard, from) = mpsc::channel(QUEUE);
        // Whether the PBX lets it in is seen when it does not: then the line closes.
        tokio::spawn(async move {
            let Ok(mut place) = inner.sit(&phone, epoch).await else { return };
            loop {
                tokio::select! {
                    message = said.recv() => match message {
                        Some(bytes) => if place.to.send(bytes).await.is_err() { return },
                        None => return,
                    },
                    message = place.from.recv() => match message {
                        Some(bytes) => if heard.send(bytes).await.is_err() { return },
                        None => return,
                    },
                }
            }
        });
        Some(Uplink { to, from })
    }
}

/// No panic can leave these half changed in a way that matters more than going on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
