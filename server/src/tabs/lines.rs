//! The lines of all accounts: one hub each, with the queues of its tabs' sockets, its timer and its row.

use super::hub::{Closing, Effect, Hub, Lease, SocketId};
use super::{identity, stored};
use crate::clock;
use crate::ports::{AccountId, Ended, Leases, SessionId};
use crate::store::Store;
use crate::store::key::KeyError;
use app::lease::ToTab;
use app::phone::LineState;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc};

/// How many messages wait for a slow tab before it is given up.
const QUEUE: usize = 64;
/// How many tabs of one account may be open.
const TABS: usize = 32;
/// How long a publication may stay unwritten.
const DEBOUNCE: Duration = Duration::from_millis(500);

/// The lines.
#[derive(Clone)]
pub struct Lines(Arc<Inner>);

struct Inner {
    store: Store,
    lines: Mutex<BTreeMap<AccountId, Arc<Line>>>,
    sockets: AtomicU64,
    moved: broadcast::Sender<(AccountId, u64)>,
    unsaved: Mutex<BTreeSet<AccountId>>,
    save: Notify,
}

struct Line {
    account: AccountId,
    hub: Mutex<Hub>,
    queues: Mutex<BTreeMap<SocketId, mpsc::Sender<Outgoing>>>,
    /// One step at a time, with its writing and sending: what is told is true after a crash too.
    order: tokio::sync::Mutex<()>,
    /// Wakes the timer when the deadline came closer.
    timer: Notify,
}

/// What a tab's socket sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// This.
    Message(ToTab),
    /// Its end.
    Close(Closing),
}

/// A tab's place in its line, until it is dropped.
pub(super) struct Place {
    pub(super) queue: mpsc::Receiver<Outgoing>,
    lines: Lines,
    line: Arc<Line>,
    socket: SocketId,
    session: SessionId,
}

/// A tab cannot come in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Too many tabs.
    #[error("too many tabs of this extension are open")]
    Full,
    /// No identity could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Lines {
    /// The lines as they were stored.
    ///
    /// # Errors
    /// The database's.
    pub async fn open(store: Store) -> Result<Self, sqlx::Error> {
        let leases = stored::load(store.pool()).await?;
        let lines = Self(Arc::new(Inner {
            store,
            lines: Mutex::default(),
            sockets: AtomicU64::new(0),
            moved: broadcast::channel(256).0,
            unsaved: Mutex::default(),
            save: Notify::new(),
        }));
        for (account, lease) in leases {
            let line = lines.make(account, lease);
            lock(&lines.0.lines).insert(account, line);
        }
        tokio::spawn(lines.clone().write_behind());
        Ok(lines)
    }

    /// Writes down what is not yet.
    pub async fn flush(&self) {
        let unsaved = std::mem::take(&mut *lock(&self.0.unsaved));
        for account in unsaved {
            let line = lock(&self.0.lines).get(&account).cloned();
            if let Some(line) = line {
                let _order = line.order.lock().await;
                self.save(&line).await;
            }
        }
    }

    /// A new tab of this session comes in.
    pub(super) fn enter(&self, account: AccountId, session: SessionId) -> Result<Place, Refused> {
        let known = lock(&self.0.lines).get(&account).cloned();
        let line = match known {
            Some(line) => line,
            None => {
                let lease = Lease { epoch: 0, identity: identity::new()?, holder: None, line: None, snapshot: None };
                let made = self.make(account, lease);
                Arc::clone(lock(&self.0.lines).entry(account).or_insert(made))
            }
        };
        let socket = SocketId(self.0.sockets.fetch_add(1, Ordering::Relaxed));
        let (sender, queue) = mpsc::channel(QUEUE);
        {
            let mut queues = lock(&line.queues);
            if queues.len() >= TABS {
                return Err(Refused::Full);
            }
            queues.insert(socket, sender);
        }
        lock(&line.hub).opened(socket, session);
        Ok(Place { queue, lines: self.clone(), line, socket, session })
    }

    fn make(&self, account: AccountId, lease: Lease) -> Arc<Line> {
        let line = Arc::new(Line {
            account,
            hub: Mutex::new(Hub::new(lease, clock::now())),
            queues: Mutex::default(),
            order: tokio::sync::Mutex::default(),
            timer: Notify::new(),
        });
        let (weak, lines) = (Arc::downgrade(&line), Arc::downgrade(&self.0));
        tokio::spawn(async move {
            loop {
                let Some((lines, line)) = lines.upgrade().zip(weak.upgrade()) else { return };
                let deadline = lock(&line.hub).deadline();
                let now = clock::now();
                if deadline.is_some_and(|deadline| deadline <= now) {
                    Self(lines).step(&line, Hub::timeout).await;
                    continue;
                }
                // A line that is dropped is not kept by its own timer for longer than one wait.
                drop(lines);
                let wait = deadline.map_or(Duration::from_secs(60), |deadline| Duration::from_millis(deadline - now));
                let _ = tokio::time::timeout(wait, line.timer.notified()).await;
            }
        });
        line
    }

    /// Changes the hub of a line and does what follows from it.
    async fn step(&self, line: &Line, change: impl FnOnce(&mut Hub, u64)) {
        let _order = line.order.lock().await;
        let effects: Vec<_> = {
            let mut hub = lock(&line.hub);
            let before = hub.deadline();
            change(&mut hub, clock::now());
            let after = hub.deadline();
            if after.is_some() && before.is_none_or(|before| after < Some(before)) {
                line.timer.notify_one();
            }
            std::iter::from_fn(|| hub.poll()).collect()
        };
        if effects.contains(&Effect::SaveNow) {
            self.save(line).await;
        } else if effects.contains(&Effect::SaveSoon) {
            lock(&self.0.unsaved).insert(line.account);
            self.0.save.notify_one();
        }
        for effect in effects {
            match effect {
                Effect::Send(socket, message) => line.send(socket, Outgoing::Message(message)),
                Effect::Close(socket, why) => line.send(socket, Outgoing::Close(why)),
                Effect::Moved(epoch) => {
                    // Nobody listens when the exchange has no sockets.
                    let _ = self.0.moved.send((line.account, epoch));
                }
                Effect::SaveNow | Effect::SaveSoon => {}
            }
        }
    }

    async fn save(&self, line: &Line) {
        let lease = lock(&line.hub).lease().clone();
        if let Err(error) = stored::save(self.0.store.pool(), line.account, &lease).await {
            // The line goes on: people can call, and the next change is written again.
            tracing::error!(%error, account = line.account, "a lease could not be written");
        }
    }

    async fn write_behind(self) {
        let inner = Arc::downgrade(&self.0);
        drop(self);
        loop {
            let Some(lines) = inner.upgrade().map(Self) else { return };
            let _ = tokio::time::timeout(Duration::from_secs(60), lines.0.save.notified()).await;
            tokio::time::sleep(DEBOUNCE).await;
            lines.flush().await;
        }
    }
}

impl Leases for Lines {
    fn current(&self, account: AccountId, epoch: u64) -> bool {
        let line = lock(&self.0.lines).get(&account).cloned();
        line.is_some_and(|line| lock(&line.hub).is_current(epoch))
    }

    fn moved(&self) -> broadcast::Receiver<(AccountId, u64)> {
        self.0.moved.subscribe()
    }

    fn end(&self, Ended { account, session }: Ended) {
        let Some(line) = lock(&self.0.lines).get(&account).cloned() else { return };
        let lines = self.clone();
        tokio::spawn(async move { lines.step(&line, |hub, now| hub.end(session, now)).await });
    }

    fn line(&self, account: AccountId) -> Option<(LineState, u64)> {
        let line = lock(&self.0.lines).get(&account).cloned()?;
        let hub = lock(&line.hub);
        hub.line(clock::now())
    }
}

impl Line {
    /// Queues a message; a tab that does not read loses its socket, and comes back when it does.
    fn send(&self, socket: SocketId, message: Outgoing) {
        let mut queues = lock(&self.queues);
        let closing = matches!(message, Outgoing::Close(_));
        let full = queues.get(&socket).is_some_and(|queue| queue.try_send(message).is_err());
        if full || closing {
            queues.remove(&socket);
        }
    }
}

impl Place {
    /// The tab said this.
    pub(super) async fn receive(&self, message: app::lease::FromTab) {
        let socket = self.socket;
        self.lines.step(&self.line, |hub, now| hub.receive(socket, message, now)).await;
    }

    /// The session is over, for all its tabs.
    pub(super) async fn end(&self) {
        let session = self.session;
        self.lines.step(&self.line, |hub, now| hub.end(session, now)).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.line.queues).remove(&self.socket);
        let (lines, line, socket) = (self.lines.clone(), Arc::clone(&self.line), self.socket);
        // Sockets that close because the process ends find no runtime any more, and nothing to tell.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { lines.step(&line, |hub, now| hub.closed(socket, now)).await });
        }
    }
}

/// No panic can leave these half changed in a way that matters more than going on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
