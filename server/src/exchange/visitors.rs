//! Who is connected: counted from the admission of the upgrade, so that nobody slips in between.

use crate::client;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many connections there may be.
const MAX_OPEN: usize = 10_000;
/// How many connections of one address there may be on which nobody has signed a request yet.
pub(super) const MAX_STRANGERS: usize = 64;

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct Visitors(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    strangers: HashMap<IpAddr, usize>,
}

/// One connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Visit {
    visitors: Arc<Visitors>,
    stranger: Option<IpAddr>,
}

/// There is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Crowded {
    #[error("Too many connections are open.")]
    Everywhere,
    #[error("Too many connections of your address are open on which nobody signed in.")]
    Address,
}

impl Visitors {
    /// One more; with an address, if it still has to be seen who that is.
    pub(super) fn enter(self: &Arc<Self>, stranger: Option<IpAddr>) -> Result<Visit, Crowded> {
        let stranger = stranger.map(client::network);
        let mut open = self.lock();
        if open.all >= MAX_OPEN {
            return Err(Crowded::Everywhere);
        }
        if let Some(address) = stranger {
            let count = open.strangers.entry(address).or_default();
            if *count >= MAX_STRANGERS {
                return Err(Crowded::Address);
            }
            *count += 1;
        }
        open.all += 1;
        Ok(Visit { visitors: Arc::clone(self), stranger })
    }

    /// A panic while counting leaves nothing half done that matters.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visit {
    /// It is known now who that is.
    pub(super) fn known(&mut self) {
        let Some(address) = self.stranger.take() else { return };
        let mut open = self.visitors.lock();
        if let Some(count) = open.strangers.get_mut(&address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                open.strangers.remove(&address);
            }
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.known();
        let mut open = self.visitors.lock();
        open.all = open.all.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn there_is_so_much_room_and_who_goes_makes_some() {
        let visitors = Arc::<Visitors>::default();
        let mut inside: Vec<_> = (0..MAX_OPEN).map(|_| visitors.enter(None).unwrap()).collect();
        assert_eq!(visitors.enter(None).unwrap_err(), Crowded::Everywhere);
        let stranger = Some(IpAddr::from(Ipv4Addr::LOCALHOST));
        assert_eq!(visitors.enter(stranger).unwrap_err(), Crowded::Everywhere);
        inside.pop();
        let _last = visitors.enter(stranger).unwrap();
        assert_eq!(visitors.enter(None).unwrap_err(), Crowded::Everywhere);
    }
}
