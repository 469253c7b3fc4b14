// What stands for [`events`](../events/mod.rs) in a build with the feature `messages` alone: messages go and come, nothing
// else is announced, taken, or carried along.

// What both say is the same.
#[path = "events/api.rs"]
#[allow(dead_code, reason = "little is told of it")]
mod api;
#[path = "events/errand.rs"]
mod errand;
#[path = "events/messaging.rs"]
mod messaging;
#[path = "events/notice.rs"]
mod notice;
#[path = "events/package.rs"]
#[allow(dead_code, reason = "nothing is told of it")]
mod package;
#[path = "events/requests.rs"]
mod requests;

pub use api::*;
pub use notice::Notice;
pub use package::Package;

use self::errand::Errand;
use self::messaging::Received;
use self::requests::{BUSY, MAX_BODY, PATIENCE, body_of, call_id_of, is_plain, respond, response, send};
use super::core::Core;
use super::transactions::Outcome;
use super::{Agent, CallId};
use crate::Instant;
use crate::message::{Request, Status};
use crate::transaction::Key;
use alloc::vec::Vec;

/// For what a request beside registering and calling was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Subject {
    /// To say something.
    Message(MessageId),
}

/// All that an agent does beside registering and calling.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub(super) struct Events {
    /// The last name that was given.
    last: u64,
    errands: Vec<Errand>,
    received: Vec<Received>,
}

#[allow(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "as those who do something")]
impl Events {
    /// A name that was never given.
    const fn name(&mut self) -> u64 {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    /// Whether there is no more than an agent leaves.
    pub(super) fn is_bounded(&self) -> bool {
        errand::is_bounded(&self.errands) && messaging::is_bounded(&self.received)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.received.iter().map(Received::deadline).min()
    }

    pub(super) fn timeout(&mut self, core: &mut Core) {
        self.received.retain_mut(|received| received.timeout(core));
    }

    pub(super) const fn set_ready(&self, _: &mut Core, _ready: bool) {}

    /// The transport is a new one.
    pub(super) fn connected(&self, core: &mut Core) {
        for received in &self.received {
            received.resend(core);
        }
    }

    /// Ends what others know of, as far as that can be done in one step.
    pub(super) fn stop(&mut self, core: &mut Core) {
        self.received.retain(|received| received.give_up(core));
    }

    pub(super) const fn settle(&self, _: &mut Core) {}

    /// These two calls changed their names: what is under way in one is still under way in its dialog.
    pub(super) fn swap(&mut self, one: CallId, other: CallId) {
        self.errands.iter_mut().for_each(|errand| errand.swap(one, other));
    }

    /// Goes on after being saved: whoever was told what is open is gone.
    pub(super) fn resume(&self, core: &mut Core, _numbers: u32) {
        for received in &self.received {
            received.tell(core);
        }
    }

    /// The agent stopped: tells what did not come to its end, and forgets everything but the messages that its user decided
    /// about.
    pub(super) fn end(&mut self, core: &mut Core) {
        for errand in self.errands.drain(..) {
            errand.lost(core);
        }
    }
}

impl Agent {
    /// Whether a request about this is worth being signed and sent again.
    pub(super) fn is_subject_wanted(&self, subject: Subject) -> bool {
        self.is_errand_wanted(subject)
    }

    /// The number that a signed request about this is sent again with; `following` is the next one after its own.
    pub(super) fn next_seq_about(&mut self, subject: Subject, following: u32) -> Option<u32> {
        self.next_errand_seq(subject, following)
    }

    /// Something came of a request about this.
    pub(super) fn conclude_about(&mut self, subject: Subject, outcome: &Outcome) {
        if outcome.response.as_ref().is_some_and(|response| response.status.is_provisional()) {
            return;
        }
        self.errand_done(subject, outcome);
    }

    /// A NOTIFY that belongs to no transfer: to nothing that we asked for (RFC 6665 4.1.3).
    pub(super) fn notice_came(&mut self, key: &Key, request: &Request) {
        respond(&mut self.core, key, request, Status::CALL_DOES_NOT_EXIST);
    }

    /// A SUBSCRIBE that belongs to no transfer: to no package that we have (RFC 6665 8.3.2).
    pub(super) fn subscribe_came(&mut self, key: &Key, request: &Request) {
        respond(&mut self.core, key, request, Status::BAD_EVENT);
    }
}
