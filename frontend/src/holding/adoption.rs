//! Going on with what somebody else made of the line while this page was not heard.

use super::Holding;
use crate::clock::Moment;
use crate::screen::Screen;
use app::backend::Opening;
use app::lease::Grant;
use app::phone;
use line::identity::IdentityError;
use line::project;
use sip::Instant;
use sip::agent::{Call, CallId, Cause, Phase};

/// A call that a person ended.
pub(super) struct Refused {
    call: CallId,
    call_id: String,
    /// It rang, and was declined.
    declined: bool,
}

/// What this page knows beside the agent when somebody else acted for the line meanwhile.
pub(crate) struct Absence<'a> {
    /// The calls that the server knew of: the others were dialled while it was not heard.
    pub(crate) known: &'a [phone::CallKey],
    /// How the last call ended, by what the server says.
    pub(crate) ended: Option<&'a phone::Ended>,
}

/// How many calls that a person ended are remembered.
const REFUSED: usize = 16;

impl Holding {
    /// Goes on with what somebody else made of the line meanwhile: the agent is the grant's, the connections of calls
    /// that are the same stay, and what a person did here meanwhile is done again.
    pub(crate) fn adopt(
        self,
        grant: Grant,
        absence: &Absence<'_>,
        opening: &Opening,
        screen: &Screen,
        moment: &Moment,
    ) -> Result<Self, IdentityError> {
        let now = moment.now;
        let before: Vec<Call> = self.agent.calls().collect();
        let mut next = Self::begin(grant, opening, &self.events, self.calls.devices(), moment)?;
        let after: Vec<Call> = next.agent.calls().collect();
        let same = |call: &Call| after.iter().find(|other| other.id == call.id && other.call_id == call.call_id);
        let mut stays = Vec::new();
        for call in &before {
            match same(call) {
                Some(other) => {
                    stays.push((call.id, goes_on(call.phase, other.phase)));
                    if call.held_there != other.held_there && other.phase == Phase::Established {
                        next.changed.push(call.id);
                    }
                    if call.phase == Phase::Answering && other.phase == Phase::RingingHere {
                        next.verb(|agent| agent.answer(call.id, now));
                    }
                }
                None => next.missed(call, absence, opening, screen, now),
            }
        }
        next.take_reports(&self);
        next.want_sent(self.wanted());
        next.calls.take_over(self.calls, &stays);
        next.resting = self.resting;
        next.lost = true;
        for refused in &self.refused {
            if let Some(call) = after.iter().find(|call| call.id == refused.call && call.call_id == refused.call_id) {
                if refused.declined && call.phase == Phase::RingingHere {
                    next.decline(call.id, now);
                } else {
                    next.hang_up(call.id, now);
                }
            }
        }
        next.wake(now);
        Ok(next)
    }

    /// A call of this page that is not there any more: it was dialled while nobody heard it, or ended meanwhile.
    fn missed(&mut self, call: &Call, absence: &Absence<'_>, opening: &Opening, screen: &Screen, now: Instant) {
        match call.phase {
            Phase::Preparing | Phase::Calling if !absence.known.contains(&call.id.0) => {
                self.verb(|agent| agent.call(call.remote.uri.clone(), now).map(|_| ()));
            }
            Phase::Preparing
            | Phase::Calling
            | Phase::RingingThere
            | Phase::RingingHere
            | Phase::Answering
            | Phase::Established => {
                let told = absence.ended.filter(|ended| ended.key == call.id.0);
                let away = || project::ended(call, Cause::Away, &opening.domain);
                screen.show_ended(told.cloned().or_else(away));
            }
            Phase::Ending => {}
        }
    }

    /// A person ended this call here: who acts for the line meanwhile may not know.
    pub(super) fn refuse(&mut self, call: CallId, declined: bool) {
        let Some(known) = self.agent.calls().find(|known| known.id == call) else { return };
        if self.refused.len() >= REFUSED {
            self.refused.remove(0);
        }
        self.refused.push(Refused { call, call_id: known.call_id, declined });
    }
}

/// Whether the connection of a call that stood here still fits, now that it stands there: what was answered meanwhile was
/// not told to it.
const fn goes_on(before: Phase, after: Phase) -> bool {
    match before {
        Phase::Established => matches!(after, Phase::Established),
        Phase::Calling | Phase::RingingThere => matches!(after, Phase::Calling | Phase::RingingThere),
        Phase::Preparing | Phase::RingingHere | Phase::Answering | Phase::Ending => false,
    }
}
