use sip::header::{NameAddr, PAssertedIdentity};
use sip::message::{HeaderName, Request, Response};
use sip::proxy::{Party, SendId};
use sip::uri::{SipUri, Uri};
use sip::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What names the requests that are sent from here.
const OURS: u64 = 1 << 63;
/// How long it takes to try again what failed.
const REST: Duration = Duration::from_secs(30);

/// Messages for who was not there: delivered in their order, one at a time, each once.
#[derive(Default)]
pub(crate) struct Mailbox {
    queues: BTreeMap<String, Queue>,
    wants: VecDeque<Want>,
    last: u64,
    /// What phones did not want.
    pub(crate) refused: BTreeSet<String>,
    /// All that was ever kept: what it says, for whom, in order.
    pub(crate) kept: Vec<(String, String)>,
}

#[derive(Default)]
struct Queue {
    letters: VecDeque<(u64, Request)>,
    flows: BTreeSet<u64>,
    sending: bool,
    /// Whether a phone came while the first was sent.
    came: bool,
    rests: Option<Instant>,
}

/// What is to be done.
#[allow(clippy::large_enum_variant, reason = "it is passed on at once, never kept")]
pub(super) enum Want {
    Send { id: SendId, user: String, request: Request },
    Hold { user: String, hold: bool },
    Count { user: String, new: u32 },
}

impl Mailbox {
    pub(super) const fn is_ours(id: SendId) -> bool {
        id.0 & OURS != 0
    }

    pub(super) fn poll(&mut self) -> Option<Want> {
        self.wants.pop_front()
    }

    /// How many messages wait for a user.
    pub(crate) fn count(&self, user: &str) -> u32 {
        self.queues.get(user).map_or(0, |queue| u32::try_from(queue.letters.len()).unwrap())
    }

    /// Whether a message waits still.
    pub(crate) fn holds(&self, words: &str) -> bool {
        self.queues.values().flat_map(|queue| &queue.letters).any(|(_, request)| says(request) == words)
    }

    /// Nobody took a message; its user's phones can be reached by these connections.
    pub(super) fn keep(&mut self, to: &str, from: &Party, mut request: Request, flows: BTreeSet<u64>, now: Instant) {
        for name in [HeaderName::Via, HeaderName::Route, HeaderName::MaxForwards, HeaderName::ProxyAuthorization] {
            request.headers.remove(name);
        }
        let asserted = NameAddr::new(Uri::Sip(SipUri::new(&from.user, super::DOMAIN).unwrap()));
        request.headers.set(&PAssertedIdentity(asserted));
        request.headers.normalize();
        self.last += 1;
        self.kept.push((says(&request), to.into()));
        if !self.queues.contains_key(to) {
            self.wants.push_back(Want::Hold { user: to.into(), hold: true });
        }
        let queue = self.queues.entry(to.into()).or_default();
        if queue.letters.is_empty() {
            // They did not take it just now.
            queue.rests = (!flows.is_empty()).then(|| now + REST);
            queue.flows = flows;
        }
        queue.letters.push_back((self.last, request));
        self.counted(to);
        self.proceed(to, now);
    }

    /// A user's phones can be reached by these connections now.
    pub(super) fn bindings(&mut self, user: &str, flows: BTreeSet<u64>, now: Instant) {
        let Some(queue) = self.queues.get_mut(user) else { return };
        if flows.difference(&queue.flows).next().is_some() {
            (queue.came, queue.rests) = (true, None);
        }
        queue.flows = flows;
        self.proceed(user, now);
    }

    pub(super) fn sent(&mut self, id: SendId, response: Option<&Response>, now: Instant) {
        let number = id.0 & !OURS;
        let first = |queue: &Queue| queue.sending && queue.letters.front().is_some_and(|(first, _)| *first == number);
        let Some((user, queue)) = self.queues.iter_mut().find(|(_, queue)| first(queue)) else { return };
        let user = user.clone();
        queue.sending = false;
        match response.map(|response| response.status.code()) {
            Some(200..=299) => drop(queue.letters.pop_front()),
            None | Some(408 | 430 | 480 | 482 | 486 | 487 | 491 | 500 | 502 | 503 | 504 | 600) => {
                queue.rests = (!queue.came).then(|| now + REST);
            }
            Some(_) => {
                let (_, request) = queue.letters.pop_front().expect("it was the first");
                self.refused.insert(says(&request));
            }
        }
        self.counted(&user);
        self.proceed(&user, now);
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.queues.values().filter(|queue| !queue.sending).filter_map(|queue| queue.rests).min()
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        for user in self.queues.keys().cloned().collect::<Vec<_>>() {
            if let Some(queue) = self.queues.get_mut(&user).filter(|queue| queue.rests.is_some_and(|at| at <= now)) {
                queue.rests = None;
                self.proceed(&user, now);
            }
        }
    }

    /// The exchange began anew: nobody is there, nothing is under way, and it knows of nobody's messages.
    pub(super) fn forgotten(&mut self) {
        self.wants.clear();
        for (user, queue) in &mut self.queues {
            *queue = Queue { letters: std::mem::take(&mut queue.letters), ..Queue::default() };
            self.wants.push_back(Want::Hold { user: user.clone(), hold: true });
            let new = u32::try_from(queue.letters.len()).unwrap();
            self.wants.push_back(Want::Count { user: user.clone(), new });
        }
    }

    /// Throws everything away.
    pub(super) fn clear(&mut self) {
        for (user, _) in std::mem::take(&mut self.queues) {
            self.wants.push_back(Want::Hold { user: user.clone(), hold: false });
            self.wants.push_back(Want::Count { user, new: 0 });
        }
    }

    fn proceed(&mut self, user: &str, now: Instant) {
        let Some(queue) = self.queues.get_mut(user) else { return };
        let Some((number, request)) = queue.letters.front() else {
            self.queues.remove(user);
            return self.wants.push_back(Want::Hold { user: user.into(), hold: false });
        };
        if queue.sending || queue.flows.is_empty() || queue.rests.is_some_and(|until| until > now) {
            return;
        }
        let (id, request) = (SendId(OURS | *number), request.clone());
        (queue.sending, queue.came) = (true, false);
        self.wants.push_back(Want::Send { id, user: user.into(), request });
    }

    fn counted(&mut self, user: &str) {
        let new = self.count(user);
        self.wants.push_back(Want::Count { user: user.into(), new });
    }
}

fn says(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}
