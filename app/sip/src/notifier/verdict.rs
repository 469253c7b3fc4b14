use crate::header::RetryAfter;
use crate::message::{Response, Status};
use core::time::Duration;

/// What the response to a NOTIFY means for its subscription (RFC 6665 4.2.2, RFC 5057 5.1).
///
/// | Response | Verdict |
/// | --- | --- |
/// | 2xx | heard |
/// | any other with Retry-After | later, after that |
/// | 408, 430, 500, 502, 503, 504 | later |
/// | none, and the phone is registered | later: its connection is being made anew |
/// | none, and the phone is not registered | never |
/// | any other | never: 481 and the like say that nobody listens, and nothing else will be said next time |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was taken.
    Heard,
    /// To be tried again, after this time if it says so.
    Later(Option<Duration>),
    /// The subscription is over.
    Never,
}

const PASSING: [Status; 6] = [
    Status::REQUEST_TIMEOUT,
    Status::FLOW_FAILED,
    Status::SERVER_INTERNAL_ERROR,
    Status::BAD_GATEWAY,
    Status::SERVICE_UNAVAILABLE,
    Status::SERVER_TIMEOUT,
];

impl Verdict {
    pub(super) fn of(response: Option<&Response>, there: bool) -> Self {
        let Some(response) = response else {
            return if there { Self::Later(None) } else { Self::Never };
        };
        let after = response.headers.find::<RetryAfter>().ok().flatten();
        match after {
            _ if response.status.is_success() => Self::Heard,
            Some(after) => Self::Later(Some(Duration::from_secs(after.seconds.into()))),
            None if PASSING.contains(&response.status) => Self::Later(None),
            None => Self::Never,
        }
    }
}
