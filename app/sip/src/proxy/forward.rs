//! What is changed in a message on its way through (RFC 3261 16.6 and 16.7, RFC 3325).

use super::admit::is_anonymous;
use super::token::{Ends, Tokens};
use crate::header::{
    CSeq, CallId, Expires, From, Join, MaxForwards, NameAddr, PAssertedIdentity, Privacy, Reason, RecordRoute,
    Replaces, Route, To, Via, ViaTransport,
};
use crate::message::{HeaderName, Headers, Method, Request, Response, Status, Text, Token, limits};
use crate::registrar::{Domain, Party, Place};
use crate::transaction::COOKIE;
use crate::uri::{Host, Uri};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The hops of a request that says nothing about them (RFC 3261 16.6 step 3).
pub(super) const MAX_HOPS: u8 = 70;
/// How who names nobody is called (RFC 3323 4.1.1.3).
const ANONYMOUS: &str = "Anonymous";

/// The copy of `request` that goes out, but for its Via.
pub(super) fn request(request: &Request, target: Uri, party: &Party, domain: &Domain) -> Request {
    let mut copy = request.clone();
    copy.uri = target;
    let hops = copy.headers.find::<MaxForwards>().ok().flatten().map_or(MAX_HOPS, |MaxForwards(hops)| hops);
    copy.headers.set(&MaxForwards(hops.saturating_sub(1)));
    copy.headers.normalize();
    // Who hid when the call began stays hidden: what follows in it says nothing about that.
    let in_dialog = To::tag_of(&copy.headers).is_some();
    let from = copy.headers.get::<From>().ok();
    let hides = in_dialog && from.as_ref().is_some_and(|From(from)| is_anonymous(&from.uri));
    if let Some(from) = from.filter(|_| copy.method != Method::Ack) {
        name_sender(&mut copy.headers, from, party);
    }
    assert_identity(&mut copy.headers, Some(party).filter(|_| !hides), domain);
    copy
}

/// The copy of a service's request that goes out, but for its Via.
pub(super) fn sent(request: &Request, target: Uri) -> Request {
    let mut copy = request.clone();
    copy.uri = target;
    copy.headers.remove(&HeaderName::Via);
    copy.headers.set(&MaxForwards(MAX_HOPS));
    copy.headers.normalize();
    copy
}

/// Puts our Via on top (RFC 3261 16.6 step 8).
pub(super) fn push_via(request: &mut Request, branch: &str, domain: &Domain) {
    request.headers.push_front(&Via::new(ViaTransport::Ws, domain.name().clone(), None, branch));
}

/// Stays in the way of the dialog that this request makes (RFC 3261 16.6 step 4).
pub(super) fn record_route(request: &mut Request, ends: &Ends, tokens: &Tokens, domain: &Domain) {
    let token = tokens.write(ends, call_id(&request.headers));
    let mut uri = domain.address(&token);
    if uri.params.set("lr", None).is_ok() {
        request.headers.push_front(&RecordRoute(NameAddr::new(Uri::Sip(uri))));
    }
}

/// The response to `request` that goes on to the caller; `None` when it has no Via but ours.
pub(super) fn response(
    mut copy: Response,
    request: &Request,
    callee: Option<&Party>,
    domain: &Domain,
) -> Option<Response> {
    copy.headers.pop_front::<Via>();
    if !copy.headers.contains(&HeaderName::Via) {
        return None;
    }
    name_as_before(&mut copy.headers, request);
    assert_identity(&mut copy.headers, callee, domain);
    copy.headers.normalize();
    Some(copy)
}

/// From as who sent the request wrote it (RFC 3261 8.2.6.2).
pub(super) fn name_as_before(headers: &mut Headers, request: &Request) {
    if let Some(from) = request.headers.raw(&HeaderName::From).next()
        && headers.raw(&HeaderName::From).next() != Some(from)
    {
        headers.set_raw(&HeaderName::From, from);
    }
}

/// Takes the Route values that mean this proxy off the top, and says whose dialog they name
/// (RFC 3261 16.4). `Err` when what is left leads somewhere else; behind a dialog of ours it may be the hops in front of
/// the other phone, and stays.
pub(super) fn take_route(
    request: &mut Request,
    tokens: &Tokens,
    domain: &Domain,
    came_by: Option<&Host>,
) -> Result<Option<Ends>, ()> {
    let mut ends = None;
    let named = calls(&request.headers);
    for _ in 0..=limits::VALUES {
        let Some(Route(route)) = request.headers.find::<Route>().map_err(|_| ())? else { return Ok(ends) };
        match domain.place(&route.uri, came_by) {
            Place::User(token) => ends = ends.or_else(|| named.iter().find_map(|call_id| tokens.read(&token, call_id))),
            Place::Domain => {}
            Place::Foreign | Place::Unsupported => return if ends.is_some() { Ok(ends) } else { Err(()) },
        }
        request.headers.pop_front::<Route>();
    }
    // More than any way needs.
    Err(())
}

fn call_id(headers: &Headers) -> &str {
    CallId::of(headers).unwrap_or_default()
}

/// The calls that a Route may be of: the request's own, and one that it is to replace or to join.
fn calls(headers: &Headers) -> Vec<String> {
    let replaces = headers.get::<Replaces>().ok().map(|named| named.call_id().to_string());
    let join = headers.get::<Join>().ok().map(|named| named.call_id().to_string());
    [call_id(headers).to_string()].into_iter().chain(replaces).chain(join).collect()
}

/// A branch that names this request as it came, so that it is known when it comes back unchanged
/// (RFC 3261 16.6 step 8).
pub(super) fn branch(token: &str, trace: &str) -> String {
    format!("{COOKIE}{token}.{trace}")
}

/// What of a request makes its way: when it comes back to us with the same, it is in a loop (RFC 3261 16.3 step 4).
pub(super) fn trace(request: &Request, tokens: &Tokens) -> String {
    let Request { uri, headers, .. } = request;
    let (from, to) = (From::tag_of(headers).unwrap_or_default(), To::tag_of(headers).unwrap_or_default());
    let seq = headers.get::<CSeq>().map(|cseq| cseq.seq).unwrap_or_default();
    let text = format!("{uri} {from} {to} {} {seq}", call_id(headers));
    tokens.trace(&text)
}

/// Whether the request was here before, and left to the same place.
pub(super) fn is_loop(request: &Request, tokens: &Tokens, domain: &Domain) -> bool {
    let vias = request.headers.all::<Via>().unwrap_or_default();
    let ours = vias.iter().filter(|via| via.host == *domain.name());
    let traces: Vec<&str> = ours.filter_map(|via| Some(via.branch()?.rsplit_once('.')?.1)).collect();
    !traces.is_empty() && traces.contains(&&*trace(request, tokens))
}

/// How long the caller wants an INVITE to ring (RFC 3261 13.3.1).
pub(super) fn expires(request: &Request) -> Option<core::time::Duration> {
    let Expires(seconds) = request.headers.find::<Expires>().ok()??;
    Some(core::time::Duration::from_secs(u64::from(seconds.max(1))))
}

/// "Call completed elsewhere" and its like (RFC 3326).
pub(super) fn reason(status: Status, text: &str) -> Reason {
    Reason::sip(status, Some(&Text::lossy(text)))
}

/// What only who is trusted may say: who somebody is, which way a call took, who pays (RFC 3325, 5806, 7044, 7315).
const ASSERTED: [HeaderName; 15] = [
    HeaderName::PAssertedIdentity,
    HeaderName::PPreferredIdentity,
    // What P-Asserted-Identity replaced; many phones still show it.
    HeaderName::RemotePartyId,
    // What somebody elsewhere signed who calls: here it is the exchange that says so.
    HeaderName::Identity,
    HeaderName::IdentityInfo,
    HeaderName::PCalledPartyId,
    HeaderName::PAssociatedUri,
    HeaderName::Diversion,
    HeaderName::HistoryInfo,
    HeaderName::Other(Token::literal("P-Charging-Vector")),
    HeaderName::Other(Token::literal("P-Charging-Function-Addresses")),
    HeaderName::Other(Token::literal("P-Asserted-Service")),
    HeaderName::Other(Token::literal("P-Served-User")),
    HeaderName::Other(Token::literal("P-Profile-Key")),
    HeaderName::Other(Token::literal("P-Private-Network-Indication")),
];

/// Whether the sender does not want to be known by whom it calls (RFC 3323, RFC 3325 7).
pub(super) fn hides(headers: &Headers) -> bool {
    match headers.find::<Privacy>() {
        Ok(privacy) => privacy.is_some_and(|privacy| privacy.has("id")),
        Err(_) => true,
    }
}

/// Puts the name of the directory into From, instead of the one that the sender gave itself: many phones show nothing
/// else, and a person's name is the company's to say, as it is with any PBX. Who has none there has none. RFC 3261 leaves a
/// dialog's matching to its tags, and the caller gets its responses with the From that it wrote.
///
/// | Row | From | Privacy | The name then |
/// | --- | --- | --- | --- |
/// | FN1 | names the sender | – | the directory's, or none |
/// | FN2 | names the sender | `id` | none: whoever asks for it is not named (RFC 3325 7) |
/// | FN3 | names nobody | any | "Anonymous", if there was one (RFC 3323 4.1.1.3) |
fn name_sender(headers: &mut Headers, From(mut from): From, party: &Party) {
    let name = if is_anonymous(&from.uri) {
        from.display.as_ref().map(|_| ANONYMOUS)
    } else {
        party.name.as_deref().filter(|_| !hides(headers))
    };
    let name = name.map(Text::lossy);
    if from.display != name {
        from.display = name;
        headers.set(&From(from));
    }
}

/// Replaces what a client says about who it is by what is known (RFC 3325 5). Phones are not of those who may know who
/// it is when that is to stay hidden (RFC 3325 7); that From names nobody asks for nothing.
fn assert_identity(headers: &mut Headers, party: Option<&Party>, domain: &Domain) {
    headers.remove_all(&ASSERTED);
    let hidden = hides(headers);
    let Some(party) = party.filter(|party| !hidden && !party.is_anonymous()) else {
        return;
    };
    let mut address = NameAddr::new(Uri::Sip(domain.address(&party.user)));
    address.display = party.name.as_deref().map(Text::lossy);
    headers.push(&PAssertedIdentity(address));
}
