//! The flows of RFC 3665 section 2, between real phones and the real exchange, as ladders. Like those of calls, each is run
//! again with the exchange saved and restored after each of its inputs, and with each phone's page replaced after each of
//! its own.
//!
//! A phone has no way to ask for the bindings alone (2.3): it would learn nothing from that. Each 2xx lists them all, and
//! who wants to know of other phones subscribes to the `reg` event (RFC 3680).

use crate::calls::Play;
use crate::network::Network;
use crate::real::Real;
use sip::Duration;
use sip::agent::{Refusal, Registration};

const fn alice(act: fn(&mut Network<Real>)) -> Play {
    Play { users: &["alice"], strangers: &["alice"], act }
}

/// 2.1
#[test]
fn a_new_registration() {
    let play = alice(|_| {});
    let (ladder, outcome) = play.ladder();
    insta::assert_snapshot!(ladder);
    assert_eq!(outcome.registered, [Registration::Registered]);
}

/// 2.2: what is added to the list is another phone; each refreshes what is its own.
#[test]
fn an_update_of_the_contact_list() {
    let play = Play {
        users: &["alice", "alice"],
        strangers: &[],
        act: |network| {
            network.note("both are bound");
            network.run(Duration::from_secs(545));
        },
    };
    let (ladder, outcome) = play.ladder();
    let refreshed = ladder.find("-- both are bound").unwrap();
    let shown: Vec<&str> = ladder.lines().filter(|line| !line.ends_with("ping") && !line.ends_with("pong")).collect();
    insta::assert_snapshot!(shown.join("\n"));
    assert_eq!(ladder[refreshed..].matches("REGISTER").count(), 4, "each asks once more, and is answered");
    assert_eq!(outcome.registered, [Registration::Registered, Registration::Registered]);
    let (network, ..) = play.run(|_| {});
    let bound = network.exchange.bindings("alice");
    assert_eq!(bound.len(), 2);
    assert!(bound[0].contains("000000000000>\"") && bound[1].contains("000000000001>\""), "{bound:?}");
}

/// 2.4
#[test]
fn a_cancellation() {
    let play = alice(|network| network.stop(0));
    let (ladder, outcome) = play.ladder();
    insta::assert_snapshot!(ladder);
    assert_eq!(outcome.registered, [Registration::Stopped]);
    let (network, ..) = play.run(|_| {});
    assert_eq!(network.exchange.bindings("alice"), [""; 0]);
}

/// 2.5
#[test]
fn an_unsuccessful_registration() {
    let play = alice(|network| {
        network.stop(0);
        network.settle();
        network.note("the password is wrong now");
        network.phone_mut(0).password = Some("wrong".into());
        network.start(0);
    });
    let (ladder, outcome) = play.ladder();
    insta::assert_snapshot!(ladder);
    assert_eq!(outcome.registered, [Registration::Refused(Refusal::WrongCredentials)]);
    let (network, ..) = play.run(|_| {});
    assert_eq!(network.exchange.bindings("alice"), [""; 0]);
}

/// A refresh is challenged with a new nonce, since the old one is of no use any more: nobody notices.
#[test]
fn a_refresh_that_is_challenged() {
    let play = alice(|network| {
        network.run(Duration::from_secs(545));
        assert_eq!(network.phone(0).registration(), Registration::Registered);
    });
    let (network, ..) = play.run(|_| {});
    assert_eq!(network.ladder().matches("alice: Registering").count(), 1, "{}", network.ladder());
    assert_eq!(network.phone(0).registration(), Registration::Registered);
}
