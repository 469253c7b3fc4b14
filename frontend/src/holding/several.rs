//! What a person does with answered calls, and with several of them.

use super::Holding;
use crate::dial;
use app::media::Digits;
use line::{project, several};
use sip::agent::{Call, CallId, Digit, Phase, TransferProgress};
use sip::{Duration, Instant};

/// How long a key that is sent by INFO is said to sound.
const KEY: Duration = Duration::from_millis(120);
/// A number that cannot even be called: 404 (RFC 3261 21.4.5).
const NOT_FOUND: u16 = 404;

impl Holding {
    /// Puts a call on hold; or goes on with it, and puts the others on hold. Those that are joined with it stand as it does.
    pub(crate) fn hold(&mut self, call: CallId, held: bool, now: Instant) {
        if self.answered(call).is_none() {
            return;
        }
        if !held {
            self.turn_to(call, now);
        }
        for call in self.calls.together(call) {
            self.calls.gone_on(call);
            self.verb(|agent| if held { agent.hold(call, now) } else { agent.resume(call, now) });
        }
    }

    /// Joins two calls in a conference, with those that are joined with either: a person talks in all of them.
    pub(crate) fn join(&mut self, one: CallId, other: CallId, now: Instant) {
        let calls: Vec<Call> = self.agent.calls().collect();
        let Some(all) = several::merged(&calls, one, other, &self.calls.joined()) else { return };
        // Whether our microphone is open is known from where we talk.
        let like = calls.iter().find(|call| all.contains(&call.id) && several::is_talked_in(call));
        let like = like.map_or(one, |call| call.id);
        self.calls.join(&all, like);
        self.hold(like, false, now);
        self.touched = true;
    }

    /// Takes a call out of the conference, and puts it on hold; the others go on.
    pub(crate) fn split(&mut self, call: CallId, now: Instant) {
        if self.calls.joined().contains(&call) {
            self.calls.split(call);
            self.hold(call, true, now);
            self.touched = true;
        }
    }

    /// Sends a key in this call: as an event of RTP, or by INFO where the other end takes none. Who is on hold hears nothing.
    pub(crate) fn digit(&mut self, call: CallId, sign: char, now: Instant) {
        let Some(digit) = Digit::new(sign) else { return };
        let heard = self.answered(call).is_some_and(|known| !known.held_here && !known.held_there);
        if !heard {
            return;
        }
        let kind = self.calls.digits();
        let told = kind != Digits::Info && self.calls.digit(call, digit);
        // Where events are always wanted and the other end takes none, the key is lost: so it was set.
        if !told && kind != Digits::Rtp {
            self.verb(|agent| agent.send_digit(call, digit, KEY, now));
        }
    }

    /// Hands the other party of this call over to whom a person dialled. They hear nothing meanwhile.
    pub(crate) fn transfer(&mut self, call: CallId, typed: &str, domain: &str, now: Instant) {
        let Some(known) = self.answered(call) else { return };
        self.touched = true;
        let Some(target) = dial::target(typed, domain) else {
            self.calls.not_handed_over(call, NOT_FOUND);
            return;
        };
        if self.agent.transfer(call, target, now).is_ok() {
            self.calls.handing_over(call, !known.held_here);
            self.verb(|agent| agent.hold(call, now));
        }
    }

    /// Sends a call that rings here on to whom a person dialled; to what cannot be called it is not sent.
    pub(crate) fn divert(&mut self, call: CallId, typed: &str, domain: &str, now: Instant) {
        if let Some(target) = dial::target(typed, domain) {
            self.refuse(call, true);
            self.verb(|agent| agent.divert(call, target, now));
        }
    }

    /// Hands the other party of the one call over to that of the other: both calls end here when that worked.
    pub(crate) fn transfer_to(&mut self, one: CallId, other: CallId, now: Instant) {
        let calls: Vec<Call> = self.agent.calls().collect();
        let Some((asked, with)) = several::handed_over(&calls, one, other) else { return };
        self.touched = true;
        if self.agent.transfer_to(asked, with, now).is_ok() {
            self.calls.handing_over(asked, false);
        }
    }

    /// A handing over came so far: one that did not work leaves the call as it was before.
    pub(super) fn handing_over(&mut self, call: CallId, progress: TransferProgress, now: Instant) {
        let Some(app::phone::Handover::Refused(status)) = project::handover(progress) else { return };
        let held = self.calls.not_handed_over(call, status);
        let calls: Vec<Call> = self.agent.calls().collect();
        if held && several::to_hold(&calls, Some(call), &self.calls.joined()).is_empty() {
            self.verb(|agent| agent.resume(call, now));
        }
    }

    /// A person turns to this call: the others are put on hold.
    pub(super) fn turn_to(&mut self, call: CallId, now: Instant) {
        let calls: Vec<Call> = self.agent.calls().collect();
        if calls.iter().any(|known| known.id == call) {
            for other in several::to_hold(&calls, Some(call), &self.calls.joined()) {
                self.verb(|agent| agent.hold(other, now));
            }
        }
    }

    /// Puts on hold who answered while the person talks in another call: whether there was somebody.
    pub(super) fn hold_late(&mut self, now: Instant) -> bool {
        let calls: Vec<Call> = self.agent.calls().collect();
        let late = calls.iter().find(|call| self.calls.is_late(call, &calls)).map(|call| call.id);
        if let Some(late) = late {
            self.verb(|agent| agent.hold(late, now));
        }
        late.is_some()
    }

    fn answered(&self, call: CallId) -> Option<Call> {
        self.agent.calls().find(|known| known.id == call && known.phase == Phase::Established)
    }
}
