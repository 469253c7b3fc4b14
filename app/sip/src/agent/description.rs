//! The session description that a message carries.

use super::{Body, Config, compose};
use crate::body::multipart::{Wanted, find};
use crate::header::ContentType;
use crate::message::{HeaderName, Headers, Request, Response};
use crate::sdp::{SessionDescription, Unfitness};

/// A body of another type came, which may not be passed over (RFC 3261 20.11): 415.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is of a type that is not understood")]
struct NotUnderstood;

/// The description in a request, if there is one.
pub(super) fn of_request(request: &Request) -> Option<Body> {
    find_in(&request.headers, &request.body).ok().flatten()
}

/// The description in a response, if there is one.
pub(super) fn of_response(response: &Response) -> Option<Body> {
    find_in(&response.headers, &response.body).ok().flatten()
}

/// Whether the body of a request is one that is understood.
pub(super) fn is_understood(request: &Request) -> bool {
    find_in(&request.headers, &request.body).is_ok()
}

/// Whether a description can be taken here, if need be without the sections that cannot.
///
/// # Errors
/// A browser cannot, and there is nothing else.
pub(super) fn check(config: &Config, body: &Body) -> Result<(), Unfitness> {
    if config.webrtc { SessionDescription::parse(&body.bytes)?.reject_unfit() } else { Ok(()) }
}

/// The description, alone or as a part of several (RFC 5621): `None` if there is none. A body without Content-Type is
/// taken for one.
fn find_in(headers: &Headers, bytes: &[u8]) -> Result<Option<Body>, NotUnderstood> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let body = |bytes| Some(Body { content_type: compose::SDP.into(), bytes });
    if !headers.contains(HeaderName::ContentType) {
        return Ok(body(bytes.to_vec()));
    }
    let ContentType(content_type) = headers.get().map_err(|_| NotUnderstood)?;
    match find(headers, bytes, &Wanted::SESSION).map_err(|_| NotUnderstood)? {
        Some(part) => Ok(body(part.body)),
        None if content_type.kind.eq_ignore_ascii_case("multipart") => Ok(None),
        None => Err(NotUnderstood),
    }
}
