//! Phones and the exchange in a world where everything goes wrong, in virtual time, as chance has it.
//!
//! A seed decides everything: what users do and when, how long each message takes, which connection breaks when and
//! who notices, which page is closed, frozen, or restored from what it saved, when the exchange dies and what it
//! remembers. After so many steps nothing goes wrong any more, everybody hangs up, and all must come to rest.
//!
//! In a third of the worlds people have rules, and there are groups and codes; in a third a notifier and a mailbox; in a
//! quarter somebody hostile, and four in ten of these are run again without them, to compare what the others noticed.
//!
//! A seed that fails says so in a line that runs it again:
//! `SEED=… STEPS=… cargo test -p sip --test simulation`.
//! How many seeds are run is `SEEDS`, and from which on `FIRST`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod beside;
mod exchange;
mod hostile;
mod kind;
#[allow(unused_imports, reason = "several tests share it, each a part")]
#[path = "../network/mod.rs"]
mod network;
mod numbers;
mod page;
mod random;
mod run;
mod told;
mod users;
mod watch;
mod world;

use run::{Failure, run, shrink};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many seeds are run, unless `SEEDS` says otherwise.
const SEEDS: u64 = 10_000;

#[test]
fn everything_comes_to_rest() {
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(seed) = number("SEED") {
        let steps = number("STEPS").map(|steps| usize::try_from(steps).unwrap());
        let result = run(seed, steps, true);
        let _ = std::panic::take_hook();
        match result {
            Ok(ended) => println!("seed {seed}: {} calls, {}", ended.calls, ended.fingerprint),
            Err(failure) => panic!("{failure}"),
        }
        return;
    }
    let (first, count) = (number("FIRST").unwrap_or(0), number("SEEDS").unwrap_or(SEEDS));
    let began = std::time::Instant::now();
    let (calls, failed) = run_all(first, count);
    let _ = std::panic::take_hook();
    println!("{count} seeds from {first}: {calls} calls in {:?}", began.elapsed());
    if let Some(failure) = failed {
        panic!("{}", shrink(&failure));
    }
}

#[test]
fn a_seed_is_a_world() {
    for seed in 0..20 {
        let (once, again) = (run(seed, None, true), run(seed, None, true));
        assert_eq!(once.map(|ended| ended.fingerprint).ok(), again.map(|ended| ended.fingerprint).ok());
    }
}

/// Runs seeds on all processors: how many calls there were, and the first seed that failed.
fn run_all(first: u64, count: u64) -> (u64, Option<Failure>) {
    let next = AtomicU64::new(first);
    let calls = AtomicU64::new(0);
    let failed: Mutex<Option<Failure>> = Mutex::new(None);
    let worker = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let mut guard = failed.lock().unwrap_or_else(PoisonError::into_inner);
            if seed >= first + count || guard.is_some() {
                return;
            }
            drop(guard);
            if seed.is_multiple_of(10_000) && seed > first {
                eprintln!("{seed} …");
            }
            match run(seed, None, false) {
                Ok(ended) => {
                    calls.fetch_add(ended.calls, Ordering::Relaxed);
                }
                Err(failure) => {
                    guard = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    guard.get_or_insert(failure);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(worker);
        }
    });
    (calls.into_inner(), failed.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
