//! One seed, from the beginning to the end.

use crate::beside;
use crate::exchange::Whole;
use crate::kind::Kind;
use crate::network::{Exchange as _, Ladder};
use crate::told;
use crate::users;
use crate::watch::{Told, left_over, more_than};
use crate::world::World;
use sip::agent::{Cause, Registration};
use sip::{Duration, Instant};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a seed ended that did not fail.
pub(crate) struct Ended {
    /// How many calls its users were told of.
    pub(crate) calls: u64,
    /// What happened, in a number; of everything if there was a ladder.
    pub(crate) fingerprint: u64,
    steps: usize,
    ladder: Option<String>,
}

/// A seed that failed.
pub(crate) struct Failure {
    seed: u64,
    steps: usize,
    why: String,
    ladder: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ladder) = &self.ladder {
            writeln!(f, "{ladder}")?;
        }
        writeln!(f, "{}", self.why)?;
        write!(f, "SEED={} STEPS={} cargo test -p sip --test simulation -- everything", self.seed, self.steps)
    }
}

/// Runs a seed, with as many steps as it says itself if `steps` does not.
pub(crate) fn run(seed: u64, steps: Option<usize>, ladder: bool) -> Result<Ended, Failure> {
    let kind = Kind::of(seed);
    let (ended, noticed) = run_as(seed, kind, steps, ladder)?;
    if kind.twice {
        let (_, without) = run_as(seed, Kind { hostile: false, ..kind }, steps, false)?;
        if let Some(why) = difference(&noticed, &without) {
            return Err(Failure { seed, steps: ended.steps, why, ladder: ended.ladder });
        }
    }
    Ok(ended)
}

/// What each phone's user noticed, and when.
type Noticed = Vec<Vec<(Instant, String)>>;

fn run_as(seed: u64, kind: Kind, steps: Option<usize>, ladder: bool) -> Result<(Ended, Noticed), Failure> {
    let mut world = World::new(seed, users_of(seed), kind);
    let own = usize::try_from(world.random.range(20, 250)).unwrap();
    let steps = steps.unwrap_or(own);
    world.ladder = ladder.then(Ladder::default);
    let result = catch_unwind(AssertUnwindSafe(|| live(&mut world, steps)));
    let ladder = world.ladder.as_ref().map(|ladder| ladder.as_str().to_string());
    match result {
        Ok(()) => {
            let mut hasher = DefaultHasher::new();
            (&ladder, world.random.next(), world.now).hash(&mut hasher);
            let calls = world.watches.iter().map(|watch| watch.calls().count() as u64).sum();
            let noticed = world.watches.into_iter().map(|watch| watch.noticed).collect();
            Ok((Ended { calls, fingerprint: hasher.finish(), steps, ladder }, noticed))
        }
        Err(panic) => {
            let why = panic.downcast_ref::<String>().cloned();
            let why = why.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_string())).unwrap_or_default();
            Err(Failure { seed, steps, why, ladder })
        }
    }
}

/// What somebody noticed of who is hostile.
fn difference(with: &Noticed, without: &Noticed) -> Option<String> {
    with.iter().zip(without).enumerate().find_map(|(page, (with, without))| {
        let at = (0..with.len().max(without.len())).find(|at| with.get(*at) != without.get(*at))?;
        Some(format!(
            "page {page} notices {:?} while somebody hostile is there, and {:?} without",
            with.get(at),
            without.get(at)
        ))
    })
}

/// The same seed with as few steps as it takes to fail, with its ladder.
pub(crate) fn shrink(failure: &Failure) -> Failure {
    std::panic::set_hook(Box::new(|_| {}));
    let shorter = (0..=failure.steps).find_map(|steps| run(failure.seed, Some(steps), false).err());
    let steps = shorter.map_or(failure.steps, |shorter| shorter.steps);
    let shortest = run(failure.seed, Some(steps), true).err();
    let _ = std::panic::take_hook();
    shortest.expect("what failed fails again")
}

/// Two to four phones; the last one is a second one of the user of the first.
const fn users_of(seed: u64) -> &'static [&'static str] {
    match seed % 4 {
        0 => &["alice", "bob"],
        1 => &["alice", "bob", "caroline"],
        2 => &["alice", "bob", "alice"],
        _ => &["alice", "bob", "caroline", "alice"],
    }
}

fn live(world: &mut World, steps: usize) {
    for page in 0..world.pages.len() {
        if world.random.percent(90) {
            users::start(world, page);
        }
    }
    for _ in 0..steps {
        users::anything(world);
    }
    world.heal();
    if world.random.percent(50) {
        quiet(world);
    }
    for page in 0..world.pages.len() {
        end_all(world, page);
    }
    world.banish();
    // What rings rings out, what waits for a response waits for timer C.
    world.run(Duration::from_secs(300));
    for page in 0..world.pages.len() {
        end_all(world, page);
    }
    for _ in 0..10 {
        told::take_all(world);
        world.run(Duration::from_secs(30));
    }
    // A registration may be on its way just now.
    let rests = (0..10).any(|_| {
        world.run(Duration::from_secs(2));
        at_rest(world).is_ok()
    });
    if !rests {
        at_rest(world).unwrap_or_else(|why| panic!("{why}"));
    }
    causes_fit(world);
    delivered(world);
    stop_all(world);
}

/// Nothing goes wrong any more, and nobody does anything: what everybody knows is true in the end.
fn quiet(world: &mut World) {
    world.run(CALM);
    let fits = (0..PATIENCE).any(|_| {
        told::take_all(world);
        world.run(CALM);
        is_calm(world).is_ok()
    });
    if !fits {
        is_calm(world).unwrap_or_else(|why| panic!("{why}"));
    }
    if world.kind.tells {
        told::is_prompt(world);
    }
}

fn is_calm(world: &World) -> Result<(), String> {
    if world.kind.tells {
        told::is_true(world)?;
    }
    // Who forgot a call cannot say that it is over.
    if world.forgot || world.kind.hostile || world.kind.twice { Ok(()) } else { told::lamps_fit(world) }
}

fn end_all(world: &mut World, page: usize) {
    beside::end_all(world, page);
    let calls: Vec<_> = world.pages[page].phone.agent.calls().map(|call| call.id).collect();
    for call in calls {
        world.note(page, "hangs up at the end");
        world.act(page, |agent, now| agent.hangup(call, now)).expect("the page is there").expect("the call is listed");
    }
}

/// Nothing is left of any call: not in the phones, not in the exchange.
fn at_rest(world: &World) -> Result<(), String> {
    for (page, watch) in world.pages.iter().zip(&world.watches) {
        let name = page.name();
        let agent = &page.phone.agent;
        let registration = agent.registration();
        let fits = match registration {
            Registration::Registered => page.wanted,
            Registration::Idle | Registration::Stopped => !page.wanted,
            // Who did not give the password stays out.
            Registration::Refused(_) => page.wanted,
            Registration::Registering
            | Registration::Connecting
            | Registration::Unreachable
            | Registration::Unregistering => false,
        };
        if !fits {
            return Err(format!("{name} is {registration:?} in the end"));
        }
        if watch.calls().any(|told| told.end.is_none()) {
            return Err(format!("a call of {name} never ended"));
        }
        if let Some(open) = watch.beside.open() {
            return Err(format!("{open} of {name} never came to its end"));
        }
        let saved = serde_json::to_value(agent.snapshot(page.clock(world.now)).expect("drained")).unwrap();
        let left = left_over(&saved, &["registering", "servers", "nonces"]);
        if !left.is_empty() {
            return Err(format!("left over at {name}: {left:#?}"));
        }
    }
    if let Some(open) = world.exchange.ringing.left() {
        return Err(open);
    }
    if !world.exchange.is_idle() {
        return Err(format!("requests are left over in the exchange: {:#?}", world.exchange.saved(world.now)[1]));
    }
    Ok(())
}

/// What was kept for somebody came to them, or waits still.
fn delivered(world: &World) {
    for (words, user) in &world.exchange.mailbox.kept {
        let mailbox = &world.exchange.mailbox;
        let known = world.letters.came(words) || mailbox.holds(words) || mailbox.refused.contains(words);
        let damaged = world.exchange.ringing.disorder;
        assert!(known || damaged, "what was kept for {user} got lost: {words}");
    }
}

/// Everybody stops; then nobody is registered, and nobody waits for anything.
fn stop_all(world: &mut World) {
    for page in 0..world.pages.len() {
        users::stop(world, page);
    }
    let now = world.now;
    world.exchange.clear(now);
    // Subscriptions of those who did not say that they go run out.
    let last = if world.kind.tells || world.kind.hostile { 1_300 } else { 120 };
    world.run(Duration::from_secs(last));
    for page in &world.pages {
        let (name, agent) = (page.name(), &page.phone.agent);
        let registration = agent.registration();
        assert!(matches!(registration, Registration::Stopped), "{name} is {registration:?} after it stopped");
        assert_eq!(agent.deadline(), None, "{name} waits for something after it stopped");
    }
    let saved = world.exchange.saved(world.now);
    let fresh = Whole::fresh(world.now);
    let left: Vec<_> = saved.iter().zip(&fresh).flat_map(|(saved, fresh)| more_than(saved, fresh)).collect();
    assert!(left.is_empty(), "left over in the exchange: {left:#?}");
    assert_eq!(world.exchange.deadline(), None, "the exchange waits for something");
    assert_eq!(world.next(), None);
}

/// How long it is waited until nothing happens any more, and how often.
const CALM: Duration = Duration::from_secs(40);
const PATIENCE: usize = 40;

/// What both ends of a call say of its end fits, if nothing went wrong with either since it began.
fn causes_fit(world: &World) {
    let mut ends: BTreeMap<&str, Vec<End<'_>>> = BTreeMap::new();
    for (page, watch) in world.pages.iter().zip(&world.watches) {
        for told in watch.calls().filter(|told| told.established && !page.too_late) {
            let fault = page.last_fault.max(world.last_fault);
            if let Some((call, cause, at)) = &told.end
                && fault.is_none_or(|fault| fault < told.began)
                // An INVITE that came again after its call was over began another of the same name.
                && watch.calls().filter(|told| of(told) == Some(&*call.call_id)).count() == 1
            {
                let end = End { cause, at: *at, denied: watch.denied(&call.call_id) };
                ends.entry(&call.call_id).or_default().push(end);
            }
        }
    }
    for (call_id, ends) in ends {
        if let [one, other] = ends.as_slice() {
            let fits = ends_it(one.cause) && ends_it(other.cause) || follows(one, other) || follows(other, one);
            assert!(fits, "the ends of {call_id} do not fit: {:?}, {:?}", one.cause, other.cause);
        }
    }
}

/// The Call-ID of a call that is over.
fn of(told: &Told) -> Option<&str> {
    told.end.as_ref().map(|(call, ..)| call.call_id.as_str())
}

/// How a call ended at one end.
struct End<'a> {
    cause: &'a Cause,
    at: Instant,
    /// Whether it said to the other one that there is no such call.
    denied: bool,
}

/// Whether a call that one end hung up ended at the other because of that. What the other end asks for in the call may be
/// faster than the BYE, which may have to be signed, however long either takes: then it hears that there is no call.
fn follows(one: &End<'_>, other: &End<'_>) -> bool {
    let crossed = *other.cause == Cause::Network && other.at >= one.at && one.denied;
    ends_it(one.cause) && (*other.cause == Cause::HungUpThere || crossed)
}

/// Whether who says so ended the call themselves.
const fn ends_it(cause: &Cause) -> bool {
    matches!(cause, Cause::HungUpHere | Cause::Media(_) | Cause::Unfit(_) | Cause::Replaced | Cause::Transferred)
}
