use super::Cause;
use crate::header::{Reason, Warning};
use crate::message::{Headers, Response, Status};
use alloc::string::{String, ToString};

/// Why an INVITE that was refused with this response ended. `rang`: a 180 had come.
pub(super) fn of_response(response: &Response, rang: bool) -> Cause {
    match response.status.code() {
        401 | 403 | 407 => Cause::Forbidden,
        404 | 410 | 484 | 604 => Cause::NotFound,
        408 | 487 => Cause::NoAnswer,
        480 if rang => Cause::NoAnswer,
        480 => Cause::Unavailable,
        486 | 600 => Cause::Busy,
        603 => Cause::DeclinedThere,
        406 | 415 | 488 | 606 => Cause::NotAcceptable(warning(&response.headers)),
        _ => Cause::Status(response.status),
    }
}

/// The Reason of our CANCEL: who gave up because it rang long enough says so, and who hung up says nothing.
pub(super) fn reason(cause: &Cause) -> Option<Reason> {
    (*cause == Cause::NoAnswer).then(|| Reason::sip(Status::REQUEST_TIMEOUT, None))
}

/// The Reason of our BYE, where it is not just that somebody hung up.
pub(super) fn reason_of_bye(cause: &Cause) -> Option<Reason> {
    if *cause == Cause::Network {
        Some(Reason::sip(Status::REQUEST_TIMEOUT, None))
    } else if matches!(cause, Cause::Media(_) | Cause::Unfit(_)) {
        Some(Reason::sip(Status::NOT_ACCEPTABLE_HERE, None))
    } else {
        None
    }
}

/// Why a call that was cancelled ended (RFC 3326).
pub(super) fn of_cancel(headers: &Headers) -> Cause {
    let reasons = headers.all::<Reason>().unwrap_or_default();
    let gives = |status| reasons.iter().any(|reason| reason.is_sip(status));
    if gives(Status::OK) {
        Cause::AnsweredElsewhere
    } else if gives(Status::REQUEST_TIMEOUT) {
        Cause::NoAnswer
    } else {
        Cause::CancelledThere
    }
}

fn warning(headers: &Headers) -> String {
    headers.find::<Warning>().ok().flatten().map(|warning| warning.text.to_string()).unwrap_or_default()
}
