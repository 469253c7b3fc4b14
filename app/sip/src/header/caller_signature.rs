use core::fmt;

use nom::Parser as _;
use nom::branch::alt;
use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::combinator::opt;
use nom::sequence::{delimited, preceded};

use super::grammar::{Parsed, around, bracketed, literal, params, white, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed, Text};
use crate::uri::{Params, Uri};

/// A signature over who calls (RFC 8224 4), as it came: nothing here checks it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    signature: Text,
    info: Option<Text>,
    params: Params,
}

impl Identity {
    /// The token, or before RFC 8224 the digest: letters of Base64, and dots.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// Where the certificate is.
    #[must_use]
    pub fn info(&self) -> Option<Uri> {
        self.info.as_ref()?.parse().ok()
    }

    /// The algorithm and the kind of token: `;alg=ES256;ppt=shaken`
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }
}

/// signed-identity-digest *(SEMI (ident-info / generic-param)). The `info` is written first, as RFC 8224 has it.
fn identity(input: &str) -> Parsed<'_, Identity> {
    let inside = |c: char| c.is_ascii_graphic() && !matches!(c, ';' | ',' | '"' | '<' | '>');
    let quoted = delimited(char('"'), take_while1(inside), char('"'));
    let (rest, (signature, _)) = (alt((quoted, take_while1(inside))), white).parse(input)?;
    let (rest, info) =
        opt(preceded((around(';'), literal("info"), around('=')), bracketed).map(Text::lossy)).parse(rest)?;
    let (rest, _) = white(rest)?;
    let (rest, params) = params(rest)?;
    Ok((rest, Identity { signature: Text::lossy(signature), info, params }))
}

impl Header for Identity {
    const NAME: HeaderName = HeaderName::Identity;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        whole(value, identity)
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.signature)?;
        if let Some(info) = &self.info {
            write!(f, ";info=<{info}>")?;
        }
        self.params.fmt(f)
    }
}

header_text!(Identity);
