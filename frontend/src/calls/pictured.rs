//! The pictures of calls.

use super::Calls;
use crate::media::{Job, Peer, Subject};
use app::phone;
use sip::agent::{Call, CallId, Phase};

impl Calls {
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

    /// Has a picture of this sent in this call, or not.
    pub(crate) fn picture(&mut self, call: CallId, subject: Subject, wanted: bool) {
        let kept = self.kept(call);
        kept.wish(subject, wanted);
        kept.picture.failure = None;
        if subject == Subject::Screen {
            kept.picture.interrupted = false;
        }
        kept.turn();
    }

    /// There is no picture of this: it cannot be had, or the person ended it. Whether it was wanted.
    pub(crate) fn unpictured(&mut self, call: CallId, subject: Subject, failure: Option<phone::MediaFailure>) -> bool {
        let kept = self.kept(call);
        let wanted = kept.wish(subject, false);
        if wanted {
            kept.picture.failure = failure;
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
}
