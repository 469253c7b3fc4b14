//! Who may open `/sip`, decided before the WebSocket is (RFC 7118 5; the order is part of the design).

use crate::origin::{From, Origins};
use crate::ports::{Leases, SignedIn};
use http::{HeaderMap, StatusCode, Uri, header};

/// Who opens a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opener {
    /// The tab that holds this person's line, with its epoch.
    Tab(SignedIn, u64),
    /// A SIP client of its own: every request has to be signed.
    Client,
}

/// Why it stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// Another site's page.
    #[error("SIP is not open to pages of this origin.")]
    ForeignOrigin,
    /// No `Sec-WebSocket-Protocol: sip`.
    #[error("The WebSocket subprotocol must be sip (RFC 7118).")]
    NoSubprotocol,
    /// The server's own page, but nobody is logged in.
    #[error("Please log in first.")]
    NoSession,
    /// Another tab holds the line.
    #[error("This tab does not hold the line.")]
    NotTheHolder,
}

/// How the Origin of a request stands to SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// The server's own page: its session decides.
    Page,
    /// A named or unnamed stranger that may sign its requests.
    Stranger,
}

impl Refusal {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::NoSubprotocol => StatusCode::BAD_REQUEST,
            Self::NoSession => StatusCode::UNAUTHORIZED,
            Self::NotTheHolder => StatusCode::CONFLICT,
        }
    }
}

/// The first question: the Origin.
pub(super) fn gate(headers: &HeaderMap, origins: &Origins, allowed: &[String]) -> Result<Gate, Refusal> {
    match origins.of(headers) {
        From::Own => Ok(Gate::Page),
        From::Unnamed => Ok(Gate::Stranger),
        From::Foreign => {
            let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
            let known = allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
            if known { Ok(Gate::Stranger) } else { Err(Refusal::ForeignOrigin) }
        }
    }
}

/// The last one: who is it, and does it hold the line?
pub(super) fn opener(
    gate: Gate,
    signed_in: Option<SignedIn>,
    uri: &Uri,
    leases: &dyn Leases,
) -> Result<Opener, Refusal> {
    match (gate, signed_in) {
        (Gate::Stranger, _) => Ok(Opener::Client),
        (Gate::Page, None) => Err(Refusal::NoSession),
        (Gate::Page, Some(person)) => match epoch(uri) {
            Some(epoch) if leases.current(person.account, epoch) => Ok(Opener::Tab(person, epoch)),
            Some(_) | None => Err(Refusal::NotTheHolder),
        },
    }
}

/// `?epoch=7`
fn epoch(uri: &Uri) -> Option<u64> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("epoch="))?.parse().ok()
}
