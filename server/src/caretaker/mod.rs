//! The caretaker: while no page holds a line that has something to lose, it runs the line's agent on the server, so that
//! nothing is lost. `charge` says what it does, and what it leaves to the page that comes. One task for each line; none waits
//! for another.

mod charge;
mod pump;
#[cfg(test)]
mod tests;

use crate::ports;
use crate::ports::{AccountId, Accounts, CallHistory, Homes, Leases, Mail, Minding, Shared, Signer, Uplinks};
use crate::stop::Stop;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// How many lines are usually kept at once.
pub const MOST: usize = 10_000;

/// How the caretaker behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long calls ring.
    pub ringing: Duration,
    /// How many lines are kept at once; [`MOST`]. Of more, those that would end first end now: saying goodbye is better than
    /// falling silent.
    pub most: usize,
}

/// What the caretaker needs of other rooms.
#[derive(Clone)]
pub struct Ports {
    /// Where the registrar is.
    pub uplinks: Shared<dyn Uplinks>,
    /// Who signs.
    pub signer: Shared<dyn Signer>,
    /// Who is told what is known of a line.
    pub minding: Shared<dyn Minding>,
    /// Whose the lines are.
    pub leases: Shared<dyn Leases>,
    /// Who there is.
    pub accounts: Shared<dyn Accounts>,
    /// Where their lines are at home.
    pub homes: Shared<dyn Homes>,
    /// Where calls are kept that are over.
    pub history: Shared<dyn CallHistory>,
    /// Where messages are kept.
    pub mail: Shared<dyn Mail>,
}

/// The caretaker.
#[derive(Clone)]
pub struct Room(Arc<Inner>);

struct Inner {
    options: Options,
    ports: Ports,
    /// Open until the server stops.
    door: Mutex<Option<Stop>>,
    kept: Mutex<BTreeMap<AccountId, Kept>>,
    last: AtomicU64,
}

/// A line that is kept.
struct Kept {
    /// Which task of this room keeps it.
    number: u64,
    epoch: u64,
    until: u64,
    /// Ends its calls now.
    hurry: Arc<Notify>,
    task: Option<AbortHandle>,
}

impl Room {
    /// A caretaker that keeps nothing yet. When the server stops, it falls silent: what is kept is written down, and is kept
    /// again after the start.
    #[must_use]
    pub fn new(options: Options, ports: Ports, stop: Stop) -> Self {
        let (door, last) = (Mutex::new(Some(stop.clone())), AtomicU64::new(0));
        let room = Self(Arc::new(Inner { options, ports, door, kept: Mutex::default(), last }));
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
}

impl ports::Caretaker for Room {
    fn mind(&self, charge: ports::Charge) {
        let Some(stop) = lock(&self.0.door).clone() else { return };
        let (account, epoch, until) = (charge.account, charge.epoch, charge.until);
        let (number, hurry) = (self.0.last.fetch_add(1, Ordering::Relaxed), Arc::new(Notify::new()));
        let mut kept = lock(&self.0.kept);
        if kept.get(&account).is_some_and(|kept| kept.epoch > epoch) {
            return;
        }
        let before = kept.insert(account, Kept { number, epoch, until, hurry: Arc::clone(&hurry), task: None });
        // What the line was before is not to be gone on with: it falls silent.
        if let Some(task) = before.and_then(|before| before.task) {
            task.abort();
        }
        if kept.len() > self.0.options.most
            && let Some(first) = kept.values().filter(|kept| kept.number != number).min_by_key(|kept| kept.until)
        {
            first.hurry.notify_one();
        }
        let place = Place { inner: Arc::clone(&self.0), account, number };
        let task = tokio::spawn(pump::run(place, charge, hurry, stop)).abort_handle();
        // It cannot have ended yet: its place is behind this lock.
        if let Some(kept) = kept.get_mut(&account) {
            kept.task = Some(task);
        }
    }
}

/// A task's place in the room, until it is dropped.
struct Place {
    inner: Arc<Inner>,
    account: AccountId,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut kept = lock(&self.inner.kept);
        if kept.get(&self.account).is_some_and(|kept| kept.number == self.number) {
            kept.remove(&self.account);
        }
    }
}

/// No panic can leave these half changed in a way that matters more than going on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
