//! What every extension is doing, from what the registrar and the proxy tell.

use app::phone::Status;
use std::collections::{BTreeSet, HashMap};

/// How long somebody whose phone lost its connection still counts as being there, in milliseconds: a page that
/// reloads is back by then.
const BLINK: u64 = 2_000;

/// Who is there and who is in a call. Pure: time comes in.
#[derive(Debug, Default)]
pub(super) struct Presence {
    lines: HashMap<String, Line>,
    /// Who may be back before which moment: those of `lines` whose reach is [`Reach::Until`].
    waiting: BTreeSet<(u64, String)>,
}

/// A change that is to be told.
pub(super) type Change = (String, Status);

#[derive(Debug, Default)]
struct Line {
    reach: Reach,
    calls: usize,
    ringing: usize,
    told: Status,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reach {
    /// A phone can be reached.
    There,
    /// None can, but one may be back before this moment.
    Until(u64),
    #[default]
    Gone,
}

impl Presence {
    /// A user's bindings changed: how many there are, and how many of them can be reached.
    pub(super) fn bindings(&mut self, user: &str, all: usize, reachable: usize, now: u64) -> Option<Change> {
        self.change(user, |line| {
            line.reach = match (reachable, all, line.reach) {
                (1.., ..) => Reach::There,
                (0, 0, _) => Reach::Gone,
                (0, 1.., Reach::There) => Reach::Until(now.saturating_add(BLINK)),
                (0, 1.., other) => other,
            };
        })
    }

    /// A user's calls changed: how many are answered, and how many ring at their phones.
    pub(super) fn calls(&mut self, user: &str, count: usize, ringing: usize) -> Option<Change> {
        self.change(user, |line| (line.calls, line.ringing) = (count, ringing))
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, now: u64) -> Vec<Change> {
        let due = self.waiting.iter().take_while(|(at, _)| *at <= now);
        let due: BTreeSet<String> = due.map(|(_, user)| user.clone()).collect();
        due.iter().filter_map(|user| self.change(user, |line| line.reach = Reach::Gone)).collect()
    }

    /// When [`Self::timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.waiting.first().map(|(at, _)| *at)
    }

    fn change(&mut self, user: &str, change: impl FnOnce(&mut Line)) -> Option<Change> {
        let line =
            self.lines.entry(user.to_owned()).or_insert_with(|| Line { told: Status::Offline, ..Line::default() });
        let before = line.reach;
        change(line);
        if before != line.reach {
            if let Reach::Until(at) = before {
                self.waiting.remove(&(at, user.to_owned()));
            }
            if let Reach::Until(at) = line.reach {
                self.waiting.insert((at, user.to_owned()));
            }
        }
        let status = match (line.calls, line.reach) {
            (1.., _) => Status::InCall,
            (0, _) if line.ringing > 0 => Status::Ringing,
            (0, Reach::There | Reach::Until(_)) => Status::Online,
            (0, Reach::Gone) => Status::Offline,
        };
        let changed = line.told != status;
        line.told = status;
        if line.calls == 0 && line.ringing == 0 && line.reach == Reach::Gone {
            self.lines.remove(user);
        }
        changed.then(|| (user.to_owned(), status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_that_comes_back_at_once_was_never_away() {
        let mut presence = Presence::default();
        assert_eq!(presence.bindings("1001", 1, 1, 0), Some(("1001".into(), Status::Online)));
        assert_eq!(presence.bindings("1001", 1, 0, 100), None);
        assert_eq!(presence.deadline(), Some(2_100));
        assert_eq!(presence.bindings("1001", 1, 1, 900), None);
        assert_eq!(presence.deadline(), None);
    }

    #[test]
    fn a_phone_that_stays_away_is_offline_and_one_that_unregisters_is_so_at_once() {
        let mut presence = Presence::default();
        let _ = presence.bindings("1001", 1, 1, 0);
        let _ = presence.bindings("1001", 1, 0, 100);
        assert_eq!(presence.timeout(2_099), []);
        assert_eq!(presence.timeout(2_100), [("1001".into(), Status::Offline)]);
        let _ = presence.bindings("1001", 1, 1, 3_000);
        assert_eq!(presence.bindings("1001", 0, 0, 3_001), Some(("1001".into(), Status::Offline)));
    }

    #[test]
    fn a_call_shows_before_anything_else() {
        let mut presence = Presence::default();
        let _ = presence.bindings("1001", 1, 1, 0);
        assert_eq!(presence.calls("1001", 0, 1), Some(("1001".into(), Status::Ringing)));
        assert_eq!(presence.calls("1001", 1, 0), Some(("1001".into(), Status::InCall)));
        assert_eq!(presence.calls("1001", 2, 1), None);
        assert_eq!(presence.calls("1001", 0, 0), Some(("1001".into(), Status::Online)));
    }
}
