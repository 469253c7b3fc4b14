//! How fast a client is listened to.
//!
//! Much can be asked of a server in few bytes: fragments that are empty, settings that are acknowledged one by one. Whoever
//! reads for a client would go on as long as there is something, and all others would wait. So each client is read in
//! small portions, one when its turn comes, and none is read for long faster than people have things to say.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take};
use tokio::time::{Instant, Sleep, sleep_until};

/// What is read before it is somebody else's turn, in bytes.
const PORTION: u64 = 4 * 1024;
/// What may come at once, in bytes: a picture, a table of contacts, a minute of a recording.
const BURST: f64 = 4.0 * 1024.0 * 1024.0;
/// What may come in the long run, in bytes a second.
const RATE: f64 = 512.0 * 1024.0;
/// Who is out of credit waits until this much can be read.
const WORTH_WAITING: f64 = 64.0 * 1024.0;

/// A connection that is listened to at such a pace. What is said to the client is not slowed.
#[derive(Debug)]
pub(super) struct Paced<S> {
    /// Read up to what is left of the portion.
    stream: Take<S>,
    /// What may still be read, in bytes, as it was then.
    credit: f64,
    since: Instant,
    wait: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead> Paced<S> {
    /// This connection, with all its credit.
    pub(super) fn new(stream: S) -> Self {
        Self { stream: stream.take(PORTION), credit: BURST, since: Instant::now(), wait: None }
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
        if self.credit > 0.0 {
            return Poll::Ready(());
        }
        let now = Instant::now();
        self.credit = (self.credit + now.duration_since(self.since).as_secs_f64() * RATE).min(BURST);
        self.since = now;
        if self.credit > 0.0 {
            return Poll::Ready(());
        }
        let missing = Duration::from_secs_f64((WORTH_WAITING - self.credit) / RATE);
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
        let mut near = Paced::new(near);
        far.write_all(&[0; 10_000]).await.unwrap();
        let polls: Vec<_> = (0..6).map(|_| poll(&mut near)).collect();
        assert_eq!(polls, [Some(4096), None, Some(4096), None, Some(1808), None]);
    }

    #[tokio::test]
    async fn who_talks_without_end_is_listened_to_at_the_rate() {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let mut near = Paced::new(near);
        tokio::spawn(async move { while far.write_all(&[0; 4096]).await.is_ok() {} });
        let (begun, mut read) = (Instant::now(), 0.0);
        while read < BURST + RATE / 2.0 {
            read += near.read(&mut [0; 8192]).await.unwrap() as f64;
            assert!(read <= BURST + begun.elapsed().as_secs_f64() * RATE + PORTION as f64, "{read} bytes");
        }
    }
}
