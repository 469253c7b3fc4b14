use alloc::string::String;
use alloc::vec::Vec;

use super::super::version::{Progress, put};
use super::super::{Merge, Notice, limits};
use super::{Dialog, DialogInfo, DialogState};

/// What a subscriber knows of somebody's dialogs (RFC 4235 4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DialogTable {
    progress: Progress,
    entity: Option<String>,
    dialogs: Vec<Dialog>,
}

impl DialogTable {
    /// A table at the beginning of a subscription.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over a document. A full one replaces all; a partial one replaces its dialogs, by their ids. Dialogs
    /// that are terminated are gone. Of more than [`limits::DIALOGS`] the last are left out, which is a gap.
    pub fn merge(&mut self, info: DialogInfo) -> Merge {
        if self.progress.admit(info.version, info.notice) == Merge::Stale {
            return Merge::Stale;
        }
        self.entity = info.entity.or_else(|| self.entity.take());
        if info.notice == Notice::Full {
            self.dialogs.clear();
        }
        for dialog in info.dialogs {
            let over = dialog.state == Some(DialogState::Terminated);
            if !put(&mut self.dialogs, dialog, |one, other| one.id == other.id, over, limits::DIALOGS) {
                self.progress.lose();
            }
        }
        self.progress.outcome()
    }

    /// Whose dialogs.
    #[must_use]
    pub fn entity(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    /// The version of the last document that had one.
    #[must_use]
    pub const fn version(&self) -> Option<u32> {
        self.progress.version
    }

    /// The dialogs that are not over.
    #[must_use]
    pub fn dialogs(&self) -> &[Dialog] {
        &self.dialogs
    }
}
