//! Whether the transport is alive.

use super::flows::check;
use super::network::config;
use super::{ALICE, Net, net, ready};
use sip::agent::{Config, Registration};
use sip::message::{Method, Status};
use sip::{Duration, Random};

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

/// How long it takes until a transport that died so many milliseconds after it was heard of last counts as dead, with the
/// usual settings. `pongs`: whether the server answers pings.
fn verdict(died: u64, pongs: bool) -> Duration {
    let mut net = net();
    net.exchange.pongless = !pongs;
    let usual = Config::new(config("alice").address, config("alice").registrar, &mut Random::new([0; 32]));
    net.phone_mut(ALICE).configure(|config| {
        config.ping_interval = usual.ping_interval;
        config.pong_timeout = usual.pong_timeout;
    });
    net.start(ALICE);
    net.run(Duration::from_secs(30) + Duration::from_millis(died));
    assert_eq!(net.exchange.requests(&Method::Register).len(), 1, "nothing is wrong");
    net.cut_silently(ALICE);
    let dead = net.now;
    while net.phone(ALICE).registration() == Registration::Registered {
        net.run(Duration::from_millis(10));
    }
    net.run(Duration::from_millis(100));
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered, "and it is back at once");
    net.now.since(dead) - Duration::from_millis(100)
}

#[test]
fn a_dead_socket_is_found_within_10_s_when_nothing_happens() {
    for died in (0..10_000).step_by(700) {
        for pongs in [true, false] {
            let verdict = verdict(died, pongs);
            assert!(verdict < Duration::from_secs(10), "{verdict:?} after {died}, pongs: {pongs}");
        }
    }
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
