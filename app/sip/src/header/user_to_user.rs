use core::fmt;

use nom::Parser as _;
use nom::branch::alt;

use super::grammar::{params, quoted, token, white, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed, Text, is_token};
use crate::uri::{Params, write_quoted};

/// What the application of one user says to that of the other (RFC 7433 4): one of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserToUser {
    /// The data, in the encoding that is said, without quotes and escapes.
    pub data: Text,
    /// `;encoding=hex;purpose=…;content=…`
    pub params: Params,
}

impl UserToUser {
    /// The header of this data, without parameters.
    #[must_use]
    pub const fn new(data: Text) -> Self {
        Self { data, params: Params::new() }
    }

    /// How the data is encoded; `hex` if nothing else is said (RFC 7434).
    #[must_use]
    pub fn encoding(&self) -> &str {
        self.params.value("encoding").unwrap_or("hex")
    }

    /// The package that the data is of; `isdn-uui` if nothing else is said (RFC 7434).
    #[must_use]
    pub fn purpose(&self) -> &str {
        self.params.value("purpose").unwrap_or("isdn-uui")
    }
}

impl Header for UserToUser {
    const NAME: HeaderName = HeaderName::UserToUser;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        whole(value, |input| {
            let (rest, (data, _)) = (alt((quoted, token)), white).parse(input)?;
            let (rest, params) = params(rest)?;
            Ok((rest, Self { data: Text::unquote(data), params }))
        })
    }
}

impl fmt::Display for UserToUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_token(&self.data) {
            f.write_str(&self.data)?;
        } else {
            write_quoted(f, &self.data)?;
        }
        self.params.fmt(f)
    }
}

header_text!(UserToUser);
