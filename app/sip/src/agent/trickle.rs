//! Candidates that follow a description (RFC 8838, RFC 8840).

use super::core::Core;
use super::session::{Session, State};
use super::{Body, Event, VerbError};
use crate::body::multipart::{Wanted, find};
use crate::dialog::Dialog;
use crate::header::{RecvInfo, Supported};
use crate::message::{Headers, Request, Status, Token};
use crate::sdp::Fragment;
use alloc::string::String;

/// The option tag, and the name of the INFO package (RFC 8840 10).
pub(super) const PACKAGE: Token = Token::literal("trickle-ice");
/// The longest fragment that is taken or sent, in bytes.
const MAX_FRAGMENT: usize = 16 * 1024;
/// A fragment in an INFO (RFC 8840 10.9).
const FRAGMENT: Wanted<'static> = Wanted { media_type: Fragment::CONTENT_TYPE, disposition: None, understood: &[] };

/// Candidates of a call.
///
/// Each fragment that the user gives has all candidates of its ICE session that are known (RFC 8840 4.4), so that the newest
/// stands for those before it.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | any | our fragment | keeps it in the place of one that waits | waiting |
/// | waiting | they take candidates, know the dialog, and are the only ones | INFO ([`super::info::Informing`]) | told |
/// | told | another phone than that answers the call | INFO | – |
/// | told | that one answers | – | – |
/// | waiting | the call is answered, and they take none | lets it go | – |
/// | any | they refuse INFO | lets go what waits | they take none |
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Trickle {
    /// Whether they take candidates.
    theirs: bool,
    /// Whether they know the dialog before our 2xx is acknowledged: a reliable response of ours was, or they said
    /// something in it.
    knows: bool,
    waiting: Option<Body>,
    /// The tag of who was told of that already.
    told: Option<String>,
}

impl Trickle {
    /// They know the early dialog.
    pub(super) const fn reached(&mut self) {
        self.knows = true;
    }

    /// Whether the other end with this tag was told of the last fragment.
    pub(super) fn was_told(&self, tag: &str) -> bool {
        self.told.as_deref() == Some(tag)
    }

    /// They said that they take none.
    pub(super) fn refused(&mut self) {
        self.theirs = false;
        self.waiting = None;
    }
}

impl Session {
    /// Notes whether they take candidates, by what a message of theirs says.
    pub(super) fn learn_trickle(&mut self, core: &Core, headers: &Headers) {
        let supports = headers.find::<Supported>().ok().flatten().is_some_and(|tags| tags.has(&PACKAGE));
        let listens = || {
            headers.all::<RecvInfo>().is_ok_and(|all| all.iter().any(|one| one.package.eq_ignore_ascii_case(&PACKAGE)))
        };
        if core.config.trickle && (supports || listens()) {
            self.informing.trickle.theirs = true;
        }
    }

    /// Whether they take candidates.
    pub(super) const fn trickles(&self) -> bool {
        self.informing.trickle.theirs
    }

    /// Sends candidates, as soon as there is a dialog for it.
    ///
    /// # Errors
    /// When candidates are not to be sent in this phase, or it is no fragment.
    pub(super) fn trickle(&mut self, core: &Core, fragment: Body) -> Result<(), VerbError> {
        if !core.config.trickle || fragment.bytes.len() > MAX_FRAGMENT || Fragment::parse(&fragment.bytes).is_err() {
            return Err(VerbError::WrongPhase);
        }
        let trickle = &mut self.informing.trickle;
        (trickle.waiting, trickle.told) = (Some(fragment), None);
        Ok(())
    }

    /// The dialog that INFO goes in: of several early ones none, until one of them is answered.
    pub(super) fn only_dialog(&mut self) -> Option<&mut Dialog> {
        match &mut self.state {
            State::Outgoing(outgoing) => {
                let mut dialogs = outgoing.dialogs_mut();
                let first = dialogs.next();
                first.filter(|_| dialogs.next().is_none())
            }
            State::Incoming(incoming) => Some(&mut incoming.dialog),
            State::Established(established) => Some(&mut established.dialog),
            State::Gone => None,
        }
    }

    /// The fragment that may leave now, for the other end with this tag.
    pub(super) fn fragment_for(&mut self, tag: &str) -> Option<Body> {
        let trickle = &mut self.informing.trickle;
        let told = trickle.was_told(tag);
        let (ready, last) = match &self.state {
            // A response may be lost or late where INFO is not, and who does not know the dialog ends it with 481.
            State::Established(established) if established.unacknowledged.is_some() && !trickle.knows => (false, false),
            State::Established(_) | State::Gone => (trickle.theirs, true),
            State::Incoming(_) => (trickle.theirs && trickle.knows, false),
            // Who answered with an early dialog knows it.
            State::Outgoing(_) => (trickle.theirs, false),
        };
        if last && (told || !ready) {
            trickle.waiting = None;
        }
        if told || !ready {
            return None;
        }
        // Who takes the call may be another one than who heard it early.
        let mut body = if last { trickle.waiting.take() } else { trickle.waiting.clone() }?;
        trickle.told = Some(tag.into());
        body.content_type = Fragment::CONTENT_TYPE.into();
        Some(body)
    }

    /// Candidates came.
    pub(super) fn hear_fragment(&mut self, core: &mut Core, info: &Request) -> Status {
        if info.body.len() > MAX_FRAGMENT {
            return Status::REQUEST_ENTITY_TOO_LARGE;
        }
        let part = match find(&info.headers, &info.body, &FRAGMENT) {
            Ok(Some(part)) => part,
            Ok(None) => return if info.body.is_empty() { Status::OK } else { Status::UNSUPPORTED_MEDIA_TYPE },
            Err(_) => return Status::UNSUPPORTED_MEDIA_TYPE,
        };
        if Fragment::parse(&part.body).is_err() {
            return Status::BAD_REQUEST;
        }
        // Who sends them takes them too.
        self.informing.trickle.theirs = true;
        if !self.over {
            let fragment = Body { content_type: Fragment::CONTENT_TYPE.into(), bytes: part.body };
            core.event(Event::Candidates { call: self.id, fragment });
        }
        Status::OK
    }
}
