use super::api::SendId;
use super::response_context::ResponseContext;
use super::token::Endpoint;
use crate::digest::Credentials;
use crate::header::Reason;
use crate::message::{Request, Response};
use crate::registrar::{Flow, Party, QuestionId};
use crate::time::Instant;
use crate::transaction::{
    ClientInvite, ClientNonInvite, Effect, Key, Reliability, ServerInvite, ServerNonInvite, ServerNonInviteState,
};
use alloc::string::String;
use alloc::vec::Vec;

/// One request on its way through: its server transaction, and the client transactions it led to.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Context {
    /// Names the server transaction.
    pub(super) key: Key,
    /// Where responses go: the flow that the request came by, or the one that its sender came back with. A service has
    /// none.
    pub(super) flow: Option<Flow>,
    /// Who sent it, once that is known.
    pub(super) caller: Option<(Party, Endpoint)>,
    /// The sender's flow closed; it has until then to come back.
    pub(super) gone: Option<Instant>,
    /// It is a message that is kept when no phone takes it.
    pub(super) keep: Option<Keep>,
    /// When it came.
    #[cfg_attr(feature = "serde", serde(default))]
    pub(super) begun: Option<Instant>,
    /// The request as it came.
    pub(super) request: Request,
    /// Why the sender cancelled it, in its own words (RFC 3326).
    pub(super) reasons: Vec<Reason>,
    /// The tag of our own responses.
    pub(super) tag: String,
    pub(super) server: Server,
    pub(super) stage: Stage,
}

/// A message that may have to be kept.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Keep {
    /// For whom.
    pub(super) to: String,
    /// How long phones may take with it.
    pub(super) until: Instant,
}

/// How far a request is.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Stage {
    /// The secrets of who signed it are being looked up.
    Admitting {
        /// The question.
        question: QuestionId,
        /// What is to be verified.
        credentials: Credentials,
    },
    /// The user it is for is being looked up.
    Locating {
        /// The question.
        question: QuestionId,
        /// The user.
        user: String,
    },
    /// A service is asked for the response.
    Serving {
        /// The question.
        question: QuestionId,
    },
    /// No phone took the message: it is to be kept.
    Keeping {
        /// The question.
        question: QuestionId,
        /// For whom.
        to: String,
    },
    /// It was sent to phones.
    Forked {
        /// What becomes of their responses.
        responses: ResponseContext,
        /// The phones, in the order of the context's branches.
        legs: Vec<Leg>,
    },
    /// Only the server transaction goes on.
    Settled,
}

/// The way to one phone.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Leg {
    /// Which phone.
    pub(super) target: Endpoint,
    /// Whose phone it is, when the directory was asked.
    pub(super) callee: Option<Party>,
    /// The branch of our Via.
    pub(super) branch: String,
    /// The call that an INVITE began, as it is followed.
    pub(super) call: Option<u64>,
    /// How long to wait for a phone that nobody has heard of yet.
    pub(super) until: Option<Instant>,
    pub(super) client: Client,
    /// The CANCEL, if one was sent.
    pub(super) cancel: Option<ClientNonInvite>,
}

/// A server transaction.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Server {
    Invite(ServerInvite),
    Other(ServerNonInvite),
    /// None: a service of the exchange sent it, and is told once what came of it.
    Service {
        /// What the service calls it.
        id: SendId,
        /// Whether it was told.
        told: bool,
    },
}

/// A client transaction.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Client {
    /// The phone's flow closed; the request leaves when it comes back.
    Waiting(Request),
    Invite(ClientInvite),
    Other(ClientNonInvite),
    /// The phone is gone, or never came back.
    Over,
}

impl Server {
    pub(super) fn receive(&mut self, request: &Request, now: Instant, effects: &mut Vec<Effect>) {
        match self {
            Self::Invite(server) => server.receive(request, now, effects),
            Self::Other(server) => server.receive(request, effects),
            Self::Service { .. } => {}
        }
    }

    pub(super) fn respond(&mut self, response: &Response, now: Instant, effects: &mut Vec<Effect>) {
        match self {
            Self::Invite(server) => server.respond(response, now, effects),
            Self::Other(server) => server.respond(response, now, effects),
            Self::Service { .. } => {}
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match self {
            Self::Invite(server) => server.timeout(now, effects),
            Self::Other(server) => server.timeout(now),
            Self::Service { .. } => {}
        }
    }

    /// Sends again, over a new flow, what the sender may have missed. Who waits for the response of anything but an
    /// INVITE asks again by itself.
    pub(super) fn resend(&self, effects: &mut Vec<Effect>) {
        match self {
            Self::Invite(server) => server.resend(effects),
            Self::Other(_) | Self::Service { .. } => {}
        }
    }

    /// Ends it without a response.
    pub(super) fn abandon(&mut self) {
        let mut told = Vec::new();
        match self {
            Self::Invite(server) => server.transport_failed(&mut told),
            Self::Other(server) => server.transport_failed(&mut told),
            Self::Service { told, .. } => *told = true,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Invite(server) => server.deadline(),
            Self::Other(server) => server.deadline(),
            Self::Service { .. } => None,
        }
    }

    /// Whether it has no final answer yet.
    pub(super) const fn is_waiting(&self) -> bool {
        match self {
            Self::Invite(server) => server.is_proceeding(),
            Self::Other(server) => match server.state() {
                ServerNonInviteState::Trying | ServerNonInviteState::Proceeding { .. } => true,
                ServerNonInviteState::Completed { .. } | ServerNonInviteState::Terminated => false,
            },
            Self::Service { .. } => false,
        }
    }

    fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(server) => server.is_terminated(),
            Self::Other(server) => server.is_terminated(),
            Self::Service { told, .. } => *told,
        }
    }
}

impl Client {
    pub(super) fn start(&mut self, transport: Reliability, now: Instant, effects: &mut Vec<Effect>) {
        if let Self::Waiting(_) = self
            && let Self::Waiting(request) = core::mem::replace(self, Self::Over)
        {
            *self = if request.method == crate::message::Method::Invite {
                Self::Invite(ClientInvite::new(request, transport, now, effects))
            } else {
                Self::Other(ClientNonInvite::new(request, transport, now, effects))
            };
        }
    }

    pub(super) fn receive(&mut self, response: &Response, now: Instant, effects: &mut Vec<Effect>) {
        match self {
            Self::Invite(client) => client.receive(response, now, effects),
            Self::Other(client) => client.receive(response, now, effects),
            Self::Waiting(_) | Self::Over => {}
        }
    }

    pub(super) fn timeout(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match self {
            Self::Invite(client) => client.timeout(now, effects),
            Self::Other(client) => client.timeout(now, effects),
            Self::Waiting(_) | Self::Over => {}
        }
    }

    /// Sends again, over a new flow, what the phone may have missed.
    pub(super) fn resend(&self, effects: &mut Vec<Effect>) {
        match self {
            Self::Invite(client) => client.resend(effects),
            Self::Other(client) => client.resend(effects),
            Self::Waiting(_) | Self::Over => {}
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Invite(client) => client.deadline(),
            Self::Other(client) => client.deadline(),
            Self::Waiting(_) | Self::Over => None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Invite(client) => client.is_terminated(),
            Self::Other(client) => client.is_terminated(),
            Self::Waiting(_) => false,
            Self::Over => true,
        }
    }
}

impl Leg {
    fn deadline(&self) -> Option<Instant> {
        let cancel = self.cancel.as_ref().and_then(ClientNonInvite::deadline);
        let until = self.until.filter(|_| matches!(self.client, Client::Waiting(_)));
        self.client.deadline().into_iter().chain(cancel).chain(until).min()
    }

    /// Whether the phone that it waits for did not come.
    pub(super) fn is_given_up(&self, now: Instant) -> bool {
        matches!(self.client, Client::Waiting(_)) && self.until.is_some_and(|until| until <= now)
    }

    fn is_over(&self) -> bool {
        self.client.is_over() && self.cancel.as_ref().is_none_or(ClientNonInvite::is_terminated)
    }
}

impl Context {
    /// The earliest of all its deadlines.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let forked = match &self.stage {
            Stage::Forked { responses, legs } => {
                responses.deadline().into_iter().chain(legs.iter().filter_map(Leg::deadline)).min()
            }
            Stage::Admitting { .. }
            | Stage::Locating { .. }
            | Stage::Serving { .. }
            | Stage::Keeping { .. }
            | Stage::Settled => None,
        };
        self.server
            .deadline()
            .into_iter()
            .chain(forked)
            .chain(self.gone)
            .chain(self.keep.as_ref().map(|keep| keep.until))
            .min()
    }

    /// Drops what nobody asks for any more: an INVITE that was answered is remembered for half a minute, and what was
    /// offered in it, and its copies, are most of that.
    pub(super) fn lighten(&mut self) {
        let answered = matches!(&self.server, Server::Invite(server) if server.is_accepted());
        if let Stage::Forked { legs, .. } = &mut self.stage
            && answered
        {
            self.request.body = Vec::new();
            for leg in legs {
                if let Client::Invite(client) = &mut leg.client {
                    client.forget_request();
                }
            }
        }
    }

    /// Whether it can be forgotten.
    pub(super) fn is_over(&self) -> bool {
        let legs_over = match &self.stage {
            Stage::Forked { legs, .. } => legs.iter().all(Leg::is_over),
            Stage::Admitting { .. } | Stage::Locating { .. } | Stage::Serving { .. } | Stage::Keeping { .. } => false,
            Stage::Settled => true,
        };
        self.server.is_terminated() && legs_over
    }

    /// The question that is open.
    pub(super) fn question(&self) -> Option<QuestionId> {
        match &self.stage {
            Stage::Admitting { question, .. }
            | Stage::Locating { question, .. }
            | Stage::Serving { question }
            | Stage::Keeping { question, .. } => Some(*question),
            Stage::Forked { .. } | Stage::Settled => None,
        }
    }

    /// The legs, if it was sent to phones.
    pub(super) fn legs(&self) -> &[Leg] {
        match &self.stage {
            Stage::Forked { legs, .. } => legs,
            Stage::Admitting { .. }
            | Stage::Locating { .. }
            | Stage::Serving { .. }
            | Stage::Keeping { .. }
            | Stage::Settled => &[],
        }
    }
}
