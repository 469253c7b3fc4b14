use core::fmt;

use super::grammar::{params, token, white, whole};
use crate::message::{Header, HeaderName, Malformed, Status, Text, Token};
use crate::uri::{Params, write_quoted};

/// Why a request was sent (RFC 3326): a CANCEL with `SIP;cause=200` says that the call was taken elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// `SIP` or `Q.850`
    pub protocol: Token,
    /// The cause, a number of the protocol.
    pub cause: Option<u16>,
    /// The words.
    pub text: Option<Text>,
    /// What else is said: `location` (RFC 8606), or a cause that is no number.
    pub params: Params,
}

impl Reason {
    /// A reason that is a SIP status.
    #[must_use]
    pub fn sip(status: Status, text: Option<&Text>) -> Self {
        Self {
            protocol: const { Token::literal("SIP") },
            cause: Some(status.code()),
            text: text.cloned(),
            params: Params::new(),
        }
    }

    /// Whether it is this SIP status.
    #[must_use]
    pub fn is_sip(&self, status: Status) -> bool {
        self.protocol.eq_ignore_ascii_case("SIP") && self.cause == Some(status.code())
    }
}

impl Header for Reason {
    const NAME: HeaderName = HeaderName::Reason;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        whole(value, |input| {
            let (rest, protocol) = token(input)?;
            let (rest, _) = white(rest)?;
            let (rest, mut params) = params(rest)?;
            let cause = params.value("cause").and_then(|cause| cause.parse().ok());
            let text = params.text("text");
            if cause.is_some() {
                params.remove("cause");
            }
            if text.is_some() {
                params.remove("text");
            }
            Ok((rest, Self { protocol: Token::from_checked(protocol), cause, text, params }))
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.protocol)?;
        if let Some(cause) = self.cause {
            write!(f, ";cause={cause}")?;
        }
        if let Some(text) = &self.text {
            f.write_str(";text=")?;
            write_quoted(f, text)?;
        }
        self.params.fmt(f)
    }
}

super::header_text!(Reason);
