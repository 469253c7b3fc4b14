//! Messages for who is offline (RFC 3428), delivered in their order when a phone of theirs comes.
//!
//! A machine: it is told what happened and at what time, and says what it wants done ([`Mailbox::poll`]). The texts
//! are in the storage; here is who waits for what. While messages of a user wait, later ones must not overtake them:
//! [`Want::Hold`] says for whom every message is to be stored.
//!
//! A message is removed when a phone has answered 2xx, and the next one is sent when that is written down. So a crash
//! can make at most one message of a user come twice, with the same Call-ID and CSeq, by which phones know it.

mod letter;
mod queue;
mod quota;
#[cfg(test)]
mod tests;

pub(super) use quota::Limits;

use super::{MINUTE, SECOND};
use crate::ports::{Envelope, PortError};
use letter::Verdict;
use queue::{Delivery, Letter, Queue};
use quota::Quota;
use sip::message::{Message, Request, Response};
use sip::proxy::Refusal;
use sip::registrar::{Flow, Party, QuestionId};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// How long a message waits at most, in milliseconds.
const MAX_AGE: u64 = 30 * 24 * 60 * MINUTE;
/// How long the first attempt after a failed one waits, and the last.
const FIRST_REST: u64 = 30 * SECOND;
const LONGEST_REST: u64 = 60 * MINUTE;
/// How often phones may refuse a message before it is given up.
const MAX_REFUSALS: u32 = 10;
/// How often messages that expired are looked for.
const SWEEP: u64 = 60 * MINUTE;

/// Who waits for what; see the module.
pub(super) struct Mailbox {
    domain: String,
    limits: Limits,
    queues: HashMap<String, Queue>,
    /// Whose the messages are that something is being done with.
    busy: HashMap<i64, String>,
    /// Who rests, and until when.
    resting: BTreeSet<(u64, String)>,
    quota: Quota,
    wants: VecDeque<Want>,
    /// For whom more or fewer messages wait than was said.
    counts: BTreeSet<String>,
    last: i64,
    sweep: u64,
}

/// What became of a message that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is there.
    Done,
    /// It never reached the storage, or its recipient has no account.
    Refused,
    /// The storage did not answer: it may be there after all, too late.
    Unknown,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// Write this message down, then say [`Mailbox::written`].
    Write(Envelope, Vec<u8>),
    /// Remove it, then say [`Mailbox::removed`].
    Remove(i64),
    /// Read it, then say [`Mailbox::read`].
    Read(i64),
    /// Send it to all phones of the user, then say [`Mailbox::sent`].
    Send { id: i64, user: String, request: Request },
    /// The answer to who sent a message.
    Answer(QuestionId, Result<(), Refusal>),
    /// Whether every message for this user is to be stored.
    Hold { user: String, hold: bool },
}

impl Mailbox {
    /// What waits since before a restart, in its order.
    pub(super) fn new(domain: &str, limits: Limits, kept: Vec<Envelope>, now: u64) -> Self {
        let mut mailbox = Self {
            domain: domain.to_owned(),
            limits,
            queues: HashMap::new(),
            busy: HashMap::new(),
            resting: BTreeSet::new(),
            quota: Quota::default(),
            wants: VecDeque::new(),
            counts: BTreeSet::new(),
            // Numbers go up over restarts, whatever was removed.
            last: i64::try_from(now.saturating_mul(1_000)).unwrap_or(0),
            sweep: now.saturating_add(SWEEP),
        };
        for envelope in kept {
            mailbox.last = mailbox.last.max(envelope.id);
            mailbox.put(envelope, None);
        }
        mailbox
    }

    /// What is to be done; to be called until it says `None`.
    pub(super) fn poll(&mut self) -> Option<Want> {
        self.wants.pop_front()
    }

    /// For whom more or fewer messages wait now, and how many; to be called until it says `None`.
    pub(super) fn poll_count(&mut self) -> Option<(String, u32)> {
        let user = self.counts.pop_first()?;
        let count = self.count(&user);
        Some((user, count))
    }

    /// How many messages wait for a user: those that are stored.
    pub(super) fn count(&self, user: &str) -> u32 {
        let letters = self.queues.get(user).into_iter().flat_map(|queue| &queue.letters);
        u32::try_from(letters.filter(|letter| letter.asked.is_none()).count()).unwrap_or(u32::MAX)
    }

    /// When [`Self::timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<u64> {
        let sweep = (!self.queues.is_empty()).then_some(self.sweep);
        self.resting.first().map(|(at, _)| *at).into_iter().chain(sweep).min()
    }

    /// Whether every message for this user is to be stored.
    #[cfg(test)]
    fn holds(&self, user: &str) -> bool {
        self.queues.contains_key(user)
    }

    /// A MESSAGE of `from` that no phone of `to` took; `flows`: where those can be reached.
    pub(super) fn keep(
        &mut self,
        question: QuestionId,
        (to, flows): (String, BTreeSet<Flow>),
        from: &Party,
        request: Request,
        now: u64,
    ) {
        let Some(expires) = letter::expires(&request, now) else {
            return self.wants.push_back(Want::Answer(question, Err(Refusal::Full)));
        };
        let request = letter::seal(request, from, &self.domain, now).to_bytes();
        if !self.has_room(&to, &from.user, request.len()) {
            self.drop_expired(&to, now);
            if !self.has_room(&to, &from.user, request.len()) {
                self.wants.push_back(Want::Answer(question, Err(Refusal::Full)));
                return self.proceed(&to, now);
            }
        }
        self.last = self.last.saturating_add(1);
        let envelope =
            Envelope { id: self.last, to: to.clone(), from: from.user.clone(), size: request.len(), expires };
        self.wants.push_back(Want::Write(envelope.clone(), request));
        self.busy.insert(envelope.id, to.clone());
        let first = self.put(envelope, Some(question));
        if let Some(queue) = self.queues.get_mut(&to).filter(|_| first) {
            queue.flows = flows;
            if !queue.flows.is_empty() {
                self.rest(&to, FIRST_REST, now);
            }
        }
    }

    /// What became of a message that was to be written.
    pub(super) fn written(&mut self, id: i64, written: Written, now: u64) {
        let Some(user) = self.busy.remove(&id) else { return };
        let Some(queue) = self.queues.get_mut(&user) else { return };
        let Some(place) = queue.letters.iter().position(|letter| letter.id == id) else { return };
        let done = written == Written::Done;
        self.counts.insert(user.clone());
        if let Some(question) = queue.letters.get_mut(place).and_then(|letter| letter.asked.take()) {
            let answer = if done { Ok(()) } else { Err(Refusal::Unavailable) };
            self.wants.push_back(Want::Answer(question, answer));
        }
        match written {
            Written::Done if queue.overtakes(id) => self.wake(&user),
            Written::Done => {}
            Written::Refused => drop(self.forget(&user, place)),
            Written::Unknown => {
                self.forget(&user, place);
                self.wants.push_back(Want::Remove(id));
            }
        }
        self.proceed(&user, now);
    }

    /// A user's phones can be reached over these flows now.
    pub(super) fn bindings(&mut self, user: &str, flows: BTreeSet<Flow>, now: u64) {
        let Some(queue) = self.queues.get_mut(user) else { return };
        let came = flows.difference(&queue.flows).next().is_some();
        queue.flows = flows;
        if came {
            queue.came = true;
            queue.attempts = 0;
            queue.letters.iter_mut().for_each(|letter| letter.parked = false);
            self.wake(user);
            self.proceed(user, now);
        }
    }

    /// A message was read: `Ok(None)` when it is not there any more, `Err` when the storage did not answer.
    pub(super) fn read(&mut self, id: i64, read: Result<Option<Vec<u8>>, PortError>, now: u64) {
        let Some(user) = self.busy.get(&id).cloned() else { return };
        let Some(queue) = self.queues.get_mut(&user) else { return };
        match read {
            Ok(Some(bytes)) => match Message::parse(&bytes) {
                Ok(Message::Request(request)) => {
                    queue.delivery = Delivery::Sending;
                    self.wants.push_back(Want::Send { id, user, request });
                }
                Ok(Message::Response(_)) | Err(_) => {
                    tracing::warn!(id, "a stored message cannot be read");
                    self.remove(&user, id);
                }
            },
            Ok(None) => self.removed(id, now),
            Err(PortError::Storage) => {
                self.busy.remove(&id);
                self.rest(&user, FIRST_REST, now);
            }
        }
    }

    /// What became of a message that was sent.
    pub(super) fn sent(&mut self, id: i64, response: Option<&Response>, now: u64) {
        let Some(user) = self.busy.get(&id).cloned() else { return };
        let Some(queue) = self.queues.get_mut(&user) else { return };
        match letter::judge(response) {
            Verdict::Delivered => self.remove(&user, id),
            Verdict::Never => self.give_up(&user, id, response),
            Verdict::Elsewhere { all } => {
                self.busy.remove(&id);
                queue.park(id, all);
                queue.delivery = Delivery::Waiting;
                self.proceed(&user, now);
            }
            Verdict::Later { after, refused } => {
                let (refusals, next) = queue.refused(id, refused);
                if refusals >= MAX_REFUSALS {
                    return self.give_up(&user, id, response);
                }
                self.busy.remove(&id);
                queue.delivery = Delivery::Waiting;
                if next {
                    queue.attempts = 0;
                }
                let rest = FIRST_REST << queue.attempts.min(16);
                if next || queue.came {
                    self.proceed(&user, now);
                } else {
                    queue.attempts = queue.attempts.saturating_add(1);
                    if !queue.flows.is_empty() {
                        self.rest(&user, rest.max(after.unwrap_or(0)), now);
                    }
                }
            }
        }
    }

    /// A message is not stored any more.
    pub(super) fn removed(&mut self, id: i64, now: u64) {
        let Some(user) = self.busy.remove(&id) else { return };
        let Some(queue) = self.queues.get_mut(&user) else { return };
        (queue.attempts, queue.delivery) = (0, Delivery::Waiting);
        if let Some(place) = queue.letters.iter().position(|letter| letter.id == id) {
            self.forget(&user, place);
        }
        self.proceed(&user, now);
    }

    /// Does what is due.
    pub(super) fn timeout(&mut self, now: u64) {
        while let Some((_, user)) = self.resting.first().filter(|(at, _)| *at <= now).cloned() {
            self.wake(&user);
            self.proceed(&user, now);
        }
        if self.sweep <= now {
            self.sweep = now.saturating_add(SWEEP);
            let users: Vec<String> = self.queues.keys().cloned().collect();
            for user in users {
                self.drop_expired(&user, now);
                self.proceed(&user, now);
            }
        }
    }

    /// Begins with the first message, if nothing is done with it and something can be.
    fn proceed(&mut self, user: &str, now: u64) {
        let Some(queue) = self.queues.get_mut(user) else { return };
        match queue.delivery {
            Delivery::Waiting => {}
            Delivery::Resting(_) if queue.letters.is_empty() => {}
            Delivery::Resting(_) | Delivery::Reading | Delivery::Sending | Delivery::Removing => return,
        }
        if queue.letters.is_empty() {
            self.wake(user);
            self.queues.remove(user);
            return self.wants.push_back(Want::Hold { user: user.to_owned(), hold: false });
        }
        match queue.next() {
            None => {}
            Some(first) if first.asked.is_some() || queue.flows.is_empty() => {}
            Some(first) if first.expires <= now => {
                self.drop_expired(user, now);
                self.proceed(user, now);
            }
            Some(first) => {
                let id = first.id;
                queue.delivery = Delivery::Reading;
                queue.came = false;
                self.busy.insert(id, user.to_owned());
                self.wants.push_back(Want::Read(id));
            }
        }
    }

    /// Removes a message; the next one waits until that is written.
    fn remove(&mut self, user: &str, id: i64) {
        if let Some(queue) = self.queues.get_mut(user) {
            queue.delivery = Delivery::Removing;
            self.wants.push_back(Want::Remove(id));
        }
    }

    /// A message will not be delivered, and its sender, told 202, cannot be told any more.
    fn give_up(&mut self, user: &str, id: i64, response: Option<&Response>) {
        let status = response.map(|response| response.status.code());
        tracing::info!(user, id, status, "a stored message was refused for good");
        self.remove(user, id);
    }

    /// Removes what is written, expired, and not being worked on.
    fn drop_expired(&mut self, user: &str, now: u64) {
        let over = |letter: &Letter| letter.asked.is_none() && letter.expires <= now;
        while let Some(queue) = self.queues.get(user)
            && let Some(place) =
                queue.letters.iter().position(|letter| over(letter) && !self.busy.contains_key(&letter.id))
        {
            if let Some(letter) = self.forget(user, place) {
                self.wants.push_back(Want::Remove(letter.id));
            }
        }
    }

    /// Puts a message at the end; says whether it is the user's only one.
    fn put(&mut self, envelope: Envelope, asked: Option<QuestionId>) -> bool {
        let Envelope { id, to, from, size, expires } = envelope;
        self.quota.add(&from, size);
        self.counts.insert(to.clone());
        let first = !self.queues.contains_key(&to);
        if first {
            self.wants.push_back(Want::Hold { user: to.clone(), hold: true });
        }
        let queue = self.queues.entry(to).or_default();
        queue.share.add(size);
        queue.letters.push_back(Letter { id, from, size, expires, asked, refusals: 0, parked: false });
        first
    }

    fn forget(&mut self, user: &str, place: usize) -> Option<Letter> {
        let queue = self.queues.get_mut(user)?;
        let letter = queue.letters.remove(place)?;
        queue.share.take(letter.size);
        self.quota.take(&letter.from, letter.size);
        self.counts.insert(user.to_owned());
        Some(letter)
    }

    fn has_room(&self, to: &str, from: &str, size: usize) -> bool {
        let recipient = self.queues.get(to).map(|queue| queue.share).unwrap_or_default();
        recipient.has_room(self.limits.recipient, size) && self.quota.has_room(from, size, &self.limits)
    }

    fn rest(&mut self, user: &str, rest: u64, now: u64) {
        if let Some(queue) = self.queues.get_mut(user) {
            let until = now.saturating_add(rest.min(LONGEST_REST));
            queue.delivery = Delivery::Resting(until);
            self.resting.insert((until, user.to_owned()));
        }
    }

    fn wake(&mut self, user: &str) {
        if let Some(queue) = self.queues.get_mut(user)
            && let Delivery::Resting(until) = queue.delivery
        {
            queue.delivery = Delivery::Waiting;
            self.resting.remove(&(until, user.to_owned()));
        }
    }
}
