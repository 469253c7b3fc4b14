//! What phones that break the rules, and strangers, cannot do.

use crate::bench::{Bench, benches, phone, ring};
use crate::messages::{again, answer, invite, request, signed, within};
use sip::digest::Algorithm;
use sip::header::{CSeq, CallId, PAssertedIdentity, Via};
use sip::message::{Message, Method};
use sip::proxy::Flow;

/// 1001 calls 1002, whose phone rings.
fn ringing(bench: &mut Bench) -> (Flow, Flow, sip::message::Request) {
    let (a, b) = (phone(bench, "1001", "a"), phone(bench, "1002", "b"));
    let (_, arrived) = ring(bench, a, b);
    bench.take(a);
    (a, b, arrived)
}

#[test]
fn a_phone_that_never_ends_what_was_cancelled_is_forgotten() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    for call in 0..3 {
        let mut sent = invite("1001", "a", "1002");
        sent.headers.set(&format!("call-{call}").parse::<CallId>().unwrap());
        let mut via = sent.headers.get::<Via>().unwrap();
        via.params.set("branch", Some(&format!("z9hG4bKcall{call}"))).unwrap();
        sent.headers.set(&via);
        bench.send(a, sent.clone());
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        bench.take(a);
        bench.send(a, sip::transaction::cancel(&sent));
        let seen = bench.first_lines(b);
        assert!(seen[0].starts_with("CANCEL"), "{seen:?}");
        bench.pass(33_000);
        let ended = bench.take(a).into_iter().find_map(|message| match message {
            Message::Response(response) if response.status.code() == 487 => Some(response),
            Message::Response(_) | Message::Request(_) => None,
        });
        bench.send(a, sip::transaction::ack(&sent, &ended.expect("the caller is told")));
        bench.pass(33_000);
        assert_eq!(bench.proxy.pending(), 0, "after call {call}");
    }
}

#[test]
fn a_call_without_its_caller_is_not_for_who_signed_nothing() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    let stranger = bench.open_digest();
    bench.close(a);
    bench.send(stranger, invite("1001", "a", "1002"));
    assert_eq!(bench.first_lines(stranger), [""; 0]);
    bench.send(stranger, sip::transaction::cancel(&invite("1001", "a", "1002")));
    assert_eq!(bench.first_lines(stranger), ["481 Call/Transaction Does Not Exist"]);
    assert_eq!(bench.first_lines(b), [""; 0], "it goes on ringing");
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    assert_eq!(bench.first_lines(stranger), [""; 0]);
}

#[test]
fn an_ack_of_somebody_else_ends_no_call() {
    for mut bench in benches() {
        let (a, b, arrived) = ringing(&mut bench);
        bench.close(a);
        bench.send(b, answer(&arrived, 486, "1002", "b"));
        bench.take(b);
        let sent = invite("1001", "a", "1002");
        let forged = sip::transaction::ack(&sent, &answer(&sent, 486, "1002", "b"));
        for stranger in [phone(&mut bench, "1003", "c"), bench.open_digest()] {
            bench.send(stranger, forged.clone());
        }
        let back = bench.open("1001");
        bench.send(back, sent);
        assert_eq!(bench.first_lines(back), ["486 Busy Here"], "who missed it hears it");
        assert_eq!(bench.first_lines(b), [""; 0], "it does not ring again");
        bench.send(back, forged);
        assert_eq!(bench.proxy.pending(), 0, "the caller's own ACK ends it");
    }
}

#[test]
fn a_caller_who_signed_over_the_next_connection_goes_on() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    bench.close(a);
    let back = bench.open_digest();
    let own = "<sip:1001@tabphone>;tag=1";
    let message = request("MESSAGE sip:1002@tabphone", own, "<sip:1002@tabphone>", "m1", &[]);
    bench.send(back, message.clone());
    let challenge = bench.response(back);
    bench.send(back, signed(&message, &challenge, Algorithm::Md5, "1001", "secret of one"));
    bench.take(b);
    bench.send(back, invite("1001", "a", "1002"));
    assert_eq!(bench.first_lines(back), ["180 Ringing"]);
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    assert_eq!(bench.first_lines(back), ["200 OK"]);
}

#[test]
fn what_was_said_while_the_caller_was_away_is_said_again() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    bench.close(a);
    bench.send(b, answer(&arrived, 486, "1002", "b"));
    let back = bench.open_digest();
    let first = again(&crate::messages::register("1001", "a", 2, 3600));
    bench.send(back, first.clone());
    let challenge = bench.response(back);
    bench.send(back, signed(&first, &challenge, Algorithm::Md5, "1001", "secret of one"));
    assert_eq!(bench.first_lines(back), ["200 OK", "486 Busy Here"]);
}

#[test]
fn a_caller_who_comes_back_before_they_registered_goes_on_once_they_do() {
    let mut bench = Bench::new();
    let b = phone(&mut bench, "1002", "b");
    // A call that is signed before its phone is registered.
    let first = bench.open_digest();
    bench.send(first, invite("1001", "a", "1002"));
    let challenge = bench.response(first);
    let mut sent = signed(&invite("1001", "a", "1002"), &challenge, Algorithm::Md5, "1001", "secret of one");
    let mut via: Via = sent.headers.get().unwrap();
    via.params.set("branch", Some("z9hG4bKsigned")).unwrap();
    sent.headers.set(&via);
    bench.send(first, sent.clone());
    let arrived = bench.request(b);
    bench.close(first);
    // Its INVITE comes again over a connection of which nobody knows yet whose it is.
    let back = bench.open_digest();
    bench.send(back, sent);
    bench.send(b, answer(&arrived, 180, "1002", "b"));
    assert_eq!(bench.first_lines(back), [""; 0]);
    let registers = again(&crate::messages::register("1001", "a", 2, 3600));
    bench.send(back, registers.clone());
    let challenge = bench.response(back);
    bench.send(back, signed(&registers, &challenge, Algorithm::Md5, "1001", "secret of one"));
    assert_eq!(bench.first_lines(back), ["200 OK", "180 Ringing"]);
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    assert_eq!(bench.first_lines(back), ["200 OK"]);
}

#[test]
fn a_caller_who_comes_back_with_a_cancel_hears_what_was_said_meanwhile() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    bench.close(a);
    bench.send(b, answer(&arrived, 486, "1002", "b"));
    let back = bench.open("1001");
    bench.send(back, sip::transaction::cancel(&invite("1001", "a", "1002")));
    assert_eq!(bench.first_lines(back), ["200 OK", "486 Busy Here"]);
}

#[test]
fn a_caller_who_comes_back_and_signs_something_else_goes_on() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    bench.close(a);
    let back = bench.open_digest();
    bench.send(back, invite("1001", "a", "1002"));
    bench.send(b, answer(&arrived, 486, "1002", "b"));
    assert_eq!(bench.first_lines(back), [""; 0]);
    let own = "<sip:1001@tabphone>;tag=1";
    let message = request("MESSAGE sip:1002@tabphone", own, "<sip:1002@tabphone>", "m1", &[]);
    bench.send(back, message.clone());
    let challenge = bench.response(back);
    bench.send(back, signed(&message, &challenge, Algorithm::Md5, "1001", "secret of one"));
    assert_eq!(bench.first_lines(back), ["486 Busy Here"]);
}

#[test]
fn a_phone_that_rings_for_a_call_that_was_given_up_is_told() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    bench.send(a, invite("1001", "a", "1002"));
    let arrived = bench.request(b);
    // The phone is frozen, and says nothing: nobody waits for it any more.
    bench.pass(33_000);
    let seen = bench.first_lines(a);
    assert_eq!(seen.last().map(String::as_str), Some("408 Request Timeout"), "{seen:?}");
    bench.pass(200_000);
    bench.send(b, answer(&arrived, 180, "1002", "b"));
    let cancel = bench.request(b);
    assert_eq!(cancel.method, Method::Cancel);
    assert_eq!(cancel.headers.get::<Via>(), arrived.headers.get::<Via>(), "it is that call which is cancelled");
    assert_eq!(cancel.headers.get::<sip::header::To>(), arrived.headers.get::<sip::header::To>());
    bench.send(b, answer(&arrived, 487, "1002", "b"));
    assert_eq!(bench.first_lines(a), [""; 0]);
}

#[test]
fn who_registers_elsewhere_gets_nothing_of_a_call_that_is_not_theirs() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    bench.close(a);
    let stranger = bench.open_digest();
    bench.send(stranger, invite("1001", "a", "1002"));
    let registers = again(&crate::messages::register("1002", "c", 2, 3600));
    bench.send(stranger, registers.clone());
    let challenge = bench.response(stranger);
    bench.send(stranger, signed(&registers, &challenge, Algorithm::Md5, "1002", "secret of two"));
    assert_eq!(bench.first_lines(stranger), ["200 OK"]);
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    assert_eq!(bench.first_lines(stranger), [""; 0]);
}

#[test]
fn a_response_names_the_call_it_is_for() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    for forged in 0..3 {
        let mut accepted = answer(&arrived, 200, "1002", &format!("b{forged}"));
        accepted.headers.set(&format!("forged-{forged}").parse::<CallId>().unwrap());
        bench.send(b, accepted);
    }
    let mut accepted = answer(&arrived, 200, "1002", "b");
    let from: sip::header::From = "<sip:1001@tabphone>;tag=forged".parse().unwrap();
    accepted.headers.set(&from);
    bench.send(b, accepted);
    assert_eq!(bench.first_lines(a), [""; 0]);
    assert_eq!(bench.proxy.calls("1001"), 0);
    let accepted = answer(&arrived, 200, "1002", "b");
    bench.send(b, accepted.clone());
    let accepted_here = bench.response(a);
    assert_eq!(bench.proxy.calls("1001"), 1);
    bench.send(a, within("BYE", &invite("1001", "a", "1002"), &accepted_here, 2));
    assert_eq!(bench.proxy.calls("1001"), 0);
}

#[test]
fn a_response_comes_from_the_phone_that_was_asked() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    let stranger = bench.open_digest();
    let other = phone(&mut bench, "1003", "c");
    for flow in [stranger, other] {
        bench.send(flow, answer(&arrived, 200, "1002", "b"));
        assert_eq!(bench.first_lines(a), [""; 0]);
    }
    // The same phone may have come back over another connection, and have said nothing there yet.
    let back = bench.open("1002");
    bench.send(back, answer(&arrived, 200, "1002", "b"));
    assert_eq!(bench.response(a).headers.get::<CSeq>().unwrap().method, Method::Invite);
    bench.take(b);
}

#[test]
fn who_hides_from_the_callee_is_asserted_all_the_same() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let mut sent = invite("1001", "a", "1002");
    let from: sip::header::From = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=ca".parse().unwrap();
    sent.headers.set(&from);
    bench.send(a, sent);
    let identity = bench.request(b).headers.get::<PAssertedIdentity>().unwrap();
    assert_eq!(identity.to_string(), "\"Alice\" <sip:1001@tabphone>");
}

#[test]
fn a_signature_is_good_for_one_process() {
    let mut bench = Bench::new();
    let flow = bench.open_digest();
    let own = "<sip:1001@tabphone>;tag=1";
    let message = request("MESSAGE sip:1002@tabphone", own, "<sip:1002@tabphone>", "m1", &[]);
    bench.send(flow, message.clone());
    let challenge = bench.response(flow);
    let signature = signed(&message, &challenge, Algorithm::Md5, "1001", "secret of one");
    bench.send(flow, signature.clone());
    assert_eq!(bench.first_lines(flow), ["480 Temporarily Unavailable"], "it is taken, and 1002 is not there");
    let mut next = Bench::seeded(3);
    next.now = bench.now;
    let flow = next.open_digest();
    next.send(flow, signature);
    assert_eq!(next.first_lines(flow), ["407 Proxy Authentication Required"]);
}

#[test]
fn a_response_that_lost_its_way_back_is_none() {
    let mut bench = Bench::new();
    let (a, b, arrived) = ringing(&mut bench);
    let mut refused = answer(&arrived, 400, "1002", "b");
    let own: Via = refused.headers.get().unwrap();
    refused.headers.set(&own);
    bench.send(b, refused);
    assert_eq!(bench.first_lines(a), [""; 0]);
    bench.send(b, answer(&arrived, 486, "1002", "b"));
    assert_eq!(bench.first_lines(a), ["486 Busy Here"], "the call goes on until it is answered");
}
