//! What is shown of the line.

use super::Holding;
use crate::mark;
use crate::recording::Subject as Recorded;
use crate::screen::Screen;
use app::backend::Opening;
use app::{directory, phone};
use line::project;
use sip::Instant;
use sip::agent::{Call, Phase, Registration};

impl Holding {
    pub(super) fn show(&mut self, opening: &Opening, screen: &Screen, now: Instant) {
        let ready = self.agent.registration() == Registration::Registered;
        if ready && !self.ready {
            mark::set(mark::READY);
        }
        self.ready = ready;
        let registration = if self.resting {
            phone::Registration::Unreachable
        } else {
            project::registration(&self.agent.registration())
        };
        screen.show_registration(registration);
        let calls = self.agent.calls().map(|call| {
            let facts = self.calls.facts_of(call.id);
            let shown = project::call(&call, self.calls.is_connected(call.id), &facts, &opening.domain);
            let picture = phone::Picture { offered: self.offers_picture(&call), ..self.calls.picture_of(call.id) };
            let returns = shown.phase == phone::Phase::Connecting && self.calls.is_returning(call.id);
            phone::Call {
                phase: if returns { phone::Phase::Returning } else { shown.phase },
                picture,
                voice: self.calls.voice_of(call.id),
                handover: shown.handover.or_else(|| self.calls.refused(call.id).map(phone::Handover::Refused)),
                digits: self.calls.digits_of(call.id),
                recorded: self.calls.recorded_of(call.id),
                ..shown
            }
        });
        screen.show_calls(calls.collect(), now);
        screen.show_silent(self.calls.is_silent());
        screen.show_speaking(self.calls.speaking());
        screen.show_qualities(self.calls.qualities());
    }

    /// Has recordings begin and end, and hear what there is to hear.
    pub(super) fn record_on(&mut self, opening: &Opening) {
        let calls: Vec<Call> = self.agent.calls().collect();
        self.calls.follow_recorded(&calls, |call| {
            let remote = project::party(&call.remote, &opening.domain);
            Recorded { name: directory::name(&remote, &opening.contacts), number: remote.number }
        });
    }

    /// Whether a call that is not answered begins with a picture.
    fn offers_picture(&self, call: &Call) -> bool {
        match call.phase {
            Phase::Preparing | Phase::Calling | Phase::RingingThere => {
                let picture = self.calls.picture_of(call.id);
                picture.camera || picture.screen
            }
            Phase::RingingHere | Phase::Answering => {
                self.agent.offered(call.id).is_some_and(|offer| offer.shows_picture())
            }
            Phase::Established | Phase::Ending => false,
        }
    }
}
