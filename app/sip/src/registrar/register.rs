//! What a REGISTER asks for, and what is answered to it (RFC 3261 10.3, RFC 3327, RFC 5626 6, RFC 5627 5).

use super::api::Config;
use super::binding::{Binding, instance};
use super::change::{Change, Wanted, Wish};
use super::domain::{Domain, Place};
use super::flow::{Arrival, Flow, Party};
use super::gruu::Gruus;
use super::refusal::Refusal;
use crate::header::{CSeq, CallId, Contact, Expires, FlowTimer, From, Path, Require, Route, Supported, To, Via};
use crate::message::{HeaderName, Request, Response, Status, Token};
use crate::random::Random;
use crate::time::Instant;
use crate::uri::{Host, Uri};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use core::time::Duration;

/// A binding is reached over the flow that it came by (RFC 5626).
const OUTBOUND: Token = Token::literal("outbound");
/// The hops in front of a phone are kept (RFC 3327).
const PATH: &str = "path";
/// A phone gets addresses that mean it alone (RFC 5627).
const GRUU: &str = "gruu";

/// What of a REGISTER matters for its answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// A flow was bound, and its phone knows what that is.
    outbound: bool,
    /// The phone knows what a Path is.
    path: bool,
    /// The phone knows what a GRUU is.
    gruu: bool,
}

/// Whether the request is for this registrar, and asks for nothing unknown. An address of record is a SIP or SIPS URI
/// (RFC 3261 10.2, RFC 4475 3.3.4).
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
    let known = |tag: &Token| [OUTBOUND.as_str(), PATH, GRUU].iter().any(|known| is(tag, known));
    let unknown: Vec<Token> = required.filter(|tag| !known(tag)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(Refusal::BadExtension(unknown)) }
}

/// A user registers nobody but itself.
pub(super) fn authorize(
    request: &Request,
    party: &Party,
    domain: &Domain,
    came_by: Option<&Host>,
) -> Result<(), Refusal> {
    let from = request.headers.get::<From>()?;
    let to = request.headers.get::<To>()?;
    let own = |uri: &Uri| matches!(domain.place(uri, came_by), Place::User(user) if user == party.user);
    if own(&from.0.uri) && own(&to.0.uri) { Ok(()) } else { Err(Refusal::Status(Status::FORBIDDEN)) }
}

/// What it wants changed, and how it is to be answered.
pub(super) fn read(
    request: &Request,
    party: &Party,
    flow: Flow,
    came_by: Option<&Host>,
    config: &Config,
) -> Result<(Change, Manner), Refusal> {
    let expires = request.headers.find::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
    let contacts = request.headers.all::<Contact>()?;
    let path: Vec<Route> = request.headers.all::<Path>()?.into_iter().map(|Path(hop)| Route(hop)).collect();
    let mut manner = manner(request);
    let is_flow = |contact: &Contact| names_flow(contact) && contact.expires().or(expires) != Some(0);
    let flows = contacts.iter().filter(|contact| is_flow(contact)).count();
    if manner.outbound && flows > 0 {
        if contacts.len() > 1 {
            // One REGISTER comes over one flow (RFC 5626 6).
            return Err(Refusal::Status(Status::BAD_REQUEST));
        }
        if !first_hop_keeps_flows(request, &path) {
            return Err(Refusal::Status(Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT));
        }
    }
    let wish = match contacts.as_slice() {
        [] => Wish::Query,
        [Contact::Star] if expires == Some(0) => Wish::RemoveAll,
        [..] if contacts.len() > config.max_bindings => return Err(Refusal::TooManyPhones(config.max_bindings)),
        [..] => {
            let one = |contact| one(contact, expires, manner.outbound, party, came_by, config);
            Wish::Set(contacts.into_iter().map(one).collect::<Result<_, _>>()?)
        }
    };
    manner.outbound &= flows > 0;
    let call_id = request.headers.get::<CallId>()?.to_string();
    let change = Change { call_id, cseq: request.headers.get::<CSeq>()?.seq, flow, path, wish };
    if size(&change) > config.max_size { Err(Refusal::TooLarge) } else { Ok((change, manner)) }
}

/// All the bindings, each with the time it has left.
pub(super) fn accept(
    request: &Request,
    manner: Manner,
    (user, bindings): (&str, &[Binding]),
    (gruus, random): (&Gruus, &mut Random),
    config: &Config,
    now: Instant,
) -> Response {
    let mut response = Response::to_request(request, Status::OK);
    let mut text = String::new();
    for binding in bindings {
        text.clear();
        // Writing to a text never fails.
        let _ = write!(text, "{};expires={}", binding.contact, binding.expires.since(now).as_secs());
        if let Some(id) = binding.instance.as_deref().filter(|_| manner.gruu) {
            let public = Some(gruus.public(user, id));
            let temporary = gruus.temporary(user, binding.generation, random.below(u64::MAX));
            for (name, uri) in [(";pub-gruu=\"", public), (";temp-gruu=\"", temporary)] {
                uri.into_iter().for_each(|uri| text.extend([name, &uri, "\""]));
            }
        }
        // What was read from a header can be written to one.
        let _ = response.headers.push_raw(HeaderName::Contact.as_str(), &text);
    }
    if manner.path {
        response.headers.copy_from(&request.headers, HeaderName::Path);
    }
    if manner.outbound {
        response.headers.push(&Require([OUTBOUND].into()));
        if let Some(time) = config.flow_timer {
            response.headers.push(&FlowTimer(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)));
        }
    }
    response
}

/// What the phone says that it knows.
fn manner(request: &Request) -> Manner {
    let mut manner = Manner::default();
    let supported = request.headers.all::<Supported>().unwrap_or_default().into_iter().flat_map(|Supported(tags)| tags);
    let required = request.headers.all::<Require>().unwrap_or_default().into_iter().flat_map(|Require(tags)| tags);
    for tag in supported.chain(required) {
        manner.outbound |= is(&tag, OUTBOUND.as_str());
        manner.path |= is(&tag, PATH);
        manner.gruu |= is(&tag, GRUU);
    }
    manner
}

/// Whether the hop next to the phone keeps its flow (RFC 5626 5.1, 6): it is this one, or its Path, the last, says so.
fn first_hop_keeps_flows(request: &Request, path: &[Route]) -> bool {
    let direct = path.is_empty() && request.headers.all::<Via>().is_ok_and(|hops| hops.len() == 1);
    let keeps = |Route(hop): &Route| hop.uri.as_sip().is_some_and(|uri| uri.params.has("ob"));
    direct || path.last().is_some_and(keeps)
}

/// Whether it says which flow of which phone it is (RFC 5626 4.2).
fn names_flow(contact: &Contact) -> bool {
    contact.reg_id().is_some() && contact.address().and_then(instance).is_some()
}

fn one(
    contact: Contact,
    expires: Option<u32>,
    outbound: bool,
    party: &Party,
    came_by: Option<&Host>,
    config: &Config,
) -> Result<Wanted, Refusal> {
    let reg_id = contact.reg_id().filter(|_| outbound && names_flow(&contact));
    let seconds = contact.expires().or(expires);
    // `*` stands alone, and with Expires 0 (RFC 3261 10.3 step 6).
    let Contact::Addr(mut address) = contact else {
        return Err(Refusal::Status(Status::BAD_REQUEST));
    };
    if address.uri.as_sip().is_none() {
        return Err(Refusal::Status(Status::BAD_REQUEST));
    }
    if !config.domain.allows_contact(&address.uri, &party.user, came_by) {
        return Err(Refusal::NotYours);
    }
    let asked = seconds.map_or(config.default_expires, |seconds| Duration::from_secs(u64::from(seconds)));
    if !asked.is_zero() && asked < config.min_expires {
        return Err(Refusal::TooBrief);
    }
    // What is the registrar's to say.
    address.params.remove_all(&["expires", "pub-gruu", "temp-gruu"]);
    Ok(Wanted::new(address, reg_id, asked.min(config.max_expires)))
}

/// How many bytes the largest of its bindings would keep.
fn size(change: &Change) -> usize {
    let largest = match &change.wish {
        Wish::Query | Wish::RemoveAll => 0,
        Wish::Set(wanted) => wanted.iter().map(|wanted| Length::of(&wanted.contact)).max().unwrap_or(0),
    };
    largest + change.path.iter().map(Length::of).sum::<usize>() + change.call_id.len()
}

/// Counts what is written.
struct Length(usize);

impl Length {
    fn of(written: &impl fmt::Display) -> usize {
        let mut length = Self(0);
        // Counting never fails.
        let _ = write!(length, "{written}");
        length.0
    }
}

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

fn is(tag: &Token, name: &str) -> bool {
    tag.eq_ignore_ascii_case(name)
}
