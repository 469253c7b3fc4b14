//! Numbers of the exchange itself: who dials one is answered by a service.

use crate::bench::{Bench, benches, phone};
use crate::messages::{invite, request};
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
