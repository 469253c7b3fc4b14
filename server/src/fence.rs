//! A lease on acting: what a server that is not the only one of its kind may still say.
//!
//! A process that stood still (a paused machine, a stopped process) does not know how long. So the sockets themselves look
//! at the clock: once the lease is over nothing leaves through them any more, whatever woke up first.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

/// There is no end.
const NEVER: u64 = u64::MAX;

/// Whether what this process says may still leave it; copies are the same fence. A new one is open and stays so.
#[derive(Clone, Debug)]
pub struct Fence(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Milliseconds of [`now`].
    until: AtomicU64,
    cuts: watch::Sender<u64>,
}

/// A socket through which nothing leaves that must not.
#[derive(Debug)]
pub struct Fenced<S> {
    socket: S,
    fence: Fence,
}

/// The time since the machine was started, the time that it slept included.
#[must_use]
pub fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

impl Default for Fence {
    fn default() -> Self {
        Self(Arc::new(Inner { until: AtomicU64::new(NEVER), cuts: watch::channel(0).0 }))
    }
}

impl Fence {
    /// Open until then, as [`now`] counts.
    pub fn lease(&self, until: Duration) {
        self.0.until.store(u64::try_from(until.as_millis()).unwrap_or(NEVER - 1), Ordering::Release);
    }

    /// Open without an end: nothing of what was under the lease is left.
    pub fn lift(&self) {
        self.0.until.store(NEVER, Ordering::Release);
    }

    /// Ends every connection that there is.
    pub fn cut(&self) {
        self.0.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Changes with every cut.
    #[must_use]
    pub fn cuts(&self) -> watch::Receiver<u64> {
        self.0.cuts.subscribe()
    }

    /// Whether something may leave now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let until = self.0.until.load(Ordering::Acquire);
        until == NEVER || now().as_millis() < u128::from(until)
    }
}

impl<S> Fenced<S> {
    /// This socket, behind this fence.
    pub const fn new(socket: S, fence: Fence) -> Self {
        Self { socket, fence }
    }

    /// The socket itself.
    pub const fn get_ref(&self) -> &S {
        &self.socket
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Fenced<S> {
    #[inline]
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Fenced<S> {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.fence.is_open() {
            return Poll::Ready(Err(over()));
        }
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    #[inline]
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.fence.is_open() {
            return Poll::Ready(Err(over()));
        }
        Pin::new(&mut self.socket).poll_write_vectored(cx, bytes)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

fn over() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "another server leads by now")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn nothing_leaves_once_the_lease_is_over() {
        let fence = Fence::default();
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = Fenced::new(near, fence.clone());
        near.write_all(b"a").await.unwrap();
        fence.lease(now() + Duration::from_secs(3600));
        near.write_all(b"b").await.unwrap();
        fence.lease(now());
        assert!(near.write_all(b"c").await.is_err());
        fence.lift();
        near.write_all(b"d").await.unwrap();
        drop(near);
        let mut heard = String::new();
        far.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "abd");
    }
}
