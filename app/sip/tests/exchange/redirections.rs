//! What phones see of a call that a phone sends on (RFC 3261 8.1.3.4).

use crate::bench::{Bench, benches, phone, proxy_config};
use crate::messages::{answer, invite};
use crate::routing::three;
use sip::header::{Diversion, HistoryInfo, Reason};
use sip::message::{HeaderName, Message, Method, Request, Response};
use sip::proxy::{Redirects, Rules};

/// What 1002's phone says when it is asked to be elsewhere.
pub fn moved(request: &Request, contacts: &[&str]) -> Response {
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
fn a_person_sends_the_call_elsewhere_and_it_rings_on_none_of_their_phones() {
    for mut bench in benches() {
        let (a, b, c) = three(&mut bench);
        let tab = phone(&mut bench, "1002", "tab");
        bench.send(a, invite("1001", "a", "1002"));
        let (at_b, at_tab) = (bench.request(b), bench.request(tab));
        bench.send(b, answer(&at_b, 180, "1002", "b"));
        bench.send(tab, answer(&at_tab, 180, "1002", "tab"));
        let mut away = moved(&at_tab, &["<sip:1003@tabphone>"]);
        away.headers.push_raw("Diversion", "<sip:1002@tabphone>;reason=deflection").unwrap();
        bench.send(tab, away);
        let at_c = bench.request(c);
        assert_eq!(at_c.headers.get::<Diversion>().unwrap().reason().unwrap().as_str(), "deflection");
        let taken = bench.take(b).into_iter().find_map(|message| match message {
            Message::Request(request) if request.method == Method::Cancel => Some(request),
            Message::Request(_) | Message::Response(_) => None,
        });
        assert_eq!(taken.unwrap().headers.get::<Reason>().unwrap().cause, Some(302));
        bench.send(c, answer(&at_c, 200, "1003", "c"));
        assert_eq!(bench.first_lines(a).last().unwrap(), "200 OK");
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
