//! Headers that point at something to fetch or to play: a URI in angle brackets, with parameters behind.

use alloc::string::{String, ToString as _};
use core::fmt;

use nom::Parser as _;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::{opt, verify};
use nom::sequence::delimited;

use super::grammar::{Parsed, auth_param, params, white, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed, Text};
use crate::uri::{Params, Uri, write_param};

macro_rules! infos {
    ($($(#[$doc:meta])+ $header:ident)+) => {$(
        $(#[$doc])+
        ///
        /// What is in the brackets is often no URI, but the name of a ring (`<Bellcore-dr1>`), and the brackets,
        /// or all in front of the parameters, may be missing: that is read as well.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $header {
            target: Option<Text>,
            /// What else is said.
            pub params: Params,
        }

        impl $header {
            /// The header of this URI, without parameters.
            #[must_use]
            pub fn new(uri: &Uri) -> Self {
                Self { target: Some(target_of(uri)), params: Params::new() }
            }

            /// The header of parameters only, as some phones want it.
            #[must_use]
            pub const fn of_params(params: Params) -> Self {
                Self { target: None, params }
            }

            /// What stands in front of the parameters.
            #[must_use]
            pub fn target(&self) -> Option<&str> {
                self.target.as_deref()
            }

            /// What it points at, if that is a URI.
            #[must_use]
            pub fn uri(&self) -> Option<Uri> {
                self.target()?.parse().ok()
            }
        }

        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = true;

            fn parse(value: &str) -> Result<Self, Malformed> {
                let (target, params) = whole(value, info)?;
                Ok(Self { target, params })
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_info(f, self.target.as_ref(), &self.params)
            }
        }

        header_text!($header);
    )+};
}

infos! {
    /// How to ring (RFC 3261 20.4): one of a list.
    AlertInfo
    /// What else there is to know about the caller or the called (RFC 3261 20.9): one of a list.
    CallInfo
    /// Where more is said about an error (RFC 3261 20.18): one of a list.
    ErrorInfo
    /// Where the certificate of an Identity is (RFC 4474 9), which RFC 8224 has made a part of Identity.
    IdentityInfo
}

impl CallInfo {
    /// What the URI is for: `icon`, `info`, `card`, …
    #[must_use]
    pub fn purpose(&self) -> Option<Text> {
        self.params.text("purpose")
    }
}

/// `<target>`, words without brackets, or nothing; then parameters, of which the first may lack its semicolon.
fn info(input: &str) -> Parsed<'_, (Option<Text>, Params)> {
    let mut found = String::new();
    let (rest, target) = match auth_param(input) {
        Ok((rest, (name, value))) => {
            write_param(&mut found, name, Some(value));
            (rest, None)
        }
        Err(_) => opt(alt((brackets, words))).parse(input)?,
    };
    let (rest, _) = white(rest)?;
    let (rest, more) = params(rest)?;
    found.push_str(more.as_str());
    if target.is_none_or(str::is_empty) && found.is_empty() {
        return Err(nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Verify)));
    }
    Ok((rest, (target.filter(|target| !target.is_empty()).map(Text::lossy), Params::from_parsed(&found))))
}

/// What is in angle brackets: also nothing.
fn brackets(input: &str) -> Parsed<'_, &str> {
    delimited(tag("<"), take_while(|c: char| !matches!(c, '<' | '>' | '"')), tag(">")).parse(input)
}

/// Words in front of the parameters.
fn words(input: &str) -> Parsed<'_, &str> {
    let inside = |c: char| !matches!(c, ';' | ',' | '<' | '>' | '"') && !c.is_control();
    let words = take_while1(inside).map(|words: &str| words.trim_matches(' '));
    verify(words, |words: &str| !words.is_empty()).parse(input)
}

/// The text of a URI, which cannot hold what would end the brackets.
fn target_of(uri: &Uri) -> Text {
    Text::lossy(&uri.to_string())
}

fn write_info(f: &mut fmt::Formatter<'_>, target: Option<&Text>, params: &Params) -> fmt::Result {
    match target {
        Some(target) => write!(f, "<{target}>{params}"),
        None => write!(f, "{params}"),
    }
}
