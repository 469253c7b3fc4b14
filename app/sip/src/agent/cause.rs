use super::MediaFailure;
use super::redirect::contacts;
use crate::header::{NameAddr, Reason, RetryAfter, Warning};
use crate::message::{Headers, Response, Status, Text};
use crate::sdp::Unfitness;
use crate::uri::{Params, Uri};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// The longest words of a Reason that are kept, in bytes.
const MAX_WORDS: usize = 256;

/// What the other end of a call reads whose phone is gone.
const GONE: &str = "The other phone is gone";

/// Why a call ended.
///
/// What the final response to an INVITE of ours says, beside [`super::Call::status`], which has its number:
///
/// | Status | Cause |
/// | --- | --- |
/// | 3xx | [`Redirected`](Cause::Redirected) |
/// | 401, 407 | [`AuthenticationFailed`](Cause::AuthenticationFailed) |
/// | 402, 403, 428, 429, 436–438, 470 | [`Forbidden`](Cause::Forbidden) |
/// | 404, 604 | [`NotFound`](Cause::NotFound) |
/// | 410 | [`Gone`](Cause::Gone) |
/// | 484, 485 | [`AddressIncomplete`](Cause::AddressIncomplete) |
/// | 408, 487, 480 after it rang | [`NoAnswer`](Cause::NoAnswer) |
/// | 480 | [`Unavailable`](Cause::Unavailable) |
/// | 430, which a new flow did not mend (RFC 5626 4.2) | [`Network`](Cause::Network) |
/// | 486, 600 | [`Busy`](Cause::Busy) |
/// | 603 | [`DeclinedThere`](Cause::DeclinedThere) |
/// | 433 | [`AnonymityRefused`](Cause::AnonymityRefused) |
/// | 607, 608 | [`Unwanted`](Cause::Unwanted) |
/// | 406, 415, 488, 493, 580, 606 | [`NotAcceptable`](Cause::NotAcceptable) |
/// | 482, 483, 440 | [`Looped`](Cause::Looped) |
/// | 413, 414, 513 | [`TooLarge`](Cause::TooLarge) |
/// | 420, 421 | [`ExtensionRequired`](Cause::ExtensionRequired) |
/// | 422 | [`SessionIntervalTooSmall`](Cause::SessionIntervalTooSmall) |
/// | 503 | [`ServiceUnavailable`](Cause::ServiceUnavailable) |
/// | 504 | [`Timeout`](Cause::Timeout) |
/// | 400, other 4xx of the protocol, unknown 4xx | [`BadRequest`](Cause::BadRequest) |
/// | 500, other 5xx | [`ServerError`](Cause::ServerError) |
/// | other 6xx | [`Status`](Cause::Status) |
///
/// Who dials a code, which begins with `*`, calls nobody: the reason phrase says what it did ([`Told`](Cause::Told)),
/// whatever the status, unless it is only the status' own.
///
/// A gateway answers much with 480, 500, 502 or 503 and says in a Reason (RFC 6432) what the telephone network said: its
/// Q.850 cause counts then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Cause {
    /// We hung up an answered call.
    HungUpHere,
    /// They hung up an answered call.
    HungUpThere,
    /// We cancelled before the answer.
    CancelledHere,
    /// They cancelled before our answer.
    CancelledThere,
    /// We declined.
    DeclinedHere,
    /// 603.
    DeclinedThere,
    /// 486, 600; incoming: as many calls were up as are allowed.
    Busy,
    /// 408, 487, 480 after it rang, or our own ringing time; incoming: it rang out.
    NoAnswer,
    /// Another phone took it (RFC 3326: CANCEL with cause 200, or Q.850 cause 26).
    AnsweredElsewhere,
    /// It was declined on another phone (RFC 3326: CANCEL with cause 600 or 603, or Q.850 cause 21).
    DeclinedElsewhere,
    /// We sent it there.
    DivertedHere(Uri),
    /// It was sent elsewhere on another phone (RFC 3326: CANCEL with cause 302).
    DivertedElsewhere,
    /// 404, 604: there is nobody of that address.
    NotFound,
    /// 410: there was somebody of that address.
    Gone,
    /// 484, 485: the address is not complete, or stands for several.
    AddressIncomplete,
    /// 480: none of their phones is on.
    Unavailable,
    /// 406, 415, 488, 606 and the like, with the text of its Warning (RFC 3261 20.43), if any.
    NotAcceptable(String),
    /// 403 and the like: we may not.
    Forbidden,
    /// 401, 407: we are not known, or the password is wrong.
    AuthenticationFailed,
    /// 433: they take no calls of who does not say who they are.
    AnonymityRefused,
    /// 607, 608: they, or who guards them, do not want calls of ours.
    Unwanted,
    /// 3xx: they are to be found there, at most five, the preferred first; it was not followed
    /// ([`super::Config::redirects`]), or led nowhere.
    Redirected(Vec<NameAddr>),
    /// 482, 483: the call went in circles.
    Looped,
    /// 413, 414, 513: what we sent is too large for them.
    TooLarge,
    /// 420, 421: one of us needs what the other has not.
    ExtensionRequired,
    /// 422: they want to be asked less often whether the call is still up (RFC 4028).
    SessionIntervalTooSmall,
    /// 400 and other 4xx: they did not understand us.
    BadRequest,
    /// 500 and other 5xx: their server failed.
    ServerError,
    /// 503: their server cannot now.
    ServiceUnavailable {
        /// When to try again, from now, if it says so.
        retry_after: Option<Duration>,
    },
    /// 504: a server on the way got no answer.
    Timeout,
    /// The media could not be had, here.
    Media(MediaFailure),
    /// No response came (timers B, F, H), or the transport failed for too long.
    Network,
    /// Any other final status.
    Status(Status),
    /// Another call took its place (RFC 3891), and goes on: [`super::Call::replaces`].
    Replaced,
    /// It was passed on (RFC 3515): the others talk to each other now, or, where the other end asked for it, we have
    /// the new call.
    Transferred,
    /// The user's phone was gone for so long that nobody waits for it any more: [`super::Agent::stop_away`].
    Away,
    /// A code was dialled, and this is what came of it, in the words of who did it.
    Told(String),
    /// A browser cannot take their description ([`super::Config::webrtc`]): all reasons. An incoming call did not even
    /// ring, and is told by [`super::Event::Ended`] alone.
    Unfit(Unfitness),
}

/// Why an INVITE to `dialled` that was refused with this response ended. `rang`: a 180 had come.
pub(super) fn of_response(response: &Response, dialled: &Uri, rang: bool) -> Cause {
    let headers = &response.headers;
    let words = response.reason();
    if is_code(dialled) && words != response.status.reason() && (1..=MAX_WORDS).contains(&words.trim().len()) {
        return Cause::Told(words.trim().to_string());
    }
    let from_network = matches!(response.status.code(), 480 | 500 | 502 | 503);
    if from_network && let Some(cause) = reasons(headers).iter().find_map(of_q850) {
        return cause;
    }
    match response.status.code() {
        300..400 => Cause::Redirected(contacts(headers)),
        401 | 407 => Cause::AuthenticationFailed,
        402 | 403 | 428 | 429 | 436..=438 | 470 => Cause::Forbidden,
        404 | 604 => Cause::NotFound,
        410 => Cause::Gone,
        484 | 485 => Cause::AddressIncomplete,
        408 | 487 => Cause::NoAnswer,
        480 if rang => Cause::NoAnswer,
        480 => Cause::Unavailable,
        430 => Cause::Network,
        486 | 600 => Cause::Busy,
        603 => Cause::DeclinedThere,
        433 => Cause::AnonymityRefused,
        607 | 608 => Cause::Unwanted,
        406 | 415 | 488 | 493 | 580 | 606 => Cause::NotAcceptable(warning(headers)),
        482 | 483 | 440 => Cause::Looped,
        413 | 414 | 513 => Cause::TooLarge,
        420 | 421 => Cause::ExtensionRequired,
        422 => Cause::SessionIntervalTooSmall,
        503 => Cause::ServiceUnavailable { retry_after: retry_after(headers) },
        504 => Cause::Timeout,
        400..500 => Cause::BadRequest,
        500..600 => Cause::ServerError,
        _ => Cause::Status(response.status),
    }
}

/// Whether it is a code, such as `*78`, and nobody's number.
fn is_code(dialled: &Uri) -> bool {
    match dialled {
        Uri::Sip(uri) => uri.user_unescaped().is_some_and(|user| user.starts_with('*')),
        Uri::Tel(uri) => uri.number.as_str().starts_with('*'),
        Uri::Other { .. } => false,
    }
}

/// The status that an INVITE is refused with which ended for this cause.
pub(super) const fn refusal(cause: &Cause) -> Status {
    match cause {
        Cause::Media(_) | Cause::Unfit(_) => Status::NOT_ACCEPTABLE_HERE,
        // Not declined: other phones of this user go on ringing.
        Cause::NoAnswer | Cause::Network | Cause::Unavailable | Cause::Away => Status::TEMPORARILY_UNAVAILABLE,
        Cause::CancelledThere | Cause::AnsweredElsewhere | Cause::DeclinedElsewhere | Cause::DivertedElsewhere => {
            Status::REQUEST_TERMINATED
        }
        Cause::DivertedHere(_) => Status::MOVED_TEMPORARILY,
        Cause::Forbidden => Status::FORBIDDEN,
        Cause::Busy => Status::BUSY_HERE,
        Cause::Timeout => Status::SERVER_TIMEOUT,
        Cause::DeclinedHere
        | Cause::HungUpHere
        | Cause::HungUpThere
        | Cause::CancelledHere
        | Cause::DeclinedThere
        | Cause::NotFound
        | Cause::Gone
        | Cause::AddressIncomplete
        | Cause::NotAcceptable(_)
        | Cause::AuthenticationFailed
        | Cause::AnonymityRefused
        | Cause::Unwanted
        | Cause::Redirected(_)
        | Cause::Looped
        | Cause::TooLarge
        | Cause::ExtensionRequired
        | Cause::SessionIntervalTooSmall
        | Cause::BadRequest
        | Cause::ServerError
        | Cause::ServiceUnavailable { .. }
        | Cause::Replaced
        | Cause::Transferred
        | Cause::Told(_)
        | Cause::Status(_) => Status::DECLINE,
    }
}

/// The Reason of our CANCEL: as [`reason`], and that it was picked up from another phone (RFC 3326 3.1).
pub(super) fn reason_of_cancel(cause: &Cause) -> Option<Reason> {
    if *cause == Cause::Replaced { Some(Reason::sip(Status::OK, None)) } else { reason(cause) }
}

/// The Reason of our BYE: who gave up because nothing came for long enough, or has no media, says so; who hung up says
/// nothing.
pub(super) fn reason(cause: &Cause) -> Option<Reason> {
    if *cause == Cause::Away {
        return Some(Reason::sip(Status::TEMPORARILY_UNAVAILABLE, Text::new(GONE).ok().as_ref()));
    }
    if matches!(cause, Cause::NoAnswer | Cause::Network) {
        return Some(Reason::sip(Status::REQUEST_TIMEOUT, None));
    }
    matches!(cause, Cause::Media(_) | Cause::Unfit(_)).then(|| Reason::sip(Status::NOT_ACCEPTABLE_HERE, None))
}

/// Why a call that they cancelled, or ended before our answer, ended (RFC 3326).
pub(super) fn of_cancel(headers: &Headers) -> Cause {
    let reasons = reasons(headers);
    let gives = |codes: &[u16], q850: &[u16]| {
        reasons.iter().any(|reason| {
            reason.cause.is_some_and(|cause| {
                (is_sip(reason) && codes.contains(&cause)) || (is_q850(reason) && q850.contains(&cause))
            })
        })
    };
    let says = |words: &str| {
        reasons.iter().any(|reason| reason.text.as_ref().is_some_and(|text| text.to_ascii_lowercase().contains(words)))
    };
    if gives(&[200], &[26]) || says("completed elsewhere") || says("answered elsewhere") {
        Cause::AnsweredElsewhere
    } else if gives(&[600, 603], &[21]) {
        Cause::DeclinedElsewhere
    } else if gives(&[302], &[]) {
        Cause::DivertedElsewhere
    } else if gives(&[408], &[19]) {
        Cause::NoAnswer
    } else {
        Cause::CancelledThere
    }
}

/// The first Reason that they give, in what can be kept of it.
pub(super) fn told(headers: &Headers) -> Option<Reason> {
    let mut reason = reasons(headers).into_iter().next()?;
    reason.params = Params::new();
    reason.text = reason.text.filter(|text| text.len() <= MAX_WORDS);
    (reason.protocol.len() <= MAX_WORDS).then_some(reason)
}

/// All that they give; a cause in quotes counts too.
fn reasons(headers: &Headers) -> Vec<Reason> {
    let mut all = headers.all::<Reason>().unwrap_or_default();
    for reason in &mut all {
        reason.cause = reason.cause.or_else(|| reason.params.text("cause")?.trim().parse().ok());
    }
    all
}

fn is_sip(reason: &Reason) -> bool {
    reason.protocol.eq_ignore_ascii_case("SIP")
}

fn is_q850(reason: &Reason) -> bool {
    reason.protocol.eq_ignore_ascii_case("Q.850")
}

/// What the telephone network says (Q.850, RFC 3398 7.2.4.1), where that says more than the status beside it.
fn of_q850(reason: &Reason) -> Option<Cause> {
    let cause = reason.cause.filter(|_| is_q850(reason))?;
    Some(match cause {
        1..=3 => Cause::NotFound,
        17 => Cause::Busy,
        18 | 19 => Cause::NoAnswer,
        20 | 27 => Cause::Unavailable,
        21 => Cause::DeclinedThere,
        22 => Cause::Gone,
        28 => Cause::AddressIncomplete,
        55 | 57 => Cause::Forbidden,
        34 | 38 | 41 | 42 | 44 | 47 => Cause::ServiceUnavailable { retry_after: None },
        65 | 79 | 88 => Cause::NotAcceptable(String::new()),
        _ => return None,
    })
}

fn retry_after(headers: &Headers) -> Option<Duration> {
    let RetryAfter { seconds, .. } = headers.find::<RetryAfter>().ok().flatten()?;
    Some(Duration::from_secs(u64::from(seconds)))
}

fn warning(headers: &Headers) -> String {
    headers.find::<Warning>().ok().flatten().map(|warning| warning.text.to_string()).unwrap_or_default()
}
