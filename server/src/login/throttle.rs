//! Slows down guessing: pure, `now` comes from outside.
//!
//! Failures are counted for each extension (existing or not) and for each address. What exceeds the free
//! ones waits: half a minute, doubling with every further failure up to a quarter of an hour. A quarter of an
//! hour without a failure forgets them all.

use crate::client::network;
use crate::clock;
use crate::ports::{Guesses, Wait};
use crate::store::accounts::is_extension;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many wrong passwords an extension has before it must wait.
pub const FREE_PER_EXTENSION: u32 = 5;
/// How many wrong passwords an address has before it must wait.
pub const FREE_PER_ADDRESS: u32 = 20;

const FIRST_WAIT: u64 = 30_000;
const LONGEST_WAIT: u64 = 15 * 60_000;
const MEMORY: u64 = 15 * 60_000;
/// How many extensions and how many addresses are remembered.
const REMEMBERED: usize = 10_000;

/// What is known of guesses.
#[derive(Debug, Default)]
pub struct Throttle {
    extensions: HashMap<String, Failures>,
    addresses: HashMap<IpAddr, Failures>,
}

/// The throttle that every place which asks for passwords shares.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Throttle>);

#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    last: u64,
    until: u64,
}

impl Throttle {
    /// Asks to try a password. The attempt counts as a failure until [`Self::succeeded`] takes it back, so
    /// that guesses made at the same time are counted too.
    ///
    /// # Errors
    /// [`Wait`] when the extension or the address has to wait; such an attempt does not count.
    pub fn attempt(&mut self, extension: &str, address: IpAddr, now: u64) -> Result<(), Wait> {
        if let Some(longest) = self.wait(extension, address, now) {
            return Err(longest);
        }
        fail(&mut self.extensions, extension.to_owned(), FREE_PER_EXTENSION, now);
        fail(&mut self.addresses, network(address), FREE_PER_ADDRESS, now);
        Ok(())
    }

    /// How long an attempt has to wait, because of the extension or of the address.
    #[must_use]
    pub fn wait(&self, extension: &str, address: IpAddr, now: u64) -> Option<Wait> {
        let waits = [wait(&self.extensions, extension, now), wait(&self.addresses, &network(address), now)];
        waits.into_iter().flatten().max().map(Wait)
    }

    /// The attempt was right: the extension's failures are forgotten, and the address has one less.
    pub fn succeeded(&mut self, extension: &str, address: IpAddr) {
        self.extensions.remove(extension);
        if let Some(failures) = self.addresses.get_mut(&network(address)) {
            failures.count = failures.count.saturating_sub(1);
            failures.until = 0;
        }
    }

    /// Nobody looked at the attempt: both have one failure less, and do not wait for it.
    pub fn withdrawn(&mut self, extension: &str, address: IpAddr) {
        let known = [self.extensions.get_mut(extension), self.addresses.get_mut(&network(address))];
        for failures in known.into_iter().flatten() {
            failures.count = failures.count.saturating_sub(1);
            failures.until = 0;
        }
    }
}

impl Shared {
    /// A panic while counting leaves nothing half done that matters.
    fn lock(&self) -> MutexGuard<'_, Throttle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guesses for Shared {
    fn wait(&self, extension: &str, address: IpAddr) -> Option<Wait> {
        self.lock().wait(&counted(extension), address, clock::now())
    }

    fn attempt(&self, extension: &str, address: IpAddr) -> Result<(), Wait> {
        self.lock().attempt(&counted(extension), address, clock::now())
    }

    fn succeeded(&self, extension: &str, address: IpAddr) {
        self.lock().succeeded(&counted(extension), address);
    }

    fn withdrawn(&self, extension: &str, address: IpAddr) {
        self.lock().withdrawn(&counted(extension), address);
    }
}

/// What cannot be an extension counts as one that nobody has, so that long names fill no memory; and one that is typed
/// in capitals is the same one.
fn counted(extension: &str) -> String {
    if is_extension(extension) { extension.to_ascii_lowercase() } else { String::new() }
}

fn wait<K, Q>(known: &HashMap<K, Failures>, key: &Q, now: u64) -> Option<u64>
where
    K: Hash + Eq + std::borrow::Borrow<Q>,
    Q: Hash + Eq + ?Sized,
{
    let failures = known.get(key)?;
    failures.until.checked_sub(now).filter(|left| *left > 0)
}

fn fail<K: Hash + Eq + Clone>(known: &mut HashMap<K, Failures>, key: K, free: u32, now: u64) {
    if known.len() >= REMEMBERED && !known.contains_key(&key) {
        make_room(known, now);
    }
    let failures = known.entry(key).or_default();
    if now.saturating_sub(failures.last.max(failures.until)) >= MEMORY {
        *failures = Failures::default();
    }
    failures.count = failures.count.saturating_add(1);
    failures.last = now;
    if let Some(beyond) = failures.count.checked_sub(free) {
        let wait = FIRST_WAIT.checked_shl(beyond).filter(|wait| *wait >> beyond == FIRST_WAIT);
        failures.until = now.saturating_add(wait.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT));
    }
}

/// Forgets what may be forgotten; if that is nothing, the tenth that waits the least.
fn make_room<K: Hash + Eq + Clone>(known: &mut HashMap<K, Failures>, now: u64) {
    let importance = |failures: &Failures| failures.until.max(failures.last);
    known.retain(|_, failures| now.saturating_sub(importance(failures)) < MEMORY);
    if known.len() >= REMEMBERED {
        let mut order: Vec<_> = known.values().map(importance).collect();
        let (_, least, _) = order.select_nth_unstable(REMEMBERED / 10);
        let least = *least;
        let mut excess = REMEMBERED / 10;
        known.retain(|_, failures| {
            let goes = excess > 0 && importance(failures) <= least;
            excess -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn address(last: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, last])
    }

    #[test]
    fn the_sixth_guess_at_an_extension_waits_from_any_address() {
        let mut throttle = Throttle::default();
        for guess in 0..5 {
            assert_eq!(throttle.attempt("1001", address(guess), 1000), Ok(()), "guess {guess}");
        }
        assert_eq!(throttle.attempt("1001", address(9), 1000), Err(Wait(30_000)));
        assert_eq!(throttle.attempt("1001", address(9), 30_999), Err(Wait(1)));
        assert_eq!(Wait(1).seconds(), 1);
        assert_eq!(throttle.attempt("1002", address(9), 1000), Ok(()), "another extension");
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let mut throttle = Throttle::default();
        let mut now = 0;
        for _ in 0..4 {
            assert_eq!(throttle.attempt("1001", HERE, now), Ok(()));
        }
        for expected in [30, 60, 120, 240, 480, 900, 900] {
            assert_eq!(throttle.attempt("1001", HERE, now), Ok(()));
            let wait = throttle.attempt("1001", HERE, now).unwrap_err();
            assert_eq!(wait.seconds(), expected);
            now += wait.0;
        }
    }

    #[test]
    fn a_success_resets_the_extension() {
        let mut throttle = Throttle::default();
        for _ in 0..4 {
            throttle.attempt("1001", HERE, 0).unwrap();
        }
        throttle.attempt("1001", HERE, 0).unwrap();
        throttle.succeeded("1001", HERE);
        for _ in 0..5 {
            assert_eq!(throttle.attempt("1001", HERE, 0), Ok(()));
        }
        assert!(throttle.attempt("1001", HERE, 0).is_err());
    }

    #[test]
    fn what_nobody_looked_at_was_no_guess() {
        let mut throttle = Throttle::default();
        for _ in 0..50 {
            throttle.attempt("1001", HERE, 0).unwrap();
            throttle.withdrawn("1001", HERE);
        }
        for _ in 0..5 {
            throttle.attempt("1001", HERE, 0).unwrap();
        }
        assert!(throttle.attempt("1001", HERE, 0).is_err());
    }

    #[test]
    fn capitals_are_no_other_extension() {
        assert_eq!(counted("Alice"), counted("aLICE"));
        assert_eq!(counted("10 01"), "");
    }

    #[test]
    fn an_address_that_tries_many_extensions_waits() {
        let mut throttle = Throttle::default();
        for guess in 0..20 {
            assert_eq!(throttle.attempt(&format!("{guess}"), HERE, 0), Ok(()));
        }
        assert_eq!(throttle.attempt("x", HERE, 0), Err(Wait(30_000)));
        assert_eq!(throttle.attempt("x", address(1), 0), Ok(()), "another address");
    }

    #[test]
    fn time_forgets() {
        let mut throttle = Throttle::default();
        for _ in 0..5 {
            throttle.attempt("1001", HERE, 0).unwrap();
        }
        let later = FIRST_WAIT + MEMORY;
        for _ in 0..5 {
            assert_eq!(throttle.attempt("1001", HERE, later), Ok(()));
        }
        assert!(throttle.attempt("1001", HERE, later).is_err());
    }

    #[test]
    fn memory_is_bounded_and_keeps_what_waits() {
        let mut throttle = Throttle::default();
        for _ in 0..5 {
            throttle.attempt("1001", HERE, 0).unwrap();
        }
        for name in 0..2 * REMEMBERED {
            let from = IpAddr::from(u32::try_from(name).unwrap().to_be_bytes());
            throttle.attempt(&format!("guess{name}"), from, 1).unwrap();
        }
        assert!(throttle.extensions.len() <= REMEMBERED && throttle.addresses.len() <= REMEMBERED);
        assert!(throttle.attempt("1001", HERE, 2).is_err());
    }
}
