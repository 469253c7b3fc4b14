use crate::clock;
use crate::event::Events;
use crate::media::{Job, Peer, Sent};
use crate::renewal::Renewal;
use crate::ring::Tone;
use app::backend::IceServer;
use line::snapshot::Facts;
use sip::agent::{Body, Branch, Call, CallId, Phase};
use sip::{Duration, Instant};

/// How long an answered call may be without a working connection before it is given up.
const CONNECTING: Duration = Duration::from_secs(30);

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
    /// Whether media flows.
    connected: bool,
    /// Which of their phones described itself first before the answer: what it plays is heard instead of our ringback.
    early: Option<Branch>,
    /// Since when the answered call is without a connection.
    missing_since: Option<Instant>,
    /// When its media is to begin anew, if there is none.
    renewal: Renewal,
}

impl Kept {
    fn new(call: CallId, facts: Facts) -> Self {
        let renewal = Renewal::default();
        let sent = Sent::default();
        Self { call, peer: None, sent, facts, connected: false, early: None, missing_since: None, renewal }
    }
}

impl Calls {
    /// The calls that a page before this one left, or none.
    pub(crate) fn new(events: &Events, servers: &[IceServer], facts: Vec<(CallId, Facts)>) -> Self {
        let kept = facts.into_iter().map(|(call, facts)| Kept::new(call, facts)).collect();
        Self { events: events.clone(), servers: servers.to_vec(), kept, resting: false }
    }

    /// Takes over what stands beside these calls in a holding before this one: what a person wished, and the connection, if
    /// it still fits and nothing is being asked of it.
    pub(crate) fn take_over(&mut self, before: Self, stays: &[(CallId, bool)]) {
        self.resting = before.resting;
        for mut kept in before.kept {
            let Some((call, fits)) = stays.iter().find(|(call, _)| *call == kept.call) else { continue };
            kept.peer.take_if(|peer| !fits || peer.is_asked());
            kept.connected &= kept.peer.is_some();
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

    /// Gives the media of this call a job; they are made when they are first needed.
    pub(crate) fn ask(&mut self, call: CallId, job: Job) {
        let (resting, events, servers) = (self.resting, self.events.clone(), self.servers.clone());
        let kept = self.kept(call);
        let (muted, sent) = (kept.facts.muted, kept.sent.clone());
        let peer = kept.peer.get_or_insert_with(|| {
            let peer = Peer::new(call, events.number(), events, servers, muted, sent);
            if resting {
                peer.rest();
            }
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

    /// This call takes the place of that one: who was muted there stays so.
    pub(crate) fn replace(&mut self, call: CallId, replaced: CallId) {
        if let Some(muted) = self.find(replaced).map(|kept| kept.facts.muted) {
            self.kept(call).facts.muted = muted;
        }
    }

    /// The media of this call broke: it begins anew on a fresh connection. `first` says whether it is on this side to
    /// offer. Who makes a description already does so for a fresh one.
    pub(crate) fn renew(&mut self, call: CallId, first: bool, now: Instant) {
        let kept = self.kept(call);
        kept.connected = false;
        if kept.peer.as_ref().is_none_or(|peer| !peer.is_asked()) {
            kept.peer = None;
            kept.renewal.broke(first, now);
        }
    }

    /// Whether the peer with this number is the one of that call.
    pub(crate) fn is_current(&self, call: CallId, number: u64) -> bool {
        self.find(call).and_then(|kept| kept.peer.as_ref()).is_some_and(|peer| peer.number() == number)
    }

    /// Notes whether the media of this call flows: whether it began to.
    pub(crate) fn connected(&mut self, call: CallId, connected: bool) -> bool {
        let kept = self.kept(call);
        if connected {
            kept.renewal.connected();
        }
        let before = core::mem::replace(&mut kept.connected, connected);
        connected && !before
    }

    /// Whether the other end can be heard.
    pub(crate) fn is_connected(&self, call: CallId) -> bool {
        !self.resting && self.find(call).is_some_and(|kept| kept.connected)
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

    /// From when on the call, which is up without any media, wants a new offer; `None` for any other.
    pub(crate) fn wants_media(&self, call: &Call) -> Option<Instant> {
        if call.phase != Phase::Established {
            return None;
        }
        match self.find(call.id) {
            Some(Kept { peer: Some(_), .. }) => None,
            Some(Kept { peer: None, renewal, .. }) => Some(renewal.due()),
            None => Some(Renewal::default().due()),
        }
    }

    /// The agent was asked for a new offer: whether it began one.
    pub(crate) fn reoffered(&mut self, call: CallId, begun: bool, now: Instant) {
        self.kept(call).renewal.asked(begun, now);
    }

    /// Keeps beside each call what belongs to its phase, and nothing for calls that are gone.
    pub(crate) fn follow(&mut self, calls: impl Iterator<Item = Call>, now: Instant) {
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
            if established && !kept.connected && !resting {
                kept.missing_since.get_or_insert(now);
            } else {
                kept.missing_since = None;
            }
        }
    }

    /// When [`Calls::lost`] may have something to tell.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.kept.iter().filter_map(|kept| kept.missing_since).min().map(|since| since + CONNECTING)
    }

    /// Answered calls that found no connection in time; told once.
    pub(crate) fn lost(&mut self, now: Instant) -> Vec<CallId> {
        let mut lost = Vec::new();
        for kept in &mut self.kept {
            if kept.missing_since.is_some_and(|since| now.since(since) >= CONNECTING) {
                kept.missing_since = None;
                lost.push(kept.call);
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
            self.kept.push(Kept::new(call, Facts::default()));
            self.kept.len() - 1
        });
        &mut self.kept[at]
    }
}
