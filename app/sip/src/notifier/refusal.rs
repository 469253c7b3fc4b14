use super::api::Config;
use super::package::Package;
use crate::body::pidf::Presence;
use crate::header::{Accept, AcceptEncoding, Allow, AllowEvents, MinExpires, RetryAfter, Unsupported};
use crate::message::{HeaderError, Method, Request, Response, Status, Token};
use alloc::vec::Vec;
use core::time::Duration;

/// After how many seconds to come back with what was too much.
const RETRY_AFTER: u32 = 30;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// With this status.
    Status(Status),
    /// 405: it is neither SUBSCRIBE nor PUBLISH.
    Method,
    /// 420: these extensions are required, and there are none.
    Extension(Vec<Token>),
    /// 489: there is no such package.
    Event,
    /// 423: it is asked to last too short a time.
    TooBrief,
    /// 415: a document of another type, or in a coding.
    MediaType,
    /// This status, and that it may be tried later.
    Later(Status),
}

impl From<HeaderError> for Refusal {
    fn from(error: HeaderError) -> Self {
        Self::Status(error.status())
    }
}

impl Refusal {
    /// The response, without a tag of To.
    pub(super) fn response(self, request: &Request, config: &Config) -> Response {
        let to = |status| Response::to_request(request, status);
        match self {
            Self::Status(status) => to(status),
            Self::Method => {
                let mut response = to(Status::METHOD_NOT_ALLOWED);
                response.headers.set(&Allow([Method::Subscribe, Method::Publish].into()));
                response
            }
            Self::Extension(tags) => {
                let mut response = to(Status::BAD_EXTENSION);
                response.headers.set(&Unsupported(tags));
                response
            }
            Self::Event => {
                let mut response = to(Status::BAD_EVENT);
                response.headers.set(&AllowEvents(Package::names()));
                response
            }
            Self::TooBrief => {
                let mut response = to(Status::INTERVAL_TOO_BRIEF);
                response.headers.set(&MinExpires(seconds(config.min_expires)));
                response
            }
            Self::MediaType => {
                let mut response = to(Status::UNSUPPORTED_MEDIA_TYPE);
                for name in [Presence::MEDIA_TYPE, Presence::XPIDF] {
                    if let Ok(accept) = name.parse::<Accept>() {
                        response.headers.push(&accept);
                    }
                }
                response.headers.set(&AcceptEncoding::new(const { Token::literal("identity") }));
                response
            }
            Self::Later(status) => {
                let mut response = to(status);
                response.headers.set(&RetryAfter::new(RETRY_AFTER));
                response
            }
        }
    }
}

/// Whole seconds, as headers have them.
pub(super) fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}
