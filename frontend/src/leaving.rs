use core::time::Duration;
use sip::Instant;

/// How long it may take to end the calls and to unregister before the session is ended anyway.
const FAREWELL: Duration = Duration::from_secs(2);
/// The same when the session is over already: shorter than the server keeps the SIP socket for it.
const LAST_WORDS: Duration = Duration::from_millis(700);

/// How far this page is on its way out.
///
/// | state | event | next |
/// | --- | --- | --- |
/// | Here, Stranded | a person logs out | Stopping, then the session is ended |
/// | Here, Stopping, Stranded | the session is over | Stopping, then the page is loaded anew |
/// | Stopping | stopped, its time | Ending or Gone |
/// | Ending | the server answered | Gone |
/// | Ending | the server cannot be reached | Stranded |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// It stays.
    #[default]
    Here,
    /// The agent says goodbye, at the latest until this moment.
    Stopping { until: Instant, then: Then },
    /// The server is being asked to end the session.
    Ending,
    /// The session could not be ended; the phone is silent all the same, as was asked.
    Stranded,
    /// The browser is taking the page away.
    Gone,
}

/// What follows when the agent has said goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The session is to be ended.
    EndSession,
    /// It is over: the page is to be loaded anew.
    Reload,
}

impl Leaving {
    /// A person asked to log out: whether the agent is to be stopped now.
    pub(crate) fn log_out(&mut self, now: Instant) -> bool {
        match self {
            Self::Here | Self::Stranded => {
                *self = Self::Stopping { until: now + FAREWELL, then: Then::EndSession };
                true
            }
            Self::Stopping { .. } | Self::Ending | Self::Gone => false,
        }
    }

    /// The server said that the session is over: whether the agent is to be stopped now.
    pub(crate) fn session_over(&mut self, now: Instant) -> bool {
        match self {
            Self::Here | Self::Stopping { .. } | Self::Stranded => {
                *self = Self::Stopping { until: now + LAST_WORDS, then: Then::Reload };
                true
            }
            Self::Ending | Self::Gone => false,
        }
    }

    /// What follows now, if anything does, where the agent is `stopped` or not; told once.
    pub(crate) fn follow(&mut self, stopped: bool, now: Instant) -> Option<Then> {
        let Self::Stopping { until, then } = *self else { return None };
        if !stopped && now < until {
            return None;
        }
        *self = match then {
            Then::EndSession => Self::Ending,
            Then::Reload => Self::Gone,
        };
        Some(then)
    }

    /// The server was asked to end the session, and was `reached` or not.
    pub(crate) fn ended(&mut self, reached: bool) {
        if *self == Self::Ending {
            *self = if reached { Self::Gone } else { Self::Stranded };
        }
    }

    /// Whether nothing is to be opened or called any more.
    pub(crate) const fn is_silent(&self) -> bool {
        match self {
            Self::Here | Self::Stopping { .. } => false,
            Self::Ending | Self::Stranded | Self::Gone => true,
        }
    }

    /// When [`Leaving::follow`] is due.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Stopping { until, .. } => Some(*until),
            Self::Here | Self::Ending | Self::Stranded | Self::Gone => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(5_000);

    #[test]
    fn the_session_is_ended_once_the_agent_has_stopped_or_its_time_is_up() {
        let mut leaving = Leaving::default();
        assert!(leaving.log_out(NOW));
        assert!(!leaving.log_out(NOW), "asked twice, stopped once");
        assert_eq!(leaving.follow(false, NOW), None);
        assert_eq!(leaving.follow(true, NOW), Some(Then::EndSession));
        assert_eq!(leaving.follow(true, NOW), None);

        let mut leaving = Leaving::default();
        leaving.log_out(NOW);
        assert_eq!(leaving.deadline(), Some(NOW + FAREWELL));
        assert_eq!(leaving.follow(false, NOW + FAREWELL), Some(Then::EndSession));
    }

    #[test]
    fn who_could_not_log_out_stays_silent_and_can_try_again() {
        let mut leaving = Leaving::default();
        leaving.log_out(NOW);
        leaving.follow(true, NOW);
        leaving.ended(false);
        assert_eq!(leaving, Leaving::Stranded);
        assert!(leaving.is_silent());
        assert!(leaving.log_out(NOW));
        leaving.follow(true, NOW);
        leaving.ended(true);
        assert_eq!(leaving, Leaving::Gone);
        assert!(!leaving.log_out(NOW));
    }

    #[test]
    fn a_session_that_is_over_leaves_time_for_last_words() {
        for mut leaving in [Leaving::Here, Leaving::Stopping { until: NOW + FAREWELL, then: Then::EndSession }] {
            assert!(leaving.session_over(NOW));
            assert!(!leaving.is_silent());
            assert_eq!(leaving.follow(false, NOW), None);
            assert_eq!(leaving.deadline(), Some(NOW + LAST_WORDS));
            assert_eq!(leaving.follow(false, NOW + LAST_WORDS), Some(Then::Reload));
            assert_eq!(leaving, Leaving::Gone);
        }
    }
}
