use super::Config;
use super::challenge::answerable;
use crate::digest::offered;
use crate::header::{Authorization, ProxyAuthorization, RetryAfter};
use crate::message::{Header as _, Request, Response, Status};
use core::time::Duration;

/// The longest Retry-After that is kept: a mistake in it must not take the phone away for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Why a registration was refused. That nothing answers is no refusal: see [`super::Registration::Unreachable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Refusal {
    /// 401 or 407 to a request that was signed, or that nobody signs; 403 to one that was signed.
    WrongCredentials,
    /// 401 or 407 with challenges that may not be answered here: they are of another realm than [`super::Config::realm`],
    /// or of no algorithm that is known and allowed ([`super::Config::md5`]).
    Unanswerable,
    /// 403 before anything was signed, 603: this phone is not wanted.
    NotAllowed(Status),
    /// 404, 410, 604: the registrar does not know this address of record.
    UnknownUser(Status),
    /// Any other 3xx or 4xx: what is asked for, or where it is asked, does not fit (405 at what is no registrar, 416, 420).
    Misconfigured(Status),
    /// The server asks to come back later, and says when (RFC 3261 20.33 Retry-After).
    Busy,
    /// 408, 480, 5xx and any other 6xx: the server cannot, now.
    ServerFailure(Status),
}

impl Refusal {
    /// Why this REGISTER was refused so.
    pub(super) fn of(config: &Config, request: &Request, response: &Response) -> Self {
        let headers = &request.headers;
        let signed = headers.contains(Authorization::NAME) || headers.contains(ProxyAuthorization::NAME);
        let asked = || !offered(response).is_empty() && answerable(config, response).is_empty();
        match response.status.code() {
            401 | 407 if asked() => Self::Unanswerable,
            401 | 407 => Self::WrongCredentials,
            403 if signed => Self::WrongCredentials,
            403 | 603 => Self::NotAllowed(response.status),
            404 | 410 | 604 => Self::UnknownUser(response.status),
            408 | 480 | 486 | 500.. if wait(response).is_some() => Self::Busy,
            408 | 480 | 486 | 500.. => Self::ServerFailure(response.status),
            _ => Self::Misconfigured(response.status),
        }
    }

    /// Whether another server may do better.
    pub(super) const fn is_of_the_server(self) -> bool {
        match self {
            Self::Busy | Self::ServerFailure(_) => true,
            Self::WrongCredentials
            | Self::Unanswerable
            | Self::NotAllowed(_)
            | Self::UnknownUser(_)
            | Self::Misconfigured(_) => false,
        }
    }
}

/// How long the server asks to be left alone.
pub(super) fn wait(response: &Response) -> Option<Duration> {
    let after = response.headers.find::<RetryAfter>().ok().flatten()?;
    Some(Duration::from_secs(u64::from(after.seconds)).clamp(Duration::from_secs(1), LONGEST_WAIT))
}
