//! Secrets that were looked up lately, so that a phone that signs every request is not looked up for each.

use sip::registrar::Secrets;
use std::collections::HashMap;

/// How many users are remembered.
const MAX: usize = 4_096;
/// How long, in milliseconds: no change of an account is noticed later, even if nobody tells.
const LIFE: u64 = 60_000;

/// What is known of users who signed a request with the right password.
///
/// An account that is disabled, removed or gets a new password has everything forgotten, see
/// [`crate::ports::Sessions::ended`].
#[derive(Default)]
pub(super) struct Known {
    users: HashMap<String, (Secrets, u64)>,
    /// Goes up whenever everything is forgotten: what was looked up before is not remembered after.
    age: u64,
}

impl Known {
    /// The secrets of a user.
    pub(super) fn get(&self, user: &str, now: u64) -> Option<&Secrets> {
        self.users.get(user).filter(|(_, until)| now < *until).map(|(secrets, _)| secrets)
    }

    /// When something is looked up, to be said with it in [`Self::remember`].
    pub(super) const fn age(&self) -> u64 {
        self.age
    }

    /// These were right, and were looked up at that age.
    pub(super) fn remember(&mut self, user: &str, secrets: &Secrets, age: u64, now: u64) {
        if age != self.age || self.get(user, now).is_some() {
            return;
        }
        if self.users.len() >= MAX {
            self.users.clear();
        }
        self.users.insert(user.to_owned(), (secrets.clone(), now.saturating_add(LIFE)));
    }

    /// An account changed, by whomever.
    pub(super) fn forget(&mut self) {
        self.users.clear();
        self.age += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::digest::Ha1s;

    fn secrets(name: &str) -> Secrets {
        Secrets { ha1s: Ha1s::new("1001", "tabphone", name), name: Some(name.to_owned()) }
    }

    fn name(known: &Known, now: u64) -> Option<&str> {
        known.get("1001", now)?.name.as_deref()
    }

    #[test]
    fn what_was_right_is_known_for_a_minute() {
        let mut known = Known::default();
        known.remember("1001", &secrets("wonderland"), known.age(), 1_000);
        assert_eq!(name(&known, 60_999), Some("wonderland"));
        assert_eq!(name(&known, 61_000), None);
        assert!(known.get("1002", 1_000).is_none());
    }

    #[test]
    fn what_was_looked_up_before_a_change_is_not_known_after_it() {
        let mut known = Known::default();
        let before = known.age();
        known.remember("1001", &secrets("old"), before, 0);
        known.forget();
        assert_eq!(name(&known, 1), None);
        known.remember("1001", &secrets("old"), before, 1);
        assert_eq!(name(&known, 1), None);
        known.remember("1001", &secrets("new"), known.age(), 1);
        assert_eq!(name(&known, 1), Some("new"));
    }

    #[test]
    fn there_is_only_so_much_room() {
        let mut known = Known::default();
        for number in 0..=MAX {
            known.remember(&number.to_string(), &secrets("word"), 0, 0);
        }
        assert!(known.users.len() <= MAX);
        assert!(known.get(&MAX.to_string(), 0).is_some());
    }
}
