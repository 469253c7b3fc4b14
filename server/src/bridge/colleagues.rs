//! What colleagues do, as their PBXs tell who watches them.

use super::lock;
use crate::ports::{self, AccountId, Lamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

/// How many changes a listener may be behind.
const NEWS: usize = 1024;

/// What each was told of their colleagues, shared.
#[derive(Clone, Debug)]
pub struct Colleagues {
    known: Arc<Mutex<BTreeMap<AccountId, BTreeMap<String, Lamp>>>>,
    news: broadcast::Sender<(AccountId, String)>,
}

impl Default for Colleagues {
    fn default() -> Self {
        Self { known: Arc::default(), news: broadcast::channel(NEWS).0 }
    }
}

impl Colleagues {
    /// The PBX tells this account that a colleague does this.
    pub(super) fn tell(&self, account: AccountId, extension: String, lamp: Lamp) {
        lock(&self.known).entry(account).or_default().insert(extension.clone(), lamp);
        // Nobody may be listening.
        let _ = self.news.send((account, extension));
    }

    /// Nobody tells this account anything any more.
    pub(super) fn forget(&self, account: AccountId) {
        let known = lock(&self.known).remove(&account).unwrap_or_default();
        for extension in known.into_keys() {
            let _ = self.news.send((account, extension));
        }
    }
}

impl ports::Lamps for Colleagues {
    fn lamp(&self, account: AccountId, extension: &str) -> Lamp {
        lock(&self.known).get(&account).and_then(|known| known.get(extension)).cloned().unwrap_or_default()
    }

    fn changes(&self) -> broadcast::Receiver<(AccountId, String)> {
        self.news.subscribe()
    }
}
