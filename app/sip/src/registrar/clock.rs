use crate::time::Instant;
use core::time::Duration;

/// The machine's own time: it goes on where a snapshot stopped, plus the time away, whatever the clock of the
/// new driver says. So no deadline in a snapshot ever needs to be rewritten.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// What is added to the driver's time.
    ahead: Duration,
    /// What is taken from it.
    behind: Duration,
}

impl Clock {
    /// The clock that says `saved` + `away` when the driver's says `now`.
    pub(crate) fn resume(saved: Instant, away: Duration, now: Instant) -> Self {
        let target = saved + away;
        Self { ahead: target.since(now), behind: now.since(target) }
    }

    /// From the driver's time.
    pub(crate) fn read(self, driver: Instant) -> Instant {
        driver + self.ahead - self.behind
    }

    /// To the driver's time.
    pub(crate) fn tell(self, own: Instant) -> Instant {
        own + self.behind - self.ahead
    }
}
