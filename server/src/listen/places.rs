//! How many connections there are, of everybody and of one network.

use crate::fence::{Fence, Fenced};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Who turns others away says so this often at most: whoever tries over and over must not fill the log.
const COMPLAINT: Duration = Duration::from_secs(60);

/// The places, and who has them.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    per_network: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    networks: HashMap<IpAddr, usize>,
    complained: Option<Instant>,
}

/// One place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    network: Option<IpAddr>,
}

/// A connection with its place: whatever becomes of the connection, the place is taken until it is closed.
#[derive(Debug)]
pub(super) struct Placed {
    stream: Fenced<TcpStream>,
    _place: Place,
}

/// There is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Crowded {
    #[error("too many connections are open")]
    Everywhere,
    #[error("too many connections of its network are open")]
    Network,
}

impl Places {
    pub(super) fn new(most: usize, per_network: usize) -> Self {
        Self { most, per_network, taken: Mutex::default() }
    }

    /// One more; with the network it is counted for, if any.
    pub(super) fn enter(self: &Arc<Self>, network: Option<IpAddr>) -> Result<Place, Crowded> {
        let mut taken = self.lock();
        if taken.all >= self.most {
            return Err(Crowded::Everywhere);
        }
        if let Some(network) = network {
            let count = taken.networks.entry(network).or_default();
            if *count >= self.per_network {
                return Err(Crowded::Network);
            }
            *count += 1;
        }
        taken.all += 1;
        Ok(Place { places: Arc::clone(self), network })
    }

    /// Whether it is time to say that somebody was turned away.
    pub(super) fn complain(&self) -> bool {
        let mut taken = self.lock();
        let due = taken.complained.is_none_or(|last| last.elapsed() >= COMPLAINT);
        if due {
            taken.complained = Some(Instant::now());
        }
        due
    }

    /// A panic while counting leaves nothing half done that matters.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn with(self, stream: TcpStream, fence: Fence) -> Placed {
        Placed { stream: Fenced::new(stream, fence), _place: self }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all = taken.all.saturating_sub(1);
        let Some(network) = self.network else { return };
        if let Some(count) = taken.networks.get_mut(&network) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.networks.remove(&network);
            }
        }
    }
}

impl Placed {
    /// The first byte, without taking it.
    pub(super) async fn first(&self) -> Option<u8> {
        let mut first = [0];
        let count = self.stream.get_ref().peek(&mut first).await.ok()?;
        (count > 0).then_some(first[0])
    }
}

impl AsyncRead for Placed {
    #[inline]
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Placed {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    #[inline]
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1)));
    const OTHER: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 2)));

    #[test]
    fn a_network_has_so_many_places_and_takes_none_of_others() {
        let places = Arc::new(Places::new(10, 2));
        let first = [places.enter(ONE).unwrap(), places.enter(ONE).unwrap()];
        assert_eq!(places.enter(ONE).unwrap_err(), Crowded::Network);
        let _other = places.enter(OTHER).unwrap();
        drop(first);
        let _again = places.enter(ONE).unwrap();
        assert_eq!(places.lock().networks.len(), 2, "who is gone is forgotten");
    }

    #[test]
    fn there_is_an_end_of_places_for_everybody() {
        let places = Arc::new(Places::new(2, 2));
        let _proxies = [places.enter(None).unwrap(), places.enter(None).unwrap()];
        assert_eq!(places.enter(ONE).unwrap_err(), Crowded::Everywhere);
        assert!(places.complain());
        assert!(!places.complain(), "not for each of them");
    }
}
