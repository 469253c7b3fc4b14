//! Numbers of the exchange itself: who dials one is answered by a service.

use crate::bench::{Bench, benches, phone, ring};
use crate::messages::{answer, invite, request};
use sip::header::{Replaces, Require};
use sip::message::{Method, Response, Status};
use sip::proxy::{Answer, Question, QuestionId};
use sip::uri::SipUri;

/// 1001 dials `*78`: what the service is asked.
fn dial(bench: &mut Bench, flow: sip::registrar::Flow) -> (QuestionId, sip::message::Request) {
    bench.send(flow, invite("1001", "a", "*78"));
    match bench.question() {
        (id, Question::Serve { caller, device, request }) => {
            assert_eq!((caller.user.as_str(), device.is_empty()), ("1001", false));
            assert_eq!(request.method, Method::Invite);
            assert_eq!(request.uri.as_sip().and_then(SipUri::user_unescaped).as_deref(), Some("*78"));
            (id, request)
        }
        other => panic!("{other:?}"),
    }
}

/// SV10, SV3.
#[test]
fn who_dials_a_code_is_told_what_came_of_it() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        let (id, request) = dial(&mut bench, a);
        let mut done = Response::to_request(&request, Status::TEMPORARILY_UNAVAILABLE);
        done.set_reason("Do not disturb is on").unwrap();
        bench.answer(id, Answer::Served(done));
        assert_eq!(bench.first_lines(a), ["100 Trying", "480 Do not disturb is on"]);
        bench.send(a, invite("1001", "a", "*78"));
        assert_eq!(bench.first_lines(a), ["480 Do not disturb is on"], "the same INVITE again changes nothing");
    }
}

/// SV11.
#[test]
fn nothing_but_a_call_does_what_a_code_says() {
    let mut bench = Bench::new();
    let a = phone(&mut bench, "1001", "a");
    let mut asked = |method: &str| {
        let own = "<sip:1001@tabphone>;tag=1";
        let line = format!("{method} sip:*78@tabphone");
        bench.send(a, request(&line, own, "<sip:*78@tabphone>", method, &[]));
        bench.first_lines(a)
    };
    assert_eq!(asked("OPTIONS"), ["200 OK"]);
    for method in ["MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER", "FOO"] {
        assert_eq!(asked(method), ["405 Method Not Allowed"], "{method}");
    }
}

/// SV9.
#[test]
fn a_code_that_is_cancelled_in_time_is_over() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        let (id, asked) = dial(&mut bench, a);
        let sent = invite("1001", "a", "*78");
        let mut cancel = sent.clone();
        cancel.method = Method::Cancel;
        cancel.headers.set(&sip::header::CSeq { seq: 1, method: Method::Cancel });
        bench.send(a, cancel);
        assert_eq!(bench.first_lines(a), ["100 Trying", "200 OK", "487 Request Terminated"]);
        bench.answer(id, Answer::Served(Response::to_request(&asked, Status::TEMPORARILY_UNAVAILABLE)));
        assert!(bench.first_lines(a).is_empty());
    }
}

#[test]
fn a_code_is_for_who_is_known_only() {
    let mut bench = Bench::new();
    let stranger = bench.open_digest();
    bench.send(stranger, invite("1001", "a", "*78"));
    assert_eq!(bench.first_lines(stranger), ["407 Proxy Authentication Required"]);
}

/// PU1.
#[test]
fn a_call_that_rings_is_picked_up_by_who_dials_the_code() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let c = phone(&mut bench, "1003", "c");
        ring(&mut bench, a, b);
        bench.take(a);
        bench.send(c, invite("1003", "c", "*81002"));
        let arrived = bench.request(a);
        assert_eq!(arrived.uri.to_string(), "sip:1001-a@a.invalid;transport=ws", "to the phone that calls");
        let replaces = arrived.headers.get::<Replaces>().unwrap();
        assert_eq!(replaces.to_string(), "call-1001-a-1002;to-tag=ca;from-tag=tb;early-only");
        assert_eq!(arrived.headers.get::<Require>().unwrap().to_string(), "replaces");
        bench.send(a, answer(&arrived, 200, "1001", "a"));
        assert_eq!(bench.first_lines(c), ["100 Trying", "200 OK"]);
        assert!(bench.first_lines(b).is_empty(), "it rings until the caller's phone cancels");
    }
}

/// PU2.
#[test]
fn where_nothing_rings_nothing_is_picked_up() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let c = phone(&mut bench, "1003", "c");
        let dialled = |bench: &mut Bench, user: &str, name: &str, number: &str| {
            let flow = if user == "1003" { c } else { a };
            bench.send(flow, invite(user, name, number));
            bench.first_lines(flow).into_iter().filter(|line| line != "100 Trying").collect::<Vec<_>>()
        };
        let nothing = ["480 No call rings there"];
        assert_eq!(dialled(&mut bench, "1003", "c", "*81002"), nothing);
        assert_eq!(dialled(&mut bench, "1003", "c2", "*8"), nothing);
        let (_, arrived) = ring(&mut bench, a, b);
        bench.take(a);
        assert_eq!(dialled(&mut bench, "1003", "c3", "*81001"), nothing, "who calls does not ring");
        assert_eq!(dialled(&mut bench, "1001", "a2", "*81002"), nothing, "one's own call");
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        bench.take(a);
        assert_eq!(dialled(&mut bench, "1003", "c4", "*81002"), nothing, "a call that was answered is nobody else's");
    }
}

/// A REFER would change the calls of whoever follows it.
#[test]
fn nobody_has_a_code_dialled_by_somebody_else() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        for target in ["sip:*721003@tabphone", "sip:*78@alias.example", "sip:%2A78@tabphone", "tel:*78"] {
            let refer = format!("Refer-To: <{target}>");
            let own = "<sip:1001@tabphone>;tag=1";
            bench.send(a, request("REFER sip:1002@tabphone", own, "<sip:1002@tabphone>", target, &[&refer]));
            assert_eq!(bench.first_lines(a), ["403 Forbidden"], "{target}");
        }
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
}
