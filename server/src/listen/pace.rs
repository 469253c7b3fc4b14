//! How fast a client is listened to.
//!
//! Much can be asked of a server in few bytes: fragments that are empty, settings that are acknowledged one by one. Whoever
//! reads for a client would go on as long as there is something, and all others would wait. So each client is read in
//! small portions, one when its turn comes, and none is read for long faster than people have things to say.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};
use tokio::time::{Instant, Sleep, sleep_until};

/// What is read before it is somebody else's turn, in bytes.
const PORTION: u64 = 4 * 1024;
/// Of who asks for pages: a picture, a table of contacts, a minute of a recording.
const REQUESTS: Pace = Pace { burst: 4.0 * 1024.0 * 1024.0, rate: 512.0 * 1024.0 };
/// Of who talks over a WebSocket: as many messages as a phone may send, of the size that they mostly have.
const SOCKET: Pace = Pace { burst: 1024.0 * 1024.0, rate: 128.0 * 1024.0 };
/// Who is out of credit waits until this much can be read.
const WORTH_WAITING: f64 = 64.0 * 1024.0;

/// How much is listened to.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// At once, in bytes.
    burst: f64,
    /// In the long run, in bytes a second.
    rate: f64,
}

/// Whether a connection has become a WebSocket: whoever answers its requests says so.
#[derive(Clone, Debug, Default)]
pub(super) struct Upgraded(Arc<AtomicBool>);

/// A connection that is listened to at such a pace. What is said to the client is not slowed.
#[derive(Debug)]
pub(super) struct Paced<S> {
    /// Read up to what is left of the portion.
    stream: Take<S>,
    /// What may still be read, in bytes, as it was then.
    credit: f64,
    since: Instant,
    wait: Option<Pin<Box<Sleep>>>,
    upgraded: Upgraded,
}

impl Upgraded {
    /// It has.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn pace(&self) -> Pace {
        if self.0.load(Ordering::Relaxed) { SOCKET } else { REQUESTS }
    }
}

impl<S: AsyncRead> Paced<S> {
    /// This connection, with all its credit.
    pub(super) fn new(stream: S, upgraded: Upgraded) -> Self {
        let credit = upgraded.pace().burst;
        Self { stream: stream.take(PORTION), credit, since: Instant::now(), wait: None, upgraded }
    }

    /// Whether something may be read now; else whoever waits is woken when it may.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(wait) = &mut self.wait {
            std::task::ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        if self.stream.limit() == 0 {
            self.stream.set_limit(PORTION);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Pace { burst, rate } = self.upgraded.pace();
        self.credit = self.credit.min(burst);
        if self.credit > 0.0 {
            return Poll::Ready(());
        }
        let now = Instant::now();
        self.credit = (self.credit + now.duration_since(self.since).as_secs_f64() * rate).min(burst);
        self.since = now;
        if self.credit > 0.0 {
            return Poll::Ready(());
        }
        let missing = Duration::from_secs_f64((WORTH_WAITING - self.credit) / rate);
        let mut wait = Box::pin(sleep_until(now + missing));
        let turn = wait.as_mut().poll(cx);
        self.wait = Some(wait);
        turn
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_turn(cx));
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.credit -= (buffer.filled().len() - before) as f64;
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(self.stream.get_mut()).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use tokio::io::AsyncWriteExt as _;

    /// What a poll gives: so many bytes, or nothing yet.
    fn poll(near: &mut (impl AsyncRead + Unpin)) -> Option<usize> {
        near.read(&mut [0; 64 * 1024]).now_or_never().map(Result::unwrap)
    }

    #[tokio::test]
    async fn after_each_portion_it_is_somebody_elses_turn() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let mut near = Paced::new(near, Upgraded::default());
        far.write_all(&[0; 10_000]).await.unwrap();
        let polls: Vec<_> = (0..6).map(|_| poll(&mut near)).collect();
        assert_eq!(polls, [Some(4096), None, Some(4096), None, Some(1808), None]);
    }

    #[tokio::test]
    async fn who_talks_without_end_is_listened_to_at_the_rate() {
        let is_kept = async |upgraded: Upgraded, Pace { burst, rate }: Pace| {
            let (near, mut far) = tokio::io::duplex(1 << 16);
            let mut near = Paced::new(near, upgraded);
            tokio::spawn(async move { while far.write_all(&[0; 4096]).await.is_ok() {} });
            let (begun, mut read) = (Instant::now(), 0.0);
            while read < burst + rate / 2.0 {
                read += near.read(&mut [0; 8192]).await.unwrap() as f64;
                assert!(read <= burst + begun.elapsed().as_secs_f64() * rate + PORTION as f64, "{read} bytes");
            }
        };
        let socket = Upgraded::default();
        socket.set();
        is_kept(socket, SOCKET).await;
        is_kept(Upgraded::default(), REQUESTS).await;
    }
}
