use super::{Effect, Reliability, Resend, T1_X64, T2, T4, TRYING_AFTER, earlier};
use crate::Instant;
use crate::message::{Method, Request, Response, Status};
use alloc::vec::Vec;

/// An INVITE that was received (RFC 3261 17.2.1, RFC 6026 7.1).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | SI1 | – | made | 100 in 200 ms, unless its user answers first | Proceeding |
/// | SI2 | Proceeding | 200 ms, or user: 100 | transmits 100 | Proceeding |
/// | SI3 | Proceeding | INVITE again | transmits the last provisional, if any | Proceeding |
/// | SI4 | Proceeding | user: 1xx | transmits it | Proceeding |
/// | SI5 | Proceeding | user: 2xx | transmits it; timer L = 64·T1 | Accepted |
/// | SI6 | Proceeding | user: 300–699 | transmits it; unreliable: timer G = T1; timer H = 64·T1 | Completed |
/// | SI7 | Completed | INVITE again | transmits the response | Completed |
/// | SI8 | Completed | timer G | transmits the response; G doubles up to T2 | Completed |
/// | SI9 | Completed | timer H | tells that it was not acknowledged | Terminated |
/// | SI10 | Completed | ACK, unreliable | timer I = T4 | Confirmed |
/// | SI11 | Completed | ACK, reliable | – | Terminated |
/// | SI12 | Confirmed | INVITE or ACK again | – | Confirmed |
/// | SI13 | Confirmed | timer I | – | Terminated |
/// | SI14 | Accepted | INVITE again | – | Accepted |
/// | SI15 | Accepted | ACK | tells it | Accepted |
/// | SI16 | Accepted | user: 2xx again | transmits it | Accepted |
/// | SI17 | Accepted | timer L | – | Terminated |
/// | SI18 | Proceeding, Completed | transport failed | tells it | Terminated |
/// | SI19 | Proceeding, Completed | transport is a new one | transmits the last response, if any | same |
///
/// Repeating a 2xx until its ACK comes is the user's (RFC 3261 13.3.1.4), over any transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServerInvite {
    transport: Reliability,
    state: ServerInviteState,
}

/// The states of [`ServerInvite`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServerInviteState {
    /// No final response yet.
    Proceeding {
        /// The last provisional response; before the user's first, the 100 Trying that may be due.
        last: Vec<u8>,
        /// When that 100 is due; `None` when `last` was sent.
        trying: Option<Instant>,
    },
    /// A final response other than 2xx was sent; its ACK is awaited.
    Completed {
        /// The response.
        response: Vec<u8>,
        /// Timer G.
        resend: Option<Resend>,
        /// Timer H.
        until: Instant,
    },
    /// The ACK came; its repetitions are absorbed.
    Confirmed {
        /// Timer I.
        until: Instant,
    },
    /// A 2xx was sent; repetitions of the INVITE are absorbed.
    Accepted {
        /// Timer L.
        until: Instant,
    },
    /// Over: drop it.
    Terminated,
}

impl ServerInvite {
    /// A transaction for an INVITE that no other one matches.
    #[must_use]
    pub fn new(invite: &Request, transport: Reliability, now: Instant) -> Self {
        let last = Response::to_request(invite, Status::TRYING).to_bytes();
        Self { transport, state: ServerInviteState::Proceeding { last, trying: Some(now + TRYING_AFTER) } }
    }

    /// Takes the INVITE again, or the ACK: whatever [`super::Key::server`] assigns to this transaction.
    pub fn receive(&mut self, request: &Request, now: Instant, effects: &mut Vec<Effect>) {
        let is_ack = request.method == Method::Ack;
        match &self.state {
            ServerInviteState::Proceeding { last, trying: None } if !is_ack => {
                effects.push(Effect::Transmit(last.clone()));
            }
            ServerInviteState::Completed { response, .. } => {
                if is_ack {
                    self.state = match self.transport {
                        Reliability::Reliable => ServerInviteState::Terminated,
                        Reliability::Unreliable => ServerInviteState::Confirmed { until: now + T4 },
                    };
                } else {
                    effects.push(Effect::Transmit(response.clone()));
                }
            }
            ServerInviteState::Accepted { .. } => {
                if is_ack {
                    effects.push(Effect::Ack(request.clone()));
                }
            }
            ServerInviteState::Proceeding { .. }
            | ServerInviteState::Confirmed { .. }
            | ServerInviteState::Terminated => {}
        }
    }

    /// Sends a response of the user. After a final one only 2xx repetitions (and further 2xx, which a proxy
    /// forwards) do anything.
    pub fn respond(&mut self, response: &Response, now: Instant, effects: &mut Vec<Effect>) {
        match self.state {
            ServerInviteState::Proceeding { .. } => {
                let bytes = response.to_bytes();
                self.state = if response.status.is_provisional() {
                    ServerInviteState::Proceeding { last: bytes.clone(), trying: None }
                } else if response.status.is_success() {
                    ServerInviteState::Accepted { until: now + T1_X64 }
                } else {
                    ServerInviteState::Completed {
                        response: bytes.clone(),
                        resend: Resend::first(self.transport, now),
                        until: now + T1_X64,
                    }
                };
                effects.push(Effect::Transmit(bytes));
            }
            ServerInviteState::Accepted { .. } => {
                if response.status.is_success() {
                    effects.push(Effect::Transmit(response.to_bytes()));
                }
            }
            ServerInviteState::Completed { .. }
            | ServerInviteState::Confirmed { .. }
            | ServerInviteState::Terminated => {}
        }
    }

    /// Sends the 100 Trying now, if it is still to come: the user knows that it takes a while.
    pub fn respond_trying(&mut self, effects: &mut Vec<Effect>) {
        if let ServerInviteState::Proceeding { last, trying: trying @ Some(_) } = &mut self.state {
            effects.push(Effect::Transmit(last.clone()));
            *trying = None;
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        match &mut self.state {
            ServerInviteState::Proceeding { last, trying } => {
                if trying.is_some_and(|at| at <= now) {
                    effects.push(Effect::Transmit(last.clone()));
                    *trying = None;
                }
            }
            ServerInviteState::Completed { until, .. } if *until <= now => {
                effects.push(Effect::Unacknowledged);
                self.state = ServerInviteState::Terminated;
            }
            ServerInviteState::Completed { response, resend: Some(resend), .. } if resend.is_due(now) => {
                effects.push(Effect::Transmit(response.clone()));
                *resend = resend.doubled(T2, now);
            }
            ServerInviteState::Confirmed { until } | ServerInviteState::Accepted { until } if *until <= now => {
                self.state = ServerInviteState::Terminated;
            }
            ServerInviteState::Completed { .. }
            | ServerInviteState::Confirmed { .. }
            | ServerInviteState::Accepted { .. }
            | ServerInviteState::Terminated => {}
        }
    }

    /// When [`Self::timeout`] is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.state {
            ServerInviteState::Proceeding { trying, .. } => *trying,
            ServerInviteState::Completed { resend, until, .. } => earlier(*until, *resend),
            ServerInviteState::Confirmed { until } | ServerInviteState::Accepted { until } => Some(*until),
            ServerInviteState::Terminated => None,
        }
    }

    /// The transport failed for good.
    pub fn transport_failed(&mut self, effects: &mut Vec<Effect>) {
        match self.state {
            ServerInviteState::Proceeding { .. } | ServerInviteState::Completed { .. } => {
                effects.push(Effect::TransportFailed);
                self.state = ServerInviteState::Terminated;
            }
            ServerInviteState::Confirmed { .. }
            | ServerInviteState::Accepted { .. }
            | ServerInviteState::Terminated => {}
        }
    }

    /// The transport was replaced by a new one.
    pub fn resend(&self, effects: &mut Vec<Effect>) {
        match &self.state {
            ServerInviteState::Proceeding { last: response, trying: None }
            | ServerInviteState::Completed { response, .. } => {
                effects.push(Effect::Transmit(response.clone()));
            }
            ServerInviteState::Proceeding { trying: Some(_), .. }
            | ServerInviteState::Confirmed { .. }
            | ServerInviteState::Accepted { .. }
            | ServerInviteState::Terminated => {}
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> &ServerInviteState {
        &self.state
    }

    /// Whether a final response is still owed.
    #[must_use]
    pub const fn is_proceeding(&self) -> bool {
        matches!(self.state, ServerInviteState::Proceeding { .. })
    }

    /// Whether a 2xx was sent.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        matches!(self.state, ServerInviteState::Accepted { .. })
    }

    /// Whether it can be dropped.
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, ServerInviteState::Terminated)
    }
}
