use alloc::vec::Vec;
use core::fmt;

use super::grammar::offset;
use super::{CallId, header_text};
use crate::message::{Header, HeaderName, Malformed};

/// The calls that this one is an answer to (RFC 3261 20.21).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InReplyTo(Vec<CallId>);

impl InReplyTo {
    /// The header of these calls. One whose Call-ID has a comma in it, which cannot be told from two, is left out.
    #[must_use]
    pub fn new(calls: impl IntoIterator<Item = CallId>) -> Self {
        Self(calls.into_iter().filter(|call| !call.contains(',')).collect())
    }

    /// The calls.
    #[must_use]
    pub fn calls(&self) -> &[CallId] {
        &self.0
    }
}

impl Header for InReplyTo {
    const NAME: HeaderName = HeaderName::InReplyTo;
    const LIST: bool = false;
    const WHOLE: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let elements = value.split(',').map(|element| element.trim_matches([' ', '\t']));
        let calls = elements
            .filter(|element| !element.is_empty())
            .map(|element| CallId::parse(element).map_err(|error| Malformed { at: offset(value, element) + error.at }));
        calls.collect::<Result<_, _>>().map(Self)
    }

    fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

impl fmt::Display for InReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, call) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            call.fmt(f)?;
        }
        Ok(())
    }
}

header_text!(InReplyTo);
