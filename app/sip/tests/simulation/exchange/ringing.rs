//! What must be so of every call, as seen where it comes in and goes out.

use super::directory::{Directory, PICK_UP, RINGING};
use crate::hostile::MALLORY;
use sip::header::{CSeq, CallId, From, To, Via};
use sip::message::{HeaderName, Headers, Message, Method, Request, Response};
use sip::{Duration, Instant};
use std::collections::BTreeMap;

/// How long it takes at most until a caller hears what becomes of a call: all that rings, one after the other.
const ANSWERED: Duration = Duration::from_secs(900);
/// How long after its time a phone may still ring.
const SLACK: Duration = Duration::from_secs(1);

/// The calls that come in, and the phones that ring for them.
#[derive(Default)]
pub(crate) struct Ringing {
    /// By the branch of their INVITE.
    calls: BTreeMap<String, Call>,
    /// By the branch of theirs.
    phones: BTreeMap<String, Phone>,
    /// Whether messages came that nobody sent: what was damaged names what it does not belong to.
    pub(crate) disorder: bool,
}

/// A call that came in.
struct Call {
    name: (String, String),
    flow: Option<u64>,
    caller: String,
    /// What was dialled; `None` if it is a phone, or somebody's place in another call, that is meant.
    number: Option<String>,
    began: Instant,
    cancelled: bool,
    /// What the caller was told in the end, and when.
    refused: Option<(String, Instant)>,
    /// When the caller was first told that somebody took it.
    answered: Option<Instant>,
    /// Whether it came once more after that, from who forgot it.
    again: bool,
}

/// A phone that an INVITE went to.
struct Phone {
    name: (String, String),
    user: String,
    flow: Option<u64>,
    /// Since when it rings.
    since: Option<Instant>,
    limit: Duration,
    /// It answered, or was told that it is not wanted any more.
    over: bool,
    took: bool,
}

impl Ringing {
    /// Something came in over a connection; `known`: whether it is known to be the user's.
    pub(super) fn received(&mut self, (flow, known): (u64, bool), user: &str, message: &Message, now: Instant) {
        match message {
            Message::Request(request) if request.method == Method::Invite && !is_within(&request.headers) => {
                let Some(branch) = branch(&request.headers) else { return };
                let call = self.calls.entry(branch).or_insert_with(|| Call {
                    name: name(&request.headers),
                    flow: Some(flow),
                    caller: user.into(),
                    number: number(request),
                    began: now,
                    cancelled: false,
                    refused: None,
                    answered: None,
                    again: false,
                });
                // What another one sends under its name is none of it.
                if call.caller == user {
                    call.flow = call.flow.or(known.then_some(flow));
                    call.again |= call.is_over();
                }
            }
            Message::Request(request) if request.method == Method::Cancel => {
                let call = branch(&request.headers).and_then(|branch| self.calls.get_mut(&branch));
                if let Some(call) = call.filter(|call| call.caller == user) {
                    call.cancelled = true;
                }
            }
            Message::Request(_) => {}
            Message::Response(response) => {
                if let Some(phone) = invited(response).and_then(|branch| self.phones.get_mut(&branch))
                    // Who is called may answer over any connection that is known to be theirs.
                    && (phone.flow == Some(flow) || known && phone.user == user)
                {
                    if response.status.is_provisional() {
                        phone.since.get_or_insert(now);
                    } else {
                        phone.over = true;
                        phone.took |= response.status.is_success();
                    }
                }
            }
        }
    }

    /// Something goes out.
    pub(super) fn sent(&mut self, flow: u64, user: &str, bytes: &[u8], directory: &Directory, now: Instant) {
        let is_response = bytes.starts_with(b"SIP/2.0 ");
        if !is_response && !bytes.starts_with(b"INVITE ") && !bytes.starts_with(b"CANCEL ") {
            return;
        }
        let Ok(message) = Message::parse(bytes) else { return };
        match message {
            Message::Request(request) if request.method == Method::Invite && !is_within(&request.headers) => {
                self.rings(flow, user, &request, directory, now);
            }
            Message::Request(request) if request.method == Method::Cancel => {
                if let Some(phone) = branch(&request.headers).and_then(|branch| self.phones.get_mut(&branch)) {
                    phone.over = true;
                }
            }
            Message::Request(_) => {}
            Message::Response(response) => self.answers(user, &response, now),
        }
    }

    fn rings(&mut self, flow: u64, user: &str, request: &Request, directory: &Directory, now: Instant) {
        let branch = branch(&request.headers).expect("the exchange writes one");
        if let Some(phone) = self.phones.get_mut(&branch) {
            phone.flow = Some(flow); // It comes again over another connection.
            return;
        }
        let name = name(&request.headers);
        // A call that is signed, or goes to where a response sends it, comes in once more.
        let calls: Vec<&Call> = self.calls.values().filter(|call| call.name == name).collect();
        assert!(self.disorder || !calls.is_empty(), "{user} is called by nobody");
        let mut limit = RINGING;
        let may = calls.iter().any(|call| {
            let Some(number) = &call.number else { return true };
            let reach = directory.reach(number, &call.caller, call.began);
            limit = limit.max(reach.time);
            // Who is hostile may send a call anywhere.
            reach.rings.contains(user) || reach.rings.contains(MALLORY)
        });
        assert!(
            self.disorder || may,
            "{user} rings at {} for a call to somebody else: {}",
            now.as_millis(),
            text(request)
        );
        let phone = Phone { name, user: user.into(), flow: Some(flow), since: None, limit, over: false, took: false };
        self.phones.insert(branch, phone);
    }

    fn answers(&mut self, user: &str, response: &Response, now: Instant) {
        let Some(call) = invited(response).and_then(|branch| self.calls.get_mut(&branch)) else { return };
        // Who says the same as somebody else is answered, too.
        if call.caller != user || response.status.is_provisional() {
            return;
        }
        if response.status.is_success() {
            call.answered.get_or_insert(now);
            return;
        }
        let tag = response.headers.get::<To>().ok().and_then(|to| to.tag().map(str::to_string));
        let how = format!("{} {tag:?}", response.status.code());
        let same = call.refused.as_ref().is_none_or(|(before, _)| *before == how);
        assert!(
            self.disorder || call.again || (same && call.answered.is_none()),
            "a second final answer to a call: {how} after {:?}",
            call.refused
        );
        call.refused.get_or_insert((how, now));
    }

    /// A connection is gone: whoever rings there cannot be told anything.
    pub(super) fn closed(&mut self, flow: u64) {
        self.phones.values_mut().filter(|phone| phone.flow == Some(flow)).for_each(|phone| phone.flow = None);
        self.calls.values_mut().filter(|call| call.flow == Some(flow)).for_each(|call| call.flow = None);
    }

    /// All connections are gone.
    pub(super) fn unplugged(&mut self) {
        self.phones.values_mut().for_each(|phone| phone.flow = None);
        self.calls.values_mut().for_each(|call| call.flow = None);
    }

    /// What must be so when nothing is left to be done.
    pub(super) fn check(&self, now: Instant) {
        if self.disorder {
            return;
        }
        let there = |phone: &&Phone| phone.user != MALLORY && phone.flow.is_some();
        for phone in self.phones.values().filter(there).filter(|phone| !phone.over) {
            let Some(since) = phone.since else { continue };
            let time = now.since(since);
            assert!(time <= phone.limit + SLACK, "the phone of {} rings for {time:?}", phone.user);
            let mut calls = self.calls.values().filter(|call| call.name == phone.name).peekable();
            // Who says only then that it rings is not known any more.
            let given_up = calls.peek().is_some()
                && calls.all(|call| match (call.answered, &call.refused) {
                    (Some(at), _) => at >= since,
                    (None, Some((_, at))) => *at >= since,
                    (None, None) => call.cancelled,
                });
            assert!(!given_up, "the phone of {} rings, and its caller gave up, or talks to another", phone.user);
        }
        for call in self.calls.values().filter(|call| self.is_open(call)) {
            let time = now.since(call.began);
            assert!(time < ANSWERED, "{} waits for {time:?} for an answer to a call", call.caller);
        }
    }

    /// Whether a caller who is there waits for an answer. That a phone took the call is said by the phone, again and again,
    /// until it is acknowledged or taken back.
    fn is_open(&self, call: &Call) -> bool {
        let taken = || self.phones.values().any(|phone| phone.name == call.name && phone.took);
        call.flow.is_some() && !call.is_over() && !taken()
    }

    /// What must be so when everything came to rest: everybody knows what became of their calls.
    pub(crate) fn left(&self) -> Option<String> {
        let open = |call: &&Call| !self.disorder && self.is_open(call);
        let (branch, call) = self.calls.iter().find(|(_, call)| open(call))?;
        let Call { caller, number, began, cancelled, .. } = call;
        let began = began.as_millis();
        Some(format!("{caller} never heard what became of the call to {number:?}: {branch} {began} {cancelled}"))
    }
}

impl Call {
    const fn is_over(&self) -> bool {
        self.answered.is_some() || self.refused.is_some()
    }
}

/// What was dialled, if it is a number, and no phone or dialog is meant.
fn number(request: &Request) -> Option<String> {
    let joins = request.headers.contains(HeaderName::Replaces) || request.headers.contains(HeaderName::Join);
    let uri = request.uri.as_sip().filter(|uri| !joins && !uri.params.has("gr"))?;
    let number = (uri.host.to_string() == super::DOMAIN).then(|| uri.user_unescaped())?;
    number.filter(|number| !number.starts_with(PICK_UP))
}

/// The branch of a response to an INVITE.
fn invited(response: &Response) -> Option<String> {
    let invite = response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Invite);
    invite.then(|| branch(&response.headers))?
}

fn branch(headers: &Headers) -> Option<String> {
    headers.get::<Via>().ok()?.branch().map(str::to_string)
}

fn name(headers: &Headers) -> (String, String) {
    let from = headers.get::<From>().ok().and_then(|from| from.tag().map(str::to_string));
    (headers.get::<CallId>().map(|id| id.to_string()).unwrap_or_default(), from.unwrap_or_default())
}

fn is_within(headers: &Headers) -> bool {
    headers.get::<To>().is_ok_and(|to| to.tag().is_some())
}

fn text(request: &Request) -> String {
    String::from_utf8_lossy(&request.to_bytes()).into_owned()
}
