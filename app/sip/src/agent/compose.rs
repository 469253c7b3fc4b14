//! What an agent writes: its requests and responses.

use super::core::Core;
use super::events::Package;
use super::profile::Profile;
use super::{Body, MediaFailure, auto_answer, session_timer, trickle};
use crate::dialog::MAX_FORWARDS;
use crate::header::{
    Accept, Allow, AllowEvents, CSeq, CallId, Contact, ContentDisposition, ContentType, Expires, From, InfoPackage,
    MaxForwards, NameAddr, RecvInfo, RetryAfter, Route, Supported, To, Unsupported, UserAgent, Via, ViaTransport,
    Warning,
};
use crate::hook::Draft;
use crate::message::{Header as _, HeaderName, Headers, Method, Request, Response, Status, Text, Token};
use crate::sdp::{SessionDescription, Unfitness};
use crate::transaction::COOKIE;
use crate::uri::{Params, SipUri, Uri};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// The only type of body that is understood.
pub(super) const SDP: &str = SessionDescription::CONTENT_TYPE;
/// The only flow of this phone (RFC 5626 4.2).
pub(super) const REG_ID: u32 = 1;

/// Reliable provisional responses (RFC 3262).
pub(super) const RELIABLE: Token = Token::literal("100rel");
/// Whoever forks a call may tell us that one of its early dialogs is over (RFC 6228).
const EARLY_END: Token = Token::literal("199");
const OUTBOUND: Token = Token::literal("outbound");
const GRUU: Token = Token::literal("gruu");
/// RFC 3891.
const REPLACES: Token = Token::literal("replaces");
/// RFC 4488.
const NOREFERSUB: Token = Token::literal("norefersub");
/// The package of REFER (RFC 3515 3).
pub(super) const REFER: Token = Token::literal("refer");
const PATH: Token = Token::literal("path");
const INFO_PACKAGE: Token = Token::literal("Info-Package");

/// A REGISTER without Via (RFC 3261 10.2, RFC 5626 4.2.1).
pub(super) fn register(core: &mut Core, seq: u32, expires: Duration) -> Request {
    let tag = core.random.token();
    let config = &core.config;
    let seconds = u32::try_from(expires.as_secs()).unwrap_or(u32::MAX);
    let mut request = Request::new(Method::Register, config.registrar.clone());
    request.headers.push(&MaxForwards(MAX_FORWARDS));
    proxy(config, &mut request);
    begin(config, &mut request, &config.address, &tag, &config.register_call_id, seq);
    let headers = &mut request.headers;
    let plain = config.learned.plain;
    if let Some(mut contact) = contact(config) {
        mark(config, &mut contact, !plain);
        headers.push(&Contact::Addr(contact));
    }
    headers.push(&Expires(seconds));
    headers.push(&Supported(if plain { vec![PATH, GRUU] } else { vec![OUTBOUND, PATH, GRUU] }));
    headers.push(&allow(config));
    finish(config, &mut request);
    request
}

/// An OPTIONS to the registrar, without Via: whatever answers shows that the transport is alive (RFC 3261 11).
pub(super) fn options(core: &mut Core) -> Request {
    let (call_id, tag) = (core.random.token(), core.random.token());
    let config = &core.config;
    let mut request = Request::new(Method::Options, config.registrar.clone());
    request.headers.push(&MaxForwards(MAX_FORWARDS));
    preload(config, &mut request);
    begin(config, &mut request, &NameAddr::new(config.registrar.clone()), &tag, &call_id, 1);
    request.headers.push(&Accept::SDP);
    finish(config, &mut request);
    request
}

/// An INVITE that begins a call, without Via and body (RFC 3261 13.2.1).
pub(super) fn invite(config: &Profile, target: &Uri, dialog_call_id: &str, tag: &str, seq: u32) -> Request {
    let mut request = Request::new(Method::Invite, target.clone());
    request.headers.push(&MaxForwards(MAX_FORWARDS));
    preload(config, &mut request);
    begin(config, &mut request, &NameAddr::new(target.clone()), tag, dialog_call_id, seq);
    describe(config, &mut request);
    session_timer::ask(config, &mut request);
    finish(config, &mut request);
    request
}

/// A request outside of dialogs, without Via and Contact (RFC 3261 8.1.1); [`finish`] is to follow.
#[cfg(feature = "messages")]
pub(super) fn outside(config: &Profile, method: Method, target: Uri, call_id: &str, tag: &str, seq: u32) -> Request {
    let mut request = Request::new(method, target.clone());
    request.headers.push(&MaxForwards(MAX_FORWARDS));
    preload(config, &mut request);
    begin(config, &mut request, &NameAddr::new(target), tag, call_id, seq);
    request
}

/// Leads a request outside of a dialog the way that the registrar names now: the one before may name a flow that is gone.
pub(super) fn reroute(config: &Profile, request: &mut Request) {
    if request.headers.get::<To>().is_ok_and(|to| to.tag().is_none()) {
        request.headers.remove(Route::NAME);
        preload(config, request);
    }
}

/// Adds what an INFO says of its package (RFC 6086 7), or of none.
pub(super) fn inform(config: &Profile, request: &mut Request, package: Option<Token>) {
    if let Some(package) = package {
        let package = InfoPackage { package, params: Params::new() };
        request.headers.push(&package);
        request.headers.push(&ContentDisposition { kind: INFO_PACKAGE, params: Params::new() });
    }
    finish(config, request);
}

/// How long a refusal asks to wait; no longer than half a minute, for a call that is up.
pub(super) fn retry_after(headers: &Headers) -> Option<Duration> {
    let after = headers.find::<RetryAfter>().ok().flatten()?;
    Some(Duration::from_secs(after.seconds.min(30).into()))
}

/// Adds what an INVITE or its 2xx says of us: Contact, Allow, Supported (RFC 3261 13.2.1, 13.3.1.4).
pub(super) fn describe(config: &Profile, request: &mut Request) {
    if let Some(contact) = dialog_contact(config) {
        request.headers.push(&Contact::Addr(contact));
    }
    request.headers.push(&allow(config));
    let mut supported = extensions(config);
    supported.push(EARLY_END);
    request.headers.push(&Supported(supported));
    listen(config, &mut request.headers);
}

/// Adds what a 2xx to REFER or SUBSCRIBE says of us: both make a dialog of their own, or share one (RFC 6665 8.1.1).
pub(super) fn describe_response(config: &Profile, response: &mut Response) {
    if let Some(contact) = dialog_contact(config) {
        response.headers.push(&Contact::Addr(contact));
    }
}

/// Puts our Via on top, with a new branch.
pub(super) fn via(core: &mut Core, request: &mut Request) {
    let branch = format!("{COOKIE}{}", core.random.token());
    let transport = if core.config.secure { ViaTransport::Wss } else { ViaTransport::Ws };
    if let Ok(host) = core.config.contact_host.parse() {
        request.headers.push_front(&Via::new(transport, host, None, &branch));
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
pub(super) fn response(config: &Profile, request: &Request, status: Status, tag: &str) -> Response {
    let mut response = Response::to_request(request, status);
    response.set_to_tag(tag);
    let makes_dialog = request.method == Method::Invite && (status == Status::RINGING || status.is_success());
    let refreshes = request.method == Method::Update && status.is_success();
    if (makes_dialog || refreshes)
        && let Some(contact) = dialog_contact(config)
    {
        response.headers.push(&Contact::Addr(contact));
    }
    if status.is_success() && (makes_dialog || refreshes || request.method == Method::Options) {
        response.headers.push(&allow(config));
        response.headers.push(&Accept::SDP);
        response.headers.push(&Supported(extensions(config)));
    }
    if makes_dialog || status == Status::BAD_INFO_PACKAGE {
        listen(config, &mut response.headers);
    }
    let has_packages = cfg!(feature = "events") && !config.packages.is_empty();
    if status.is_success() && request.method == Method::Options && has_packages {
        response.headers.push(&AllowEvents(config.packages.iter().map(Package::name).collect()));
    }
    if status == Status::METHOD_NOT_ALLOWED || status == Status::NOT_IMPLEMENTED {
        response.headers.push(&allow(config));
    }
    if status == Status::UNSUPPORTED_MEDIA_TYPE && request.method != Method::Info {
        response.headers.push(&Accept::SDP);
    }
    response
}

/// 420 (RFC 3261 8.2.2.3).
pub(super) fn bad_extension(config: &Profile, request: &Request, tag: &str, unsupported: &Unsupported) -> Response {
    let mut response = response(config, request, Status::BAD_EXTENSION, tag);
    response.headers.push(unsupported);
    response
}

/// 406 to an INVITE that takes no session description in the answer (RFC 3261 21.4.7, RFC 4475 3.3.15).
pub(super) fn not_acceptable(config: &Profile, request: &Request, tag: &str) -> Response {
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
pub(super) fn no_media(config: &Profile, request: &Request, tag: &str, failure: MediaFailure) -> Response {
    not_acceptable_here(config, request, tag, words(failure))
}

/// 488 because of what their description lacks (RFC 3261 21.4.26).
pub(super) fn unfit(config: &Profile, request: &Request, tag: &str, unfit: &Unfitness) -> Response {
    not_acceptable_here(config, request, tag, &unfit.to_string())
}

fn not_acceptable_here(config: &Profile, request: &Request, tag: &str, why: &str) -> Response {
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
        MediaFailure::NoRelay => "no media relay",
    }
}

/// What may be asked of us: everything else is refused (RFC 3261 8.2.1).
pub(super) fn methods(config: &Profile) -> Vec<Method> {
    let mut methods = vec![
        Method::Invite,
        Method::Ack,
        Method::Cancel,
        Method::Bye,
        Method::Options,
        Method::Prack,
        Method::Update,
        Method::Info,
        Method::Notify,
        Method::Subscribe,
    ];
    methods.extend(config.transfers.then_some(Method::Refer));
    methods.extend((cfg!(feature = "messages") && config.messages).then_some(Method::Message));
    methods
}

/// Extensions that others may require of us.
pub(super) fn extensions(config: &Profile) -> Vec<Token> {
    let mut extensions = vec![OUTBOUND, GRUU, REPLACES, NOREFERSUB];
    if config.reliable {
        extensions.push(RELIABLE);
    }
    if config.session_expires.is_some() {
        extensions.push(session_timer::TIMER);
    }
    if config.trickle {
        extensions.push(trickle::PACKAGE);
    }
    if config.auto_answer || config.decides_auto_answer {
        extensions.push(auto_answer::ANSWER_MODE);
    }
    extensions
}

/// Says which packages of INFO are understood (RFC 6086 4.2).
fn listen(config: &Profile, headers: &mut Headers) {
    if config.trickle {
        headers.push(&RecvInfo { package: trickle::PACKAGE, params: Params::new() });
    }
}

fn allow(config: &Profile) -> Allow {
    Allow(methods(config))
}

/// `<sip:user@host;transport=ws>`, with what is said of this phone. TLS changes nothing in it (RFC 7118 5.4).
fn contact(config: &Profile) -> Option<NameAddr> {
    let mut uri = SipUri::new(&config.contact_user, &config.contact_host).ok()?;
    uri.params.set("transport", Some(if config.wss_in_contact { "wss" } else { "ws" })).ok()?;
    let mut contact = NameAddr::new(Uri::Sip(uri));
    contact.params = config.contact_params.clone();
    Some(contact)
}

/// The Contact in dialogs: a GRUU (RFC 5627 4.3), or our own address, in which `ob` asks that their requests take the flow
/// that is open (RFC 5626 4.3). Proxies find the flow by instance and reg-id, too.
pub(super) fn dialog_contact(config: &Profile) -> Option<NameAddr> {
    let mut contact = contact(config)?;
    if let Some(gruu) = config.gruu() {
        contact.uri = gruu.clone();
    } else if config.learned.outbound
        && let Uri::Sip(uri) = &mut contact.uri
    {
        uri.params.set("ob", None).ok()?;
    }
    // The instance tells who this is, whatever the address.
    if config.learned.outbound && !config.is_hidden() {
        mark(config, &mut contact, true);
    }
    Some(contact)
}

/// Names the phone (RFC 5626 4.1), and this flow of it. What cannot be a parameter is left out: the binding is then found
/// by its user.
fn mark(config: &Profile, contact: &mut NameAddr, flow: bool) {
    if config.instance.is_empty() {
        return;
    }
    let _ = contact.params.set_text("+sip.instance", &Text::lossy(&format!("<{}>", config.instance)));
    if flow {
        let _ = contact.params.set("reg-id", Some(&REG_ID.to_string()));
    }
}

/// The way of a request outside of a dialog: our own proxy, then what the registrar said (RFC 3608 6.1).
fn preload(config: &Profile, request: &mut Request) {
    // Where both name the same proxy it is visited once.
    let same = |first: &NameAddr| match (&first.uri, &config.outbound_proxy) {
        (Uri::Sip(one), Some(Uri::Sip(two))) => (&one.user, &one.host, one.port) == (&two.user, &two.host, two.port),
        (Uri::Sip(_) | Uri::Tel(_) | Uri::Other { .. }, _) => false,
    };
    if !config.learned.service_route.first().is_some_and(same) {
        proxy(config, request);
    }
    for hop in &config.learned.service_route {
        request.headers.push(&Route(hop.clone()));
    }
}

fn proxy(config: &Profile, request: &mut Request) {
    if let Some(proxy) = &config.outbound_proxy {
        let mut hop = proxy.clone();
        if let Uri::Sip(uri) = &mut hop {
            let _ = uri.params.set("lr", None);
        }
        request.headers.push(&Route(NameAddr::new(hop)));
    }
}

/// From, To, Call-ID and CSeq of a request outside of a dialog (RFC 3261 8.1.1).
fn begin(config: &Profile, request: &mut Request, to: &NameAddr, tag: &str, call_id: &str, seq: u32) {
    let headers = &mut request.headers;
    headers.push(&From(config.address.clone()).with_tag(tag));
    headers.push(&To(to.clone()));
    if let Ok(call_id) = call_id.parse::<CallId>() {
        headers.push(&call_id);
    }
    headers.push(&CSeq { seq, method: request.method.clone() });
}

/// User-Agent, and what the configuration adds.
pub(super) fn finish(config: &Profile, request: &mut Request) {
    if let Ok(user_agent) = config.user_agent.parse::<UserAgent>() {
        request.headers.push(&user_agent);
    }
    let own = |name: &str| name.parse().is_ok_and(|name: HeaderName| request.headers.contains(name));
    let more: Vec<(&str, &str)> = config.headers.iter().filter(|(name, _)| !own(name)).collect();
    let mut draft = Draft::of_request(request);
    for (name, value) in more {
        // What is not free stays as it is.
        let _ = draft.add(name, value);
    }
}
