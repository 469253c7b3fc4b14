//! Who does not want to be known stays unknown (RFC 3323, RFC 3325 7): also after the call began, and to who watches.

use crate::bench::{Bench, benches, phone};
use crate::messages::{answer, invite, within};
use sip::message::{HeaderName, Message, Request};
use sip::proxy::{Event, Flow};

/// 1001 calls 1002 without saying who it is.
fn hidden() -> Request {
    let mut invite = invite("1001", "a", "1002");
    invite.headers.remove(HeaderName::From);
    invite.headers.push_raw("From", "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=ca").unwrap();
    invite.headers.push_raw("Privacy", "id").unwrap();
    invite
}

/// The call is answered; what 1001 says in it, with its 200.
fn talk(bench: &mut Bench, a: Flow, b: Flow) -> (Request, sip::message::Response) {
    let sent = hidden();
    bench.send(a, sent.clone());
    let arrived = bench.request(b);
    assert!(!arrived.headers.contains(HeaderName::PAssertedIdentity));
    bench.send(b, answer(&arrived, 200, "1002", "b"));
    let mut responses = bench.take(a).into_iter().filter_map(|message| match message {
        Message::Response(response) if response.status.is_success() => Some(response),
        Message::Response(_) | Message::Request(_) => None,
    });
    (sent, responses.next_back().unwrap())
}

#[test]
fn nothing_that_follows_in_the_call_says_who_it_is() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let (sent, accepted) = talk(&mut bench, a, b);
        for (seq, method) in [(1, "ACK"), (2, "INVITE"), (3, "INFO"), (4, "BYE")] {
            bench.send(a, within(method, &sent, &accepted, seq));
            let arrived = bench.request(b);
            assert!(!arrived.headers.contains(HeaderName::PAssertedIdentity), "{method}");
            bench.send(b, answer(&arrived, 200, "1002", "b"));
            bench.take(a);
            if method == "INVITE" {
                bench.send(a, within("ACK", &sent, &accepted, seq));
                bench.take(b);
            }
        }
    }
}

#[test]
fn who_watches_whom_is_called_does_not_learn_it() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        talk(&mut bench, a, b);
        let told = bench.events.iter().rev().find_map(|event| {
            if let Event::Dialogs { user, dialogs } = event
                && user == "1002"
            {
                return dialogs.first().cloned();
            }
            None
        });
        let told = told.unwrap();
        assert!(told.remote.is_anonymous() && told.remote.name.is_none(), "{told:?}");
        assert_eq!(told.remote_target, None);
    }
}

#[test]
fn nobody_is_not_the_boss() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    let mut boss = hidden();
    boss.headers.remove(HeaderName::From);
    boss.headers.push_raw("From", "\"The boss\" <sip:1000@anonymous.invalid>;tag=ca").unwrap();
    bench.send(a, boss);
    assert_eq!(bench.first_lines(a), ["100 Trying", "403 Forbidden"]);
    assert_eq!(bench.first_lines(b), [""; 0]);
}

#[test]
fn an_ack_takes_no_signature_along() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let (sent, accepted) = talk(&mut bench, a, b);
        let mut ack = within("ACK", &sent, &accepted, 1);
        let signature = "Digest username=\"1001\", realm=\"tabphone\", nonce=\"n\", uri=\"sip:a\", response=\"00\"";
        ack.headers.push_raw("Proxy-Authorization", signature).unwrap();
        bench.send(a, ack);
        assert!(!bench.request(b).headers.contains(HeaderName::ProxyAuthorization));
    }
}

#[test]
fn the_way_of_a_call_does_not_say_whose_it_is() {
    for mut bench in benches() {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        let mut route = |name: &str| {
            let mut sent = hidden();
            sent.headers.set(&sip::header::CallId::new(name).unwrap());
            let mut via = sent.headers.get::<sip::header::Via>().unwrap();
            via.params.set("branch", Some(&format!("z9hG4bK{name}"))).unwrap();
            sent.headers.set(&via);
            bench.send(a, sent);
            let arrived = bench.request(b);
            let sip::header::RecordRoute(route) = arrived.headers.get().unwrap();
            route.uri.as_sip().unwrap().user_unescaped().unwrap()
        };
        let (one, two) = (route("one"), route("two"));
        assert!(!one.contains("31303031") && !one.contains("1001"), "{one}");
        let pieces: Vec<_> = one.as_bytes().windows(8).collect();
        assert!(!two.as_bytes().windows(8).any(|piece| pieces.contains(&piece)), "{one} {two}: of the same caller");
    }
}
