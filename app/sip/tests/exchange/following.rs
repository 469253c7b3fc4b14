//! What is told of the calls that go through the proxy: the rows of its table.

use crate::bench::{Bench, benches, phone, ring};
use crate::dialogs::call;
use crate::messages::{answer, invite, register, within, within_back};
use sip::proxy::{CallState, Direction, Event, Flow, Party, Progress};

/// What was told last of a user, if anything was.
fn told(bench: &mut Bench, user: &str) -> Option<Vec<CallState>> {
    let mut last = None;
    for event in &bench.events {
        match event {
            Event::Dialogs { user: whose, dialogs } if whose == user => last = Some(dialogs.clone()),
            Event::Dialogs { .. } | Event::Call(_) | Event::Sent { .. } | Event::Rejected { .. } => {}
        }
    }
    bench.events.retain(|event| !matches!(event, Event::Dialogs { user: whose, .. } if whose == user));
    last
}

/// How far each of a user's calls is, as it was told last.
#[track_caller]
fn states(bench: &mut Bench, user: &str) -> Vec<Progress> {
    told(bench, user).expect("something was told").iter().map(|call| call.state).collect()
}

#[test]
fn ca1_ca2_ca3_ca5_a_call_from_its_invite_to_its_bye() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let device = |bench: &Bench, user: &str| Some(bench.registrar.bindings(user)[0].device.clone());
        let mut caller = CallState {
            id: 2,
            call_id: "call-1001-a-1002".into(),
            local_tag: "ca".into(),
            remote_tag: None,
            direction: Direction::Initiator,
            state: Progress::Trying,
            device: device(&bench, "1001"),
            remote: Party { user: "1002".into(), name: Some("Bob".into()) },
            remote_target: None,
        };
        let mut callee = CallState {
            id: 3,
            call_id: "call-1001-a-1002".into(),
            local_tag: String::new(),
            remote_tag: Some("ca".into()),
            direction: Direction::Recipient,
            state: Progress::Trying,
            device: device(&bench, "1002"),
            remote: Party { user: "1001".into(), name: Some("Alice".into()) },
            remote_target: "sip:1001-a@a.invalid;transport=ws".parse().ok(),
        };
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let arrived = bench.request(b);
        assert_eq!(told(&mut bench, "1001"), Some(vec![caller.clone()]));
        assert_eq!(told(&mut bench, "1002"), Some(vec![callee.clone()]));
        bench.send(b, answer(&arrived, 100, "1002", "b"));
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        for call in [&mut caller, &mut callee] {
            call.state = Progress::Early;
        }
        caller.remote_tag = Some("tb".into());
        caller.remote_target = "sip:1002-b@b.invalid;transport=ws".parse().ok();
        callee.local_tag = "tb".into();
        assert_eq!(told(&mut bench, "1001"), Some(vec![caller.clone()]));
        assert_eq!(told(&mut bench, "1002"), Some(vec![callee.clone()]));
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        assert_eq!(told(&mut bench, "1001"), None, "nothing new");
        bench.take(a);
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        for call in [&mut caller, &mut callee] {
            call.state = Progress::Confirmed;
        }
        assert_eq!(told(&mut bench, "1001"), Some(vec![caller]));
        assert_eq!(told(&mut bench, "1002"), Some(vec![callee]));
        let accepted = bench.response(a);
        bench.send(a, within("BYE", &sent, &accepted, 2));
        assert_eq!(told(&mut bench, "1001"), Some(Vec::new()));
        assert_eq!(told(&mut bench, "1002"), Some(Vec::new()));
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        assert_eq!(told(&mut bench, "1002"), None, "CA7: the 200 again begins nothing");
    }
}

#[test]
fn several_phones_are_several_calls_of_the_callee() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
        bench.send(a, invite("1001", "a", "1002"));
        let (at_b, at_c) = (bench.request(b), bench.request(c));
        assert_eq!(states(&mut bench, "1001"), [Progress::Trying], "one call");
        assert_eq!(states(&mut bench, "1002"), [Progress::Trying, Progress::Trying], "of each phone");
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        assert_eq!(states(&mut bench, "1001"), [Progress::Early]);
        assert_eq!(states(&mut bench, "1002"), [Progress::Early, Progress::Trying]);
        bench.send(c, answer(&at_c, 180, "1002", "c"));
        assert_eq!(states(&mut bench, "1001"), [Progress::Early, Progress::Early], "one with each that rings");
        bench.send(c, answer(&at_c, 200, "1002", "c"));
        assert_eq!(states(&mut bench, "1001"), [Progress::Confirmed]);
        assert_eq!(states(&mut bench, "1002"), [Progress::Confirmed], "the other one is cancelled");
        // Both answered at once: the caller has two calls, and hangs one of them up.
        bench.send(b, answer(&at_b, 200, "1002", "b"));
        assert_eq!(states(&mut bench, "1001"), [Progress::Confirmed, Progress::Confirmed]);
    }
}

#[test]
fn ca4_a_call_that_is_not_answered() {
    type End = fn(&mut Bench, [Flow; 2]);
    let ends: [(&str, End); 4] = [
        ("refused", |bench, [_, b]| {
            let arrived = bench.request(b);
            bench.send(b, answer(&arrived, 486, "1002", "b"));
        }),
        ("cancelled", |bench, [a, b]| {
            let arrived = bench.request(b);
            bench.send(b, answer(&arrived, 180, "1002", "b"));
            bench.send(a, sip::transaction::cancel(&invite("1001", "a", "1002")));
        }),
        ("silent", |bench, _| bench.pass(32_000)),
        ("away", |bench, [_, b]| {
            bench.close(b);
            bench.pass(32_000);
        }),
    ];
    for (name, end) in ends {
        for mut bench in benches() {
            let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
            bench.send(a, invite("1001", "a", "1002"));
            end(&mut bench, [a, b]);
            assert_eq!(told(&mut bench, "1001"), Some(Vec::new()), "{name}");
            assert_eq!(told(&mut bench, "1002"), Some(Vec::new()), "{name}");
        }
    }
}

#[test]
fn ca6_the_phone_is_gone() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        call(&mut bench, a, b);
        bench.close(a);
        assert_eq!(states(&mut bench, "1002"), [Progress::Confirmed], "it may come back");
        bench.pass(32_000);
        assert_eq!(told(&mut bench, "1002"), Some(Vec::new()));
    }
}

#[test]
fn a_phone_has_so_many_calls_that_are_followed() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    for number in 0..40 {
        bench.send(a, invite("1001", &format!("a{number}"), "1002"));
    }
    assert_eq!(states(&mut bench, "1002").len(), 32);
    assert_eq!(bench.take(b).len(), 40, "all of them ring");
}

#[test]
fn what_a_forger_says_is_not_followed() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let c = phone(&mut bench, "1003", "c");
    let (_, arrived) = ring(&mut bench, a, b);
    told(&mut bench, "1002");
    bench.send(c, answer(&arrived, 200, "1002", "b"));
    bench.send(c, answer(&arrived, 486, "1002", "b"));
    assert_eq!(told(&mut bench, "1002"), None);
}

#[test]
fn ca5_who_hangs_up_has_no_call_though_the_other_end_is_gone() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let (_, arrived) = ring(&mut bench, a, b);
        bench.take(a);
        // The caller stops just when the call is answered.
        bench.send(a, register("1001", "a", 2, 0));
        bench.take(a);
        let accepted = answer(&arrived, 200, "1002", "b");
        bench.send(b, accepted.clone());
        bench.take(b);
        bench.pass(40_000);
        bench.take(b);
        bench.send(b, within_back("BYE", &arrived, &accepted, 2));
        assert_eq!(bench.first_lines(b), ["481 Call/Transaction Does Not Exist"]);
        assert_eq!(bench.proxy.calls("1002"), 0);
        assert_eq!(told(&mut bench, "1002"), Some(Vec::new()), "no busy lamp stays lit");
    }
}
