//! What phones see of where a call goes: whom it is diverted to, what they are told of that, and what nobody can make
//! others believe.

use crate::bench::{Bench, benches, phone, proxy_config};
use crate::messages::{answer, invite, request};
use sip::Duration;
use sip::header::{Diversion, HistoryInfo, PAssertedIdentity, Reason, To, Via};
use sip::message::{Header, HeaderName, Message, Method, Request, Response};
use sip::proxy::{Flow, Order, Redirects, Rules};

fn to(number: &str) -> Option<String> {
    Some(number.into())
}

fn all<H: Header>(request: &Request) -> Vec<String> {
    request.headers.all::<H>().unwrap().iter().map(ToString::to_string).collect()
}

/// Alice, Bob and a third.
fn three(bench: &mut Bench) -> (Flow, Flow, Flow) {
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
        bench.rules("1002", Rules { always: to("1003"), ..Rules::default() });
        let gruu = bench.registrar.public_gruu("1002", &bench.registrar.bindings("1002")[0]).unwrap();
        let mut sent = invite("1001", "a", "1002");
        sent.uri = gruu;
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

/// What 1002's phone says when it is asked to be elsewhere.
fn moved(request: &Request, contacts: &[&str]) -> Response {
    let mut response = answer(request, 302, "1002", "b");
    response.headers.remove(HeaderName::Contact);
    for contact in contacts {
        response.headers.push_raw("Contact", contact).unwrap();
    }
    response
}

#[test]
fn a_phone_sends_the_call_on() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let d = phone(&mut bench, "1004", "d");
        bench.rules("1004", Rules::default());
        bench.send(a, invite("1001", "a", "1002"));
        let at_b = bench.request(b);
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        let contacts = ["<sip:1003@tabphone>;q=0.2, <sip:x@elsewhere.example>", "<sip:1004@alias.example>;q=0.7"];
        bench.send(b, moved(&at_b, &contacts));
        assert_eq!(bench.first_lines(c), [""; 0], "first whom it prefers");
        let at_d = bench.request(d);
        assert_eq!(at_d.headers.get::<Diversion>().unwrap().reason().unwrap().as_str(), "deflection");
        assert_eq!(at_d.headers.all::<HistoryInfo>().unwrap()[0].reason().unwrap().cause, Some(302));
        bench.send(d, answer(&at_d, 486, "1004", "d"));
        let at_c = bench.request(c);
        bench.send(c, answer(&at_c, 486, "1003", "c"));
        let last = bench.take(a).pop().unwrap();
        let Message::Response(last) = last else { panic!("{last:?}") };
        assert_eq!(last.status.code(), 302, "the rest is for the caller to judge");
        let contacts: Vec<_> = last.headers.raw(&HeaderName::Contact).collect();
        assert_eq!(contacts, ["<sip:x@elsewhere.example>"]);
    }
}

#[test]
fn redirections_that_are_not_followed() {
    let mut config = proxy_config();
    config.redirects = Redirects::Pass;
    for (config, contact) in [(config, "<sip:1003@tabphone>"), (proxy_config(), "<sip:x@elsewhere.example>")] {
        let mut bench = Bench::configured(config);
        let (a, b, c) = three(&mut bench);
        bench.send(a, invite("1001", "a", "1002"));
        let at_b = bench.request(b);
        bench.send(b, moved(&at_b, &[contact]));
        assert_eq!(bench.first_lines(c), [""; 0]);
        let Some(Message::Response(last)) = bench.take(a).pop() else { panic!("no response") };
        assert_eq!((last.status.code(), last.headers.raw(&HeaderName::Contact).next()), (302, Some(contact)));
    }
}

#[test]
fn a_phone_that_sends_the_call_to_itself() {
    let mut bench = Bench::new();
    let (a, b, _) = three(&mut bench);
    bench.send(a, invite("1001", "a", "1002"));
    let at_b = bench.request(b);
    bench.send(b, moved(&at_b, &["<sip:1002@tabphone>"]));
    assert_eq!(bench.first_lines(a), ["100 Trying", "482 Loop Detected"]);
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

/// 1002's phone by the names that mean it alone.
fn names(bench: &Bench) -> [sip::uri::Uri; 2] {
    let gruu = bench.registrar.public_gruu("1002", &bench.registrar.bindings("1002")[0]).unwrap();
    [gruu, "sip:1002-b@b.invalid;transport=ws".parse().unwrap()]
}

#[test]
fn do_not_disturb_is_for_who_names_the_phone_too() {
    for way in 0..2 {
        for mut bench in benches() {
            let (a, b, c) = three(&mut bench);
            bench.rules("1002", Rules { do_not_disturb: true, busy: to("1003"), ..Rules::default() });
            let mut sent = invite("1001", "a", "1002");
            sent.uri = names(&bench)[way].clone();
            bench.send(a, sent);
            assert_eq!(bench.first_lines(a), ["100 Trying", "486 Busy Here"]);
            assert_eq!((bench.first_lines(b), bench.first_lines(c)), (Vec::new(), Vec::new()), "nor is it diverted");
        }
    }
}

#[test]
fn who_talks_with_a_phone_may_call_it_whatever_it_says() {
    for way in 0..2 {
        for mut bench in benches() {
            let (a, b, _) = three(&mut bench);
            crate::dialogs::call(&mut bench, a, b);
            bench.rules("1002", Rules { do_not_disturb: true, ..Rules::default() });
            let mut sent = invite("1001", "a2", "1002");
            sent.uri = names(&bench)[way].clone();
            bench.send(a, sent);
            assert_eq!(bench.request(b).method, Method::Invite);
        }
    }
}

#[test]
fn who_was_sent_to_a_phone_in_a_call_may_call_it_whatever_it_says() {
    for way in 0..2 {
        for mut bench in benches() {
            let (a, b, c) = three(&mut bench);
            // 1001 talks with both, and hands 1003 over to the phone of 1002.
            let call = crate::dialogs::call(&mut bench, a, b);
            let second = invite("1001", "a", "1003");
            bench.send(a, second.clone());
            let arrived = bench.request(c);
            bench.send(c, answer(&arrived, 200, "1003", "c"));
            let Some(Message::Response(accepted)) = bench.take(a).pop() else { panic!("no 200") };
            bench.rules("1002", Rules { do_not_disturb: true, ..Rules::default() });
            let target = names(&bench)[way].clone();
            let mut sent = invite("1003", "c", "1002");
            sent.uri = target.clone();
            bench.send(c, sent.clone());
            assert_eq!(bench.first_lines(c).last().map(String::as_str), Some("486 Busy Here"), "not yet");
            let mut refer = crate::messages::within("REFER", &second, &accepted, 5);
            refer.headers.push_raw("Refer-To", &format!("<{target}>")).unwrap();
            bench.send(a, refer);
            let refer = bench.request(c);
            bench.send(c, answer(&refer, 202, "1003", "c"));
            let mut sent = invite("1003", "c2", "1002");
            sent.uri = target.clone();
            bench.send(c, sent);
            let arrived = bench.request(b);
            assert_eq!(arrived.method, Method::Invite);
            bench.send(b, answer(&arrived, 486, "1002", "b"));
            bench.take(b);
            bench.take(c);
            // For a minute and a half.
            bench.pass(91_000);
            let mut sent = invite("1003", "c3", "1002");
            sent.uri = target;
            bench.send(c, sent);
            assert_eq!(bench.first_lines(c).last().map(String::as_str), Some("486 Busy Here"));
            drop(call);
        }
    }
}

#[test]
fn who_has_nothing_to_do_with_a_phone_sends_nobody_there() {
    let mut bench = Bench::new();
    let (a, b, c) = three(&mut bench);
    let call = crate::dialogs::call(&mut bench, a, b);
    let d = phone(&mut bench, "1003", "d");
    bench.rules("1003", Rules { do_not_disturb: true, ..Rules::default() });
    let mut refer = crate::messages::within("REFER", &call.sent, &call.accepted, 5);
    refer.headers.push_raw("Refer-To", "<sip:1003-d@d.invalid;transport=ws>").unwrap();
    bench.send(a, refer);
    let refer = bench.request(b);
    bench.send(b, answer(&refer, 202, "1002", "b"));
    let mut sent = invite("1002", "b", "1003");
    sent.uri = "sip:1003-d@d.invalid;transport=ws".parse().unwrap();
    bench.send(b, sent);
    assert_eq!(bench.first_lines(b), ["100 Trying", "486 Busy Here"]);
    assert_eq!((bench.first_lines(c), bench.first_lines(d)), (Vec::new(), Vec::new()));
}

#[test]
fn a_contact_that_two_people_registered_means_neither() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let call = |name: &str| {
            let mut sent = invite("1001", name, "1002");
            sent.uri = "sip:1002-b@B.invalid;transport=ws".parse().unwrap();
            sent
        };
        let same = |expires: u32, seq: u32| {
            let mut sent = crate::messages::register("1003", "x", seq, expires);
            sent.headers.remove(HeaderName::Contact);
            sent.headers.push_raw("Contact", "<sip:1002-b@b.invalid;transport=ws>").unwrap();
            sent
        };
        bench.send(c, same(3600, 1));
        bench.take(c);
        bench.send(a, call("a1"));
        assert_eq!(bench.first_lines(a), ["100 Trying", "404 Not Found"]);
        assert_eq!((bench.first_lines(b), bench.first_lines(c)), (Vec::new(), Vec::new()));
        bench.send(c, same(0, 2));
        bench.take(c);
        bench.send(a, call("a2"));
        assert_eq!(bench.request(b).method, Method::Invite, "whose it is alone");
    }
}

#[test]
fn a_phone_rings_once_for_one_call() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let other = phone(&mut bench, "1002", "z");
        bench.send(a, invite("1001", "a", "1002"));
        let (at_b, at_other) = (bench.request(b), bench.request(other));
        bench.send(b, moved(&at_b, &["<sip:1003@tabphone>"]));
        bench.send(other, moved(&at_other, &["<sip:1003@tabphone>"]));
        let at_c = bench.request(c);
        bench.send(c, answer(&at_c, 486, "1003", "c"));
        assert_eq!(bench.request(c).method, Method::Ack);
        assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("486 Busy Here"));
    }
}

#[test]
fn who_has_two_numbers_rings_once() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.group("500", Order::AtOnce, &["1002", "1044"]);
        let party = sip::proxy::Party { user: "1002".into(), name: None };
        bench.routes.insert("1044".into(), party.into());
        bench.send(a, invite("1001", "a", "500"));
        let at_b = bench.request(b);
        bench.send(b, answer(&at_b, 486, "1002", "b"));
        assert_eq!(bench.request(b).method, Method::Ack);
        assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("486 Busy Here"));
    }
}

#[test]
fn one_phone_of_two_people_rings_once() {
    let mut bench = Bench::new();
    let a = phone(&mut bench, "1001", "a");
    let shared = bench.open_digest();
    for (user, password) in [("1002", "secret of two"), ("1003", "secret of three")] {
        let sent = crate::messages::register(user, "s", 1, 3600);
        bench.send(shared, sent.clone());
        let challenged = bench.response(shared);
        let md5 = sip::digest::Algorithm::Md5;
        bench.send(shared, crate::messages::signed(&sent, &challenged, md5, user, password));
        assert_eq!(bench.response(shared).status.code(), 200);
    }
    bench.group("500", Order::AtOnce, &["1002", "1003"]);
    bench.send(a, invite("1001", "a", "500"));
    assert_eq!(bench.request(shared).uri.to_string(), "sip:1002-s@s.invalid;transport=ws");
}

#[test]
fn that_a_phone_has_the_call_already_is_not_for_the_caller() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let other = phone(&mut bench, "1002", "z");
    bench.send(a, invite("1001", "a", "1002"));
    let (at_b, at_other) = (bench.request(b), bench.request(other));
    bench.send(b, answer(&at_b, 482, "1002", "b"));
    bench.send(other, answer(&at_other, 480, "1002", "z"));
    assert_eq!(bench.first_lines(a).last().map(String::as_str), Some("480 Temporarily Unavailable"));
}
