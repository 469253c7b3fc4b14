use super::{Effect, Reliability, Resend, T1_X64, ack, cancel, earlier};
use crate::Instant;
use crate::message::{Headers, Request, Response};
use alloc::vec::Vec;
use core::time::Duration;

/// Timer D over an unreliable transport: how long the far end may repeat its final response.
const TIMER_D: Duration = T1_X64;

/// An INVITE that was sent (RFC 3261 17.1.1, RFC 6026 8.4).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | CI1 | – | made | transmits; unreliable: timer A = T1; timer B = 64·T1 | Calling |
/// | CI2 | Calling | timer A | transmits; A doubles | Calling |
/// | CI3 | Calling | timer B | tells the timeout | Terminated |
/// | CI4 | Calling | 1xx | tells it | Proceeding |
/// | CI5 | Calling, Proceeding | 2xx | tells it; timer M = 64·T1 | Accepted |
/// | CI6 | Calling, Proceeding | 300–699, unreliable | tells it, transmits ACK; timer D = 32 s | Completed |
/// | CI7 | Calling, Proceeding | 300–699, reliable | tells it, transmits ACK | Terminated |
/// | CI8 | Proceeding | 1xx | tells it | Proceeding |
/// | CI9 | Completed | 300–699 | transmits ACK | Completed |
/// | CI10 | Completed | timer D | – | Terminated |
/// | CI11 | Accepted | 2xx | tells it | Accepted |
/// | CI12 | Accepted | timer M | – | Terminated |
/// | CI13 | Calling, Proceeding, Completed | transport failed | tells it | Terminated |
/// | CI14 | Calling, Proceeding | transport is a new one | transmits | same |
///
/// Timer B ends only Calling: once anything answered, an INVITE may ring as long as its user likes.
/// The ACK of a 2xx is the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClientInvite {
    request: Request,
    transport: Reliability,
    state: ClientInviteState,
}

/// The states of [`ClientInvite`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ClientInviteState {
    /// Sent, nothing came back.
    Calling {
        /// Timer A.
        resend: Option<Resend>,
        /// Timer B.
        until: Instant,
    },
    /// A provisional response came.
    Proceeding,
    /// A final response came that is not a 2xx.
    Completed {
        /// Its ACK, for its repetitions.
        ack: Vec<u8>,
        /// Timer D.
        until: Instant,
    },
    /// A 2xx came; more may come, from other branches.
    Accepted {
        /// Timer M.
        until: Instant,
    },
    /// Over: drop it.
    Terminated,
}

impl ClientInvite {
    /// Sends the INVITE; its top Via must have a branch of its own.
    #[must_use]
    pub fn new(request: Request, transport: Reliability, now: Instant, effects: &mut Vec<Effect>) -> Self {
        effects.push(Effect::Transmit(request.to_bytes()));
        let state = ClientInviteState::Calling { resend: Resend::first(transport, now), until: now + T1_X64 };
        Self { request, transport, state }
    }

    /// Takes a response that [`super::Key::client`] assigns to this transaction.
    pub fn receive(&mut self, response: &Response, now: Instant, effects: &mut Vec<Effect>) {
        match &self.state {
            ClientInviteState::Calling { .. } | ClientInviteState::Proceeding => {
                effects.push(Effect::Response(response.clone()));
                self.state = self.answered(response, now, effects);
            }
            ClientInviteState::Completed { ack, .. } => {
                if response.status.is_final() && !response.status.is_success() {
                    effects.push(Effect::Transmit(ack.clone()));
                }
            }
            ClientInviteState::Accepted { .. } => {
                if response.status.is_success() {
                    effects.push(Effect::Response(response.clone()));
                }
            }
            ClientInviteState::Terminated => {}
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match &mut self.state {
            ClientInviteState::Calling { until, .. } if *until <= now => {
                effects.push(Effect::TimedOut);
                self.state = ClientInviteState::Terminated;
            }
            ClientInviteState::Calling { resend: Some(resend), .. } if resend.is_due(now) => {
                effects.push(Effect::Transmit(self.request.to_bytes()));
                *resend = resend.doubled(T1_X64, now);
            }
            ClientInviteState::Completed { until, .. } | ClientInviteState::Accepted { until } if *until <= now => {
                self.state = ClientInviteState::Terminated;
            }
            ClientInviteState::Calling { .. }
            | ClientInviteState::Proceeding
            | ClientInviteState::Completed { .. }
            | ClientInviteState::Accepted { .. }
            | ClientInviteState::Terminated => {}
        }
    }

    /// When [`Self::timeout`] is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            ClientInviteState::Calling { resend, until } => earlier(*until, *resend),
            ClientInviteState::Completed { until, .. } | ClientInviteState::Accepted { until } => Some(*until),
            ClientInviteState::Proceeding | ClientInviteState::Terminated => None,
        }
    }

    /// The transport failed for good.
    pub fn transport_failed(&mut self, effects: &mut Vec<Effect>) {
        match self.state {
            ClientInviteState::Calling { .. } | ClientInviteState::Proceeding | ClientInviteState::Completed { .. } => {
                effects.push(Effect::TransportFailed);
                self.state = ClientInviteState::Terminated;
            }
            ClientInviteState::Accepted { .. } | ClientInviteState::Terminated => {}
        }
    }

    /// The transport was replaced by a new one.
    pub fn resend(&self, effects: &mut Vec<Effect>) {
        match self.state {
            ClientInviteState::Calling { .. } | ClientInviteState::Proceeding => {
                effects.push(Effect::Transmit(self.request.to_bytes()));
            }
            ClientInviteState::Completed { .. }
            | ClientInviteState::Accepted { .. }
            | ClientInviteState::Terminated => {}
        }
    }

    /// The CANCEL of this INVITE, if it may leave now: after a provisional response, before a final one
    /// (RFC 3261 9.1). It is a [`super::ClientNonInvite`] of its own.
    #[must_use]
    pub fn cancel(&self) -> Option<Request> {
        matches!(self.state, ClientInviteState::Proceeding).then(|| cancel(&self.request))
    }

    /// The INVITE.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Once there was a 2xx, keeps nothing of the INVITE but its first line: it is not sent again, and not cancelled.
    pub fn forget_request(&mut self) {
        if let ClientInviteState::Accepted { .. } = self.state {
            self.request.headers = Headers::new();
            self.request.body = Vec::new();
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> &ClientInviteState {
        &self.state
    }

    /// Whether it can be dropped.
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, ClientInviteState::Terminated)
    }

    fn answered(&self, response: &Response, now: Instant, effects: &mut Vec<Effect>) -> ClientInviteState {
        if response.status.is_provisional() {
            return ClientInviteState::Proceeding;
        }
        if response.status.is_success() {
            return ClientInviteState::Accepted { until: now + T1_X64 };
        }
        let ack = ack(&self.request, response).to_bytes();
        effects.push(Effect::Transmit(ack.clone()));
        match self.transport {
            Reliability::Reliable => ClientInviteState::Terminated,
            Reliability::Unreliable => ClientInviteState::Completed { ack, until: now + TIMER_D },
        }
    }
}
