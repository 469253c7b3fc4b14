use crate::body::dialog_info::Direction;
use crate::registrar::Party;
use crate::uri::Uri;
use alloc::string::String;

/// Names a request that a service of the exchange sends; the service chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SendId(pub u64);

/// A call of a user, seen from their side (RFC 4235 3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallState {
    /// Names it among all calls.
    pub id: u64,
    /// Its Call-ID.
    pub call_id: String,
    /// The tag of the user's side; empty as long as it has none.
    pub local_tag: String,
    /// The tag of the other side.
    pub remote_tag: Option<String>,
    /// Who called.
    pub direction: Direction,
    /// How far it is.
    pub state: Progress,
    /// The phone of the user's that has it.
    pub device: Option<String>,
    /// Who the other one is.
    pub remote: Party,
    /// Where the other one can be reached within the call.
    pub remote_target: Option<Uri>,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Progress {
    /// Asked for, not answered by any phone.
    Trying,
    /// A phone rings.
    Early,
    /// Answered.
    Confirmed,
}
