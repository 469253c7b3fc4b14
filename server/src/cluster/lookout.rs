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
    /// Begins to look, after a moment if the last one ended badly.
    pub(super) fn begin(
        database: PgConnectOptions,
        card: Card,
        wanted: bool,
        again: bool,
        seen: mpsc::Sender<Seen>,
    ) -> Self {
        let (resign, resigned) = oneshot::channel();
        let wanted = Arc::new(AtomicBool::new(wanted));
        let wants = Arc::clone(&wanted);
        let task = tokio::spawn(async move {
            if again {
                sleep(AGAIN).await;
            }
            if let Err(error) = look_out(&database, &card, &wants, resigned, &seen).await {
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
    mut resigned: oneshot::Receiver<()>,
    seen: &mpsc::Sender<Seen>,
) -> Result<(), LockError> {
    let mut lock = Lock::connect(database).await?;
    let epoch = loop {
        let (won, leader) = lock.look(wanted.load(Ordering::Relaxed)).await?;
        if won {
            let (epoch, asked) = lock.claim(card).await?;
            tell(seen, Event::Won { epoch, asked }).await;
            break epoch;
        }
        tell(seen, Event::Looked(leader)).await;
        sleep(LOOK).await;
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

async fn tell(seen: &mpsc::Sender<Seen>, event: Event) {
    let _ = seen.send(Seen::Event(event)).await;
}
