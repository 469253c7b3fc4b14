//! A phone that has two connections is reached over the other one when the first has failed (RFC 5626 5.3, 6).

use crate::bench::{Bench, benches, phone};
use crate::messages::{answer, invite, register, request, within};
use sip::header::CallId;
use sip::message::{HeaderName, Message, Method};
use sip::proxy::Flow;

/// 1002's phone registers over one more connection, behind a hop.
fn over(bench: &mut Bench, reg_id: u32) -> Flow {
    let flow = bench.open("1002");
    let mut sent = register("1002", "b", 1, 3600);
    sent.headers.set(&CallId::new(&format!("reg-1002-b-{reg_id}")).unwrap());
    sent.headers.remove(HeaderName::Contact);
    let contact = format!("<sip:1002-b@b.invalid;transport=ws>;+sip.instance=\"<urn:uuid:b>\";reg-id={reg_id}");
    sent.headers.push_raw("Contact", &contact).unwrap();
    sent.headers.push_raw("Supported", "path, outbound").unwrap();
    sent.headers.push_raw("Path", &format!("<sip:edge{reg_id}.invalid;lr;ob>")).unwrap();
    bench.send(flow, sent);
    assert_eq!(bench.response(flow).status.code(), 200);
    bench.pass(1);
    flow
}

/// 1001's phone, and the two connections of 1002's: the second one is tried first.
fn three(bench: &mut Bench) -> (Flow, Flow, Flow) {
    (phone(bench, "1001", "a"), over(bench, 1), over(bench, 2))
}

#[test]
fn rc20_a_call_goes_over_the_other_connection() {
    for mut bench in benches() {
        let (a, first, second) = three(&mut bench);
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let failed = bench.request(second);
        bench.send(second, answer(&failed, 430, "1002", "b"));
        assert_eq!(bench.request(second).method, Method::Ack);
        let arrived = bench.request(first);
        assert_eq!(arrived.headers.raw(&HeaderName::Route).collect::<Vec<_>>(), ["<sip:edge1.invalid;lr;ob>"]);
        bench.send(first, answer(&arrived, 180, "1002", "b"));
        let accepted = answer(&arrived, 200, "1002", "b");
        bench.send(first, accepted);
        let seen = bench.take(a);
        let codes: Vec<_> = seen.iter().map(crate::messages::first_line).collect();
        assert_eq!(codes, ["100 Trying", "180 Ringing", "200 OK"]);
        // The call goes on there, and a BYE finds its way when that one fails, too.
        let Some(Message::Response(accepted)) = seen.last() else { panic!("no 200") };
        bench.send(a, within("ACK", &sent, accepted, 1));
        assert_eq!(bench.request(first).method, Method::Ack);
        assert_eq!(bench.first_lines(second), [""; 0]);
    }
}

#[test]
fn rc20_whatever_it_is() {
    for mut bench in benches() {
        let (a, first, second) = three(&mut bench);
        let message =
            request("MESSAGE sip:1002@tabphone", "<sip:1001@tabphone>;tag=1", "<sip:1002@tabphone>", "m", &[]);
        bench.send(a, message);
        let failed = bench.request(second);
        bench.send(second, answer(&failed, 430, "1002", "b"));
        let arrived = bench.request(first);
        bench.send(first, answer(&arrived, 200, "1002", "b"));
        assert_eq!(bench.first_lines(a), ["200 OK"]);
    }
}

#[test]
fn rc20_within_a_dialog() {
    for mut bench in benches() {
        let (a, first, second) = three(&mut bench);
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let arrived = bench.request(second);
        bench.send(second, answer(&arrived, 200, "1002", "b"));
        let Some(Message::Response(accepted)) = bench.take(a).pop() else { panic!("no 200") };
        bench.send(a, within("ACK", &sent, &accepted, 1));
        bench.take(second);
        bench.send(a, within("BYE", &sent, &accepted, 2));
        let failed = bench.request(second);
        bench.send(second, answer(&failed, 430, "1002", "b"));
        let bye = bench.request(first);
        bench.send(first, answer(&bye, 200, "1002", "b"));
        assert_eq!(bench.first_lines(a), ["200 OK"]);
    }
}

#[test]
fn both_have_failed() {
    for mut bench in benches() {
        let (a, first, second) = three(&mut bench);
        bench.send(a, invite("1001", "a", "1002"));
        for flow in [second, first] {
            let failed = bench.request(flow);
            bench.send(flow, answer(&failed, 430, "1002", "b"));
            assert_eq!(bench.request(flow).method, Method::Ack);
        }
        assert_eq!(bench.first_lines(a), ["100 Trying", "480 Temporarily Unavailable"]);
        assert_eq!(bench.first_lines(second), [""; 0], "each is tried once");
    }
}

#[test]
fn a_call_over_the_other_connection_is_cancelled_there() {
    for mut bench in benches() {
        let (a, first, second) = three(&mut bench);
        let sent = invite("1001", "a", "1002");
        bench.send(a, sent.clone());
        let failed = bench.request(second);
        bench.send(second, answer(&failed, 180, "1002", "b"));
        bench.send(second, answer(&failed, 430, "1002", "b"));
        bench.take(second);
        let arrived = bench.request(first);
        bench.send(a, sip::transaction::cancel(&sent));
        assert_eq!(bench.first_lines(first), [""; 0], "it has not said a word");
        bench.send(first, answer(&arrived, 180, "1002", "b"));
        assert_eq!(bench.request(first).method, Method::Cancel);
        bench.send(first, answer(&arrived, 487, "1002", "b"));
        assert_eq!(bench.first_lines(second), [""; 0]);
        assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("487 Request Terminated"));
    }
}

#[test]
fn what_was_cancelled_goes_nowhere_else() {
    let mut bench = Bench::new();
    let (a, first, second) = three(&mut bench);
    let sent = invite("1001", "a", "1002");
    bench.send(a, sent.clone());
    let arrived = bench.request(second);
    bench.send(a, sip::transaction::cancel(&sent));
    bench.send(second, answer(&arrived, 430, "1002", "b"));
    assert_eq!(bench.first_lines(first), [""; 0]);
    assert!(bench.first_lines(a).last().unwrap().starts_with("4"));
}
