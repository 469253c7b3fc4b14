//! Port 2: what the pages ask of the server. `server` puts an implementation into the context.

use crate::phone::LineState;
use serde::{Deserialize, Serialize};

/// All that the phone page shows first: rendered by the server, and read by the client before it hydrates,
/// so that both render the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Whose phone this is.
    pub me: Contact,
    /// The SIP domain: the right-hand side of every address here.
    pub domain: String,
    /// Everybody else of the company, by extension.
    pub contacts: Vec<Contact>,
    /// What the line is doing, as the server last heard.
    pub line: LineState,
    /// STUN and TURN servers for calls.
    pub ice_servers: Vec<IceServer>,
    /// How long a call rings before it is given up, in seconds.
    pub ringing_seconds: u32,
}

/// The name of the `<meta>` element whose `content` carries the [`Opening`] as JSON from the server to the client.
pub const OPENING_META: &str = "tabphone-opening";

impl Opening {
    /// What the page carries: JSON, to be escaped as the attribute that it becomes.
    ///
    /// # Errors
    /// [`OpeningError::Json`] when the value cannot be written, which no value of this type causes.
    pub fn to_json(&self) -> Result<String, OpeningError> {
        serde_json::to_string(self).map_err(|_| OpeningError::Json)
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// [`OpeningError::Json`] when the page comes from another version of the server.
    pub fn from_json(json: &str) -> Result<Self, OpeningError> {
        serde_json::from_str(json).map_err(|_| OpeningError::Json)
    }
}

/// Why the page's [`Opening`] cannot be carried over.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpeningError {
    /// It is not the JSON that this version of the program reads and writes.
    #[error("the page carries data of another version")]
    Json,
}

/// Somebody with an extension.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What to dial.
    pub extension: String,
    /// Their name.
    pub name: String,
}

/// A STUN or TURN server (the fields of RTCIceServer).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    /// `stun:`, `turn:` or `turns:` addresses.
    pub urls: Vec<String>,
    /// For TURN.
    pub username: Option<String>,
    /// For TURN: as the server was started with it, the same for everybody who is signed in.
    pub credential: Option<String>,
}

/// Why the server cannot give a page its content.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BackendError {
    /// The account is gone or disabled.
    #[error("this account does not exist any more")]
    NoAccount,
    /// The database did not answer.
    #[error("the storage did not answer")]
    Storage,
}

/// What pages ask of the server.
#[cfg(feature = "ssr")]
#[async_trait::async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The phone page's content for the signed-in account.
    ///
    /// # Errors
    /// [`BackendError`] when the account is gone or the storage fails.
    async fn opening(&self, account: i64) -> Result<Opening, BackendError>;
}
