//! Somebody who wants no good: signed in as one user over two connections, and as nobody over a third, who hears
//! everything that the others send and are sent, and says what they like.

mod craft;
mod strikes;

use crate::exchange::{Whole, party};
use crate::kind::Kind;
use crate::network::Exchange as _;
use crate::random::Random;
use sip::Instant;
use sip::header::{CallId, PAssertedIdentity};
use sip::message::{Header, Headers, Message};
use sip::registrar::Admission;
use std::collections::{BTreeSet, VecDeque};

/// The connections of who is hostile are numbered from here.
pub(crate) const HOSTILE: u64 = 1 << 40;
/// Who they are.
pub(crate) const MALLORY: &str = "mallory";
/// What everything says that they write.
const MARK: &str = "X-Mark: mallory";
/// How much of what the others say they remember.
const HEARD: usize = 64;
/// How often they strike at most.
const STRIKES: u32 = 120;
/// How many connections they have at a time: two of theirs, and one of nobody's.
const FLOWS: usize = 3;
/// The one on which nobody is signed in.
const NOBODY: usize = 2;

/// Who wants no good.
pub(crate) struct Hostile {
    random: Random,
    /// The others.
    users: Vec<String>,
    kind: Kind,
    /// Whether they flood the exchange to its limits.
    floods: bool,
    flows: [u64; FLOWS],
    opened: u64,
    heard: VecDeque<Vec<u8>>,
    inbox: VecDeque<(u64, Vec<u8>)>,
    /// Calls that others made to them.
    theirs: BTreeSet<String>,
    /// Makes names.
    count: u64,
    left: u32,
}

impl Hostile {
    pub(crate) fn new(seed: u64, users: &[&str], kind: Kind) -> Self {
        let mut random = Random::new(seed ^ HOSTILE);
        Self {
            floods: random.percent(10),
            random,
            users: users.iter().map(ToString::to_string).collect(),
            kind,
            flows: [0; FLOWS],
            opened: 0,
            heard: VecDeque::new(),
            inbox: VecDeque::new(),
            theirs: BTreeSet::new(),
            count: 0,
            left: STRIKES,
        }
    }

    /// Something that others sent, and that arrived, or that they are being sent.
    pub(crate) fn overhear(&mut self, bytes: Vec<u8>) {
        if self.heard.len() == HEARD {
            self.heard.pop_front();
        }
        self.heard.push_back(bytes);
    }

    /// Something came over a connection of theirs.
    pub(crate) fn received(&mut self, flow: u64, bytes: Vec<u8>) {
        self.inbox.push_back((flow, bytes));
        if self.inbox.len() > HEARD {
            self.inbox.pop_front();
        }
    }

    /// They do something, or wait.
    pub(crate) fn act(&mut self, exchange: &mut Whole, now: Instant) {
        if self.left == 0 || !self.random.percent(12) {
            return;
        }
        self.left -= 1;
        for which in 0..FLOWS {
            if !exchange.is_open(self.flows[which]) {
                self.open(which, exchange, now);
            }
        }
        if self.random.percent(60)
            && let Some((flow, bytes)) = self.inbox.pop_front()
        {
            self.answer(flow, &bytes, exchange, now);
        } else {
            self.strike(exchange, now);
        }
        let most = Whole::max_load();
        for flow in HOSTILE + 1..=HOSTILE + self.opened {
            let load = exchange.load(flow);
            assert!(load.waiting <= most.waiting, "{} requests of one connection wait", load.waiting);
            assert!(load.all <= most.all, "{} requests of one connection are remembered", load.all);
        }
        let (phones, subscriptions) = exchange.known(MALLORY);
        assert!(phones <= 10, "{phones} phones of one user");
        assert!(subscriptions <= 256 + 128, "{subscriptions} subscriptions");
    }

    /// They go, without a word.
    pub(crate) fn leave(self, exchange: &mut Whole, now: Instant) {
        for flow in self.flows {
            if exchange.is_open(flow) {
                exchange.closed(flow, now);
            }
        }
    }

    /// Whether they take part in a call.
    pub(crate) fn is_in(&self, call_id: &str) -> bool {
        call_id.starts_with(MALLORY) || self.theirs.contains(call_id)
    }

    /// What may arrive at somebody else's phone: nothing of theirs but in calls of theirs, and always with their name.
    pub(crate) fn check(&self, user: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if !text.contains(MALLORY) {
            return;
        }
        let Ok(message) = Message::parse(bytes) else { return };
        let (headers, is_request) = match &message {
            Message::Request(request) => (&request.headers, true),
            Message::Response(response) => (&response.headers, false),
        };
        let marked = text.contains(MARK);
        let call = get::<CallId>(headers).map(|id| id.to_string()).unwrap_or_default();
        let known = self.is_in(&call);
        assert!(!marked || known && !self.kind.twice, "something hostile comes to {user}: {text}");
        let asserted = get::<PAssertedIdentity>(headers).map(|asserted| asserted.0.uri.to_string());
        let named = asserted.is_some_and(|asserted| asserted == format!("sip:{MALLORY}@example.com"));
        assert!(!is_request || marked == named || known && !marked, "{user} is told that it is from another: {text}");
    }

    fn open(&mut self, which: usize, exchange: &mut Whole, now: Instant) {
        self.opened += 1;
        self.flows[which] = HOSTILE + self.opened;
        let admission = if which == NOBODY { Admission::Digest } else { Admission::Account(party(MALLORY)) };
        exchange.admit(self.flows[which], MALLORY, admission, now);
    }

    fn send(&mut self, which: usize, bytes: &[u8], exchange: &mut Whole, now: Instant) {
        exchange.received(self.flows[which], bytes, now);
    }

    /// A number that was never used before.
    const fn fresh(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Somebody else.
    fn victim(&mut self) -> String {
        self.users[self.random.index(self.users.len())].clone()
    }

    /// A message of others.
    fn overheard(&mut self) -> Option<Message> {
        let at = self.random.index(self.heard.len().max(1));
        Message::parse(self.heard.get(at)?).ok()
    }
}

fn get<H: Header>(headers: &Headers) -> Option<H> {
    headers.get().ok()
}
