use super::recorded::Taping;
use crate::media::{Peer, Pictures, Sent, Subject, Trickling};
use crate::quality::Gauge;
use crate::repair::{Around, Repair};
use app::phone::{self, Voice};
use line::snapshot::Facts;
use sip::agent::{Branch, CallId};
use std::rc::Rc;

/// What is kept beside one call.
pub(super) struct Kept {
    pub(super) call: CallId,
    pub(super) peer: Option<Peer>,
    /// What we sent last.
    pub(super) sent: Sent,
    /// What follows the descriptions.
    pub(super) trickling: Rc<Trickling>,
    /// What travels with the snapshot.
    pub(super) facts: Facts,
    /// Which of their phones described itself first before the answer: what it plays is heard instead of our ringback.
    pub(super) early: Option<Branch>,
    /// Whether the browser does not play it.
    pub(super) silent: bool,
    /// How it stands with pictures, beside the wishes that are in the facts.
    pub(super) picture: phone::Picture,
    /// What is open of ours, while another connection is made.
    pub(super) pictures: Option<Rc<Pictures>>,
    /// Whether our voice goes out.
    pub(super) voice: Voice,
    /// How its media comes, and comes back.
    pub(super) repair: Repair,
    /// What is the case around it.
    pub(super) around: Around,
    /// How well it is heard.
    pub(super) gauge: Gauge,
    /// What is counted next is for that, too.
    pub(super) measuring: bool,
    /// The call whose place it takes.
    pub(super) instead_of: Option<CallId>,
    /// That one is on hold, and so will this one be.
    pub(super) begins_held: bool,
    /// How handing it over went.
    pub(super) handing: Handing,
    /// The keys that they pressed.
    pub(super) digits: String,
    /// How it is recorded.
    pub(super) taping: Taping,
}

/// What is known of the handing over of a call beside what the agent knows.
#[derive(Default)]
pub(super) struct Handing {
    /// The call was put on hold for it.
    pub(super) held: bool,
    /// It did not work, by this SIP status.
    pub(super) refused: Option<u16>,
}

impl Kept {
    pub(super) fn new(call: CallId, mut facts: Facts, repair: Repair) -> Self {
        let (around, gauge, voice) = (Around::default(), Gauge::default(), Voice::Sent);
        let taping = Taping::inherited(facts.recorded);
        // Nobody shares a screen who was not asked by a click in this page.
        let picture = phone::Picture { interrupted: core::mem::take(&mut facts.screen), ..phone::Picture::default() };
        Self {
            call,
            peer: None,
            sent: Sent::default(),
            trickling: Rc::default(),
            facts,
            early: None,
            silent: false,
            picture,
            pictures: None,
            voice,
            repair,
            around,
            gauge,
            measuring: false,
            instead_of: None,
            begins_held: false,
            handing: Handing::default(),
            digits: String::new(),
            taping,
        }
    }

    /// Whether it is measured how well it is heard: while it is connected.
    pub(super) fn is_measured(&self) -> bool {
        self.peer.is_some() && self.around.established && self.repair.is_sound()
    }

    /// What picture of ours is wanted.
    pub(super) const fn wanted(&self) -> Option<Subject> {
        match (self.facts.screen, self.facts.camera) {
            (true, _) => Some(Subject::Screen),
            (false, true) => Some(Subject::Camera),
            (false, false) => None,
        }
    }

    /// Notes whether a picture of this is wanted; whether that is news.
    pub(super) const fn wish(&mut self, subject: Subject, wanted: bool) -> bool {
        let wish = match subject {
            Subject::Camera => &mut self.facts.camera,
            Subject::Screen => &mut self.facts.screen,
        };
        core::mem::replace(wish, wanted) != wanted
    }

    /// Has the peer send what is wanted.
    pub(super) fn turn(&self) {
        if let Some(peer) = &self.peer {
            peer.picture(self.wanted());
        }
    }

    /// Ends its connection, but for what is open of ours.
    pub(super) fn leave_peer(&mut self) {
        self.pictures = self.peer.take().map(Peer::leave_pictures);
        self.voice = Voice::Sent;
    }

    /// How the media of a call comes that was left without any.
    pub(super) const fn left(facts: &Facts) -> Repair {
        if facts.answered_at.is_some() { Repair::inherited() } else { Repair::new() }
    }
}
