//! One test per row of the state tables.

use super::*;
use crate::message::{Message, Method, Status};
use alloc::format;
use alloc::string::String;
use std::vec;

mod client_invite;
mod client_non_invite;
mod keys;
mod server_invite;
mod server_non_invite;

const RELIABLE: Reliability = Reliability::Reliable;
const UNRELIABLE: Reliability = Reliability::Unreliable;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn parse_request(text: &str) -> Request {
    match Message::parse(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request was expected"),
    }
}

fn request(method: &str) -> Request {
    parse_request(&format!(
        "{method} sip:bob@example.com SIP/2.0\r\n\
         Via: SIP/2.0/UDP alice.invalid;branch=z9hG4bKabc\r\n\
         Max-Forwards: 70\r\n\
         Route: <sip:proxy.example.com;lr>\r\n\
         From: <sip:alice@example.com>;tag=a1\r\n\
         To: <sip:bob@example.com>\r\n\
         Call-ID: c1\r\n\
         CSeq: 7 {method}\r\n\r\n"
    ))
}

fn response(method: &str, status: u16) -> Response {
    let mut response = Response::to_request(&request(method), Status::new(status).unwrap());
    response.set_to_tag("b1");
    response
}

/// What a machine wants, in short.
fn short(effects: &mut Vec<Effect>) -> Vec<String> {
    effects
        .drain(..)
        .map(|effect| match effect {
            Effect::Transmit(bytes) => match Message::parse(&bytes).unwrap() {
                Message::Request(request) => format!("send {}", request.method),
                Message::Response(response) => format!("send {}", response.status),
            },
            Effect::Response(response) => format!("tell {}", response.status),
            Effect::TimedOut => "timed out".into(),
            Effect::Ack(_) => "tell ACK".into(),
            Effect::Unacknowledged => "unacknowledged".into(),
            Effect::TransportFailed => "transport failed".into(),
        })
        .collect()
}

/// A machine with timers.
trait Timed {
    fn due(&self) -> Option<Instant>;
    fn pass(&mut self, now: Instant, effects: &mut Vec<Effect>);
}

macro_rules! timed {
    ($($machine:ident)+) => {$(
        impl Timed for $machine {
            fn due(&self) -> Option<Instant> {
                self.deadline()
            }

            fn pass(&mut self, now: Instant, effects: &mut Vec<Effect>) {
                self.timeout(now, effects);
            }
        }
    )+};
}

timed!(ClientInvite ClientNonInvite ServerInvite);

/// Passes every deadline up to `end` to a machine, and says when it wanted what.
fn elapse<M: Timed>(mut machine: M, end: u64) -> (M, Vec<(u64, Vec<String>)>) {
    let (mut log, mut effects) = (Vec::new(), Vec::new());
    while let Some(due) = machine.due()
        && due <= at(end)
    {
        machine.pass(due, &mut effects);
        log.push((due.as_millis(), short(&mut effects)));
    }
    (machine, log)
}

fn nothing() -> Vec<String> {
    Vec::new()
}

fn words(text: &str) -> Vec<String> {
    vec![text.into()]
}
