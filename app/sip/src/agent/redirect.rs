use super::challenge::unsign;
use super::core::Core;
use super::session::{Session, State};
use super::transactions::{Outcome, Purpose};
use super::{Event, compose};
use crate::header::{CSeq, Contact, NameAddr, Via};
use crate::message::{Headers, Method, Response, Status};
use crate::uri::Uri;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// How many targets a call tries, with the first.
const MAX_TARGETS: usize = 5;

/// Where a call of ours was sent, and where it may go yet (RFC 3261 8.1.3.4).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | RD1 | policy: follow | 300, 301, 302 with new targets | INVITE to the best, with the next number | the others left |
/// | RD2 | targets left | 300–599 | INVITE to the next | one less |
/// | RD3 | targets left | 600–699 | Ended | – |
/// | RD4 | targets left | 2xx | – | – |
/// | RD5 | none left | 300–699 | Ended; after 3xx with the addresses | – |
/// | RD6 | policy: do not follow | 3xx | Ended with the addresses | – |
/// | RD7 | five were tried | 3xx | Ended with the addresses | – |
/// | RD8 | any | a target that was tried | is passed over | same |
/// | RD9 | any | a target that is neither sip, sips nor tel; not sips after sips | is passed over | same |
///
/// 305 and 380 lead to no phone of the one who was called: they are never followed.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Targets {
    tried: Vec<Uri>,
    /// The best is the last.
    left: Vec<Uri>,
}

impl Targets {
    /// Takes over where a redirection leads that the request to `from` got.
    fn redirected(&mut self, from: &Uri, response: &Response) {
        if self.tried.is_empty() {
            self.tried.push(from.clone());
        }
        let followed = [Status::MULTIPLE_CHOICES, Status::MOVED_PERMANENTLY, Status::MOVED_TEMPORARILY];
        if !followed.contains(&response.status) {
            return;
        }
        let mut found = Vec::new();
        for NameAddr { uri, .. } in contacts(&response.headers) {
            let known = self.tried.iter().chain(&self.left).chain(&found).any(|known| known.equivalent(&uri));
            if !known && self.tried.len() + self.left.len() + found.len() < MAX_TARGETS && self.may_follow(&uri) {
                found.push(bare(uri));
            }
        }
        // What this one names comes before what was left of others.
        self.left.extend(found.into_iter().rev());
    }

    /// Whether the call may go there.
    fn may_follow(&self, uri: &Uri) -> bool {
        let is = |uri: &Uri, scheme: &str| uri.scheme().eq_ignore_ascii_case(scheme);
        let secure = self.tried.first().is_some_and(|first| is(first, "sips"));
        is(uri, "sips") || (!secure && (is(uri, "sip") || is(uri, "tel")))
    }

    fn next(&mut self) -> Option<Uri> {
        let next = self.left.pop()?;
        self.tried.push(next.clone());
        Some(next)
    }
}

impl Session {
    /// Sends the INVITE to the next target, if this refusal leaves one; says whether it did. Call-ID, From and To stay.
    pub(super) fn redirect(&mut self, core: &mut Core, outcome: &Outcome, response: &Response) -> bool {
        let State::Outgoing(outgoing) = &mut self.state else { return false };
        let skip = outgoing.skip;
        let Some((key, early, targets)) = outgoing.inviting_mut() else { return false };
        if !core.config.redirects || response.status.class() == 6 {
            return false;
        }
        if response.status.class() == 3 {
            targets.redirected(&outcome.request.uri, response);
        }
        let (Some(target), Ok(cseq)) = (targets.next(), outcome.request.headers.get::<CSeq>()) else { return false };
        let mut invite = outcome.request.clone();
        // What was signed is another URI.
        unsign(&mut invite);
        invite.uri = target;
        let headers = &mut invite.headers;
        headers.pop_front::<Via>();
        headers.set(&CSeq { seq: cseq.seq.saturating_add(1).saturating_add(skip), method: Method::Invite });
        compose::via(core, &mut invite);
        // The hook saw it.
        let Some(new) = core.send(invite, Purpose::Invite(self.id), 1) else { return false };
        *key = new;
        early.clear(core, self.id);
        core.event(Event::Call(self.id));
        true
    }
}

/// The addresses that a response gives, the preferred first (RFC 3261 20.10): those without `q` come before all.
pub(super) fn contacts(headers: &Headers) -> Vec<NameAddr> {
    let mut all = headers.all::<Contact>().unwrap_or_default();
    all.sort_by_key(|contact| Reverse(contact.q().unwrap_or(1000)));
    let addresses = all.into_iter().filter_map(|contact| match contact {
        Contact::Addr(address) => Some(address),
        Contact::Star => None,
    });
    addresses.take(MAX_TARGETS).collect()
}

/// The address without what it wants put into the request: that is not theirs to say (RFC 3261 19.1.5).
fn bare(mut uri: Uri) -> Uri {
    if let Uri::Sip(uri) = &mut uri {
        uri.headers = None;
        uri.params.remove("method");
    }
    uri
}
