//! The calls that are joined in a conference.

use super::{Calls, Kept};
use crate::media::{Part, Subject};
use app::phone::{CallKey, MediaFailure};
use line::several;
use sip::agent::{Call, CallId};

impl Calls {
    /// The calls of the conference, or none.
    pub(crate) fn joined(&self) -> Vec<CallId> {
        self.kept.iter().filter(|kept| kept.facts.joined).map(|kept| kept.call).collect()
    }

    /// The calls that a person talks in together with this one, itself among them.
    pub(crate) fn together(&self, call: CallId) -> Vec<CallId> {
        several::together(call, &self.joined())
    }

    /// Who of the conference spoke last.
    pub(crate) fn speaking(&self) -> Option<CallKey> {
        self.devices.mixer().speaking().map(|call| call.0)
    }

    /// These are in one conference from now on, muted or not as this one is.
    pub(crate) fn join(&mut self, calls: &[CallId], like: CallId) {
        let muted = self.facts_of(like).muted;
        for call in calls {
            self.kept(*call).facts.joined = true;
        }
        self.mute(like, muted);
    }

    /// This one is in no conference any more, and does not see the screen that is shared there.
    pub(crate) fn split(&mut self, call: CallId) {
        self.kept(call).facts.joined = false;
        self.picture(call, Subject::Screen, false);
    }

    /// Who is left alone is in no conference; and who is in one hears the others, as far as nobody is on hold.
    pub(super) fn follow_joined(&mut self, calls: &[Call]) {
        let joined = several::conference(calls, &self.joined());
        for kept in &mut self.kept {
            let Some(call) = calls.iter().find(|call| call.id == kept.call) else { continue };
            kept.facts.joined &= several::is_coming_up(call) || joined.contains(&kept.call);
            if let Some(peer) = &kept.peer {
                peer.join(Part {
                    joined: kept.facts.joined,
                    hears: !call.held_here,
                    // What their exchange plays to who is on hold is for us alone.
                    speaks: !call.held_here && !call.held_there,
                });
            }
        }
        self.share_screen();
    }

    /// All of a conference see the screen that is shared in one of its calls, also who is joined later; but for those who
    /// take no picture.
    fn share_screen(&mut self) {
        let of = |kept: &Kept| kept.peer.as_ref().filter(|_| kept.facts.joined && kept.facts.screen)?.screen();
        let Some(screen) = self.kept.iter().find_map(of) else { return };
        for kept in &mut self.kept {
            let lacks =
                kept.facts.joined && !kept.facts.screen && kept.picture.failure != Some(MediaFailure::Description);
            if lacks && kept.peer.as_ref().is_some_and(|peer| peer.share(&screen)) {
                kept.facts.screen = true;
                kept.picture.interrupted = false;
            }
        }
    }
}
