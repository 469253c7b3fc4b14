//! The lines of all accounts: one hub each, with the queues of its tabs' sockets, its timer and its row.

mod desk;

use super::hub::{Closing, Hub, Lease, SocketId};
use super::{identity, stored};
use crate::clock;
use crate::ports::{AccountId, Caretaker, Charge, Ended, Leases, LineKept, Minding, SessionId, Shared, Tabs};
use crate::store::Store;
use crate::store::key::KeyError;
use app::lease::{FromTab, ToTab};
use app::phone::LineState;
use desk::{Desk, Todo};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, broadcast, mpsc};

/// How many messages wait for a slow tab before it is given up.
const QUEUE: usize = 64;
/// How many tabs of one account may be open.
const TABS: usize = 32;
/// How long a publication may stay unwritten.
const DEBOUNCE: Duration = Duration::from_millis(500);
/// How many lines may wait for a caretaker that does not take them.
const CHARGES: usize = 16_384;
/// How much of one line may wait for the database before its tabs are not read any more.
const BACKLOG: usize = 64;

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
    charges: mpsc::Sender<Charge>,
    /// What the caretaker is to take, until there is one.
    vacancy: Mutex<Option<mpsc::Receiver<Charge>>>,
    runtime: Handle,
}

struct Line {
    account: AccountId,
    desk: Mutex<Desk>,
    /// One write at a time: a lease is never overwritten by what it was before.
    writing: tokio::sync::Mutex<()>,
    /// Wakes the timer when the deadline came closer.
    timer: Notify,
    /// Fires when something was written that others waited for.
    written: Notify,
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
    pub(super) session: SessionId,
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
    /// The lines as they were stored. Those that were kept without a page wait for [`Lines::employ`].
    ///
    /// # Errors
    /// The database's.
    pub async fn open(store: Store) -> Result<Self, sqlx::Error> {
        let leases = stored::load(&store).await?;
        let (charges, vacancy) = mpsc::channel(CHARGES);
        let lines = Self(Arc::new(Inner {
            store,
            lines: Mutex::default(),
            sockets: AtomicU64::new(0),
            moved: broadcast::channel(256).0,
            unsaved: Mutex::default(),
            save: Notify::new(),
            charges,
            vacancy: Mutex::new(Some(vacancy)),
            runtime: Handle::current(),
        }));
        for (account, lease) in leases {
            let line = lines.make(account, lease);
            lock(&lines.0.lines).insert(account, line);
        }
        tokio::spawn(lines.clone().write_behind());
        Ok(lines)
    }

    /// From now on this caretaker keeps the lines whose page is gone; the first one stays.
    pub fn employ(&self, caretaker: Shared<dyn Caretaker>) {
        let Some(mut charges) = lock(&self.0.vacancy).take() else { return };
        // Called from a task of its own: it may say something of a line at once.
        self.0.runtime.spawn(async move {
            while let Some(charge) = charges.recv().await {
                caretaker.mind(charge);
            }
        });
    }

    /// Writes down what is not yet.
    pub async fn flush(&self) {
        let mut unsaved = std::mem::take(&mut *lock(&self.0.unsaved));
        let lines: Vec<_> = lock(&self.0.lines).values().cloned().collect();
        for line in lines {
            if unsaved.contains(&line.account) || lock(&line.desk).is_writing() {
                if !self.save(&line).await {
                    // The others would fare no better.
                    lock(&self.0.unsaved).append(&mut unsaved);
                    self.0.save.notify_one();
                    return;
                }
                unsaved.remove(&line.account);
            }
        }
    }

    /// A new tab of this session comes in.
    pub(super) fn enter(&self, account: AccountId, session: SessionId) -> Result<Place, Refused> {
        let known = self.find(account);
        let line = match known {
            Some(line) => line,
            None => {
                let made = self.make(account, Lease::new(identity::new()?));
                Arc::clone(lock(&self.0.lines).entry(account).or_insert(made))
            }
        };
        let socket = SocketId(self.0.sockets.fetch_add(1, Ordering::Relaxed));
        let (sender, queue) = mpsc::channel(QUEUE);
        if !lock(&line.desk).enter(socket, sender, TABS) {
            return Err(Refused::Full);
        }
        self.step(&line, |hub, _| hub.opened(socket, session));
        Ok(Place { queue, lines: self.clone(), line, socket, session })
    }

    fn find(&self, account: AccountId) -> Option<Arc<Line>> {
        lock(&self.0.lines).get(&account).cloned()
    }

    fn make(&self, account: AccountId, lease: Lease) -> Arc<Line> {
        let line = Arc::new(Line {
            account,
            desk: Mutex::new(Desk::new(Hub::new(lease, clock::now()))),
            writing: tokio::sync::Mutex::default(),
            timer: Notify::new(),
            written: Notify::new(),
        });
        // A hub that begins where another one ended may have something to do at once.
        self.step(&line, |_, _| ());
        let (weak, lines) = (Arc::downgrade(&line), Arc::downgrade(&self.0));
        self.0.runtime.spawn(async move {
            loop {
                let Some((lines, line)) = lines.upgrade().zip(weak.upgrade()) else { return };
                let deadline = lock(&line.desk).hub.deadline();
                let now = clock::now();
                if deadline.is_some_and(|deadline| deadline <= now) {
                    Self(lines).step(&line, Hub::timeout);
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

    /// Changes the hub of a line and does what follows from it. Nothing waits: what may only be told once it is written is
    /// told then.
    fn step<T>(&self, line: &Arc<Line>, change: impl FnOnce(&mut Hub, u64) -> T) -> T {
        let mut desk = lock(&line.desk);
        let before = desk.hub.deadline();
        let result = change(&mut desk.hub, clock::now());
        let after = desk.hub.deadline();
        if after.is_some() && before.is_none_or(|before| after < Some(before)) {
            line.timer.notify_one();
        }
        desk.collect();
        self.perform(line, &mut desk);
        result
    }

    fn perform(&self, line: &Arc<Line>, desk: &mut Desk) {
        while let Some(todo) = desk.next() {
            match todo {
                Todo::Moved(epoch) => {
                    // Nobody listens when the exchange has no sockets.
                    let _ = self.0.moved.send((line.account, epoch));
                }
                Todo::SaveNow => {
                    let (lines, line) = (self.clone(), Arc::clone(line));
                    self.0.runtime.spawn(async move {
                        if !lines.save(&line).await {
                            lock(&lines.0.unsaved).insert(line.account);
                            lines.0.save.notify_one();
                        }
                        let mut desk = lock(&line.desk);
                        desk.written();
                        lines.perform(&line, &mut desk);
                        line.written.notify_waiters();
                    });
                }
                Todo::SaveSoon => {
                    lock(&self.0.unsaved).insert(line.account);
                    self.0.save.notify_one();
                }
                Todo::Mind { until } => self.mind(line.account, desk.hub.lease(), until),
            }
        }
    }

    fn mind(&self, account: AccountId, lease: &Lease, until: u64) {
        let Some((snapshot, at)) = lease.snapshot.clone() else { return };
        let charge = Charge {
            account,
            epoch: lease.epoch,
            identity: lease.identity.clone(),
            snapshot,
            state: lease.line.as_ref().map(|(state, _)| state.clone()).unwrap_or_default(),
            age: clock::now().saturating_sub(at),
            until,
        };
        if self.0.charges.try_send(charge).is_err() {
            tracing::warn!(account, "nobody keeps this line");
        }
    }

    /// Whether there is a database to write it to.
    async fn save(&self, line: &Line) -> bool {
        let _writing = line.writing.lock().await;
        let lease = lock(&line.desk).hub.lease().clone();
        let Err(error) = stored::save(&self.0.store, line.account, &lease).await else { return true };
        // The line goes on: people can call, and it is written later.
        tracing::error!(%error, account = line.account, "a lease could not be written");
        // What the database refuses, it would refuse again.
        matches!(error, sqlx::Error::Database(_))
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

impl Tabs for Lines {
    fn open_tabs(&self) -> usize {
        let lines: Vec<_> = lock(&self.0.lines).values().cloned().collect();
        lines.iter().map(|line| lock(&line.desk).tabs()).sum()
    }
}

impl Leases for Lines {
    fn current(&self, account: AccountId, epoch: u64) -> bool {
        self.find(account).is_some_and(|line| lock(&line.desk).hub.is_current(epoch))
    }

    fn moved(&self) -> broadcast::Receiver<(AccountId, u64)> {
        self.0.moved.subscribe()
    }

    fn end(&self, Ended { account, session }: Ended) {
        if let Some(line) = self.find(account) {
            self.step(&line, |hub, now| hub.end(session, now));
        }
    }

    fn line(&self, account: AccountId) -> Option<(LineState, u64)> {
        let line = self.find(account)?;
        let desk = lock(&line.desk);
        desk.hub.line(clock::now())
    }
}

impl Minding for Lines {
    fn keep(&self, account: AccountId, epoch: u64, kept: LineKept) -> bool {
        self.find(account).is_some_and(|line| self.step(&line, |hub, now| hub.keep(epoch, kept, now)))
    }

    fn over(&self, account: AccountId, epoch: u64, state: LineState) {
        if let Some(line) = self.find(account) {
            self.step(&line, |hub, now| hub.over(epoch, state, now));
        }
    }
}

impl Place {
    /// The tab said this. Who says a lot while the database hangs waits for it.
    pub(super) async fn receive(&self, message: FromTab) {
        loop {
            let written = self.line.written.notified();
            if lock(&self.line.desk).backlog() < BACKLOG {
                break;
            }
            written.await;
        }
        self.lines.step(&self.line, |hub, now| hub.receive(self.socket, message, now));
    }

    /// The session is over, for all its tabs.
    pub(super) fn end(&self) {
        self.lines.step(&self.line, |hub, now| hub.end(self.session, now));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.line.desk).leave(self.socket);
        self.lines.step(&self.line, |hub, now| hub.closed(self.socket, now));
    }
}

/// No panic can leave these half changed in a way that matters more than going on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "lines/tests.rs"]
mod postgres_tests;
#[cfg(test)]
mod tests;
