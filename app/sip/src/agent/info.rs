//! What is said beside an answered call (RFC 6086): digits, the wish for a whole picture (RFC 5168), candidates
//! ([`super::trickle`]).

use super::core::Core;
use super::session::{Session, State};
use super::transactions::{Outcome, Purpose};
use super::trickle::{PACKAGE, Trickle};
use super::{Body, Cause, Digit, Event, VerbError, compose};
use crate::header::{Accept, ContentType, InfoPackage};
use crate::message::{HeaderName, Method, Request, Status};
use crate::transaction::Key;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::time::Duration;

/// Digits as phones and gateways send them, by the name that a router gave them.
const RELAY: &str = "application/dtmf-relay";
/// A digit alone.
const DTMF: &str = "application/dtmf";
/// XML for encoders (RFC 5168).
const MEDIA_CONTROL: &str = "application/media_control+xml";
/// The request for a whole picture (RFC 5168 7.1).
const WHOLE_PICTURE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control><vc_primitive><to_encoder>\
                             <picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n";
/// How many notices wait at most.
const MAX_WAITING: usize = 64;
/// The longest body that is read, in bytes; fragments may have [`super::trickle`]'s.
const MAX_BODY: usize = 4 * 1024;
/// What a digit lasts when they do not say.
const USUAL: Duration = Duration::from_millis(250);
/// What a digit may last (RFC 4733 2.5.2.2, and what gateways take).
const SHORTEST: Duration = Duration::from_millis(40);
const LONGEST: Duration = Duration::from_secs(6);

/// The INFO requests of a call: one at a time.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | idle | a digit, a wish for a picture, candidates | INFO | under way |
/// | idle | the same, while the call is not there yet, or our 2xx awaits its ACK | keeps it | idle |
/// | under way | the same | keeps it; candidates replace those that wait | under way |
/// | under way | final response, nothing | – | idle |
/// | under way | 481 | BYE, Ended | – |
/// | under way | candidates refused: 415, 469, 405, 501 | sends no more | idle |
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Informing {
    /// Ours, or one that is being signed.
    under_way: Option<Key>,
    waiting: Vec<Notice>,
    pub(super) trickle: Trickle,
}

/// What is said by INFO, as long as it waits.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Notice {
    Digit { digit: Digit, duration: Duration },
    Picture,
}

impl Informing {
    /// The other end with this tag took the call: what another one was told is not waited for.
    pub(super) fn answered_by(&mut self, tag: &str) {
        if !self.trickle.was_told(tag) {
            self.under_way = None;
        }
    }
}

impl Notice {
    fn body(self) -> Body {
        match self {
            Self::Digit { digit, duration } => Body {
                content_type: RELAY.into(),
                bytes: format!("Signal={digit}\r\nDuration={}\r\n", duration.as_millis()).into_bytes(),
            },
            Self::Picture => Body { content_type: MEDIA_CONTROL.into(), bytes: WHOLE_PICTURE.into() },
        }
    }
}

impl Session {
    /// Sends a digit, after those that wait.
    ///
    /// # Errors
    /// When the call is not established, or too much waits already.
    pub(super) fn send_digit(&mut self, digit: Digit, duration: Duration) -> Result<(), VerbError> {
        self.notify(Notice::Digit { digit, duration: duration.clamp(SHORTEST, LONGEST) })
    }

    /// Asks for a whole picture; one that is asked for already is enough.
    ///
    /// # Errors
    /// When the call is not established, or too much waits already.
    pub(super) fn request_picture(&mut self) -> Result<(), VerbError> {
        if self.informing.waiting.iter().any(|notice| matches!(notice, Notice::Picture)) {
            return Ok(());
        }
        self.notify(Notice::Picture)
    }

    fn notify(&mut self, notice: Notice) -> Result<(), VerbError> {
        if !matches!(self.state, State::Established(_)) {
            return Err(VerbError::WrongPhase);
        }
        if self.informing.waiting.len() >= MAX_WAITING {
            return Err(VerbError::Full);
        }
        self.informing.waiting.push(notice);
        Ok(())
    }

    /// Sends what waits to be said, if nothing is under way.
    pub(super) fn inform(&mut self, core: &mut Core) {
        if self.over || self.informing.under_way.is_some() {
            return;
        }
        let ready = matches!(&self.state, State::Established(established) if established.unacknowledged.is_none());
        let Some(tag) = self.only_dialog().map(|dialog| dialog.remote_tag().to_string()) else { return };
        let (body, package) = if let Some(fragment) = self.fragment_for(&tag) {
            (fragment, Some(PACKAGE))
        } else if ready && !self.informing.waiting.is_empty() {
            (self.informing.waiting.remove(0).body(), None)
        } else {
            return;
        };
        let Some(dialog) = self.only_dialog() else { return };
        let mut info = dialog.request(Method::Info);
        compose::inform(&core.config, &mut info, package);
        compose::body(&mut info.headers, &mut info.body, body);
        compose::via(core, &mut info);
        self.informing.under_way = core.send(info, Purpose::Info(self.id), 0);
    }

    /// INFO was signed and sent again.
    pub(super) fn informed_again(&mut self, new: Key) {
        self.informing.under_way = Some(new);
    }

    /// Something came of our INFO. What was lost with the transport is not said twice.
    pub(super) fn info_outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        let status = outcome.response.as_ref().map(|response| response.status);
        if status.is_some_and(Status::is_provisional) || self.informing.under_way.as_ref() != Some(&outcome.key) {
            return;
        }
        self.informing.under_way = None;
        match status {
            Some(Status::CALL_DOES_NOT_EXIST) if matches!(self.state, State::Established(_)) => {
                self.leave(core, Cause::Network);
            }
            Some(
                Status::BAD_INFO_PACKAGE
                | Status::UNSUPPORTED_MEDIA_TYPE
                | Status::METHOD_NOT_ALLOWED
                | Status::NOT_IMPLEMENTED,
            ) if outcome.request.headers.contains(HeaderName::InfoPackage) => self.informing.trickle.refused(),
            Some(_) | None => {}
        }
    }

    /// INFO came.
    pub(super) fn informed(&mut self, core: &mut Core, key: &Key, info: &Request) {
        // Who sends it knows the dialog, whatever became of the response that began it (RFC 8840 4.3).
        self.informing.trickle.reached();
        let status = self.read_info(core, info);
        let tag = &self.local_tag;
        let mut response = compose::response(&core.config, info, status, tag);
        if status == Status::UNSUPPORTED_MEDIA_TYPE {
            for known in [RELAY, DTMF, MEDIA_CONTROL] {
                if let Ok(known) = known.parse() {
                    response.headers.push(&Accept(known));
                }
            }
        }
        core.respond(key, &response);
    }

    /// Tells what an INFO says; the status to answer it with.
    fn read_info(&mut self, core: &mut Core, info: &Request) -> Status {
        match info.headers.find::<InfoPackage>() {
            Ok(None) => {}
            Ok(Some(named)) if core.config.trickle && named.package.eq_ignore_ascii_case(&PACKAGE) => {
                return self.hear_fragment(core, info);
            }
            Ok(Some(_)) => return Status::BAD_INFO_PACKAGE,
            Err(error) => return error.status(),
        }
        if info.body.is_empty() {
            return Status::OK;
        }
        if info.body.len() > MAX_BODY {
            return Status::REQUEST_ENTITY_TOO_LARGE;
        }
        let Ok(ContentType(media_type)) = info.headers.get() else { return Status::UNSUPPORTED_MEDIA_TYPE };
        let Ok(text) = core::str::from_utf8(&info.body) else { return Status::BAD_REQUEST };
        let event = if media_type.is(RELAY) || media_type.is(DTMF) {
            let Some((digit, duration)) = digit(text) else { return Status::BAD_REQUEST };
            Event::Digit { call: self.id, digit, duration }
        } else if media_type.is(MEDIA_CONTROL) {
            if !text.contains("picture_fast_update") {
                // Other primitives are for encoders that there are none of here.
                return Status::OK;
            }
            Event::PictureWanted(self.id)
        } else {
            return Status::UNSUPPORTED_MEDIA_TYPE;
        };
        if !self.over {
            core.event(event);
        }
        Status::OK
    }
}

/// `Signal=5`, `Duration=160`, each on a line; or the digit alone. Some write the signals of RFC 4733 as numbers.
fn digit(text: &str) -> Option<(Digit, Duration)> {
    let mut signal = None;
    let mut duration = USUAL;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some((name, value)) if name.eq_ignore_ascii_case("signal") => signal = signal.or(Some(value)),
            Some((name, value)) if name.eq_ignore_ascii_case("duration") => {
                duration = value.parse().map(Duration::from_millis).unwrap_or(USUAL).clamp(SHORTEST, LONGEST);
            }
            Some(_) => {}
            None => signal = signal.or(Some(line)),
        }
    }
    let signal = match signal? {
        "10" => "*",
        "11" => "#",
        other => other,
    };
    let mut characters = signal.chars();
    let first = characters.next().filter(|_| characters.next().is_none())?;
    Some((Digit::new(first)?, duration))
}
