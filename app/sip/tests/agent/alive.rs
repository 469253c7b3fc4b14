//! Whether the transport is alive.

use super::flows::check;
use super::{ALICE, Net, net, ready};
use sip::Duration;
use sip::agent::Registration;
use sip::message::{Method, Status};

fn dead_socket(net: &mut Net) {
    net.start(ALICE);
    net.run(Duration::from_secs(12));
    net.cut_silently(ALICE);
    net.dial(ALICE, "bob");
    net.run(Duration::from_secs(10));
}

#[test]
fn a_dead_socket_is_found_within_10_s_of_a_request() {
    check("dead_socket", dead_socket);
    let mut net = net();
    dead_socket(&mut net);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    assert_eq!(net.exchange.requests(&Method::Register).len(), 2);
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 1, "the call goes out over the new one");
}

fn pongless(net: &mut Net) {
    net.exchange.pongless = true;
    for _ in 0..9 {
        net.exchange.refuse(Method::Options, Status::OK);
    }
    net.start(ALICE);
    net.run(Duration::from_secs(110));
}

#[test]
fn a_server_without_pongs_is_asked_by_options() {
    check("pongless", pongless);
    let mut net = net();
    pongless(&mut net);
    assert_eq!(net.exchange.requests(&Method::Register).len(), 1, "the connection is kept");
    assert_eq!(net.ladder().matches("alice -> exchange: ping").count(), 1);
    assert!(net.exchange.requests(&Method::Options).len() >= 4);
}

#[test]
fn a_server_without_pongs_that_dies_is_found_as_soon() {
    let mut net = ready();
    net.exchange.pongless = true;
    net.cut_silently(ALICE);
    net.hint(ALICE);
    net.run(Duration::from_millis(4_900));
    assert_eq!(net.exchange.requests(&Method::Register).len(), 2);
    net.run(Duration::from_millis(200));
    assert_eq!(net.exchange.requests(&Method::Register).len(), 3);
}
