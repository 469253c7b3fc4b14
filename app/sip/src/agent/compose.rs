//! What an agent writes: its requests and responses.

use super::core::Core;
use super::events::Package;
use super::{Body, Config, MediaFailure};
use crate::dialog::MAX_FORWARDS;
use crate::header::{
    Accept, Allow, AllowEvents, CSeq, CallId, Contact, ContentType, Expires, From, MaxForwards, NameAddr, RetryAfter,
    Route, Supported, To, Unsupported, UserAgent, Via, ViaTransport, Warning,
};
use crate::hook::Draft;
use crate::message::{Headers, Method, Request, Response, Status, Text, Token};
use crate::sdp::{SessionDescription, Unfitness};
use crate::transaction::COOKIE;
use crate::uri::{SipUri, Uri};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// The only type of body that is understood.
pub(super) const SDP: &str = SessionDescription::CONTENT_TYPE;
/// Extensions that others may require of us.
pub(super) const EXTENSIONS: [Token; 1] = [OUTBOUND];

const OUTBOUND: Token = Token::literal("outbound");
const PATH: Token = Token::literal("path");

/// A REGISTER without Via (RFC 3261 10.2, RFC 5626 4.2.1).
pub(super) fn register(core: &mut Core, seq: u32, expires: Duration) -> Request {
    let tag = core.random.token();
    let config = &core.config;
    let seconds = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
    let mut request = Request::new(Method::Register, config.registrar.clone());
    let headers = &mut request.headers;
    headers.push(&MaxForwards(MAX_FORWARDS));
    route(config, &mut request);
    let headers = &mut request.headers;
    headers.push(&From(config.address.clone()).with_tag(&tag));
    headers.push(&To(config.address.clone()));
    call_id(&config.register_call_id, &mut request);
    let headers = &mut request.headers;
    headers.push(&CSeq { seq, method: Method::Register });
    if let Some(mut contact) = contact(config) {
        let instance = Text::lossy(&format!("<{}>", config.instance));
        // What cannot be a parameter is left out: the binding is then found by its user.
        let _ = contact.params.set_text("+sip.instance", &instance);
        let _ = contact.params.set("reg-id", Some("1"));
        headers.push(&Contact::Addr(contact));
    }
    headers.push(&Expires(seconds));
    headers.push(&Supported(vec![OUTBOUND, PATH]));
    headers.push(&allow(config));
    user_agent(config, &mut request);
    request
}

/// An INVITE that begins a call, without Via and body (RFC 3261 13.2.1).
pub(super) fn invite(config: &Config, target: &Uri, dialog_call_id: &str, tag: &str, seq: u32) -> Request {
    let mut request = Request::new(Method::Invite, target.clone());
    request.headers.push(&MaxForwards(MAX_FORWARDS));
    route(config, &mut request);
    request.headers.push(&From(config.address.clone()).with_tag(tag));
    request.headers.push(&To(NameAddr::new(target.clone())));
    call_id(dialog_call_id, &mut request);
    request.headers.push(&CSeq { seq, method: Method::Invite });
    describe(config, &mut request);
    user_agent(config, &mut request);
    request
}

/// A request outside of dialogs, without Via and Contact (RFC 3261 8.1.1).
pub(super) fn outside(config: &Config, method: Method, target: Uri, id: &str, tag: &str, seq: u32) -> Request {
    let mut request = Request::new(method.clone(), target.clone());
    request.headers.push(&MaxForwards(MAX_FORWARDS));
    route(config, &mut request);
    request.headers.push(&From(config.address.clone()).with_tag(tag));
    request.headers.push(&To(NameAddr::new(target)));
    call_id(id, &mut request);
    request.headers.push(&CSeq { seq, method });
    user_agent(config, &mut request);
    request
}

/// Adds what an INVITE or its 2xx says of us: Contact, Allow, Supported (RFC 3261 13.2.1, 13.3.1.4).
pub(super) fn describe(config: &Config, request: &mut Request) {
    if let Some(contact) = dialog_contact(config) {
        request.headers.push(&Contact::Addr(contact));
    }
    request.headers.push(&allow(config));
    request.headers.push(&Supported(EXTENSIONS.to_vec()));
}

/// Puts our Via on top, with a new branch.
pub(super) fn via(core: &mut Core, request: &mut Request) {
    let branch = format!("{COOKIE}{}", core.random.token());
    if let Ok(host) = core.config.contact_host.parse() {
        request.headers.push_front(&Via::new(ViaTransport::Wss, host, None, &branch));
    }
}

/// Adds a body.
pub(super) fn body(headers: &mut Headers, content: &mut Vec<u8>, body: Body) {
    if let Ok(content_type) = body.content_type.parse::<ContentType>() {
        headers.set(&content_type);
        *content = body.bytes;
    }
}

/// Adds what the user wants said. What would break the request, or is the agent's to say, is left out.
pub(super) fn add(request: &mut Request, headers: &Headers) {
    let mut draft = Draft::of_request(request);
    for (name, value) in headers.iter() {
        let _ = draft.add(name, value);
    }
}

/// A response with our tag, and what may be asked of us where it is due.
pub(super) fn response(config: &Config, request: &Request, status: Status, tag: &str) -> Response {
    let mut response = Response::to_request(request, status);
    response.set_to_tag(tag);
    let makes_dialog = request.method == Method::Invite && (status == Status::RINGING || status.is_success());
    if makes_dialog && let Some(contact) = dialog_contact(config) {
        response.headers.push(&Contact::Addr(contact));
    }
    if status.is_success() && (makes_dialog || request.method == Method::Options) {
        response.headers.push(&allow(config));
        response.headers.push(&Accept::SDP);
        response.headers.push(&Supported(EXTENSIONS.to_vec()));
    }
    if status.is_success() && request.method == Method::Options && !config.packages.is_empty() {
        response.headers.push(&AllowEvents(config.packages.iter().map(Package::name).collect()));
    }
    if status == Status::METHOD_NOT_ALLOWED || status == Status::NOT_IMPLEMENTED {
        response.headers.push(&allow(config));
    }
    if status == Status::UNSUPPORTED_MEDIA_TYPE {
        response.headers.push(&Accept::SDP);
    }
    response
}

/// 420 (RFC 3261 8.2.2.3).
pub(super) fn bad_extension(config: &Config, request: &Request, tag: &str, unsupported: &Unsupported) -> Response {
    let mut response = response(config, request, Status::BAD_EXTENSION, tag);
    response.headers.push(unsupported);
    response
}

/// 406 to an INVITE that takes no session description in the answer (RFC 3261 21.4.7, RFC 4475 3.3.15).
pub(super) fn not_acceptable(config: &Config, request: &Request, tag: &str) -> Response {
    let mut response = response(config, request, Status::NOT_ACCEPTABLE, tag);
    if let Ok(warning) =
        Warning::new(Warning::MISCELLANEOUS, &config.contact_host, "the answer can only be application/sdp")
    {
        response.headers.push(&warning);
    }
    response
}

/// 500 to a request that comes while another one is being answered (RFC 3261 14.2).
pub(super) fn overlap(core: &mut Core, request: &Request, tag: &str) -> Response {
    let seconds = u32::try_from(core.random.below(11)).unwrap_or_default();
    let mut response = response(&core.config, request, Status::SERVER_INTERNAL_ERROR, tag);
    response.headers.push(&RetryAfter::new(seconds));
    response
}

/// 488 because of what the media lacks here (RFC 3261 21.4.26).
pub(super) fn no_media(config: &Config, request: &Request, tag: &str, failure: MediaFailure) -> Response {
    not_acceptable_here(config, request, tag, words(failure))
}

/// 488 because of what their description lacks (RFC 3261 21.4.26).
pub(super) fn unfit(config: &Config, request: &Request, tag: &str, unfit: &Unfitness) -> Response {
    not_acceptable_here(config, request, tag, &unfit.to_string())
}

fn not_acceptable_here(config: &Config, request: &Request, tag: &str, why: &str) -> Response {
    let mut response = response(config, request, Status::NOT_ACCEPTABLE_HERE, tag);
    if let Ok(warning) = Warning::new(Warning::MISCELLANEOUS, &config.contact_host, why) {
        response.headers.push(&warning);
    }
    response
}

fn words(failure: MediaFailure) -> &'static str {
    match failure {
        MediaFailure::Denied => "microphone access denied",
        MediaFailure::NoDevice => "no microphone",
        MediaFailure::DeviceBusy => "microphone unavailable",
        MediaFailure::Insecure | MediaFailure::Unsupported => "media not supported",
        MediaFailure::Description => "session description not usable",
        MediaFailure::Connectivity => "no media path",
    }
}

/// What may be asked of us: everything else is refused (RFC 3261 8.2.1).
pub(super) fn methods(config: &Config) -> Vec<Method> {
    let mut methods = vec![
        Method::Invite,
        Method::Ack,
        Method::Cancel,
        Method::Bye,
        Method::Options,
        Method::Notify,
        Method::Subscribe,
    ];
    methods.extend(config.messages.then_some(Method::Message));
    methods
}

fn allow(config: &Config) -> Allow {
    Allow(methods(config))
}

/// `<sip:user@host;transport=ws>`
fn contact(config: &Config) -> Option<NameAddr> {
    let mut uri = SipUri::new(&config.contact_user, &config.contact_host).ok()?;
    uri.params.set("transport", Some("ws")).ok()?;
    Some(NameAddr::new(Uri::Sip(uri)))
}

/// The Contact in dialogs: `ob` asks that their requests take the flow that is open (RFC 5626 4.3).
pub(super) fn dialog_contact(config: &Config) -> Option<NameAddr> {
    let mut uri = SipUri::new(&config.contact_user, &config.contact_host).ok()?;
    uri.params.set("transport", Some("ws")).ok()?;
    uri.params.set("ob", None).ok()?;
    Some(NameAddr::new(Uri::Sip(uri)))
}

fn route(config: &Config, request: &mut Request) {
    if let Some(proxy) = &config.outbound_proxy {
        let mut hop = proxy.clone();
        if let Uri::Sip(uri) = &mut hop {
            let _ = uri.params.set("lr", None);
        }
        request.headers.push(&Route(NameAddr::new(hop)));
    }
}

fn call_id(text: &str, request: &mut Request) {
    if let Ok(call_id) = text.parse::<CallId>() {
        request.headers.push(&call_id);
    }
}

fn user_agent(config: &Config, request: &mut Request) {
    if let Ok(user_agent) = config.user_agent.parse::<UserAgent>() {
        request.headers.push(&user_agent);
    }
}
