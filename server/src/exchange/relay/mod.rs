//! Calls between pages and plain phones go through rtpengine, which speaks WebRTC (ICE, DTLS-SRTP) on one side and RTP on the
//! other. Sound never passes through this server.
//!
//! What a session description is for is seen where it leaves: for a page or for a plain phone. Where it came from was noted
//! in it when it came ([`mark`]); the note leaves with no message. So what becomes of it needs no memory of the call, and
//! goes on after a restart. What is remembered is only what came of an offer, until it is answered, and which calls the
//! engine has.
//!
//! | Row | Description | Of | For | Then |
//! | --- | --- | --- | --- | --- |
//! | RL1 | any | a page | a page | as it is: they reach one another |
//! | RL2 | offer | a page | a phone | the engine makes RTP of it |
//! | RL3 | offer | a phone | a page | the engine makes WebRTC of it |
//! | RL4 | offer | a phone | a phone, none behind a NAT, or without an engine | as it is: sound goes directly |
//! | RL5 | offer | a phone | a phone, one behind a NAT, or all are apart | the engine is in between |
//! | RL6 | answer | – | – | the engine's, if the offer was |
//! | RL7 | offer, no engine is there, or it says nothing | a page and a phone | – | the phone is said to have answered 488, with the reason in words |
//! | RL8 | in a response, and the engine says nothing | – | – | a 2xx becomes 488 for the caller; a 1xx loses it |
//! | RL9 | offer in a request, and the engine says nothing | a phone | a phone | as it is, as RL4 |
//! | RL10 | in what was sent before | – | – | the same as then: transactions repeat their bytes |
//!
//! An offer is in INVITE, UPDATE and PRACK, or in the response to an INVITE that had none; its answer is in the response, or
//! in ACK then (RFC 3264, RFC 6337). Each way of a forked call is a branch of the engine's call (`via-branch`). The engine
//! forgets a call at BYE, when the caller gets a final failure, or when no sound came for as long as it is told to wait.

mod ask;
mod engine;
mod mark;

pub use engine::{Engine, EngineError};
pub(super) use mark::{Marked, mark, may_be_marked, unmark};

use super::plain::Edge;
use ask::Tags;
use mark::Origin;
use serde_json::Value;
use sip::header::{CSeq, CallId, From, To, Via};
use sip::message::{Headers, Message, Method};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;

/// How long what was sent may be sent again (RFC 3261 17: 64·T1), in milliseconds.
const AGAIN: u64 = 40_000;
/// How long an offer may wait for its answer, in milliseconds: a call rings for ten minutes at most.
const OPEN: u64 = 900_000;
/// How much is remembered of each: of more calls the engine has to notice by itself that they are over.
const MAX: usize = 20_000;

/// What becomes of what leaves.
#[derive(Debug, PartialEq)]
pub(super) enum Leaving {
    /// It leaves as it is.
    AsIs,
    /// It leaves with this body.
    With(Vec<u8>),
    /// The engine is asked this first; `direct`: without it sound may still find its way.
    Ask { command: Value, direct: bool },
    /// It does not leave: these are the words for it.
    Refused(&'static str),
}

/// Why there is no sound between a page and a plain phone.
pub(super) const NO_ENGINE: &str = "Calls between this phone and a browser need an rtpengine, and this server has none";
/// Why there is none now.
pub(super) const SILENT: &str = "The relay of sound between browsers and phones does not answer: try again later";

/// The engine at this address, if there is one. Whether it answers is told to the log: it may come later.
///
/// # Errors
/// [`EngineError::Socket`].
pub(super) async fn open(address: Option<SocketAddr>) -> Result<Option<Engine>, EngineError> {
    let Some(address) = address else { return Ok(None) };
    let engine = Engine::open(address).await?;
    let asked = engine.clone();
    tokio::spawn(async move {
        match asked.ping().await {
            Ok(()) => tracing::info!(%address, "rtpengine is there"),
            Err(error) => {
                tracing::warn!(%address, %error, "calls between browsers and plain phones have to wait for it")
            }
        }
    });
    Ok(Some(engine))
}

/// What is remembered of calls that the engine takes part in.
#[derive(Default)]
pub(super) struct Relay {
    /// What came of what was sent, by its bytes.
    sent: Remembered<u64, Vec<u8>>,
    /// How bytes are told apart: with a key that nobody can guess, so that nobody can make two that are alike.
    prints: RandomState,
    /// What is expected over a branch.
    branches: Remembered<String, Expected>,
    /// Calls whose offer came in a response: their ACK has the answer.
    late: Remembered<String, ()>,
    /// Calls that the engine has, with the number of the INVITE that made them.
    calls: Remembered<String, u32>,
}

/// What the response over a branch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// The answer to an offer that went through the engine.
    Answer,
    /// An offer.
    Offer,
}

/// A table that forgets.
struct Remembered<K, V> {
    entries: BTreeMap<K, (V, u64)>,
    /// The keys, the oldest first.
    order: VecDeque<(u64, K)>,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), order: VecDeque::new() }
    }
}

impl<K: Ord + Clone, V> Remembered<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(value, _)| value)
    }

    /// Remembers it, and forgets what is older than `life`.
    fn insert(&mut self, key: K, value: V, life: u64, now: u64) {
        while self.order.front().is_some_and(|(at, _)| at + life <= now || self.order.len() >= MAX) {
            let Some((at, key)) = self.order.pop_front() else { break };
            // It may have been remembered anew.
            if self.entries.get(&key).is_some_and(|(_, newest)| *newest == at) {
                self.entries.remove(&key);
            }
        }
        self.entries.insert(key.clone(), (value, now));
        self.order.push_back((now, key));
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|(value, _)| value)
    }
}

impl Relay {
    /// What becomes of a message for a page (`None`) or a plain phone; `apart`: what is sent to that phone
    /// directly does not reach it.
    pub(super) fn leaves(
        &mut self,
        message: &Message,
        marked: &Marked,
        to: Option<&Edge>,
        apart: bool,
        has_engine: bool,
        now: u64,
    ) -> Leaving {
        let headers = message.headers();
        let (Ok(call), Ok(cseq)) = (headers.get::<CallId>(), headers.get::<CSeq>()) else { return Leaving::AsIs };
        self.note_late(message, now);
        let Some(origin) = marked.origin.filter(|_| mark::is_session(message)) else { return Leaving::AsIs };
        let is_mixed = match (origin, to) {
            (Origin::Page, None) => return Leaving::AsIs,
            (Origin::Page, Some(_)) | (Origin::Phone | Origin::Natted, None) => true,
            (Origin::Phone | Origin::Natted, Some(_)) => false,
        };
        let is_offer = self.is_offer(message, &call, marked);
        let passes = is_mixed
            || if is_offer {
                has_engine && (apart || origin == Origin::Natted)
            } else {
                self.was_relayed(message, &call, marked)
            };
        if !passes {
            return Leaving::AsIs;
        }
        if !has_engine {
            return Leaving::Refused(NO_ENGINE);
        }
        if let Some(body) = self.sent.get(&self.print_of(message, to)) {
            return Leaving::With(body.clone());
        }
        let Some(tags) = Tags::of(message, is_offer) else { return Leaving::AsIs };
        let branch = marked.branch.clone().or_else(|| own_branch(message));
        if is_offer {
            self.note_offer(message, &call, &cseq, branch.as_deref(), now);
        }
        let side = if to.is_some() { ask::Side::Phone } else { ask::Side::Page };
        let natted = (origin == Origin::Natted).then_some(marked.from).flatten();
        let body = String::from_utf8_lossy(message.body());
        let command = ask::command(is_offer, &call, &tags, branch.as_deref(), side, natted, &body);
        let direct = is_offer && !is_mixed && matches!(message, Message::Request(_));
        Leaving::Ask { command, direct }
    }

    /// The engine made this of the body.
    pub(super) fn made(&mut self, message: &Message, to: Option<&Edge>, body: &[u8], now: u64) {
        let print = self.print_of(message, to);
        self.sent.insert(print, body.to_vec(), AGAIN, now);
    }

    /// The engine did not answer, and this offer goes to the phone as it is; so does its answer.
    pub(super) fn goes_directly(&mut self, message: &Message, to: Option<&Edge>, now: u64) {
        self.made(message, to, message.body(), now);
        if let Some(branch) = own_branch(message) {
            self.branches.remove(&branch);
        }
    }

    /// Whether the engine's call is over with this message that leaves; what to tell the engine then. With a plain phone it
    /// may have one that nobody remembers since a restart.
    pub(super) fn ends(&mut self, message: &Message, marked: &Marked, to: Option<&Edge>) -> Option<Value> {
        let headers = message.headers();
        let call = headers.get::<CallId>().ok()?;
        let name = call.as_str().to_owned();
        let known = self.calls.get(&name);
        let over = match message {
            Message::Request(request) => {
                let is_plain = to.is_some() || marked.origin.is_some_and(|origin| origin != Origin::Page);
                request.method == Method::Bye && (known.is_some() || is_plain)
            }
            Message::Response(response) => {
                let cseq = headers.get::<CSeq>().ok()?;
                response.status.code() >= 300 && cseq.method == Method::Invite && known == Some(&cseq.seq)
            }
        };
        over.then(|| {
            self.late.remove(&name);
            self.calls.remove(&name);
            ask::delete(&call)
        })
    }

    /// What tells one message for one client from another.
    fn print_of(&self, message: &Message, to: Option<&Edge>) -> u64 {
        self.prints.hash_one((to.map(|edge| edge.remote), message.to_bytes()))
    }

    /// An INVITE without a description is answered with an offer.
    fn note_late(&mut self, message: &Message, now: u64) {
        if let Message::Request(request) = message
            && request.method == Method::Invite
            && !mark::is_session(message)
            && let Some(branch) = own_branch(message)
        {
            self.branches.insert(branch, Expected::Offer, OPEN, now);
        }
    }

    fn note_offer(&mut self, message: &Message, call: &CallId, cseq: &CSeq, branch: Option<&str>, now: u64) {
        match message {
            Message::Request(request) => {
                if let Some(branch) = branch {
                    self.branches.insert(branch.to_owned(), Expected::Answer, OPEN, now);
                }
                let is_first = request.method == Method::Invite && tags(&request.headers).1.is_none();
                if is_first {
                    self.calls.insert(call.as_str().to_owned(), cseq.seq, u64::MAX / 2, now);
                }
            }
            Message::Response(_) => {
                self.late.insert(call.as_str().to_owned(), (), OPEN, now);
                self.calls.insert(call.as_str().to_owned(), cseq.seq, u64::MAX / 2, now);
            }
        }
    }

    fn is_offer(&self, message: &Message, call: &CallId, marked: &Marked) -> bool {
        match message {
            Message::Request(request) if request.method == Method::Ack => false,
            Message::Request(request) if request.method == Method::Prack => {
                self.late.get(&call.as_str().to_owned()).is_none()
            }
            Message::Request(_) => true,
            Message::Response(_) => {
                let branch = marked.branch.as_ref();
                branch.is_some_and(|branch| self.branches.get(branch) == Some(&Expected::Offer))
            }
        }
    }

    /// Whether the offer that this answers went through the engine.
    fn was_relayed(&self, message: &Message, call: &CallId, marked: &Marked) -> bool {
        match message {
            Message::Request(_) => self.late.get(&call.as_str().to_owned()).is_some(),
            Message::Response(_) => {
                let branch = marked.branch.as_ref();
                branch.is_some_and(|branch| self.branches.get(branch) == Some(&Expected::Answer))
            }
        }
    }
}

/// The branch of our Via in a request that leaves.
fn own_branch(message: &Message) -> Option<String> {
    let Message::Request(request) = message else { return None };
    request.headers.get::<Via>().ok()?.branch().map(str::to_owned)
}

/// The tags of From and To.
fn tags(headers: &Headers) -> (Option<String>, Option<String>) {
    let from = headers.get::<From>().ok().and_then(|from| from.tag().map(str::to_owned));
    let to = headers.get::<To>().ok().and_then(|to| to.tag().map(str::to_owned));
    (from, to)
}
