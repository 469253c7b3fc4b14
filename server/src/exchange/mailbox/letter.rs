//! What becomes of a MESSAGE that waits for its recipient.

use super::MAX_AGE;
use crate::exchange::SECOND;
use sip::header::{Date, Expires, NameAddr, PAssertedIdentity, RetryAfter};
use sip::message::{HeaderName, Request, Response, Text};
use sip::registrar::Party;
use sip::uri::{SipUri, Uri};

/// What belongs to the way that a request came, or proves to the exchange who sent it: never stored.
const LEFT_BEHIND: [HeaderName; 12] = [
    HeaderName::Via,
    HeaderName::Route,
    HeaderName::RecordRoute,
    HeaderName::Path,
    HeaderName::MaxForwards,
    HeaderName::Timestamp,
    HeaderName::Authorization,
    HeaderName::ProxyAuthorization,
    HeaderName::ProxyRequire,
    HeaderName::PAssertedIdentity,
    HeaderName::PPreferredIdentity,
    HeaderName::RemotePartyId,
];

/// The request as it is delivered: what the sender wrote, the moment it was sent (RFC 3428 8), and who the exchange
/// says the sender is (RFC 3325 5).
pub(super) fn seal(mut request: Request, from: &Party, domain: &str, now: u64) -> Request {
    let headers = &mut request.headers;
    for name in LEFT_BEHIND {
        headers.remove(name);
    }
    if !headers.contains(HeaderName::Date) {
        headers.set(&Date::from_unix(now / SECOND));
    }
    if let Ok(uri) = SipUri::new(&from.user, domain) {
        let mut address = NameAddr::new(Uri::Sip(uri));
        address.display = from.name.as_deref().map(Text::lossy);
        headers.push(&PAssertedIdentity(address));
    }
    headers.normalize();
    request
}

/// When it is not to be delivered any more: its Expires counts from when it was sent (RFC 3428 8). `None` when that
/// is over already.
pub(super) fn expires(request: &Request, now: u64) -> Option<u64> {
    let latest = now.saturating_add(MAX_AGE);
    let Ok(Some(Expires(seconds))) = request.headers.find::<Expires>() else { return Some(latest) };
    let end = now.saturating_add(u64::from(seconds).saturating_mul(SECOND));
    (end > now).then_some(end.min(latest))
}

/// What an attempt to deliver a message led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A phone has it.
    Delivered,
    /// The reader does not want it, or nobody is its reader.
    Never,
    /// This phone will never take it, as it is, or `all` messages: another one may.
    Elsewhere { all: bool },
    /// Perhaps later; not before so many milliseconds, if the phone said so. `refused`: a phone answered, and did
    /// not like this message.
    Later { after: Option<u64>, refused: bool },
}

/// Reads the final response to a MESSAGE; `None`: there was none.
///
/// | Response | Verdict |
/// | --- | --- |
/// | 2xx | Delivered |
/// | none, 408, 430, 480, 486, 487, 503, 600: nobody is there, or busy | Later |
/// | 482, 491, 429 and 500 to 504 but for the above and 501: perhaps it is this message | Later, refused |
/// | 405, 501: this phone has no messages | Elsewhere, all |
/// | 406, 413 to 416, 420, 421, 488, 493, 505, 513: this phone cannot take this one | Elsewhere |
/// | any other: 403, 404, 603 … | Never |
pub(super) fn judge(response: Option<&Response>) -> Verdict {
    let Some(response) = response else { return Verdict::Later { after: None, refused: false } };
    let after = || {
        let wish = response.headers.find::<RetryAfter>().ok().flatten();
        wish.map(|RetryAfter { seconds, .. }| u64::from(seconds).saturating_mul(SECOND))
    };
    match response.status.code() {
        200..=299 => Verdict::Delivered,
        408 | 430 | 480 | 486 | 487 | 503 | 600 => Verdict::Later { after: after(), refused: false },
        429 | 482 | 491 | 500 | 502 | 504 => Verdict::Later { after: after(), refused: true },
        405 | 501 => Verdict::Elsewhere { all: true },
        406 | 413..=416 | 420 | 421 | 488 | 493 | 505 | 513 => Verdict::Elsewhere { all: false },
        _ => Verdict::Never,
    }
}
