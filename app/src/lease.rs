//! The words that a tab and the server exchange over the tab socket (`/line`): who holds the line, what it
//! is doing, and what the contacts are doing. Each WebSocket message is one value, as [`crate::encoding`] writes it.

use crate::caller::Caller;
use crate::history::Report;
use crate::media::Media;
use crate::messages::{News, Received, Sent, ToSend};
use crate::phone::{LineState, Presence};
use serde::{Deserialize, Serialize};

/// The WebSocket subprotocol of the tab socket.
pub const SUBPROTOCOL: &str = "tabphone.line";
/// How often a tab says that it is alive, in milliseconds.
pub const RENEW_MS: u32 = 3_000;
/// How often it does so while a call is up.
pub const RENEW_BUSY_MS: u32 = 1_000;
/// How long the line is kept for a holder that fell silent, in milliseconds.
pub const GRACE_MS: u32 = 10_000;
/// Close code of both sockets: the session that opened the connection has ended.
pub const CLOSE_LOGGED_OUT: u16 = 4002;
/// Close code of `/sip`: another tab has taken the line; this connection is not wanted any more.
pub const CLOSE_MOVED: u16 = 4001;
/// Close code of the tab socket: the same page came back over another one.
pub const CLOSE_REPLACED: u16 = 4003;
/// The longest message either side accepts, in bytes: a snapshot of a few calls with their descriptions.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// From a tab to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromTab {
    /// The first message of a tab: its name for its life (kept over a reload), and the epoch it held last, if it
    /// still has the line's agent in memory (the socket was cut, the page was not).
    Hello {
        /// The tab's own random name.
        tab: String,
        /// The epoch of the lease that this very page already runs, if any.
        running: Option<u64>,
        /// Whether the page was loaded just now: this is the first `Hello` of its life. Who loads a page anew, after a
        /// crash or in another browser window, goes on with what the session had.
        loaded: bool,
    },
    /// "Use the phone here".
    Take,
    /// The holder's state and snapshot, at every change.
    Publish {
        /// The holder's epoch; what carries an older one is ignored.
        epoch: u64,
        /// What every screen shows.
        state: LineState,
        /// The agent and the driver's facts, as the package `line` writes them.
        snapshot: Vec<u8>,
        /// Whether something is lost when nobody goes on with it: a call, or a goodbye that is not through yet.
        to_lose: bool,
        /// The last word of this holder, in answer to [`ToTab::Yield`]: it says and does nothing any more.
        last: bool,
    },
    /// The tab is alive; answered with [`ToTab::Alive`].
    Alive,
    /// The holder leaves for good.
    Release {
        /// The holder's epoch.
        epoch: u64,
    },
    /// A call is over; answered with [`ToTab::Recorded`]. It may come more than once, and from whoever has the line by then.
    Report(Report),
    /// A message came; answered with [`ToTab::Answer`]. It may come more than once, and from whoever has the line by then.
    Message(Received),
    /// What became of a message that this tab, or who had the line before, sent.
    Sent(Sent),
}

/// From the server to a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToTab {
    /// This tab holds the line from now on.
    Granted(Grant),
    /// The page goes on with the lease that it runs already, with all that it has in memory: nobody acted meanwhile. Answer
    /// to a `Hello` with `running`, to the first word after a silence, or to nothing, when who was to have the line is gone.
    Resumed {
        /// Under this epoch from now on; if it is another one, the line was fenced meanwhile.
        epoch: u64,
    },
    /// Another tab is to have the line: the holder says all that it has (a `Publish` that is its `last`), and is silent
    /// from then on.
    Yield,
    /// Another tab holds the line (or is being waited for); this one watches. A tab that ran the line stops at
    /// once and silently: nothing is unregistered, no call is ended.
    Watching,
    /// What the line is doing, for tabs that watch; or, before a grant, what it was while nobody held it.
    Line(LineState),
    /// What some contacts are doing: full at first, then changes.
    Presence(Vec<Presence>),
    /// The answer to [`FromTab::Alive`].
    Alive,
    /// What holds for the media of this account from now on: after the first word of a tab, when an administrator changed
    /// it, and before its credentials run out.
    Media(Media),
    /// The call with this local tag is in the history: it need not be reported any more.
    Recorded(String),
    /// So many calls were missed that the person has not seen in the history: after the first word of a tab, and when it changes.
    Missed(u32),
    /// What becomes of calls, as the person set it, in words; nothing while they simply ring. After the first word of a
    /// tab, and when it was changed, wherever that was.
    Wishes(Vec<String>),
    /// Who is at the other end of the calls of the line, when there are others than before.
    Callers(Vec<Caller>),
    /// What is new in the person's conversations: after the first word of a tab, and whenever something in them changes.
    Messages(News),
    /// All that is to be sent now, by who has the line: the oldest message to each. It takes the place of what was said before,
    /// and what is sent stays in it until its outcome is known.
    Send(Vec<ToSend>),
    /// How a message that came is to be answered: it is kept now, or never will be.
    Answer {
        /// What the agent calls it.
        id: u64,
        /// The status of the response.
        status: u16,
    },
}

/// What a tab gets with the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Goes up with every move of the line; `/sip` and every publication must carry it.
    pub epoch: u64,
    /// Belongs to the lease, not to the browser: whoever holds the line registers with it.
    pub identity: RegistrationIdentity,
    /// What the last holder left, with its age in milliseconds.
    pub snapshot: Option<(Vec<u8>, u64)>,
}

/// What makes a registration the same registration (RFC 5626 4.1, RFC 3261 10.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationIdentity {
    /// The `+sip.instance` value: a `urn:uuid:`.
    pub instance: String,
    /// The user part of the Contact.
    pub contact_user: String,
    /// The Call-ID of every REGISTER.
    pub call_id: String,
}
