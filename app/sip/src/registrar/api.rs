//! The words that a registrar and its user exchange.

use super::binding::{Binding, Removed};
use super::domain::Domain;
use super::flow::{Arrival, Flow, QuestionId, Secrets};
use crate::message::Request;
use crate::random::Seed;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What the registrar is responsible for, and its limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// The domain; its name is the digest realm.
    pub domain: Domain,
    /// What nonces are made with: secret, and the same as long as nonces given out are to stay valid.
    pub secret: Seed,
    /// How many bindings a user may have; one more is answered 403.
    pub max_bindings: usize,
    /// How many bindings there may be of all users; one more is answered 503.
    pub max_total: usize,
    /// How many bytes of a phone's own words a binding may keep: contact, path and Call-ID. More is answered 513.
    pub max_size: usize,
    /// The shortest time a binding may be asked to last; less is answered 423 (RFC 3261 10.3 step 7).
    pub min_expires: Duration,
    /// The longest; more is shortened to it.
    pub max_expires: Duration,
    /// The time when none is asked for.
    pub default_expires: Duration,
    /// How long a binding is kept after its flow closed, for the phone to come back.
    pub grace: Duration,
    /// How long an imported binding is kept for its phone to come back, if it does not run out before.
    pub restart_grace: Duration,
    /// How often phones are asked to keep their flows alive (RFC 5626 4.4); `None` leaves it to them.
    pub flow_timer: Option<Duration>,
}

impl Config {
    /// The usual limits, for this domain and secret.
    #[must_use]
    pub const fn new(domain: Domain, secret: Seed) -> Self {
        Self {
            domain,
            secret,
            max_bindings: 10,
            max_total: 100_000,
            max_size: 4096,
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            default_expires: Duration::from_secs(600),
            grace: Duration::from_secs(32),
            restart_grace: Duration::from_secs(60),
            flow_timer: None,
        }
    }
}

/// What the user tells the registrar.
#[derive(Clone, Debug)]
pub enum Input {
    /// A flow was opened.
    Opened(Arrival),
    /// A flow was closed.
    Closed(Flow),
    /// A REGISTER arrived.
    Received {
        /// Over this flow.
        flow: Flow,
        /// The request.
        request: Request,
    },
    /// The deadline came.
    Timeout,
    /// The secrets that were asked for; `None` when there is no such user.
    Answer(QuestionId, Option<Secrets>),
}

/// What the registrar tells its user.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What the registrar needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Question {
    /// The digest secrets of a user.
    Credentials {
        /// Whose.
        user: String,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A user's bindings, or where they can be reached, changed. For the proxy, and for presence.
    Bindings {
        /// Whose.
        user: String,
        /// All that there are now: a phone that has several flows has one for each.
        bindings: Vec<Binding>,
        /// Those that are gone, and why (RFC 3680 3.2).
        removed: Vec<Removed>,
    },
    /// A user's bindings last longer than they did, and nothing else changed. For who stores them.
    Refreshed {
        /// Whose.
        user: String,
    },
    /// Credentials sent over this flow were wrong: a guess, if it happens often.
    Rejected {
        /// Which.
        flow: Flow,
    },
}
