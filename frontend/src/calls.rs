use crate::clock;
use crate::event::Events;
use crate::media::{Job, Kind, Peer, Sent};
use crate::repair::{Around, Repair, State, Step, Way};
use crate::ring::Tone;
use app::backend::IceServer;
use app::phone;
use line::project;
use line::snapshot::Facts;
use sip::Instant;
use sip::agent::{Body, Branch, Call, CallId, Direction, MediaFailure, Phase, QuestionId};
use sip::sdp::SessionDescription;

/// What this tab keeps beside the calls that the agent knows.
pub(crate) struct Calls {
    events: Events,
    servers: Vec<IceServer>,
    /// A handful at most.
    kept: Vec<Kept>,
    resting: bool,
}

/// What is kept beside one call.
struct Kept {
    call: CallId,
    peer: Option<Peer>,
    /// What we sent last.
    sent: Sent,
    /// What travels with the snapshot.
    facts: Facts,
    /// Which of their phones described itself first before the answer: what it plays is heard instead of our ringback.
    early: Option<Branch>,
    /// Whether the browser does not play it.
    silent: bool,
    /// How it stands with pictures, beside the wishes that are in the facts.
    picture: phone::Picture,
    /// How its media comes, and comes back.
    repair: Repair,
    /// What is the case around it.
    around: Around,
}

impl Kept {
    fn new(call: CallId, mut facts: Facts, repair: Repair) -> Self {
        let around = Around::default();
        // Nobody shares a screen who was not asked by a click in this page.
        let picture = phone::Picture { interrupted: core::mem::take(&mut facts.screen), ..phone::Picture::default() };
        Self { call, peer: None, sent: Sent::default(), facts, early: None, silent: false, picture, repair, around }
    }

    /// What picture of ours is wanted.
    const fn wanted(&self) -> Option<Kind> {
        match (self.facts.screen, self.facts.camera) {
            (true, _) => Some(Kind::Screen),
            (false, true) => Some(Kind::Camera),
            (false, false) => None,
        }
    }

    /// Notes whether a picture of this kind is wanted; whether that is news.
    const fn wish(&mut self, kind: Kind, wanted: bool) -> bool {
        let wish = match kind {
            Kind::Camera => &mut self.facts.camera,
            Kind::Screen => &mut self.facts.screen,
        };
        core::mem::replace(wish, wanted) != wanted
    }

    /// Has the peer send what is wanted.
    fn turn(&self) {
        if let Some(peer) = &self.peer {
            peer.picture(self.wanted());
        }
    }

    /// How the media of a call comes that was left without any.
    const fn left(facts: &Facts) -> Repair {
        if facts.answered_at.is_some() { Repair::inherited() } else { Repair::new() }
    }
}

impl Calls {
    /// The calls that a page before this one left, or none.
    pub(crate) fn new(events: &Events, servers: &[IceServer], facts: Vec<(CallId, Facts)>) -> Self {
        let kept = facts.into_iter().map(|(call, facts)| {
            let repair = Kept::left(&facts);
            Kept::new(call, facts, repair)
        });
        let kept = kept.collect();
        Self { events: events.clone(), servers: servers.to_vec(), kept, resting: false }
    }

    /// Takes over what stands beside these calls in a holding before this one: what a person wished, and the connection, if
    /// it still fits and nothing is being asked of it.
    pub(crate) fn take_over(&mut self, before: Self, stays: &[(CallId, bool)]) {
        self.resting = before.resting;
        for mut kept in before.kept {
            let Some((call, fits)) = stays.iter().find(|(call, _)| *call == kept.call) else { continue };
            kept.peer.take_if(|peer| !fits || peer.is_asked());
            if kept.peer.is_none() {
                kept.repair = Kept::left(&kept.facts);
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

    /// Has an offer made for this question, as the repair of the media needs it. `before`: what we described last.
    pub(crate) fn offer(
        &mut self,
        call: CallId,
        question: QuestionId,
        hold: bool,
        before: Option<SessionDescription>,
        now: Instant,
    ) {
        let kept = self.kept(call);
        let way = kept.repair.offering(now);
        if way == Some(Way::Fresh) {
            kept.peer = None;
        }
        let restart = way == Some(Way::Restart) && kept.peer.is_some();
        self.ask(call, Job::Offer { question, hold, restart, before: before.map(Box::new) });
    }

    /// Has an answer made to this offer for this question.
    pub(crate) fn answer(&mut self, call: CallId, question: QuestionId, offer: Body, hold: bool, now: Instant) {
        self.kept(call).repair.answering(now);
        self.ask(call, Job::Answer { question, offer, hold });
    }

    /// Gives the media of this call a job; they are made when they are first needed.
    fn ask(&mut self, call: CallId, job: Job) {
        let (resting, events, servers) = (self.resting, self.events.clone(), self.servers.clone());
        let kept = self.kept(call);
        let (muted, sent, wanted) = (kept.facts.muted, kept.sent.clone(), kept.wanted());
        let peer = kept.peer.get_or_insert_with(|| {
            let peer = Peer::new(call, events.number(), events, servers, muted, sent);
            if resting {
                peer.rest();
            }
            peer.picture(wanted);
            peer
        });
        peer.ask(job);
    }

    /// Gives the media of this call their answer, which may be an early one: of several phones the first one is heard.
    /// Without any media it answers an offer of the page before this one: a new one goes out once the call is up.
    pub(crate) fn describe(&mut self, call: CallId, branch: Branch, answer: Body, early: bool) {
        let kept = self.kept(call);
        if let Some(peer) = &kept.peer {
            if early && *kept.early.get_or_insert(branch) != branch {
                return;
            }
            peer.ask(Job::Remote { answer, early });
        }
    }

    /// One of their phones is out of the call: if it was heard, it rings as before, and the next one may be heard.
    pub(crate) fn silent(&mut self, call: CallId, branch: Branch) {
        let kept = self.kept(call);
        kept.early.take_if(|heard| *heard == branch);
    }

    /// This call takes the place of that one: who was muted there stays so, and who was seen is seen.
    pub(crate) fn replace(&mut self, call: CallId, replaced: CallId) {
        if let Some((muted, camera)) = self.find(replaced).map(|kept| (kept.facts.muted, kept.facts.camera)) {
            let kept = self.kept(call);
            (kept.facts.muted, kept.facts.camera) = (muted, camera);
        }
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

    /// Has a whole picture sent in this call.
    pub(crate) fn refresh(&self, call: CallId) {
        if let Some(peer) = self.find(call).and_then(|kept| kept.peer.as_ref()) {
            peer.ask(Job::Refresh);
        }
    }

    /// Whether their picture comes is agreed anew.
    pub(crate) fn pictured(&mut self, call: CallId, theirs: bool) {
        self.kept(call).picture.theirs = theirs;
    }

    /// Has a picture of this kind sent in this call, or not.
    pub(crate) fn picture(&mut self, call: CallId, kind: Kind, wanted: bool) {
        let kept = self.kept(call);
        kept.wish(kind, wanted);
        kept.picture.failure = None;
        if kind == Kind::Screen {
            kept.picture.interrupted = false;
        }
        kept.turn();
    }

    /// There is no picture of this kind: it cannot be had, or the person ended it. Whether it was wanted.
    pub(crate) fn unpictured(&mut self, call: CallId, kind: Kind, failure: Option<MediaFailure>) -> bool {
        let kept = self.kept(call);
        let wanted = kept.wish(kind, false);
        if wanted {
            kept.picture.failure = failure.map(project::media);
            kept.turn();
        }
        wanted
    }

    /// The elements for the pictures of this call are on the page.
    pub(crate) fn show_pictures(&self, call: CallId) {
        if let Some(peer) = self.find(call).and_then(|kept| kept.peer.as_ref()) {
            peer.show();
        }
    }

    /// An offer of ours came to nothing.
    pub(crate) fn take_back(&self, call: CallId) {
        if let Some(peer) = self.find(call).and_then(|kept| kept.peer.as_ref()) {
            peer.ask(Job::TakeBack);
        }
    }

    /// Whether the pictures of this call need another description.
    pub(crate) fn wants_pictures(&self, call: &Call) -> bool {
        call.phase == Phase::Established
            && !call.held_there
            && self.find(call.id).and_then(|kept| kept.peer.as_ref()).is_some_and(Peer::wants_offer)
    }

    /// How it stands with pictures.
    pub(crate) fn picture_of(&self, call: CallId) -> phone::Picture {
        self.find(call).map_or_else(phone::Picture::default, |kept| phone::Picture {
            camera: kept.facts.camera,
            screen: kept.facts.screen,
            ..kept.picture
        })
    }

    /// So many packets arrived in this call so far.
    pub(crate) fn arrived(&mut self, call: CallId, packets: u64) {
        let kept = self.kept(call);
        kept.repair.counted(packets, kept.around);
    }

    /// The browser plays this call or does not, until somebody clicks.
    pub(crate) fn silenced(&mut self, call: CallId, silent: bool) {
        self.kept(call).silent = silent;
    }

    /// Whether there is a call that the browser does not play.
    pub(crate) fn is_silent(&self) -> bool {
        self.kept.iter().any(|kept| kept.silent)
    }

    /// Our way to the server was made anew, perhaps over another network.
    pub(crate) fn moved(&mut self, now: Instant) {
        self.kept.iter_mut().for_each(|kept| kept.repair.moved(now));
    }

    /// Whether the other end can be heard.
    pub(crate) fn is_connected(&self, call: CallId) -> bool {
        !self.resting && self.find(call).is_some_and(|kept| kept.repair.is_sound())
    }

    /// Whether it could be heard before, and its sound is being brought back.
    pub(crate) fn is_returning(&self, call: CallId) -> bool {
        self.find(call).is_some_and(|kept| kept.repair.is_returning())
    }

    /// Mutes or opens our microphone in this call.
    pub(crate) fn mute(&mut self, call: CallId, muted: bool) {
        let kept = self.kept(call);
        kept.facts.muted = muted;
        if let Some(peer) = &kept.peer {
            peer.mute(muted);
        }
    }

    /// The call is over: its microphone and its connection are closed at once.
    pub(crate) fn forget(&mut self, call: CallId) {
        self.kept.retain(|kept| kept.call != call);
    }

    /// From when on the media of an answered call wants a new offer; `None` while it does not.
    pub(crate) fn wants_media(&self, call: &Call) -> Option<Instant> {
        if call.phase != Phase::Established {
            return None;
        }
        self.find(call.id).and_then(|kept| kept.repair.wants()).map(|(at, _)| at)
    }

    /// The agent was asked for a new offer.
    pub(crate) fn reoffered(&mut self, call: CallId, now: Instant) {
        self.kept(call).repair.asked(now);
    }

    /// Keeps beside each call what belongs to its phase, and nothing for calls that are gone. `path`: offers can be sent.
    pub(crate) fn follow(&mut self, calls: impl Iterator<Item = Call>, path: bool) {
        let calls: Vec<Call> = calls.collect();
        self.kept.retain(|kept| calls.iter().any(|call| call.id == kept.call));
        let resting = self.resting;
        for call in calls {
            let kept = self.kept(call.id);
            let established = call.phase == Phase::Established;
            if established {
                kept.facts.answered_at.get_or_insert_with(clock::wall);
            }
            if let Some(peer) = &kept.peer {
                peer.hold(call.held_here);
            }
            if call.phase == Phase::Ending {
                // Who hung up wants the microphone off now, not when the last response came.
                kept.peer = None;
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
        self.kept.iter().filter_map(|kept| kept.repair.deadline(kept.around)).min()
    }

    /// Does what is due: which answered calls had no media for too long; each told once.
    pub(crate) fn timeout(&mut self, now: Instant) -> Vec<CallId> {
        let mut lost = Vec::new();
        for kept in &mut self.kept {
            match kept.repair.timeout(kept.around, now) {
                Some(Step::Sample) => kept.peer.iter().for_each(Peer::count),
                Some(Step::GiveUp) => lost.push(kept.call),
                None => {}
            }
        }
        lost
    }

    /// Which tone is to be heard.
    pub(crate) fn tone(&self, mut calls: impl Iterator<Item = Call>) -> Option<Tone> {
        if self.resting {
            return None;
        }
        calls.find_map(|call| match call.phase {
            Phase::RingingHere => Some(Tone::Ringing),
            Phase::RingingThere if self.find(call.id).is_none_or(|kept| kept.early.is_none()) => Some(Tone::Ringback),
            Phase::RingingThere
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
        self.kept.iter().filter_map(|kept| kept.peer.as_ref()).for_each(Peer::rest);
    }

    /// Goes on after [`Calls::rest`].
    pub(crate) fn wake(&mut self) {
        self.resting = false;
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
