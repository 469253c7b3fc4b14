//! All the legs: at most one for each account.

use super::guard::Guard;
use super::leg::{self, Owner, Refused, Seat, Sit};
use super::publication::Says;
use super::upstream::Closed;
use super::{Inner, lock};
use crate::pbx::Pbx;
use crate::ports::AccountId;
use sip::uri::SipUri;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{mpsc, oneshot};

/// How many messages may wait between a leg and who sits at it; then each side waits for the other.
const QUEUE: usize = 64;
/// How many may want to sit down at once.
const ORDERS: usize = 8;
/// A leg that just ends is not the last one.
const TRIES: usize = 3;

/// A leg that runs.
pub(super) struct Running {
    number: u64,
    orders: mpsc::Sender<Sit>,
}

/// The other end of a [`Seat`]: dropping it is standing up.
pub(super) struct Place {
    /// To the PBX.
    pub(super) to: mpsc::Sender<Vec<u8>>,
    /// From it.
    pub(super) from: mpsc::Receiver<Vec<u8>>,
    /// Why nothing comes any more.
    pub(super) end: oneshot::Receiver<Closed>,
    /// Told when it is left for good.
    pub(super) for_good: oneshot::Sender<()>,
}

/// Whose phone it is.
#[derive(Clone)]
pub(super) struct Phone {
    pub(super) account: AccountId,
    pub(super) extension: String,
    pub(super) pbx: Arc<Pbx>,
}

impl Inner {
    /// Sits down at the leg of this phone, which is made if there is none.
    pub(super) async fn sit(self: &Arc<Self>, phone: &Phone, epoch: u64) -> Result<Place, Refused> {
        let colleagues = self.homes.colleagues(phone.account, &phone.pbx.name).await;
        for _ in 0..TRIES {
            let orders = self.leg(phone).await?;
            let (place, seat) = place();
            let (told, answer) = oneshot::channel();
            if orders.send(Sit { epoch, colleagues: colleagues.clone(), seat, told }).await.is_err() {
                continue;
            }
            match answer.await {
                Ok(Ok(())) => return Ok(place),
                Ok(Err(Refused::Ending)) | Err(_) => {}
                Ok(Err(refused)) => return Err(refused),
            }
        }
        Err(Refused::Ending)
    }

    /// The way to the leg of this phone.
    async fn leg(self: &Arc<Self>, phone: &Phone) -> Result<mpsc::Sender<Sit>, Refused> {
        if let Some(running) = self.running(phone.account) {
            return Ok(running);
        }
        let own = SipUri::new(&phone.extension, &phone.pbx.domain).map_err(|_| Refused::Unreachable)?;
        let secret = self.ports.secrets.pbx_secret(phone.account).await;
        // Subscribed before it is read, so that no change falls between.
        let routes = &self.ports.routes;
        let (statements, quiets) = (routes.statements(), routes.changes());
        let stated = routes.stated().await.unwrap_or_default().remove(&phone.extension).unwrap_or_default();
        let quiet = routes.quiet().await.unwrap_or_default().contains(&phone.extension);
        let says = Says { stated, quiet };
        let owner = Owner {
            account: phone.account,
            extension: phone.extension.clone(),
            says,
            statements,
            quiets,
            pbx: Arc::clone(&phone.pbx),
            guard: Guard::new(own),
            secret,
            mailboxes: self.mailboxes.clone(),
            colleagues: self.colleagues.clone(),
        };
        let stop = lock(&self.door).clone().ok_or(Refused::Ending)?;
        let (orders, ordered) = mpsc::channel(ORDERS);
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let mut legs = lock(&self.legs);
        // Somebody else may have been faster.
        if let Some(running) = legs.get(&phone.account).filter(|running| !running.orders.is_closed()) {
            return Ok(running.orders.clone());
        }
        legs.insert(phone.account, Running { number, orders: orders.clone() });
        let (inner, account) = (Arc::clone(self), phone.account);
        tokio::spawn(async move {
            let _entry = Entry { inner, account, number };
            leg::run(owner, ordered, stop).await;
        });
        Ok(orders)
    }

    fn running(&self, account: AccountId) -> Option<mpsc::Sender<Sit>> {
        let legs = lock(&self.legs);
        legs.get(&account).filter(|running| !running.orders.is_closed()).map(|running| running.orders.clone())
    }
}

/// A leg's entry, until it is dropped.
struct Entry {
    inner: Arc<Inner>,
    account: AccountId,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut legs = lock(&self.inner.legs);
        if legs.get(&self.account).is_some_and(|running| running.number == self.number) {
            legs.remove(&self.account);
        }
    }
}

fn place() -> (Place, Seat) {
    let (to, said) = mpsc::channel(QUEUE);
    let (heard, from) = mpsc::channel(QUEUE);
    let (ending, end) = oneshot::channel();
    let (for_good, left) = oneshot::channel();
    (Place { to, from, end, for_good }, Seat { from: said, to: heard, end: Some(ending), for_good: left })
}
