use core::fmt;

use nom::Parser as _;
use nom::bytes::complete::take_while1;
use nom::combinator::verify;

use super::grammar::{number, quoted, white1, whole};
use crate::message::{Header, HeaderName, InvalidHeader, Malformed, Text};
use crate::uri::write_quoted;

/// Why something was refused, in words (RFC 3261 20.43).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Warning {
    /// 300 to 399 for sessions; 399 for anything.
    pub code: u16,
    /// Who warns: a host, or a pseudonym. Without white space.
    agent: Text,
    /// The words.
    pub text: Text,
}

impl Warning {
    /// A warning of anything.
    pub const MISCELLANEOUS: u16 = 399;

    /// The header of these.
    ///
    /// # Errors
    /// The code has not three digits, the agent is empty or has white space in it, or the text holds CR, LF or NUL.
    pub fn new(code: u16, agent: &str, text: &str) -> Result<Self, InvalidHeader> {
        if !(100..=999).contains(&code) || agent.is_empty() || !agent.chars().all(is_agent) {
            return Err(InvalidHeader::Syntax);
        }
        Ok(Self { code, agent: Text::new(agent)?, text: Text::new(text)? })
    }

    /// Who warns: a host, or a pseudonym.
    #[must_use]
    pub fn agent(&self) -> &str {
        &self.agent
    }
}

fn is_agent(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | ',' | ';' | '<' | '>')
}

impl Header for Warning {
    const NAME: HeaderName = HeaderName::Warning;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let code = verify(number::<u16>, |code| (100..=999).contains(code));
        let mut rule = (code, white1, take_while1(is_agent), white1, quoted);
        let (code, _, agent, _, text) = whole(value, |input| rule.parse(input))?;
        Ok(Self { code, agent: Text::lossy(agent), text: Text::unquote(text) })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.code, self.agent)?;
        write_quoted(f, &self.text)
    }
}

super::header_text!(Warning);
