use crate::event::{Event, Events};
use gloo_timers::callback::Timeout;
use sip::{Instant, Seed};

/// The longest time that `setTimeout` can wait; further deadlines are reached in steps.
const LONGEST: u64 = i32::MAX as u64;

/// Now, by the page's monotonic clock.
pub(crate) fn now() -> Instant {
    let millis = web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now());
    Instant::from_millis(millis as u64)
}

/// Now, by the wall clock: milliseconds since 1970. Tests run where there is no browser to ask.
pub(crate) fn wall() -> u64 {
    if cfg!(test) { 0 } else { js_sys::Date::now() as u64 }
}

/// What the page's clocks and its source of randomness give: what begins something asks for them once.
pub(crate) struct Moment {
    /// The monotonic clock.
    pub(crate) now: Instant,
    /// Milliseconds since 1970.
    pub(crate) wall: u64,
    /// Fresh randomness.
    pub(crate) seed: Seed,
}

impl Moment {
    /// This one.
    pub(crate) fn at(now: Instant) -> Self {
        Self { now, wall: wall(), seed: seed() }
    }
}

/// Fresh randomness from the browser's cryptographic source.
pub(crate) fn seed() -> Seed {
    let mut seed = Seed::default();
    if let Some(crypto) = web_sys::window().and_then(|window| window.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut seed);
    }
    seed
}

/// The one timer of the driver.
pub(crate) struct Timer {
    events: Events,
    pending: Option<Timeout>,
}

impl Timer {
    pub(crate) const fn new(events: Events) -> Self {
        Self { events, pending: None }
    }

    /// Lets [`Event::Deadline`] come at `deadline`, and forgets what was armed before.
    ///
    /// It is armed anew after every event, even for the same deadline: a timer set while a socket's message is handled
    /// is no link in a chain of timers, and browsers slow down only those in hidden pages to one a minute.
    pub(crate) fn arm(&mut self, deadline: Option<Instant>, now: Instant) {
        self.pending = deadline.map(|deadline| {
            let wait = deadline.as_millis().saturating_sub(now.as_millis()).min(LONGEST);
            let events = self.events.clone();
            Timeout::new(wait as u32, move || events.tell(Event::Deadline))
        });
    }
}
