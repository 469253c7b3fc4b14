//! What users do beside calls, and what they are told of it: messages, inquiries, subscriptions, publications.

use crate::hostile::Hostile;
use crate::told::{self, Topics};
use crate::world::World;
use sip::agent::{
    Agent, Body, Event, InquiryId, MessageId, MessageOutcome, Package, PublicationId, PublicationPhase, SubscriptionId,
    SubscriptionPhase,
};
use sip::message::Status;
use sip::uri::Uri;
use sip::{Duration, Instant};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What one phone does beside calls, as its user was told of it: each with whether it is over.
#[derive(Clone, Default)]
pub(crate) struct Beside {
    messages: BTreeMap<MessageId, (String, bool)>,
    inquiries: BTreeMap<InquiryId, bool>,
    /// Of ours, and to us.
    subscriptions: BTreeMap<SubscriptionId, bool>,
    publications: BTreeMap<PublicationId, bool>,
    /// What messages say that came.
    pub(crate) came: BTreeMap<MessageId, String>,
    /// Subscriptions to us.
    asked: Vec<SubscriptionId>,
    pub(crate) topics: Topics,
}

/// What became of a message, wherever it went.
struct Letter {
    sent: Instant,
    /// As what each phone was told it, when, and by which Call-ID.
    came: BTreeMap<usize, (MessageId, Instant, String)>,
    accepted: bool,
    /// It is for somebody hostile, who takes anything.
    hostile: bool,
}

/// When a message may have been refused because its user did not decide about it: phones that stop do not wait long.
const UNDECIDED: Duration = Duration::from_secs(1);

/// All messages, by what they say: no two say the same.
#[derive(Default)]
pub(crate) struct Letters {
    all: BTreeMap<String, Letter>,
    /// The last of those that were kept for somebody that each phone was told.
    last: BTreeMap<usize, usize>,
}

impl Letters {
    /// A phone was told what a message says that was kept, as the `place`th of all that were: in their order, if nothing
    /// went wrong since.
    pub(crate) fn delivered(&mut self, page: usize, words: &str, place: usize, disorder: Option<Instant>) {
        let Some(letter) = self.all.get(words) else { return };
        let first = !letter.came.contains_key(&page);
        let last = self.last.get(&page).copied();
        let fine = !first || last.is_none_or(|last| last < place) || disorder >= Some(letter.sent);
        assert!(fine, "{words} comes after a later one");
        self.last.insert(page, place.max(last.unwrap_or_default()));
    }

    /// A user took what came.
    pub(crate) fn take(&mut self, words: &str) {
        if let Some(letter) = self.all.get_mut(words) {
            letter.accepted = true;
        }
    }

    /// Whether a message came to anybody.
    pub(crate) fn came(&self, words: &str) -> bool {
        self.all.get(words).is_none_or(|letter| !letter.came.is_empty())
    }

    /// A phone was told something. `fault`: when the last thing went wrong, wherever; `disorder`: when something else did
    /// than a connection that broke; `kept`: whether it is a message that was kept meanwhile.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others are watched elsewhere")]
    pub(crate) fn told(
        &mut self,
        page: usize,
        beside: &Beside,
        event: &Event,
        (fault, disorder): (Option<Instant>, Option<Instant>),
        kept: bool,
        now: Instant,
    ) {
        match event {
            Event::Message { id, body, call_id, .. } => {
                let Some(letter) = self.all.get_mut(&*String::from_utf8_lossy(&body.bytes)) else { return };
                let (before, at, known) = letter.came.entry(page).or_insert((*id, now, call_id.clone()));
                let (before, at) = (*before, *at);
                // What nobody decided about in time was refused: who tries again asks again.
                let was_refused = !letter.accepted && now.since(at) >= UNDECIDED;
                // Of what was kept nobody may know that it came: it comes again, under the name that phones know it by.
                let again = kept && known == call_id;
                let fine = before == *id || was_refused || again || disorder >= Some(letter.sent);
                assert!(fine, "a message came twice: {before:?}, {id:?}");
            }
            Event::MessageSent { id, outcome: MessageOutcome::Delivered(status), .. }
                if *status != Status::ACCEPTED =>
            {
                let Some(letter) = beside.messages.get(id).and_then(|(words, _)| self.all.get(words)) else { return };
                let taken = letter.accepted || letter.hostile;
                assert!(taken || fault >= Some(letter.sent), "nobody took {id:?}, which was delivered");
            }
            _ => {}
        }
    }
}

impl Beside {
    /// Something was told.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others are watched elsewhere")]
    pub(crate) fn told(&mut self, event: &Event) {
        match event {
            Event::Message { id, body, .. } => {
                let words = String::from_utf8_lossy(&body.bytes).into_owned();
                let before = self.came.insert(*id, words.clone());
                assert!(before.is_none_or(|before| before == words), "{id:?} says something else");
            }
            Event::MessageSent { id, .. } => {
                let known = self.messages.get_mut(id).unwrap_or_else(|| panic!("nobody sent {id:?}"));
                assert!(!std::mem::replace(&mut known.1, true), "{id:?} has two outcomes");
            }
            Event::Answered { id, .. } => over(&mut self.inquiries, *id, true),
            Event::SubscriptionAsked { id, .. } if !self.asked.contains(id) => {
                self.asked.push(*id);
                self.subscriptions.insert(*id, false);
            }
            Event::Subscription { id, phase } => {
                over(&mut self.subscriptions, *id, matches!(phase, SubscriptionPhase::Ended(_)));
            }
            Event::Publication { id, phase } => {
                let ended = matches!(phase, PublicationPhase::Removed | PublicationPhase::Refused(_));
                over(&mut self.publications, *id, ended);
            }
            Event::Notified { id: Some(id), body, .. } => {
                assert!(self.subscriptions.contains_key(id), "nobody asked for {id:?}");
                assert!(!self.subscriptions[id], "{id:?} is over, and something is told about it");
                self.topics.told(*id, body);
            }
            _ => {}
        }
    }

    /// A subscription of ours begins.
    pub(crate) fn subscribed(&mut self, id: SubscriptionId, package: Package, user: &str) {
        self.subscriptions.insert(id, false);
        self.topics.begin(id, package, user);
    }

    /// What never came to its end.
    pub(crate) fn open(&self) -> Option<String> {
        let message = self.messages.iter().find(|(_, (_, over))| !over).map(|(id, _)| format!("{id:?}"));
        message
            .or_else(|| unended(&self.inquiries))
            .or_else(|| unended(&self.subscriptions))
            .or_else(|| unended(&self.publications))
    }
}

fn over<I: Ord + Debug>(all: &mut BTreeMap<I, bool>, id: I, ended: bool) {
    let known = all.get_mut(&id).unwrap_or_else(|| panic!("nobody knows {id:?}"));
    assert!(!*known, "{id:?} is over, and something is told about it");
    *known = ended;
}

fn unended<I: Debug>(all: &BTreeMap<I, bool>) -> Option<String> {
    all.iter().find(|(_, over)| !**over).map(|(id, _)| format!("{id:?}"))
}

/// A user does something beside calls.
pub(crate) fn anything(world: &mut World, page: usize) {
    let other = world.random.index(world.pages.len() + 1);
    let user = world.pages.get(other).map_or_else(|| "nobody".to_string(), |page| page.phone.user.clone());
    let target: Uri = format!("sip:{user}@example.com").parse().expect("a URI");
    let expires = Duration::from_secs(world.random.range(0, 600));
    let number = world.random.next();
    let words = format!("{number:016x}");
    let body = text(&words);
    match number % 20 {
        0..=3 => say(world, page, (&words, false), |agent, now| agent.message(target, body, now).ok()),
        4 | 5 => {
            let call = world.pages[page].phone.agent.calls().next();
            let is_in = |hostile: &Hostile| call.as_ref().is_some_and(|call| hostile.is_in(&call.call_id));
            let hostile = world.hostile.as_ref().is_some_and(is_in);
            say(world, page, (&words, hostile), |agent, now| agent.message_in(call?.id, body, now).ok());
        }
        6..=8 => take(world, page),
        9 => world.beside(page, "refuses a message", |agent, beside, now| {
            let id = *beside.came.keys().next_back()?;
            agent.reject_message(id, Status::DECLINE, now).ok()
        }),
        10 => world.beside(page, &format!("asks what {user} can do"), |agent, beside, now| {
            let id = agent.inquire(target, now).ok()?;
            beside.inquiries.insert(id, false);
            Some(())
        }),
        11 => world.beside(page, "asks whether they are there", |agent, beside, now| {
            let call = agent.calls().next().map(|call| call.id)?;
            beside.inquiries.insert(agent.inquire_in(call, now).ok()?, false);
            Some(())
        }),
        12 | 13 if world.kind.tells => told::subscribe(world, page, &user, expires),
        12 | 13 => world.beside(page, &format!("subscribes to {user}"), |agent, beside, now| {
            beside.subscriptions.insert(agent.subscribe(target, Package::Presence, expires, now).ok()?, false);
            Some(())
        }),
        14 => world.beside(page, "has it told anew, or not any more", |agent, _, now| {
            let id = agent.subscriptions().last()?.id;
            if number.is_multiple_of(3) { agent.renew(id, now) } else { agent.unsubscribe(id, now) }.ok()
        }),
        15 | 16 => world.beside(page, "lets them subscribe", |agent, beside, now| {
            let id = *beside.asked.last()?;
            if number.is_multiple_of(3) {
                agent.put_off_subscription(id, now)
            } else {
                agent.accept_subscription(id, body, now)
            }
            .ok()
        }),
        17 => world
            .beside(page, "says how it is", |agent, beside, now| agent.notify(*beside.asked.last()?, body, now).ok()),
        18 => world.beside(page, "ends what they subscribed to", |agent, beside, now| {
            let id = *beside.asked.last()?;
            let refused = agent.reject_subscription(id, Status::DECLINE, now).ok();
            refused.or_else(|| agent.end_subscription(id, now).ok())
        }),
        _ => publish(world, page, expires, &words),
    }
}

/// Ends what a phone has beside calls, of itself and of others.
pub(crate) fn end_all(world: &mut World, page: usize) {
    world.beside(page, "ends all at the end", |agent, beside, now| {
        let subscriptions: Vec<_> = agent.subscriptions().map(|subscription| subscription.id).collect();
        let publications: Vec<_> = agent.publications().map(|(id, _)| id).collect();
        for id in subscriptions {
            agent.unsubscribe(id, now).expect("it is listed");
        }
        for id in publications {
            agent.unpublish(id, now).expect("it is listed");
        }
        // Those that are over are not known any more.
        beside.asked.iter().filter_map(|id| agent.end_subscription(*id, now).ok()).last()
    });
}

fn text(words: &str) -> Body {
    Body { content_type: "text/plain".into(), bytes: words.into() }
}

fn say(
    world: &mut World,
    page: usize,
    (words, hostile): (&str, bool),
    send: impl FnOnce(&mut Agent, Instant) -> Option<MessageId>,
) {
    let letter = Letter { sent: world.now, came: BTreeMap::new(), accepted: false, hostile };
    world.letters.all.insert(words.into(), letter);
    world.beside(page, &format!("says {words}"), |agent, beside, now| {
        let id = send(agent, now)?;
        assert!(beside.messages.insert(id, (words.into(), false)).is_none(), "{id:?} was there before");
        Some(())
    });
}

fn take(world: &mut World, page: usize) {
    let mut taken = None;
    world.beside(page, "takes a message", |agent, beside, now| {
        let (id, words) = beside.came.last_key_value()?;
        taken = Some(words.clone());
        agent.accept_message(*id, now).ok().or_else(|| {
            taken = None;
            None
        })
    });
    if let Some(words) = taken {
        world.letters.take(&words);
    }
}

fn publish(world: &mut World, page: usize, expires: Duration, words: &str) {
    let body = if world.kind.tells { told::document(words) } else { text(words) };
    world.beside(page, "publishes something, or takes it back", |agent, beside, now| {
        let published = agent.publications().next().map(|(id, _)| id);
        match published {
            Some(id) if expires.as_secs().is_multiple_of(2) => agent.republish(id, body, now).ok(),
            Some(id) => agent.unpublish(id, now).ok(),
            None => {
                beside.publications.insert(agent.publish(Package::Presence, body, expires, now).ok()?, false);
                Some(())
            }
        }
    });
}
