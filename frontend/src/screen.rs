use app::phone::{Call, CallKey, Ended, Line, LineState, LineStateStoreFields, Presence, Registration, Seat, Status};
use app::quality::Qualities;
use leptos::prelude::*;
use reactive_stores::ArcStore;

/// The line's state as every view of this page shows it. Only what differs is written, so that only that is drawn anew.
pub(crate) struct Screen {
    state: ArcStore<LineState>,
    seat: ArcRwSignal<Seat>,
    silent: ArcRwSignal<bool>,
    speaking: ArcRwSignal<Option<CallKey>>,
    qualities: ArcRwSignal<Qualities>,
}

impl Screen {
    /// Of the driver's end of the phone.
    pub(crate) fn new(line: &Line) -> Self {
        Self {
            state: line.state.clone(),
            seat: line.seat.clone(),
            silent: line.silent.clone(),
            speaking: line.speaking.clone(),
            qualities: line.qualities.clone(),
        }
    }

    /// All that is shown.
    pub(crate) fn state(&self) -> LineState {
        self.state.get_untracked()
    }

    /// How this tab stands to the line, as shown.
    pub(crate) fn seat(&self) -> Seat {
        self.seat.get_untracked()
    }

    pub(crate) fn show_seat(&self, seat: Seat) {
        if self.seat.get_untracked() != seat {
            self.seat.set(seat);
        }
    }

    /// Whether the browser plays nothing until somebody clicks.
    pub(crate) fn show_silent(&self, silent: bool) {
        if self.silent.get_untracked() != silent {
            self.silent.set(silent);
        }
    }

    /// Who of the conference spoke last.
    pub(crate) fn show_speaking(&self, speaking: Option<CallKey>) {
        if self.speaking.get_untracked() != speaking {
            self.speaking.set(speaking);
        }
    }

    pub(crate) fn show_qualities(&self, qualities: Qualities) {
        if self.qualities.with_untracked(|shown| *shown != qualities) {
            self.qualities.set(qualities);
        }
    }

    pub(crate) fn show_registration(&self, registration: Registration) {
        let shown = self.state.clone().registration();
        if shown.get_untracked() != registration {
            shown.set(registration);
        }
    }

    /// Shows these calls: a call that stays keeps its place on the page, and only it is drawn anew when it changed.
    pub(crate) fn show_calls(&self, calls: Vec<Call>) {
        let shown = self.state.clone().calls();
        let before = shown.get_untracked();
        if before.iter().map(|call| call.key).ne(calls.iter().map(|call| call.key)) {
            shown.set(calls);
            return;
        }
        for (before, call) in before.into_iter().zip(calls) {
            let row = shown.clone().at_key(call.key);
            // Reading comes first: a store learns the keys of a list when it is read, and writes nothing under unknown ones.
            if before != call && row.try_get_untracked().is_some() {
                row.set(call);
            }
        }
    }

    pub(crate) fn show_ended(&self, ended: Option<Ended>) {
        let shown = self.state.clone().ended();
        if shown.get_untracked() != ended {
            shown.set(ended);
        }
    }

    /// Shows what was dialled last.
    pub(crate) fn show_dialled(&self, dialled: String) {
        let shown = self.state.clone().dialled();
        if shown.get_untracked() != dialled {
            shown.set(dialled);
        }
    }

    /// Shows what these contacts are doing; of others, what was known stays.
    pub(crate) fn show_presence(&self, news: Vec<Presence>) {
        let shown = self.state.clone().presence();
        let before = shown.get_untracked();
        let mut merged = before.clone();
        for presence in news {
            match merged.iter_mut().find(|known| known.extension == presence.extension) {
                Some(known) => *known = presence,
                None => merged.push(presence),
            }
        }
        if merged != before {
            shown.set(merged);
        }
    }

    /// Nobody tells any more what the contacts are doing.
    pub(crate) fn forget_presence(&self) {
        let unknown = |presence: Presence| Presence { status: Status::Unknown, ..presence };
        self.show_presence(self.state.clone().presence().get_untracked().into_iter().map(unknown).collect());
    }

    /// Shows what the tab that holds the line shows; what the contacts are doing is told to every tab by the server.
    pub(crate) fn show_line(&self, line: LineState) {
        self.show_registration(line.registration);
        self.show_calls(line.calls);
        self.show_ended(line.ended);
        self.show_dialled(line.dialled);
    }
}
