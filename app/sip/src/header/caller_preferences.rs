//! What a caller wants of the one who answers (RFC 3841), and what elements on the way can do (RFC 6809): sets of
//! feature tags.

use core::fmt;

use nom::Parser as _;
use nom::bytes::complete::tag;

use super::grammar::{params, white, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed};
use crate::uri::Params;

/// Feature tags of a contact that is to be called (RFC 3841 9.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AcceptContact {
    /// `;audio;methods="INVITE,BYE";require;explicit`
    pub params: Params,
}

/// Feature tags of a contact that is not to be called (RFC 3841 9.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RejectContact {
    /// `;automata`
    pub params: Params,
}

/// What an element on the way supports (RFC 6809).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FeatureCaps {
    /// `;+sip.instance="<urn:…>"`
    pub params: Params,
}

impl AcceptContact {
    /// Whether contacts that do not fit are not to be called at all (RFC 3841 7.2.4).
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.params.has("require")
    }

    /// Whether contacts that say nothing of these features do not fit (RFC 3841 7.2.4).
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.params.has("explicit")
    }
}

macro_rules! feature_sets {
    ($($header:ident)+) => {$(
        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = true;

            fn parse(value: &str) -> Result<Self, Malformed> {
                read(value).map(|params| Self { params })
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "*{}", self.params)
            }
        }

        header_text!($header);
    )+};
}

feature_sets!(AcceptContact RejectContact FeatureCaps);

/// "*" *(SEMI generic-param)
fn read(value: &str) -> Result<Params, Malformed> {
    whole(value, |input| {
        let (rest, _) = (tag("*"), white).parse(input)?;
        params(rest)
    })
}
