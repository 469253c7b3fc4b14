//! What a phone is told of the way of a call that was not dialled for it: History-Info (RFC 7044), with the causes of RFC
//! 4458, and for the many that read nothing else Diversion (RFC 5806).
//!
//! A call that goes straight to the phones of who was dialled has neither: its To says it all.

use super::plan::{Diverted, Link, Step};
use crate::header::{Diversion, HistoryInfo, NameAddr, Privacy};
use crate::message::{Headers, Request, Status, Text};
use crate::registrar::Domain;
use crate::uri::{SipUri, Uri};
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

/// Whom nobody is to see (RFC 3323 4.1.1.3).
const NOBODY: (&str, &str) = ("anonymous", "anonymous.invalid");

/// Adds the way of a call to what goes to the `phone`-th phone of its last number.
pub(super) fn write(request: &mut Request, path: &[Step], phone: usize, domain: &Domain) {
    let [.., last] = path else {
        return;
    };
    if path.len() == 1 {
        return;
    }
    let hidden = is_hidden(&request.headers);
    for (place, step) in path.iter().enumerate() {
        let next = path.get(place + 1).map(|next| next.link);
        // Who is called now may know their own number.
        if let Some(entry) = entry(step, place.checked_sub(1).and_then(|before| path.get(before)), next, hidden, domain)
        {
            request.headers.push(&entry);
        }
    }
    let mut contact = NameAddr::new(request.uri.clone());
    let index = format!("{}.{phone}", last.index);
    if contact.params.set("index", Some(&index)).and(contact.params.set("rc", Some(&last.index))).is_ok() {
        request.headers.push(&HistoryInfo(contact));
    }
    for diversion in diversions(path, hidden, domain) {
        request.headers.push(&diversion);
    }
}

/// Whether the caller wants to hide which way the call took (RFC 7044 10.1); who cannot be understood may want it.
fn is_hidden(headers: &Headers) -> bool {
    match headers.find::<Privacy>() {
        Ok(privacy) => privacy.is_some_and(|privacy| privacy.has("history") || privacy.has("header")),
        Err(_) => true,
    }
}

fn entry(step: &Step, before: Option<&Step>, next: Option<Link>, hidden: bool, domain: &Domain) -> Option<HistoryInfo> {
    let mut address = address(step, hidden && next.is_some(), domain)?;
    if let (Link::Diverted(why), Uri::Sip(uri)) = (step.link, &mut address.uri) {
        uri.params.set("cause", Some(&cause(why).to_string())).ok()?;
    }
    address.params.set("index", Some(&step.index)).ok()?;
    if let Some(before) = before {
        address.params.set("mp", Some(&before.index)).ok()?;
    }
    let entry = HistoryInfo(address);
    match next {
        Some(Link::Diverted(why)) => match reason(why) {
            Some(status) => entry.because(status).ok(),
            None => Some(entry),
        },
        Some(Link::Dialled | Link::Member) | None => Some(entry),
    }
}

/// Who had the call before, the last one first.
fn diversions(path: &[Step], hidden: bool, domain: &Domain) -> Vec<Diversion> {
    let pairs = path.iter().zip(path.iter().skip(1)).rev();
    let diversion = |(step, next): (&Step, &Step)| {
        let Link::Diverted(why) = next.link else {
            return None;
        };
        let mut address = address(step, hidden, domain)?;
        if !hidden {
            address.display = step.name.as_deref().map(Text::lossy);
        }
        address.params.set("reason", Some(word(why))).ok()?;
        address.params.set("counter", Some("1")).ok()?;
        if hidden {
            address.params.set("privacy", Some("full")).ok()?;
        }
        Some(Diversion(address))
    };
    pairs.filter_map(diversion).collect()
}

fn address(step: &Step, hidden: bool, domain: &Domain) -> Option<NameAddr> {
    let uri = if hidden { SipUri::new(NOBODY.0, NOBODY.1).ok()? } else { domain.address(&step.user) };
    Some(NameAddr::new(Uri::Sip(uri)))
}

/// Why the call came to its next number (RFC 4458 2.1, RFC 7044 10.3).
const fn cause(why: Diverted) -> u16 {
    match why {
        Diverted::Always => 302,
        Diverted::Busy => 486,
        Diverted::Unanswered => 408,
        Diverted::Unreachable => 503,
        Diverted::Deflected { rang: false } => 480,
        Diverted::Deflected { rang: true } => 487,
    }
}

/// What made it leave the one before; nothing when it was never tried there (RFC 7044 10.2).
const fn reason(why: Diverted) -> Option<Status> {
    match why {
        Diverted::Always => None,
        Diverted::Busy => Some(Status::BUSY_HERE),
        Diverted::Unanswered => Some(Status::REQUEST_TIMEOUT),
        Diverted::Unreachable => Some(Status::TEMPORARILY_UNAVAILABLE),
        Diverted::Deflected { .. } => Some(Status::MOVED_TEMPORARILY),
    }
}

/// RFC 5806 4.
const fn word(why: Diverted) -> &'static str {
    match why {
        Diverted::Always => "unconditional",
        Diverted::Busy => "user-busy",
        Diverted::Unanswered => "no-answer",
        Diverted::Unreachable => "unavailable",
        Diverted::Deflected { .. } => "deflection",
    }
}
