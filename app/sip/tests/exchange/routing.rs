//! What phones see of where a call goes: whom it is diverted to, what they are told of that, and what nobody can make
//! others believe.

use crate::bench::{Bench, benches, phone};
use crate::messages::{answer, invite, request};
use sip::Duration;
use sip::header::{Diversion, HistoryInfo, PAssertedIdentity, Reason, To, Via};
use sip::message::{Header, HeaderName, Message, Method, Request};
use sip::proxy::{Flow, Order, Rules};

fn to(number: &str) -> Option<String> {
    Some(number.into())
}

fn all<H: Header>(request: &Request) -> Vec<String> {
    request.headers.all::<H>().unwrap().iter().map(ToString::to_string).collect()
}

/// Alice, Bob and a third.
pub(super) fn three(bench: &mut Bench) -> (Flow, Flow, Flow) {
    (phone(bench, "1001", "a"), phone(bench, "1002", "b"), phone(bench, "1003", "c"))
}

#[test]
fn who_was_dialled_stays_visible() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        bench.rules("1002", Rules { busy: to("1003"), ..Rules::default() });
        bench.send(a, invite("1001", "a", "1002"));
        let at_b = bench.request(b);
        assert!(!at_b.headers.contains(HeaderName::HistoryInfo), "its To says it all");
        bench.send(b, answer(&at_b, 486, "1002", "b"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "181 Call Is Being Forwarded"]);
        let at_c = bench.request(c);
        assert_eq!(at_c.headers.get::<To>().unwrap().to_string(), "<sip:1002@tabphone>");
        assert_eq!(
            all::<HistoryInfo>(&at_c),
            [
                "<sip:1002@tabphone?Reason=SIP%3Bcause%3D486>;index=1",
                "<sip:1003@tabphone;cause=486>;index=1.2;mp=1",
                "<sip:1003-c@c.invalid;transport=ws>;index=1.2.1;rc=1.2",
            ]
        );
        assert_eq!(all::<Diversion>(&at_c), ["\"Bob\" <sip:1002@tabphone>;reason=user-busy;counter=1"]);
        assert_eq!(all::<PAssertedIdentity>(&at_c), ["\"Alice\" <sip:1001@tabphone>"]);
        bench.send(c, answer(&at_c, 200, "1003", "c"));
        let accepted = bench.response(a);
        assert_eq!(accepted.headers.get::<PAssertedIdentity>().unwrap().to_string(), "<sip:1003@tabphone>");
    }
}

#[test]
fn each_diversion_says_why() {
    for (rules, phones, cause, reason) in [
        (Rules { always: to("1003"), ..Rules::default() }, true, "302", "unconditional"),
        (Rules { do_not_disturb: true, busy: to("1003"), ..Rules::default() }, true, "486", "user-busy"),
        (Rules { unanswered: to("1003"), ..Rules::default() }, true, "408", "no-answer"),
        (Rules { unreachable: to("1003"), ..Rules::default() }, false, "503", "unavailable"),
    ] {
        let mut bench = Bench::new();
        let (a, c) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1003", "c"));
        let b = phones.then(|| phone(&mut bench, "1002", "b"));
        bench.rules("1002", rules);
        bench.send(a, invite("1001", "a", "1002"));
        if let Some(b) = b
            && let [Message::Request(arrived)] = bench.take(b).as_slice()
        {
            bench.send(b, answer(arrived, 180, "1002", "b"));
        }
        bench.pass(45_000);
        let at_c = bench.request(c);
        let history = at_c.headers.all::<HistoryInfo>().unwrap();
        assert_eq!(history[1].cause(), cause.parse().ok());
        assert_eq!(at_c.headers.get::<Diversion>().unwrap().reason().unwrap().as_str(), reason);
        if reason == "unconditional" {
            assert!(history[0].reason().is_none(), "it was never there");
        }
    }
}

#[test]
fn two_diversions_are_told_the_last_one_first() {
    let mut bench = Bench::new();
    let (a, c) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1003", "c"));
    bench.rules("1002", Rules { always: to("1004"), ..Rules::default() });
    bench.rules("1004", Rules { unreachable: to("1003"), ..Rules::default() });
    bench.send(a, invite("1001", "a", "1002"));
    let at_c = bench.request(c);
    let diversions = at_c.headers.all::<Diversion>().unwrap();
    let who: Vec<_> = diversions.iter().map(|one| one.0.uri.to_string()).collect();
    assert_eq!(who, ["sip:1004@tabphone", "sip:1002@tabphone"]);
    let indices: Vec<_> = at_c.headers.all::<HistoryInfo>().unwrap();
    let indices: Vec<_> = indices.iter().filter_map(HistoryInfo::index).map(ToString::to_string).collect();
    assert_eq!(indices, ["1", "1.1", "1.1.1", "1.1.1.1"]);
    assert_eq!(bench.first_lines(a), ["100 Trying", "181 Call Is Being Forwarded", "181 Call Is Being Forwarded"]);
}

#[test]
fn who_hides_the_way_of_the_call() {
    let mut bench = Bench::new();
    let (a, c) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1003", "c"));
    bench.rules("1002", Rules { always: to("1003"), ..Rules::default() });
    let mut sent = invite("1001", "a", "1002");
    sent.headers.push_raw("Privacy", "history").unwrap();
    bench.send(a, sent);
    let at_c = bench.request(c);
    let history = all::<HistoryInfo>(&at_c);
    assert_eq!(history[0], "<sip:anonymous@anonymous.invalid>;index=1");
    assert_eq!(history[1], "<sip:1003@tabphone;cause=302>;index=1.1;mp=1", "one's own number is no secret");
    let diverted = "<sip:anonymous@anonymous.invalid>;reason=unconditional;counter=1;privacy=full";
    assert_eq!(all::<Diversion>(&at_c), [diverted]);
}

#[test]
fn the_phones_stop_before_the_next_ones_ring() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let ringing = Some(Duration::from_secs(20));
        bench.rules("1002", Rules { unanswered: to("1003"), ringing, ..Rules::default() });
        bench.send(a, invite("1001", "a", "1002"));
        let at_b = bench.request(b);
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        bench.pass(19_999);
        assert_eq!(bench.first_lines(c), [""; 0]);
        bench.order.clear();
        bench.pass(1);
        assert_eq!(bench.order, [(b, "CANCEL".into()), (c, "INVITE".into())]);
        let cancel = bench.request(b);
        assert_eq!(cancel.headers.get::<Reason>().unwrap().cause, Some(408));
        let at_c = bench.request(c);
        bench.take(a);
        // Bob lifted the receiver at that very moment: the caller's phone ends one of the two.
        bench.send(b, answer(&at_b, 200, "1002", "b"));
        bench.send(c, answer(&at_c, 180, "1003", "c"));
        assert_eq!(bench.first_lines(a), ["200 OK"]);
        let cancel = bench.request(c);
        assert_eq!((cancel.method.clone(), cancel.headers.get::<Reason>().unwrap().cause), (Method::Cancel, Some(200)));
        bench.send(c, answer(&cancel, 200, "1003", "c"));
        bench.send(c, answer(&at_c, 200, "1003", "c"));
        assert_eq!(bench.first_lines(a), ["200 OK"], "they crossed");
    }
}

#[test]
fn one_declines_and_the_call_goes_on() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let d = phone(&mut bench, "1002", "d");
        bench.rules("1002", Rules { busy: to("1003"), ..Rules::default() });
        bench.send(a, invite("1001", "a", "1002"));
        let (at_b, at_d) = (bench.request(b), bench.request(d));
        bench.send(d, answer(&at_d, 180, "1002", "d"));
        bench.send(b, answer(&at_b, 603, "1002", "b"));
        assert_eq!(bench.request(d).headers.get::<Reason>().unwrap().cause, Some(603));
        let at_c = bench.request(c);
        bench.send(c, answer(&at_c, 480, "1003", "c"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "180 Ringing", "181 Call Is Being Forwarded"]);
        bench.send(d, answer(&at_d, 487, "1002", "d"));
        assert_eq!(bench.first_lines(a), ["603 Decline"], "the best of all of them");
    }
}

#[test]
fn do_not_disturb_is_busy_for_calls_alone() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    bench.rules("1002", Rules { do_not_disturb: true, ..Rules::default() });
    bench.send(a, invite("1001", "a", "1002"));
    assert_eq!(bench.first_lines(a), ["100 Trying", "486 Busy Here"]);
    assert_eq!(bench.first_lines(b), [""; 0]);
    bench.send(a, message("1002", "m"));
    assert_eq!(bench.request(b).method, Method::Message);
}

fn message(to: &str, call_id: &str) -> Request {
    let own = "<sip:1001@tabphone>;tag=1";
    request(&format!("MESSAGE sip:{to}@tabphone"), own, &format!("<sip:{to}@tabphone>"), call_id, &[])
}

#[test]
fn other_requests_stay_with_whom_they_are_for() {
    let mut bench = Bench::new();
    let (a, b, c) = three(&mut bench);
    bench.rules("1002", Rules { always: to("1003"), ..Rules::default() });
    bench.send(a, message("1002", "m"));
    let at_b = bench.request(b);
    assert!(!at_b.headers.contains(HeaderName::Diversion));
    assert_eq!(bench.first_lines(c), [""; 0]);
    bench.group("500", Order::InTurn, &["1002", "1003"]);
    bench.send(a, message("500", "g"));
    bench.request(b);
    let at_c = bench.request(c);
    bench.send(c, answer(&at_c, 200, "1003", "c"));
    assert_eq!(bench.first_lines(a), ["200 OK"]);
}

#[test]
fn a_phone_that_is_named_by_its_contact() {
    let mut bench = Bench::new();
    let (a, b, c) = three(&mut bench);
    let other = phone(&mut bench, "1002", "z");
    bench.rules("1002", Rules { always: to("1003"), ..Rules::default() });
    let mut sent = invite("1001", "a", "1002");
    sent.uri = "sip:1002-b@b.invalid;transport=ws".parse().unwrap();
    bench.send(a, sent.clone());
    assert_eq!(bench.request(b).method, Method::Invite);
    assert_eq!(bench.first_lines(other), [""; 0]);
    assert_eq!(bench.first_lines(c), [""; 0]);
    bench.take(a);
    sent.uri = "sip:1002-y@y.invalid;transport=ws".parse().unwrap();
    let mut via = sent.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKanother")).unwrap();
    sent.headers.set(&via);
    bench.send(a, sent);
    assert_eq!(bench.first_lines(a), ["100 Trying", "404 Not Found"], "no such phone");
}

#[test]
fn a_gruu_means_one_phone_and_is_not_diverted() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let other = phone(&mut bench, "1002", "z");
        bench.rules("1002", Rules { always: to("1003"), do_not_disturb: true, ..Rules::default() });
        let mut sent = invite("1001", "a", "1002");
        sent.uri = "sip:1002@tabphone;gr=urn:uuid:b".parse().unwrap();
        bench.send(a, sent);
        let at_b = bench.request(b);
        bench.send(b, answer(&at_b, 486, "1002", "b"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "486 Busy Here"]);
        assert_eq!(bench.first_lines(other), [""; 0]);
        assert_eq!(bench.first_lines(c), [""; 0]);
    }
}

#[test]
fn where_a_call_cannot_go() {
    let mut bench = Bench::new();
    let (a, _b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    for (number, always) in [("1010", "1011"), ("1011", "1010"), ("1012", "+4930123456"), ("1013", "1013")] {
        bench.rules(number, Rules { always: to(always), ..Rules::default() });
    }
    for (dialled, answer) in [
        ("1010", "482 Loop Detected"),
        ("1012", "404 Not Found"),
        ("1013", "482 Loop Detected"),
        ("+4930123456", "404 Not Found"),
    ] {
        bench.send(a, invite("1001", "a", dialled));
        let seen = bench.first_lines(a);
        assert_eq!(seen.last().map(String::as_str), Some(answer), "{dialled}: {seen:?}");
    }
}

#[test]
fn the_caller_is_called_at_their_other_phone() {
    let mut bench = Bench::new();
    let (a, other) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1001", "z"));
    bench.rules("1002", Rules { always: to("1001"), ..Rules::default() });
    bench.send(a, invite("1001", "a", "1002"));
    assert_eq!(bench.request(other).method, Method::Invite);
    assert!(bench.take(a).iter().all(|message| matches!(message, Message::Response(_))));
}

#[test]
fn the_callers_own_time_is_for_all_steps() {
    let mut bench = Bench::new();
    let (a, b, c) = three(&mut bench);
    let ringing = Some(Duration::from_secs(20));
    bench.rules("1002", Rules { unanswered: to("1003"), ringing, ..Rules::default() });
    let mut sent = invite("1001", "a", "1002");
    sent.headers.push_raw("Expires", "30").unwrap();
    bench.send(a, sent);
    let at_b = bench.request(b);
    bench.send(b, answer(&at_b, 180, "1002", "b"));
    bench.pass(20_000);
    bench.send(b, answer(&at_b, 487, "1002", "b"));
    let at_c = bench.request(c);
    bench.send(c, answer(&at_c, 180, "1003", "c"));
    bench.pass(10_000);
    assert_eq!(bench.request(c).method, Method::Cancel);
    bench.send(c, answer(&at_c, 487, "1003", "c"));
    assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("408 Request Timeout"));
}

#[test]
fn a_question_of_a_later_step_survives_a_restore() {
    let mut bench = Bench::restoring();
    let (a, b, c) = three(&mut bench);
    bench.rules("1002", Rules { busy: to("1003"), ..Rules::default() });
    bench.send(a, invite("1001", "a", "1002"));
    let at_b = bench.request(b);
    bench.asking = true;
    bench.send(b, answer(&at_b, 486, "1002", "b"));
    assert_eq!(bench.first_lines(c), [""; 0]);
    let asked: Vec<_> = bench.looked_up.iter().map(|(_, user)| user.as_str()).collect();
    assert_eq!(asked, ["1003"], "asked again");
    bench.tell();
    assert_eq!(bench.request(c).method, Method::Invite);
}

#[test]
fn the_caller_cancels_while_a_number_is_looked_up() {
    let mut bench = Bench::restoring();
    let (a, b, c) = three(&mut bench);
    bench.rules("1002", Rules { busy: to("1003"), ..Rules::default() });
    let sent = invite("1001", "a", "1002");
    bench.send(a, sent.clone());
    let at_b = bench.request(b);
    bench.asking = true;
    bench.send(b, answer(&at_b, 486, "1002", "b"));
    bench.take(a);
    bench.send(a, sip::transaction::cancel(&sent));
    assert_eq!(bench.first_lines(a), ["200 OK", "487 Request Terminated"]);
    bench.tell();
    assert_eq!(bench.first_lines(c), [""; 0]);
}

#[test]
fn what_only_the_exchange_says() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let mut sent = invite("1001", "a", "1002");
    for (name, value) in [
        ("Diversion", "<sip:boss@tabphone>;reason=unconditional"),
        ("History-Info", "<sip:boss@tabphone>;index=1"),
        ("P-Called-Party-ID", "<sip:boss@tabphone>"),
        ("P-Charging-Vector", "icid-value=1"),
        ("p-charging-function-addresses", "ccf=1.example"),
        ("P-Asserted-Service", "urn:urn-7:3gpp-service.ims.icsi.mmtel"),
    ] {
        sent.headers.push_raw(name, value).unwrap();
    }
    sent.headers.push_raw("Alert-Info", "<urn:alert:service:call-waiting>").unwrap();
    bench.send(a, sent);
    let arrived = bench.request(b);
    let names: Vec<_> = arrived.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    let asserted = |name: &&String| name.starts_with("p-") || *name == "diversion" || *name == "history-info";
    assert_eq!(names.iter().filter(asserted).collect::<Vec<_>>(), ["p-asserted-identity"]);
    assert!(names.contains(&"alert-info".into()));
    bench.take(a);
    let mut ringing = answer(&arrived, 180, "1002", "b");
    ringing.headers.push_raw("History-Info", "<sip:boss@tabphone>;index=1").unwrap();
    bench.send(b, ringing);
    assert!(!bench.response(a).headers.contains(HeaderName::HistoryInfo));
}

#[test]
fn who_asks_for_it_is_not_told_to_phones() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let mut sent = invite("1001", "a", "1002");
    let from: sip::header::From = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=ca".parse().unwrap();
    sent.headers.set(&from);
    sent.headers.push_raw("Privacy", "id").unwrap();
    bench.send(a, sent);
    let arrived = bench.request(b);
    assert!(!arrived.headers.contains(HeaderName::PAssertedIdentity), "RFC 3325 7");
    bench.take(a);
    let mut ringing = answer(&arrived, 180, "1002", "b");
    ringing.headers.push_raw("Privacy", "user;id").unwrap();
    bench.send(b, ringing);
    assert!(!bench.response(a).headers.contains(HeaderName::PAssertedIdentity), "whoever is called may ask for it too");
}

#[test]
fn a_contact_is_ones_own() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let with = |contact: &str| {
        let mut sent = invite("1001", "a", "1002");
        sent.headers.remove(HeaderName::Contact);
        sent.headers.push_raw("Contact", contact).unwrap();
        let branch = contact.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let mut via = sent.headers.get::<Via>().unwrap();
        via.params.set("branch", Some(&format!("z9hG4bK{branch}"))).unwrap();
        sent.headers.set(&via);
        sent
    };
    for forged in ["<sip:1002@tabphone>", "<sip:boss@alias.example;transport=ws>", "<sip:1003@phone.example.com>"] {
        bench.send(a, with(forged));
        assert_eq!(bench.first_lines(a), ["100 Trying", "403 Forbidden"], "{forged}");
        assert_eq!(bench.first_lines(b), [""; 0]);
    }
    for own in ["<sip:1001@tabphone>", "<sip:1002@elsewhere.example>", "<sip:x@x.invalid>", "<sip:phone@127.0.0.1>"] {
        bench.send(a, with(own));
        assert_eq!(bench.request(b).method, Method::Invite, "{own}");
    }
}
