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

/// The event packages that are supported (RFC 6665 8.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowEvents(pub Vec<Token>);

/// How the body was coded, in the order in which it was (RFC 3261 20.12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentEncoding(pub Vec<Token>);

/// The languages of the body (RFC 3261 20.13).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentLanguage(pub Vec<Token>);

/// How proxies are to treat a request (RFC 3841 9.1): `no-fork`, `queue`, …
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestDisposition(pub Vec<Token>);

impl Allow {
    /// Whether the method is in the list.
    #[must_use]
    pub fn has(&self, method: &Method) -> bool {
        self.0.contains(method)
    }
}

macro_rules! without_case {
    ($($header:ident)+) => {$(
        impl $header {
            /// Whether it is in the list, where letters have no case.
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

without_case! {
    Supported Require ProxyRequire Unsupported AllowEvents ContentEncoding ContentLanguage RequestDisposition
}

lists! {
    Allow |token| Method::from_checked(&token);
    Supported |token| token;
    Require |token| token;
    ProxyRequire |token| token;
    Unsupported |token| token;
    AllowEvents |token| token;
    ContentEncoding |token| token;
    ContentLanguage |token| token;
    RequestDisposition |token| token;
}
