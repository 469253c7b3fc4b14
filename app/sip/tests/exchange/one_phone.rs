//! Calls to one phone of a person, by a name that means it alone; and a phone that several numbers lead to.

use crate::bench::{Bench, benches, phone};
use crate::messages::{answer, invite, register};
use crate::redirections::moved;
use crate::routing::{three, to};

use sip::message::{HeaderName, Message, Method};
use sip::proxy::{Order, Rules};

/// 1002's phone by the names that mean it alone.
fn names() -> [sip::uri::Uri; 2] {
    ["sip:1002@tabphone;gr=urn:uuid:b", "sip:1002-b@b.invalid;transport=ws"].map(|name| name.parse().unwrap())
}

#[test]
fn do_not_disturb_is_for_who_names_the_phone_too() {
    for way in 0..2 {
        for mut bench in benches() {
            let (a, b, c) = three(&mut bench);
            bench.rules("1002", Rules { do_not_disturb: true, busy: to("1003"), ..Rules::default() });
            let mut sent = invite("1001", "a", "1002");
            sent.uri = names()[way].clone();
            bench.send(a, sent);
            assert_eq!(bench.first_lines(a), ["100 Trying", "486 Busy Here"]);
            assert_eq!((bench.first_lines(b), bench.first_lines(c)), (Vec::new(), Vec::new()), "nor is it diverted");
        }
    }
}

#[test]
fn who_talks_with_a_phone_may_call_it_whatever_it_says() {
    for way in 0..2 {
        for mut bench in benches() {
            let (a, b, _) = three(&mut bench);
            crate::dialogs::call(&mut bench, a, b);
            bench.rules("1002", Rules { do_not_disturb: true, ..Rules::default() });
            let mut sent = invite("1001", "a2", "1002");
            sent.uri = names()[way].clone();
            bench.send(a, sent);
            assert_eq!(bench.request(b).method, Method::Invite);
        }
    }
}

#[test]
fn who_was_sent_to_a_phone_in_a_call_may_call_it_whatever_it_says() {
    for way in 0..2 {
        for mut bench in benches() {
            let (a, b, c) = three(&mut bench);
            // 1001 talks with both, and hands 1003 over to the phone of 1002.
            let call = crate::dialogs::call(&mut bench, a, b);
            let second = invite("1001", "a", "1003");
            bench.send(a, second.clone());
            let arrived = bench.request(c);
            bench.send(c, answer(&arrived, 200, "1003", "c"));
            let Some(Message::Response(accepted)) = bench.take(a).pop() else { panic!("no 200") };
            bench.rules("1002", Rules { do_not_disturb: true, ..Rules::default() });
            let target = names()[way].clone();
            let mut sent = invite("1003", "c", "1002");
            sent.uri = target.clone();
            bench.send(c, sent.clone());
            assert_eq!(bench.first_lines(c).last().map(String::as_str), Some("486 Busy Here"), "not yet");
            let mut refer = crate::messages::within("REFER", &second, &accepted, 5);
            refer.headers.push_raw("Refer-To", &format!("<{target}>")).unwrap();
            bench.send(a, refer);
            let refer = bench.request(c);
            bench.send(c, answer(&refer, 202, "1003", "c"));
            let mut sent = invite("1003", "c2", "1002");
            sent.uri = target.clone();
            bench.send(c, sent);
            let arrived = bench.request(b);
            assert_eq!(arrived.method, Method::Invite);
            bench.send(b, answer(&arrived, 486, "1002", "b"));
            bench.take(b);
            bench.take(c);
            // For a minute and a half.
            bench.pass(91_000);
            let mut sent = invite("1003", "c3", "1002");
            sent.uri = target;
            bench.send(c, sent);
            assert_eq!(bench.first_lines(c).last().map(String::as_str), Some("486 Busy Here"));
            drop(call);
        }
    }
}

#[test]
fn who_has_nothing_to_do_with_a_phone_sends_nobody_there() {
    let mut bench = Bench::new();
    let (a, b, c) = three(&mut bench);
    let call = crate::dialogs::call(&mut bench, a, b);
    let d = phone(&mut bench, "1003", "d");
    bench.rules("1003", Rules { do_not_disturb: true, ..Rules::default() });
    let mut refer = crate::messages::within("REFER", &call.sent, &call.accepted, 5);
    refer.headers.push_raw("Refer-To", "<sip:1003-d@d.invalid;transport=ws>").unwrap();
    bench.send(a, refer);
    let refer = bench.request(b);
    bench.send(b, answer(&refer, 202, "1002", "b"));
    let mut sent = invite("1002", "b", "1003");
    sent.uri = "sip:1003-d@d.invalid;transport=ws".parse().unwrap();
    bench.send(b, sent);
    assert_eq!(bench.first_lines(b), ["100 Trying", "486 Busy Here"]);
    assert_eq!((bench.first_lines(c), bench.first_lines(d)), (Vec::new(), Vec::new()));
}

#[test]
fn a_contact_that_two_people_registered_means_neither() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let call = |name: &str| {
            let mut sent = invite("1001", name, "1002");
            sent.uri = "sip:1002-b@B.invalid;transport=ws".parse().unwrap();
            sent
        };
        let same = |expires: u32, seq: u32| {
            let mut sent = crate::messages::register("1003", "x", seq, expires);
            sent.headers.remove(HeaderName::Contact);
            sent.headers.push_raw("Contact", "<sip:1002-b@b.invalid;transport=ws>").unwrap();
            sent
        };
        bench.send(c, same(3600, 1));
        bench.take(c);
        bench.send(a, call("a1"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "404 Not Found"]);
        assert_eq!((bench.first_lines(b), bench.first_lines(c)), (Vec::new(), Vec::new()));
        bench.send(c, same(0, 2));
        bench.take(c);
        bench.send(a, call("a2"));
        assert_eq!(bench.request(b).method, Method::Invite, "whose it is alone");
    }
}

#[test]
fn a_phone_rings_once_for_one_call() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let other = phone(&mut bench, "1002", "z");
        bench.send(a, invite("1001", "a", "1002"));
        let (at_b, at_other) = (bench.request(b), bench.request(other));
        bench.send(b, moved(&at_b, &["<sip:1003@tabphone>"]));
        bench.send(other, moved(&at_other, &["<sip:1003@tabphone>"]));
        let at_c = bench.request(c);
        bench.send(c, answer(&at_c, 486, "1003", "c"));
        assert_eq!(bench.request(c).method, Method::Ack);
        assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("486 Busy Here"));
    }
}

#[test]
fn who_has_two_numbers_rings_once() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.group("500", Order::AtOnce, &["1002", "1044"]);
        let party = sip::proxy::Party { user: "1002".into(), name: None };
        bench.routes.insert("1044".into(), party.into());
        bench.send(a, invite("1001", "a", "500"));
        let at_b = bench.request(b);
        bench.send(b, answer(&at_b, 486, "1002", "b"));
        assert_eq!(bench.request(b).method, Method::Ack);
        assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("486 Busy Here"));
    }
}

#[test]
fn one_phone_of_two_people_rings_once() {
    let mut bench = Bench::new();
    let a = phone(&mut bench, "1001", "a");
    let shared = bench.open_digest();
    for (user, password) in [("1002", "secret of two"), ("1003", "secret of three")] {
        let sent = crate::messages::register(user, "s", 1, 3600);
        bench.send(shared, sent.clone());
        let challenged = bench.response(shared);
        let md5 = sip::digest::Algorithm::Md5;
        bench.send(shared, crate::messages::signed(&sent, &challenged, md5, user, password));
        assert_eq!(bench.response(shared).status.code(), 200);
    }
    bench.group("500", Order::AtOnce, &["1002", "1003"]);
    bench.send(a, invite("1001", "a", "500"));
    assert_eq!(bench.request(shared).uri.to_string(), "sip:1002-s@s.invalid;transport=ws");
}

#[test]
fn that_a_phone_has_the_call_already_is_not_for_the_caller() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let other = phone(&mut bench, "1002", "z");
    bench.send(a, invite("1001", "a", "1002"));
    let (at_b, at_other) = (bench.request(b), bench.request(other));
    bench.send(b, answer(&at_b, 482, "1002", "b"));
    bench.send(other, answer(&at_other, 480, "1002", "z"));
    assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("480 Temporarily Unavailable"));
}

#[test]
fn a_phone_whose_registration_runs_out_stops_ringing() {
    for mut bench in benches() {
        let (a, b, _) = three(&mut bench);
        bench.send(b, register("1002", "b", 2, 60));
        bench.take(b);
        bench.pass(20_000);
        bench.send(a, invite("1001", "a", "1002"));
        let at_b = bench.request(b);
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        bench.pass(41_000);
        assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("480 Temporarily Unavailable"));
        let cancel = bench.request(b);
        assert_eq!(cancel.method, Method::Cancel);
        // What it says to that is in order, and nobody hears of it.
        bench.send(b, answer(&cancel, 200, "1002", "b"));
        bench.send(b, answer(&at_b, 487, "1002", "b"));
        assert_eq!((bench.first_lines(a), bench.first_lines(b)), (Vec::new(), Vec::new()));
    }
}

#[test]
fn without_call_waiting_a_second_call_is_busy_until_the_first_is_over() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let tab = phone(&mut bench, "1002", "tab");
        bench.rules("1002", Rules { no_call_waiting: true, ..Rules::default() });
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let arrived = bench.request(b);
        assert_eq!(bench.request(tab).method, Method::Invite, "one call rings on all phones");
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        bench.send(c, invite("1003", "c", "1002"));
        assert_eq!(bench.first_lines(c), ["100 Trying", "486 Busy Here"], "while it rings");
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        let Some(Message::Response(accepted)) = bench.take(a).pop() else { panic!("no 200") };
        bench.take(b);
        bench.take(tab);
        bench.send(c, invite("1003", "c2", "1002"));
        assert_eq!(bench.first_lines(c), ["100 Trying", "486 Busy Here"], "while it is up");
        assert_eq!(
            (bench.first_lines(b), bench.first_lines(tab)),
            (Vec::new(), Vec::new()),
            "no phone of theirs rings"
        );
        bench.send(a, crate::messages::within("BYE", &sent, &accepted, 2));
        bench.take(b);
        bench.send(c, invite("1003", "c3", "1002"));
        assert_eq!(bench.request(b).method, Method::Invite, "it is over");
    }
}

#[test]
fn who_calls_has_no_call_waiting_either_and_diversions_while_busy_act() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let d = phone(&mut bench, "1004", "d");
        bench.rules("1004", Rules::default());
        bench.rules("1002", Rules { no_call_waiting: true, busy: to("1004"), ..Rules::default() });
        bench.send(b, invite("1002", "b", "1001"));
        bench.request(a);
        bench.send(c, invite("1003", "c", "1002"));
        assert_eq!(bench.request(d).method, Method::Invite, "the diversion while busy");
        assert_eq!(bench.first_lines(b), ["100 Trying"], "nothing rings where one calls");
    }
}

#[test]
fn without_call_waiting_a_member_in_a_call_is_left_out_of_the_group() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let d = phone(&mut bench, "1004", "d");
        bench.rules("1004", Rules::default());
        bench.rules("1002", Rules { no_call_waiting: true, ..Rules::default() });
        bench.group("600", Order::AtOnce, &["1002", "1003"]);
        crate::dialogs::call(&mut bench, a, b);
        bench.send(d, invite("1004", "d", "600"));
        assert_eq!(bench.request(c).method, Method::Invite);
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
}
