//! What must be so at every step.

use crate::beside::Beside;
use crate::page::Page;
use sip::Instant;
use sip::agent::{Agent, Call, CallId, Cause, Event};
use sip::header::{self, CSeq, From, To, Via};
use sip::message::{Header, Message, Method, Request, Status, is_keepalive};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What one phone was told and said.
#[derive(Default)]
pub(crate) struct Watch {
    calls: BTreeMap<CallId, Told>,
    pub(crate) beside: Beside,
    /// What its user noticed, and when, if that is compared.
    pub(crate) noticed: Vec<(Instant, String)>,
    /// The last number of each direction of a dialog.
    numbers: BTreeMap<(String, String, String), u32>,
    /// What was sent with a branch.
    branches: BTreeMap<String, Vec<(Method, u64)>>,
    /// The calls in which it said that there is none, to something else than BYE.
    denied: BTreeSet<String>,
    /// How often in a row something was due still after it was done.
    still_due: usize,
    /// Whether it went on once from what it was some time before.
    forgot: bool,
}

/// A timer that comes late may lead to another one that is late too: that many at most.
const STILL_DUE: usize = 16;

/// What a page knew when it saved its phone.
pub(crate) struct Known {
    calls: BTreeMap<CallId, Told>,
    beside: Beside,
}

/// A call, as its user was told of it.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) began: Instant,
    pub(crate) established: bool,
    /// Whether the other end asked for a transfer: that is told of also when the call is over.
    asked: bool,
    pub(crate) end: Option<(Call, Cause, Instant)>,
}

impl Watch {
    /// What is known now.
    pub(crate) fn known(&self) -> Known {
        Known { calls: self.calls.clone(), beside: self.beside.clone() }
    }

    /// Nobody knows anything else any more; what was sent stays sent.
    pub(crate) fn forget(&mut self, known: Known) {
        (self.calls, self.beside) = (known.calls, known.beside);
        self.forgot = true;
    }

    /// A call was begun here.
    pub(crate) fn dialled(&mut self, call: CallId, now: Instant) {
        let told = Told { began: now, established: false, asked: false, end: None };
        assert!(self.calls.insert(call, told).is_none(), "{call:?} was there before");
    }

    /// Something was told.
    pub(crate) fn told(&mut self, agent: &Agent, event: &Event, now: Instant) {
        match event {
            Event::Registration | Event::Stopped => {}
            Event::Message { .. }
            | Event::MessageSent { .. }
            | Event::Answered { .. }
            | Event::Subscription { .. }
            | Event::SubscriptionAsked { .. }
            | Event::Publication { .. }
            | Event::Notified { .. } => self.beside.told(event),
            // Both may be told when the call that is passed on is over.
            Event::Transfer { call, .. } | Event::TransferAsked { call, .. } => {
                let known = self.calls.get_mut(call).unwrap_or_else(|| panic!("nobody knows {call:?}"));
                known.asked |= matches!(event, Event::TransferAsked { .. });
            }
            // Nothing is asked any more.
            Event::Call(call) if self.calls.get(call).is_some_and(|known| known.asked && known.end.is_some()) => {}
            Event::Incoming(call) => self.dialled(*call, now),
            Event::Call(call) => {
                // What takes the place of another call does not ring.
                let replaces = |other: Call| other.id == *call && other.replaces.is_some();
                if !self.calls.contains_key(call) && agent.calls().any(replaces) {
                    self.dialled(*call, now);
                }
                let known = self.up(*call);
                if agent.calls().any(|other| other.id == *call && other.phase == sip::agent::Phase::Established) {
                    known.established = true;
                }
            }
            Event::Remote { call, .. }
            | Event::Digit { call, .. }
            | Event::BranchEnded { call, .. }
            | Event::PictureWanted(call)
            | Event::Candidates { call, .. } => {
                self.up(*call);
            }
            Event::Ended { call, last, cause } => {
                if !self.calls.contains_key(call) {
                    assert!(matches!(cause, Cause::Busy | Cause::Unfit(_)), "{call:?} ended, and never was: {cause:?}");
                    self.dialled(*call, now);
                }
                self.up(*call).end = Some((last.clone(), cause.clone(), now));
            }
        }
    }

    fn up(&mut self, call: CallId) -> &mut Told {
        let known = self.calls.get_mut(&call).unwrap_or_else(|| panic!("nobody knows {call:?}"));
        assert!(known.end.is_none(), "{call:?} is over, and something is told about it");
        known
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = &Told> {
        self.calls.values()
    }

    /// Whether it said in a call with this Call-ID that there is none.
    pub(crate) fn denied(&self, call_id: &str) -> bool {
        self.denied.contains(call_id)
    }

    /// Something was sent.
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        if is_keepalive(bytes).is_some() {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("the password of") && !text.contains("Basic "), "a secret is sent: {text}");
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.requested(&request, bytes),
            // It repeats what is wrong with the request.
            Ok(Message::Response(response)) if response.status == Status::BAD_REQUEST => {}
            Ok(Message::Response(response)) => {
                response.validate().unwrap_or_else(|error| panic!("a response that is none: {error}\n{text}"));
                let to_bye = response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Bye);
                if response.status == Status::CALL_DOES_NOT_EXIST
                    && !to_bye
                    && let Ok(call_id) = response.headers.get::<header::CallId>()
                {
                    self.denied.insert(call_id.to_string());
                }
            }
            Err(error) => panic!("what is sent cannot be read: {error}\n{text}"),
        }
    }

    fn requested(&mut self, request: &Request, bytes: &[u8]) {
        request.validate().unwrap_or_else(|error| panic!("a request that is none: {error}"));
        let branch = get::<Via>(request).branch().expect("there is a branch").to_string();
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let hash = hasher.finish();
        let sent = self.branches.entry(branch).or_default();
        if let Some((_, before)) = sent.iter().find(|(method, _)| *method == request.method) {
            // An INVITE that is repeated may be refused in another way than before, and withdrawn for another reason.
            let other = self.forgot && matches!(request.method, Method::Ack | Method::Cancel);
            assert!(
                other || *before == hash,
                "another request with the same branch: {}",
                String::from_utf8_lossy(bytes)
            );
            return;
        }
        sent.push((request.method.clone(), hash));
        let own = sent.iter().filter(|(method, _)| !matches!(method, Method::Ack | Method::Cancel));
        assert!(own.count() <= 1, "another method with the same branch: {}", String::from_utf8_lossy(bytes));
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return;
        }
        // A REGISTER has a new tag each time.
        let registers = request.method == Method::Register;
        let tag = if registers { String::new() } else { get::<From>(request).tag().unwrap_or_default().to_string() };
        // What has no tag of theirs is before all of its dialogs.
        let theirs = get::<To>(request).tag().unwrap_or_default().to_string();
        let early = (get::<header::CallId>(request).to_string(), tag, String::new());
        let dialog = (early.0.clone(), early.1.clone(), theirs);
        let seq = get::<CSeq>(request).seq;
        // A response whose tag got damaged makes a dialog without one, which is ended at once.
        if request.method == Method::Bye && dialog.2.is_empty() {
            return;
        }
        // What was signed and forgotten is signed again.
        if self.forgot && dialog.2.is_empty() {
            return;
        }
        let before = self.numbers.get(&early).max(self.numbers.get(&dialog));
        // What was ended and forgotten is ended again.
        let again = self.forgot && request.method == Method::Bye && before == Some(&seq);
        assert!(
            again || before.is_none_or(|before| *before < seq),
            "CSeq {seq} after {before:?}: {}",
            String::from_utf8_lossy(bytes)
        );
        self.numbers.insert(dialog, seq);
    }

    /// An input was handled, and all outputs were taken.
    pub(crate) fn handled(&mut self, page: &Page, timeout: bool, now: Instant) {
        let agent = &page.phone.agent;
        // Each may be giving way to another one that it is transferred to, or replaced by.
        assert!(agent.calls().count() <= 2 * agent.config().max_calls, "more calls than are allowed");
        let still = agent.deadline().is_some_and(|deadline| deadline <= page.clock(now));
        self.still_due = if still && timeout { self.still_due + 1 } else { 0 };
        assert!(self.still_due < STILL_DUE, "what was due is still due at {}", page.name());
        for call in agent.calls() {
            let known = self.calls.get(&call.id).unwrap_or_else(|| panic!("nobody was told of {:?}", call.id));
            assert!(known.end.is_none(), "{:?} is listed, and over", call.id);
        }
    }
}

fn get<H: Header>(request: &Request) -> H {
    request.headers.get().unwrap_or_else(|error| panic!("{error}"))
}

/// What is left in what a machine is saved as: every list that is not empty, by its path. `kept` are the fields that
/// may hold something.
pub(crate) fn left_over(saved: &serde_json::Value, kept: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    collect(saved, kept, "", &mut found);
    found
}

/// What is in what a machine is saved as, beside what is in that of one that knows nothing: entries, and members of maps.
pub(crate) fn more_than(saved: &serde_json::Value, fresh: &serde_json::Value) -> Vec<String> {
    let mut found = left_over(saved, &[]);
    compare(saved, fresh, "", &mut found);
    found
}

fn compare(saved: &serde_json::Value, fresh: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    if let (Some(saved), Some(fresh)) = (saved.as_object(), fresh.as_object()) {
        for (name, value) in saved {
            match fresh.get(name) {
                Some(before) => compare(value, before, &format!("{path}.{name}"), found),
                None => found.push(format!("{path}.{name}: {value}")),
            }
        }
    }
}

fn collect(value: &serde_json::Value, kept: &[&str], path: &str, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !kept.contains(&name.as_str())) {
                collect(value, kept, &format!("{path}.{name}"), found);
            }
        }
        serde_json::Value::Array(items) if !items.is_empty() => found.push(format!("{path}: {value}")),
        serde_json::Value::Array(_)
        | serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}
