//! What an agent does beside registering and calling: messages (RFC 3428), capabilities (RFC 3261 11),
//! subscriptions in both roles (RFC 6665) and publications (RFC 3903).

mod api;
mod errand;
mod inquiry;
mod messaging;
mod notice;
mod notifier;
mod notifying;
mod package;
mod publication;
mod reason;
mod requests;
mod subscriber;
mod subscribing;

pub use api::*;
pub use notice::Notice;
pub use package::Package;

use self::errand::Errand;
use self::messaging::Received;
use self::notifier::Notifier;
use self::publication::Publication;
use self::reason::Reason;
use self::requests::{BUSY, MAX_BODY, PATIENCE, body_of, call_id_of, is_plain, respond, response, send};
use self::subscriber::Subscriber;
use super::core::Core;
use super::transactions::{Outcome, Purpose};
use super::{Agent, CallId};
use crate::Instant;
use crate::header::{CSeq, MinExpires, RetryAfter};
use crate::message::{Request, Response, Status};
use alloc::vec::Vec;
use core::time::Duration;

/// The longest body that is passed on at once.
const MAX_NOTICE: usize = 48 * 1024;

/// The first back-off after something came to nothing; it doubles from there.
const FIRST_BACK_OFF: Duration = Duration::from_secs(2);
/// How many times it doubles: up to 256 s.
const DOUBLINGS: u32 = 7;
/// The longest time that is waited or asked for, whatever the other end says.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// The shortest interval that is asked for, or given.
const SHORTEST: Duration = Duration::from_secs(60);
/// How long a refresh waits at least: an interval of no time at all would be refreshed in a loop.
const PAUSE: Duration = Duration::from_secs(5);

/// For what a request beside registering and calling was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Subject {
    /// To say something.
    Message(MessageId),
    /// To learn what somebody can do.
    Inquiry(InquiryId),
    /// To be told of a state.
    Subscription(SubscriptionId),
    /// To have a state told by a server.
    Publication(PublicationId),
    /// To tell a subscriber our state.
    Notice(SubscriptionId),
}

/// All that an agent does beside registering and calling.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub(super) struct Events {
    /// The last name that was given.
    last: u64,
    errands: Vec<Errand>,
    received: Vec<Received>,
    subscribers: Vec<Subscriber>,
    publications: Vec<Publication>,
    notifiers: Vec<Notifier>,
    /// Whether the agent is registered now: only then something new is asked for.
    #[cfg_attr(feature = "serde", serde(skip))]
    ready: bool,
}

impl Events {
    /// A name that was never given.
    const fn name(&mut self) -> u64 {
        self.last = self.last.wrapping_add(1);
        self.last
    }

    /// Whether there is no more than an agent leaves.
    pub(super) fn is_bounded(&self) -> bool {
        errand::is_bounded(&self.errands) && messaging::is_bounded(&self.received)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let received = self.received.iter().map(Received::deadline);
        let subscribers = self.subscribers.iter().filter_map(|subscriber| subscriber.deadline(self.ready));
        let publications = self.publications.iter().filter_map(|publication| publication.deadline(self.ready));
        let notifiers = self.notifiers.iter().filter_map(Notifier::deadline);
        received.chain(subscribers).chain(publications).chain(notifiers).min()
    }

    pub(super) fn timeout(&mut self, core: &mut Core) {
        self.received.retain_mut(|received| received.timeout(core));
        for subscriber in &mut self.subscribers {
            subscriber.timeout(core, self.ready);
        }
        for publication in &mut self.publications {
            publication.timeout(core, self.ready);
        }
        for notifier in &mut self.notifiers {
            notifier.timeout(core);
        }
    }

    /// Whether the agent is registered. When it becomes so, all that was agreed before is asked for again, as it
    /// has a new transport.
    pub(super) fn set_ready(&mut self, core: &mut Core, ready: bool) {
        if ready && !self.ready {
            for subscriber in &mut self.subscribers {
                subscriber.ready(core);
            }
            for publication in &mut self.publications {
                publication.ready(core);
            }
        }
        self.ready = ready;
    }

    /// The transport is a new one.
    pub(super) fn connected(&self, core: &mut Core) {
        for received in &self.received {
            received.resend(core);
        }
    }

    /// Ends what others know of, as far as that can be done in one step.
    pub(super) fn stop(&mut self, core: &mut Core) {
        self.received.retain(|received| received.give_up(core));
        for subscriber in &mut self.subscribers {
            subscriber.hurry(core);
        }
        for publication in &mut self.publications {
            publication.hurry(core);
        }
        for notifier in &mut self.notifiers {
            notifier.hurry(core);
        }
    }

    /// Tells what changed, and drops what is over.
    pub(super) fn settle(&mut self, core: &mut Core) {
        self.subscribers.retain_mut(|subscriber| subscriber.tell(core));
        self.publications.retain_mut(|publication| publication.tell(core));
        self.notifiers.retain_mut(|notifier| notifier.tell(core));
    }

    /// Goes on after being saved: whoever was told what is open is gone, and no number is used again.
    pub(super) fn resume(&mut self, core: &mut Core, numbers: u32) {
        for subscriber in &mut self.subscribers {
            subscriber.skip(numbers);
        }
        for publication in &mut self.publications {
            publication.skip(numbers);
        }
        for notifier in &mut self.notifiers {
            notifier.skip(numbers);
            notifier.ask(core);
        }
        for received in &self.received {
            received.tell(core);
        }
    }

    fn subscriber(&mut self, id: SubscriptionId) -> Option<&mut Subscriber> {
        self.subscribers.iter_mut().find(|subscriber| subscriber.id == id)
    }

    fn publication(&mut self, id: PublicationId) -> Option<&mut Publication> {
        self.publications.iter_mut().find(|publication| publication.id == id)
    }

    fn notifier(&mut self, id: SubscriptionId) -> Option<&mut Notifier> {
        self.notifiers.iter_mut().find(|notifier| notifier.id == id)
    }

    /// These two calls changed their names: what is under way in one is still under way in its dialog.
    pub(super) fn swap(&mut self, one: CallId, other: CallId) {
        self.errands.iter_mut().for_each(|errand| errand.swap(one, other));
    }

    /// The agent stopped: tells what did not come to its end, and forgets everything but the messages that its user decided
    /// about.
    pub(super) fn end(&mut self, core: &mut Core) {
        for errand in self.errands.drain(..) {
            errand.lost(core);
        }
        for subscriber in &mut self.subscribers {
            subscriber.stopped(core);
        }
        for publication in &mut self.publications {
            publication.stopped(core);
        }
        for notifier in &mut self.notifiers {
            notifier.stopped();
        }
        self.settle(core);
    }
}

impl Agent {
    /// Whether a request about this is worth being signed and sent again.
    pub(super) fn is_subject_wanted(&self, subject: Subject) -> bool {
        match subject {
            Subject::Message(_) | Subject::Inquiry(_) => self.is_errand_wanted(subject),
            Subject::Subscription(id) => {
                self.events.subscribers.iter().any(|subscriber| subscriber.id == id && subscriber.is_wanted())
            }
            Subject::Publication(id) => self.events.publications.iter().any(|publication| publication.id == id),
            Subject::Notice(id) => self.events.notifiers.iter().any(|notifier| notifier.id == id),
        }
    }

    /// The number that a signed request about this is sent again with; `following` is the next one after its own.
    pub(super) fn next_seq_about(&mut self, subject: Subject, following: u32) -> Option<u32> {
        match subject {
            Subject::Message(_) | Subject::Inquiry(_) => self.next_errand_seq(subject, following),
            Subject::Subscription(id) => self.events.subscriber(id).map(Subscriber::next_seq),
            Subject::Publication(id) => self.events.publication(id).map(Publication::next_seq),
            Subject::Notice(id) => self.events.notifier(id).map(Notifier::next_seq),
        }
    }

    /// Something came of a request about this.
    pub(super) fn conclude_about(&mut self, subject: Subject, outcome: &Outcome) {
        if outcome.response.as_ref().is_some_and(|response| response.status.is_provisional()) {
            return;
        }
        match subject {
            Subject::Message(_) | Subject::Inquiry(_) => self.errand_done(subject, outcome),
            Subject::Subscription(id) => {
                if let Some(subscriber) = self.events.subscriber(id) {
                    subscriber.outcome(&mut self.core, outcome);
                }
            }
            Subject::Publication(id) => {
                if let Some(publication) = self.events.publication(id) {
                    publication.outcome(&mut self.core, outcome);
                }
            }
            Subject::Notice(id) => {
                if let Some(notifier) = self.events.notifier(id) {
                    notifier.outcome(&mut self.core, outcome);
                }
            }
        }
    }
}

impl Subject {
    /// What its requests are sent for.
    const fn purpose(self) -> Purpose {
        Purpose::Event(self)
    }
}

fn seq_of(request: &Request) -> Option<u32> {
    request.headers.get::<CSeq>().ok().map(|cseq| cseq.seq)
}

/// When to refresh what lasts as long as this.
fn refresh_at(now: Instant, lasts: Duration) -> Instant {
    let early = (lasts / 10).clamp(Duration::from_secs(5), Duration::from_secs(60)).min(lasts / 2);
    now + (lasts - early).max(PAUSE)
}

/// How long to wait after so many failures in a row.
fn back_off(core: &mut Core, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS);
    core.random.jitter(FIRST_BACK_OFF.saturating_mul(1 << doublings))
}

/// An interval that is neither too short nor too long.
fn least(interval: Duration) -> Duration {
    interval.clamp(SHORTEST, LONGEST)
}

/// How much longer is wanted, if a 423 says so.
fn longer(response: &Response, asked: Duration) -> Option<Duration> {
    if response.status != Status::INTERVAL_TOO_BRIEF {
        return None;
    }
    let MinExpires(seconds) = response.headers.find().ok().flatten()?;
    Some(Duration::from_secs(seconds.into()).min(LONGEST)).filter(|longer| *longer > asked)
}

/// When to try again, if a refusal says so.
fn retry_after(response: &Response) -> Option<Duration> {
    let after = response.headers.find::<RetryAfter>().ok().flatten()?;
    Some(Duration::from_secs(after.seconds.into()).min(LONGEST))
}
