//! Several servers: in which order they are tried, and when the best one is tried again.

use super::flows::check;
use super::network::config;
use super::{ALICE, Net, net};
use sip::agent::{Agent, Input, Output, Registration, Server};
use sip::message::{Method, Status};
use sip::{Duration, Instant};

fn two(net: &mut Net) {
    net.phone_mut(ALICE).configure(|config| {
        config.servers = vec![Server { priority: 20, weight: 0 }, Server { priority: 10, weight: 0 }];
        config.return_after = Duration::from_secs(100);
    });
}

fn failover_and_return(net: &mut Net) {
    two(net);
    net.down = vec![1];
    net.start(ALICE);
    net.down.clear();
    net.run(Duration::from_secs(151));
}

#[test]
fn the_next_server_is_taken_and_the_best_one_returned_to() {
    check("failover_and_return", failover_and_return);
    let mut net = net();
    two(&mut net);
    net.down = vec![1];
    net.start(ALICE);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    assert_eq!(net.phone(ALICE).server, 0);
    net.down.clear();
    net.run(Duration::from_secs(49));
    assert_eq!(net.phone(ALICE).server, 0);
    net.run(Duration::from_secs(102));
    assert_eq!(net.phone(ALICE).server, 1);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
}

#[test]
fn a_return_in_vain_is_no_loss() {
    let mut net = net();
    two(&mut net);
    net.down = vec![1];
    net.start(ALICE);
    net.run(Duration::from_secs(400));
    assert_eq!((net.phone(ALICE).server, net.phone(ALICE).registration()), (0, Registration::Registered));
}

#[test]
fn nobody_returns_in_a_call() {
    let mut net = net();
    two(&mut net);
    net.down = vec![1];
    net.start(ALICE);
    net.start(super::BOB);
    net.down.clear();
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(super::BOB);
    net.run(Duration::from_secs(1000));
    assert_eq!(net.phone(ALICE).server, 0);
    net.hang_up(ALICE);
    net.run(Duration::from_secs(151));
    assert_eq!(net.phone(ALICE).server, 1);
}

#[test]
fn a_server_that_dies_is_left_for_the_next_at_once() {
    let mut net = net();
    two(&mut net);
    net.start(ALICE);
    net.run(Duration::from_secs(20));
    net.cut(ALICE);
    net.settle();
    assert_eq!((net.phone(ALICE).server, net.phone(ALICE).registration()), (0, Registration::Registered));
}

#[test]
fn a_server_that_does_not_answer_register_is_left() {
    let mut net = net();
    two(&mut net);
    net.exchange.lose(Method::Register);
    net.start(ALICE);
    net.run(Duration::from_secs(33));
    assert_eq!((net.phone(ALICE).server, net.phone(ALICE).registration()), (0, Registration::Registered));
}

#[test]
fn a_server_in_trouble_is_left_for_the_next() {
    let mut net = net();
    two(&mut net);
    net.exchange.refuse(Method::Register, Status::SERVICE_UNAVAILABLE);
    net.start(ALICE);
    assert_eq!((net.phone(ALICE).server, net.phone(ALICE).registration()), (0, Registration::Registered));
}

/// The servers that an agent tries with this seed, and when, while none can be opened.
fn tries(servers: &[Server], seed: u8, count: usize) -> Vec<(usize, u64)> {
    let mut config = config("alice");
    config.servers = servers.to_vec();
    let mut now = Instant::from_millis(0);
    let mut agent = Agent::new(config, [seed; 32], now);
    agent.start(now);
    let mut tries = Vec::new();
    while tries.len() < count {
        while let Some(output) = agent.poll() {
            if let Output::Connect(server) = output {
                tries.push((server, now.as_millis()));
                agent.handle(Input::Disconnected, now);
            }
        }
        now = agent.deadline().unwrap();
        agent.handle(Input::Timeout, now);
    }
    tries
}

#[test]
fn a_round_has_no_pause_and_rounds_have() {
    let servers = [1, 2, 3].map(|priority| Server { priority, weight: 0 });
    let tries = tries(&servers, 1, 12);
    let order: Vec<usize> = tries.iter().map(|(server, _)| *server).collect();
    assert_eq!(order[..12], [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    let times: Vec<u64> = tries.iter().map(|(_, at)| *at).collect();
    assert!(times[..6].iter().all(|at| *at == 0), "the second round is at once: {times:?}");
    assert!((500..=1500).contains(&times[6]) && times[8] == times[6], "{times:?}");
    assert!(times[9] - times[6] >= 1000 && times[11] == times[9], "{times:?}");
}

#[test]
fn weight_says_how_often_a_server_is_first() {
    let servers = [Server { priority: 1, weight: 90 }, Server { priority: 1, weight: 10 }];
    let first = (0..200).filter(|seed| tries(&servers, *seed, 1)[0].0 == 0).count();
    assert!((160..=195).contains(&first), "{first} of 200");
}
