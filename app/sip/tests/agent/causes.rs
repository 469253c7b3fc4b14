//! Why calls end: every final status of the registry, and what a Reason says (RFC 3326).

use super::peer::{called, dialling, goes_on, response, says, statuses};
use super::{ALICE, Net};
use sip::Duration;
use sip::agent::{Call, Cause, Direction, Event, Input, Output};
use sip::header::Reason;
use sip::message::{Method, Status};

/// The last state of Alice's call, and why it ended, when this arrives.
fn ending(net: &mut Net, bytes: &[u8]) -> (Call, Cause) {
    let now = net.now;
    let agent = &mut net.phone_mut(ALICE).agent;
    agent.handle(Input::Received(bytes), now);
    let ended = std::iter::from_fn(|| agent.poll()).find_map(|output| {
        if let Output::Event(Event::Ended { last, cause, .. }) = output { Some((last, cause)) } else { None }
    });
    ended.expect("it ended")
}

/// Why a call of Alice ends that is answered so.
fn refused(code: u16, lines: &str) -> Cause {
    let mut net = dialling();
    let mut refusal = response(&net, code, "carol", lines, "");
    refusal.headers.remove(sip::message::HeaderName::Contact);
    let (last, cause) = ending(&mut net, &refusal.to_bytes());
    assert_eq!(last.status, Status::new(code), "the number stays known");
    assert_eq!(last.direction, Direction::Outgoing);
    cause
}

#[test]
fn every_registered_status_has_its_cause() {
    let unavailable = Cause::ServiceUnavailable { retry_after: None };
    let table: &[(&[u16], Cause)] = &[
        (&[300, 301, 302, 305, 380], Cause::Redirected(Vec::new())),
        (&[401, 407], Cause::AuthenticationFailed),
        (&[402, 403, 428, 429, 436, 437, 438, 470], Cause::Forbidden),
        (&[404, 604], Cause::NotFound),
        (&[410], Cause::Gone),
        (&[484, 485], Cause::AddressIncomplete),
        (&[408, 487], Cause::NoAnswer),
        (&[480], Cause::Unavailable),
        (&[486, 600], Cause::Busy),
        (&[603], Cause::DeclinedThere),
        (&[433], Cause::AnonymityRefused),
        (&[607, 608], Cause::Unwanted),
        (&[406, 415, 488, 493, 580, 606], Cause::NotAcceptable(String::new())),
        (&[482, 483, 440], Cause::Looped),
        (&[413, 414, 513], Cause::TooLarge),
        (&[420, 421], Cause::ExtensionRequired),
        (&[422], Cause::SessionIntervalTooSmall),
        (&[503], unavailable),
        (&[504], Cause::Timeout),
        (&[400, 405, 412, 416, 417, 423, 424, 425, 439, 469, 481, 489, 491, 494], Cause::BadRequest),
        (&[500, 501, 502, 505, 555], Cause::ServerError),
        // RFC 3261 8.1.3.2: what is not known is the first of its class.
        (&[399], Cause::Redirected(Vec::new())),
        (&[499], Cause::BadRequest),
        (&[599], Cause::ServerError),
        (&[699], Cause::Status(Status::new(699).unwrap())),
    ];
    for (codes, cause) in table {
        for code in *codes {
            assert_eq!(refused(*code, ""), *cause, "{code}");
        }
    }
    // All that IANA lists from 300 on.
    let registered = [
        300, 301, 302, 305, 380, 400, 401, 402, 403, 404, 405, 406, 407, 408, 410, 412, 413, 414, 415, 416, 417, 420,
        421, 422, 423, 424, 425, 428, 429, 430, 433, 436, 437, 438, 439, 440, 469, 470, 480, 481, 482, 483, 484, 485,
        486, 487, 488, 489, 491, 493, 494, 500, 501, 502, 503, 504, 505, 513, 555, 580, 600, 603, 604, 606, 607, 608,
    ];
    for code in registered {
        // After 430 the call is tried over a new flow: `outbound` has it.
        let known = code == 430 || table.iter().any(|(codes, _)| codes.contains(&code));
        assert!(known, "{code} is in the table");
    }
}

#[test]
fn nobody_answers_where_it_rang() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    says(&mut net, 480, "desk", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::NoAnswer]);
}

#[test]
fn when_to_try_again() {
    let after = |lines| refused(503, lines);
    let expected = Cause::ServiceUnavailable { retry_after: Some(Duration::from_secs(120)) };
    assert_eq!(after("Retry-After: 120 (maintenance)"), expected);
    assert_eq!(after("Retry-After: soon"), Cause::ServiceUnavailable { retry_after: None });
}

#[test]
fn what_the_telephone_network_says() {
    for (lines, cause) in [
        ("Reason: Q.850;cause=17;text=\"User busy\"", Cause::Busy),
        ("Reason: Q.850;cause=1", Cause::NotFound),
        ("Reason: Q.850;cause=19", Cause::NoAnswer),
        ("Reason: Q.850;cause=21", Cause::DeclinedThere),
        ("Reason: Q.850;cause=22", Cause::Gone),
        ("Reason: Q.850;cause=27", Cause::Unavailable),
        ("Reason: Q.850;cause=28", Cause::AddressIncomplete),
        ("Reason: Q.850;cause=34", Cause::ServiceUnavailable { retry_after: None }),
        ("Reason: q.850;cause=\"57\"", Cause::Forbidden),
        ("Reason: SIP;cause=600, Q.850;cause=88", Cause::NotAcceptable(String::new())),
    ] {
        for code in [480, 500, 502, 503] {
            assert_eq!(refused(code, lines), cause, "{code} {lines}");
        }
        assert_eq!(refused(486, lines), Cause::Busy, "what is clear by itself stays");
    }
    assert_eq!(refused(480, "Reason: Q.850;cause=16"), Cause::Unavailable);
    assert_eq!(refused(500, "Reason: ;;;"), Cause::ServerError);
}

/// Why a call ends that Carol cancels so, and what is said at last of it.
fn cancelled(lines: &str) -> (Cause, Option<Reason>) {
    let mut net = called("", "offer");
    let cancel = format!(
        "CANCEL sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bKcarol\r\n\
         From: \"Carol\" <sip:carol@example.com>;tag=carol\r\nTo: <sip:alice@example.com>\r\nCall-ID: of-carol\r\n\
         CSeq: 1 CANCEL\r\n{lines}\r\n"
    );
    let (last, cause) = ending(&mut net, cancel.as_bytes());
    (cause, last.reason)
}

#[test]
fn a_call_that_was_taken_elsewhere_is_not_missed() {
    for lines in [
        "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n",
        "Reason: SIP ;cause=200 ;text=\"Call completed elsewhere\"\r\n",
        "Reason: sip;CAUSE=200\r\n",
        "Reason: SIP;cause=\"200\"\r\n",
        "Reason: Q.850;cause=26\r\n",
        "Reason: Q.850;cause=16, SIP;cause=200\r\n",
        "Reason: Q.850;cause=16\r\nReason: SIP;cause=200\r\n",
        "Reason: SIP;text=\"Call completed elsewhere\"\r\n",
        "Reason: X;text=\"ANSWERED ELSEWHERE\"\r\n",
    ] {
        assert_eq!(cancelled(lines).0, Cause::AnsweredElsewhere, "{lines}");
    }
}

#[test]
fn other_reasons_of_a_cancel() {
    for (lines, cause) in [
        ("", Cause::CancelledThere),
        ("Reason: SIP;cause=487\r\n", Cause::CancelledThere),
        ("Reason: Q.850;cause=200\r\n", Cause::CancelledThere),
        ("Reason: garbage garbage\r\n", Cause::CancelledThere),
        ("Reason: SIP;cause=600;text=\"Busy Everywhere\"\r\n", Cause::DeclinedElsewhere),
        ("Reason: SIP;cause=603\r\n", Cause::DeclinedElsewhere),
        ("Reason: Q.850;cause=21\r\n", Cause::DeclinedElsewhere),
        ("Reason: SIP;cause=302;text=\"Moved Temporarily\"\r\n", Cause::DivertedElsewhere),
        ("Reason: SIP;cause=408\r\n", Cause::NoAnswer),
        ("Reason: Q.850;cause=19\r\n", Cause::NoAnswer),
    ] {
        assert_eq!(cancelled(lines).0, cause, "{lines}");
    }
}

#[test]
fn a_reason_is_kept_within_bounds() {
    let (_, reason) = cancelled("Reason: SIP;cause=200;text=\"elsewhere\";location=U;x=y\r\n");
    assert_eq!(reason.unwrap().to_string(), "SIP;cause=200;text=\"elsewhere\"");
    let (_, reason) = cancelled(&format!("Reason: SIP;cause=200;text=\"{}\"\r\n", "x".repeat(4000)));
    assert_eq!(reason.unwrap().to_string(), "SIP;cause=200");
    let (_, reason) = cancelled(&format!("Reason: {};cause=200\r\n", "X".repeat(4000)));
    assert_eq!(reason, None);
}

#[test]
fn a_bye_while_it_rings_may_say_why() {
    let mut net = called("", "offer");
    goes_on(&mut net, Method::Bye, 2, "Reason: SIP;cause=200\r\n", "");
    assert_eq!(net.phone(ALICE).causes(), [Cause::AnsweredElsewhere]);
    assert_eq!(statuses(&net, &Method::Invite).last(), Some(&487));
}

#[test]
fn a_bye_says_why_the_call_is_over() {
    let mut net = called("", "offer");
    net.answer(ALICE);
    net.settle();
    goes_on(&mut net, Method::Ack, 1, "", "");
    let to = super::last_response(&net).headers.get::<sip::header::To>().unwrap();
    let bye = format!(
        "BYE sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bKbye\r\n\
         From: \"Carol\" <sip:carol@example.com>;tag=carol\r\nTo: {to}\r\nCall-ID: of-carol\r\n\
         CSeq: 2 BYE\r\nReason: Q.850;cause=38;text=\"Network out of order\"\r\n\r\n"
    );
    let (last, cause) = ending(&mut net, bye.as_bytes());
    assert_eq!(cause, Cause::HungUpThere);
    assert_eq!(last.reason.unwrap().to_string(), "Q.850;cause=38;text=\"Network out of order\"");
}

#[test]
fn our_cancel_says_why() {
    let reason = |net: &Net| net.exchange.requests(&Method::Cancel)[0].headers.find::<Reason>().unwrap();
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.run(Duration::from_secs(61));
    assert!(reason(&net).unwrap().is_sip(Status::REQUEST_TIMEOUT), "it rang long enough");
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.fail(ALICE, sip::agent::MediaFailure::Connectivity);
    net.settle();
    assert!(reason(&net).unwrap().is_sip(Status::NOT_ACCEPTABLE_HERE), "there is no media");
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(reason(&net), None, "who hangs up says nothing");
}
