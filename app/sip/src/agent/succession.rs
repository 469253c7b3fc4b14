//! A call that goes on in another dialog: an INVITE with Replaces of our own one (RFC 3891), for an other end that takes a
//! new connection in a new dialog and not in the one there is.

use super::refer::{GRACE, Passed, Refer};
use super::session::{Session, State};
use super::session_timer::SessionTimer;
use super::transactions::Outcome;
use super::transfer::is_reachable;
use super::{Agent, CallId, Cause, Question, VerbError, identity};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::{CallId as CallIdHeader, Privacy, Replaces, Require, Route, To};
use crate::message::{HeaderName, Headers, Request, Token};
use crate::uri::Uri;

/// RFC 3891 9: who does not know it is to refuse, and not to ring.
const REPLACES: Token = Token::literal("replaces");

/// The call is one for its user all the time: it keeps its name, nobody is told of the dialogs, and what happens in either
/// happens to it.
///
/// | Row | The dialog that there is | The new one | On | Does | Next |
/// | --- | --- | --- | --- | --- | --- |
/// | SU1 | established, nothing under way | – | [`Agent::replace_own`] | asks for the offer | Leaving; Taking |
/// | SU2 | Leaving | Taking | offer | INVITE with Replaces | same |
/// | SU3 | Leaving | Taking | refused, nothing in time, no offer can be made | – | as before; – |
/// | SU4 | Leaving | Taking | 2xx | ACK, tells the answer | Left; it is the call |
/// | SU5 | Leaving | Taking | BYE | 200 | –; Alone |
/// | SU6 | – | Alone | 2xx | ACK, tells the answer | –; it is the call |
/// | SU7 | – | Alone | refused, nothing in time | Ended: they hung up | – |
/// | SU8 | Leaving | Taking | the call ends otherwise | as always; CANCEL | – |
/// | SU9 | Leaving | Taking | a new offer of theirs, another Replaces, REFER | 491 | same |
/// | SU10 | Leaving | Taking | hold, resume | – | same; it is done in what becomes the call |
/// | SU11 | Left | it is the call | BYE | 200 | –; it is the call |
/// | SU12 | Left | it is the call | 5 s | BYE | –; it is the call |
impl Agent {
    /// Has an established call go on in another dialog: asks for an offer, which is to be of a new connection, and sends it
    /// in an INVITE with Replaces (RFC 3891) to the other end; the answer comes as [`super::Event::Remote`], as for
    /// [`Agent::reoffer`]. If the other end refuses, the call goes on as it was.
    ///
    /// # Errors
    /// There is no such call; or it is not established, or its media is being changed already, or it is being transferred.
    pub fn replace_own(&mut self, id: CallId, now: Instant) -> Result<(), VerbError> {
        self.enter(now);
        let old = self.find(id).filter(|session| session.is_shown()).ok_or(VerbError::NoCall)?;
        let (target, headers, replaces) = old.succession().ok_or(VerbError::WrongPhase)?;
        let (remote, identity, direction) = (old.remote.clone(), old.identity.clone(), old.direction);
        let (hold, _) = old.holds();
        let next = self.next_call();
        let mut new = Session::prepare(&mut self.core, next, target, headers);
        (new.remote, new.identity, new.direction) = (remote, identity, direction);
        new.refer.replacing = Some(replaces);
        new.refer.passed = Passed::Taking { call: id, hold };
        self.sessions.push(new);
        self.with(id, |old, core| {
            old.refer.passed = Passed::Leaving;
            core.ask(Question::Offer { call: id, hold });
        });
        self.settle();
        Ok(())
    }

    /// Which session an offer is for that was asked for in this call.
    pub(super) fn offering(&self, call: CallId) -> CallId {
        self.successor(call).map_or(call, |session| session.id)
    }

    /// SU4: something came of an INVITE. Under which name its session goes on.
    pub(super) fn succeeded(&mut self, outcome: &Outcome, call: CallId) -> CallId {
        let accepted = outcome.response.as_ref().is_some_and(|response| response.status.is_success());
        let session = self.find(call).filter(|session| accepted && !session.over);
        match session.map(|session| session.refer.passed) {
            Some(Passed::Taking { call: old, .. }) if self.find(old).is_some_and(Session::is_shown) => {
                self.swap(old, call);
                old
            }
            Some(_) | None => call,
        }
    }

    /// SU5: BYE came. Under which name its session ends.
    pub(super) fn succeeded_early(&mut self, call: CallId) -> CallId {
        let Some(new) = self.successor(call).map(|session| session.id) else { return call };
        self.swap(call, new);
        new
    }

    /// What becomes of two dialogs when something became of one of them.
    pub(super) fn relate_succession(&mut self, id: CallId) {
        let Some(session) = self.find(id) else { return };
        match session.refer.passed {
            Passed::Leaving if self.successor(id).is_none() => {
                self.core.questions.forget_offer(id);
                if let Some(session) = self.session(id) {
                    session.refer.passed = Passed::Not;
                }
            }
            Passed::Taking { call, .. } if !session.over && !self.find(call).is_some_and(Session::is_shown) => {
                self.with(id, |session, core| session.hang_up(core, None));
            }
            Passed::Not
            | Passed::Offered(_)
            | Passed::Due { .. }
            | Passed::Leaving
            | Passed::Taking { .. }
            | Passed::Alone { .. }
            | Passed::Left { .. } => {}
        }
    }

    /// What happens in a dialog that a call is to go on in happens to that call, for its user.
    pub(super) fn tell_of_successors(&mut self) {
        for session in &self.sessions {
            if let Passed::Taking { call, .. } = session.refer.passed {
                self.core.retell(session.id, call);
            }
        }
    }

    /// The dialog that a call is to go on in.
    fn successor(&self, of: CallId) -> Option<&Session> {
        let is_it = |passed: Passed| matches!(passed, Passed::Taking { call, .. } if call == of);
        self.sessions.iter().find(|session| !session.over && is_it(session.refer.passed))
    }

    /// The new dialog is the call from now on, whatever comes of it.
    fn swap(&mut self, old: CallId, new: CallId) {
        self.core.retell(new, old);
        self.core.transactions.swap(old, new);
        self.core.questions.swap(old, new);
        self.events.swap(old, new);
        let until = self.core.now + GRACE;
        let wanted = self.find(old).is_some_and(|session| session.holds().0);
        for session in &mut self.sessions {
            if session.id == old {
                session.id = new;
                session.over = true;
                session.refer.passed = Passed::Left { until };
                if let State::Established(established) = &mut session.state {
                    established.timer = SessionTimer::Off;
                }
            } else if session.id == new {
                session.id = old;
                if let Passed::Taking { hold, .. } = session.refer.passed {
                    session.refer.passed = Passed::Alone { wanted, agreed: hold };
                }
            }
        }
    }
}

impl Session {
    /// Whether its user knows of it, and that it is not over.
    pub(super) const fn is_shown(&self) -> bool {
        !self.over && !matches!(self.refer.passed, Passed::Taking { .. })
    }

    /// Why it ends: SU7.
    pub(super) fn cause_of_end(&self, cause: Cause) -> Cause {
        let waits = matches!(self.state, State::Outgoing(_)) && matches!(self.refer.passed, Passed::Alone { .. });
        if waits && !matches!(cause, Cause::CancelledHere) { Cause::HungUpThere } else { cause }
    }

    /// It was answered: what was wished for before the call came here is wished for here.
    pub(super) const fn take_over(&mut self) {
        if let (Passed::Alone { wanted, agreed }, State::Established(established)) =
            (self.refer.passed, &mut self.state)
        {
            self.refer.passed = Passed::Not;
            established.holding.here = wanted;
            established.holding.agreed = agreed;
        }
    }

    /// What an INVITE is to say for this call to go on in its dialog: where it goes, how it gets there and to whom, and
    /// what it takes the place of, as the one sees the tags who gets it.
    fn succession(&self) -> Option<(Uri, Headers, Replaces)> {
        let State::Established(established) = &self.state else { return None };
        let idle = established.is_free() && !established.renew;
        if !idle || !matches!(self.refer.passed, Passed::Not) || self.refer.is_under_way() {
            return None;
        }
        let dialog = &established.dialog;
        let call_id = dialog.call_id().parse::<CallIdHeader>().ok()?;
        let replaces = Replaces::new(&call_id, dialog.remote_tag(), dialog.local_tag()).ok()?;
        let mut headers = Headers::new();
        headers.push(&To(dialog.remote().clone()));
        for hop in dialog.route_set() {
            headers.push(&Route(hop.clone()));
        }
        if identity::is_hidden(dialog.local()) {
            headers.push(&Privacy([const { Token::literal("id") }].into()));
        }
        Some((target(dialog).clone(), headers, replaces))
    }
}

impl Refer {
    /// Whether the call is to go on in another dialog.
    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self.passed, Passed::Leaving)
    }

    /// What the INVITE says that takes the place of our own dialog: it goes the way of that, to whom that is with.
    pub(super) fn succeed(&self, headers: &Headers, invite: &mut Request) {
        let Passed::Taking { .. } = self.passed else { return };
        if let Ok(to) = headers.get::<To>() {
            invite.headers.set(&to);
        }
        if headers.contains(HeaderName::Route) {
            invite.headers.remove(HeaderName::Route);
            invite.headers.copy_from(headers, HeaderName::Route);
        }
        invite.headers.push(&Require([REPLACES].into()));
    }

    /// Whether its offer is to put them on hold.
    pub(super) const fn holds(&self) -> bool {
        matches!(self.passed, Passed::Taking { hold: true, .. })
    }
}

/// Where the other end of a dialog is reached from outside of it: at its Contact, which may mean something only to who is on
/// the way there.
fn target(dialog: &Dialog) -> &Uri {
    let (contact, address) = (dialog.remote_target(), &dialog.remote().uri);
    let known = !dialog.route_set().is_empty() || is_reachable(contact) || !is_reachable(address);
    if known { contact } else { address }
}
