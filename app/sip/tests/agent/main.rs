//! Two agents that call each other, in virtual time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../network/mod.rs"]
mod network;

mod alive;
mod attended;
mod auto_answer;
mod bye;
mod called;
mod caller;
mod causes;
mod chaos;
mod descriptions;
mod early_media;
mod events;
mod flows;
mod forks;
mod glare;
mod hold;
mod hooks;
mod identity;
mod implicit_subscription;
mod incoming;
mod index;
mod info;
mod introduction;
mod outbound;
mod outgoing;
mod peer;
mod redirects;
mod refer;
mod refusals;
mod registration;
mod reliable;
mod replaces;
mod requests;
mod restore;
mod rfc3665;
mod rfc3725;
mod rfc5589;
mod servers;
mod session_refresh;
mod session_timer;
mod standing;
mod succession;
mod survival;
mod tokens;
mod transfer;
mod transferee;
mod transferor;
mod trickle;
mod update;

use network::{Network, Wire};
use sip::message::{Message, Method, Request, Response};

/// The two phones of these tests.
const ALICE: usize = 0;
const BOB: usize = 1;
/// The third one, in tests of three.
const CAROL: usize = 2;

type Net = Network<Wire>;

fn net() -> Net {
    Network::new(Wire::default(), &["alice", "bob"])
}

/// Carol too.
fn trio() -> Net {
    Network::new(Wire::default(), &["alice", "bob", "carol"])
}

/// Both registered.
fn ready() -> Net {
    let mut net = net();
    net.start(ALICE);
    net.start(BOB);
    net
}

/// Bob rings.
fn ringing() -> Net {
    let mut net = ready();
    net.dial(ALICE, "bob");
    net.settle();
    net
}

/// Both in a call.
fn established() -> Net {
    let mut net = ringing();
    net.answer(BOB);
    net.settle();
    net
}

/// A description with one section of this direction, as a desk phone writes it.
fn sdp(direction: &str) -> String {
    format!(
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP 0\r\na={direction}\r\n"
    )
}

/// Both in a call, with descriptions that can be read.
fn talking() -> Net {
    let mut net = net();
    talk(&mut net);
    net
}

/// Brings both into a call, with descriptions that can be read.
fn talk(net: &mut Net) {
    for phone in [ALICE, BOB] {
        net.phone_mut(phone).says = Some(sdp("sendrecv"));
        net.start(phone);
    }
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
}

/// Whether a phone holds, and whether it is held.
fn holds(net: &Net, phone: usize) -> (bool, bool) {
    let call = net.phone(phone).agent.calls().next().expect("there is a call");
    (call.held_here, call.held_there)
}

/// A request of Alice in her call with Bob that her agent did not send; its number follows those that it did.
fn of_alice(net: &Net, method: &Method, lines: &str, body: &str) -> Request {
    use sip::header::{CSeq, Via};
    let mut request = net.exchange.requests(&Method::Ack)[0].clone();
    request.method = method.clone();
    let before = request.headers.get::<CSeq>().unwrap().seq;
    let seq = before + 100 + u32::try_from(net.phone(BOB).inputs + net.exchange.received.len()).unwrap();
    request.headers.set(&CSeq::new(seq, method.clone()));
    let mut via = request.headers.get::<Via>().unwrap();
    via.params.set("branch", Some(&format!("z9hG4bKof-alice-{seq}"))).unwrap();
    request.headers.set(&via);
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        request.headers.push_raw(name, value).unwrap();
    }
    request.body = body.into();
    request
}

/// Gives it to Bob, and says how he answers.
fn to_bob(net: &mut Net, request: &Request) -> Response {
    net.inject(BOB, &request.to_bytes());
    net.settle();
    let answers = |message: &Message| match message {
        Message::Response(response)
            if response.headers.get::<sip::header::CSeq>() == request.headers.get::<sip::header::CSeq>() =>
        {
            Some(response.clone())
        }
        Message::Response(_) | Message::Request(_) => None,
    };
    net.exchange.received.iter().rev().find_map(answers).expect("there was a response")
}

fn request(text: &str) -> Request {
    match Message::parse(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request was expected"),
    }
}

/// A request as it goes over the wire.
fn text(request: &Request) -> String {
    String::from_utf8(request.to_bytes()).unwrap()
}

/// How many REGISTERs left.
fn registers(net: &Net) -> usize {
    net.exchange.requests(&Method::Register).len()
}

/// The last response that the exchange got.
fn last_response(net: &Net) -> Response {
    let response = |message: &Message| match message {
        Message::Response(response) => Some(response.clone()),
        Message::Request(_) => None,
    };
    net.exchange.received.iter().rev().find_map(response).expect("there was a response")
}
