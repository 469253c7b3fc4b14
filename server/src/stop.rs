//! Stopping: whoever runs beside the requests (sockets, timers) is told, and waited for.

use tokio::sync::{mpsc, watch};

/// Tells everybody to stop, and waits for them.
#[derive(Debug)]
pub struct Stopper {
    signal: watch::Sender<bool>,
    guard: mpsc::Sender<()>,
    drained: mpsc::Receiver<()>,
}

/// Held by everything that must be finished before the server is: dropping it is being finished.
#[derive(Clone, Debug)]
pub struct Stop {
    signal: watch::Receiver<bool>,
    _guard: mpsc::Sender<()>,
}

impl Default for Stopper {
    fn default() -> Self {
        let (guard, drained) = mpsc::channel(1);
        Self { signal: watch::channel(false).0, guard, drained }
    }
}

impl Stopper {
    /// One more to wait for.
    #[must_use]
    pub fn stop(&self) -> Stop {
        Stop { signal: self.signal.subscribe(), _guard: self.guard.clone() }
    }

    /// Only the signal: whoever has it is not waited for.
    #[must_use]
    pub fn signal(&self) -> watch::Receiver<bool> {
        self.signal.subscribe()
    }

    /// Tells everybody to stop.
    pub fn begin(&self) {
        self.signal.send_replace(true);
    }

    /// Waits until everybody has.
    pub async fn finished(self) {
        let Self { signal: _signal, guard, mut drained } = self;
        drop(guard);
        while drained.recv().await.is_some() {}
    }
}

impl Stop {
    /// Returns when it is time to stop.
    pub async fn requested(&mut self) {
        // A stopper that is gone cannot ask any more: that is the same.
        let _ = self.signal.wait_for(|stop| *stop).await;
    }
}
