//! What the exchange knows over a restart, and what waits for phones that come back.

use crate::bench::{Bench, benches, phone, ring};
use crate::messages::{again, answer, invite, register, within};
use crate::serve::message;
use sip::message::HeaderName;
use sip::proxy::{Answer, CallState, Event, Flow, Input, Order, Progress, Question, SavedCall};

fn hold(bench: &mut Bench, hold: bool) {
    let at = bench.at();
    bench.proxy.handle(Input::Hold { user: "1002".into(), hold }, at);
}

/// The answered calls of a user, as they were last told.
fn answered(bench: &Bench, user: &str) -> Vec<CallState> {
    let told = bench.events.iter().rev().find_map(|event| {
        if let Event::Dialogs { user: other, dialogs } = event
            && other == user
        {
            return Some(dialogs.clone());
        }
        None
    });
    let calls = told.unwrap_or_default().into_iter();
    calls.filter(|call| call.state == Progress::Confirmed).collect()
}

/// Alice's and Bob's call, as it is saved.
fn talk(bench: &mut Bench) -> (Flow, Flow, SavedCall) {
    let (a, b) = (phone(bench, "1001", "a"), phone(bench, "1002", "b"));
    let (invite, arrived) = ring(bench, a, b);
    bench.take(a);
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    let accepted = bench.response(a);
    bench.send(a, within("ACK", &invite, &accepted, 1));
    bench.take(b);
    let number = answered(bench, "1001")[0].call();
    assert_eq!(answered(bench, "1002")[0].call(), number, "both have the same");
    let saved = bench.proxy.export(number).unwrap();
    bench.send(a, within("BYE", &invite, &accepted, 2));
    assert_eq!(bench.proxy.export(number), None, "it is over");
    let bye = bench.request(b);
    bench.send(b, answer(&bye, 200, "1002", "b"));
    bench.take(a);
    (a, b, saved)
}

fn import(bench: &mut Bench, saved: SavedCall) -> bool {
    let taken = bench.proxy.import(saved);
    // Whatever is next: what was told is heard then.
    bench.open("1003");
    taken
}

#[test]
fn what_was_offered_is_remembered_until_it_is_answered() {
    let is_known = |bench: &Bench| {
        let snapshot = bench.proxy.snapshot(bench.at()).expect("drained");
        serde_json::to_string(&snapshot).unwrap().contains("the offer")
    };
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let mut offer = invite("1001", "a", "1002");
        offer.body = b"the offer".to_vec();
        bench.send(a, offer.clone());
        let arrived = bench.request(b);
        assert_eq!(arrived.body, b"the offer");
        assert!(is_known(&bench), "the phone may come back over another connection");
        bench.take(a);
        let accepted = answer(&arrived, 200, "1002", "b");
        for _ in 0..2 {
            bench.send(b, accepted.clone());
            assert_eq!(
                bench.response(a).headers.raw(&HeaderName::From).next(),
                offer.headers.raw(&HeaderName::From).next()
            );
            assert!(!is_known(&bench), "it is remembered for half a minute that there was a call");
        }
        bench.send(a, offer);
        assert!(bench.take(b).is_empty(), "the INVITE again is still known");
    }
}

#[test]
fn sv12_a_message_does_not_overtake_those_that_wait() {
    for mut bench in benches() {
        bench.keeping = true;
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        hold(&mut bench, true);
        bench.send(a, message("1002"));
        assert_eq!(bench.first_lines(b), [""; 0], "although it can be reached");
        let (id, question) = bench.question();
        assert!(matches!(question, Question::Keep { to, .. } if to == "1002"));
        bench.answer(id, Answer::Kept(Ok(())));
        assert_eq!(bench.response(a).status.code(), 202);

        hold(&mut bench, false);
        bench.send(a, again(&message("1002")));
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        assert_eq!(bench.response(a).status.code(), 200);
    }
}

#[test]
fn who_was_on_the_phone_still_is() {
    let mut before = Bench::new();
    let (_, _, saved) = talk(&mut before);
    for mut bench in benches() {
        let (_a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        assert!(import(&mut bench, saved.clone()));
        for user in ["1001", "1002"] {
            assert_eq!(answered(&bench, user).len(), 1, "{user}");
        }
        let (caller, callee) = (answered(&bench, "1001").remove(0), answered(&bench, "1002").remove(0));
        assert_eq!((caller.local_tag.as_str(), caller.remote.user.as_str()), ("ca", "1002"));
        assert_eq!(callee.remote_tag.as_deref(), Some("ca"));
        // Its phone does not come back.
        bench.close(b);
        bench.pass(40_000);
        assert_eq!(answered(&bench, "1001"), [], "nobody will hang up");
    }
}

#[test]
fn a_call_whose_phones_are_gone_is_over() {
    let mut before = Bench::new();
    let (_, _, saved) = talk(&mut before);
    let mut bench = Bench::new();
    phone(&mut bench, "1001", "a");
    assert!(!import(&mut bench, saved));
    assert_eq!(answered(&bench, "1001"), []);
}

#[test]
fn a_call_waits_for_a_phone_that_has_just_gone_if_there_is_no_other() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.close(b);
        bench.send(a, invite("1001", "a", "1002"));
        bench.pass(7_000);
        assert_eq!(bench.first_lines(a), ["100 Trying"]);
        let b = bench.open("1002");
        bench.send(b, register("1002", "b", 2, 3600));
        let messages = bench.take(b);
        assert_eq!(messages.len(), 2, "{messages:?}");
    }
    for mut bench in benches() {
        let (a, b, c) =
            (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
        bench.close(b);
        bench.send(a, invite("1001", "a", "1002"));
        let arrived = bench.request(c);
        bench.send(c, answer(&arrived, 486, "1002", "c"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "486 Busy Here"], "the other one is not waited for");
    }
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.close(b);
        bench.send(a, invite("1001", "a", "1002"));
        bench.pass(8_000);
        assert_eq!(bench.first_lines(a), ["100 Trying", "480 Temporarily Unavailable"]);
    }
}

#[test]
fn a_message_is_kept_at_once_for_a_phone_that_has_just_gone() {
    let mut bench = Bench::new();
    bench.keeping = true;
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    bench.close(b);
    bench.send(a, message("1002"));
    let (id, question) = bench.question();
    assert!(matches!(question, Question::Keep { .. }));
    bench.answer(id, Answer::Kept(Ok(())));
}

#[test]
fn a_call_that_was_answered_elsewhere_does_not_ring_a_phone_that_comes_back() {
    for mut bench in benches() {
        let (a, b, c) =
            (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"), phone(&mut bench, "1003", "c"));
        bench.group("600", Order::AtOnce, &["1002", "1003"]);
        bench.close(b);
        bench.send(a, invite("1001", "a", "600"));
        let arrived = bench.request(c);
        bench.send(c, answer(&arrived, 200, "1003", "c"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "200 OK"]);
        let b = bench.open("1002");
        bench.send(b, register("1002", "b", 2, 3600));
        assert_eq!(bench.first_lines(b), ["200 OK"], "nothing but the registration");
    }
}
