//! What a REGISTER asks for (RFC 3261 10.3), and what is answered to it.

use super::api::Config;
use super::binding::{Binding, Change, Wish};
use super::domain::{Domain, Place};
use super::flow::{Arrival, Flow, Party};
use crate::header::{
    CSeq, CallId, Contact, Expires, From, MinExpires, NameAddr, Require, Supported, To, Unsupported, Via,
};
use crate::message::{HeaderError, Request, Response, Status, Token};
use crate::time::Instant;
use crate::uri::{Host, Uri};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

/// The extension that this registrar knows (RFC 5626): a binding is reached over the flow that it came by.
const OUTBOUND: Token = Token::literal("outbound");

/// Why a REGISTER is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// With this status.
    Status(Status),
    /// 423: the binding is asked to last too short a time.
    TooBrief,
    /// 420: these extensions are required, and there are none.
    BadExtension(Vec<Token>),
}

impl core::convert::From<HeaderError> for Refusal {
    fn from(error: HeaderError) -> Self {
        Self::Status(error.status())
    }
}

/// Steps 1 and 2: whether the request is for this registrar, and asks for nothing unknown. An address of record is
/// a SIP or SIPS URI (RFC 3261 10.2, RFC 4475 3.3.4).
pub(super) fn screen(request: &Request, arrival: &Arrival, config: &Config) -> Result<(), Refusal> {
    match config.domain.place(&request.uri, arrival.host.as_ref()) {
        Place::Domain | Place::User(_) => {}
        Place::Foreign => return Err(Refusal::Status(Status::NOT_FOUND)),
        Place::Unsupported => return Err(Refusal::Status(Status::UNSUPPORTED_URI_SCHEME)),
    }
    request.headers.get::<CallId>()?;
    request.headers.get::<CSeq>()?;
    if request.headers.get::<To>()?.0.uri.as_sip().is_none() {
        return Err(Refusal::Status(Status::BAD_REQUEST));
    }
    let required = request.headers.all::<Require>()?.into_iter().flat_map(|Require(tags)| tags);
    let unknown: Vec<Token> = required.filter(|tag| !is_outbound(tag)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(Refusal::BadExtension(unknown)) }
}

/// Steps 4 and 5: a user registers nobody but itself.
pub(super) fn authorize(
    request: &Request,
    party: &Party,
    domain: &Domain,
    came_by: Option<&Host>,
) -> Result<(), Refusal> {
    let from = request.headers.get::<From>()?;
    let to = request.headers.get::<To>()?;
    let own = |uri: &Uri| domain.place(uri, came_by) == Place::User(party.user.clone());
    if own(&from.0.uri) && own(&to.0.uri) { Ok(()) } else { Err(Refusal::Status(Status::FORBIDDEN)) }
}

/// Steps 6 and 7: what it wants changed.
pub(super) fn read(request: &Request, flow: Flow, config: &Config) -> Result<Change, Refusal> {
    let expires = request.headers.find::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
    let contacts = request.headers.all::<Contact>()?;
    let wish = match contacts.as_slice() {
        [] => Wish::Query,
        [Contact::Star] if expires == Some(0) => Wish::RemoveAll,
        several => {
            let mut set = Vec::new();
            for contact in several {
                set.push(one(contact, expires, config)?);
            }
            Wish::Set(set)
        }
    };
    Ok(Change {
        call_id: request.headers.get::<CallId>()?.to_string(),
        cseq: request.headers.get::<CSeq>()?.seq,
        flow,
        wish,
    })
}

/// Step 8: all the bindings, each with the time it has left.
pub(super) fn accept(request: &Request, bindings: &[Binding], now: Instant) -> Response {
    let mut response = Response::to_request(request, Status::OK);
    for binding in bindings {
        let mut contact = binding.contact.clone();
        let left = binding.expires.since(now).as_secs();
        // A number is always a parameter's value.
        let _ = contact.params.set("expires", Some(&left.to_string()));
        response.headers.push(&Contact::Addr(contact));
    }
    if is_flow(request) {
        response.headers.push(&Require([OUTBOUND].into()));
    }
    response
}

/// Whether a flow was bound, and the phone knows what that is (RFC 5626 6). A phone behind another hop has its flow there.
fn is_flow(request: &Request) -> bool {
    let supported = request.headers.all::<Supported>().unwrap_or_default();
    let expires = request.headers.find::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
    let is_flow = |contact: &Contact| {
        let is_named = contact.instance().is_some() && contact.reg_id().is_some_and(|id| id > 0);
        is_named && contact.expires().or(expires) != Some(0)
    };
    supported.iter().any(|Supported(tags)| tags.iter().any(is_outbound))
        && request.headers.all::<Via>().is_ok_and(|hops| hops.len() == 1)
        && request.headers.all::<Contact>().is_ok_and(|contacts| contacts.iter().any(is_flow))
}

fn is_outbound(tag: &Token) -> bool {
    tag.eq_ignore_ascii_case(OUTBOUND.as_ref())
}

/// The response of a refusal.
pub(super) fn refuse(request: &Request, refusal: Refusal, config: &Config) -> Response {
    match refusal {
        Refusal::Status(status) => Response::to_request(request, status),
        Refusal::TooBrief => {
            let mut response = Response::to_request(request, Status::INTERVAL_TOO_BRIEF);
            let least = u32::try_from(config.min_expires.as_secs()).unwrap_or(u32::MAX);
            response.headers.set(&MinExpires(least));
            response
        }
        Refusal::BadExtension(tags) => {
            let mut response = Response::to_request(request, Status::BAD_EXTENSION);
            response.headers.set(&Unsupported(tags));
            response
        }
    }
}

fn one(contact: &Contact, expires: Option<u32>, config: &Config) -> Result<(NameAddr, Duration), Refusal> {
    let Contact::Addr(address) = contact else {
        return Err(Refusal::Status(Status::BAD_REQUEST));
    };
    if address.uri.as_sip().is_none() {
        return Err(Refusal::Status(Status::BAD_REQUEST));
    }
    let asked =
        contact.expires().or(expires).map_or(config.default_expires, |seconds| Duration::from_secs(u64::from(seconds)));
    if !asked.is_zero() && asked < config.min_expires {
        return Err(Refusal::TooBrief);
    }
    Ok((address.clone(), asked.min(config.max_expires)))
}
