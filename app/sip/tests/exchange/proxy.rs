//! What phones see of the proxy (RFC 3261 16).

use crate::bench::{
    Bench, answer, first_line, invite, register, request, signed, within, within_back,
};
use sip::digest::Algorithm;
use sip::header::{CSeq, MaxForwards, PAssertedIdentity, Reason, RecordRoute, Via};
use sip::message::{HeaderName, Message, Method, Request, Response};
use sip::proxy::Event;
use sip::registrar::Flow;

/// A phone that is registered.
fn phone(bench: &mut Bench, user: &str, name: &str) -> Flow {
    let flow = bench.open(user);
    bench.send(flow, register(user, name, 1, 3600));
    assert_eq!(bench.response(flow).status.code(), 200);
    flow
}

/// Both benches: as it runs, and saved and restored after every step.
fn benches() -> [Bench; 2] {
    [Bench::new(), Bench::restoring()]
}

/// A call that is up: the INVITE as sent, as it arrived, and the 200 as it arrived back.
struct Call {
    sent: Request,
    arrived: Request,
    accepted: Response,
}

fn call(bench: &mut Bench, caller: Flow, callee: Flow) -> Call {
    let sent = invite("1001", "a", "1002");
    bench.send(caller, sent.clone());
    let arrived = bench.request(callee);
    bench.send(callee, answer(&arrived, 180, "1002", "b"));
    bench.send(callee, answer(&arrived, 200, "1002", "b"));
    let seen = bench.take(caller);
    let Some(Message::Response(accepted)) = seen.last().cloned() else { panic!("no 200") };
    assert_eq!(seen.iter().map(first_line).collect::<Vec<_>>(), ["100 Trying", "180 Ringing", "200 OK"]);
    bench.send(caller, within("ACK", &sent, &accepted, 1));
    assert_eq!(bench.request(callee).method, Method::Ack);
    Call { sent, arrived, accepted }
}

fn counts(bench: &mut Bench) -> Vec<(String, usize)> {
    let events = std::mem::take(&mut bench.events);
    events
        .into_iter()
        .filter_map(|event| match event {
            Event::Calls { user, count } => Some((user, count)),
            Event::Rejected { .. } => None,
        })
        .collect()
}

#[test]
fn a_call_and_its_end_either_way() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        for backwards in [false, true] {
            let call = call(&mut bench, a, b);
            assert_eq!(counts(&mut bench), [("1001".into(), 1), ("1002".into(), 1)]);
            let (from, to, bye) = if backwards {
                (b, a, within_back("BYE", &call.arrived, &call.accepted, 2))
            } else {
                (a, b, within("BYE", &call.sent, &call.accepted, 2))
            };
            bench.send(from, bye);
            let arrived = bench.request(to);
            assert_eq!(arrived.method, Method::Bye);
            assert!(!arrived.headers.contains(HeaderName::Route));
            bench.send(to, answer(&arrived, 200, "x", "x"));
            assert_eq!(bench.response(from).status.code(), 200);
            assert_eq!(counts(&mut bench), [("1001".into(), 0), ("1002".into(), 0)]);
            bench.pass(40_000);
            assert_eq!(bench.proxy.pending(), 0, "nothing is left of it");
        }
    }
}

#[test]
fn what_arrives_is_what_was_sent_and_says_who_sent_it() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let mut sent = invite("1001", "a", "1002");
    sent.headers.push_raw("P-Asserted-Identity", "<sip:boss@tabphone>").unwrap();
    sent.headers.push_raw("P-Preferred-Identity", "<sip:boss@tabphone>").unwrap();
    sent.headers.push_raw("X-Own", "kept").unwrap();
    sent.body = b"v=0\r\n".to_vec();
    bench.send(a, sent);
    let arrived = bench.request(b);
    assert_eq!(arrived.uri.to_string(), "sip:1002-b@b.invalid;transport=ws");
    assert_eq!(arrived.headers.all::<Via>().unwrap().len(), 2);
    assert_eq!(arrived.headers.get::<MaxForwards>().unwrap(), MaxForwards(69));
    let identities = arrived.headers.all::<PAssertedIdentity>().unwrap();
    assert_eq!(identities.iter().map(ToString::to_string).collect::<Vec<_>>(), ["\"Alice\" <sip:1001@tabphone>"]);
    assert!(!arrived.headers.contains(HeaderName::PPreferredIdentity));
    assert_eq!(arrived.headers.iter().find(|(name, _)| *name == "X-Own"), Some(("X-Own", "kept")));
    assert_eq!(arrived.body, b"v=0\r\n");
    bench.take(a);
    bench.send(b, answer(&arrived, 180, "1002", "b"));
    let ringing = bench.response(a);
    assert_eq!(ringing.headers.all::<Via>().unwrap().len(), 1);
    assert_eq!(ringing.headers.get::<PAssertedIdentity>().unwrap().to_string(), "\"Bob\" <sip:1002@tabphone>");
}

#[test]
fn who_cannot_be_called() {
    let mut bench = Bench::new();
    let a = phone(&mut bench, "1001", "a");
    let mut refused = |request: Request| {
        bench.send(a, request);
        let lines = bench.first_lines(a);
        lines.last().unwrap().clone()
    };
    assert_eq!(refused(invite("1001", "a", "4711")), "404 Not Found");
    assert_eq!(refused(invite("1001", "a", "1002")), "480 Temporarily Unavailable");
    assert_eq!(refused(invite("1001", "a", "1001")), "480 Temporarily Unavailable", "the phone that asks is not called");
    assert_eq!(refused(invite("1002", "a", "1001")), "403 Forbidden", "as somebody else");
    let own = "<sip:1001@tabphone>;tag=1";
    let other = |line: &str, headers: &[&str]| request(line, own, "<sip:x@y.example>", &line.replace([' ', ':', '+'], "-"), headers);
    assert_eq!(refused(other("INVITE sip:x@y.example", &[])), "404 Not Found");
    assert_eq!(refused(other("INVITE tel:+1555", &[])), "416 Unsupported URI Scheme");
    assert_eq!(refused(other("INVITE sip:1002@tabphone", &["Route: <sip:y.example;lr>"])), "404 Not Found");
    assert_eq!(refused(other("INVITE sip:1002@alias.example", &["Proxy-Require: foo"])), "420 Bad Extension");
    assert_eq!(refused(other("SUBSCRIBE sip:tabphone", &[])), "405 Method Not Allowed");
    assert_eq!(refused(other("OPTIONS sip:tabphone", &[])), "200 OK");
    let mut tired = invite("1001", "a", "1003");
    tired.headers.set(&MaxForwards(0));
    assert_eq!(refused(tired), "483 Too Many Hops");
}

#[test]
fn cancel_before_the_answer() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        bench.take(a);
        bench.send(a, sip::transaction::cancel(&sent));
        assert_eq!(bench.response(a).headers.get::<CSeq>().unwrap().method, Method::Cancel);
        let cancel = bench.request(b);
        assert_eq!(cancel.method, Method::Cancel);
        assert_eq!(cancel.headers.get::<Via>().unwrap().branch(), arrived.headers.get::<Via>().unwrap().branch());
        bench.send(b, answer(&cancel, 200, "1002", "b"));
        bench.send(b, answer(&arrived, 487, "1002", "b"));
        assert_eq!(bench.request(b).method, Method::Ack);
        let ended = bench.response(a);
        assert_eq!(ended.status.code(), 487);
        bench.send(a, sip::transaction::ack(&sent, &ended));
        assert_eq!(bench.first_lines(b), [""; 0], "that ACK goes no further");
        assert_eq!(bench.proxy.pending(), 0);
    }
}

#[test]
fn cancel_waits_for_the_phone_to_say_something() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let arrived = bench.request(b);
        bench.send(a, sip::transaction::cancel(&sent));
        assert_eq!(bench.first_lines(b), [""; 0], "RFC 3261 9.1");
        bench.send(b, answer(&arrived, 100, "1002", "b"));
        assert_eq!(bench.request(b).method, Method::Cancel);
    }
}

#[test]
fn a_cancel_of_nothing() {
    let mut bench = Bench::new();
    let a = phone(&mut bench, "1001", "a");
    bench.send(a, sip::transaction::cancel(&invite("1001", "a", "1002")));
    assert_eq!(bench.response(a).status.code(), 481);
}

#[test]
fn every_phone_rings_and_one_answers() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let (at_b, at_c) = (bench.request(b), bench.request(c));
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        bench.send(c, answer(&at_c, 180, "1002", "c"));
        bench.send(c, answer(&at_c, 200, "1002", "c"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "180 Ringing", "180 Ringing", "200 OK"]);
        let cancel = bench.request(b);
        let reason = cancel.headers.get::<Reason>().unwrap().to_string();
        assert_eq!(reason.replace(' ', ""), "SIP;cause=200;text=\"Callcompletedelsewhere\"");
        bench.send(b, answer(&cancel, 200, "1002", "b"));
        bench.send(b, answer(&at_b, 487, "1002", "b"));
        assert_eq!(bench.first_lines(a), [""; 0], "the caller has its answer");
        // Both answered at once: the other 200 is not lost, the caller will hang that up.
        bench.send(c, answer(&at_c, 200, "1002", "c"));
        assert_eq!(bench.first_lines(a), ["200 OK"]);
    }
}

#[test]
fn the_best_of_several_refusals() {
    for (first, second, best) in [(486, 480, 486), (480, 486, 486), (404, 302, 302), (500, 486, 486), (503, 500, 500), (487, 408, 487)] {
        let mut bench = Bench::new();
        let a = phone(&mut bench, "1001", "a");
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
        bench.send(a, invite("1001", "a", "1002"));
        bench.take(a);
        let (at_b, at_c) = (bench.request(b), bench.request(c));
        bench.send(b, answer(&at_b, first, "1002", "b"));
        assert_eq!(bench.first_lines(a), [""; 0], "the other phone still rings");
        bench.send(c, answer(&at_c, second, "1002", "c"));
        assert_eq!(bench.response(a).status.code(), best, "{first} and {second}");
    }
}

#[test]
fn one_declines_for_all() {
    let mut bench = Bench::new();
    let a = phone(&mut bench, "1001", "a");
    let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
    bench.send(a, invite("1001", "a", "1002"));
    bench.take(a);
    let (at_b, at_c) = (bench.request(b), bench.request(c));
    bench.send(b, answer(&at_b, 180, "1002", "b"));
    bench.send(c, answer(&at_c, 603, "1002", "c"));
    assert_eq!(bench.request(b).method, Method::Cancel);
    bench.send(b, answer(&at_b, 487, "1002", "b"));
    assert_eq!(bench.first_lines(a), ["180 Ringing", "603 Decline"]);
}

#[test]
fn nobody_answers() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.send(a, invite("1001", "a", "1002"));
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        bench.take(a);
        bench.pass(44_999);
        assert_eq!(bench.first_lines(b), [""; 0]);
        bench.pass(1);
        assert_eq!(bench.request(b).method, Method::Cancel);
        bench.send(b, answer(&arrived, 487, "1002", "b"));
        assert_eq!(bench.response(a).status.code(), 408);
    }
}

#[test]
fn a_dead_phone_is_given_up_after_32_seconds() {
    let mut bench = Bench::new();
    let (a, _b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    bench.send(a, invite("1001", "a", "1002"));
    bench.take(a);
    bench.pass(31_999);
    assert_eq!(bench.first_lines(a), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.response(a).status.code(), 408);
}

#[test]
fn the_callee_is_back_over_another_connection_and_hears_the_bye() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let call = call(&mut bench, a, b);
        bench.close(b);
        bench.send(a, within("BYE", &call.sent, &call.accepted, 2));
        assert_eq!(bench.first_lines(a), [""; 0], "it waits for the phone");
        let back = bench.open("1002");
        bench.send(back, register("1002", "b", 2, 3600));
        assert_eq!(bench.first_lines(back), ["200 OK", "BYE sip:1002-b@b.invalid;transport=ws"]);
    }
}

#[test]
fn a_phone_that_is_just_back_may_hang_up_before_it_registers() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let call = call(&mut bench, a, b);
    let back = bench.open("1002");
    bench.send(back, within_back("BYE", &call.arrived, &call.accepted, 2));
    let arrived = bench.request(a);
    bench.send(a, answer(&arrived, 200, "1001", "a"));
    assert_eq!(bench.response(back).status.code(), 200);
}

#[test]
fn a_phone_that_comes_back_while_it_rings_gets_the_invite_again() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.send(a, invite("1001", "a", "1002"));
        let arrived = bench.request(b);
        bench.close(b);
        let back = bench.open("1002");
        bench.send(back, register("1002", "b", 2, 3600));
        let seen = bench.take(back);
        assert_eq!(seen.last(), Some(&Message::from(arrived.clone())), "a retransmission, which it knows");
        bench.take(a);
        bench.send(back, answer(&arrived, 200, "1002", "b"));
        assert_eq!(bench.response(a).status.code(), 200);
    }
}

#[test]
fn a_caller_that_comes_back_gets_its_responses_there() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        bench.close(a);
        let back = bench.open("1001");
        bench.send(back, register("1001", "a", 2, 3600));
        bench.take(back);
        bench.send(back, sent);
        assert_eq!(bench.response(back).status.code(), 180, "what it may have missed");
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        assert_eq!(bench.response(back).status.code(), 200);
    }
}

#[test]
fn a_caller_that_does_not_come_back_stops_ringing() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.send(a, invite("1001", "a", "1002"));
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 180, "1002", "b"));
        bench.close(a);
        bench.pass(31_000);
        assert_eq!(bench.first_lines(b), [""; 0]);
        bench.pass(1_000);
        assert_eq!(bench.request(b).method, Method::Cancel);
    }
}

#[test]
fn nobody_else_can_speak_in_a_call() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let call = call(&mut bench, a, b);
    counts(&mut bench);
    let bye = within("BYE", &call.sent, &call.accepted, 2);
    let third = phone(&mut bench, "1003", "c");
    bench.send(third, bye.clone());
    assert_eq!(bench.response(third).status.code(), 481, "another user");
    let other = phone(&mut bench, "1001", "z");
    let mut elsewhere = bye.clone();
    elsewhere.headers.pop_front::<Via>();
    elsewhere.headers.push_raw("Via", "SIP/2.0/WS z.invalid;branch=z9hG4bKz").unwrap();
    bench.send(other, elsewhere);
    assert_eq!(bench.response(other).status.code(), 481, "another phone of the same user");
    let mut forged = bye.clone();
    let route = forged.headers.get::<sip::header::Route>().unwrap().to_string();
    forged.headers.remove(HeaderName::Route);
    forged.headers.push_raw("Route", &route.replacen("31303031", "31303033", 1)).unwrap();
    bench.send(third, forged);
    assert_eq!(bench.response(third).status.code(), 481, "a route of one's own making");
    let mut bare = bye;
    bare.headers.remove(HeaderName::Route);
    bench.send(third, bare);
    assert_eq!(bench.response(third).status.code(), 481);
    assert_eq!(bench.first_lines(b), [""; 0]);
    assert_eq!(counts(&mut bench), [], "the call goes on");
}

#[test]
fn a_phone_that_stays_away_is_in_no_call() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let call = call(&mut bench, a, b);
        counts(&mut bench);
        bench.close(b);
        assert_eq!(counts(&mut bench), [], "it may come back");
        bench.pass(32_000);
        assert_eq!(counts(&mut bench), [("1001".into(), 0), ("1002".into(), 0)]);
        bench.send(a, within("BYE", &call.sent, &call.accepted, 2));
        assert_eq!(bench.response(a).status.code(), 481);
    }
}

#[test]
fn every_request_of_a_stranger_is_signed() {
    for mut bench in benches() {
        let b = phone(&mut bench, "1002", "b");
        let flow = bench.open_digest();
        let sent = invite("1001", "s", "1002");
        bench.send(flow, sent.clone());
        let challenge = bench.response(flow);
        assert_eq!(challenge.status.code(), 407);
        bench.send(flow, sip::transaction::ack(&sent, &challenge));
        let retry = signed(&sent, &challenge, Algorithm::Md5, "1001", "secret of one");
        bench.send(flow, retry.clone());
        assert_eq!(bench.response(flow).status.code(), 100);
        let arrived = bench.request(b);
        assert!(!arrived.headers.contains(HeaderName::ProxyAuthorization));
        assert_eq!(arrived.headers.get::<PAssertedIdentity>().unwrap().to_string(), "\"Alice\" <sip:1001@tabphone>");
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        let accepted = bench.response(flow);
        bench.send(flow, within("ACK", &retry, &accepted, 2));
        assert_eq!(bench.request(b).method, Method::Ack);
        let bye = within("BYE", &retry, &accepted, 3);
        bench.send(flow, bye.clone());
        let challenge = bench.response(flow);
        assert_eq!(challenge.status.code(), 407);
        bench.send(flow, signed(&bye, &challenge, Algorithm::Sha256, "1001", "secret of one"));
        assert_eq!(bench.request(b).method, Method::Bye);
    }
}

#[test]
fn a_stranger_signs_as_itself() {
    let mut bench = Bench::new();
    let flow = bench.open_digest();
    let sent = invite("1001", "s", "1002");
    bench.send(flow, sent.clone());
    let challenge = bench.response(flow);
    bench.send(flow, signed(&sent, &challenge, Algorithm::Md5, "1003", "secret of three"));
    assert_eq!(bench.first_lines(flow), ["100 Trying", "403 Forbidden"]);
    let sent = invite("1001", "t", "1002");
    bench.send(flow, sent.clone());
    let challenge = bench.response(flow);
    bench.send(flow, signed(&sent, &challenge, Algorithm::Md5, "1001", "a guess"));
    assert_eq!(bench.response(flow).status.code(), 407);
    assert_eq!(bench.rejected, 1);
}

#[test]
fn a_message_reaches_every_phone_and_one_answer_is_enough() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
        let own = "<sip:1001@tabphone>;tag=1";
        bench.send(a, request("MESSAGE sip:1002@tabphone", own, "<sip:1002@tabphone>", "m", &[]));
        let (at_b, at_c) = (bench.request(b), bench.request(c));
        assert!(!at_b.headers.contains(HeaderName::RecordRoute));
        bench.send(b, answer(&at_b, 200, "1002", "b"));
        assert_eq!(bench.response(a).status.code(), 200);
        bench.send(c, answer(&at_c, 200, "1002", "c"));
        assert_eq!(bench.first_lines(a), [""; 0]);
        bench.pass(32_000);
        assert_eq!(bench.proxy.pending(), 0);
    }
}

#[test]
fn a_request_that_comes_round_is_stopped() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1001", "b"));
    let sent = invite("1001", "a", "1001");
    bench.send(a, sent.clone());
    let mut round = bench.request(b);
    round.uri = sent.uri;
    round.headers.push_front(&Via::new(sip::header::ViaTransport::Ws, "b.invalid".parse().unwrap(), None, "z9hG4bKb"));
    bench.send(b, round);
    assert_eq!(bench.response(b).status.code(), 482);
}

#[test]
fn one_phone_cannot_take_everything() {
    let mut bench = Bench::new();
    let (a, _b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    for number in 0..70 {
        bench.send(a, invite("1001", &format!("a{number}"), "1002"));
    }
    let lines = bench.first_lines(a);
    assert_eq!(lines.iter().filter(|line| line.starts_with("503")).count(), 6);
    assert_eq!(lines.iter().filter(|line| line.starts_with("100")).count(), 64);
}

#[test]
fn garbage_is_answered_or_dropped() {
    let mut bench = Bench::new();
    let a = phone(&mut bench, "1001", "a");
    let own = "<sip:1001@tabphone>;tag=1";
    let good = request("OPTIONS sip:tabphone", own, "<sip:tabphone>", "g", &[]).to_bytes();
    let good = String::from_utf8(good).unwrap();
    for (bad, status) in [
        (good.replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), Some(505)),
        (good.replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), Some(400)),
        (good.replace("To: <", "To: <<"), Some(400)),
        (good.replace("Call-ID: g\r\n", ""), Some(400)),
        ("\u{1}\u{2}\u{3}".into(), None),
        ("SIP/2.0 200 OK\r\n\r\n".into(), None),
    ] {
        bench.send_bytes(a, bad.as_bytes());
        let seen = bench.take(a);
        match (seen.first(), status) {
            (Some(Message::Response(response)), Some(status)) => assert_eq!(response.status.code(), status, "{bad}"),
            (None, _) => assert!(status.is_none() , "{bad}"),
            (other, _) => panic!("{other:?} to {bad}"),
        }
    }
    bench.send_bytes(a, good.as_bytes());
    assert_eq!(bench.response(a).status.code(), 200);
}

#[test]
fn the_route_says_nothing_about_connections() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    bench.send(a, invite("1001", "a", "1002"));
    let first = bench.request(b).headers.get::<RecordRoute>().unwrap();
    bench.close(b);
    let back = bench.open("1002");
    bench.send(back, register("1002", "b", 2, 3600));
    bench.take(back);
    bench.send(a, invite("1001", "a2", "1002"));
    assert_eq!(bench.request(back).headers.get::<RecordRoute>().unwrap(), first);
}
