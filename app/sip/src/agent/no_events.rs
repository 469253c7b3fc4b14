//! What stands for [`events`](../events/mod.rs) in a build without the feature of that name, for a user that has no
//! screen for any of it: nothing of it is announced, taken, or carried along.

// What both say is the same.
#[path = "events/api.rs"]
#[allow(dead_code, reason = "nothing is told of it")]
mod api;
#[path = "events/notice.rs"]
mod notice;
#[path = "events/package.rs"]
#[allow(dead_code, reason = "nothing is told of it")]
mod package;

pub use api::*;
pub use notice::Notice;
pub use package::Package;

use super::core::Core;
use super::transactions::Outcome;
use super::{Agent, CallId, compose};
use crate::Instant;
use crate::message::{Request, Status};
use crate::transaction::Key;

/// For what a request beside registering and calling was sent: there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Subject {}

/// All that an agent does beside registering and calling: nothing.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Events {}

#[allow(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "as those who do something")]
impl Events {
    pub(super) const fn is_bounded(&self) -> bool {
        true
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        None
    }

    pub(super) const fn timeout(&self, _: &mut Core) {}

    pub(super) const fn set_ready(&self, _: &mut Core, _ready: bool) {}

    pub(super) const fn connected(&self, _: &mut Core) {}

    pub(super) const fn stop(&self, _: &mut Core) {}

    pub(super) const fn settle(&self, _: &mut Core) {}

    pub(super) const fn swap(&self, _one: CallId, _other: CallId) {}

    pub(super) const fn resume(&self, _: &mut Core, _numbers: u32) {}

    pub(super) const fn end(&self, _: &mut Core) {}
}

#[allow(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "as those who do something")]
impl Agent {
    pub(super) const fn is_subject_wanted(&self, subject: Subject) -> bool {
        match subject {}
    }

    pub(super) const fn next_seq_about(&self, subject: Subject, _following: u32) -> Option<u32> {
        match subject {}
    }

    pub(super) const fn conclude_about(&self, subject: Subject, _: &Outcome) {
        match subject {}
    }

    /// A message, which is not announced.
    pub(super) fn message_came(&mut self, key: &Key, request: &Request, _: Option<CallId>) {
        self.refuse_event(key, request, Status::METHOD_NOT_ALLOWED);
    }

    /// A NOTIFY that belongs to no transfer: to nothing that we asked for (RFC 6665 4.1.3).
    pub(super) fn notice_came(&mut self, key: &Key, request: &Request) {
        self.refuse_event(key, request, Status::CALL_DOES_NOT_EXIST);
    }

    /// A SUBSCRIBE that belongs to no transfer: to no package that we have (RFC 6665 8.3.2).
    pub(super) fn subscribe_came(&mut self, key: &Key, request: &Request) {
        self.refuse_event(key, request, Status::BAD_EVENT);
    }

    fn refuse_event(&mut self, key: &Key, request: &Request, status: Status) {
        let tag = self.core.random.token();
        let response = compose::response(&self.core.config, request, status, &tag);
        self.core.respond(key, &response);
    }
}
