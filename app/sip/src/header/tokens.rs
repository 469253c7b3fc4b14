use alloc::vec::Vec;
use core::fmt;

use super::grammar::{tokens, whole};
use crate::message::{Header, HeaderName, Malformed, Method, Token};

/// The methods that are supported (RFC 3261 20.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow(pub Vec<Method>);

/// The extensions that are supported (RFC 3261 20.37).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supported(pub Vec<Token>);

/// The extensions that the called must support (RFC 3261 20.32).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Require(pub Vec<Token>);

/// The extensions that proxies must support (RFC 3261 20.29).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyRequire(pub Vec<Token>);

/// The extensions that are asked for and not supported (RFC 3261 20.40).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsupported(pub Vec<Token>);

impl Allow {
    /// Whether the method is in the list.
    #[must_use]
    pub fn has(&self, method: &Method) -> bool {
        self.0.contains(method)
    }
}

macro_rules! option_tags {
    ($($header:ident)+) => {$(
        impl $header {
            /// Whether the extension is in the list; option tags have no case.
            #[must_use]
            pub fn has(&self, tag: &str) -> bool {
                self.0.iter().any(|token| token.eq_ignore_ascii_case(tag))
            }
        }
    )+};
}

macro_rules! lists {
    ($($header:ident $element:expr;)+) => {$(
        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = false;
            const WHOLE: bool = true;

            fn parse(value: &str) -> Result<Self, Malformed> {
                Ok(Self(whole(value, tokens)?.into_iter().map($element).collect()))
            }

            fn merge(&mut self, later: Self) {
                self.0.extend(later.0);
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (index, element) in self.0.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    element.fmt(f)?;
                }
                Ok(())
            }
        }

        super::header_text!($header);
    )+};
}

option_tags!(Supported Require ProxyRequire Unsupported);

lists! {
    Allow |token| Method::from_checked(&token);
    Supported |token| token;
    Require |token| token;
    ProxyRequire |token| token;
    Unsupported |token| token;
}
