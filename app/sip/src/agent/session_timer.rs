//! How long a call goes on without being refreshed (RFC 4028), in both roles.

use super::core::Core;
use super::established::Established;
use super::modify::{Change, Modify};
use super::profile::Profile;
use super::session::{Session, State};
use super::transactions::{Outcome, Purpose};
use super::{Cause, compose};
use crate::Instant;
use crate::header::{MinSe, Refresher, Require, SessionExpires, Supported};
use crate::message::{Headers, Method, Request, Response, Status, Token};
use crate::transaction::Key;
use core::time::Duration;

/// The option tag.
pub(super) const TIMER: Token = Token::literal("timer");
/// How long after a refresh that got no answer, or was refused, the next one is tried.
const AGAIN: Duration = Duration::from_secs(10);
/// How long before its end a session is given up at most (RFC 4028 10).
const RESERVE: Duration = Duration::from_secs(32);
/// How long a refresh waits for something else that changes the call. That may take for ever: a person is asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a request is sent again because its interval was too small.
const MAX_RAISED: u8 = 4;

/// What limits an answered call.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | any | 2xx of INVITE, re-INVITE or UPDATE, of either side, that names us | – | Ours |
/// | any | such a 2xx that names them | – | Theirs |
/// | any | such a 2xx without Session-Expires | – | Off |
/// | Ours | half the interval, they take UPDATE | UPDATE without a description | Refreshing |
/// | Ours | half the interval, they do not | re-INVITE with our last description | Ours |
/// | Ours | half the interval, while something else changes the call | waits for its end, or for 5 s | Ours |
/// | Ours | 5 s after it, and the offer of that is still not made | the same as without | Refreshing, Ours |
/// | Ours | 5 s after it, while an answer of ours or an end of glare is awaited, they take UPDATE | UPDATE without a description | Refreshing |
/// | Refreshing | 422 | UPDATE with what they ask for | Refreshing |
/// | Refreshing | nothing, 405, 408, 501 | re-INVITE | Ours |
/// | Refreshing | 481 | BYE, Ended | – |
/// | Refreshing | other refusals | waits for 10 s | Ours |
/// | Ours, Refreshing, Theirs | the interval less 32 s or a third of it | BYE, Ended | – |
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum SessionTimer {
    /// Nothing.
    #[default]
    Off,
    /// We refresh at `at`.
    Ours { interval: Duration, at: Instant, until: Instant },
    /// Our UPDATE is under way, or is being signed.
    Refreshing { key: Key, interval: Duration, until: Instant },
    /// They refresh before `until`.
    Theirs { interval: Duration, until: Instant },
}

impl SessionTimer {
    /// What a request and its 2xx agree on. `ours`: whether the request was ours.
    pub(super) fn agreed(config: &Profile, response: &Response, ours: bool, now: Instant) -> Self {
        let Some(said) = config.session_expires.and_then(|_| expires(&response.headers)) else { return Self::Off };
        // What is too short is refused where it can be; an interval that nobody could keep is not taken over.
        let least = config.min_session.min(Duration::from_secs(MinSe::DEFAULT.into()));
        let interval = Duration::from_secs(said.seconds.into()).max(least);
        let until = now + (interval - RESERVE.min(interval / 3));
        // Without a word it is on who asked (RFC 4028 7.2).
        let asker = said.refresher() != Some(Refresher::Uas);
        if asker == ours {
            Self::Ours { interval, at: now + interval / 2, until }
        } else {
            Self::Theirs { interval, until }
        }
    }

    /// When the call ends.
    const fn until(&self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::Ours { until, .. } | Self::Refreshing { until, .. } | Self::Theirs { until, .. } => Some(*until),
        }
    }

    /// When it is on us to refresh.
    const fn refresh_at(&self) -> Option<Instant> {
        match self {
            Self::Ours { at, .. } => Some(*at),
            Self::Off | Self::Refreshing { .. } | Self::Theirs { .. } => None,
        }
    }

    /// The interval, and whether we refresh.
    const fn interval(&self) -> Option<(Duration, bool)> {
        match self {
            Self::Off => None,
            Self::Ours { interval, .. } | Self::Refreshing { interval, .. } => Some((*interval, true)),
            Self::Theirs { interval, .. } => Some((*interval, false)),
        }
    }

    /// It is on us again, after so long.
    pub(super) fn later(&mut self, wait: Duration, now: Instant) {
        if let Self::Refreshing { interval, until, .. } | Self::Ours { interval, until, .. } = self {
            *self = Self::Ours { interval: *interval, at: now + wait, until: *until };
        }
    }
}

impl Established {
    /// When the timer of the session wants something.
    pub(super) fn timer_deadline(&self) -> Option<Instant> {
        [self.timer.until(), self.refresh_at()].into_iter().flatten().min()
    }

    /// When it is on us to refresh. A change that is under way, or waits for a transport, is a refresh itself; one that a
    /// person has to say something to is waited for a little.
    fn refresh_at(&self) -> Option<Instant> {
        let at = self.timer.refresh_at().filter(|_| self.unacknowledged.is_none())?;
        match self.modify {
            Modify::Not => (!self.is_change_due()).then_some(at),
            Modify::Offering => Some(at + PATIENCE),
            Modify::Later { .. } | Modify::Answering { .. } => self.updates.then(|| at + PATIENCE),
            Modify::Sent { .. } => None,
        }
    }

    /// Adds to a request that refreshes the session what it says of it: who refreshes stays so.
    pub(super) fn limit(&self, config: &Profile, request: &mut Request) {
        match self.timer.interval() {
            Some((interval, ours)) => {
                let refresher = if ours { Refresher::Uac } else { Refresher::Uas };
                request.headers.set(&SessionExpires::new(seconds(interval)).with_refresher(refresher));
            }
            None => ask(config, request),
        }
    }
}

impl Session {
    /// Whether it is time for a refresh.
    pub(super) fn is_stale(&self, now: Instant) -> bool {
        match &self.state {
            State::Established(established) => established.refresh_at().is_some_and(|at| at <= now),
            State::Outgoing(_) | State::Incoming(_) | State::Gone => false,
        }
    }

    /// Refreshes the session. No request of ours that would is under way.
    pub(super) fn refresh_session(&mut self, core: &mut Core) {
        let State::Established(established) = &mut self.state else { return };
        let (interval, until) = match established.timer {
            SessionTimer::Ours { interval, until, .. } => (interval, until),
            SessionTimer::Off | SessionTimer::Refreshing { .. } | SessionTimer::Theirs { .. } => return,
        };
        if !established.updates {
            if established.postpone() {
                core.questions.forget_descriptions(self.id);
            }
            return match established.described.ours.clone() {
                Some(ours) => self.reinvite(core, Change::Refresh, ours.into_bytes()),
                // It could not be kept: another one is made.
                None => {
                    established.renew = true;
                    established.timer.later(AGAIN, core.now);
                }
            };
        }
        let mut update = established.dialog.request(Method::Update);
        compose::describe(&core.config, &mut update);
        established.limit(&core.config, &mut update);
        compose::via(core, &mut update);
        match core.send(update, Purpose::Update(self.id), 0) {
            Some(key) => established.timer = SessionTimer::Refreshing { key, interval, until },
            None => established.timer.later(AGAIN, core.now),
        }
    }

    /// UPDATE was sent again: signed, or with a longer interval.
    pub(super) fn updated_again(&mut self, new: Key) {
        if let State::Established(Established { timer: SessionTimer::Refreshing { key, .. }, .. }) = &mut self.state {
            *key = new;
        }
    }

    /// Something came of our UPDATE.
    pub(super) fn update_outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        let State::Established(established) = &mut self.state else { return };
        if !matches!(&established.timer, SessionTimer::Refreshing { key, .. } if *key == outcome.key) {
            return;
        }
        match &outcome.response {
            Some(response) if response.status.is_provisional() => {}
            Some(response) if response.status.is_success() => {
                established.dialog.refresh(&response.headers);
                established.learn(&response.headers);
                established.timer = SessionTimer::agreed(&core.config, response, true, core.now);
            }
            Some(response) if response.status == Status::CALL_DOES_NOT_EXIST => self.leave(core, Cause::Network),
            // One refresh that gets lost is no hang-up: there are gateways that never answer an UPDATE.
            None
            | Some(Response {
                status: Status::REQUEST_TIMEOUT | Status::METHOD_NOT_ALLOWED | Status::NOT_IMPLEMENTED,
                ..
            }) => {
                if core.link.is_up() {
                    established.updates = false;
                }
                established.timer.later(Duration::ZERO, core.now);
            }
            Some(_) => established.timer.later(AGAIN, core.now),
        }
    }

    /// Ends the call when nobody refreshed it; says whether it did.
    pub(super) fn expire(&mut self, core: &mut Core) -> bool {
        let State::Established(established) = &mut self.state else { return false };
        let expired = established.timer.until().is_some_and(|until| until <= core.now);
        if expired {
            established.timer = SessionTimer::Off;
            self.leave(core, Cause::Network);
        }
        expired
    }

    /// A refresh by re-INVITE did not succeed: another one is tried.
    pub(super) fn refresh_failed(&mut self, core: &Core) {
        if let State::Established(established) = &mut self.state {
            established.timer.later(AGAIN, core.now);
        }
    }
}

/// Asks for a session timer (RFC 4028 7.1).
pub(super) fn ask(config: &Profile, request: &mut Request) {
    let Some(interval) = config.session_expires else { return };
    request.headers.set(&SessionExpires::new(seconds(interval.max(config.min_session))));
    least(config, &mut request.headers);
}

/// Whether a request wants shorter intervals than we do, and can be told so (RFC 4028 9).
pub(super) fn is_too_small(config: &Profile, request: &Request) -> bool {
    config.session_expires.is_some()
        && matches!(request.method, Method::Invite | Method::Update)
        && supports(&request.headers)
        && expires(&request.headers).is_some_and(|said| Duration::from_secs(said.seconds.into()) < config.min_session)
}

/// 422, with what would do.
pub(super) fn too_small(config: &Profile, request: &Request, tag: &str) -> Response {
    let mut response = compose::response(config, request, Status::SESSION_INTERVAL_TOO_SMALL, tag);
    response.headers.set(&MinSe::new(seconds(config.min_session)));
    response
}

/// The request once more, with the interval that a 422 asks for (RFC 4028 7.4).
pub(super) fn raised(outcome: &Outcome, sent: u8) -> Option<Request> {
    let response = outcome.response.as_ref()?;
    if response.status != Status::SESSION_INTERVAL_TOO_SMALL || sent >= MAX_RAISED {
        return None;
    }
    let least: MinSe = response.headers.get().ok()?;
    let mut request = outcome.request.clone();
    super::challenge::unsign(&mut request);
    let mut said = expires(&request.headers)?;
    if said.seconds >= least.seconds {
        return None;
    }
    said.seconds = least.seconds;
    request.headers.set(&said);
    request.headers.set(&MinSe::new(least.seconds));
    Some(request)
}

/// Adds to our 2xx of INVITE or UPDATE how long the session is good (RFC 4028 9, table 2). `before`: what holds as yet.
pub(super) fn answer(config: &Profile, before: &SessionTimer, request: &Request, response: &mut Response) {
    let Some(own) = config.session_expires else { return };
    let (asked, supported) = (expires(&request.headers), supports(&request.headers));
    let running = before.interval();
    let interval = match &asked {
        // It may be made shorter, but not than they allow.
        Some(asked) => asked
            .seconds
            .min(seconds(own))
            .max(min_of(&request.headers))
            .max(seconds(config.min_session))
            .min(asked.seconds),
        // Nothing is agreed with who knows no timers, unless we keep the session up alone.
        None if supported || running.is_some_and(|(_, ours)| ours) => {
            running.map_or(seconds(own), |(interval, _)| seconds(interval)).max(min_of(&request.headers))
        }
        None => return,
    };
    let named = asked.and_then(|asked| asked.refresher());
    let refresher = match named {
        _ if !supported => Refresher::Uas,
        Some(named) => named,
        None if running.is_some_and(|(_, ours)| ours) => Refresher::Uas,
        None => Refresher::Uac,
    };
    response.headers.set(&SessionExpires::new(interval).with_refresher(refresher));
    if supported {
        response.headers.push(&Require(alloc::vec![TIMER]));
    }
}

fn least(config: &Profile, headers: &mut Headers) {
    let least = seconds(config.min_session);
    if least > MinSe::DEFAULT {
        headers.set(&MinSe::new(least));
    }
}

fn expires(headers: &Headers) -> Option<SessionExpires> {
    headers.find().ok().flatten()
}

/// The least that a request allows.
fn min_of(headers: &Headers) -> u32 {
    headers.find::<MinSe>().ok().flatten().map_or(MinSe::DEFAULT, |least| least.seconds)
}

/// Whether who sent it knows session timers.
fn supports(headers: &Headers) -> bool {
    headers.find::<Supported>().ok().flatten().is_some_and(|tags| tags.has(&TIMER))
        || headers.find::<Require>().ok().flatten().is_some_and(|tags| tags.has(&TIMER))
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}
