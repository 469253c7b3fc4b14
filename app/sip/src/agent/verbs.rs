//! What the user does with calls.

use super::session::Session;
use super::{Agent, Body, CallId, CallOptions, Cause, Digit, MediaFailure, Phase, VerbError};
use crate::Instant;
use crate::message::Headers;
use crate::sdp::SessionDescription;
use crate::uri::Uri;
use core::time::Duration;

impl Agent {
    /// Begins a call: it is prepared until its offer is made, then INVITE leaves.
    ///
    /// # Errors
    /// As many calls are up as are allowed.
    pub fn call(&mut self, target: Uri, now: Instant) -> Result<CallId, VerbError> {
        self.call_with(target, Headers::new(), now)
    }

    /// As [`Agent::call`], with more headers for the INVITE. Those that the agent writes itself stay as it writes them.
    ///
    /// # Errors
    /// As many calls are up as are allowed.
    pub fn call_with(&mut self, target: Uri, headers: Headers, now: Instant) -> Result<CallId, VerbError> {
        if self.live() >= self.core.config.max_calls {
            return Err(VerbError::TooMany);
        }
        self.enter(now);
        let id = self.next_call();
        let session = Session::dial(&mut self.core, id, target, headers);
        self.sessions.push(session);
        self.settle();
        Ok(id)
    }

    /// As [`Agent::call`], shown to the other end as the options say.
    ///
    /// # Errors
    /// As many calls are up as are allowed.
    pub fn call_as(&mut self, target: Uri, options: CallOptions, now: Instant) -> Result<CallId, VerbError> {
        self.call_with(target, options.into_headers(), now)
    }

    /// Answers a call that rings here.
    ///
    /// # Errors
    /// There is no such call, or it does not ring here.
    pub fn answer(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| match session.phase() {
            Phase::RingingHere => {
                session.accept(core);
                Ok(())
            }
            Phase::Preparing
            | Phase::Calling
            | Phase::RingingThere
            | Phase::Answering
            | Phase::Established
            | Phase::Ending => Err(VerbError::WrongPhase),
        })
    }

    /// Declines a call that rings here (603).
    ///
    /// # Errors
    /// There is no such call, or it is not an incoming one that is unanswered.
    pub fn decline(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| match session.phase() {
            Phase::RingingHere | Phase::Answering => {
                session.refuse(core, Cause::DeclinedHere);
                Ok(())
            }
            Phase::Preparing | Phase::Calling | Phase::RingingThere | Phase::Established | Phase::Ending => {
                Err(VerbError::WrongPhase)
            }
        })
    }

    /// Refuses a call that must be answered by itself, and is not to be (403, RFC 5373 4.1.2).
    ///
    /// # Errors
    /// There is no such call, or it is not [one of these](Agent::must_answer_itself).
    pub fn forbid(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| {
            if !session.must_answer_itself() {
                return Err(VerbError::WrongPhase);
            }
            session.refuse(core, Cause::Forbidden);
            Ok(())
        })
    }

    /// Sends a call that rings here elsewhere (302): the caller, or a proxy for them, calls there. It rings on no phone of
    /// the user any more, where the proxy knows Diversion (RFC 5806).
    ///
    /// # Errors
    /// There is no such call, or it is not an incoming one that is unanswered.
    pub fn divert(&mut self, id: CallId, to: Uri, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| match session.phase() {
            Phase::RingingHere | Phase::Answering => {
                session.divert(core, to);
                Ok(())
            }
            Phase::Preparing | Phase::Calling | Phase::RingingThere | Phase::Established | Phase::Ending => {
                Err(VerbError::WrongPhase)
            }
        })
    }

    /// Ends a call, in whatever phase it is: withdraws, cancels, declines, or hangs up.
    ///
    /// # Errors
    /// There is no such call.
    pub fn hangup(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| {
            session.hang_up(core, None);
            Ok(())
        })
    }

    /// Ends a call whose media cannot go on: like [`Agent::hangup`], with that cause. An incoming call that was
    /// not answered is refused with 488 and a Warning.
    ///
    /// # Errors
    /// There is no such call.
    pub fn fail(&mut self, id: CallId, failure: MediaFailure, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| {
            session.hang_up(core, Some(Cause::Media(failure)));
            Ok(())
        })
    }

    /// Offers anew in an established call: asks for the offer, sends re-INVITE; the answer comes as
    /// [`super::Event::Remote`]. If the other end refuses, the call goes on as it was.
    ///
    /// # Errors
    /// There is no such call, or it is not established, or its media is being changed already.
    pub fn reoffer(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, Session::reoffer)
    }

    /// Puts an answered call on hold: nothing of theirs is received any more, by the direction of the media alone (RFC 3264
    /// 8.4). While its media is being changed it waits; what the user wanted last is done. If the other end refuses, it
    /// stays as it was ([`super::Event::Call`]).
    ///
    /// # Errors
    /// There is no such call, or it is not established.
    pub fn hold(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| session.hold(core, true))
    }

    /// Ends [the hold](Agent::hold) of a call.
    ///
    /// # Errors
    /// There is no such call, or it is not established.
    pub fn resume(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| session.hold(core, false))
    }

    /// Sends a digit by INFO (`application/dtmf-relay`), after those that were sent before; for phones and gateways that take
    /// no RFC 4733. Its duration is kept between 40 ms and 6 s.
    ///
    /// # Errors
    /// There is no such call, it is not established, or too many digits wait already.
    pub fn send_digit(&mut self, id: CallId, digit: Digit, duration: Duration, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, _| session.send_digit(digit, duration))
    }

    /// Asks for a whole picture by INFO (RFC 5168), where feedback in RTCP is not to be had.
    ///
    /// # Errors
    /// There is no such call, it is not established, or too much waits to be sent already.
    pub fn request_picture(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, _| session.request_picture())
    }

    /// Sends candidates that follow our description (RFC 8840), if [`super::Config::trickle`] and they take them; as long as that is
    /// not known, or there is no dialog, they wait. Each fragment has all candidates of its ICE session so far: the newest
    /// replaces one that waits.
    ///
    /// # Errors
    /// There is no such call, or [`super::Config::trickle`] is off, or it is no fragment.
    pub fn trickle(&mut self, id: CallId, fragment: Body, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| session.trickle(core, fragment))
    }

    /// What an answered call was described as by us last, as far as the other end took it: a fresh connection has to offer
    /// the same media sections in the same order (RFC 3264 8).
    #[must_use]
    pub fn description(&self, id: CallId) -> Option<SessionDescription> {
        self.sessions.iter().find(|session| session.id == id)?.described()?.said_last()
    }

    /// Whether nothing of an answered call's media is being changed: what was offered was taken, or was refused.
    #[must_use]
    pub fn is_agreed(&self, id: CallId) -> bool {
        self.sessions.iter().any(|session| session.id == id && session.is_agreed())
    }

    /// Whether a call that waits here is to be refused unless it is answered by itself (RFC 5373 `Answer-Mode: Auto;require`):
    /// nobody was alerted by it.
    #[must_use]
    pub fn must_answer_itself(&self, id: CallId) -> bool {
        self.sessions.iter().any(|session| session.id == id && session.must_answer_itself())
    }

    /// What a call that rings here is offered with; `None` when it is another call, or offers nothing yet (late offer).
    #[must_use]
    pub fn offered(&self, id: CallId) -> Option<SessionDescription> {
        self.sessions.iter().find(|session| session.id == id)?.offered_with()
    }
}
