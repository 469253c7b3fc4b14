use crate::clock;
use crate::event::Events;
use crate::media::{Devices, Kind, Peer, Pool, Statistics};
use crate::repair::{Around, Repair, State, Step, Way};
use crate::ring::Tone;
use app::media::{AutoAnswer, Digits, Media};
use app::phone::Voice;
use app::quality::Qualities;
use line::several;
use line::snapshot::Facts;
use sip::Instant;
use sip::agent::{Call, CallId, Digit, Direction, Phase};
use std::rc::Rc;

mod describing;
mod joined;
mod kept;
mod pictured;
mod recorded;

use kept::{Handing, Kept};

/// What this tab keeps beside the calls that the agent knows.
pub(crate) struct Calls {
    events: Events,
    devices: Devices,
    pool: Rc<Pool>,
    /// A handful at most.
    kept: Vec<Kept>,
    resting: bool,
    /// Held as long as something that was recorded is on its way.
    saving: Rc<()>,
}

/// How many keys of theirs are shown.
const DIGITS: usize = 32;

impl Calls {
    /// The calls that a page before this one left, or none.
    pub(crate) fn new(events: &Events, devices: &Devices, media: &Media, facts: Vec<(CallId, Facts)>) -> Self {
        let kept = facts.into_iter().map(|(call, facts)| {
            let repair = Kept::left(&facts);
            Kept::new(call, facts, repair)
        });
        let kept = kept.collect();
        devices.mixer().rest(false);
        Self {
            events: events.clone(),
            devices: devices.clone(),
            pool: Pool::new(media.clone()),
            kept,
            resting: false,
            saving: Rc::default(),
        }
    }

    /// Takes over what stands beside these calls in a holding before this one: what a person wished, and the connection, if
    /// it still fits and nothing is being asked of it.
    pub(crate) fn take_over(&mut self, before: Self, stays: &[(CallId, bool)]) {
        self.resting = before.resting;
        self.pool = before.pool;
        self.saving = before.saving;
        for mut kept in before.kept {
            let Some((call, fits)) = stays.iter().find(|(call, _)| *call == kept.call) else { continue };
            kept.peer.take_if(|peer| !fits || peer.is_asked());
            if kept.peer.is_none() {
                kept.repair = Kept::left(&kept.facts);
                kept.voice = Voice::Sent;
                kept.picture.theirs = false;
                // Nobody shares a screen who was not asked by a click.
                kept.picture.interrupted |= core::mem::take(&mut kept.facts.screen);
            }
            self.kept.retain(|known| known.call != *call);
            self.kept.push(kept);
        }
    }

    /// What travels with the snapshot.
    pub(crate) fn facts(&self) -> Vec<(CallId, Facts)> {
        self.kept.iter().map(|kept| (kept.call, kept.facts.clone())).collect()
    }

    /// What travels with the snapshot for this call.
    pub(crate) fn facts_of(&self, call: CallId) -> Facts {
        self.find(call).map(|kept| kept.facts.clone()).unwrap_or_default()
    }

    /// This call goes on in the place of one of which this was known.
    pub(crate) fn carry(&mut self, call: CallId, before: Facts) {
        self.kept(call).facts.carry(before);
    }

    /// What an administrator set about media is this from now on.
    pub(crate) fn change(&self, media: Media) {
        self.pool.change(media);
    }

    /// How keys are sent.
    pub(crate) fn digits(&self) -> Digits {
        self.pool.media().digits
    }

    /// Whose calls are answered by themselves.
    pub(crate) fn auto_answer(&self) -> AutoAnswer {
        self.pool.media().auto_answer.clone()
    }

    /// This call answers by itself, or does not.
    pub(crate) fn unattended(&mut self, call: CallId, unattended: bool) {
        self.kept(call).facts.unattended = unattended;
    }

    /// This call takes the place of that one: who was muted there, or on hold, stays so, who was seen is seen, and who was in
    /// the conference is in it.
    pub(crate) fn replace(&mut self, call: CallId, replaced: CallId, held: bool) {
        let Facts { muted, camera, joined, .. } = self.facts_of(replaced);
        let kept = self.kept(call);
        (kept.facts.muted, kept.facts.camera) = (muted, camera);
        kept.facts.joined = joined;
        kept.instead_of = Some(replaced);
        kept.begins_held = held;
    }

    /// Whether this call was just answered, and is to be put on hold: the person talks in another one, or it takes the place
    /// of one that is.
    pub(crate) fn is_late(&self, call: &Call, calls: &[Call]) -> bool {
        let kept = self.find(call.id);
        let just = kept.is_none_or(|kept| kept.facts.answered_at.is_none());
        let held = several::is_talked_in(call) && kept.is_some_and(|kept| kept.begins_held);
        just && (held || several::is_late(calls, call, kept.and_then(|kept| kept.instead_of), &self.joined()))
    }

    /// Sends a key over the connection of this call (RFC 4733), after those before it: whether that was negotiated.
    pub(crate) fn digit(&self, call: CallId, digit: Digit) -> bool {
        self.find(call).and_then(|kept| kept.peer.as_ref()).is_some_and(|peer| peer.digit(digit))
    }

    /// They pressed a key.
    pub(crate) fn pressed(&mut self, call: CallId, digit: Digit) {
        let digits = &mut self.kept(call).digits;
        // Each is one byte.
        if digits.len() >= DIGITS {
            digits.remove(0);
        }
        digits.push(digit.sign());
    }

    /// The keys that they pressed.
    pub(crate) fn digits_of(&self, call: CallId) -> String {
        self.find(call).map(|kept| kept.digits.clone()).unwrap_or_default()
    }

    /// Handing over of this call begins, for which it was put on `hold` or not; what is known of an earlier try is forgotten.
    pub(crate) fn handing_over(&mut self, call: CallId, held: bool) {
        self.kept(call).handing = Handing { held, refused: None };
    }

    /// Handing over did not work: whether the call was put on hold for it.
    pub(crate) fn not_handed_over(&mut self, call: CallId, status: u16) -> bool {
        let handing = &mut self.kept(call).handing;
        handing.refused = Some(status);
        core::mem::take(&mut handing.held)
    }

    /// Why the last handing over of this call did not work.
    pub(crate) fn refused(&self, call: CallId) -> Option<u16> {
        self.find(call).and_then(|kept| kept.handing.refused)
    }

    /// A person goes on with this call, or holds it: how handing it over went is of no interest any more.
    pub(crate) fn gone_on(&mut self, call: CallId) {
        self.kept(call).handing = Handing::default();
    }

    /// Whether the peer with this number is the one of that call.
    pub(crate) fn is_current(&self, call: CallId, number: u64) -> bool {
        self.find(call).and_then(|kept| kept.peer.as_ref()).is_some_and(|peer| peer.number() == number)
    }

    /// What the connection of this call says of itself: whether it can be heard from now on.
    pub(crate) fn state(&mut self, call: CallId, state: State, now: Instant) -> bool {
        let kept = self.kept(call);
        let (before, returning) = (kept.repair.is_sound(), kept.repair.is_returning());
        kept.repair.state(state, kept.around, now);
        let sound = kept.repair.is_sound() && !before;
        if sound && returning {
            self.refresh(call);
        }
        sound
    }

    /// This was counted in this call so far: whether it is to be asked now if the server can be reached.
    pub(crate) fn counted(&mut self, call: CallId, statistics: &Statistics, now: Instant) -> bool {
        let kept = self.kept(call);
        if core::mem::take(&mut kept.measuring) {
            kept.gauge.count(statistics, kept.around.due, &mut kept.facts.heard);
        }
        kept.repair.counted(statistics.arrived, kept.around, now)
    }

    /// How well the calls are heard that are connected.
    pub(crate) fn qualities(&self) -> Qualities {
        let measured = self.kept.iter().filter(|kept| kept.is_measured());
        measured.filter_map(|kept| Some((kept.call.0, kept.gauge.quality()?.clone()))).collect()
    }

    /// The browser plays this call or does not, until somebody clicks.
    pub(crate) fn silenced(&mut self, call: CallId, silent: bool) {
        self.kept(call).silent = silent;
    }

    /// Whether there is a call that the browser does not play.
    pub(crate) fn is_silent(&self) -> bool {
        self.kept.iter().any(|kept| kept.silent) || self.devices.mixer().is_silent()
    }

    /// Our way to the server was made anew, perhaps over another network.
    pub(crate) fn moved(&mut self, now: Instant) {
        self.kept.iter_mut().for_each(|kept| kept.repair.moved(kept.around, now));
        self.pool.cool();
    }

    /// Whether the other end can be heard.
    pub(crate) fn is_connected(&self, call: CallId) -> bool {
        !self.resting && self.find(call).is_some_and(|kept| kept.repair.is_sound())
    }

    /// Whether it could be heard before, and its sound is being brought back.
    pub(crate) fn is_returning(&self, call: CallId) -> bool {
        self.find(call).is_some_and(|kept| kept.repair.is_returning())
    }

    /// Mutes or opens our microphone in this call, and in those that are joined with it.
    pub(crate) fn mute(&mut self, call: CallId, muted: bool) {
        for call in self.together(call) {
            let kept = self.kept(call);
            kept.facts.muted = muted;
            if let Some(peer) = &kept.peer {
                peer.mute(muted);
            }
        }
    }

    /// The devices that these calls use.
    pub(crate) const fn devices(&self) -> &Devices {
        &self.devices
    }

    /// Whether our voice goes out in this call.
    pub(crate) fn voice_of(&self, call: CallId) -> Voice {
        self.find(call).map(|kept| kept.voice).unwrap_or_default()
    }

    /// Our voice goes out in this call from now on, or does not.
    pub(crate) fn voiced(&mut self, call: CallId, voice: Voice) {
        self.kept(call).voice = voice;
    }

    /// Asks for the microphone again, or goes on without it while it is asked; for those that are joined with this call, too.
    pub(crate) fn voice(&self, call: CallId, wanted: bool) {
        for call in self.together(call) {
            if let Some(peer) = self.find(call).and_then(|kept| kept.peer.as_ref()) {
                peer.speak(wanted);
            }
        }
    }

    /// A device of this kind is gone, or another one was chosen.
    pub(crate) fn input(&self, kind: Kind) {
        match kind {
            Kind::Microphone => self.kept.iter().filter_map(|kept| kept.peer.as_ref()).for_each(Peer::renew),
            Kind::Camera => self.kept.iter().filter_map(|kept| kept.peer.as_ref()).for_each(Peer::renew_picture),
        }
    }

    /// The call is over: its microphone and its connection are closed at once.
    pub(crate) fn forget(&mut self, call: CallId) {
        self.kept.retain(|kept| kept.call != call);
    }

    /// From when on the media of an answered call wants a new offer, and how; `None` while it does not.
    pub(crate) fn wants_media(&self, call: &Call) -> Option<(Instant, Way)> {
        if call.phase != Phase::Established {
            return None;
        }
        self.find(call.id).and_then(|kept| kept.repair.wants())
    }

    /// The agent was asked for a new offer.
    pub(crate) fn reoffered(&mut self, call: CallId, now: Instant) {
        self.kept(call).repair.asked(now);
    }

    /// Keeps beside each call what belongs to its phase, and nothing for calls that are gone. `path`: offers can be sent.
    pub(crate) fn follow(&mut self, calls: impl Iterator<Item = Call>, path: bool) {
        let calls: Vec<Call> = calls.collect();
        self.kept.retain(|kept| calls.iter().any(|call| call.id == kept.call));
        self.follow_joined(&calls);
        let resting = self.resting;
        if !calls.is_empty() {
            self.pool.busy();
        } else if path {
            self.pool.warm();
        }
        for call in calls {
            let kept = self.kept(call.id);
            let established = call.phase == Phase::Established;
            kept.facts.begun.get_or_insert_with(clock::wall);
            if established {
                kept.facts.answered_at.get_or_insert_with(clock::wall);
            }
            if let Some(peer) = &kept.peer {
                peer.hold(call.held_here);
            }
            if call.phase == Phase::Ending {
                // Who hung up wants the microphone off now, not when the last response came.
                kept.peer = None;
                kept.pictures = None;
            }
            kept.around = Around {
                established: established && !resting,
                caller: call.direction == Direction::Outgoing,
                due: !call.held_here && !call.held_there,
                path,
                describing: kept.peer.as_ref().is_some_and(Peer::is_asked),
            };
        }
    }

    /// When [`Calls::timeout`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let repairs = self.kept.iter().filter_map(|kept| kept.repair.deadline(kept.around));
        let measured = self.kept.iter().filter(|kept| kept.is_measured());
        let tone = self.next_tone();
        repairs.chain(measured.map(|kept| kept.gauge.deadline())).chain(self.pool.deadline()).chain(tone).min()
    }

    /// Does what is due: which answered calls had no media for too long; each told once.
    pub(crate) fn timeout(&mut self, now: Instant) -> Vec<CallId> {
        self.pool.timeout(now);
        self.announce(now);
        let mut lost = Vec::new();
        for kept in &mut self.kept {
            let step = kept.repair.timeout(kept.around, now);
            if step == Some(Step::GiveUp) {
                lost.push(kept.call);
            }
            let due = kept.is_measured() && kept.gauge.is_due(now);
            kept.measuring |= due;
            if due || step == Some(Step::Sample) {
                kept.peer.iter().for_each(Peer::count);
            }
        }
        lost
    }

    /// Which tone is to be heard.
    pub(crate) fn tone(&self, calls: &[Call]) -> Option<Tone> {
        if self.resting {
            return None;
        }
        let heard = |call: &Call| self.find(call.id).is_some_and(|kept| kept.early.is_some());
        // What rings here comes first, and a tone does not disturb who talks.
        let ringing = calls.iter().find(|call| call.phase == Phase::RingingHere);
        if let Some(ringing) = ringing {
            let beside = several::is_beside_another(calls, ringing.id);
            return Some(if beside { Tone::Waiting } else { Tone::Ringing });
        }
        calls.iter().find_map(|call| match call.phase {
            Phase::RingingThere if !heard(call) && !calls.iter().any(several::is_talked_in) => Some(Tone::Ringback),
            Phase::RingingThere
            | Phase::RingingHere
            | Phase::Preparing
            | Phase::Calling
            | Phase::Answering
            | Phase::Established
            | Phase::Ending => None,
        })
    }

    /// Silences every call without ending it.
    pub(crate) fn rest(&mut self) {
        self.resting = true;
        self.devices.rest();
        self.pool.cool();
        self.devices.mixer().rest(true);
        self.kept.iter().filter_map(|kept| kept.peer.as_ref()).for_each(Peer::rest);
    }

    /// Goes on after [`Calls::rest`].
    pub(crate) fn wake(&mut self) {
        self.resting = false;
        self.devices.mixer().rest(false);
        self.kept.iter().filter_map(|kept| kept.peer.as_ref()).for_each(Peer::wake);
    }

    fn find(&self, call: CallId) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.call == call)
    }

    fn kept(&mut self, call: CallId) -> &mut Kept {
        let at = self.kept.iter().position(|kept| kept.call == call).unwrap_or_else(|| {
            self.kept.push(Kept::new(call, Facts::default(), Repair::new()));
            self.kept.len() - 1
        });
        &mut self.kept[at]
    }
}
