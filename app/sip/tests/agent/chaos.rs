//! Whatever happens, in whatever order: each call ends once, phones come to rest, and both are ready again.

use super::network::Seen;
use super::{ALICE, BOB, Net, events, net};
use proptest::prelude::*;
use sip::Duration;
use sip::agent::{Digit, MediaFailure, Package, Registration};

#[derive(Clone, Copy, Debug)]
enum Action {
    Dial(usize),
    Answer(usize),
    Decline(usize),
    HangUp(usize),
    Fail(usize),
    Reoffer(usize),
    Within(usize, u8),
    /// Something to do with transfers.
    PassOn(usize, u8),
    Settle,
    Wait(u64),
    Cut(usize),
    CutSilently(usize),
    Replace(usize),
    /// Something beside calls.
    Beside(usize, u8),
    /// A message that went by before comes again, with one byte changed.
    Echo(usize, prop::sample::Index, prop::sample::Index, u8),
}

fn action() -> impl Strategy<Value = Action> {
    let phone = || prop_oneof![Just(ALICE), Just(BOB)];
    prop_oneof![
        3 => phone().prop_map(Action::Dial),
        3 => phone().prop_map(Action::Answer),
        1 => phone().prop_map(Action::Decline),
        2 => phone().prop_map(Action::HangUp),
        1 => phone().prop_map(Action::Fail),
        2 => (phone(), any::<u8>()).prop_map(|(phone, what)| Action::PassOn(phone, what)),
        1 => phone().prop_map(Action::Reoffer),
        3 => (phone(), any::<u8>()).prop_map(|(phone, which)| Action::Within(phone, which)),
        4 => Just(Action::Settle),
        3 => (1..40_000_u64).prop_map(Action::Wait),
        1 => phone().prop_map(Action::Cut),
        1 => phone().prop_map(Action::CutSilently),
        2 => phone().prop_map(Action::Replace),
        6 => (phone(), any::<u8>()).prop_map(|(phone, choice)| Action::Beside(phone, choice)),
        2 => (phone(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>())
            .prop_map(|(phone, message, at, byte)| Action::Echo(phone, message, at, byte)),
    ]
}

/// Transfers, and decides about those of the other end, as far as it fits.
pub(crate) fn pass_on(net: &mut Net, phone: usize, what: u8) {
    let now = net.now;
    let target = if what & 4 == 0 { "sip:nobody@example.com" } else { "sip:alice@example.com" };
    let with = net.phone(phone).agent.calls().last().map(|call| call.id);
    net.with_call(phone, |agent, id| match what % 4 {
        0 => agent.transfer(id, target.parse().unwrap(), now),
        1 => agent.accept_transfer(id, now).map(drop),
        2 => agent.reject_transfer(id, now),
        _ => agent.transfer_to(id, with.unwrap_or(id), now),
    });
}

fn perform(net: &mut Net, action: Action) {
    let now = net.now;
    match action {
        Action::Dial(phone) => {
            let _ = net.try_dial(phone, if phone == ALICE { "bob" } else { "alice" });
        }
        // Verbs that do not fit are refused, and that is all.
        Action::Answer(phone) => net.with_call(phone, |agent, id| agent.answer(id, now)),
        Action::Decline(phone) => net.with_call(phone, |agent, id| agent.decline(id, now)),
        Action::HangUp(phone) => net.with_call(phone, |agent, id| agent.hangup(id, now)),
        Action::PassOn(phone, what) => pass_on(net, phone, what),
        Action::Reoffer(phone) => net.with_call(phone, |agent, id| agent.reoffer(id, now)),
        Action::Within(phone, which) => within(net, phone, which),
        Action::Fail(phone) => {
            net.with_call(phone, |agent, id| agent.fail(id, MediaFailure::Connectivity, now));
        }
        Action::Settle => net.settle(),
        Action::Beside(phone, choice) => events::act_at_random(net, phone, choice),
        Action::Wait(millis) => net.run(Duration::from_millis(millis)),
        Action::Cut(phone) => net.cut(phone),
        Action::CutSilently(phone) => net.cut_silently(phone),
        Action::Replace(phone) => {
            let inputs = net.phone(phone).inputs;
            net.replace_after(phone, inputs + 1);
            net.hint(phone);
        }
        Action::Echo(phone, message, at, byte) => {
            if net.exchange.received.is_empty() {
                return;
            }
            let mut bytes = message.get(&net.exchange.received).to_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            net.inject(phone, &bytes);
        }
    }
}

/// Does one of the things that can be done inside an answered call.
pub(crate) fn within(net: &mut Net, phone: usize, which: u8) {
    let now = net.now;
    let digit = Digit::new(char::from(b'0' + which % 10)).unwrap();
    net.with_call(phone, |agent, id| match which % 4 {
        0 => agent.hold(id, now),
        1 => agent.resume(id, now),
        2 => agent.send_digit(id, digit, Duration::from_millis(100), now),
        _ => agent.request_picture(id, now),
    });
}

fn ended_once(net: &Net, phone: usize) {
    let ended = |seen: &Seen| match seen {
        Seen::Ended(id, _, _) => Some(*id),
        Seen::Incoming(..)
        | Seen::Established(_)
        | Seen::Remote(..)
        | Seen::Said(..)
        | Seen::Transfer(..)
        | Seen::TransferAsked(..)
        | Seen::Stopped => None,
    };
    let mut ids: Vec<_> = net.phone(phone).seen.iter().filter_map(ended).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "a call ended twice\n{}", net.ladder());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn phones_come_to_rest(actions in prop::collection::vec(action(), 1..40)) {
        let mut net = net();
        for phone in [ALICE, BOB] {
            net.phone_mut(phone).configure(|config| config.packages = vec![Package::Presence]);
            net.start(phone);
        }
        for action in actions {
            perform(&mut net, action);
        }
        for phone in [ALICE, BOB] {
            perform(&mut net, Action::HangUp(phone));
            events::end_all(&mut net, phone);
        }
        net.run(Duration::from_secs(300));
        for phone in [ALICE, BOB] {
            ended_once(&net, phone);
            prop_assert!(events::is_at_rest(&net, phone), "{}", net.ladder());
            prop_assert_eq!(net.phone(phone).registration(), Registration::Registered, "{}", net.ladder());
        }
    }

    #[test]
    fn no_bytes_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut net = net();
        net.start(ALICE);
        net.inject(ALICE, &bytes);
        prop_assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    }
}
