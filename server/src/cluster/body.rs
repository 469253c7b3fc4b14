//! Bodies on their way between two servers: as they come, never gathered.

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// A body that nobody has read yet, for as many tries to pass it on as it takes.
#[derive(Clone)]
pub(super) struct Unread(Arc<Mutex<Option<Body>>>);

/// One try: the body is taken when it is first asked for.
pub(super) struct Lazy {
    unread: Unread,
    taken: Option<Body>,
    hint: SizeHint,
    empty: bool,
    /// Dropped with this: everything of it was sent.
    _sent: oneshot::Sender<()>,
}

/// A body with what is held for as long as it goes on.
pub(super) struct Holding<T> {
    body: Body,
    _held: T,
}

impl Unread {
    pub(super) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Some(body))))
    }

    /// Whether it can be passed on from its beginning.
    pub(super) fn is_whole(&self) -> bool {
        self.lock().is_some()
    }

    /// One try, and when all of it was sent.
    pub(super) fn read(&self) -> (Lazy, oneshot::Receiver<()>) {
        let (sender, sent) = oneshot::channel();
        let (hint, empty) = match &*self.lock() {
            Some(body) => (body.size_hint(), body.is_end_stream()),
            None => (SizeHint::with_exact(0), true),
        };
        (Lazy { unread: self.clone(), taken: None, hint, empty, _sent: sender }, sent)
    }

    /// The body, if nobody has it yet.
    pub(super) fn take(&self) -> Option<Body> {
        self.lock().take()
    }

    /// A panic beside it leaves nothing half done.
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Body>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Lazy {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.taken.is_none() {
            self.taken = self.unread.take();
        }
        match &mut self.taken {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.taken.as_ref().map_or(self.empty, Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.taken.as_ref().map_or(self.hint, Body::size_hint)
    }
}

impl<T> Holding<T> {
    pub(super) const fn new(body: Body, held: T) -> Self {
        Self { body, _held: held }
    }
}

impl<T: Unpin> HttpBody for Holding<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
