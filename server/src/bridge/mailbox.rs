//! What waits in a phone's mailbox at its PBX (RFC 3842). Pure.

use super::subscription::{self, Package, Subscription};
use crate::ports::{PbxSecret, Waiting};
use crate::store::key::random_word;
use sip::body::message_summary::{MessageClass, MessageSummary};
use sip::header::Event;
use sip::message::{Request, Response, Status};
use tokio::time::Instant;

const PACKAGE: Package = Package { name: "message-summary", accepts: &[MessageSummary::MEDIA_TYPE] };

/// The mailbox of a phone: its [`Subscription`], and what comes without one.
///
/// | Row | On | Does |
/// | --- | --- | --- |
/// | MB1 | NOTIFY in the subscription | tells what waits |
/// | MB2 | NOTIFY about a mailbox that nobody asked for (Asterisk) | answers it; tells what waits |
#[derive(Debug)]
pub(super) struct Mailbox(Subscription);

/// What follows on something that the PBX said about a mailbox.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// What is to be said to the PBX.
    pub(super) say: Option<Vec<u8>>,
    /// What waits, as far as that was told.
    pub(super) waiting: Option<Waiting>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self(Subscription::new(PACKAGE, None))
    }
}

impl Mailbox {
    /// As [`Subscription::drive`].
    pub(super) fn drive(&mut self, registered: Option<&Request>, now: Instant) -> Option<Vec<u8>> {
        self.0.drive(registered, now)
    }

    /// When [`Self::drive`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }

    /// The PBX answers; `None` when that is not about the mailbox.
    pub(super) fn answered(&mut self, response: &Response, secret: Option<&PbxSecret>, now: Instant) -> Option<Heard> {
        let is_mine = self.0.is_mine(&subscription::call_id(&response.headers)?);
        is_mine.then(|| Heard { say: self.0.answered(response, secret, now), waiting: None })
    }

    /// A NOTIFY came; `None` when it is not about a mailbox.
    pub(super) fn notified(&mut self, request: &Request, now: Instant) -> Option<Heard> {
        let event = request.headers.get::<Event>().ok()?;
        if !event.is(PACKAGE.name) || request.validate().is_err() {
            return None;
        }
        let waits = waiting(&request.body);
        if self.0.is_mine(&subscription::call_id(&request.headers)?) {
            let notified = self.0.notified(request, now);
            return Some(Heard { say: Some(notified.answer), waiting: waits.filter(|_| notified.is_new) });
        }
        let mut answer = Response::to_request(request, Status::OK);
        answer.set_to_tag(&random_word(10).ok()?);
        Some(Heard { say: Some(answer.to_bytes()), waiting: waits })
    }
}

/// What a summary says of voice messages; one that names no class is about these, too.
fn waiting(body: &[u8]) -> Option<Waiting> {
    let summary = MessageSummary::parse(body).ok()?;
    let count = summary.count(&MessageClass::Voice).map(|count| (count.new, count.old));
    Some(match count {
        Some((new, old)) => Waiting { new: Some(new).filter(|new| *new > 0 || !summary.waiting), old },
        None if summary.waiting => Waiting { new: None, old: 0 },
        None => Waiting { new: Some(0), old: 0 },
    })
}

#[cfg(test)]
mod tests;
