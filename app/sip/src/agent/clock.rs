use crate::Instant;

/// The agent's own time. It goes on where a snapshot left it, plus the time away, so that no deadline ever needs
/// to be rewritten; the driver's time may begin anywhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// A moment of the driver's time.
    driver: Instant,
    /// The same moment of the agent's.
    own: Instant,
}

impl Clock {
    /// A clock that equals the driver's.
    pub(super) const fn new(now: Instant) -> Self {
        Self { driver: now, own: now }
    }

    /// A clock that says `own` when the driver's says `driver`.
    pub(super) const fn resumed(driver: Instant, own: Instant) -> Self {
        Self { driver, own }
    }

    /// The agent's time of a moment of the driver's.
    pub(super) fn inside(&self, driver: Instant) -> Instant {
        self.own + driver.since(self.driver)
    }

    /// The driver's time of a moment of the agent's; what lies before this clock began is due now.
    pub(super) fn outside(&self, own: Instant) -> Instant {
        self.driver + own.since(self.own)
    }
}
