//! The calls that are recorded: one file for those that are joined in a conference.
//!
//! Who is joined is recorded or not as one; the file is that of the call that was recorded first. When that one ends, or is
//! split off, those that are left go on in a file of their own.

use super::{Calls, Kept};
use crate::recording::{Recording, Subject};
use app::media;
use app::phone::{Recorded, RecordingFailure};
use sip::agent::{Call, CallId, Phase};
use sip::{Duration, Instant};
use std::rc::Rc;

/// The tone that tells the other end: hertz, and from when to when, in seconds.
const TONE: f32 = 1_400.0;
const NOTES: [(f64, f64); 1] = [(0.0, 0.3)];
/// How often it is heard, and how soon it is tried again where it could not be.
const AGAIN: Duration = Duration::from_secs(15);
const SOON: Duration = Duration::from_secs(1);

/// What is known of the recording of a call beside whether it is wanted.
#[derive(Default)]
pub(super) struct Taping {
    recording: Option<Recording>,
    /// Why there is none any more.
    failure: Option<RecordingFailure>,
    /// A page before this one recorded it.
    anew: bool,
    /// When the other end is to hear a tone next.
    tone: Option<Instant>,
}

impl Taping {
    /// Of a call that was recorded by the page before this one, or not.
    pub(super) fn inherited(recorded: bool) -> Self {
        Self { anew: recorded, ..Self::default() }
    }
}

impl Calls {
    /// Has this call recorded, and those that are joined with it, or ends that.
    pub(crate) fn record(&mut self, call: CallId, wanted: bool) {
        for call in self.together(call) {
            let kept = self.kept(call);
            kept.facts.recorded = wanted;
            if wanted {
                (kept.taping.failure, kept.taping.anew) = (None, false);
            } else {
                kept.taping = Taping::default();
            }
        }
    }

    /// How it stands with the recording of this call.
    pub(crate) fn recorded_of(&self, call: CallId) -> Recorded {
        let together = self.together(call);
        let of = || self.kept.iter().filter(|kept| together.contains(&kept.call));
        let policy = self.pool.media().recording;
        let recording = of().find_map(|kept| kept.taping.recording.as_ref());
        if let Some(recording) = recording {
            return recording.shown(policy == media::Recording::Announced);
        }
        match of().find_map(|kept| kept.taping.failure) {
            Some(failure) => Recorded::Failed(failure),
            None if policy == media::Recording::Off => Recorded::Forbidden,
            None if of().any(|kept| kept.facts.recorded) => Recorded::Starting,
            None => Recorded::No,
        }
    }

    /// Begins and ends recordings as it is wanted, and has them hear what is heard and said. `name`: who is at the other end.
    pub(crate) fn follow_recorded(&mut self, calls: &[Call], name: impl Fn(&Call) -> Subject) {
        self.share_wishes();
        let off = self.pool.media().recording == media::Recording::Off;
        for kept in &mut self.kept {
            let failure = kept.taping.recording.as_ref().and_then(Recording::failure);
            let failure = failure.or((off && kept.facts.recorded).then_some(RecordingFailure::NotAllowed));
            if failure.is_some() {
                kept.fail(failure);
            }
        }
        for call in calls.iter().filter(|call| call.phase == Phase::Established) {
            let together = self.together(call.id);
            let is_recorded = |kept: &Kept| together.contains(&kept.call) && kept.taping.recording.is_some();
            let wanted = self.find(call.id).is_some_and(|kept| kept.facts.recorded);
            if wanted && !self.resting && !self.kept.iter().any(is_recorded) {
                let all = calls.iter().filter(|call| together.contains(&call.id));
                self.begin_recording(call.id, join(all.map(&name)));
            }
        }
        for at in 0..self.kept.len() {
            let Some(recording) = self.kept.get(at).and_then(|kept| kept.taping.recording.as_ref()) else { continue };
            let together = self.together(self.kept[at].call);
            let all = self.kept.iter().filter(|kept| together.contains(&kept.call));
            // Our microphone is heard once, in however many calls.
            let (ours, theirs): (Vec<_>, Vec<_>) =
                all.filter_map(|kept| kept.peer.as_ref()).map(crate::media::Peer::sounds).unzip();
            let ours = ours.into_iter().flatten().take(1);
            recording.hear(&ours.chain(theirs.into_iter().flatten()).collect::<Vec<_>>());
        }
    }

    /// Whether everything that was recorded is on the server.
    pub(crate) fn is_saved(&self) -> bool {
        Rc::strong_count(&self.saving) == 1
    }

    /// When the next tone is due that tells of a recording.
    pub(super) fn next_tone(&self) -> Option<Instant> {
        self.kept.iter().filter_map(|kept| kept.taping.recording.as_ref().and(kept.taping.tone)).min()
    }

    /// Lets who is recorded hear that, where it is to be told.
    pub(super) fn announce(&mut self, now: Instant) {
        let announced = self.pool.media().recording == media::Recording::Announced;
        for at in 0..self.kept.len() {
            let Some(kept) = self.kept.get(at) else { continue };
            let due = kept.taping.recording.is_some() && kept.taping.tone.is_some_and(|tone| tone <= now);
            if !due {
                continue;
            }
            let together = self.together(kept.call);
            let hear = self.kept.iter().filter(|kept| together.contains(&kept.call) && kept.around.due);
            // Each of them.
            let told = hear.filter(|kept| announced && self.devices.mixer().announce(kept.call, TONE, &NOTES)).count();
            self.kept[at].taping.tone = Some(now + if told > 0 || !announced { AGAIN } else { SOON });
        }
    }

    /// Who is joined with a call that is recorded, is.
    fn share_wishes(&mut self) {
        let joined = self.joined();
        let wanted = self.kept.iter().any(|kept| joined.contains(&kept.call) && kept.facts.recorded);
        for kept in self.kept.iter_mut().filter(|kept| joined.contains(&kept.call)) {
            kept.facts.recorded = wanted;
        }
    }

    fn begin_recording(&mut self, call: CallId, subject: Subject) {
        let (events, saving) = (self.events.clone(), self.saving.clone());
        let kept = self.kept(call);
        match Recording::begin(&events, subject, kept.taping.anew, &saving) {
            Ok(recording) => {
                kept.taping.recording = Some(recording);
                kept.taping.tone = Some(crate::clock::now());
            }
            Err(failure) => {
                let failure = Some(failure);
                self.together(call).into_iter().for_each(|call| self.kept(call).fail(failure));
            }
        }
    }
}

impl Kept {
    /// It is not recorded any more, for this reason.
    fn fail(&mut self, failure: Option<RecordingFailure>) {
        self.facts.recorded = false;
        self.taping = Taping { failure, ..Taping::default() };
    }
}

/// With all of them, as one: the number is that of the first.
fn join(subjects: impl Iterator<Item = Subject>) -> Subject {
    let all: Vec<Subject> = subjects.collect();
    let names: Vec<&str> = all.iter().map(|subject| subject.name.as_str()).collect();
    let name = names.join(", ");
    Subject { number: all.into_iter().next().map(|first| first.number).unwrap_or_default(), name }
}
