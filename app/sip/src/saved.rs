use crate::Instant;
use crate::clock::Clock;
use core::time::Duration;

/// What a machine is saved as: its state, when that was, and in which version it is written.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Saved<S> {
    version: u16,
    taken: Instant,
    state: S,
}

impl<S> Saved<S> {
    /// The state as it is `now`, by the driver's clock.
    pub(crate) fn new(version: u16, clock: Clock, now: Instant, state: S) -> Self {
        Self { version, taken: clock.inside(now), state }
    }

    /// The state, and the clock that goes on from when it was taken, `away` ago.
    ///
    /// # Errors
    /// It is written in another version: this one.
    pub(crate) fn open(self, version: u16, away: Duration, now: Instant) -> Result<(Clock, S), u16> {
        if self.version != version {
            return Err(self.version);
        }
        Ok((Clock::resumed(self.taken, away, now), self.state))
    }
}
