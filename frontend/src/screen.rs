use app::caller::Caller;
use app::phone::{
    Call, CallKey, Ended, Line, LineState, LineStateStoreFields, Phase, Presence, Registration, Seat, Status,
};
use app::quality::Qualities;
use leptos::prelude::*;
use reactive_stores::ArcStore;
use sip::{Duration, Instant};
use std::cell::RefCell;

/// How long it waits to draw calls that go on to the next phase in a moment, while the page has more urgent things to do:
/// drawing takes the time that opening a microphone and connecting needs. Nobody notices so short a wait.
const PASSING: Duration = Duration::from_millis(100);

/// The line's state as every view of this page shows it. Only what differs is written, so that only that is drawn anew.
pub(crate) struct Screen {
    state: ArcStore<LineState>,
    seat: ArcRwSignal<Seat>,
    silent: ArcRwSignal<bool>,
    speaking: ArcRwSignal<Option<CallKey>>,
    qualities: ArcRwSignal<Qualities>,
    /// Calls that are not drawn yet, and since when.
    passing: RefCell<Option<(Instant, Vec<Call>)>>,
    missed: ArcRwSignal<u32>,
    unread: ArcRwSignal<u32>,
    voicemail: ArcRwSignal<String>,
    callers: ArcRwSignal<Vec<Caller>>,
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
            passing: RefCell::default(),
            missed: line.missed.clone(),
            unread: line.unread.clone(),
            voicemail: line.voicemail.clone(),
            callers: line.callers.clone(),
        }
    }

    /// All that is shown, or will be in a moment.
    pub(crate) fn state(&self) -> LineState {
        let mut state = self.state.get_untracked();
        if let Some((_, calls)) = &*self.passing.borrow() {
            state.calls.clone_from(calls);
        }
        state
    }

    /// When calls that wait are to be shown again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.passing.borrow().as_ref().map(|(since, _)| *since + PASSING)
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

    /// The number of the voicemail.
    pub(crate) fn show_voicemail(&self, number: &str) {
        if self.voicemail.with_untracked(|shown| shown != number) {
            self.voicemail.set(number.to_owned());
        }
    }

    pub(crate) fn show_qualities(&self, qualities: Qualities) {
        if self.qualities.with_untracked(|shown| *shown != qualities) {
            self.qualities.set(qualities);
        }
    }

    /// Shows how many calls were missed that the person has not seen.
    pub(crate) fn show_missed(&self, missed: u32) {
        self.missed.set(missed);
    }

    /// Shows who is at the other end of calls.
    pub(crate) fn show_callers(&self, callers: Vec<Caller>) {
        self.callers.set(callers);
    }

    /// Shows how many messages came that the person has not seen.
    pub(crate) fn show_unread(&self, unread: u32) {
        if self.unread.get_untracked() != unread {
            self.unread.set(unread);
        }
    }

    pub(crate) fn show_registration(&self, registration: Registration) {
        let shown = self.state.clone().registration();
        if shown.get_untracked() != registration {
            shown.set(registration);
        }
    }

    /// Shows these calls, in a moment where one of them is only passing through a phase.
    pub(crate) fn show_calls(&self, calls: Vec<Call>, now: Instant) {
        let passes = self.state.clone().calls().with_untracked(|shown| calls.iter().any(|call| passes(call, shown)));
        let since = self.passing.take().map_or(now, |(since, _)| since);
        if passes && now.since(since) < PASSING {
            self.passing.replace(Some((since, calls)));
        } else {
            self.draw_calls(calls);
        }
    }

    /// A call that stays keeps its place on the page, and only it is drawn anew when it changed.
    fn draw_calls(&self, calls: Vec<Call>) {
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
        let unknown = |presence: Presence| Presence { status: Status::Unknown, note: String::new(), ..presence };
        self.show_presence(self.state.clone().presence().get_untracked().into_iter().map(unknown).collect());
    }

    /// Shows what the tab that holds the line shows; what the contacts are doing is told to every tab by the server.
    pub(crate) fn show_line(&self, line: LineState) {
        self.show_registration(line.registration);
        self.passing.take();
        self.draw_calls(line.calls);
        self.show_ended(line.ended);
        self.show_dialled(line.dialled);
    }
}

/// Whether this call has just come to a phase that it leaves in a moment, if all goes well.
fn passes(call: &Call, shown: &[Call]) -> bool {
    matches!(call.phase, Phase::Preparing | Phase::Answering | Phase::Connecting)
        && shown.iter().all(|known| known.key != call.key || known.phase != call.phase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::phone::{self, Direction, Party};

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn call(phase: Phase) -> Vec<Call> {
        vec![Call::new(1, Direction::Incoming, Party::default(), phase)]
    }

    fn drawn(screen: &Screen) -> Vec<Phase> {
        screen.state.clone().calls().with_untracked(|calls| calls.iter().map(|call| call.phase).collect())
    }

    #[test]
    fn phases_that_pass_in_a_moment_are_not_drawn_but_told() {
        let owner = Owner::new();
        owner.set();
        let screen = Screen::new(&phone::pair(LineState::default(), 0).1);
        screen.show_calls(call(Phase::RingingHere), at(0));
        screen.show_calls(call(Phase::Answering), at(1_000));
        assert_eq!(drawn(&screen), [Phase::RingingHere]);
        assert_eq!(screen.state().calls, call(Phase::Answering));
        assert_eq!(screen.deadline(), Some(at(1_100)));
        screen.show_calls(call(Phase::Connecting), at(1_050));
        assert_eq!(drawn(&screen), [Phase::RingingHere]);
        screen.show_calls(call(Phase::Talking), at(1_090));
        assert_eq!(drawn(&screen), [Phase::Talking]);
        assert_eq!(screen.deadline(), None);
    }

    #[test]
    fn a_phase_that_lasts_is_drawn_and_so_is_what_happens_in_it() {
        let owner = Owner::new();
        owner.set();
        let screen = Screen::new(&phone::pair(LineState::default(), 0).1);
        screen.show_calls(call(Phase::Preparing), at(0));
        assert_eq!(drawn(&screen), []);
        screen.show_calls(call(Phase::Preparing), at(100));
        assert_eq!(drawn(&screen), [Phase::Preparing]);
        let muted = vec![Call { muted: true, ..call(Phase::Preparing).remove(0) }];
        screen.show_calls(muted.clone(), at(110));
        assert_eq!(screen.state.clone().calls().get_untracked(), muted);
        assert_eq!(screen.deadline(), None);
    }
}
