use core::time::Duration;
use sip::Instant;

/// How long who did not call leaves the new offer to who did, and how long after one in vain the next one waits: longer
/// than it takes to settle that both offered at once (RFC 3261 14.1).
const YIELD: Duration = Duration::from_secs(4);
/// When to ask again what the agent could not begin just now.
const AGAIN: Duration = Duration::from_millis(500);

/// When the media of an answered call is to be offered anew, over a fresh connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renewal {
    not_before: Instant,
    /// How often it broke since it was connected last.
    broken: u32,
}

impl Default for Renewal {
    /// A call that has no media, like one of the page before this one, gets it at once.
    fn default() -> Self {
        Self { not_before: Instant::from_millis(0), broken: 0 }
    }
}

impl Renewal {
    /// The media broke; `first` when it is on this side to offer.
    pub(crate) fn broke(&mut self, first: bool, now: Instant) {
        self.not_before = if first && self.broken == 0 { now } else { now + YIELD };
        self.broken = self.broken.saturating_add(1);
    }

    /// The media is connected.
    pub(crate) const fn connected(&mut self) {
        self.broken = 0;
    }

    /// The agent was asked for a new offer: whether it began one.
    pub(crate) fn asked(&mut self, begun: bool, now: Instant) {
        self.not_before = now + if begun { YIELD } else { AGAIN };
    }

    /// When it is due, if there is no media then.
    pub(crate) const fn due(&self) -> Instant {
        self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(100_000);

    #[test]
    fn a_call_that_never_had_media_here_is_offered_at_once() {
        assert!(Renewal::default().due() <= NOW);
    }

    #[test]
    fn who_called_offers_at_once_and_the_other_side_waits() {
        let (mut caller, mut called) = (Renewal::default(), Renewal::default());
        caller.broke(true, NOW);
        called.broke(false, NOW);
        assert_eq!(caller.due(), NOW);
        assert_eq!(called.due(), NOW + YIELD);
    }

    #[test]
    fn what_breaks_again_and_again_is_not_offered_in_a_loop() {
        let mut renewal = Renewal::default();
        renewal.broke(true, NOW);
        renewal.broke(true, NOW);
        assert_eq!(renewal.due(), NOW + YIELD);
        renewal.connected();
        renewal.broke(true, NOW);
        assert_eq!(renewal.due(), NOW);
    }

    #[test]
    fn what_was_asked_lies_in_the_future() {
        let mut renewal = Renewal::default();
        for begun in [true, false] {
            renewal.asked(begun, NOW);
            assert!(renewal.due() > NOW);
        }
    }
}
