//! A connection is lost after each single input of either phone: the call goes on, and what both sides know of it agrees.

use super::network::Seen;
use super::{ALICE, BOB, Net, holds, net, talk};
use sip::Duration;
use sip::agent::Phase;

/// Runs a flow of a call with the connection of either phone cut once, after each of its inputs in the call.
fn survives(flow: fn(&mut Net), check: fn(&Net, &str)) {
    let mut plain = net();
    talk(&mut plain);
    let begun = [plain.phone(ALICE).inputs, plain.phone(BOB).inputs];
    flow(&mut plain);
    check(&plain, "as it is");
    for phone in [ALICE, BOB] {
        for inputs in begun[phone] + 1..=plain.phone(phone).inputs {
            let mut net = net();
            net.phone_mut(phone).cut_after = Some(inputs);
            talk(&mut net);
            flow(&mut net);
            net.run(Duration::from_secs(60));
            let how = format!("{} cut after input {inputs}\n{}", net.phone(phone).user, net.ladder());
            for phone in [ALICE, BOB] {
                assert_eq!(net.phone(phone).phase(), Some(Phase::Established), "{how}");
            }
            check(&net, &how);
        }
    }
}

fn agree(net: &Net, how: &str) {
    let (alice, bob) = (holds(net, ALICE), holds(net, BOB));
    assert_eq!(alice, (bob.1, bob.0), "{how}");
}

#[test]
fn a_hold() {
    survives(
        |net| {
            net.hold(ALICE);
            net.run(Duration::from_secs(5));
        },
        |net, how| {
            agree(net, how);
            assert_eq!(holds(net, ALICE), (true, false), "{how}");
        },
    );
}

#[test]
fn holds_by_both() {
    survives(
        |net| {
            net.hold(ALICE);
            net.hold(BOB);
            net.run(Duration::from_secs(10));
            net.resume(ALICE);
            net.run(Duration::from_secs(10));
        },
        |net, how| {
            agree(net, how);
            assert_eq!(holds(net, BOB), (true, false), "{how}");
        },
    );
}

#[test]
fn digits() {
    survives(
        |net| {
            net.press(ALICE, "123");
            net.run(Duration::from_secs(5));
        },
        |net, how| {
            let said: Vec<_> = net.phone(BOB).seen.iter().filter(|seen| matches!(seen, Seen::Said(..))).collect();
            let mut once = said.clone();
            once.dedup();
            assert_eq!(said, once, "nothing is said twice: {how}");
        },
    );
}

#[test]
fn a_refresh() {
    survives(|net| net.run(Duration::from_secs(950)), agree);
}
