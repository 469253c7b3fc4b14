//! What waits for people in mailboxes.

use super::AccountId;
use tokio::sync::watch;

/// What waits in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many voice messages nobody heard yet; `None` where that there are some is all that is known.
    pub new: Option<u32>,
    /// How many others there are.
    pub old: u32,
}

/// What waits for people where their lines are at home; implemented by `bridge`.
pub trait Mailboxes: Send + Sync + 'static {
    /// What waits for this account, as far as it is known now.
    fn waiting(&self, account: AccountId) -> Option<Waiting>;
    /// Fires when something else waits for somebody.
    fn changed(&self) -> watch::Receiver<u64>;
}
