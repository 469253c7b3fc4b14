//! Digits and media control by INFO (RFC 6086), by the rows of the state table.

use super::flows::check;
use super::{ALICE, BOB, net, of_alice, ready, talk, talking, to_bob};
use sip::Duration;
use sip::agent::{Agent, Cause, Digit, Phase, VerbError};
use sip::header::{Accept, HeaderName};
use sip::message::{Method, Response, Status};

#[test]
fn digits() {
    check("digits", |net| {
        talk(net);
        net.press(ALICE, "12#");
        net.settle();
        net.hang_up(ALICE);
        net.settle();
    });
}

#[test]
fn idle_a_digit_is_sent() {
    let mut net = talking();
    net.press(ALICE, "5");
    net.settle();
    let info = net.exchange.requests(&Method::Info)[0];
    assert_eq!(info.headers.raw(&HeaderName::ContentType).next(), Some("application/dtmf-relay"));
    assert_eq!(info.body, b"Signal=5\r\nDuration=100\r\n");
    assert!(!info.headers.contains(HeaderName::InfoPackage));
    assert_eq!(net.phone(BOB).heard(), ["5 for 100 ms"]);
}

#[test]
fn under_way_digits_wait_and_keep_their_order() {
    let mut net = talking();
    net.press(ALICE, "0123456789*#ABCD");
    assert_eq!(net.exchange.requests(&Method::Info).len(), 0);
    net.run(Duration::from_millis(15));
    assert_eq!(net.exchange.requests(&Method::Info).len(), 1, "one at a time");
    net.settle();
    let digits: String = net.phone(BOB).heard().iter().map(|said| said.chars().next().unwrap()).collect();
    assert_eq!(digits, "0123456789*#ABCD");
}

#[test]
fn idle_before_the_ack_it_is_kept() {
    let mut net = super::ringing();
    net.answer(BOB);
    net.press(BOB, "7");
    net.settle();
    assert_eq!(net.phone(ALICE).heard(), ["7 for 100 ms"]);
}

#[test]
fn under_way_and_nothing_comes_goes_on() {
    let mut net = talking();
    net.exchange.lose(Method::Info);
    net.press(ALICE, "12");
    net.run(Duration::from_secs(40));
    assert_eq!(net.phone(BOB).heard(), ["2 for 100 ms"]);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn under_way_and_refused_goes_on() {
    for status in [Status::UNSUPPORTED_MEDIA_TYPE, Status::METHOD_NOT_ALLOWED, Status::REQUEST_TIMEOUT] {
        let mut net = talking();
        net.exchange.refuse(Method::Info, status);
        net.press(ALICE, "12");
        net.settle();
        assert_eq!(net.phone(BOB).heard(), ["2 for 100 ms"]);
    }
}

#[test]
fn under_way_481_ends_the_call() {
    let mut net = talking();
    net.exchange.refuse(Method::Info, Status::CALL_DOES_NOT_EXIST);
    net.press(ALICE, "1");
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn under_way_401_is_signed() {
    let mut net = talking();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Info, |info| {
        let mut response = Response::to_request(info, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.press(ALICE, "12");
    net.settle();
    assert_eq!(net.phone(BOB).heard(), ["1 for 100 ms", "2 for 100 ms"]);
}

#[test]
fn a_digit_is_not_said_twice_when_the_connection_is_lost() {
    let mut net = talking();
    net.press(ALICE, "1");
    // It arrived, and its response is under way.
    net.run(Duration::from_millis(25));
    assert_eq!(net.phone(BOB).heard().len(), 1);
    net.cut(ALICE);
    net.run(Duration::from_secs(60));
    assert_eq!(net.phone(BOB).heard(), ["1 for 100 ms"]);
    net.press(ALICE, "2");
    net.settle();
    assert_eq!(net.phone(BOB).heard(), ["1 for 100 ms", "2 for 100 ms"]);
}

#[test]
fn digits_that_come() {
    for (kind, body, digit) in [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some("5 for 160 ms")),
        ("application/dtmf-relay", "Signal= 5\nDuration= 160", Some("5 for 160 ms")),
        ("Application/DTMF-Relay", "signal=*\r\n", Some("* for 250 ms")),
        ("application/dtmf-relay", "Signal=11\r\nDuration=999999999\r\n", Some("# for 6000 ms")),
        ("application/dtmf-relay", "Signal=d\r\nDuration=-1\r\n", Some("D for 250 ms")),
        ("application/dtmf", "9", Some("9 for 250 ms")),
        ("application/dtmf", "Signal=9\r\nDuration=1\r\n", Some("9 for 40 ms")),
        ("application/dtmf-relay", "Signal=\r\n", None),
        ("application/dtmf-relay", "Signal=flash\r\n", None),
        ("application/dtmf-relay", "Duration=160\r\n", None),
        ("application/dtmf", "12", None),
        ("application/dtmf", "\u{e9}", None),
    ] {
        let mut net = talking();
        let info = of_alice(&net, &Method::Info, &format!("Content-Type: {kind}"), body);
        let response = to_bob(&mut net, &info);
        assert_eq!(response.status, if digit.is_some() { Status::OK } else { Status::BAD_REQUEST }, "{body}");
        assert_eq!(net.phone(BOB).heard().first().map(String::as_str), digit, "{body}");
    }
}

#[test]
fn a_picture_is_wanted_both_ways() {
    let mut net = talking();
    for (from, to) in [(ALICE, BOB), (BOB, ALICE)] {
        let now = net.now;
        for _ in 0..3 {
            net.with_call(from, |agent, id| agent.request_picture(id, now));
        }
        net.settle();
        assert_eq!(net.phone(to).heard(), ["a picture is wanted", "a picture is wanted"], "what waits is enough");
    }
    let info = net.exchange.requests(&Method::Info)[0];
    assert_eq!(info.headers.raw(&HeaderName::ContentType).next(), Some("application/media_control+xml"));
}

#[test]
fn what_else_is_said_by_info() {
    for (lines, body, status) in [
        ("", "", Status::OK),
        ("Info-Package: conference", "", Status::BAD_INFO_PACKAGE),
        ("Info-Package: trickle-ice\nContent-Type: application/trickle-ice-sdpfrag", "x", Status::BAD_INFO_PACKAGE),
        ("Content-Type: text/plain", "hello", Status::UNSUPPORTED_MEDIA_TYPE),
        ("", "hello", Status::UNSUPPORTED_MEDIA_TYPE),
        ("Content-Type: application/media_control+xml", "<media_control/>", Status::OK),
    ] {
        let mut net = talking();
        let info = of_alice(&net, &Method::Info, lines, body);
        let response = to_bob(&mut net, &info);
        assert_eq!(response.status, status, "{lines}");
        assert_eq!(net.phone(BOB).heard(), Vec::<String>::new());
        if status == Status::UNSUPPORTED_MEDIA_TYPE {
            assert!(
                response.headers.all::<Accept>().unwrap().iter().any(|accept| accept.takes("application/dtmf-relay"))
            );
        }
    }
    let mut net = talking();
    let info = of_alice(&net, &Method::Info, "Content-Type: application/dtmf", &"1".repeat(5000));
    assert_eq!(to_bob(&mut net, &info).status, Status::REQUEST_ENTITY_TOO_LARGE);
}

#[test]
fn digits_that_do_not_fit() {
    assert_eq!(Digit::new('x'), None);
    assert_eq!(Digit::new('\n'), None);
    let mut net = ready();
    let call = net.dial(ALICE, "bob");
    let (now, digit) = (net.now, Digit::new('1').unwrap());
    let press = |agent: &mut Agent| agent.send_digit(call, digit, Duration::from_millis(100), now);
    assert_eq!(press(&mut net.phone_mut(ALICE).agent), Err(VerbError::WrongPhase));
    let mut net = talking();
    let now = net.now;
    let mut results = Vec::new();
    for _ in 0..66 {
        net.with_call(ALICE, |agent, id| {
            results.push(agent.send_digit(id, digit, Duration::from_millis(1), now));
            Ok(())
        });
    }
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 65, "one is under way, 64 wait");
    assert_eq!(results.last(), Some(&Err(VerbError::Full)));
}

#[test]
fn nothing_is_said_after_the_end() {
    let mut net = net();
    talk(&mut net);
    net.press(ALICE, "123");
    net.hang_up(ALICE);
    net.run(Duration::from_secs(60));
    assert_eq!(net.exchange.requests(&Method::Info).len(), 1);
}
