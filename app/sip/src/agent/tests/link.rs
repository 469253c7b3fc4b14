use super::super::link::{Link, Step};
use super::super::servers::Servers;
use super::super::{Config, Server};
use crate::{Instant, Random};
use alloc::vec::Vec;
use core::time::Duration;

/// The rows of [`Link`]'s table.
struct Table {
    link: Link,
    servers: Servers,
    random: Random,
    config: Config,
    now: Instant,
}

const PING: Duration = Duration::from_secs(6);
const PONG: Duration = Duration::from_secs(3);

fn off(servers: usize) -> Table {
    let mut config = super::config();
    config.servers = (0..servers).map(|_| Server::default()).collect();
    let mut random = Random::new([2; 32]);
    let mut order = Servers::default();
    order.begin(&config.servers, &mut random, false);
    Table { link: Link::Off, servers: order, random, config, now: Instant::from_millis(0) }
}

fn connecting(servers: usize) -> Table {
    let mut table = off(servers);
    table.link.open(table.now);
    table
}

fn up(servers: usize) -> Table {
    let mut table = connecting(servers);
    assert!(table.link.opened(table.now, PING));
    table
}

/// Opened, after one round in vain.
fn waiting() -> Table {
    let mut table = connecting(1);
    assert_eq!(table.lost(), Step::Connect);
    assert_eq!(table.lost(), Step::None);
    table
}

impl Table {
    fn lost(&mut self) -> Step {
        self.link.lost(self.now, &mut self.random, &mut self.servers, &self.config)
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now + Duration::from_millis(millis);
    }

    /// Goes to the next deadline: how long that took, and what is wanted then.
    fn next(&mut self) -> (u64, Step) {
        let due = self.link.deadline().unwrap();
        let passed = due.since(self.now);
        self.now = due;
        (passed.as_millis() as u64, self.link.timeout(due, PONG))
    }
}

#[test]
fn lk1_wanted() {
    let table = connecting(1);
    assert!(!table.link.is_off() && !table.link.is_up() && !table.link.is_failing());
}

#[test]
fn lk2_connected() {
    let mut table = connecting(1);
    assert!(table.link.opened(table.now, PING));
    assert!(table.link.is_up());
    assert_eq!(table.link.deadline(), Some(table.now + PING));
}

#[test]
fn lk3_the_round_has_another_server() {
    for mut table in [connecting(3), up(3)] {
        let first = table.servers.current();
        assert_eq!(table.lost(), Step::Connect);
        assert_ne!(table.servers.current(), first);
        assert!(!table.link.is_failing(), "not everything was tried yet");
    }
}

#[test]
fn lk4_the_first_round_in_vain() {
    for mut table in [connecting(1), up(1)] {
        assert_eq!(table.lost(), Step::Connect);
        assert!(table.link.is_failing());
    }
    let mut several = connecting(2);
    assert_eq!([several.lost(), several.lost(), several.lost()], [Step::Connect; 3]);
    assert_eq!(several.lost(), Step::None);
}

#[test]
fn lk5_a_good_one_is_lost() {
    let mut table = up(1);
    table.pass(10_000);
    assert_eq!(table.lost(), Step::Connect);
    assert!(table.link.opened(table.now, PING));
    table.pass(9_999);
    assert_eq!(table.lost(), Step::None, "it was there for too short a time");

    let mut several = up(2);
    let dead = several.servers.current();
    several.pass(10_000);
    assert_eq!(several.lost(), Step::Connect);
    assert_ne!(several.servers.current(), dead);
}

#[test]
fn lk6_a_later_round_in_vain() {
    let mut table = connecting(1);
    assert_eq!(table.lost(), Step::Connect);
    let mut waits = Vec::new();
    for _ in 0..10 {
        assert_eq!(table.lost(), Step::None);
        assert!(table.link.is_failing());
        let (wait, step) = table.next();
        assert_eq!(step, Step::Connect);
        waits.push(wait);
    }
    let middle = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    for (wait, middle) in waits.iter().zip(middle) {
        assert!((middle / 2..=(middle * 3 / 2).min(30_000)).contains(wait), "{waits:?}");
    }
    assert!(waits.iter().skip(6).any(|wait| *wait != 30_000), "there is chance in it: {waits:?}");
}

#[test]
fn lk7_no_news() {
    assert_eq!(connecting(1).next(), (10_000, Step::GiveUp));
    let mut back = up(2);
    back.link.switch(back.now);
    assert_eq!(back.next(), (4_000, Step::GiveUp));
    assert_eq!(back.lost(), Step::Connect);
}

#[test]
fn lk8_its_time_came_or_a_hint() {
    let mut table = waiting();
    assert_eq!(table.next().1, Step::Connect);
    let mut hinted = waiting();
    assert_eq!(hinted.link.hint(hinted.now, PONG), Step::Connect);
    assert!(hinted.link.opened(hinted.now, PING));
}

#[test]
fn lk9_it_is_time_to_return() {
    let mut table = up(2);
    table.link.switch(table.now);
    assert!(!table.link.is_up() && !table.link.is_failing());
    assert!(table.link.opened(table.now, PING));
}

#[test]
fn lk10_nothing_arrived() {
    assert_eq!(up(1).next(), (6_000, Step::Ping));

    let mut server_wants_more = up(1);
    server_wants_more.link.keep_alive_within(Some(Duration::from_secs(5)));
    server_wants_more.pass(3_000);
    server_wants_more.link.heard(server_wants_more.now, PING);
    assert_eq!(server_wants_more.next(), (2_000, Step::Ping), "what they send is no keep-alive of ours");

    let mut hinted = up(1);
    assert_eq!(hinted.link.hint(hinted.now, PONG), Step::Ping);
    assert_eq!(hinted.link.hint(hinted.now, PONG), Step::None, "once is enough");
}

#[test]
fn lk11_nothing_followed_on_a_request() {
    let mut table = up(1);
    table.pass(1_000);
    table.link.expect(table.now);
    assert_eq!(table.next(), (4_000, Step::Ping));

    let mut late = up(1);
    late.pass(5_000);
    late.link.expect(late.now);
    assert_eq!(late.next(), (1_000, Step::Ping), "the ping that is due anyway comes first");
}

#[test]
fn lk12_pings_are_not_answered() {
    let mut table = up(1);
    table.next();
    assert_eq!(table.next().1, Step::Options);
    table.link.heard(table.now, PING);
    assert_eq!(table.next(), (6_000, Step::Options));
    table.link.heard(table.now, PING);
    table.link.expect(table.now);
    assert_eq!(table.next(), (4_000, Step::Options));
}

#[test]
fn lk13_anything_arrived() {
    let mut table = up(1);
    table.next();
    table.pass(100);
    table.link.heard(table.now, PING);
    table.link.ponged();
    assert_eq!(table.next(), (6_000, Step::Ping));
}

#[test]
fn lk14_no_pong_ever_came() {
    let mut table = up(1);
    assert_eq!(table.next(), (6_000, Step::Ping));
    assert_eq!(table.next(), (1_500, Step::Options));
    assert_eq!(table.next(), (1_500, Step::GiveUp), "in 9 s there is a verdict all the same");
}

#[test]
fn lk15_nothing_in_the_pong_timeout() {
    let mut table = up(1);
    table.link.ponged();
    assert_eq!(table.next(), (6_000, Step::Ping));
    assert_eq!(table.next(), (3_000, Step::GiveUp));
    assert_eq!(table.lost(), Step::Connect);
}

#[test]
fn lk16_news_that_nobody_waits_for() {
    for mut table in [off(1), waiting()] {
        let before = table.link;
        assert!(!table.link.opened(table.now, PING));
        assert_eq!(table.lost(), Step::None);
        assert_eq!(table.link, before);
    }
}
