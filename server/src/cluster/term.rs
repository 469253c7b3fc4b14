//! Everything that a leader does, in a runtime of its own: when the leadership ends, so does every task of it, whatever
//! it is doing, and nothing of it is left for the next one.

use super::election::Epoch;
use super::front::Pages;
use axum::Router;
use std::io;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// How long what computes or writes a file may go on; it can be done with what is not in the database only.
const END: Duration = Duration::from_secs(1);

/// What a server does while it leads.
pub trait Services: Clone + Send + Sync + 'static {
    /// It, when it is open.
    type Open: Serving;
    /// It cannot be opened.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Opens everything as it was left, for the leadership with this number. What it writes to the database must be over
    /// connections that are enlisted ([`crate::store::term::Term`]).
    fn open(self, epoch: Epoch) -> impl Future<Output = Result<Self::Open, Self::Error>> + Send;
}

/// What is open.
pub trait Serving: Send + 'static {
    /// What answers requests.
    fn pages(&self) -> Router;

    /// Says farewell, and writes down what is not yet.
    fn stop(self) -> impl Future<Output = ()> + Send;
}

/// One leadership.
pub(super) struct Term<S: Services> {
    /// Until it ends.
    runtime: Option<Runtime>,
    handle: Handle,
    open: Option<S::Open>,
}

impl<S: Services> Term<S> {
    pub(super) fn begin() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().thread_name("leading").build()?;
        let handle = runtime.handle().clone();
        Ok(Self { runtime: Some(runtime), handle, open: None })
    }

    /// Opens everything, and tells what came of it.
    pub(super) fn open<F>(
        &self,
        services: S,
        epoch: Epoch,
        told: impl FnOnce(Result<S::Open, S::Error>) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        self.handle.spawn(async move { told(services.open(epoch).await).await });
    }

    /// It is open.
    pub(super) fn opened(&mut self, open: S::Open) -> Pages {
        let pages = Pages { router: open.pages(), runtime: self.handle.clone() };
        self.open = Some(open);
        pages
    }

    /// Closes everything in order; that is done when this is.
    pub(super) fn close(&mut self) -> impl Future<Output = ()> + Send + use<S> {
        let closing = self.open.take().map(|open| self.handle.spawn(open.stop()));
        async move {
            if let Some(closing) = closing {
                // One that panics, or is ended meanwhile, has closed all it could.
                let _ = closing.await;
            }
        }
    }

    /// Ends everything where it stands.
    pub(super) async fn end(mut self) {
        let ended = tokio::task::spawn_blocking(move || {
            // What is given back when it is dropped, is given to its own runtime.
            let inside = self.handle.enter();
            drop(self.open.take());
            drop(inside);
            if let Some(runtime) = self.runtime.take() {
                runtime.shutdown_timeout(END);
            }
        });
        // A panic on the way is an end as well.
        let _ = ended.await;
    }
}

impl<S: Services> Drop for Term<S> {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
