//! Calls that are answered by themselves: they ask for it (RFC 5373, Call-Info, Alert-Info), an administrator allows it, and
//! the person agreed. A tone tells the person before anything of them is heard.
//!
//! | Row | Call | On | Does |
//! | --- | --- | --- | --- |
//! | UA1 | comes in and asks for it, and all of the below holds | – | a tone, and words on its card |
//! | UA2 | comes in otherwise | – | rings |
//! | UA3 | announced | its time | answered with the microphone alone |
//! | UA4 | announced | any of the below does not hold any more, or the browser makes no sound | rings |
//! | UA5 | announced | answered, declined or sent on by the person, or over | as any other |
//! | UA6 | is to be refused unless it is answered by itself (`Auto;require`) | in place of ringing: UA2, UA4 | 403, and nobody learns of it |
//!
//! What has to hold: it is the only call; the server vouches for the caller, who says who they are, is of the own domain and
//! allowed; and it was this person who was called, not somebody whose calls come here. Do not disturb needs no row: such a
//! call does not come. A page that takes the line over begins with none announced: what rings then, rings, or is refused (UA6).

use super::Holding;
use app::phone::Sends;
use line::unattended;
use sip::agent::{Call, CallId};
use sip::{Duration, Instant};

/// How long the tone is heard before the answer, at least.
const NOTICE: Duration = Duration::from_millis(1_200);

/// A call that is to be answered by itself.
pub(super) struct Announced {
    call: CallId,
    at: Instant,
}

impl Holding {
    /// A call came in (UA1, UA2).
    pub(super) fn announce(&mut self, call: CallId, now: Instant) {
        let known = self.agent.calls().find(|known| known.id == call);
        let Some(after) = known.and_then(|known| known.auto_answer) else { return };
        if self.may_answer_itself(call) {
            self.announced = Some(Announced { call, at: now + after.max(NOTICE) });
            self.calls.unattended(call, true);
            self.touched = true;
        }
    }

    /// Whether a call is announced.
    pub(crate) const fn is_announced(&self) -> bool {
        self.announced.is_some()
    }

    /// When [`Holding::answer_announced`] is due.
    pub(super) fn announcement(&self) -> Option<Instant> {
        self.announced.as_ref().map(|announced| announced.at)
    }

    /// Answers what was announced, once it is time (UA3, UA4).
    pub(super) fn answer_announced(&mut self, now: Instant) {
        let Some(announced) = self.announced.take_if(|announced| announced.at <= now) else { return };
        // Its caller was looked at when it came; what an administrator and the person want may be another since.
        if self.may_answer_itself(announced.call) {
            self.answer(announced.call, Sends::Voice, now);
            self.calls.unattended(announced.call, true);
        } else {
            self.calls.unattended(announced.call, false);
        }
    }

    /// Lets an announced call ring as any other (UA4).
    pub(crate) fn ring_instead(&mut self) {
        if let Some(announced) = self.announced.take() {
            self.calls.unattended(announced.call, false);
            self.touched = true;
        }
    }

    /// Whether a call that came in is one that a person is told of.
    pub(super) fn rings(&self, call: CallId) -> bool {
        self.announced.as_ref().is_some_and(|announced| announced.call == call) || !self.agent.must_answer_itself(call)
    }

    /// Refuses who will have nothing but an answer that the call gives by itself (UA6): whether there was somebody.
    pub(super) fn forbid_unannounced(&mut self, now: Instant) -> bool {
        let unwanted = self.agent.calls().map(|call| call.id).find(|call| !self.rings(*call));
        if let Some(call) = unwanted {
            self.verb(|agent| agent.forbid(call, now));
        }
        unwanted.is_some()
    }

    /// Drops what was announced and does not ring any more, or not alone (UA4, UA5).
    pub(super) fn follow_announced(&mut self) {
        let Some(announced) = &self.announced else { return };
        if !self.may_answer_itself(announced.call) {
            self.ring_instead();
        }
    }

    fn may_answer_itself(&self, call: CallId) -> bool {
        let calls: Vec<Call> = self.agent.calls().collect();
        unattended::may(&calls, call, &self.domain, &self.calls.auto_answer())
    }
}
