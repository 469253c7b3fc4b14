//! Who calls: what the network says of it, and what the caller wants hidden.

use super::Config;
use crate::header::{
    Diversion, From, HistoryInfo, NameAddr, PAssertedIdentity, PPreferredIdentity, Party, Privacy, RemotePartyId,
};
use crate::message::{HeaderError, HeaderName, Headers, Request, Text, Token};
use crate::uri::{SipUri, Uri};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

/// How many diversions of a call are kept.
const MAX_DIVERSIONS: usize = 8;
/// The longest address that is shown, in bytes.
const MAX_ADDRESS: usize = 512;
/// Who does not say who they are (RFC 3323 4.1.1.3).
const ANONYMOUS_USER: &str = "anonymous";
const ANONYMOUS_HOST: &str = "anonymous.invalid";

/// What is known of who calls, beside the address in [`super::Call::remote`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Identity {
    /// The network vouches for the address (RFC 3325 P-Asserted-Identity, or a screened Remote-Party-ID), and is
    /// trusted ([`super::Config::trusts_identity`]). If not, it is what the caller says.
    pub asserted: bool,
    /// The caller does not want to be known: the address says nothing.
    pub anonymous: bool,
    /// Who had the call before and sent it here, the last one first: at most 8.
    pub diverted_by: Vec<Diverted>,
}

/// Who sent a call on (RFC 5806 Diversion, RFC 7044 History-Info).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Diverted {
    /// Who; `None` if they do not want to be known.
    pub by: Option<NameAddr>,
    /// Why.
    pub reason: DiversionReason,
}

/// Why a call was sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DiversionReason {
    /// Always (`unconditional`, 302).
    Unconditional,
    /// They were busy (`user-busy`, 486).
    Busy,
    /// Nobody answered (`no-answer`, 408).
    NoAnswer,
    /// They could not be reached (`unavailable`, `out-of-service`, 503, 480, 404).
    Unavailable,
    /// They sent this one call on (`deflection`, 487, 480 while it rang).
    Deflected,
    /// Another reason, or none that is said.
    Unknown,
}

/// How a call of ours shows us.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// More headers for the INVITE. Those that the agent writes itself stay as it writes them.
    pub headers: Headers,
    /// Nobody is to know who calls: From is anonymous, and the network, which knows, is asked not to say (RFC 3323,
    /// RFC 3325 `Privacy: id`).
    pub anonymous: bool,
    /// Which of our addresses the network is to vouch for (RFC 3325 P-Preferred-Identity).
    pub preferred: Option<NameAddr>,
}

impl CallOptions {
    /// All as headers of the INVITE.
    pub(super) fn into_headers(self) -> Headers {
        let mut headers = self.headers;
        if let Some(preferred) = self.preferred {
            headers.set(&PPreferredIdentity(preferred));
        }
        if self.anonymous && !wants_privacy(&headers) {
            headers.set(&Privacy(vec![const { Token::literal("id") }]));
        }
        headers
    }
}

/// Hides who we are in an INVITE whose Privacy asks for that: the address in From says nothing then (RFC 3323 4.1.1.3).
pub(super) fn hide(invite: &mut Request) {
    if wants_privacy(&invite.headers)
        && let Ok(from) = invite.headers.get::<From>()
        && let Ok(anonymous) = anonymous()
    {
        invite.headers.set(&From(anonymous).with_tag(from.tag().unwrap_or_default()));
    }
}

/// Who calls, and what is known of it.
///
/// | Row | Trusted | Headers | Shown |
/// | --- | --- | --- | --- |
/// | I1 | any | From | From |
/// | I2 | yes | P-Asserted-Identity | that; with the name of From, if it has none and both are the same address |
/// | I3 | no | P-Asserted-Identity, Remote-Party-ID, Diversion, History-Info | From; they say nothing |
/// | I4 | yes | Remote-Party-ID of who calls, no P-Asserted-Identity | that; asserted if it is screened |
/// | I5 | any | Privacy: id or user | anonymous |
/// | I6 | yes | Remote-Party-ID with privacy | anonymous |
/// | I7 | any | From of nobody, nothing else | anonymous |
/// | I8 | yes | From of nobody, P-Asserted-Identity, no Privacy | P-Asserted-Identity |
/// | I9 | yes | Diversion | each in `diverted_by`, the first one first |
/// | I10 | yes | History-Info, no Diversion | who was left with a Reason or a cause, the last one first |
/// | I11 | yes | P-Asserted-Identity in the 2xx to our INVITE, in re-INVITE or UPDATE, no Privacy | that, from then on |
///
/// # Errors
/// From is missing or malformed.
pub(super) fn caller(config: &Config, headers: &Headers) -> Result<(NameAddr, Identity), HeaderError> {
    let From(mut from) = headers.get::<From>()?;
    from.params.remove("tag");
    let trusts = config.trusts_identity;
    let diverted_by = if trusts { diversions(headers) } else { Vec::new() };
    let (mut remote, mut asserted) = (from, false);
    let mut private = headers.find::<Privacy>().ok().flatten().is_some_and(|privacy| hides(&privacy));
    if trusts {
        if let Ok(Some(PAssertedIdentity(vouched))) = headers.find::<PAssertedIdentity>() {
            remote = named(vouched, &remote);
            asserted = true;
        } else if let Some(party) = calling(headers) {
            private |= party.is_private();
            asserted = party.is_screened();
            let mut address = party.0;
            address.params = crate::uri::Params::new();
            remote = named(address, &remote);
        }
    }
    if private || is_nobody(&remote) {
        let identity = Identity { asserted: false, anonymous: true, diverted_by };
        return Ok((anonymous()?, identity));
    }
    Ok((remote, Identity { asserted, anonymous: false, diverted_by }))
}

/// Whom we talk to from now on, as the network says in the 2xx to our INVITE, or in a re-INVITE or UPDATE of theirs
/// (RFC 5876): the call may have been picked up, or passed on. `before`: who it was. `None`: nobody else is named, or not so
/// that it is believed.
pub(super) fn connected(config: &Config, headers: &Headers, before: &NameAddr) -> Option<NameAddr> {
    if !config.trusts_identity || wants_privacy(headers) {
        return None;
    }
    let vouched = headers.find::<PAssertedIdentity>().ok().flatten().map(|PAssertedIdentity(vouched)| vouched);
    let screened = || {
        let party = headers.all::<RemotePartyId>().ok()?.into_iter().next()?;
        (party.is_screened() && !party.is_private())
            .then_some(NameAddr { params: crate::uri::Params::new(), ..party.0 })
    };
    let now = named(vouched.or_else(screened)?, before);
    (now != *before && !is_nobody(&now) && now.to_string().len() <= MAX_ADDRESS).then_some(now)
}

/// An address with the name of another one, if it has none: whoever says another number may say another name too, so it is
/// shown beside its own number only.
fn named(mut address: NameAddr, from: &NameAddr) -> NameAddr {
    if address.display.is_none() && address.uri.equivalent(&from.uri) {
        address.display.clone_from(&from.display);
    }
    address
}

/// The Remote-Party-ID of who calls.
fn calling(headers: &Headers) -> Option<RemotePartyId> {
    let all = headers.all::<RemotePartyId>().ok()?;
    all.into_iter().find(|id| id.party() != Some(Party::Called))
}

fn wants_privacy(headers: &Headers) -> bool {
    headers.find::<Privacy>().ok().flatten().is_some_and(|privacy| hides(&privacy))
}

fn hides(privacy: &Privacy) -> bool {
    ["id", "user"].into_iter().any(|value| privacy.has(value))
}

/// Whether this is how we show ourselves where we hide.
pub(super) fn is_hidden(address: &NameAddr) -> bool {
    anonymous().is_ok_and(|anonymous| anonymous.uri.equivalent(&address.uri))
}

/// Whether an address is that of nobody.
fn is_nobody(address: &NameAddr) -> bool {
    let Some(uri) = address.uri.as_sip() else { return false };
    let host = uri.host.to_string();
    host.eq_ignore_ascii_case(ANONYMOUS_HOST)
        || uri.user_unescaped().is_some_and(|user| user.eq_ignore_ascii_case(ANONYMOUS_USER))
}

fn anonymous() -> Result<NameAddr, HeaderError> {
    let uri = SipUri::new(ANONYMOUS_USER, ANONYMOUS_HOST);
    let uri = uri.map_err(|_| HeaderError::Malformed { name: HeaderName::From, at: 0 })?;
    Ok(NameAddr { display: Some(Text::lossy("Anonymous")), ..NameAddr::new(Uri::Sip(uri)) })
}

fn diversions(headers: &Headers) -> Vec<Diverted> {
    let listed = headers.all::<Diversion>().unwrap_or_default();
    if listed.is_empty() {
        return history(&headers.all::<HistoryInfo>().unwrap_or_default());
    }
    let diverted = |diversion: Diversion| {
        let reason = diversion.reason().map_or(DiversionReason::Unknown, |reason| of_word(&reason));
        let private = diversion.is_private();
        Diverted { by: shown(diversion.0, private), reason }
    };
    listed.into_iter().take(MAX_DIVERSIONS).map(diverted).collect()
}

/// Who diverted a call, of all that it was sent to: who was left with a Reason, and who the next one's cause is about.
fn history(entries: &[HistoryInfo]) -> Vec<Diverted> {
    let mut found: Vec<Diverted> = Vec::new();
    let mut later: Option<&HistoryInfo> = None;
    for entry in entries.iter().rev() {
        // RFC 4458: the cause stands in the address that the call was sent to next.
        let next = later.filter(|next| next.target().is_none_or(|(_, index)| entry.index() == Some(index)));
        let cause = entry.reason().and_then(|reason| reason.cause).or_else(|| next.and_then(HistoryInfo::cause));
        if let Some(cause) = cause
            && found.len() < MAX_DIVERSIONS
        {
            let private = entry.privacy().is_some_and(|privacy| privacy.has("history") || hides(&privacy));
            found.push(Diverted { by: shown(entry.0.clone(), private), reason: of_status(cause) });
        }
        later = Some(entry);
    }
    found
}

/// The address without what belongs to its header; `None` if it may not be shown, or is too long for that.
fn shown(mut address: NameAddr, private: bool) -> Option<NameAddr> {
    address.params = crate::uri::Params::new();
    if let Uri::Sip(uri) = &mut address.uri {
        uri.headers = None;
    }
    (!private && !is_nobody(&address) && address.to_string().len() <= MAX_ADDRESS).then_some(address)
}

fn of_word(reason: &str) -> DiversionReason {
    let words = [
        ("unconditional", DiversionReason::Unconditional),
        ("user-busy", DiversionReason::Busy),
        ("no-answer", DiversionReason::NoAnswer),
        ("unavailable", DiversionReason::Unavailable),
        ("out-of-service", DiversionReason::Unavailable),
        ("deflection", DiversionReason::Deflected),
    ];
    let found = words.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(reason));
    found.map_or(DiversionReason::Unknown, |(_, reason)| reason)
}

/// RFC 4458 2.1, RFC 7044 10.3.
const fn of_status(cause: u16) -> DiversionReason {
    match cause {
        301 | 302 => DiversionReason::Unconditional,
        486 | 600 => DiversionReason::Busy,
        408 => DiversionReason::NoAnswer,
        404 | 503 => DiversionReason::Unavailable,
        480 | 487 => DiversionReason::Deflected,
        _ => DiversionReason::Unknown,
    }
}
