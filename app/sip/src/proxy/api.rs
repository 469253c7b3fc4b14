//! The words that a proxy and its user exchange.

use super::calls::CallState;
use super::outcome::CallOutcome;
use super::route::{Redirects, Route};
use crate::message::{Message, Request, Response};
use crate::random::Seed;
use crate::registrar::{Arrival, Binding, Domain, Flow, Party, QuestionId, Secrets};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// How many requests of one flow are remembered for each one that may be under way: a call that was answered is, for half a
/// minute.
const LINGERING: usize = 16;

/// What the proxy is responsible for, and its limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain; its name is the digest realm and the sent-by of our Via.
    pub domain: Domain,
    /// What nonces and route tokens are made with: secret, and the same as long as dialogs are to stay routable.
    pub secret: Seed,
    /// How long a call may ring at one person's phones before it goes on, or is answered 408.
    pub ringing: Option<Duration>,
    /// Timer C (RFC 3261 16.6 step 11): how long a branch may stay without any response.
    pub timer_c: Duration,
    /// How long a caller whose flow closed may take to come back before its ringing calls are cancelled.
    pub grace: Duration,
    /// How many requests of one flow may wait for their answer; more are answered 503, see [`Config::max_load`].
    pub max_pending: usize,
    /// What becomes of a 3xx of a phone.
    pub redirects: Redirects,
    /// Whether anybody of the domain may pick up a call that rings, with an INVITE that replaces it (RFC 3891). Without
    /// it only who takes part in the call may, and whom they ask to.
    pub pick_up: bool,
    /// The event packages that a service of the exchange answers ([`Question::Serve`]). Subscriptions and
    /// publications of others go to the phones.
    pub serves: Vec<String>,
}

impl Config {
    /// The usual limits, for this domain and secret.
    #[must_use]
    pub const fn new(domain: Domain, secret: Seed) -> Self {
        Self {
            domain,
            secret,
            ringing: Some(Duration::from_secs(60)),
            timer_c: Duration::from_secs(181),
            grace: Duration::from_secs(32),
            max_pending: 64,
            redirects: Redirects::Follow,
            pick_up: true,
            serves: Vec::new(),
        }
    }

    /// How many requests of one flow there may be; what would be more is answered 503.
    #[must_use]
    pub const fn max_load(&self) -> Load {
        Load { all: self.max_pending.saturating_mul(LINGERING), waiting: self.max_pending }
    }
}

/// How many requests there are of one flow: that came over it, or whose responses go there since their sender came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Those that are remembered, answered or not.
    pub all: usize,
    /// Those that wait for their final response.
    pub waiting: usize,
}

/// What the user tells the proxy.
#[derive(Clone, Debug)]
pub enum Input {
    /// A flow was opened.
    Opened(Arrival),
    /// A flow was closed.
    Closed(Flow),
    /// A user's bindings changed: what [`crate::registrar::Event::Bindings`] told.
    Bindings {
        /// Whose.
        user: String,
        /// All that there are now.
        bindings: Vec<Binding>,
    },
    /// A response, or a request other than REGISTER, arrived.
    Received {
        /// Over this flow.
        flow: Flow,
        /// The message.
        message: Message,
    },
    /// The deadline came.
    Timeout,
    /// The answer to a question.
    Answer(QuestionId, Answer),
    /// A service of the exchange sends a request to phones of a user; [`Event::Sent`] says what came of it.
    ///
    /// A Request-URI in our domain is replaced by the contact of each phone; Via and Max-Forwards are put in, the
    /// rest is sent as it is. INVITE, ACK and CANCEL are not sent.
    Send {
        /// Names it in [`Event::Sent`].
        id: SendId,
        /// Whose phones.
        user: String,
        /// The one phone it is for ([`Binding::device`], or what [`Question::Serve`] said); all that can be reached
        /// when it is not said.
        device: Option<String>,
        /// What is sent: without a Via.
        request: Request,
    },
    /// Whether messages for a user are all to be kept ([`Question::Keep`]), as earlier ones are that still wait: none is
    /// to overtake them.
    Hold {
        /// Whose.
        user: String,
        /// Whether they are.
        hold: bool,
    },
}

/// Names a request that a service sends. The service chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SendId(pub u64);

/// What the proxy tells its user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "it is passed on at once, never kept")]
pub enum Output {
    /// Send this as one message.
    Transmit {
        /// Over this flow.
        flow: Flow,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Find this out, and say it with [`Input::Answer`].
    Ask(QuestionId, Question),
    /// This happened.
    Event(Event),
}

/// What the proxy needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Question {
    /// The digest secrets of a user.
    Credentials {
        /// Whose.
        user: String,
    },
    /// Whom a number belongs to, registered or not, and what becomes of calls to it.
    Route {
        /// The user part that was dialled.
        user: String,
    },
    /// What a service answers: a SUBSCRIBE or PUBLISH of a package in [`Config::serves`], for a user of the domain or
    /// for the domain itself, or a SUBSCRIBE in a dialog that the service made.
    Serve {
        /// Who sends it.
        caller: Party,
        /// The phone that it comes from; [`Input::Send`] takes it.
        device: String,
        /// The request, with the identity that is known of its sender (RFC 3325).
        request: Request,
    },
    /// Keep a MESSAGE for a user whose phones did not take it.
    Keep {
        /// Whose.
        to: String,
        /// Who sent it.
        from: Party,
        /// The request, with the identity that is known of its sender (RFC 3325).
        request: Request,
    },
}

/// What the proxy asked for.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The secrets; `None` when there is no such user.
    Credentials(Option<Secrets>),
    /// The route; `None` when there is no such number.
    Route(Option<Route>),
    /// The response of the service, with its To tag.
    Served(Response),
    /// Whether the message is kept: 202 Accepted, or a refusal.
    Kept(Result<(), Refusal>),
}

/// Why a message is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no room for it: 480, to be tried again later.
    Full,
    /// It cannot be kept now: 503.
    Unavailable,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A call of a user began, went on, or ended.
    Dialogs {
        /// Whose.
        user: String,
        /// All that there are now.
        dialogs: Vec<CallState>,
    },
    /// The caller of a call got the first final response.
    Call(CallOutcome),
    /// What came of [`Input::Send`].
    Sent {
        /// Which.
        id: SendId,
        /// The best final response; `None` when no phone could be reached, or none answered in time.
        response: Option<Response>,
    },
    /// Credentials sent over this flow were wrong: a guess, if it happens often.
    Rejected {
        /// Which.
        flow: Flow,
    },
}
