use crate::Instant;
use core::time::Duration;

/// A machine's own time. It goes on where a snapshot stopped, plus the time away, whatever the clock of the new
/// driver says; so no deadline in a snapshot ever needs to be rewritten. The default equals the driver's time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// A moment of the driver's time.
    driver: Instant,
    /// The same moment of the machine's.
    own: Instant,
}

impl Clock {
    /// The clock that says `saved` + `away` when the driver's says `now`.
    pub(crate) fn resumed(saved: Instant, away: Duration, now: Instant) -> Self {
        Self { driver: now, own: saved + away }
    }

    /// The machine's time of a moment of the driver's.
    pub(crate) fn inside(self, driver: Instant) -> Instant {
        self.own + driver.since(self.driver)
    }

    /// The driver's time of a moment of the machine's; what lies before this clock began is due now.
    pub(crate) fn outside(self, own: Instant) -> Instant {
        self.driver + own.since(self.own)
    }
}
