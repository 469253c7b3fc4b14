//! The words that the registrar, the proxy and whoever drives them share.

use crate::digest::Ha1s;
use crate::transaction::Reliability;
use crate::uri::Host;
use alloc::string::String;

/// Names a connection (RFC 5626 2): a WebSocket, or the address of a plain phone. Never used twice in the life
/// of a machine and of what is restored from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Flow(pub u64);

/// A connection, as it was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Arrival {
    /// Its name.
    pub flow: Flow,
    /// Who may use it.
    pub admission: Admission,
    /// The host the client came by (of the Host header); in what it sends, that host means the domain.
    pub host: Option<Host>,
    /// What the transport guarantees.
    pub reliability: Reliability,
}

/// Who may send requests over a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Admission {
    /// This user alone: who it is was established when the connection was made.
    Account(Party),
    /// Whoever signs each request (RFC 3261 22).
    Digest,
}

/// A user, as asserted to others (RFC 3325).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Party {
    /// The user part of the address of record: the extension.
    pub user: String,
    /// The display name of the directory, if it has one.
    pub name: Option<String>,
}

impl Party {
    /// Who does not want to be known.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { user: String::from(ANONYMOUS), name: None }
    }

    /// Whether it is nobody who may be known.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.user == ANONYMOUS
    }
}

/// The user part of nobody's address (RFC 3323 4.1.1.3).
const ANONYMOUS: &str = "anonymous";

/// Names a question of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QuestionId(pub u64);

/// What is known of a user who signs requests.
#[derive(Clone)]
pub struct Secrets {
    /// The digest secrets.
    pub ha1s: Ha1s,
    /// The display name of the directory, if it has one.
    pub name: Option<String>,
}

impl core::fmt::Debug for Secrets {
    /// Keeps the secrets out of logs.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Secrets").field("name", &self.name).finish_non_exhaustive()
    }
}
