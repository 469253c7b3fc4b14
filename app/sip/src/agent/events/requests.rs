//! What requests that make no call have alike.

use super::super::core::Core;
use super::super::transactions::Purpose;
use super::super::{Body, compose};
use super::Subject;
use crate::header::ContentType;
use crate::message::{HeaderName, Request, Response, Status};
use crate::transaction::Key;
use alloc::string::{String, ToString};
use core::time::Duration;

/// The longest body that is sent, or taken and kept, in bytes: it may be in every snapshot.
pub(super) const MAX_BODY: usize = 16 * 1024;
/// How long the user may take to answer a request: its sender waits for 64·T1, and a response that comes later is lost
/// (RFC 4320 4.2).
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// After how many seconds to send again what was too much.
pub(super) const BUSY: u32 = 10;

/// Sends a request about this, with a Via of its own.
pub(super) fn send(core: &mut Core, mut request: Request, subject: Subject) -> bool {
    compose::finish(&core.config, &mut request);
    compose::via(core, &mut request);
    core.send(request, Purpose::Event(subject), 0).is_some()
}

/// A response to a request that makes no call, with a tag of its own if it needs one.
pub(super) fn response(core: &mut Core, request: &Request, status: Status) -> Response {
    let tag = core.random.token();
    compose::response(&core.config, request, status, &tag)
}

/// Answers a request that makes no call.
pub(super) fn respond(core: &mut Core, key: &Key, request: &Request, status: Status) {
    let response = response(core, request, status);
    core.respond(key, &response);
}

/// The body of a message; one that does not say what it is counts as `else_type`. `None`: there is none.
pub(super) fn body_of(request: &Request, else_type: &str) -> Option<Body> {
    if request.body.is_empty() {
        return None;
    }
    let content_type = match request.headers.get::<ContentType>() {
        Ok(content_type) => content_type.to_string(),
        Err(_) => else_type.into(),
    };
    Some(Body { content_type, bytes: request.body.clone() })
}

/// Whether the body of a request can be read as it is: codings are not undone here (RFC 3261 20.12).
pub(super) fn is_plain(request: &Request) -> bool {
    let codings = || request.headers.all::<crate::header::ContentEncoding>().unwrap_or_default();
    !request.headers.contains(HeaderName::ContentEncoding)
        || codings().iter().flat_map(|codings| &codings.0).all(|coding| coding.eq_ignore_ascii_case("identity"))
}

/// The Call-ID of a request.
pub(super) fn call_id_of(request: &Request) -> String {
    request.headers.get::<crate::header::CallId>().map(|call_id| call_id.to_string()).unwrap_or_default()
}
