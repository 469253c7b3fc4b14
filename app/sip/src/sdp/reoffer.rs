use alloc::vec::Vec;

use super::{Direction, Media, SessionDescription};

/// What changes in a media section from one offer to the next of the same session (RFC 3264 8), by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaChange {
    /// It is new (RFC 3264 8.1).
    Added {
        /// Its place.
        index: usize,
    },
    /// It is over: its port is 0 now (RFC 3264 8.2).
    Rejected {
        /// Its place.
        index: usize,
    },
    /// It was over, and its place is used again (RFC 3264 8.1).
    Reused {
        /// Its place.
        index: usize,
    },
    /// The live section is of another kind now (RFC 3264 8.3.3), or has another name.
    Replaced {
        /// Its place.
        index: usize,
    },
    /// It flows another way.
    Direction {
        /// Its place.
        index: usize,
        /// What it was.
        from: Direction,
        /// What it is.
        to: Direction,
    },
    /// It is gone, which no offer may do to it (RFC 3264 8).
    Missing {
        /// Its place in the offer before.
        index: usize,
    },
}

impl SessionDescription {
    /// What changes in the media sections since `previous`, an earlier description of the same end in the session.
    #[must_use]
    pub fn media_changes(&self, previous: &Self) -> Vec<MediaChange> {
        let mut changes = Vec::new();
        for index in 0..previous.media.len().max(self.media.len()) {
            let change = match (previous.media.get(index), self.media.get(index)) {
                (Some(before), Some(now)) => self.change(previous, index, (before, now)),
                (Some(_), None) => Some(MediaChange::Missing { index }),
                (None, Some(_)) => Some(MediaChange::Added { index }),
                (None, None) => None,
            };
            changes.extend(change);
        }
        changes
    }

    /// Gives an offer all sections that the session had, `previous` being the description that was applied last,
    /// of either end: what is missing comes in as over, in its place, and what is new stands behind (RFC 3264 8).
    /// Browsers refuse an offer with fewer sections. There may be more than
    /// [`MEDIA`](super::limits::MEDIA) sections then. Says whether anything was missing: if so, the answer has to be
    /// [mended](Self::mend_answer) to the offer as it was received.
    pub fn mend_reoffer(&mut self, previous: &Self) -> bool {
        let mut missing = false;
        let end = self.session.end();
        for (index, before) in previous.media.iter().enumerate() {
            let stays = self.media.get(index).is_some_and(|now| before.is_rejected() || goes_on(before, now));
            if !stays {
                missing = true;
                self.media.insert(index.min(self.media.len()), Media::rejected(before, end));
            }
        }
        missing
    }

    /// Gives an offer that a fresh connection made all sections that the session had, `previous` being what we said last:
    /// the sections of a kind stay in their order, and what no longer is comes in as over, in its place (RFC 3264 8). Names
    /// do not count, as the fresh connection gave its own. Says whether anything was missing: the answer has to be
    /// [mended](Self::mend_answer) to the offer as it was made.
    pub fn mend_fresh_offer(&mut self, previous: &Self) -> bool {
        let mut missing = false;
        let end = self.session.end();
        for (index, before) in previous.media.iter().enumerate() {
            let stays = self.media.get(index).is_some_and(|now| before.kind().eq_ignore_ascii_case(now.kind()));
            if !stays {
                missing = true;
                let mut over = Media::rejected(before, end);
                // The name may be that of another section here.
                if self.media.iter().any(|media| media.mid() == over.mid()) {
                    over.section_mut().retain_attributes(&mut |name, _| name != "mid");
                }
                self.media.insert(index.min(self.media.len()), over);
            }
        }
        missing
    }

    fn change(&self, previous: &Self, index: usize, pair: (&Media, &Media)) -> Option<MediaChange> {
        let (before, now) = pair;
        match (before.is_rejected(), now.is_rejected()) {
            (true, true) => return None,
            (true, false) => return Some(MediaChange::Reused { index }),
            (false, true) => return Some(MediaChange::Rejected { index }),
            (false, false) => {}
        }
        if !goes_on(before, now) {
            return Some(MediaChange::Replaced { index });
        }
        let (from, to) = (previous.direction(index)?, self.direction(index)?);
        (from != to).then_some(MediaChange::Direction { index, from, to })
    }
}

/// Whether it is the same section: of the same kind, and not of another name.
fn goes_on(before: &Media, now: &Media) -> bool {
    let renamed = before.mid().zip(now.mid()).is_some_and(|(before, now)| before != now);
    before.kind().eq_ignore_ascii_case(now.kind()) && !renamed
}
