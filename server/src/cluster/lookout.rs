//! Looks after the connection with the lock, and tells what is seen over it.

use super::election::{Epoch, Event};
use super::lock::{BEAT, Card, LOOK, Lock, LockError};
use crate::fence;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// How long until a database that went away is asked for again.
const AGAIN: Duration = Duration::from_millis(250);

/// The task with the connection; the lock is free when this is dropped.
pub(super) struct Lookout {
    task: JoinHandle<()>,
    resign: Option<oneshot::Sender<()>>,
    wanted: Arc<AtomicBool>,
}

/// What is seen.
pub(super) enum Seen {
    /// Something for the election.
    Event(Event),
    /// The database cannot be asked.
    Unreachable(LockError),
}

impl Lookout {
    /// Begins to look, after a moment if the last one ended badly; for a leadership that goes on meanwhile, if one does.
    pub(super) fn begin(
        database: PgConnectOptions,
        card: Card,
        wanted: bool,
        again: bool,
        kept: Option<Epoch>,
        seen: mpsc::Sender<Seen>,
    ) -> Self {
        let (resign, resigned) = oneshot::channel();
        let wanted = Arc::new(AtomicBool::new(wanted));
        let wants = Arc::clone(&wanted);
        let task = tokio::spawn(async move {
            if again {
                sleep(AGAIN).await;
            }
            if let Err(error) = look_out(&database, &card, &wants, kept, resigned, &seen).await {
                // Nobody listens any more when everything ends.
                let _ = seen.send(Seen::Unreachable(error)).await;
            }
        });
        Self { task, resign: Some(resign), wanted }
    }

    /// Whether the lock is taken when it is free.
    pub(super) fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Gives the lock back in words.
    pub(super) async fn resign(mut self) {
        if let Some(resign) = self.resign.take() {
            let _ = resign.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn look_out(
    database: &PgConnectOptions,
    card: &Card,
    wanted: &AtomicBool,
    kept: Option<Epoch>,
    mut resigned: oneshot::Receiver<()>,
    seen: &mpsc::Sender<Seen>,
) -> Result<(), LockError> {
    let mut lock = Lock::connect(database).await?;
    let epoch = match kept {
        Some(epoch) => regain(&mut lock, epoch, seen).await?,
        None => win(&mut lock, card, wanted, seen).await?,
    };
    loop {
        let asked = fence::now();
        let current: Epoch = lock.beat().await?;
        tell(seen, Event::Beat { epoch: current, asked }).await;
        tokio::select! {
            () = sleep(BEAT) => {}
            // Whoever cannot ask for it any more drops all of this.
            _ = &mut resigned => return lock.resign(epoch).await,
        }
    }
}

/// Looks until the lock is free, and begins an epoch.
async fn win(lock: &mut Lock, card: &Card, wanted: &AtomicBool, seen: &mpsc::Sender<Seen>) -> Result<Epoch, LockError> {
    loop {
        let (won, leader) = lock.look(wanted.load(Ordering::Relaxed)).await?;
        if won {
            let (epoch, asked) = lock.claim(card).await?;
            tell(seen, Event::Won { epoch, asked }).await;
            return Ok(epoch);
        }
        tell(seen, Event::Looked(leader)).await;
        sleep(LOOK).await;
    }
}

/// Asks for the lock again in the same epoch; what is told if there is another one ends all of this.
async fn regain(lock: &mut Lock, epoch: Epoch, seen: &mpsc::Sender<Seen>) -> Result<Epoch, LockError> {
    loop {
        let asked = fence::now();
        let (won, leader) = lock.look(true).await?;
        let current = leader.map_or(0, |leader| leader.epoch);
        tell(seen, Event::Beat { epoch: current, asked }).await;
        if won && current == epoch {
            return Ok(epoch);
        }
        sleep(LOOK).await;
    }
}

async fn tell(seen: &mpsc::Sender<Seen>, event: Event) {
    let _ = seen.send(Seen::Event(event)).await;
}
