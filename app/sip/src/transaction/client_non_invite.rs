use super::{Effect, Reliability, Resend, T1_X64, T2, T4, earlier};
use crate::Instant;
use crate::message::{Request, Response};
use alloc::vec::Vec;

/// A request other than INVITE and ACK that was sent (RFC 3261 17.1.2).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | CN1 | – | made | transmits; unreliable: timer E = T1; timer F = 64·T1 | Trying |
/// | CN2 | Trying | timer E | transmits; E doubles up to T2 | Trying |
/// | CN3 | Trying, Proceeding | timer F | tells the timeout | Terminated |
/// | CN4 | Trying | 1xx | tells it; unreliable: timer E = T2 | Proceeding |
/// | CN5 | Proceeding | timer E | transmits; E = T2 | Proceeding |
/// | CN6 | Proceeding | 1xx | tells it | Proceeding |
/// | CN7 | Trying, Proceeding | 200–699, unreliable | tells it; timer K = T4 | Completed |
/// | CN8 | Trying, Proceeding | 200–699, reliable | tells it | Terminated |
/// | CN9 | Completed | any response | – | Completed |
/// | CN10 | Completed | timer K | – | Terminated |
/// | CN11 | Trying, Proceeding | transport failed | tells it | Terminated |
/// | CN12 | Trying, Proceeding | transport is a new one | transmits | same |
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClientNonInvite {
    request: Request,
    transport: Reliability,
    state: ClientNonInviteState,
}

/// The states of [`ClientNonInvite`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ClientNonInviteState {
    /// Sent, nothing came back.
    Trying {
        /// Timer E.
        resend: Option<Resend>,
        /// Timer F.
        until: Instant,
    },
    /// A provisional response came.
    Proceeding {
        /// Timer E.
        resend: Option<Resend>,
        /// Timer F, as it was.
        until: Instant,
    },
    /// The final response came; its repetitions are absorbed.
    Completed {
        /// Timer K.
        until: Instant,
    },
    /// Over: drop it.
    Terminated,
}

impl ClientNonInvite {
    /// Sends the request; its top Via must have a branch of its own (a CANCEL: that of its INVITE).
    #[must_use]
    pub fn new(request: Request, transport: Reliability, now: Instant, effects: &mut Vec<Effect>) -> Self {
        effects.push(Effect::Transmit(request.to_bytes()));
        let state = ClientNonInviteState::Trying { resend: Resend::first(transport, now), until: now + T1_X64 };
        Self { request, transport, state }
    }

    /// Takes a response that [`super::Key::client`] assigns to this transaction.
    pub fn receive(&mut self, response: &Response, now: Instant, effects: &mut Vec<Effect>) {
        match self.state {
            ClientNonInviteState::Trying { until, .. } => {
                effects.push(Effect::Response(response.clone()));
                let resend = match self.transport {
                    Reliability::Reliable => None,
                    Reliability::Unreliable => Some(Resend::after(T2, now)),
                };
                self.state = self.answered(response, resend, until, now);
            }
            ClientNonInviteState::Proceeding { resend, until } => {
                effects.push(Effect::Response(response.clone()));
                self.state = self.answered(response, resend, until, now);
            }
            ClientNonInviteState::Completed { .. } | ClientNonInviteState::Terminated => {}
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match &mut self.state {
            ClientNonInviteState::Trying { until, .. } | ClientNonInviteState::Proceeding { until, .. }
                if *until <= now =>
            {
                effects.push(Effect::TimedOut);
                self.state = ClientNonInviteState::Terminated;
            }
            ClientNonInviteState::Trying { resend: Some(resend), .. } if resend.is_due(now) => {
                effects.push(Effect::Transmit(self.request.to_bytes()));
                *resend = resend.doubled(T2, now);
            }
            ClientNonInviteState::Proceeding { resend: Some(resend), .. } if resend.is_due(now) => {
                effects.push(Effect::Transmit(self.request.to_bytes()));
                *resend = Resend::after(T2, now);
            }
            ClientNonInviteState::Completed { until } if *until <= now => {
                self.state = ClientNonInviteState::Terminated;
            }
            ClientNonInviteState::Trying { .. }
            | ClientNonInviteState::Proceeding { .. }
            | ClientNonInviteState::Completed { .. }
            | ClientNonInviteState::Terminated => {}
        }
    }

    /// When [`Self::timeout`] is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            ClientNonInviteState::Trying { resend, until } | ClientNonInviteState::Proceeding { resend, until } => {
                earlier(until, resend)
            }
            ClientNonInviteState::Completed { until } => Some(until),
            ClientNonInviteState::Terminated => None,
        }
    }

    /// The transport failed for good.
    pub fn transport_failed(&mut self, effects: &mut Vec<Effect>) {
        match self.state {
            ClientNonInviteState::Trying { .. } | ClientNonInviteState::Proceeding { .. } => {
                effects.push(Effect::TransportFailed);
                self.state = ClientNonInviteState::Terminated;
            }
            ClientNonInviteState::Completed { .. } | ClientNonInviteState::Terminated => {}
        }
    }

    /// The transport was replaced by a new one.
    pub fn resend(&self, effects: &mut Vec<Effect>) {
        match self.state {
            ClientNonInviteState::Trying { .. } | ClientNonInviteState::Proceeding { .. } => {
                effects.push(Effect::Transmit(self.request.to_bytes()));
            }
            ClientNonInviteState::Completed { .. } | ClientNonInviteState::Terminated => {}
        }
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> &ClientNonInviteState {
        &self.state
    }

    /// Whether it can be dropped.
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, ClientNonInviteState::Terminated)
    }

    fn answered(
        &self,
        response: &Response,
        resend: Option<Resend>,
        until: Instant,
        now: Instant,
    ) -> ClientNonInviteState {
        if response.status.is_provisional() {
            return ClientNonInviteState::Proceeding { resend, until };
        }
        match self.transport {
            Reliability::Reliable => ClientNonInviteState::Terminated,
            Reliability::Unreliable => ClientNonInviteState::Completed { until: now + T4 },
        }
    }
}
