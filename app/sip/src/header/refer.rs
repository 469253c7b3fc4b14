use core::fmt;

use super::grammar::{params, token, white, whole};
use super::uri_headers::{add_to_uri, from_uri};
use super::{NameAddr, Replaces, header_of, header_text};
use crate::message::{Header, HeaderName, InvalidHeader, Malformed, Method, Text};
use crate::uri::{Params, Uri};

/// Whom or what to contact: the target of a transfer (RFC 3515 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReferTo(pub NameAddr);

impl ReferTo {
    /// The method to use there: INVITE, if the URI says no other.
    #[must_use]
    pub fn method(&self) -> Method {
        let method = self.0.uri.as_sip().and_then(|uri| uri.params.value("method"));
        method.and_then(|method| method.parse().ok()).unwrap_or(Method::Invite)
    }

    /// The dialog that the new one is to take the place of, in an attended transfer (RFC 5589 7): the Replaces
    /// in the URI.
    #[must_use]
    pub fn replaces(&self) -> Option<Replaces> {
        from_uri(&self.0.uri)
    }

    /// A transfer to this URI that takes the place of a dialog there.
    ///
    /// # Errors
    /// The URI is not a `sip:` or `sips:` one.
    pub fn with_replaces(mut uri: Uri, dialog: &Replaces) -> Result<Self, InvalidHeader> {
        add_to_uri(&mut uri, dialog)?;
        Ok(Self(NameAddr::new(uri)))
    }
}

/// Who asks for the transfer (RFC 3892 3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReferredBy(pub NameAddr);

impl ReferredBy {
    /// The Content-ID of the body part that proves it.
    #[must_use]
    pub fn cid(&self) -> Option<Text> {
        self.0.params.text("cid")
    }
}

/// Whether a REFER is to make a subscription (RFC 4488 4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReferSub {
    /// Whether it is.
    pub wanted: bool,
    /// What else is said.
    pub params: Params,
}

impl ReferSub {
    /// The header of this.
    #[must_use]
    pub const fn new(wanted: bool) -> Self {
        Self { wanted, params: Params::new() }
    }
}

impl Header for ReferSub {
    const NAME: HeaderName = HeaderName::ReferSub;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let (word, params) = whole(value, |input| {
            let (rest, word) = token(input)?;
            let (rest, _) = white(rest)?;
            let (rest, params) = params(rest)?;
            Ok((rest, (word, params)))
        })?;
        if word.eq_ignore_ascii_case("true") {
            Ok(Self { wanted: true, params })
        } else if word.eq_ignore_ascii_case("false") {
            Ok(Self { wanted: false, params })
        } else {
            Err(Malformed { at: super::grammar::offset(value, word) })
        }
    }
}

impl fmt::Display for ReferSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.wanted, self.params)
    }
}

header_text!(ReferSub);

header_of! {
    ReferTo false NameAddr::read;
    ReferredBy false NameAddr::read;
}
