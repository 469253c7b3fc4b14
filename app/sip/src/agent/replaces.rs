use super::session::{Session, State};
use super::{Agent, CallId, VerbError};
use crate::Instant;
use crate::header::Replaces;
use crate::message::{HeaderName, Headers, Request, Status};
use crate::uri::Uri;

/// INVITE with Replaces (RFC 3891 3): a call that takes the place of one of ours. It does not ring: whoever was talked
/// to, or called, is talked to now by another way. Who knows the Call-ID and both tags of a call is believed to be
/// allowed to: they are random, and the servers that the INVITE came through know who sent it (RFC 3891 8).
///
/// | The dialog | On | Does |
/// | --- | --- | --- |
/// | established | Replaces | 100, asks for the answer; 200, then BYE to the old one |
/// | established | Replaces, the answer cannot be made | 488; the old one goes on |
/// | established | Replaces with early-only | 486 |
/// | established | another Replaces, while one is being answered, or one of ours is under way for it | 491 |
/// | that we began, unanswered | Replaces | 100, asks for the answer; 200, then CANCEL of the old one |
/// | that rings here | Replaces | 481 |
/// | that is over | Replaces | 603 |
/// | unknown | Replaces | 481 |
/// | any | several Replaces, or one that cannot be read, or Join beside it | 400 |
impl Agent {
    /// Begins a call that takes the place of a dialog that its target is in (RFC 3891): a directed pick-up of what rings
    /// elsewhere (RFC 5359 2.10), when [`Replaces::with_early_only`] is said, or a call that one takes over. The tags are
    /// as the one sees them who gets the INVITE.
    ///
    /// # Errors
    /// As many calls are up as are allowed.
    pub fn replace(&mut self, target: Uri, dialog: Replaces, now: Instant) -> Result<CallId, VerbError> {
        let id = self.call_with(target, Headers::new(), now)?;
        if let Some(session) = self.session(id) {
            session.refer.replacing = Some(dialog);
        }
        Ok(id)
    }

    /// The call that an INVITE takes the place of, if it has Replaces.
    ///
    /// # Errors
    /// What to answer if it cannot.
    pub(super) fn replaced(&self, invite: &Request) -> Result<Option<CallId>, Status> {
        let mut values = invite.headers.raw(&HeaderName::Replaces);
        let Some(_) = values.next() else { return Ok(None) };
        if values.next().is_some() || invite.headers.contains(HeaderName::Join) {
            return Err(Status::BAD_REQUEST);
        }
        let replaces = invite.headers.get::<Replaces>().map_err(|_| Status::BAD_REQUEST)?;
        let is_it = |session: &&Session| session.is_named_by(&replaces);
        let session = self.sessions.iter().find(is_it).ok_or(Status::CALL_DOES_NOT_EXIST)?;
        if session.over {
            return Err(Status::DECLINE);
        }
        match &session.state {
            State::Established(_) if replaces.early_only() => return Err(Status::BUSY_HERE),
            State::Incoming(_) | State::Gone => return Err(Status::CALL_DOES_NOT_EXIST),
            State::Established(_) | State::Outgoing(_) => {}
        }
        let rival = |other: &Session| {
            other.refer.replaces == Some(session.id) && matches!(other.state, State::Incoming(_)) && !other.over
        };
        if session.refer.is_leaving() || self.sessions.iter().any(rival) {
            Err(Status::REQUEST_PENDING)
        } else {
            Ok(Some(session.id))
        }
    }
}

impl Session {
    fn is_named_by(&self, replaces: &Replaces) -> bool {
        let remote = match &self.state {
            State::Incoming(incoming) => incoming.dialog.remote_tag(),
            State::Established(established) => established.dialog.remote_tag(),
            // Our own tag, which is as hard to guess, says enough: whichever phone was picked up, CANCEL ends all.
            State::Outgoing(_) | State::Gone => replaces.from_tag(),
        };
        // A dialog without tag is named by 0 (RFC 3891 3).
        let named = |own: &str, tag: &str| own == tag || (own.is_empty() && tag == "0");
        **replaces.call_id() == *self.call_id
            && named(&self.local_tag, replaces.to_tag())
            && named(remote, replaces.from_tag())
    }
}
