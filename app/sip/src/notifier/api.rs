//! The words that a notifier and its user exchange.

use crate::body::message_summary::MessageClass;
use crate::body::pidf::{Activity, Presence};
use crate::message::{Request, Response};
use crate::proxy::{CallState, SendId};
use crate::registrar::{Binding, Domain, Party, QuestionId, Removed};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What the notifier is responsible for, and its limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain whose users are watched.
    pub domain: Domain,
    /// How many subscriptions one user may have; more are answered 480.
    pub max_subscriptions_per_user: usize,
    /// How many subscriptions there may be; more are answered 503.
    pub max_subscriptions: usize,
    /// How many publications of one user are kept; more are answered 480.
    pub max_publications_per_user: usize,
    /// How many publications there may be; more are answered 503.
    pub max_publications: usize,
    /// How large a published document may be, in bytes, as it came and as it is written again; more is answered 413.
    pub max_document: usize,
    /// The shortest time that a subscription or a publication may be asked to last; less is answered 423.
    pub min_expires: Duration,
    /// The longest, and the time when none is asked for; more is shortened to it.
    pub max_expires: Duration,
    /// How long it is quiet at least between two NOTIFYs that a change brings about (RFC 3856 6.10, RFC 4235 3.10).
    pub pace: Duration,
    /// What watchers learn of the calls of others.
    pub disclosure: Disclosure,
    /// Of which class the messages in a mailbox are.
    pub mailbox: MessageClass,
    /// Whether [`Event::Presence`] also tells of users whom nobody watches: it costs something with each of their calls.
    pub unwatched: bool,
}

impl Config {
    /// The usual limits, for this domain.
    #[must_use]
    pub const fn new(domain: Domain) -> Self {
        Self {
            domain,
            max_subscriptions_per_user: 256,
            max_subscriptions: 16_384,
            max_publications_per_user: 8,
            max_publications: 8192,
            max_document: 4096,
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            pace: Duration::from_millis(500),
            disclosure: Disclosure::Dialogs,
            mailbox: MessageClass::Text,
            unwatched: true,
        }
    }
}

/// What dialog-info tells of somebody's calls to others of the domain (RFC 4235 6). To themselves it tells all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// How far they are, and who called.
    States,
    /// With whom, too.
    Parties,
    /// Also Call-ID, tags and target: what is needed to pick a call up.
    Dialogs,
}

/// How many messages wait in a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Waiting {
    /// Those that nobody has heard or read yet.
    pub new: u32,
    /// The others.
    pub old: u32,
}

/// What the user tells the notifier.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "it is passed by value, one at a time")]
pub enum Input {
    /// A SUBSCRIBE or PUBLISH for a user of the domain arrived.
    Received {
        /// Names it; its final response comes under that name. Not one of the notifier's own questions.
        id: QuestionId,
        /// Who sent it, as was established.
        from: Party,
        /// From which phone of theirs: what a NOTIFY to it is sent to.
        device: String,
        /// The request.
        request: Request,
    },
    /// A user's bindings, all that there are now. Told whenever they change; when they were only refreshed it may be
    /// told, so that `reg` says how long they last.
    Bindings {
        /// Whose.
        user: String,
        /// All of them.
        bindings: Vec<Binding>,
        /// Those that are gone, and why.
        removed: Vec<Removed>,
    },
    /// A user's calls changed.
    Dialogs {
        /// Whose.
        user: String,
        /// All that there are now.
        dialogs: Vec<CallState>,
    },
    /// A user's mailbox changed.
    Mailbox {
        /// Whose.
        user: String,
        /// What waits in it now.
        waiting: Waiting,
    },
    /// A user does not want to be disturbed, or does no more.
    DoNotDisturb {
        /// Who.
        user: String,
        /// Whether it is on.
        on: bool,
    },
    /// What a user says of themselves, wherever they are: it stands before what their phones publish.
    Stated {
        /// Who.
        user: String,
        /// What they do; `None` when they do not say.
        activity: Option<Activity>,
        /// Their words; empty for none.
        note: String,
    },
    /// A user is no user any more: who watches them is told that there is nothing to watch, and nothing of theirs is kept.
    Removed {
        /// Who.
        user: String,
    },
    /// What became of a request that was sent.
    Sent {
        /// Which.
        id: SendId,
        /// The final response; `None`: the phone could not be reached, or did not answer in time.
        response: Option<Response>,
    },
    /// The answer to a question.
    Answer(QuestionId, Answer),
    /// The exchange is about to go, and nothing of this will be kept: subscribers are told to subscribe anew. Not for
    /// a restart with a snapshot, which nobody notices.
    Stop,
    /// The deadline came.
    Timeout,
}

/// What the notifier tells its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The final response to what was [`Input::Received`] under that name. To has its tag.
    Answer(QuestionId, Response),
    /// Send this request within its dialog, and say what became of it with [`Input::Sent`]. Via is not there yet.
    Send {
        /// Names it.
        id: SendId,
        /// To this user.
        user: String,
        /// To this phone of theirs.
        device: String,
        /// The request.
        request: Request,
    },
    /// Find this out, and say it with [`Input::Answer`].
    Ask(QuestionId, Question),
    /// This happened.
    Event(Event),
}

/// What the notifier needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Question {
    /// Whether there is such a user, registered or not.
    Account {
        /// The user part that was asked for.
        user: String,
    },
}

/// What the notifier asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Whose number it is; `None` when there is no such user.
    Account(Option<Party>),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// What a user's watchers see of them changed.
    Presence {
        /// Whose.
        user: String,
        /// All of it; [`Presence::state`] says it in a word, [`Presence::basic`] whether they can be reached.
        presence: Presence,
    },
}
