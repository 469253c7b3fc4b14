//! How many wrong passwords reach a PBX, which may shut the server out for them: pure, `now` comes from outside.

use crate::ports::Wait;
use std::collections::HashMap;

/// How many of one extension in [`WINDOW`].
pub(super) const GUESSES: usize = 3;
/// In milliseconds.
pub(super) const WINDOW: u64 = 10 * 60_000;
/// How many extensions are remembered. Others have to wait then: better that than a PBX that shuts everybody out.
const REMEMBERED: usize = 10_000;

/// When which extension of which PBX was guessed at.
#[derive(Debug, Default)]
pub(super) struct Limit {
    guesses: HashMap<(String, String), Vec<u64>>,
}

impl Limit {
    /// Asks to try a password. It counts until [`Self::withdraw`], so that those made at the same time are counted, too.
    pub(super) fn attempt(&mut self, who: &(String, String), now: u64) -> Result<(), Wait> {
        let recent = |at: &u64| now.saturating_sub(*at) < WINDOW;
        if self.guesses.len() >= REMEMBERED && !self.guesses.contains_key(who) {
            self.guesses.retain(|_, guesses| guesses.iter().any(recent));
            if self.guesses.len() >= REMEMBERED {
                return Err(Wait(WINDOW));
            }
        }
        let guesses = self.guesses.entry(who.clone()).or_default();
        guesses.retain(recent);
        match guesses.iter().min() {
            Some(first) if guesses.len() >= GUESSES => Err(Wait(first.saturating_add(WINDOW).saturating_sub(now))),
            Some(_) | None => {
                guesses.push(now);
                Ok(())
            }
        }
    }

    /// The attempt of then was right, or the PBX never saw it.
    pub(super) fn withdraw(&mut self, who: &(String, String), at: u64) {
        let Some(guesses) = self.guesses.get_mut(who) else { return };
        if let Some(place) = guesses.iter().position(|guess| *guess == at) {
            guesses.swap_remove(place);
        }
        if guesses.is_empty() {
            self.guesses.remove(who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(extension: &str) -> (String, String) {
        ("office".to_owned(), extension.to_owned())
    }

    #[test]
    fn three_wrong_passwords_in_ten_minutes_reach_the_pbx() {
        let mut limit = Limit::default();
        for at in [0, 1_000, 2_000] {
            assert_eq!(limit.attempt(&who("1001"), at), Ok(()));
        }
        assert_eq!(limit.attempt(&who("1001"), 3_000), Err(Wait(WINDOW - 3_000)));
        assert_eq!(limit.attempt(&who("1002"), 3_000), Ok(()), "another extension");
        assert_eq!(limit.attempt(&who("1001"), WINDOW), Ok(()), "the first is ten minutes old");
        assert_eq!(limit.attempt(&who("1001"), WINDOW), Err(Wait(1_000)));
    }

    #[test]
    fn a_right_password_among_wrong_ones_forgives_none_of_them() {
        let mut limit = Limit::default();
        for at in 0..2 {
            limit.attempt(&who("1001"), at).unwrap();
        }
        limit.attempt(&who("1001"), 2).unwrap();
        limit.withdraw(&who("1001"), 2);
        limit.attempt(&who("1001"), 3).unwrap();
        assert!(limit.attempt(&who("1001"), 4).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let mut limit = Limit::default();
        for name in 0..REMEMBERED {
            limit.attempt(&who(&name.to_string()), 0).unwrap();
        }
        assert!(limit.attempt(&who("one more"), 1).is_err());
        assert_eq!(limit.attempt(&who("one more"), WINDOW), Ok(()));
        assert_eq!(limit.guesses.len(), 1);
    }
}
