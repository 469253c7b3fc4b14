//! What phones see of the proxy when connections come and go just as something is answered.

use crate::bench::{Bench, benches, phone};
use crate::dialogs::call;
use crate::messages::{again, answer, invite, register, request, signed, within, within_back};
use sip::digest::Algorithm;
use sip::header::{PAssertedIdentity, Via};
use sip::message::{Message, Method, Request};
use sip::proxy::Flow;

fn message(number: usize) -> Request {
    let own = "<sip:1001@tabphone>;tag=1";
    request("MESSAGE sip:1002@tabphone", own, "<sip:1002@tabphone>", &format!("m{number}"), &[])
}

/// A message that Bob's phone took, and whose 200 may not have reached Alice.
fn delivered(bench: &mut Bench, number: usize, a: Flow, b: Flow) -> Request {
    let sent = message(number);
    bench.send(a, sent.clone());
    let arrived = bench.request(b);
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    bench.take(a);
    sent
}

#[test]
fn co1_a_message_that_comes_again_is_answered_and_not_delivered_twice() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = delivered(&mut bench, 1, a, b);
        bench.send(a, sent.clone());
        assert_eq!(bench.first_lines(a), ["200 OK"], "over the same connection");
        bench.close(a);
        bench.pass(31_000);
        let back = bench.open("1001");
        bench.send(back, sent);
        assert_eq!(bench.first_lines(back), ["200 OK"]);
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
}

#[test]
fn co2_who_it_is_shows_later() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = delivered(&mut bench, 1, a, b);
        bench.close(a);
        let back = bench.open_digest();
        bench.send(back, sent);
        assert_eq!(bench.first_lines(back), [""; 0], "whoever it is");
        // A restored process asks for another signature.
        bench.restoring = false;
        let first = again(&register("1001", "a", 2, 3600));
        bench.send(back, first.clone());
        let challenge = bench.response(back);
        bench.send(back, signed(&first, &challenge, Algorithm::Md5, "1001", "secret of one"));
        assert_eq!(bench.first_lines(back), ["200 OK", "200 OK"], "the registration, and the message");
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
}

#[test]
fn co3_somebody_elses_or_later_it_is_another_request() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = delivered(&mut bench, 1, a, b);
        let other = phone(&mut bench, "1003", "c");
        bench.send(other, sent.clone());
        assert_eq!(bench.first_lines(other), ["403 Forbidden"], "not the answer to somebody else");
        bench.pass(32_000);
        bench.send(a, sent);
        assert_eq!(bench.request(b).method, Method::Message);
    }
}

/// 1001 registers over a connection where nobody has signed anything yet; what comes there.
fn registers(bench: &mut Bench, flow: Flow) -> Vec<String> {
    // A restored process asks for another signature.
    let restoring = std::mem::take(&mut bench.restoring);
    let first = again(&register("1001", "a", 2, 3600));
    bench.send(flow, first.clone());
    let challenge = bench.response(flow);
    bench.send(flow, signed(&first, &challenge, Algorithm::Md5, "1001", "secret of one"));
    bench.restoring = restoring;
    bench.first_lines(flow)
}

#[test]
fn re2_what_a_stranger_repeats_is_still_answered_to_who_sent_it() {
    let mut bench = Bench::new();
    let b = phone(&mut bench, "1002", "b");
    // A message that is signed before its phone is registered.
    let first = bench.open_digest();
    bench.send(first, message(1));
    let challenge = bench.response(first);
    let sent = signed(&message(1), &challenge, Algorithm::Md5, "1001", "secret of one");
    bench.send(first, sent.clone());
    let arrived = bench.request(b);
    bench.close(first);
    let (back, stranger) = (bench.open_digest(), bench.open_digest());
    for flow in [back, stranger] {
        bench.send(flow, sent.clone());
    }
    assert_eq!(registers(&mut bench, back), ["200 OK"]);
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    assert_eq!(bench.first_lines(back), ["200 OK"]);
    assert_eq!(bench.first_lines(stranger), [""; 0]);
}

#[test]
fn re2_what_was_answered_before_its_sender_is_known_reaches_them() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.send(a, message(1));
        let arrived = bench.request(b);
        bench.close(a);
        let back = bench.open_digest();
        bench.send(back, message(1));
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        assert_eq!(bench.first_lines(back), [""; 0], "whoever it is");
        assert_eq!(registers(&mut bench, back), ["200 OK", "200 OK"], "the registration, and the message");
    }
}

/// A call or a message of 1001 that is not signed yet.
fn unsigned(method: &str) -> Request {
    if method == "INVITE" { invite("1001", "a", "1002") } else { message(1) }
}

/// What 1003 sends, who saw that: the same word by word, or a request of their own by the same name.
fn by_the_same_name(seen: &Request, word_by_word: bool) -> Request {
    if word_by_word {
        return seen.clone();
    }
    let line = format!("{} sip:1002@tabphone", seen.method);
    let mut theirs = request(&line, "<sip:1003@tabphone>;tag=3", "<sip:1002@tabphone>", "theirs", &[]);
    theirs.headers.set(&seen.headers.get::<Via>().unwrap());
    theirs
}

#[test]
fn re3_what_somebody_else_sends_by_the_same_name_takes_no_request_away() {
    for (method, word_by_word) in [("INVITE", true), ("INVITE", false), ("MESSAGE", true), ("MESSAGE", false)] {
        for mut bench in benches() {
            let (b, other) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1003", "c"));
            bench.send(other, by_the_same_name(&unsigned(method), word_by_word));
            assert_eq!(bench.take(b).len(), usize::from(!word_by_word), "{method}");
            let own = bench.open_digest();
            bench.send(own, unsigned(method));
            assert_eq!(bench.first_lines(own), ["407 Proxy Authentication Required"], "{method}");
            let own = phone(&mut bench, "1001", "a");
            bench.send(own, unsigned(method));
            let arrived = bench.request(b);
            assert_eq!(arrived.headers.get::<PAssertedIdentity>().unwrap().0.uri.to_string(), "sip:1001@tabphone");
        }
    }
}

#[test]
fn re3_a_challenge_that_was_lost_is_sent_over_the_next_connection() {
    for closes in [true, false] {
        for mut bench in benches() {
            let first = bench.open_digest();
            bench.send(first, unsigned("INVITE"));
            assert_eq!(bench.first_lines(first), ["407 Proxy Authentication Required"]);
            if closes {
                bench.close(first);
            }
            let back = bench.open_digest();
            bench.send(back, unsigned("INVITE"));
            assert_eq!(bench.first_lines(back), ["407 Proxy Authentication Required"], "{closes}");
        }
    }
}

#[test]
fn co2_a_stranger_takes_no_answer_away() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = delivered(&mut bench, 1, a, b);
        let other = delivered(&mut bench, 2, a, b);
        bench.close(a);
        let (back, stranger) = (bench.open_digest(), bench.open_digest());
        // As often as anything may wait, and the same after it as before.
        for _ in 0..65 {
            bench.send(stranger, other.clone());
        }
        for flow in [back, stranger] {
            bench.send(flow, sent.clone());
        }
        assert_eq!(registers(&mut bench, back), ["200 OK", "200 OK"], "the registration, and the message");
        assert_eq!(bench.first_lines(stranger), [""; 0]);
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
}

#[test]
fn co3_somebody_elses_request_of_the_same_name_takes_no_answer_away() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = delivered(&mut bench, 1, a, b);
        let other = phone(&mut bench, "1003", "c");
        bench.send(other, sent.clone());
        assert_eq!(bench.first_lines(other), ["403 Forbidden"]);
        bench.send(a, sent.clone());
        assert_eq!(bench.first_lines(a), ["200 OK"], "what was answered to it");
        // And while theirs is under way.
        let sent = delivered(&mut bench, 2, a, b);
        let mut theirs =
            request("MESSAGE sip:1002@tabphone", "<sip:1003@tabphone>;tag=3", "<sip:1002@tabphone>", "m1", &[]);
        theirs.headers.set(&sent.headers.get::<Via>().unwrap());
        bench.send(other, theirs);
        assert_eq!(bench.request(b).method, Method::Message);
        bench.send(a, sent);
        assert_eq!(bench.first_lines(a), ["200 OK"]);
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
}

#[test]
fn so_many_of_each_connection() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    for number in 0..65 {
        delivered(&mut bench, number, a, b);
    }
    bench.send(a, message(1));
    assert_eq!(bench.first_lines(a), ["200 OK"]);
    bench.send(a, message(0));
    assert_eq!(bench.request(b).method, Method::Message, "the oldest was forgotten");
}

/// A call that another process made, of whose phones only Alice's is back.
fn restarted() -> (Bench, Flow, Request) {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let call = call(&mut bench, a, b);
    let mut next = Bench::seeded(3);
    let a = phone(&mut next, "1001", "a");
    (next, a, within("BYE", &call.sent, &call.accepted, 2))
}

#[test]
fn a_bye_waits_for_a_phone_that_is_not_back_after_a_restart() {
    for restoring in [false, true] {
        let (mut bench, a, bye) = restarted();
        bench.restoring = restoring;
        bench.send(a, bye);
        let other = phone(&mut bench, "1002", "z");
        bench.pass(10_000);
        assert_eq!(bench.first_lines(a), [""; 0]);
        let b = phone(&mut bench, "1002", "other");
        assert_eq!(bench.first_lines(b), [""; 0], "another phone");
        let back = bench.open("1002");
        bench.send(back, register("1002", "b", 2, 3600));
        let seen = bench.take(back);
        let [_, Message::Request(arrived)] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!(arrived.method, Method::Bye);
        bench.send(back, answer(arrived, 200, "1002", "b"));
        assert_eq!(bench.first_lines(a), ["200 OK"]);
        assert_eq!(bench.first_lines(other), [""; 0]);
    }
}

#[test]
fn a_bye_does_not_wait_for_ever() {
    let (mut bench, a, bye) = restarted();
    bench.send(a, bye.clone());
    bench.pass(31_999);
    assert_eq!(bench.first_lines(a), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.first_lines(a), ["481 Call/Transaction Does Not Exist"]);
    let (mut bench, a, bye) = restarted();
    bench.pass(32_000);
    bench.send(a, bye);
    assert_eq!(bench.first_lines(a), ["481 Call/Transaction Does Not Exist"], "all phones had their time");
}

#[test]
fn a_connection_of_another_process_is_another_connection() {
    let mut bench = Bench::new();
    let a = bench.open("1001");
    let b = phone(&mut bench, "1002", "b");
    let call = call(&mut bench, a, b);
    let mut next = Bench::seeded(3);
    let stranger = next.open("1003");
    assert_eq!(stranger, a, "it has the same name");
    let b = phone(&mut next, "1002", "b");
    next.send(b, within_back("BYE", &call.arrived, &call.accepted, 2));
    assert_eq!(next.first_lines(b), ["481 Call/Transaction Does Not Exist"]);
    assert_eq!(next.first_lines(stranger), [""; 0]);
}

#[test]
fn a_way_is_good_for_one_call() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let own = call(&mut bench, a, b);
    let third = phone(&mut bench, "1003", "c");
    // The third calls 1002 as well, once by another name, and once by the same that the call of the others has.
    for (name, same) in [("c", false), ("d", true)] {
        let mut sent = invite("1003", name, "1002");
        if same {
            sent.headers.set(&"call-1001-a-1002".parse::<sip::header::CallId>().unwrap());
        }
        bench.send(third, sent.clone());
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 200, "1002", name));
        let seen = bench.take(third);
        let Some(Message::Response(accepted)) = seen.last() else { panic!("{seen:?}") };
        for method in ["BYE", "INVITE", "UPDATE", "INFO", "REFER"] {
            let mut forged = within(method, &own.sent, &own.accepted, if same { 8 } else { 9 });
            let route = accepted.headers.get::<sip::header::RecordRoute>().unwrap().to_string();
            forged.headers.remove(sip::message::HeaderName::Route);
            forged.headers.push_raw("Route", &route).unwrap();
            bench.send(third, forged);
            let refused = bench.first_lines(third);
            assert_eq!(refused.last().unwrap(), "481 Call/Transaction Does Not Exist", "{method} {name}");
        }
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
    assert_eq!(bench.proxy.calls("1001"), 1);
}

#[test]
fn what_belongs_into_a_dialog_is_nothing_outside_of_one() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    for method in ["BYE", "INFO", "UPDATE", "PRACK", "NOTIFY"] {
        let line = format!("{method} sip:1002@tabphone");
        bench.send(a, request(&line, "<sip:1001@tabphone>;tag=1", "<sip:1002@tabphone>", method, &[]));
        assert_eq!(bench.first_lines(a), ["481 Call/Transaction Does Not Exist"], "{method}");
    }
    assert_eq!(bench.first_lines(b), [""; 0]);
}
