//! What every extension is doing, for whoever asks: what the exchange sees, what people want, and what they say.

use app::phone::Status;
use sip::body::pidf::{Availability, Presence};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use tokio::sync::broadcast;

/// How many changes a listener may be behind.
const NEWS: usize = 1024;
/// The longest note that is passed on, in characters.
const LONGEST_NOTE: usize = 120;

/// The board.
pub(super) struct Board {
    lines: RwLock<HashMap<String, Line>>,
    news: broadcast::Sender<(String, Status)>,
}

/// What is known of one extension.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    /// What the registrar and the proxy tell: `Unknown` stands for offline, as nothing is known of most.
    seen: Status,
    undisturbed: bool,
    /// What they say, or their phones publish.
    said: Availability,
    note: String,
}

impl Board {
    pub(super) fn new() -> Self {
        Self { lines: RwLock::default(), news: broadcast::channel(NEWS).0 }
    }

    pub(super) fn status(&self, extension: &str) -> Status {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        lines.get(extension).map_or(Status::Offline, Line::shown)
    }

    pub(super) fn note(&self, extension: &str) -> String {
        let lines = self.lines.read().unwrap_or_else(PoisonError::into_inner);
        lines.get(extension).map(|line| line.note.clone()).unwrap_or_default()
    }

    pub(super) fn changes(&self) -> broadcast::Receiver<(String, Status)> {
        self.news.subscribe()
    }

    /// The exchange saw this.
    pub(super) fn tell(&self, (extension, status): (String, Status)) {
        let seen = if status == Status::Offline { Status::Unknown } else { status };
        self.change(extension, |line| line.seen = seen);
    }

    /// Somebody is not to be disturbed from now on, or any longer.
    pub(super) fn undisturb(&self, extension: &str, on: bool) {
        self.change(extension.to_owned(), |line| line.undisturbed = on);
    }

    /// Somebody says this, or nothing any more.
    pub(super) fn say(&self, extension: &str, said: Option<&Presence>) {
        let note = said.and_then(Presence::note).unwrap_or_default();
        let note: String = note.chars().filter(|sign| !sign.is_control()).take(LONGEST_NOTE).collect();
        let said = said.map(Presence::state).unwrap_or_default();
        self.change(extension.to_owned(), |line| (line.said, line.note) = (said, note));
    }

    fn change(&self, extension: String, change: impl FnOnce(&mut Line)) {
        let mut lines: RwLockWriteGuard<'_, _> = self.lines.write().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(extension.clone()).or_default();
        let before = (line.shown(), line.note.clone());
        change(line);
        let status = line.shown();
        let same = before == (status, line.note.clone());
        if *line == Line::default() {
            lines.remove(&extension);
        }
        drop(lines);
        if !same {
            // Nobody may be listening.
            let _ = self.news.send((extension, status));
        }
    }
}

impl Line {
    /// What others see. The first row that fits decides:
    ///
    /// | Row | What is known | What is shown |
    /// | --- | --- | --- |
    /// | BO1 | no phone is there | offline |
    /// | BO2 | they do not want to be disturbed, or a phone of theirs says so | do not disturb |
    /// | BO3 | they are in a call; a phone of theirs rings | so |
    /// | BO4 | a phone publishes that they are on the phone | in a call |
    /// | BO5 | they, or a phone, say busy or away | so |
    /// | BO6 | their phones publish that they are closed | offline |
    /// | BO7 | a phone is there | online |
    fn shown(&self) -> Status {
        match (self.seen, self.said) {
            (Status::Unknown | Status::Offline, _) => Status::Offline,
            _ if self.undisturbed => Status::DoNotDisturb,
            (_, Availability::DoNotDisturb) => Status::DoNotDisturb,
            (seen @ (Status::InCall | Status::Ringing), _) => seen,
            (_, Availability::OnThePhone) => Status::InCall,
            (_, Availability::Busy) => Status::Busy,
            (_, Availability::Away) => Status::Away,
            (_, Availability::Offline) => Status::Offline,
            (seen, Availability::Available | Availability::Unknown) => seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_what_tells_most() {
        use Availability as Said;
        for (row, seen, undisturbed, said, shown) in [
            ("BO1", Status::Offline, true, Said::Away, Status::Offline),
            ("BO2", Status::InCall, true, Said::Available, Status::DoNotDisturb),
            ("BO2", Status::Online, false, Said::DoNotDisturb, Status::DoNotDisturb),
            ("BO3", Status::InCall, false, Said::Away, Status::InCall),
            ("BO3", Status::Ringing, false, Said::Busy, Status::Ringing),
            ("BO4", Status::Online, false, Said::OnThePhone, Status::InCall),
            ("BO5", Status::Online, false, Said::Busy, Status::Busy),
            ("BO5", Status::Online, false, Said::Away, Status::Away),
            ("BO6", Status::Online, false, Said::Offline, Status::Offline),
            ("BO7", Status::Online, false, Said::Unknown, Status::Online),
        ] {
            let seen = if seen == Status::Offline { Status::Unknown } else { seen };
            let line = Line { seen, undisturbed, said, note: String::new() };
            assert_eq!(line.shown(), shown, "{row}");
        }
    }

    #[test]
    fn a_change_is_told_once_and_nothing_is_kept_of_who_is_gone() {
        let board = Board::new();
        let mut news = board.changes();
        let said = Presence::parse(
            b"<presence><tuple id='a'><status><basic>open</basic></status><note>Lunch</note></tuple></presence>",
        );
        board.tell(("1001".to_owned(), Status::Online));
        board.tell(("1001".to_owned(), Status::Online));
        board.say("1001", said.ok().as_ref());
        board.undisturb("1001", true);
        board.undisturb("1001", false);
        board.say("1001", None);
        board.tell(("1001".to_owned(), Status::Offline));
        let told: Vec<Status> = std::iter::from_fn(|| news.try_recv().ok()).map(|(_, status)| status).collect();
        let dnd = Status::DoNotDisturb;
        assert_eq!(told.first(), Some(&Status::Online));
        assert_eq!(told.last(), Some(&Status::Offline));
        assert!(told.contains(&dnd) && told.len() <= 6, "{told:?}");
        assert!(board.lines.read().unwrap().is_empty());
    }
}
