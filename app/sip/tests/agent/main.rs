//! Two agents that call each other, in virtual time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../network/mod.rs"]
mod network;

mod called;
mod caller;
mod chaos;
mod descriptions;
mod events;
mod flows;
mod hooks;
mod registration;
mod requests;
mod restore;

use network::{Network, Wire};
use sip::message::{Message, Request, Response};

/// The two phones of these tests.
const ALICE: usize = 0;
const BOB: usize = 1;

type Net = Network<Wire>;

fn net() -> Net {
    Network::new(Wire::default(), &["alice", "bob"])
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

fn request(text: &str) -> Request {
    match Message::parse(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request was expected"),
    }
}

/// The last response that the exchange got.
fn last_response(net: &Net) -> Response {
    let response = |message: &Message| match message {
        Message::Response(response) => Some(response.clone()),
        Message::Request(_) => None,
    };
    net.exchange.received.iter().rev().find_map(response).expect("there was a response")
}
