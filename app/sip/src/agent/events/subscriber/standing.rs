use super::super::super::core::Core;
use super::super::{Failure, SubscriptionEnd, back_off, refresh_at};
use super::{State, Subscriber};
use crate::header::SubscriptionState;
use crate::transaction::T1_X64;
use core::time::Duration;

/// A subscription that was good for as long as this failed for no reason of its own: the next try needs no patience.
const GOOD: Duration = Duration::from_secs(30);

/// What NOTIFY and the responses to SUBSCRIBE say of how a subscription of ours stands.
impl Subscriber {
    /// NOTIFY says how it stands.
    pub(in super::super) fn stands(&mut self, core: &mut Core, said: Option<&SubscriptionState>) {
        if said.is_some_and(SubscriptionState::is_terminated) {
            return self.terminated(core, said);
        }
        match self.state {
            State::Asking { .. } => {
                let active = said.is_none_or(|said| said.is("active"));
                let lasts = if self.expires.is_zero() { T1_X64 } else { self.expires };
                self.state = State::Lasting {
                    active,
                    since: core.now,
                    refresh: refresh_at(core.now, lasts),
                    until: core.now + lasts,
                };
                self.lasts(core, said.and_then(SubscriptionState::expires));
            }
            State::Lasting { ref mut active, .. } => {
                // A state that is not known here says nothing of these two.
                match said {
                    Some(said) if said.is("pending") => *active = false,
                    Some(said) if said.is("active") => *active = true,
                    Some(_) | None => {}
                }
                self.lasts(core, said.and_then(SubscriptionState::expires));
            }
            State::Leaving { .. } => self.say_goodbye(core),
            State::Waiting | State::Later { .. } | State::Ended(_) => {}
        }
    }

    /// It is over, they say.
    fn terminated(&mut self, core: &mut Core, said: Option<&SubscriptionState>) {
        if matches!(self.state, State::Leaving { .. } | State::Ended(_)) {
            return self.end(core, SubscriptionEnd::Ended);
        }
        if self.expires.is_zero() {
            return self.end(core, SubscriptionEnd::Fetched);
        }
        let after = said.and_then(SubscriptionState::retry_after).map(|seconds| Duration::from_secs(seconds.into()));
        match said.and_then(SubscriptionState::reason) {
            Some("rejected") => self.end(core, SubscriptionEnd::Rejected),
            Some("noresource") => self.end(core, SubscriptionEnd::NoResource),
            Some("invariant") => self.end(core, SubscriptionEnd::Invariant),
            // Somebody else takes over: at once, but not in a loop.
            Some("deactivated" | "timeout") if self.was_good(core) => self.again(core, Some(Duration::ZERO)),
            Some(_) | None => self.again(core, after),
        }
    }

    /// Whether there is no reason for patience: it was good for a while, or this is the first failure.
    pub(super) fn was_good(&self, core: &Core) -> bool {
        match self.state {
            State::Lasting { since, .. } if core.now.since(since) >= GOOD => true,
            State::Lasting { .. } | State::Asking { .. } => self.failures == 0,
            State::Waiting | State::Later { .. } | State::Leaving { .. } | State::Ended(_) => false,
        }
    }

    pub(super) fn granted(&mut self, core: &mut Core, seconds: Option<u32>) {
        match self.state {
            State::Asking { .. } => self.state = State::Asking { until: Some(core.now + T1_X64) },
            State::Lasting { .. } if self.expires.is_zero() => {}
            State::Lasting { since, ref mut refresh, ref mut until, .. } => {
                *refresh = refresh_at(core.now, self.expires);
                *until = core.now + self.expires;
                if core.now.since(since) >= GOOD {
                    self.failures = 0;
                }
                self.lasts(core, seconds);
            }
            State::Leaving { asked: false, .. } => self.say_goodbye(core),
            State::Leaving { asked: true, .. } | State::Waiting | State::Later { .. } | State::Ended(_) => {}
        }
    }

    /// They say how long it lasts: what they mean is believed if it is not more than was asked for.
    fn lasts(&mut self, core: &Core, seconds: Option<u32>) {
        let Some(seconds) = seconds else { return };
        let time = Duration::from_secs(seconds.into()).min(self.expires);
        if let State::Lasting { refresh, until, .. } = &mut self.state
            && !self.expires.is_zero()
        {
            *refresh = refresh_at(core.now, time);
            *until = core.now + time;
        }
    }

    pub(super) fn refused(&mut self, core: &mut Core, failure: Failure, after: Option<Duration>) {
        match self.state {
            State::Asking { .. } | State::Lasting { .. } if !failure.is_passing() => {
                self.end(core, SubscriptionEnd::Refused(failure));
            }
            State::Asking { .. } => self.again(core, after),
            State::Lasting { .. } if failure == Failure::Over => self.again(core, after),
            State::Lasting { ref mut refresh, .. } => {
                self.failures = self.failures.saturating_add(1);
                *refresh = core.now + after.unwrap_or_else(|| back_off(core, self.failures));
            }
            State::Leaving { .. } => self.end(core, SubscriptionEnd::Ended),
            State::Waiting | State::Later { .. } | State::Ended(_) => {}
        }
    }
}
