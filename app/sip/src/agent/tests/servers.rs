use super::super::Server;
use super::super::servers::Servers;
use crate::{Instant, Random};
use alloc::vec::Vec;
use core::time::Duration;

/// The rows of [`Servers`]' table.
struct Table {
    list: Vec<Server>,
    servers: Servers,
    random: Random,
    now: Instant,
}

const AFTER: Duration = Duration::from_secs(100);

/// Servers of these priorities, of which the best was asked for.
fn table(priorities: &[u16]) -> Table {
    let list: Vec<Server> = priorities.iter().map(|priority| Server { priority: *priority, weight: 1 }).collect();
    let mut table =
        Table { list, servers: Servers::default(), random: Random::new([3; 32]), now: Instant::from_millis(0) };
    table.begin(false);
    table
}

impl Table {
    fn begin(&mut self, last: bool) {
        self.servers.begin(&self.list, &mut self.random, last);
    }

    fn opened(&mut self) {
        self.servers.opened(&self.list, AFTER, self.now, &mut self.random);
    }

    /// In how many seconds it is time to return.
    fn back(&self) -> Option<u64> {
        self.servers.deadline().map(|at| at.since(self.now).as_secs())
    }

    fn order(&mut self) -> Vec<usize> {
        let mut order = Vec::from([self.servers.current()]);
        while self.servers.advance() {
            order.push(self.servers.current());
        }
        order
    }
}

#[test]
fn sv1_a_round_begins() {
    assert_eq!(table(&[30, 10, 20]).order(), [1, 2, 0]);
    assert_eq!(table(&[]).order(), [0], "none is as good as one");
    let mut first = [0; 2];
    let mut uneven = table(&[1, 1]);
    uneven.list = Vec::from([Server { priority: 1, weight: 30 }, Server { priority: 1, weight: 10 }]);
    for _ in 0..1000 {
        uneven.begin(false);
        if let Some(count) = first.get_mut(uneven.servers.current()) {
            *count += 1;
        }
        assert_eq!(uneven.order().len(), 2, "each is in it once");
    }
    assert!((650..850).contains(&first[0]), "{first:?}");
}

#[test]
fn sv2_the_server_is_no_good() {
    let mut table = table(&[1, 2]);
    assert_eq!(table.servers.current(), 0);
    assert!(table.servers.has_next() && table.servers.advance());
    assert_eq!(table.servers.current(), 1);
}

#[test]
fn sv3_that_was_the_last_one() {
    let mut table = table(&[1, 2]);
    assert_eq!(table.order(), [0, 1]);
    assert!(!table.servers.has_next() && !table.servers.advance());
    table.begin(false);
    assert_eq!(table.order(), [0, 1]);
}

#[test]
fn sv4_a_good_one_dies() {
    let mut table = table(&[1, 2, 3]);
    table.begin(true);
    assert_eq!(table.order(), [1, 2, 0]);
}

#[test]
fn sv5_another_than_the_best_is_open() {
    let mut table = table(&[1, 2]);
    table.opened();
    assert_eq!(table.back(), None, "it is the best");
    table.servers.advance();
    table.opened();
    assert!((50..=150).contains(&table.back().unwrap()));
    table.servers.go_back(&table.list, &mut table.random);
    assert_eq!((table.servers.current(), table.back()), (0, None));
    let mut equals = self::table(&[1, 1]);
    equals.servers.advance();
    equals.opened();
    assert_eq!(equals.back(), None, "nothing is better than an equal");
}

#[test]
fn sv6_the_same_in_a_call() {
    let mut table = table(&[1, 2]);
    table.servers.advance();
    table.opened();
    for _ in 0..10 {
        table.servers.put_off(AFTER, table.now, &mut table.random);
        assert!((50..=150).contains(&table.back().unwrap()), "a call is no return in vain");
    }
}

#[test]
fn sv7_a_return_in_vain() {
    let mut table = table(&[1, 2]);
    let mut waits = Vec::new();
    for _ in 0..8 {
        table.servers.advance();
        table.opened();
        waits.push(table.back().unwrap());
        table.servers.go_back(&table.list, &mut table.random);
    }
    for (wait, doublings) in waits.iter().zip([0, 1, 2, 3, 4, 4, 4, 4]) {
        assert!((50 << doublings..=150 << doublings).contains(wait), "{waits:?}");
    }
    table.opened();
    table.servers.advance();
    table.opened();
    assert!(table.back().unwrap() <= 150, "the best was there in between");
}
