//! Why a REGISTER is refused, and what is answered then.

use super::api::Config;
use crate::header::{MinExpires, RetryAfter, Unsupported, Warning};
use crate::message::{HeaderError, Request, Response, Status, Token};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// How long a phone is asked to wait when there is too much to do, in seconds.
const BUSY: u32 = 5;
/// How long a phone is asked to wait when there is no room for it, in seconds.
const FULL: u32 = 60;

/// Why a REGISTER is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// With this status.
    Status(Status),
    /// 423: the binding is asked to last too short a time.
    TooBrief,
    /// 420: these extensions are required, and there are none.
    BadExtension(Vec<Token>),
    /// 500: a later request of this phone was here before (RFC 3261 10.3 step 7).
    OutOfOrder,
    /// 403: the contact names somebody else, or is a GRUU.
    NotYours,
    /// 403: the user has that many bindings already.
    TooManyPhones(usize),
    /// 503: there are too many bindings of all users.
    Full,
    /// 503: too much of this flow is being looked up.
    Busy,
    /// 513: the contact is longer than it may be.
    TooLarge,
}

impl core::convert::From<HeaderError> for Refusal {
    fn from(error: HeaderError) -> Self {
        Self::Status(error.status())
    }
}

impl Refusal {
    /// The response.
    pub(super) fn response(self, request: &Request, config: &Config) -> Response {
        let mut response = Response::to_request(request, self.status());
        let headers = &mut response.headers;
        match &self {
            Self::TooBrief => {
                headers.set(&MinExpires(u32::try_from(config.min_expires.as_secs()).unwrap_or(u32::MAX)));
            }
            Self::BadExtension(tags) => headers.set(&Unsupported(tags.clone())),
            Self::Full => headers.set(&RetryAfter::new(FULL)),
            Self::Busy => headers.set(&RetryAfter::new(BUSY)),
            Self::Status(_) | Self::OutOfOrder | Self::NotYours | Self::TooManyPhones(_) | Self::TooLarge => {}
        }
        if let Some(words) = self.words()
            && let Ok(warning) = Warning::new(Warning::MISCELLANEOUS, &config.domain.name().to_string(), &words)
        {
            headers.push(&warning);
        }
        response
    }

    const fn status(&self) -> Status {
        match self {
            Self::Status(status) => *status,
            Self::TooBrief => Status::INTERVAL_TOO_BRIEF,
            Self::BadExtension(_) => Status::BAD_EXTENSION,
            Self::OutOfOrder => Status::SERVER_INTERNAL_ERROR,
            Self::NotYours | Self::TooManyPhones(_) => Status::FORBIDDEN,
            Self::Full | Self::Busy => Status::SERVICE_UNAVAILABLE,
            Self::TooLarge => Status::MESSAGE_TOO_LARGE,
        }
    }

    /// What a person who looks into it reads.
    fn words(&self) -> Option<String> {
        match self {
            Self::TooManyPhones(limit) => Some(format!("{limit} phones are registered already: unregister one")),
            Self::NotYours => Some("The contact is not an address of this phone".to_string()),
            Self::TooLarge => Some("Contact, Path and Call-ID are too long".to_string()),
            Self::Full => Some("Too many phones are registered".to_string()),
            Self::Status(_) | Self::TooBrief | Self::BadExtension(_) | Self::OutOfOrder | Self::Busy => None,
        }
    }
}
