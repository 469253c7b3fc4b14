//! What a person does with calls.

use super::Holding;
use crate::dial;
use crate::mark;
use crate::media::{Kind, Subject};
use crate::screen::Screen;
use app::backend::Opening;
use app::media::Media;
use app::phone;
use line::project;
use sip::Instant;
use sip::agent::{Call, CallId, Phase};

impl Holding {
    /// Calls what a person dialled.
    pub(crate) fn dial(&mut self, typed: &str, sends: phone::Sends, opening: &Opening, screen: &Screen, now: Instant) {
        screen.show_ended(None);
        let Some(target) = dial::target(typed, &opening.domain) else {
            screen.show_ended(Some(phone::Ended {
                key: phone::CallKey::MAX,
                direction: phone::Direction::Outgoing,
                remote: project::typed(typed),
                cause: phone::Cause::NotFound,
            }));
            return;
        };
        screen.show_dialled(typed.to_owned());
        let calls: Vec<Call> = self.agent.calls().collect();
        if line::several::is_called(&calls, &target) {
            return;
        }
        self.touched = true;
        match self.agent.call(target, now) {
            Ok(call) => {
                self.turn_to(call, now);
                self.send(call, sends);
            }
            // As many are up as there may be.
            Err(_) => screen.show_ended(Some(phone::Ended {
                key: phone::CallKey::MAX,
                direction: phone::Direction::Outgoing,
                remote: project::typed(typed),
                cause: phone::Cause::TooMany,
            })),
        }
    }

    pub(crate) fn answer(&mut self, call: CallId, sends: phone::Sends, now: Instant) {
        self.ring_instead();
        mark::set(mark::ANSWER);
        self.turn_to(call, now);
        if self.agent.calls().any(|known| known.id == call) {
            self.send(call, sends);
        }
        self.verb(|agent| agent.answer(call, now));
    }

    pub(crate) fn decline(&mut self, call: CallId, now: Instant) {
        self.refuse(call, true);
        self.verb(|agent| agent.decline(call, now));
    }

    pub(crate) fn hang_up(&mut self, call: CallId, now: Instant) {
        self.refuse(call, false);
        self.verb(|agent| agent.hangup(call, now));
    }

    pub(crate) fn mute(&mut self, call: CallId, muted: bool) {
        if self.agent.calls().any(|known| known.id == call) {
            self.calls.mute(call, muted);
            self.touched = true;
        }
    }

    /// Has a call recorded, or ends that.
    pub(crate) fn record(&mut self, call: CallId, wanted: bool) {
        if self.agent.calls().any(|known| known.id == call && known.phase == Phase::Established) {
            self.calls.record(call, wanted);
            self.touched = true;
        }
    }

    /// Has a picture of this sent in a call, or not; and so in those that are joined with it.
    pub(crate) fn picture(&mut self, call: CallId, subject: Subject, wanted: bool) {
        if self.agent.calls().all(|known| known.id != call) {
            return;
        }
        // The person is asked for a screen once: the others are given the same when it is there.
        let asks = subject == Subject::Screen && wanted;
        let calls = if asks { vec![call] } else { self.calls.together(call) };
        for call in calls {
            self.calls.picture(call, subject, wanted);
        }
        self.touched = true;
    }

    /// The elements for the pictures of a call are on the page.
    pub(crate) fn show_pictures(&self, call: CallId) {
        self.calls.show_pictures(call);
    }

    /// What an administrator set about media is this from now on.
    pub(crate) fn change(&mut self, media: Media) {
        self.agent.set_trickle(media.trickle);
        self.calls.change(media);
    }

    /// Opens our microphone again in a call that goes without, or goes on without it while the browser asks for it.
    pub(crate) fn voice(&mut self, call: CallId, wanted: bool) {
        self.calls.voice(call, wanted);
    }

    /// A device is gone, or another one was chosen: who uses it opens it anew.
    pub(crate) fn input(&mut self, kind: Kind) {
        self.calls.input(kind);
    }

    /// What is sent in a call that begins.
    fn send(&mut self, call: CallId, sends: phone::Sends) {
        match sends {
            phone::Sends::Voice => {}
            phone::Sends::Camera => self.calls.picture(call, Subject::Camera, true),
            phone::Sends::Screen => self.calls.picture(call, Subject::Screen, true),
        }
    }
}
