use crate::clock;
use crate::event::Events;
use crate::media::Peer;
use crate::ring::Tone;
use crate::snapshot::Facts;
use app::backend::IceServer;
use sip::agent::{Call, CallId, Phase};
use sip::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How long an answered call may be without a working connection before it is given up.
const CONNECTING: Duration = Duration::from_secs(30);

/// What this tab keeps beside each call that the agent knows.
pub(crate) struct Calls {
    events: Events,
    servers: Vec<IceServer>,
    peers: BTreeMap<CallId, Peer>,
    /// How many peers there were: what an old one told is known by its number.
    numbers: u64,
    /// What travels with the snapshot.
    facts: BTreeMap<CallId, Facts>,
    /// What does not.
    sounds: BTreeMap<CallId, Sound>,
    /// Calls of a page before this one, whose media was asked to begin anew.
    reoffered: BTreeSet<CallId>,
    resting: bool,
}

/// Whether the sound of a call flows.
#[derive(Clone, Copy, Default)]
struct Sound {
    connected: bool,
    /// Their description came before the answer: what they play is heard instead of our ringback.
    early: bool,
    /// Since when an answered call is without a connection.
    missing_since: Option<Instant>,
}

impl Calls {
    /// The calls that a page before this one left, or none.
    pub(crate) fn new(events: &Events, servers: &[IceServer], facts: BTreeMap<CallId, Facts>) -> Self {
        Self {
            events: events.clone(),
            servers: servers.to_vec(),
            peers: BTreeMap::new(),
            numbers: 0,
            facts,
            sounds: BTreeMap::new(),
            reoffered: BTreeSet::new(),
            resting: false,
        }
    }

    /// What travels with the snapshot.
    pub(crate) const fn facts(&self) -> &BTreeMap<CallId, Facts> {
        &self.facts
    }

    /// The media of this call, made when it is first needed.
    pub(crate) fn peer(&mut self, call: CallId) -> &Peer {
        let muted = self.facts.get(&call).is_some_and(|facts| facts.muted);
        self.peers.entry(call).or_insert_with(|| {
            self.numbers += 1;
            Peer::new(call, self.numbers, &self.events, &self.servers, muted)
        })
    }

    /// The media of this call, if it has any yet, which is to be given a description of theirs.
    pub(crate) fn described(&mut self, call: CallId) -> Option<&Peer> {
        let peer = self.peers.get(&call)?;
        self.sounds.entry(call).or_default().early = true;
        Some(peer)
    }

    /// Whether the peer with this number is the one of that call.
    pub(crate) fn is_current(&self, call: CallId, number: u64) -> bool {
        self.peers.get(&call).is_some_and(|peer| peer.number() == number)
    }

    /// Notes whether the media of this call flows: whether it began to.
    pub(crate) fn connected(&mut self, call: CallId, connected: bool) -> bool {
        let sound = self.sounds.entry(call).or_default();
        let before = core::mem::replace(&mut sound.connected, connected);
        connected && !before
    }

    /// Whether the other end can be heard.
    pub(crate) fn is_connected(&self, call: CallId) -> bool {
        !self.resting && self.sounds.get(&call).is_some_and(|sound| sound.connected)
    }

    /// Mutes or opens our microphone in this call.
    pub(crate) fn mute(&mut self, call: CallId, muted: bool) {
        self.facts.entry(call).or_default().muted = muted;
        if let Some(peer) = self.peers.get(&call) {
            peer.mute(muted);
        }
    }

    /// The call is over: its microphone and its connection are closed at once.
    pub(crate) fn forget(&mut self, call: CallId) {
        self.peers.remove(&call);
        self.facts.remove(&call);
        self.sounds.remove(&call);
        self.reoffered.remove(&call);
    }

    /// Whether the call was up in the page before this one and has no media here yet.
    pub(crate) fn needs_media(&self, call: &Call) -> bool {
        call.phase == Phase::Established && !self.peers.contains_key(&call.id) && !self.reoffered.contains(&call.id)
    }

    /// New media was asked for.
    pub(crate) fn reoffered(&mut self, call: CallId) {
        self.reoffered.insert(call);
    }

    /// Keeps beside each call what belongs to its phase, and nothing for calls that are gone.
    pub(crate) fn follow(&mut self, calls: impl Iterator<Item = Call>, now: Instant) {
        let calls: BTreeMap<CallId, Phase> = calls.map(|call| (call.id, call.phase)).collect();
        // Who hung up wants the microphone off now, not when the last response came.
        self.peers.retain(|call, _| calls.get(call).is_some_and(|phase| *phase != Phase::Ending));
        self.facts.retain(|call, _| calls.contains_key(call));
        self.sounds.retain(|call, _| calls.contains_key(call));
        for (call, phase) in calls {
            let sound = self.sounds.entry(call).or_default();
            if phase == Phase::Established {
                self.facts.entry(call).or_default().answered_at.get_or_insert_with(clock::wall);
            }
            if phase == Phase::Established && !sound.connected && !self.resting {
                sound.missing_since.get_or_insert(now);
            } else {
                sound.missing_since = None;
            }
        }
    }

    /// When [`Calls::lost`] may have something to tell.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.sounds.values().filter_map(|sound| sound.missing_since).min().map(|since| since + CONNECTING)
    }

    /// Answered calls that found no connection in time; told once.
    pub(crate) fn lost(&mut self, now: Instant) -> Vec<CallId> {
        let lost = |sound: &Sound| sound.missing_since.is_some_and(|since| now.since(since) >= CONNECTING);
        let lost: Vec<CallId> = self.sounds.iter().filter(|(_, sound)| lost(sound)).map(|(call, _)| *call).collect();
        self.sounds.retain(|call, _| !lost.contains(call));
        lost
    }

    /// Which tone is to be heard.
    pub(crate) fn tone(&self, mut calls: impl Iterator<Item = Call>) -> Option<Tone> {
        if self.resting {
            return None;
        }
        calls.find_map(|call| match call.phase {
            Phase::RingingHere => Some(Tone::Ringing),
            Phase::RingingThere if !self.sounds.get(&call.id).is_some_and(|sound| sound.early) => Some(Tone::Ringback),
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
        self.peers.values().for_each(Peer::rest);
    }

    /// Goes on after [`Calls::rest`].
    pub(crate) fn wake(&mut self) {
        self.resting = false;
        self.peers.values().for_each(Peer::wake);
    }
}
