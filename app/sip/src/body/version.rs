use alloc::vec::Vec;

/// Whether a document tells everything, or only what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Notice {
    /// Everything.
    #[default]
    Full,
    /// What changed since the version before.
    Partial,
}

/// What became of a document that was merged into a table (RFC 4235 4.3, RFC 3680 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Merge {
    /// The table is what the server knows.
    Applied,
    /// It was applied, but something before it was missed, or did not fit: the table may be wrong until a full
    /// document comes. The subscriber is to refresh its subscription, which makes the server send one.
    Gap,
    /// It is older than the table: nothing was changed.
    Stale,
}

/// How far a table is in the documents of its subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Progress {
    /// The version of the last document that had one.
    pub(super) version: Option<u32>,
    /// Whether nothing was missed since a full document.
    complete: bool,
}

impl Progress {
    /// Whether and how a document is merged.
    ///
    /// One without a version is taken as the next one. A full one of the same version is applied: some servers
    /// never count, and to be told everything twice does no harm.
    pub(super) const fn admit(&mut self, version: Option<u32>, notice: Notice) -> Merge {
        let full = matches!(notice, Notice::Full);
        let skipped = match (self.version, version) {
            (Some(known), Some(version)) if version < known || (version == known && !full) => return Merge::Stale,
            (Some(known), Some(version)) => version - known > 1,
            (None, _) | (_, None) => false,
        };
        if version.is_some() {
            self.version = version;
        }
        self.complete = full || (self.complete && !skipped);
        self.outcome()
    }

    /// Something did not fit into the table.
    pub(super) const fn lose(&mut self) {
        self.complete = false;
    }

    /// What became of the last document that was admitted.
    pub(super) const fn outcome(&self) -> Merge {
        if self.complete { Merge::Applied } else { Merge::Gap }
    }
}

/// Takes over a part of a table, in the place of the one that `is_same` knows; takes that one away if it is over. Says
/// whether there was room.
pub(super) fn put<T>(table: &mut Vec<T>, part: T, is_same: impl Fn(&T, &T) -> bool, over: bool, limit: usize) -> bool {
    let place = table.iter().position(|known| is_same(known, &part));
    match (place, over) {
        (Some(place), true) => {
            table.remove(place);
        }
        (Some(place), false) => {
            if let Some(known) = table.get_mut(place) {
                *known = part;
            }
        }
        (None, true) => {}
        (None, false) if table.len() < limit => table.push(part),
        (None, false) => return false,
    }
    true
}

impl Notice {
    /// What the attribute `state` says; a server that does not say it sends everything.
    pub(super) fn from_attribute(value: Option<&str>) -> Self {
        match value {
            Some(value) if value.trim().eq_ignore_ascii_case("partial") => Self::Partial,
            Some(_) | None => Self::Full,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
        }
    }
}
