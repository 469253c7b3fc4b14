//! What people want done with calls, and what numbers lead to, at random.

use crate::exchange::QUIET;
use crate::world::World;
use sip::Duration;
use sip::proxy::{Destination, Group, Order, Rules};

/// Numbers of groups.
const GROUPS: [&str; 2] = ["600", "601"];

/// Somebody changes what becomes of calls.
pub(crate) fn change(world: &mut World) {
    let now = world.now;
    if world.random.percent(25) {
        let number = GROUPS[world.random.index(GROUPS.len())];
        let members = (0..world.random.range(0, 5)).map(|_| target(world)).collect();
        let order = if world.random.percent(50) { Order::AtOnce } else { Order::InTurn };
        let (ringing, otherwise) = (ringing(world), maybe(world, 30));
        let group = Group { members, order, ringing, otherwise };
        world.note_exchange(&format!("has {number} as {group:?}"));
        return world.exchange.number(number, Destination::Group(group), now);
    }
    let page = world.random.index(world.pages.len());
    let user = world.pages[page].phone.user.clone();
    let rules = if world.random.percent(30) {
        Rules::default()
    } else {
        Rules {
            do_not_disturb: world.random.percent(20),
            no_call_waiting: false,
            always: maybe(world, 15),
            busy: maybe(world, 40),
            unanswered: maybe(world, 40),
            unreachable: maybe(world, 30),
            ringing: ringing(world),
        }
    };
    world.note_exchange(&format!("has {user} with {rules:?}"));
    world.exchange.rules(&user, rules, now);
    world.drain_exchange();
}

/// A number to dial: a group, or a code.
pub(crate) fn dialled(world: &mut World) -> String {
    let page = world.random.index(world.pages.len());
    match world.random.range(0, 10) {
        0..=6 => GROUPS[world.random.index(GROUPS.len())].into(),
        7 => QUIET.into(),
        8 => "*79".into(),
        _ => format!("*8{}", world.pages[page].phone.user),
    }
}

fn target(world: &mut World) -> String {
    let which = world.random.index(world.pages.len() + GROUPS.len() + 1);
    let group = || GROUPS.get(which - world.pages.len()).map_or("nobody", |group| group).to_string();
    world.pages.get(which).map_or_else(group, |page| page.phone.user.clone())
}

fn maybe(world: &mut World, percent: u64) -> Option<String> {
    world.random.percent(percent).then(|| target(world))
}

fn ringing(world: &mut World) -> Option<Duration> {
    world.random.percent(50).then(|| world.random.millis(1_000, 40_000))
}
