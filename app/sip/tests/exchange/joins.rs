//! Who may take the place of somebody in a dialog, or join it: the rows of the proxy's table.

use crate::bench::{Bench, benches, phone, proxy_config, ring};
use crate::dialogs::{Call, call};
use crate::messages::{answer, invite, within, within_back};
use sip::message::{HeaderName, Message, Request};
use sip::proxy::{Flow, Proxy};

/// The call of 1001's phone a to 1002's phone b, as 1001 gets it named, and as 1002 does.
const TO_CALLER: &str = "call-1001-a-1002;to-tag=ca;from-tag=tb";
const TO_CALLEE: &str = "call-1001-a-1002;to-tag=tb;from-tag=ca";

/// An INVITE of a user's phone that names a dialog.
fn joining(user: &str, phone: &str, to: &str, header: &str, dialog: &str) -> Request {
    let mut request = invite(user, phone, to);
    request.headers.push_raw(header, dialog).unwrap();
    request
}

/// What comes back at once, but for the 100.
fn answered(bench: &mut Bench, flow: Flow) -> Vec<String> {
    bench.first_lines(flow).into_iter().filter(|line| line != "100 Trying").collect()
}

const NO_SUCH_CALL: [&str; 1] = ["481 Call/Transaction Does Not Exist"];

#[test]
fn jo1_another_phone_of_who_takes_part_takes_over() {
    for dialog in [TO_CALLER, TO_CALLEE] {
        for header in ["Replaces", "Join"] {
            for mut bench in benches() {
                let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
                call(&mut bench, a, b);
                let (other, next) = (phone(&mut bench, "1001", "y"), phone(&mut bench, "1002", "z"));
                bench.send(next, joining("1002", "z", "1001", header, dialog));
                let arrived = bench.request(a);
                assert!(arrived.headers.contains(HeaderName::RecordRoute));
                assert_eq!(bench.first_lines(other), [""; 0], "only the phone that has the call");
                bench.send(a, answer(&arrived, 200, "1001", "a"));
                assert_eq!(answered(&mut bench, next), ["200 OK"]);
            }
        }
    }
}

#[test]
fn jo1_the_phone_is_named_by_its_contact() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        call(&mut bench, a, b);
        let next = phone(&mut bench, "1002", "z");
        let mut named = joining("1002", "z", "1001", "Replaces", TO_CALLER);
        named.uri = "sip:1001-a@a.invalid;transport=ws".parse().unwrap();
        bench.send(next, named);
        assert_eq!(bench.request(a).uri.to_string(), "sip:1001-a@a.invalid;transport=ws");
        let mut elsewhere = joining("1002", "z2", "1001", "Replaces", TO_CALLER);
        elsewhere.uri = "sip:1001-y@y.invalid;transport=ws".parse().unwrap();
        bench.send(next, elsewhere);
        assert_eq!(answered(&mut bench, next), ["404 Not Found"], "no phone that has it");
    }
}

#[test]
fn jo2_who_does_not_take_part_picks_up() {
    let ladders = benches().map(|mut bench| {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let c = phone(&mut bench, "1003", "c");
        bench.ladder.begin(&[(a, "1001"), (b, "1002"), (c, "1003")]);
        let (sent, ringing) = ring(&mut bench, a, b);
        bench.take(a);
        bench.send(c, joining("1003", "c", "1001", "Replaces", TO_CALLER));
        let arrived = bench.request(a);
        bench.send(a, answer(&arrived, 200, "1001", "a"));
        let accepted = answered(&mut bench, c);
        assert_eq!(accepted, ["200 OK"]);
        bench.send(a, sip::transaction::cancel(&sent));
        let cancel = bench.request(b);
        bench.send(b, answer(&cancel, 200, "1002", "b"));
        bench.send(b, answer(&ringing, 487, "1002", "b"));
        bench.ladder.text()
    });
    assert_eq!(ladders[0], ladders[1]);
    insta::assert_snapshot!(ladders[0]);
}

#[test]
fn jo2_where_nobody_picks_up_for_others() {
    let mut bench = Bench::new();
    let mut config = proxy_config();
    config.pick_up = false;
    bench.proxy = Proxy::new(config, [9; 32]);
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let c = phone(&mut bench, "1003", "c");
    ring(&mut bench, a, b);
    bench.send(c, joining("1003", "c", "1001", "Replaces", TO_CALLER));
    assert_eq!(answered(&mut bench, c), NO_SUCH_CALL);
    let next = phone(&mut bench, "1002", "z");
    bench.send(next, joining("1002", "z", "1001", "Replaces", TO_CALLER));
    bench.take(a);
    assert_eq!(answered(&mut bench, next), [""; 0], "a phone of one's own");
}

/// 1001 talks with 1002 and with 1003, and asks 1002 to take 1001's place in the call with 1003.
fn referred(bench: &mut Bench) -> ([Flow; 3], Call) {
    let (a, b) = (phone(bench, "1001", "a"), phone(bench, "1002", "b"));
    let c = phone(bench, "1003", "c");
    let first = call(bench, a, b);
    let second = invite("1001", "a", "1003");
    bench.ladder.begin(&[(a, "1001"), (b, "1002"), (c, "1003")]);
    bench.send(a, second.clone());
    let arrived = bench.request(c);
    bench.send(c, answer(&arrived, 200, "1003", "c"));
    let seen = bench.take(a);
    let Some(Message::Response(accepted)) = seen.last().cloned() else { panic!("no 200") };
    let mut refer = within("REFER", &first.sent, &first.accepted, 5);
    let named = "<sip:1003@tabphone?Replaces=call-1001-a-1003%3Bto-tag%3Dtc%3Bfrom-tag%3Dca>";
    refer.headers.push_raw("Refer-To", named).unwrap();
    bench.send(a, refer);
    let refer = bench.request(b);
    bench.send(b, answer(&refer, 202, "1002", "b"));
    assert_eq!(bench.response(a).status.code(), 202);
    ([a, b, c], Call { sent: second, arrived, accepted })
}

const SECOND: &str = "call-1001-a-1003;to-tag=tc;from-tag=ca";

#[test]
fn jo3_attended_transfer() {
    let ladders = benches().map(|mut bench| {
        let ([a, b, c], second) = referred(&mut bench);
        let replacing = joining("1002", "b", "1003", "Replaces", SECOND);
        bench.send(b, replacing);
        let arrived = bench.request(c);
        bench.send(c, answer(&arrived, 200, "1003", "c2"));
        assert_eq!(answered(&mut bench, b), ["200 OK"]);
        // 1003 ends what was replaced.
        bench.send(c, within_back("BYE", &second.arrived, &second.accepted, 2));
        let bye = bench.request(a);
        bench.send(a, answer(&bye, 200, "1001", "a"));
        assert_eq!(bench.first_lines(c), ["200 OK"]);
        bench.ladder.text()
    });
    assert_eq!(ladders[0], ladders[1]);
    insta::assert_snapshot!(ladders[0]);
}

#[test]
fn jo3_for_a_minute_and_a_half() {
    for mut bench in benches() {
        let ([_, b, c], _) = referred(&mut bench);
        bench.pass(91_000);
        bench.send(b, joining("1002", "b", "1003", "Replaces", SECOND));
        assert_eq!(answered(&mut bench, b), NO_SUCH_CALL);
        assert_eq!(bench.first_lines(c), [""; 0]);
    }
}

#[test]
fn jo3_who_was_not_asked_and_who_may_not_ask() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let c = phone(&mut bench, "1003", "c");
        let first = call(&mut bench, a, b);
        let second = invite("1001", "a", "1003");
        bench.send(a, second);
        let arrived = bench.request(c);
        bench.send(c, answer(&arrived, 200, "1003", "c"));
        bench.take(a);
        bench.send(b, joining("1002", "b", "1003", "Replaces", SECOND));
        assert_eq!(answered(&mut bench, b), NO_SUCH_CALL, "nobody asked");
        // 1002 asks 1001 to let 1002 in: 1002 takes no part in the call that is named.
        let mut refer = within_back("REFER", &first.arrived, &first.accepted, 5);
        let named = "<sip:1003@tabphone?Replaces=call-1001-a-1003%3Bto-tag%3Dtc%3Bfrom-tag%3Dca>";
        refer.headers.push_raw("Refer-To", named).unwrap();
        bench.send(b, refer);
        bench.take(a);
        bench.send(b, joining("1002", "b2", "1003", "Replaces", SECOND));
        assert_eq!(answered(&mut bench, b), NO_SUCH_CALL);
        assert_eq!(bench.first_lines(c), [""; 0]);
    }
}

#[test]
fn jo4_a_third_party() {
    let ladders = benches().map(|mut bench| {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let c = phone(&mut bench, "1003", "c");
        call(&mut bench, a, b);
        bench.ladder.begin(&[(a, "1001"), (b, "1002"), (c, "1003")]);
        for (number, (header, dialog, to)) in [
            ("Replaces", TO_CALLER, "1001"),
            ("Replaces", TO_CALLEE, "1001"),
            ("Replaces", TO_CALLEE, "1002"),
            ("Join", TO_CALLER, "1001"),
        ]
        .into_iter()
        .enumerate()
        {
            bench.send(c, joining("1003", &format!("c{number}"), to, header, dialog));
            assert_eq!(answered(&mut bench, c), NO_SUCH_CALL, "{header}: {dialog} to {to}");
        }
        assert_eq!(bench.first_lines(a), [""; 0]);
        assert_eq!(bench.first_lines(b), [""; 0]);
        bench.ladder.text()
    });
    assert_eq!(ladders[0], ladders[1]);
    insta::assert_snapshot!(ladders[0]);
}

#[test]
fn jo4_who_picks_up_replaces_and_does_not_join() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let c = phone(&mut bench, "1003", "c");
    ring(&mut bench, a, b);
    bench.send(c, joining("1003", "c", "1001", "Join", TO_CALLER));
    assert_eq!(answered(&mut bench, c), NO_SUCH_CALL);
}

#[test]
fn jo5_jo6_another_process_does_not_know_the_dialog() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let made = call(&mut bench, a, b);
    let mut next = Bench::seeded(3);
    let (a, z) = (phone(&mut next, "1001", "a"), phone(&mut next, "1002", "z"));
    let c = phone(&mut next, "1003", "c");
    for (flow, user, name) in [(z, "1002", "z"), (c, "1003", "c")] {
        next.send(flow, joining(user, name, "1001", "Replaces", TO_CALLER));
        assert_eq!(answered(&mut next, flow), NO_SUCH_CALL, "{user} shows nothing");
        let mut shown = joining(user, &format!("{name}2"), "1001", "Replaces", TO_CALLER);
        let route = made.accepted.headers.get::<sip::header::RecordRoute>().unwrap().to_string();
        shown.headers.push_raw("Route", &route).unwrap();
        next.send(flow, shown);
        let arrived = next.take(a);
        let refused = answered(&mut next, flow);
        match user {
            "1002" => assert!(matches!(arrived.as_slice(), [Message::Request(_)]), "{refused:?}"),
            _ => assert_eq!(refused, NO_SUCH_CALL, "the route of somebody else"),
        }
    }
}

#[test]
fn what_names_two_dialogs_or_none_is_refused() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    call(&mut bench, a, b);
    let z = phone(&mut bench, "1002", "z");
    let mut both = joining("1002", "z", "1001", "Replaces", TO_CALLER);
    both.headers.push_raw("Join", TO_CALLER).unwrap();
    bench.send(z, both);
    assert_eq!(answered(&mut bench, z), ["400 Bad Request"]);
    bench.send(z, joining("1002", "z2", "1001", "Replaces", "x;to-tag=1;from-tag=2"));
    assert_eq!(answered(&mut bench, z), NO_SUCH_CALL);
}

#[test]
fn so_many_referrals_of_one_user_are_remembered() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let c = phone(&mut bench, "1003", "c");
    let first = call(&mut bench, a, b);
    let dialog = |number: u32| format!("call-1001-a{number}-1003;to-tag=tc{number};from-tag=ca{number}");
    for number in 0..17 {
        bench.send(a, invite("1001", &format!("a{number}"), "1003"));
        let arrived = bench.request(c);
        bench.send(c, answer(&arrived, 200, "1003", &format!("c{number}")));
        let mut refer = within("REFER", &first.sent, &first.accepted, 10 + number);
        let named = dialog(number).replace(';', "%3B").replace('=', "%3D");
        refer.headers.push_raw("Refer-To", &format!("<sip:1003@tabphone?Replaces={named}>")).unwrap();
        bench.send(a, refer);
        bench.take(b);
    }
    bench.send(b, joining("1002", "b0", "1003", "Replaces", &dialog(0)));
    assert_eq!(answered(&mut bench, b), NO_SUCH_CALL, "the oldest gave way");
    bench.send(b, joining("1002", "b1", "1003", "Replaces", &dialog(1)));
    assert!(bench.request(c).headers.contains(HeaderName::Replaces));
}
