//! What waits for whom, as their PBXs said last.

use super::lock;
use crate::ports::{self, AccountId, Waiting};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What is known of all mailboxes, shared.
#[derive(Clone, Debug)]
pub struct Mailboxes {
    known: Arc<Mutex<BTreeMap<AccountId, Waiting>>>,
    revisions: watch::Sender<u64>,
}

impl Default for Mailboxes {
    fn default() -> Self {
        Self { known: Arc::default(), revisions: watch::Sender::new(0) }
    }
}

impl Mailboxes {
    /// This waits for them now.
    pub(super) fn tell(&self, account: AccountId, waiting: Waiting) {
        if lock(&self.known).insert(account, waiting) != Some(waiting) {
            self.revisions.send_modify(|revision| *revision += 1);
        }
    }

    /// Nobody knows what waits for them.
    pub(super) fn forget(&self, account: AccountId) {
        if lock(&self.known).remove(&account).is_some() {
            self.revisions.send_modify(|revision| *revision += 1);
        }
    }
}

impl ports::Mailboxes for Mailboxes {
    fn waiting(&self, account: AccountId) -> Option<Waiting> {
        lock(&self.known).get(&account).copied()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.revisions.subscribe()
    }
}
