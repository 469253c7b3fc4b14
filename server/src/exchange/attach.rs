//! A connection without a socket: for a line of this very process whose account is known already.

use super::desk::party;
use super::mail::{Mail, Outgoing, QUEUE, Waiting, queue};
use super::socket::{BURST, RATE};
use super::{Exchange, Inner};
use crate::ports::{AccountId, SignedIn, Uplink, Uplinks};
use crate::socket::Budget;
use crate::stop::Stop;
use async_trait::async_trait;
use axum::body::Bytes;
use sip::message::limits;
use sip::registrar::{Admission, Arrival, Flow};
use sip::transaction::Reliability;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

#[async_trait]
impl Uplinks for Exchange {
    async fn open(&self, account: AccountId, _: u64, extension: &str) -> Option<Uplink> {
        let stop = self.shared.door.enter()?;
        let (to, sent) = mpsc::channel(QUEUE);
        let (delivered, from) = mpsc::channel(QUEUE);
        let flow = self.shared.next_flow();
        let attached = Attached {
            inner: Arc::clone(&self.shared),
            account,
            extension: extension.to_owned(),
            flow,
            sent,
            delivered,
        };
        tokio::spawn(attached.run(stop));
        Some(Uplink { to, from })
    }
}

struct Attached {
    inner: Arc<Inner>,
    account: AccountId,
    extension: String,
    flow: Flow,
    sent: mpsc::Receiver<Vec<u8>>,
    delivered: mpsc::Sender<Vec<u8>>,
}

/// It is over.
struct Over;

impl Attached {
    async fn run(mut self, mut stop: Stop) {
        let Some(person) = self.person().await else { return };
        let (queue, mut outgoing) = queue();
        let admission = Admission::Account(party(person.extension, person.name));
        let arrival = Arrival { flow: self.flow, admission, host: None, reliability: Reliability::Reliable };
        let opened = Mail::Opened { arrival, address: IpAddr::V4(Ipv4Addr::LOCALHOST), queue, edge: None };
        if self.inner.inbox.send(opened).await.is_err() {
            return;
        }
        let Err(Over) = self.converse(&mut outgoing, &mut stop).await;
        let _ = self.inner.inbox.send(Mail::Closed { flow: self.flow, for_good: false }).await;
    }

    /// Whose line it is, as long as they are who they were.
    async fn person(&self) -> Option<SignedIn> {
        let person = self.inner.ports.accounts.by_extension(&self.extension).await;
        person.filter(|person| person.account == self.account)
    }

    async fn converse(&mut self, outgoing: &mut Waiting, stop: &mut Stop) -> Result<Infallible, Over> {
        let mut ended = self.inner.ports.sessions.ended();
        let mut budget = Budget::new(BURST, RATE);
        let mut stopped = pin!(stop.requested());
        loop {
            tokio::select! {
                message = self.sent.recv() => self.send(&mut budget, message).await?,
                message = outgoing.recv() => match message {
                    Some(Outgoing::Message(bytes) | Outgoing::ToPort(bytes, _)) => match self.delivered.try_send(bytes) {
                        // Who is gone may have said something before that.
                        Ok(()) | Err(TrySendError::Closed(_)) => {}
                        // Who does not read fast enough is cut off, as every phone.
                        Err(TrySendError::Full(_)) => return Err(Over),
                    },
                    Some(Outgoing::Admitted) => {}
                    Some(Outgoing::Close(..)) | None => return Err(Over),
                },
                account = ended.recv() => {
                    let concerned = match account {
                        Ok(account) => account == self.account,
                        Err(RecvError::Lagged(_)) => true,
                        Err(RecvError::Closed) => return Err(Over),
                    };
                    // A session is over, and perhaps it is because the account is.
                    if concerned && self.person().await.is_none() {
                        return Err(Over);
                    }
                }
                () = &mut stopped => return Err(Over),
            }
        }
    }

    async fn send(&self, budget: &mut Budget, message: Option<Vec<u8>>) -> Result<(), Over> {
        let bytes = message.filter(|bytes| bytes.len() <= limits::MESSAGE && budget.spend()).ok_or(Over)?;
        let mail = Mail::Received { flow: self.flow, bytes: Bytes::from(bytes) };
        self.inner.inbox.send(mail).await.map_err(|_| Over)
    }
}
