use super::compose;
use super::profile::Profile;
use crate::header::{NameAddr, ReferTo, ReferredBy, Replaces};
use crate::message::{Header as _, HeaderName, Headers, Method, Request, Status};
use crate::uri::{Uri, unescaped};
use alloc::string::{String, ToString};

/// The longest Refer-To that is followed, in bytes: it is in the snapshot as long as the user is asked.
const MAX_TARGET: usize = 2048;

/// Whom a REFER wants to be called, and how: nothing else of it is kept.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Target {
    /// Whom: without headers and method.
    pub(super) address: NameAddr,
    /// What else the INVITE is to say.
    pub(super) headers: Headers,
    /// What it is to take the place of.
    pub(super) replaces: Option<Replaces>,
    /// Who wants it.
    pub(super) by: Option<ReferredBy>,
}

impl Target {
    /// What a REFER wants.
    ///
    /// # Errors
    /// What to answer: 400 without exactly one Refer-To that can be read (RFC 3515 2.4.2), 416 for a scheme that is not
    /// called, 403 for another method than INVITE, and for this phone itself.
    pub(super) fn of_refer(config: &Profile, refer: &Request) -> Result<Self, Status> {
        let mut values = refer.headers.raw(&HeaderName::ReferTo);
        let (Some(value), None) = (values.next(), values.next()) else { return Err(Status::BAD_REQUEST) };
        if value.len() > MAX_TARGET {
            return Err(Status::BAD_REQUEST);
        }
        let to = ReferTo::parse(value).map_err(|_| Status::BAD_REQUEST)?;
        if to.method() != Method::Invite {
            return Err(Status::FORBIDDEN);
        }
        let ReferTo(mut address) = to;
        let (headers, replaces) = asked(&address.uri)?;
        match &mut address.uri {
            Uri::Sip(uri) => {
                uri.headers = None;
                uri.params.remove("method");
            }
            Uri::Tel(_) => {}
            Uri::Other { .. } => return Err(Status::UNSUPPORTED_URI_SCHEME),
        }
        // Parameters of the header are not the address's.
        address.params = crate::uri::Params::new();
        if compose::dialog_contact(config).is_some_and(|own| own.uri.equivalent(&address.uri)) {
            return Err(Status::FORBIDDEN);
        }
        Ok(Self { address, headers, replaces, by: referrer(refer) })
    }
}

/// Who asks (RFC 3892 2.1): passed on without the body that would prove it.
fn referrer(refer: &Request) -> Option<ReferredBy> {
    let mut by = refer.headers.find::<ReferredBy>().ok().flatten()?;
    by.0.params.remove("cid");
    Some(by).filter(|by| by.to_string().len() <= MAX_TARGET)
}

/// What the URI wants in the INVITE (RFC 3261 19.1.5): only what says neither who we are nor where it goes. A Replaces
/// that cannot be read is not left out: the call would be another one than was asked for.
fn asked(uri: &Uri) -> Result<(Headers, Option<Replaces>), Status> {
    let (mut headers, mut replaces) = (Headers::new(), None);
    let all = uri.as_sip().and_then(|uri| uri.headers.as_deref()).unwrap_or_default();
    for (name, value) in all.split('&').filter_map(|header| header.split_once('=')) {
        let (Some(name), Some(value)) = (plain(name), plain(value)) else { continue };
        let Ok(known) = name.parse::<HeaderName>() else { continue };
        if known == HeaderName::Replaces {
            let read = Replaces::parse(&value).map_err(|_| Status::BAD_REQUEST)?;
            if replaces.replace(read).is_some() {
                return Err(Status::BAD_REQUEST);
            }
        } else if is_harmless(&known, &value) {
            let _ = headers.push_raw(&name, &value);
        }
    }
    Ok((headers, replaces))
}

fn is_harmless(name: &HeaderName, value: &str) -> bool {
    if *name == HeaderName::Require {
        return value.trim().eq_ignore_ascii_case("replaces");
    }
    [HeaderName::Subject, HeaderName::AcceptContact, HeaderName::RejectContact].contains(name)
}

/// The text that an escaped one stands for.
fn plain(escaped: &str) -> Option<String> {
    String::from_utf8(unescaped(escaped).collect()).ok()
}
