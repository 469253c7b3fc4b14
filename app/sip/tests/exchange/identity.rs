//! Who somebody says to be: in a call (RFC 4916), and by name.

use crate::bench::{Bench, benches, phone};
use crate::dialogs::call;
use crate::messages::{answer, invite, request, within, within_back};
use sip::header::From;
use sip::message::{HeaderName, Message, Method, Request};
use sip::proxy::Order;

/// The request with another From, of the same tag, or another To.
fn named(mut request: Request, header: HeaderName, uri: &str, tag: &str) -> Request {
    let name = if header == HeaderName::From { "From" } else { "To" };
    request.headers.remove(header);
    request.headers.push_raw(name, &format!("{uri};tag={tag}")).unwrap();
    request
}

fn from(request: &Request) -> String {
    let From(from) = request.headers.get().unwrap();
    let display = from.display.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{display} {}", from.uri)
}

#[test]
fn nobody_is_somebody_else_in_a_call() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let call = call(&mut bench, a, b);
        for (seq, forged) in
            (10..).zip(["<sip:boss@tabphone>", "<sip:1002@tabphone>", "<sip:1001x@tabphone>", "<tel:+491>"])
        {
            for method in ["INVITE", "UPDATE", "BYE"] {
                bench.send(a, named(within(method, &call.sent, &call.accepted, seq), HeaderName::From, forged, "ca"));
                let refused = bench.first_lines(a);
                assert_eq!(refused.last().map(String::as_str), Some("403 Forbidden"), "{method} {forged}");
            }
        }
        for (seq, forged) in (20..).zip(["<sip:boss@tabphone>", "<sip:1001@tabphone>"]) {
            let back = within_back("INVITE", &call.arrived, &call.accepted, seq);
            bench.send(b, named(back, HeaderName::From, forged, "tb"));
            assert_eq!(bench.first_lines(b), ["100 Trying", "403 Forbidden"], "{forged}");
        }
        assert_eq!((bench.first_lines(a), bench.first_lines(b)), (Vec::new(), Vec::new()));
        assert_eq!(bench.proxy.calls("1001"), 1, "the call goes on");
    }
}

#[test]
fn who_was_called_by_another_number_may_go_by_it_and_by_their_own() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.group("600", Order::AtOnce, &["1002"]);
        let sent = invite("1001", "a", "600");
        bench.send(a, sent.clone());
        let arrived = bench.request(b);
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        let Some(Message::Response(accepted)) = bench.take(a).pop() else { panic!("no 200") };
        for (seq, (uri, passes)) in (10..).zip([
            ("<sip:600@tabphone>", true),
            ("<sip:600@phone.example.com:5060>", true),
            ("<sip:1002@tabphone>", true),
            ("<sip:anonymous@anonymous.invalid>", true),
            ("<sip:601@tabphone>", false),
        ]) {
            bench.send(b, named(within_back("INFO", &arrived, &accepted, seq), HeaderName::From, uri, "tb"));
            let info: Vec<_> = bench.take(a);
            assert_eq!(!info.is_empty(), passes, "{uri}");
            if let Some(Message::Request(info)) = info.first() {
                bench.send(a, answer(info, 200, "1001", "a"));
            }
            let code = if passes { "200 OK" } else { "403 Forbidden" };
            assert_eq!(bench.first_lines(b), [code], "{uri}");
        }
        // The number is the callee's alone.
        bench.send(a, named(within("INFO", &sent, &accepted, 20), HeaderName::From, "<sip:600@tabphone>", "ca"));
        assert_eq!(bench.first_lines(a), ["403 Forbidden"]);
    }
}

#[test]
fn who_is_in_the_call_decides_where_it_goes() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let c = phone(&mut bench, "1003", "c");
    let call = call(&mut bench, a, b);
    bench.send(a, named(within("BYE", &call.sent, &call.accepted, 2), HeaderName::To, "<sip:1003@tabphone>", "tb"));
    assert_eq!(bench.request(b).method, Method::Bye);
    assert_eq!(bench.first_lines(c), [""; 0]);
}

#[test]
fn a_name_is_the_directorys() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let c = phone(&mut bench, "1003", "c");
        for (flow, user, phone, uri, seen) in [
            (a, "1001", "a", "<sip:1001@tabphone>", "Alice sip:1001@tabphone"),
            (a, "1001", "b", "<sip:1001@alias.example>", "Alice sip:1001@alias.example"),
            (c, "1003", "c", "<sip:1003@tabphone>", " sip:1003@tabphone"),
            (a, "1001", "d", "<sip:anonymous@anonymous.invalid>", "Anonymous sip:anonymous@anonymous.invalid"),
        ] {
            let tag = format!("c{phone}");
            let boss = format!("\"The boss\" {uri}");
            let sent = named(invite(user, phone, "1002"), HeaderName::From, &boss, &tag);
            bench.send(flow, sent.clone());
            let arrived = bench.request(b);
            assert_eq!(from(&arrived), seen);
            bench.send(b, answer(&arrived, 486, "1002", "b"));
            assert_eq!(bench.request(b).method, Method::Ack);
            for message in bench.take(flow) {
                let own = sent.headers.get::<From>().unwrap();
                assert_eq!(message.headers().get::<From>().unwrap(), own, "what a caller wrote comes back to it");
            }
        }
        let boss = "\"The boss\" <sip:1001@tabphone>;tag=1";
        bench.send(a, request("MESSAGE sip:1002@tabphone", boss, "<sip:1002@tabphone>", "m", &[]));
        assert_eq!(from(&bench.request(b)), "Alice sip:1001@tabphone");
    }
}

#[test]
fn a_name_stays_the_directorys_in_a_call() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let call = call(&mut bench, a, b);
        let boss = "\"The boss\" <sip:1001@tabphone>";
        bench.send(a, named(within("INFO", &call.sent, &call.accepted, 5), HeaderName::From, boss, "ca"));
        assert_eq!(from(&bench.request(b)), "Alice sip:1001@tabphone");
        let boss = "\"The boss\" <sip:1002@tabphone>";
        bench.send(b, named(within_back("INFO", &call.arrived, &call.accepted, 6), HeaderName::From, boss, "tb"));
        assert_eq!(from(&bench.request(a)), "Bob sip:1002@tabphone");
    }
}

#[test]
fn who_asks_for_privacy_is_not_named() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let mut sent = invite("1001", "a", "1002");
    sent.headers.push_raw("Privacy", "id").unwrap();
    bench.send(a, sent);
    assert_eq!(from(&bench.request(b)), " sip:1001@tabphone");
}
