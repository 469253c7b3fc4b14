//! Bearer tokens (RFC 8898): who has one is let in, so a token goes to nobody but who asked for it, and is shown nowhere.

use crate::digest::{self, Params, write_text};
use crate::message::{Headers, Malformed, Request, Response, Text};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// Bring a token (RFC 8898 4): the value of WWW-Authenticate and Proxy-Authenticate with the scheme Bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Who gives tokens: an `https:` URI. Whoever asks for a token there decides whether it is to be believed.
    pub authz_server: Text,
    /// Whose users are asked for.
    pub realm: Option<Text>,
    /// What the token has to allow, words with spaces between them.
    pub scope: Option<Text>,
    /// Why the token that was sent does not do, such as `invalid_token`.
    pub error: Option<Text>,
}

/// A token, as it stands in Authorization: letters, digits, `-._~+/`, then `=`.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Token(String);

/// What is no [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token has letters, digits and -._~+/, then =, and 8192 of them at most")]
pub struct InvalidToken;

/// How long a token may be, in bytes: what signs its owner's rights with RSA has some hundred, rarely a few thousand.
const MAX_TOKEN: usize = 8192;

const SCHEME: &str = "Bearer";

impl FromStr for Challenge {
    type Err = Malformed;

    fn from_str(value: &str) -> Result<Self, Malformed> {
        let params = Params::after_scheme(SCHEME, value)?;
        Ok(Self {
            authz_server: params.needed("authz_server")?,
            realm: params.text("realm"),
            scope: params.text("scope"),
            error: params.text("error"),
        })
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_text(f, "Bearer authz_server=", Some(&self.authz_server))?;
        write_text(f, ", realm=", self.realm.as_ref())?;
        write_text(f, ", scope=", self.scope.as_ref())?;
        write_text(f, ", error=", self.error.as_ref())
    }
}

crate::message::serde_as_text!(Challenge);

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(token: &str) -> Result<Self, InvalidToken> {
        let letters = token.trim_end_matches('=');
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let is_one = !letters.is_empty() && token.len() <= MAX_TOKEN && letters.bytes().all(may_stand);
        is_one.then(|| Self(token.to_string())).ok_or(InvalidToken)
    }
}

impl TryFrom<String> for Token {
    type Error = InvalidToken;

    fn try_from(token: String) -> Result<Self, InvalidToken> {
        token.parse()
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

impl fmt::Debug for Token {
    /// Keeps it out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The challenges of a 401 or 407 that ask for a token, in their order. Malformed ones are passed over.
#[must_use]
pub fn offered(response: &Response) -> Vec<Challenge> {
    response.headers.raw(&digest::challenge_name(response)).filter_map(|value| value.parse().ok()).collect()
}

/// Puts a token into a request, in the place of the one it had, for whoever sent this response.
pub(crate) fn present(request: &mut Request, response: &Response, token: &Token) {
    let name = digest::credentials_name(response);
    request.headers.retain(&name, |value| !is_token(value));
    // A token has nothing that cannot stand in a header.
    let _ = request.headers.push_raw(name.as_str(), &[SCHEME, &token.0].join(" "));
}

/// Whether a request brought a token to whoever sent this response.
pub(crate) fn is_presented(headers: &Headers, response: &Response) -> bool {
    headers.raw(&digest::credentials_name(response)).any(is_token)
}

fn is_token(value: &str) -> bool {
    let scheme = value.split([' ', '\t']).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(SCHEME)
}
