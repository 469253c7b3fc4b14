//! What users do, and what goes wrong, at random.

use crate::beside;
use crate::hostile::MALLORY;
use crate::numbers;
use crate::world::World;
use sip::Duration;
use sip::agent::{Agent, Body, Digit, MediaFailure};
use sip::uri::Uri;

/// Something happens: time passes, a user does something, or something goes wrong.
pub(crate) fn anything(world: &mut World) {
    let page = world.random.index(world.pages.len());
    match world.random.range(0, 100) {
        0..=44 => world.step(),
        45..=52 => {
            let time = if world.random.percent(90) {
                world.random.millis(1, 5_000)
            } else {
                world.random.millis(5_000, 200_000)
            };
            world.run(time);
        }
        53..=59 if world.kind.numbers => numbers::change(world),
        53..=89 => a_verb(world, page),
        _ => a_fault(world, page),
    }
}

fn a_verb(world: &mut World, page: usize) {
    if !world.pages[page].is_here() {
        return;
    }
    match world.random.range(0, 80) {
        0..=11 => {
            let other = world.random.index(world.pages.len() + 1);
            let user = world.pages.get(other).map_or_else(|| stranger(world), |page| page.phone.user.clone());
            let user = if world.kind.numbers && world.random.percent(40) { numbers::dialled(world) } else { user };
            world.dial(page, &user);
        }
        12..=22 => world.with_call(page, "answers", Agent::answer),
        23 | 24 => world.with_call(page, "declines", Agent::decline),
        25..=29 => world.with_call(page, "hangs up", Agent::hangup),
        30 | 31 => {
            world.with_call(page, "loses its media", |agent, id, now| agent.fail(id, MediaFailure::Connectivity, now))
        }
        32 | 33 => world.with_call(page, "offers anew", Agent::reoffer),
        34 | 35 => world.with_call(page, "goes on in another dialog", Agent::replace_own),
        36 => stop(world, page),
        37..=40 => world.with_call(page, "holds", Agent::hold),
        41 | 42 => world.with_call(page, "resumes", Agent::resume),
        43 | 44 => world.with_call(page, "sends a digit", |agent, id, now| {
            let digit = Digit::new('7').expect("there is such a key");
            agent.send_digit(id, digit, Duration::from_millis(100), now)
        }),
        47..=49 => {
            let other = world.random.index(world.pages.len());
            let target: Uri = format!("sip:{}@example.com", world.pages[other].phone.user).parse().expect("a URI");
            world.with_call(page, "passes a call on", |agent, id, now| agent.transfer(id, target, now));
        }
        50 | 51 => world.with_call(page, "brings two together", |agent, id, now| {
            let other = agent.calls().map(|call| call.id).find(|other| *other != id).unwrap_or(id);
            agent.transfer_to(id, other, now)
        }),
        52..=55 => world.accept_transfer(page),
        56 => world.with_call(page, "takes no transfer", Agent::reject_transfer),
        45 => world.with_call(page, "wants a picture", Agent::request_picture),
        46 => world.with_call(page, "finds a path", |agent, id, now| agent.trickle(id, candidates(), now)),
        57..=61 => start(world, page),
        _ => beside::anything(world, page),
    }
}

/// Who is no page of the world.
fn stranger(world: &World) -> String {
    let hostile = world.kind.hostile && !world.kind.twice;
    if hostile { MALLORY.into() } else { "nobody".into() }
}

/// A fragment with one candidate (RFC 8840).
fn candidates() -> Body {
    let text = "a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n\
                a=candidate:1 1 UDP 1 192.0.2.1 5000 typ host\r\n";
    Body { content_type: "application/trickle-ice-sdpfrag".into(), bytes: text.into() }
}

pub(crate) fn start(world: &mut World, page: usize) {
    world.note(page, "starts");
    if world.act(page, Agent::start).is_some() {
        world.pages[page].wanted = true;
    }
}

pub(crate) fn stop(world: &mut World, page: usize) {
    world.note(page, "stops");
    if world.act(page, Agent::stop).is_some() {
        world.pages[page].wanted = false;
    }
}

fn a_fault(world: &mut World, page: usize) {
    match world.random.range(0, 21) {
        0..=2 => world.cut(page),
        3 | 4 => world.cut_silently(page),
        5 => world.cut_off(page),
        6..=10 => world.leave(page),
        11 | 12 => world.sleep(page),
        13 => world.jump(page),
        14 => world.hint(page),
        15 => world.restart(),
        16 => {
            let late = if world.random.percent(50) { Duration::ZERO } else { world.random.millis(1, 60_000) };
            world.pages[page].drowse(late);
        }
        17 => crash(world, page),
        // What is damaged differs with what the exchange makes up.
        _ if world.kind.twice => world.cut(page),
        _ => something_damaged(world, page),
    }
}

/// The page saves its phone, does a little more, and is gone: the next one knows nothing of that.
fn crash(world: &mut World, page: usize) {
    let Some(kept) = world.keep(page) else { return };
    for _ in 0..world.random.range(1, 3) {
        if world.random.percent(50) { a_verb(world, page) } else { world.step() }
    }
    world.crash(page, kept);
}

/// A message that is under way comes again: elsewhere, later, cut short, or with a byte changed.
fn something_damaged(world: &mut World, page: usize) {
    let Some(mut bytes) = world.overheard() else { return };
    match world.random.range(0, 3) {
        0 => {}
        1 => bytes.truncate(world.random.index(bytes.len()).max(1)),
        _ => {
            let at = world.random.index(bytes.len());
            bytes[at] = world.random.next().to_le_bytes()[0];
        }
    }
    let to_exchange = world.random.percent(50);
    world.inject(page, to_exchange, bytes);
}
