//! What services of the exchange send: the rows of the proxy's table.

use crate::bench::{Bench, benches, phone};
use crate::messages::{answer, register, request};
use sip::header::{MaxForwards, Via};
use sip::message::{HeaderName, Request};
use sip::proxy::{Event, Flow};

fn message(line: &str) -> Request {
    let mut message = request(line, "<sip:1001@tabphone>;tag=1", "<sip:1002@tabphone>", "kept", &["X-Own: kept"]);
    message.headers.remove(HeaderName::Via);
    message
}

/// A request for Bob, who is called by what the registrar calls his phone.
fn device(bench: &mut Bench, of: Flow) -> String {
    let bindings = bench.registrar.bindings("1002");
    bindings.iter().find(|binding| binding.flow() == Some(of)).unwrap().device.clone()
}

#[test]
fn se1_se5_to_one_phone() {
    for mut bench in benches() {
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
        let device = device(&mut bench, c);
        bench.serve(5, "1002", Some(&device), message("MESSAGE sip:1002@tabphone"));
        assert_eq!(bench.first_lines(b), [""; 0]);
        let arrived = bench.request(c);
        assert_eq!(arrived.uri.to_string(), "sip:1002-c@c.invalid;transport=ws");
        assert_eq!(arrived.headers.all::<Via>().unwrap().len(), 1);
        assert_eq!(arrived.headers.get::<MaxForwards>().unwrap(), MaxForwards(70));
        assert!(!arrived.headers.contains(HeaderName::RecordRoute));
        assert!(arrived.headers.iter().any(|header| header == ("X-Own", "kept")));
        bench.send(c, answer(&arrived, 100, "1002", "c"));
        bench.send(c, answer(&arrived, 404, "1002", "c"));
        assert_eq!(bench.sent(), [(5, Some(404))]);
    }
}

#[test]
fn the_target_of_a_dialog_stays() {
    let mut bench = Bench::new();
    let b = phone(&mut bench, "1002", "b");
    let device = device(&mut bench, b);
    bench.serve(5, "1002", Some(&device), message("NOTIFY sip:dialog@b.invalid;transport=ws"));
    assert_eq!(bench.request(b).uri.to_string(), "sip:dialog@b.invalid;transport=ws");
}

#[test]
fn se2_to_a_phone_that_is_away_for_a_moment() {
    for mut bench in benches() {
        let b = phone(&mut bench, "1002", "b");
        let device = device(&mut bench, b);
        bench.close(b);
        bench.serve(5, "1002", Some(&device), message("NOTIFY sip:1002@tabphone"));
        bench.pass(5_000);
        assert_eq!(bench.sent(), []);
        let back = bench.open("1002");
        bench.send(back, register("1002", "b", 2, 3600));
        assert_eq!(bench.first_lines(back), ["200 OK", "NOTIFY sip:1002-b@b.invalid;transport=ws"]);
    }
}

#[test]
fn se3_se5_to_all_phones() {
    for mut bench in benches() {
        let (b, c) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1002", "c"));
        let gone = phone(&mut bench, "1002", "d");
        bench.close(gone);
        bench.serve(5, "1002", None, message("MESSAGE sip:1002@tabphone"));
        let (at_b, at_c) = (bench.request(b), bench.request(c));
        bench.send(b, answer(&at_b, 480, "1002", "b"));
        assert_eq!(bench.sent(), [], "the other one may take it");
        bench.send(c, answer(&at_c, 200, "1002", "c"));
        bench.send(c, answer(&at_c, 200, "1002", "c"));
        assert_eq!(bench.sent(), [(5, Some(200))], "once");
    }
}

#[test]
fn se4_to_nobody() {
    for mut bench in benches() {
        let b = phone(&mut bench, "1002", "b");
        bench.serve(1, "1001", None, message("MESSAGE sip:1001@tabphone"));
        bench.serve(2, "1002", Some("another"), message("MESSAGE sip:1002@tabphone"));
        bench.serve(3, "1002", Some("~77"), message("MESSAGE sip:1002@tabphone"));
        bench.serve(4, "1002", None, message("INVITE sip:1002@tabphone"));
        assert_eq!(bench.sent(), [(1, None), (2, None), (3, None), (4, None)]);
        assert_eq!(bench.first_lines(b), [""; 0]);
        assert_eq!(bench.proxy.pending(), 0);
    }
}

#[test]
fn se6_nothing_came() {
    for mut bench in benches() {
        let b = phone(&mut bench, "1002", "b");
        bench.serve(1, "1002", None, message("MESSAGE sip:1002@tabphone"));
        bench.pass(32_000);
        assert_eq!(bench.sent(), [(1, None)], "it is dead");
        bench.serve(2, "1002", None, message("NOTIFY sip:1002@tabphone"));
        bench.send(b, register("1002", "b", 2, 0));
        assert_eq!(bench.sent(), [(2, None)], "it is gone");
    }
}

#[test]
fn a_phones_own_overload_is_told() {
    let mut bench = Bench::new();
    let b = phone(&mut bench, "1002", "b");
    bench.serve(1, "1002", None, message("MESSAGE sip:1002@tabphone"));
    let arrived = bench.request(b);
    bench.send(b, answer(&arrived, 503, "1002", "b"));
    assert_eq!(bench.sent(), [(1, Some(500))]);
}

#[test]
fn to_a_phone_that_did_not_register() {
    for mut bench in benches() {
        let flow = bench.open("1002");
        let device = format!("~{}", flow.0);
        bench.serve(1, "1002", Some(&device), message("NOTIFY sip:1002-x@x.invalid;transport=ws"));
        let arrived = bench.request(flow);
        bench.send(flow, answer(&arrived, 200, "1002", "x"));
        assert_eq!(bench.sent(), [(1, Some(200))]);
        bench.serve(2, "1002", Some(&device), message("NOTIFY sip:1002-x@x.invalid;transport=ws"));
        bench.close(flow);
        assert_eq!(bench.sent(), [(2, None)]);
    }
}

#[test]
fn a_stranger_cannot_answer_for_the_phone() {
    let mut bench = Bench::new();
    let (b, other) = (phone(&mut bench, "1002", "b"), phone(&mut bench, "1003", "c"));
    bench.serve(1, "1002", None, message("MESSAGE sip:1002@tabphone"));
    let arrived = bench.request(b);
    bench.send(other, answer(&arrived, 200, "1003", "c"));
    assert!(!bench.events.iter().any(|event| matches!(event, Event::Sent { .. })));
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    assert_eq!(bench.sent(), [(1, Some(200))]);
}
