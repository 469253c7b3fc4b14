//! Messages (RFC 3428), as whoever has the line and the server speak of them: the server keeps the conversations, and who has
//! the line sends what it is told to, and tells what came, before that is answered.

use crate::phone::Party;
use serde::{Deserialize, Serialize};

/// The longest text that is sent, in units of UTF-16 as browsers count them: in UTF-8 never longer than what a SIP message
/// of an agent may hold.
pub const LONGEST_TEXT: usize = 4_000;

/// A message that came. It is told until the server says how it is to be answered; its Call-ID and sender name it, so that it
/// is kept once however often it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// What the agent that took it calls it.
    pub id: u64,
    /// Its Call-ID.
    pub call_id: String,
    /// Who sent it.
    pub from: Party,
    /// Its type.
    pub content_type: String,
    /// As it came.
    pub body: Vec<u8>,
}

/// A message that is to be sent by whoever has the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSend {
    /// Its Call-ID, which it keeps however often it is sent.
    pub call_id: String,
    /// Which time it is sent since the person wanted that, counted from 1.
    pub attempt: u32,
    /// To whom: a number, or an address.
    pub to: String,
    /// What.
    pub text: String,
}

/// What became of a message that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its Call-ID.
    pub call_id: String,
    /// Which time it was; 0 when who had the line before sent it.
    pub attempt: u32,
    /// What.
    pub outcome: Outcome,
}

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A phone took it, or whoever stands for one (2xx).
    Accepted,
    /// It is kept for its reader, whose phone is off (202).
    Kept,
    /// It did not arrive.
    Failed(Failure),
}

/// Why a message did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// Nothing came in time.
    NoResponse,
    /// It is forbidden.
    Forbidden,
    /// There is nobody of this number.
    NotFound,
    /// They cannot be reached now.
    Unavailable,
    /// They do not want it.
    Declined,
    /// Their phone takes no messages.
    Unsupported,
    /// It is too large.
    TooLarge,
    /// To such an address nothing can be sent.
    Unsendable,
    /// Another refusal.
    Status(u16),
}

/// What an open page is told of its person's conversations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// How many messages came that the person has not seen.
    pub unread: u32,
    /// The newest of these.
    pub latest: Option<Latest>,
}

/// A message that is not seen yet, as a notification tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// Its number, which grows.
    pub id: i64,
    /// Whose conversation it is in, as it stands in the address of the page.
    pub with: String,
    /// Who sent it.
    pub title: String,
    /// What; nothing where the person wants no texts in notifications.
    pub text: String,
}
