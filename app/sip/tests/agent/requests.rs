//! Requests in dialogs, and what is none.

use super::{ALICE, BOB, Net, established, last_response, ready};
use sip::agent::{Cause, Phase};
use sip::header::{CSeq, Via};
use sip::message::{Method, Request, Status};

/// A request that Alice might have sent in the call.
fn from_alice(net: &Net, method: Method, seq: u32) -> Request {
    let mut request = net.exchange.requests(&Method::Ack)[0].clone();
    request.headers.set(&CSeq::new(seq, method.clone()));
    let mut via = request.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKfromalice")).unwrap();
    request.headers.set(&via);
    request.method = method;
    request
}

fn status_of(net: &mut Net, request: &Request) -> Status {
    net.inject(BOB, &request.to_bytes());
    net.settle();
    last_response(net).status
}

#[test]
fn options_in_a_dialog() {
    let mut net = established();
    let options = from_alice(&net, Method::Options, 2);
    assert_eq!(status_of(&mut net, &options), Status::OK);
}

#[test]
fn a_number_that_was_used_is_refused() {
    let mut net = established();
    let bye = from_alice(&net, Method::Bye, 1);
    assert_eq!(status_of(&mut net, &bye), Status::SERVER_INTERNAL_ERROR);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn a_dialog_that_is_not_there() {
    let mut net = established();
    let mut bye = from_alice(&net, Method::Bye, 2);
    let mut to = bye.headers.get::<sip::header::To>().unwrap();
    to.0.params.set("tag", Some("guessed")).unwrap();
    bye.headers.set(&to);
    assert_eq!(status_of(&mut net, &bye), Status::CALL_DOES_NOT_EXIST);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn a_bye_while_it_rings_ends_the_call() {
    let mut net = super::ringing();
    let mut bye = net.exchange.requests(&Method::Invite)[0].clone();
    let ringing = last_response(&net);
    bye.method = Method::Bye;
    bye.body.clear();
    bye.headers.set(&CSeq::new(2, Method::Bye));
    bye.headers.set(&ringing.headers.get::<sip::header::To>().unwrap());
    net.inject(BOB, &bye.to_bytes());
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [sip::agent::Cause::CancelledThere]);
}

#[test]
fn bad_input_is_refused_and_harms_nothing() {
    let mut net = established();
    let good = String::from_utf8(from_alice(&net, Method::Options, 2).to_bytes()).unwrap();
    let version = good.replacen("SIP/2.0", "SIP/3.0", 1);
    net.inject(BOB, version.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::VERSION_NOT_SUPPORTED);
    let truncated = good.replace("Content-Length: 0", "Content-Length: 99");
    net.inject(BOB, truncated.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::BAD_REQUEST);
    let contradicting = good.replace("2 OPTIONS", "2 BYE");
    net.inject(BOB, contradicting.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::BAD_REQUEST);
    for garbage in [&b"\xff\xfe\x00"[..], b"GET / HTTP/1.1\r\n\r\n", b"", b"\r\n", b"SIP/2.0 200 OK\r\n\r\n"] {
        net.inject(BOB, garbage);
    }
    net.settle();
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn a_response_to_nothing_is_ignored() {
    let mut net = ready();
    let register = net.exchange.requests(&Method::Register)[0].clone();
    let response = sip::message::Response::to_request(&register, Status::FORBIDDEN);
    net.inject(ALICE, &response.to_bytes());
    assert_eq!(net.phone(ALICE).registration(), sip::agent::Registration::Registered);
}

#[test]
fn a_request_that_comes_again_after_its_response_is_not_done_twice() {
    let mut net = established();
    net.hang_up(ALICE);
    net.settle();
    let bye = net.exchange.requests(&Method::Bye)[0].to_bytes();
    let before = net.exchange.received.len();
    net.inject(BOB, &bye);
    net.settle();
    assert_eq!(last_response(&net).status, Status::OK, "the same response again");
    assert_eq!(net.exchange.received.len(), before + 1);
    assert_eq!(net.phone(BOB).causes().len(), 1);
}

#[test]
fn calls_without_end_keep_no_other_request_out() {
    let mut net = established();
    let of_mallory = |number: u32| {
        format!(
            "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/WSS m.invalid;branch=z9hG4bK{number}\r\n\
             From: <sip:mallory@example.com>;tag={number}\r\nTo: <sip:bob@example.com>\r\nCall-ID: {number}\r\n\
             CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:m@m.invalid>\r\nContent-Length: 0\r\n\r\n"
        )
    };
    for number in 0..300 {
        net.inject(BOB, of_mallory(number).as_bytes());
    }
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes().last(), Some(&Cause::HungUpThere));
}
