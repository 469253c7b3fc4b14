//! How much may wait.

use std::collections::HashMap;

/// Limits of what is stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::exchange) struct Limits {
    /// For one recipient.
    pub(in crate::exchange) recipient: Share,
    /// From one sender, for whomever.
    pub(in crate::exchange) sender: Share,
    /// Of all.
    pub(in crate::exchange) all: Share,
}

/// So many messages, of so many bytes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::exchange) struct Share {
    pub(in crate::exchange) count: usize,
    pub(in crate::exchange) bytes: usize,
}

/// What of the limits is used.
#[derive(Debug, Default)]
pub(super) struct Quota {
    senders: HashMap<String, Share>,
    all: Share,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            recipient: Share { count: 200, bytes: 512 * 1024 },
            sender: Share { count: 1_000, bytes: 2 * 1024 * 1024 },
            all: Share { count: 100_000, bytes: 256 * 1024 * 1024 },
        }
    }
}

impl Share {
    /// Whether one more of this size is within the limit.
    pub(super) const fn has_room(self, limit: Self, size: usize) -> bool {
        self.count < limit.count && self.bytes.saturating_add(size) <= limit.bytes
    }

    pub(super) const fn add(&mut self, size: usize) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
    }

    pub(super) const fn take(&mut self, size: usize) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size);
    }
}

impl Quota {
    /// Whether this sender may have one more stored.
    pub(super) fn has_room(&self, from: &str, size: usize, limits: &Limits) -> bool {
        let sender = self.senders.get(from).copied().unwrap_or_default();
        sender.has_room(limits.sender, size) && self.all.has_room(limits.all, size)
    }

    pub(super) fn add(&mut self, from: &str, size: usize) {
        self.senders.entry(from.to_owned()).or_default().add(size);
        self.all.add(size);
    }

    pub(super) fn take(&mut self, from: &str, size: usize) {
        self.all.take(size);
        if let Some(sender) = self.senders.get_mut(from) {
            sender.take(size);
            if sender.count == 0 {
                self.senders.remove(from);
            }
        }
    }
}
