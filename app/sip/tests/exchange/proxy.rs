//! What phones see of the proxy: forking, CANCEL, refusals (RFC 3261 16).

use crate::bench::{Bench, benches, phone, ring};
use crate::messages::{answer, invite, register, request, signed, within};
use sip::digest::Algorithm;
use sip::header::{CSeq, CallId, MaxForwards, PAssertedIdentity, Reason, Via};
use sip::message::{HeaderName, Message, Method, Request};

#[test]
fn what_arrives_is_what_was_sent_and_says_who_sent_it() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let mut sent = invite("1001", "a", "1002");
    sent.headers.push_raw("P-Asserted-Identity", "<sip:boss@tabphone>").unwrap();
    sent.headers.push_raw("P-Preferred-Identity", "<sip:boss@tabphone>").unwrap();
    sent.headers.push_raw("Remote-Party-ID", "<sip:boss@tabphone>;party=calling").unwrap();
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
    assert_eq!(
        refused(invite("1001", "a", "1001")),
        "480 Temporarily Unavailable",
        "the phone that asks is not called"
    );
    assert_eq!(refused(invite("1002", "a", "1001")), "403 Forbidden", "as somebody else");
    let own = "<sip:1001@tabphone>;tag=1";
    let other = |line: &str, headers: &[&str]| {
        request(line, own, "<sip:x@y.example>", &line.replace([' ', ':', '+'], "-"), headers)
    };
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
        let (sent, arrived) = ring(&mut bench, a, b);
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
    for (first, second, best) in
        [(486, 480, 486), (480, 486, 486), (404, 302, 302), (500, 486, 486), (503, 500, 500), (487, 408, 487)]
    {
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
        let (_, arrived) = ring(&mut bench, a, b);
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
fn every_request_of_a_stranger_is_signed() {
    let mut bench = Bench::new();
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
fn one_phone_cannot_take_more_by_coming_back_over_and_over() {
    let mut bench = Bench::new();
    let (a, b, _c) = (phone(&mut bench, "1001", "a"), bench.open("1001"), phone(&mut bench, "1002", "b"));
    let most = bench.config.max_load();
    let mut number = 0;
    for round in 2..6 {
        for flow in [a, b].repeat(most.waiting) {
            number += 1;
            bench.send(flow, named(&invite("1001", "a", "1002"), number));
        }
        // The responses to all of them go over the other connection now.
        bench.send(if round % 2 == 0 { b } else { a }, register("1001", "a", round, 3600));
        for flow in [a, b] {
            let load = bench.proxy.load(flow);
            assert!(load.waiting <= most.waiting && load.all <= most.all, "{load:?}");
        }
    }
    assert_eq!(bench.proxy.pending(), 2 * most.waiting);
}

/// A call of another name.
fn named(invite: &Request, number: u32) -> Request {
    let mut named = invite.clone();
    named.headers.set(&format!("call-{number}").parse::<CallId>().unwrap());
    let mut via = named.headers.get::<Via>().unwrap();
    via.params.set("branch", Some(&format!("z9hG4bKcall{number}"))).unwrap();
    named.headers.set(&via);
    named
}

#[test]
fn calls_that_were_answered_do_not_count() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    for number in 0..100 {
        bench.send(a, invite("1001", &format!("a{number}"), "1002"));
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, if number % 2 == 0 { 200 } else { 486 }, "1002", "b"));
        bench.take(b);
    }
    let lines = bench.first_lines(a);
    assert_eq!(lines.iter().filter(|line| line.starts_with("503")).count(), 0);
    // But what is remembered of them has an end.
    for number in 0..2000 {
        bench.send(a, invite("1001", &format!("z{number}"), "9999"));
    }
    let lines = bench.first_lines(a);
    assert!(lines.iter().any(|line| line.starts_with("503")), "{}", bench.proxy.pending());
    assert!(bench.proxy.pending() <= 16 * 64);
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
            (None, _) => assert!(status.is_none(), "{bad}"),
            (other, _) => panic!("{other:?} to {bad}"),
        }
    }
    bench.send_bytes(a, good.as_bytes());
    assert_eq!(bench.response(a).status.code(), 200);
}
