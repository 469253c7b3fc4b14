//! What is told of a call when its caller is answered: for who called, and for everybody whom it was for.

use crate::bench::{Bench, benches, phone};
use crate::messages::{answer, invite, register};
use sip::proxy::{CallOutcome, How, Order, Rules};

/// What was told of one call: the status, and how it ended for whom.
fn told(bench: &mut Bench) -> (u16, Vec<(String, How)>) {
    let mut outcomes = core::mem::take(&mut bench.outcomes);
    assert_eq!(outcomes.len(), 1, "once: {outcomes:?}");
    let CallOutcome { status, called, .. } = outcomes.remove(0);
    (status.code(), called.into_iter().map(|called| (called.party.user, called.how)).collect())
}

fn one(user: &str, how: How) -> Vec<(String, How)> {
    vec![(user.into(), how)]
}

#[test]
fn a_call_that_is_answered_is_told_once_with_its_ends() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.send(a, invite("1001", "a", "1002"));
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        bench.pass(3_000);
        assert_eq!(bench.outcomes, [], "not while it rings");
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        let outcome = bench.outcomes[0].clone();
        assert_eq!(told(&mut bench), (200, one("1002", How::Answered)));
        assert_eq!((&*outcome.call_id, &*outcome.caller_tag), ("call-1001-a-1002", "ca"));
        assert_eq!((&*outcome.caller.user, &*outcome.dialled, outcome.hidden), ("1001", "1002", false));
        assert_eq!(outcome.took.as_secs(), 3);
        assert!(!outcome.signed, "it came over a connection of their own");
    }
}

#[test]
fn who_refuses_is_busy_or_cannot_says_so() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let ends = [(603, How::Declined), (486, How::Busy), (408, How::Unreachable)];
        for (status, how) in ends {
            let mut invite = invite("1001", "a", "1002");
            invite.headers.set(&sip::header::CallId::new(&format!("c{status}")).unwrap());
            let mut via = invite.headers.get::<sip::header::Via>().unwrap();
            via.params.set("branch", Some(&format!("z9hG4bKx{status}"))).unwrap();
            invite.headers.set(&via);
            bench.send(a, invite);
            let arrived = bench.request(b);
            bench.send(b, answer(&arrived, status, "1002", "b"));
            assert_eq!(told(&mut bench), (status, one("1002", how)));
            bench.take(a);
            bench.take(b);
        }
    }
}

#[test]
fn nobody_home_and_do_not_disturb_are_told_although_no_phone_rang() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        bench.send(a, invite("1001", "a", "1002"));
        assert_eq!(told(&mut bench), (480, one("1002", How::Unreachable)));
    }
    for mut bench in benches() {
        let (a, _b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.rules("1002", Rules { do_not_disturb: true, ..Rules::default() });
        bench.send(a, invite("1001", "a", "1002"));
        assert_eq!(told(&mut bench), (486, one("1002", How::DoNotDisturb)));
    }
}

#[test]
fn a_diversion_is_told_for_both() {
    for mut bench in benches() {
        let (a, c) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1003", "c"));
        bench.rules("1002", Rules { always: Some("1003".into()), ..Rules::default() });
        bench.send(a, invite("1001", "a", "1002"));
        let arrived = bench.request(c);
        bench.send(c, answer(&arrived, 200, "1003", "c"));
        let called = vec![("1002".into(), How::SentOn("1003".into())), ("1003".into(), How::Answered)];
        assert_eq!(told(&mut bench), (200, called));
    }
}

#[test]
fn in_a_group_the_others_read_who_answered_and_a_second_phone_of_one_person_is_no_other_person() {
    for mut bench in benches() {
        let (a, b, c) =
            (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"), phone(&mut bench, "1003", "c"));
        let d = bench.open("1003");
        bench.send(d, register("1003", "d", 1, 600));
        bench.take(d);
        bench.group("sales", Order::AtOnce, &["1002", "1003"]);
        bench.send(a, invite("1001", "a", "sales"));
        let arrived = [b, c, d].map(|flow| bench.request(flow));
        bench.send(b, answer(&arrived[0], 180, "1002", "b"));
        bench.send(d, answer(&arrived[2], 200, "1003", "d"));
        let called = vec![("1002".into(), How::AnsweredBy("1003".into())), ("1003".into(), How::Answered)];
        assert_eq!(told(&mut bench), (200, called), "the group itself is nobody");
    }
}
