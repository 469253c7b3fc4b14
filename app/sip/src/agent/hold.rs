//! Hold and resume, by direction alone (RFC 3264 8.4, RFC 6337 5.3).

use super::core::Core;
use super::session::{Session, State};
use super::standing::Heard;
use super::{Body, Event, VerbError};
use crate::sdp::{Direction, SessionDescription};
use alloc::string::String;

/// Who holds an answered call. Both may.
///
/// | Ours | On | Does | Next |
/// | --- | --- | --- | --- |
/// | agreed | hold, resume | offers anew ([`super::modify::Modify`]), now or after the change that is under way | wanted |
/// | wanted | the opposite | – | agreed, when that is what holds |
/// | wanted | our offer, or our answer to theirs, was taken | – | agreed |
/// | wanted | our offer is refused, or cannot be made | tells | as it was |
/// | wanted | 491 | waits for its time | wanted |
///
/// | Theirs | On | Does | Next |
/// | --- | --- | --- | --- |
/// | any | a description that receives nothing: `sendonly`, `inactive`, the address 0.0.0.0 | tells | held |
/// | any | one that receives something | tells | not held |
/// | any | an answer, to an offer of ours that sends nothing: it could not say anything else | – | as it was |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Holding {
    /// What the user wants: it is agreed, or on its way to be.
    pub(super) here: bool,
    /// What our last description said that was taken.
    pub(super) agreed: bool,
    /// What their last description said.
    pub(super) there: bool,
}

/// The descriptions of a call, as far as later ones depend on them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Described {
    /// Our last one that was taken. It is said again where a re-INVITE only refreshes the session, and the next one goes on
    /// with its origin, also when another page makes it (RFC 3264 8).
    pub(super) ours: Option<String>,
    /// What is remembered of their last one.
    pub(super) theirs: Option<Heard>,
}

impl Described {
    /// Notes what was taken of ours.
    pub(super) fn said(&mut self, body: &[u8]) {
        if let Ok(text) = core::str::from_utf8(body) {
            self.ours = Some(text.into());
        }
    }

    /// Notes what they said; says whether it is something else than before.
    pub(super) fn heard(&mut self, body: &Body) -> bool {
        let now = Heard::of(&body.bytes);
        self.theirs.replace(now) != Some(now)
    }

    /// Our offer, on hold if need be. Who is held `there` offers to send nothing, so that it goes on: not every phone that holds
    /// remembers it in its answer (RFC 6337 5.3). What a fresh connection made gets the sections that the session had.
    pub(super) fn offer(&self, body: Body, hold: bool, there: bool) -> Body {
        self.change(body, |ours| {
            if hold {
                ours.hold();
            }
            if there {
                ours.silence();
            }
            if let Some(before) = self.said_last()
                && !is_of_session(ours, &before)
            {
                ours.mend_fresh_offer(&before);
            }
        })
    }

    /// What we said last.
    pub(super) fn said_last(&self) -> Option<SessionDescription> {
        self.ours.as_ref().and_then(|text| SessionDescription::parse(text.as_bytes()).ok())
    }

    /// Our answer to their offer, on hold if need be: no section sends what they do not receive, or receives what they do not
    /// send (RFC 3264 6.1). Without an offer of theirs it is ours.
    pub(super) fn answer(&self, body: Body, offer: Option<&Body>, hold: bool) -> Body {
        let Some(Ok(theirs)) = offer.map(|offer| SessionDescription::parse(&offer.bytes)) else {
            return self.offer(body, hold, false);
        };
        self.change(body, |ours| {
            if hold {
                ours.hold();
            }
            for index in 0..ours.media().len() {
                let (Some(offered), Some(own)) = (theirs.direction(index), ours.direction(index)) else { continue };
                let fit = offered.answered_with(own);
                if let Some(media) = ours.media_mut().get_mut(index)
                    && fit != own
                    && !media.is_rejected()
                {
                    media.set_direction(fit);
                }
            }
        })
    }

    /// What is no description that can be read is sent as it is.
    fn change(&self, mut body: Body, how: impl FnOnce(&mut SessionDescription)) -> Body {
        let Ok(mut ours) = SessionDescription::parse(&body.bytes) else { return body };
        let read = ours.clone();
        how(&mut ours);
        if let Some(before) = self.said_last()
            && !is_of_session(&ours, &before)
        {
            ours.continue_from(&before);
        }
        if ours != read {
            body.bytes = ours.to_bytes();
        }
        body
    }
}

impl Session {
    /// Puts the call on hold, or ends that.
    ///
    /// # Errors
    /// When the call is not established.
    pub(super) fn hold(&mut self, core: &mut Core, held: bool) -> Result<(), VerbError> {
        let State::Established(established) = &mut self.state else { return Err(VerbError::WrongPhase) };
        if core::mem::replace(&mut established.holding.here, held) != held {
            core.event(Event::Call(self.id));
        }
        Ok(())
    }

    /// Who holds it: we, they.
    pub(super) const fn holds(&self) -> (bool, bool) {
        match &self.state {
            State::Established(established) => (established.holding.here, established.holding.there),
            State::Outgoing(_) | State::Incoming(_) | State::Gone => (false, false),
        }
    }

    /// Whether it is answered, and no change of it is under way.
    pub(super) const fn is_agreed(&self) -> bool {
        match &self.state {
            State::Established(established) => {
                established.is_free() && !established.is_change_due() && !self.refer.is_leaving()
            }
            State::Outgoing(_) | State::Incoming(_) | State::Gone => false,
        }
    }

    /// The descriptions of an answered call that goes on.
    pub(super) fn described(&self) -> Option<&Described> {
        match &self.state {
            State::Established(established) if !self.over => Some(&established.described),
            State::Established(_) | State::Outgoing(_) | State::Incoming(_) | State::Gone => None,
        }
    }

    /// Notes what their answer says, and tells whether they hold; says whether it is another one than before.
    pub(super) fn hear_answer(&mut self, core: &mut Core, theirs: &Body) -> bool {
        let State::Established(established) = &mut self.state else { return true };
        if established.described.ours.as_ref().is_some_and(|ours| is_mute(ours.as_bytes())) {
            return established.described.heard(theirs);
        }
        self.hear(core, theirs)
    }

    /// Notes what their offer says, and tells whether they hold; says whether it is another one than before.
    pub(super) fn hear(&mut self, core: &mut Core, theirs: &Body) -> bool {
        let State::Established(established) = &mut self.state else { return true };
        let there = holds(theirs);
        if core::mem::replace(&mut established.holding.there, there) != there {
            core.event(Event::Call(self.id));
        }
        established.described.heard(theirs)
    }
}

/// Whether who wrote this wants to receive nothing at all. One-way media beside a conversation is no hold.
pub(super) fn holds(body: &Body) -> bool {
    all(&body.bytes, |direction| !direction.receives())
}

/// Whether who wrote this sends nothing at all.
pub(super) fn is_mute(description: &[u8]) -> bool {
    all(description, |direction| !direction.sends())
}

/// Whether there are live sections, and this is so for all of them.
fn all(description: &[u8], is_so: impl Fn(Direction) -> bool) -> bool {
    let Ok(description) = SessionDescription::parse(description) else { return false };
    let live = (0..description.media().len())
        .filter(|index| description.media().get(*index).is_some_and(|media| !media.is_rejected()))
        .filter_map(|index| description.direction(index));
    let mut count = 0;
    live.inspect(|_| count += 1).all(is_so) && count > 0
}

/// Whether both have the same origin, whatever the version.
fn is_of_session(one: &SessionDescription, other: &SessionDescription) -> bool {
    let (one, other) = (one.origin(), other.origin());
    (one.username, one.session_id) == (other.username, other.session_id)
}
