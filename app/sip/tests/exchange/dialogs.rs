//! What phones see of the proxy: dialogs, also of phones that come and go.

use crate::bench::{Bench, benches, phone, ring};
use crate::messages::{again, answer, first_line, invite, register, within, within_back};
use sip::header::{CSeq, RecordRoute, Via};
use sip::message::{HeaderName, Message, Method, Request, Response};
use sip::registrar::Flow;

/// A call that is up: the INVITE as sent, as it arrived, and the 200 as it arrived back.
pub struct Call {
    pub sent: Request,
    pub arrived: Request,
    pub accepted: Response,
}

pub fn call(bench: &mut Bench, caller: Flow, callee: Flow) -> Call {
    let (sent, arrived) = ring(bench, caller, callee);
    bench.send(callee, answer(&arrived, 200, "1002", "b"));
    let seen = bench.take(caller);
    let Some(Message::Response(accepted)) = seen.last().cloned() else { panic!("no 200") };
    assert_eq!(seen.iter().map(first_line).collect::<Vec<_>>(), ["100 Trying", "180 Ringing", "200 OK"]);
    bench.send(caller, within("ACK", &sent, &accepted, 1));
    assert_eq!(bench.request(callee).method, Method::Ack);
    Call { sent, arrived, accepted }
}

fn counts(bench: &mut Bench) -> Vec<(String, usize)> {
    std::mem::take(&mut bench.counts)
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

/// A subscriber makes its dialog of the NOTIFY (RFC 6665 4.4.1), whose requests are to come this way, too.
#[test]
fn a_notification_says_the_way_of_its_dialog() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let mut subscribe = invite("1001", "a", "1002");
        subscribe.method = Method::Subscribe;
        subscribe.headers.set(&CSeq::new(1, Method::Subscribe));
        bench.send(a, subscribe);
        let arrived = bench.request(b);
        let mut accepted = answer(&arrived, 200, "1002", "b");
        accepted.headers.push_raw("Contact", "<sip:1002-b@b.invalid;transport=ws>").unwrap();
        bench.send(b, accepted.clone());
        assert_eq!(bench.response(a).status.code(), 200);
        accepted.headers.copy_from(&arrived.headers, HeaderName::RecordRoute);
        let mut notify = within_back("NOTIFY", &arrived, &accepted, 1);
        notify.headers.push_raw("Contact", "<sip:1002-b@b.invalid;transport=ws>").unwrap();
        bench.send(b, notify);
        let notify = bench.request(a);
        bench.send(a, answer(&notify, 200, "x", "x"));
        assert_eq!(bench.response(b).status.code(), 200);

        // What Alice refreshes it with: the way of the NOTIFY, which is that of one who was called.
        let mut made = Response::to_request(&notify, sip::message::Status::OK);
        made.headers.copy_from(&notify.headers, HeaderName::Contact);
        made.headers.remove(HeaderName::RecordRoute);
        made.headers.copy_from(&notify.headers, HeaderName::RecordRoute);
        bench.send(a, within_back("SUBSCRIBE", &notify, &made, 2));
        assert_eq!(bench.request(b).method, Method::Subscribe);
    }
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
        let (sent, arrived) = ring(&mut bench, a, b);
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
        ring(&mut bench, a, b);
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
fn the_route_says_nothing_about_connections() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    bench.send(a, invite("1001", "a", "1002"));
    let first = bench.request(b).headers.get::<RecordRoute>().unwrap();
    bench.close(b);
    let back = bench.open("1002");
    bench.send(back, register("1002", "b", 2, 3600));
    bench.take(back);
    bench.send(a, again(&invite("1001", "a", "1002")));
    assert_eq!(bench.request(back).headers.get::<RecordRoute>().unwrap(), first);
}
