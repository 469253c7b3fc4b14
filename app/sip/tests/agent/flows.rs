//! The flows of calls as ladders, each also run with either phone's page replaced after each of its inputs:
//! whatever the moment, both users must notice the same.

use super::network::{with_cuts, with_replacements};
use super::{ALICE, BOB, Net};
use sip::Duration;
use sip::agent::MediaFailure;
use sip::message::{Method, Status};

pub(crate) fn check(name: &str, flow: fn(&mut Net)) {
    let plain = with_replacements(&["alice", "bob"], flow);
    insta::assert_snapshot!(name, plain.ladder());
}

/// As [`check`], for flows with a phone that the test plays: it does not repeat what a cut connection loses, so the
/// connection stays.
pub(crate) fn check_played(name: &str, flow: fn(&mut Net)) {
    let plain = with_replacements(&["alice", "bob"], flow);
    insta::assert_snapshot!(name, plain.ladder());
}

/// Where it matters to what users notice whether a message was lost: an INVITE that is cancelled before it arrived
/// never rings, who stops without a connection cannot hang up any more, and where nobody can connect a cut is for good.
const RACES: [&str; 3] = ["cancelled_before_a_provisional", "stopped_in_a_call", "not_refreshed"];

pub(crate) fn start(net: &mut Net) {
    net.start(ALICE);
    net.start(BOB);
}

fn ring(net: &mut Net) {
    start(net);
    net.dial(ALICE, "bob");
    net.settle();
}

fn talk(net: &mut Net) {
    ring(net);
    net.answer(BOB);
    net.settle();
}

macro_rules! flows {
    ($($name:ident $flow:expr;)+) => {$(
        #[test]
        fn $name() {
            check(stringify!($name), $flow);
            if !RACES.contains(&stringify!($name)) {
                with_cuts(&["alice", "bob"], $flow);
            }
        }
    )+};
}

flows! {
    registered start;

    refused |net| {
        net.exchange.refuse(Method::Register, Status::FORBIDDEN);
        net.start(ALICE);
        net.run(Duration::from_secs(60));
    };

    hung_up_by_the_caller |net| {
        talk(net);
        net.hang_up(ALICE);
        net.settle();
    };

    hung_up_by_the_called |net| {
        talk(net);
        net.hang_up(BOB);
        net.settle();
    };

    cancelled |net| {
        ring(net);
        net.hang_up(ALICE);
        net.settle();
    };

    cancelled_before_a_provisional |net| {
        start(net);
        net.dial(ALICE, "bob");
        net.hang_up(ALICE);
        net.settle();
    };

    withdrawn_before_the_offer |net| {
        start(net);
        net.phone_mut(ALICE).holds = true;
        net.dial(ALICE, "bob");
        net.hang_up(ALICE);
        net.settle();
    };

    cancel_crosses_the_answer |net| {
        ring(net);
        net.answer(BOB);
        net.hang_up(ALICE);
        net.settle();
    };

    declined |net| {
        ring(net);
        net.decline(BOB);
        net.settle();
    };

    busy |net| {
        start(net);
        net.phone_mut(BOB).holds = true;
        net.dial(BOB, "carol");
        net.dial(ALICE, "bob");
        net.settle();
        net.hang_up(BOB);
        net.settle();
    };

    not_found |net| {
        start(net);
        net.dial(ALICE, "nobody");
        net.settle();
    };

    not_answered_here |net| {
        ring(net);
        net.run(Duration::from_secs(70));
    };

    not_answered_there |net| {
        net.phone_mut(BOB).configure(|config| config.ringing = Duration::from_secs(20));
        ring(net);
        net.run(Duration::from_secs(30));
    };

    microphone_denied_to_the_caller |net| {
        start(net);
        net.phone_mut(ALICE).media = Err(MediaFailure::Denied);
        net.dial(ALICE, "bob");
        net.settle();
    };

    microphone_missing_at_the_called |net| {
        start(net);
        net.phone_mut(BOB).media = Err(MediaFailure::NoDevice);
        net.dial(ALICE, "bob");
        net.settle();
        net.answer(BOB);
        net.settle();
    };

    media_breaks_in_a_call |net| {
        talk(net);
        net.fail(ALICE, MediaFailure::Connectivity);
        net.settle();
    };

    answered_slowly |net| {
        ring(net);
        net.phone_mut(BOB).holds = true;
        net.answer(BOB);
        net.run(Duration::from_secs(5));
        net.answer_held(BOB);
        net.settle();
        net.hang_up(BOB);
        net.settle();
    };

    connection_lost_in_a_call |net| {
        talk(net);
        net.run(Duration::from_secs(20));
        net.cut(BOB);
        net.settle();
        net.run(Duration::from_secs(5));
        net.hang_up(ALICE);
        net.settle();
    };

    hung_up_without_a_connection |net| {
        talk(net);
        net.run(Duration::from_secs(20));
        net.reachable = false;
        net.cut(ALICE);
        net.hang_up(ALICE);
        net.run(Duration::from_secs(5));
        net.reachable = true;
        net.run(Duration::from_secs(20));
    };

    connection_dies_silently |net| {
        start(net);
        net.cut_silently(ALICE);
        net.run(Duration::from_secs(40));
    };

    two_calls_in_a_row |net| {
        talk(net);
        net.hang_up(ALICE);
        net.settle();
        net.dial(BOB, "alice");
        net.settle();
        net.answer(ALICE);
        net.settle();
        net.hang_up(ALICE);
        net.settle();
    };

    offered_anew |net| {
        talk(net);
        net.reoffer(BOB);
        net.settle();
        net.hang_up(ALICE);
        net.settle();
    };

    stopped_while_idle |net| {
        net.start(ALICE);
        net.stop(ALICE);
        net.settle();
    };

    stopped_in_a_call |net| {
        talk(net);
        net.stop(ALICE);
        net.settle();
    };
}
