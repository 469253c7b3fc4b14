//! The session flows of RFC 3665 3, as far as a phone takes part in them; proxies are played. 3.5 (a firewall) is 3.2
//! to a phone, and 3.7 (another address) is a re-INVITE.

use super::flows::{check_played as check, start};
use super::peer::{dialled, replies, response, says};
use super::{ALICE, BOB, Net};
use sip::Duration;
use sip::header::RecordRoute;
use sip::message::Method;

const ROUTES: [&str; 2] = ["<sip:ss2.example.com;lr>", "<sip:ss1.example.com;lr>"];

/// A proxy wants to know who calls.
fn challenge(net: &mut Net, realm: &str) {
    let line = format!("Proxy-Authenticate: Digest realm=\"{realm}\", nonce=\"{realm}\"");
    let response = response(net, 407, "proxy", &line, "");
    net.say(ALICE, response.to_bytes());
    net.settle();
}

/// A response that came through two proxies.
fn says_through_proxies(net: &mut Net, code: u16, body: &str) {
    let mut response = response(net, code, "bob", "", body);
    for route in ROUTES {
        response.headers.push(&route.parse::<RecordRoute>().unwrap());
    }
    net.say(ALICE, response.to_bytes());
    net.settle();
}

fn answered_through_proxies(net: &mut Net) {
    says(net, 100, "", "");
    says_through_proxies(net, 180, "");
    says_through_proxies(net, 200, "answer of bob");
}

fn hung_up(net: &mut Net) {
    net.hang_up(ALICE);
    net.settle();
    replies(net, &Method::Bye, 200);
}

#[test]
fn session_3_1_establishment() {
    check("rfc3665_3_1_establishment", |net| {
        start(net);
        net.dial(ALICE, "bob");
        net.settle();
        net.answer(BOB);
        net.settle();
        net.hang_up(BOB);
        net.settle();
    });
}

#[test]
fn session_3_2_through_two_proxies() {
    check("rfc3665_3_2_through_two_proxies", |net| {
        net.phone_mut(ALICE).password = Some("secret".into());
        dialled(net);
        challenge(net, "one");
        answered_through_proxies(net);
        hung_up(net);
        for method in [Method::Ack, Method::Bye] {
            let request = net.exchange.requests(&method).last().copied().unwrap();
            let routes: Vec<&str> = request.headers.raw(&sip::message::HeaderName::Route).collect();
            assert_eq!(routes, ["<sip:ss1.example.com;lr>", "<sip:ss2.example.com;lr>"], "{method}");
        }
    });
}

#[test]
fn session_3_3_with_multiple_proxy_authentication() {
    check("rfc3665_3_3_with_multiple_proxy_authentication", |net| {
        net.phone_mut(ALICE).password = Some("secret".into());
        dialled(net);
        challenge(net, "one");
        says(net, 100, "", "");
        challenge(net, "two");
        let last = net.exchange.requests(&Method::Invite).last().copied().unwrap();
        assert_eq!(last.headers.raw(&sip::message::HeaderName::ProxyAuthorization).count(), 2, "both are answered");
        answered_through_proxies(net);
        hung_up(net);
    });
}

#[test]
fn session_3_4_with_proxy_failure() {
    check("rfc3665_3_4_with_proxy_failure", |net| {
        dialled(net);
        net.run(Duration::from_secs(5));
        // The proxy goes away, and another one takes its place.
        net.cut(ALICE);
        net.settle();
        answered_through_proxies(net);
        hung_up(net);
    });
}

#[test]
fn session_3_6_via_redirect() {
    check("rfc3665_3_6_via_redirect", |net| {
        net.phone_mut(ALICE).configure(|config| config.redirects = true);
        dialled(net);
        let mut moved = response(net, 302, "redirect", "", "");
        moved.headers.remove(sip::message::HeaderName::Contact);
        moved.headers.push_raw("Contact", "<sip:bob@carol.invalid>").unwrap();
        net.say(ALICE, moved.to_bytes());
        net.settle();
        answered_through_proxies(net);
        hung_up(net);
    });
}

#[test]
fn session_3_8_no_answer() {
    check("rfc3665_3_8_no_answer", |net| {
        dialled(net);
        says(net, 100, "", "");
        says_through_proxies(net, 180, "");
        net.hang_up(ALICE);
        net.settle();
        replies(net, &Method::Cancel, 200);
        says_through_proxies(net, 487, "");
    });
}

#[test]
fn session_3_9_busy() {
    check("rfc3665_3_9_busy", |net| {
        dialled(net);
        says(net, 100, "", "");
        says_through_proxies(net, 486, "");
    });
}

#[test]
fn session_3_10_no_response() {
    check("rfc3665_3_10_no_response", |net| {
        dialled(net);
        says(net, 100, "", "");
        net.run(Duration::from_secs(32));
        says(net, 480, "proxy", "");
    });
}

#[test]
fn session_3_11_temporarily_unavailable() {
    check("rfc3665_3_11_temporarily_unavailable", |net| {
        dialled(net);
        says(net, 100, "", "");
        says_through_proxies(net, 180, "");
        says_through_proxies(net, 480, "");
    });
}
