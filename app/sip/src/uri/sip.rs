use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::equivalence::{same_headers, same_params, same_part};
use super::pieces::{Part, UriHeaders};
use super::{Host, Params, UriError, grammar};

/// A `sip:` or `sips:` URI (RFC 3261 19.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SipUri {
    /// Whether it is `sips:`.
    pub secure: bool,
    /// The user, escaped as on the wire. An empty one is not written.
    pub user: Option<Part>,
    /// The password, escaped as on the wire. RFC 3261 19.1.1 advises against it.
    pub password: Option<Part>,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: Option<u16>,
    /// `;transport=ws;lr`
    pub params: Params,
    /// What follows the question mark.
    pub headers: Option<UriHeaders>,
    /// How it was written, when that is not how it would be written: `SIP:`, `[::0]`, `:05060`.
    written: Option<Box<str>>,
}

impl SipUri {
    /// `sip:user@host`; the user is escaped, and left out when empty. The host may have a port.
    ///
    /// # Errors
    /// The host is none.
    pub fn new(user: &str, host: &str) -> Result<Self, UriError> {
        let (rest, (host_found, _)) = grammar::host(host).map_err(|_| UriError { at: 0 })?;
        let port = match rest.strip_prefix(':') {
            Some(digits) => Some(digits.parse().map_err(|_| UriError { at: host.len() - digits.len() })?),
            None if rest.is_empty() => None,
            None => return Err(UriError { at: host.len() - rest.len() }),
        };
        Ok(Self { port, ..Self::at(user, host_found) })
    }

    /// `sip:user@host`; the user is escaped, and left out when empty.
    pub(crate) fn at(user: &str, host: Host) -> Self {
        let user = (!user.is_empty()).then(|| Part::escape(user));
        Self::from_parsed(false, (user, None), (host, None), Params::new(), None)
    }

    /// The user without escapes; `None` if there is none, or if it is not UTF-8.
    #[must_use]
    pub fn user_unescaped(&self) -> Option<String> {
        self.user.as_ref()?.unescape()
    }

    /// Whether both name the same resource (RFC 3261 19.1.4).
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        self.secure == other.secure
            && same_part(self.user.as_ref(), other.user.as_ref())
            && same_part(self.password.as_ref(), other.password.as_ref())
            && self.host == other.host
            && self.port == other.port
            && same_params(&self.params, &other.params)
            && same_headers(self.headers.as_deref(), other.headers.as_deref())
    }

    /// `sip` or `sips`, in the letters it was written in.
    pub(super) fn scheme(&self) -> &str {
        let scheme = if self.secure { "sips" } else { "sip" };
        self.written
            .as_deref()
            .and_then(|written| written.get(..scheme.len()))
            .filter(|written| written.eq_ignore_ascii_case(scheme))
            .unwrap_or(scheme)
    }

    /// Remembers how it was written, because it would print otherwise.
    pub(super) fn remember(&mut self, written: &str) {
        self.written = Some(written.into());
    }

    /// The canonical form of what the public fields say.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = self.user.as_deref().filter(|user| !user.is_empty()) {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{password}")?;
            }
            f.write_str("@")?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }

    /// Whether the public fields still say what was written.
    fn is_as_written(&self, written: &str) -> bool {
        written.parse().is_ok_and(|uri: Self| uri == *self)
    }

    /// A URI from what the grammar has read.
    pub(super) fn from_parsed(
        secure: bool,
        (user, password): (Option<Part>, Option<Part>),
        (host, port): (Host, Option<u16>),
        params: Params,
        headers: Option<UriHeaders>,
    ) -> Self {
        Self { secure, user, password, host, port, params, headers, written: None }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Some(written) if self.is_as_written(written) => f.write_str(written),
            Some(_) | None => self.write(f),
        }
    }
}
