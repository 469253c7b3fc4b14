//! What subscribers were told last, and whether it is true.

use crate::exchange::{Whole, is_engaged};
use crate::world::World;
use sip::agent::{Agent, Body, Notice, Package, Phase, Registration, SubscriptionId, SubscriptionPhase};
use sip::body::dialog_info::DialogState;
use sip::body::pidf::{Activity, Basic};
use sip::body::reginfo::{ContactState, RegInfo};
use sip::proxy::Progress;
use sip::uri::Uri;
use sip::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How long it takes at most until a change is told: two documents may have to wait for each other.
const PROMPT: Duration = Duration::from_secs(3);

/// What the subscriptions of a phone are about, and what was told last.
#[derive(Clone, Default)]
pub(crate) struct Topics(BTreeMap<SubscriptionId, Topic>);

#[derive(Clone)]
struct Topic {
    package: Package,
    user: String,
    said: Option<Notice>,
}

impl Topics {
    /// A subscription begins.
    pub(crate) fn begin(&mut self, id: SubscriptionId, package: Package, user: &str) {
        self.0.insert(id, Topic { package, user: user.into(), said: None });
    }

    /// Something was told.
    pub(crate) fn told(&mut self, id: SubscriptionId, body: &Body) {
        if let Some(topic) = self.0.get_mut(&id)
            && !body.bytes.is_empty()
        {
            topic.said = Notice::read(body).ok();
        }
    }
}

/// A user subscribes to something that the exchange knows, of somebody or of itself.
pub(crate) fn subscribe(world: &mut World, page: usize, user: &str, expires: Duration) {
    let own = world.pages[page].phone.user.clone();
    let (package, user) = match world.random.range(0, 10) {
        0..=2 => (Package::Dialog, user),
        3..=5 => (Package::Presence, user),
        6 | 7 => (Package::MessageSummary, &*own),
        8 => (Package::Reg, &*own),
        _ => (Package::Reg, user),
    };
    let target: Uri = format!("sip:{user}@example.com").parse().expect("a URI");
    world.beside(page, &format!("watches {} of {user}", package.name()), |agent, beside, now| {
        let id = agent.subscribe(target, package.clone(), expires, now).ok()?;
        beside.subscribed(id, package, user);
        Some(())
    });
}

/// A document that a phone may publish.
pub(crate) fn document(words: &str) -> Body {
    let text = format!(
        "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:x@example.com\">\
         <tuple id=\"t\"><status><basic>open</basic></status><note>{words}</note></tuple></presence>"
    );
    Body { content_type: "application/pidf+xml".into(), bytes: text.into() }
}

/// Whether everybody who is told something at all hears at once of what changes.
pub(crate) fn is_prompt(world: &mut World) {
    let active = |page: &crate::page::Page| {
        let subscriptions = page.phone.agent.subscriptions();
        subscriptions.filter(|subscription| subscription.phase == SubscriptionPhase::Active).count()
    };
    let told: usize = world.pages.iter().map(active).sum();
    // Who was away for long may not know that nobody tells them anything any more.
    if world.kind.hostile || world.kind.twice || world.exchange.known("").1 != told {
        return;
    }
    for page in 0..world.pages.len() {
        let user = world.pages[page].phone.user.clone();
        world.exchange.quiet(&user, !world.exchange.is_quiet(&user), world.now);
        world.drain_exchange();
    }
    world.run(PROMPT);
    is_true(world).unwrap_or_else(|why| panic!("{why}, though all was true before"));
}

/// Whether all that was told last is true, and nobody waits for what lies in the mailbox.
pub(crate) fn is_true(world: &World) -> Result<(), String> {
    for (page, watch) in world.pages.iter().zip(&world.watches) {
        for subscription in page.phone.agent.subscriptions() {
            let Some(topic) = watch.beside.topics.0.get(&subscription.id) else { continue };
            if subscription.phase == SubscriptionPhase::Active {
                fits(world, topic).map_err(|why| format!("{} was told wrongly: {why}", page.name()))?;
            }
        }
        let (user, agent) = (&page.phone.user, &page.phone.agent);
        let waiting = world.exchange.mailbox.count(user);
        if waiting > 0 && is_coming(agent.registration()) {
            return Err(format!("{user} is there, and {waiting} messages wait"));
        }
    }
    Ok(())
}

/// Whether a phone is there, or on its way: what is kept for it comes to it then.
const fn is_coming(registration: Registration) -> bool {
    match registration {
        Registration::Registered | Registration::Registering | Registration::Connecting | Registration::Unreachable => {
            true
        }
        Registration::Idle | Registration::Unregistering | Registration::Stopped | Registration::Refused(_) => false,
    }
}

fn fits(world: &World, topic: &Topic) -> Result<(), String> {
    let Topic { package, user, said } = topic;
    let exchange = &world.exchange;
    let said = said.as_ref().ok_or_else(|| format!("nothing about the {} of {user}", package.name()))?;
    let wrong = || Err(format!("the {} of {user}: {said:?}", package.name()));
    let true_ = match said {
        Notice::Presence(presence) => {
            let activities = &presence.person.activities;
            let open = presence.tuples.iter().any(|tuple| tuple.basic == Some(Basic::Open));
            let talks = exchange.dialogs(user).iter().any(is_engaged);
            open == is_there(world, user)
                && activities.contains(&Activity::OnThePhone) == talks
                && activities.contains(&Activity::DoNotDisturb) == exchange.is_quiet(user)
        }
        Notice::Dialogs(info) => {
            let listed = info.dialogs.iter().filter(|dialog| dialog.state != Some(DialogState::Terminated));
            let confirmed = |state: Option<DialogState>| state == Some(DialogState::Confirmed);
            let told: Vec<bool> = listed.map(|dialog| confirmed(dialog.state)).collect();
            let known = exchange.dialogs(user).iter().map(|call| call.state == Progress::Confirmed);
            told == known.collect::<Vec<bool>>()
        }
        Notice::Messages(summary) => {
            let waiting = exchange.mailbox.count(user);
            let new: u32 = summary.counts.iter().map(|count| count.new).sum();
            new == waiting && summary.waiting == (waiting > 0)
        }
        Notice::Registrations(info) => contacts(info) == phones(world, exchange, user),
        Notice::Other => false,
    };
    if true_ { Ok(()) } else { wrong() }
}

/// Whether a phone of a user's is registered, as the phones see it.
fn is_there(world: &World, user: &str) -> bool {
    let mut phones = world.pages.iter().filter(|page| page.phone.user == user);
    phones.any(|page| page.phone.agent.registration() == Registration::Registered)
}

fn contacts(info: &RegInfo) -> BTreeSet<String> {
    let contacts = info.registrations.iter().flat_map(|registration| &registration.contacts);
    contacts.filter(|contact| contact.state == Some(ContactState::Active)).filter_map(|c| c.uri.clone()).collect()
}

/// The contacts of a user's phones; as many as say that they are registered.
fn phones(world: &World, exchange: &Whole, user: &str) -> BTreeSet<String> {
    let registered = |page: &&crate::page::Page| {
        page.phone.user == user && page.phone.agent.registration() == Registration::Registered
    };
    let bound = exchange.bindings(user);
    let count = world.pages.iter().filter(registered).count();
    if bound.len() == count { bound } else { BTreeSet::from([format!("{count} phones, {bound:?}")]) }
}

/// Whether no busy lamp is lit for a call that no phone has.
pub(crate) fn lamps_fit(world: &World) -> Result<(), String> {
    for page in &world.pages {
        let user = &page.phone.user;
        let phones = || world.pages.iter().filter(|other| other.phone.user == *user);
        let talks = |agent: &Agent| agent.calls().filter(|call| call.phase == Phase::Established).count();
        let calls: usize = phones().map(|page| talks(&page.phone.agent)).sum();
        let lamps = world.exchange.dialogs(user).iter().filter(|call| call.state == Progress::Confirmed).count();
        // A phone that went for good has no calls as the lamp sees it, whatever the other end hears of that.
        if lamps > calls {
            return Err(format!("{user} has {calls} calls, and the busy lamp shows {lamps}"));
        }
    }
    Ok(())
}

/// Everybody takes all messages that came.
pub(crate) fn take_all(world: &mut World) {
    for page in 0..world.pages.len() {
        let mut taken = Vec::new();
        world.beside(page, "takes what came", |agent: &mut Agent, beside, now: Instant| {
            let open = beside.came.iter().filter(|(id, _)| agent.accept_message(**id, now).is_ok());
            taken.extend(open.map(|(_, words)| words.clone()));
            Some(())
        });
        taken.iter().for_each(|words| world.letters.take(words));
    }
}
