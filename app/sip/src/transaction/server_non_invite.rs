use super::{Effect, Reliability, T1_X64};
use crate::Instant;
use crate::message::{Request, Response};
use alloc::vec::Vec;

/// A request other than INVITE and ACK that was received (RFC 3261 17.2.2).
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | SN1 | – | made | – | Trying |
/// | SN2 | Trying | request again | – | Trying |
/// | SN3 | Trying, Proceeding | user: 1xx | transmits it | Proceeding |
/// | SN4 | Proceeding | request again | transmits the last provisional | Proceeding |
/// | SN5 | Trying, Proceeding | user: 200–699, unreliable | transmits it; timer J = 64·T1 | Completed |
/// | SN6 | Trying, Proceeding | user: 200–699, reliable | transmits it | Terminated |
/// | SN7 | Completed | request again | transmits the response | Completed |
/// | SN8 | Completed | user: any response | – | Completed |
/// | SN9 | Completed | timer J | – | Terminated |
/// | SN10 | Trying, Proceeding, Completed | transport failed | tells it | Terminated |
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ServerNonInvite {
    transport: Reliability,
    state: ServerNonInviteState,
}

/// The states of [`ServerNonInvite`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServerNonInviteState {
    /// Its user has not answered.
    Trying,
    /// Its user answered provisionally.
    Proceeding {
        /// The last provisional response.
        last: Vec<u8>,
    },
    /// The final response was sent, and is sent again when the request is.
    Completed {
        /// The response.
        response: Vec<u8>,
        /// Timer J.
        until: Instant,
    },
    /// Over: drop it.
    Terminated,
}

impl ServerNonInvite {
    /// A transaction for a request that no other one matches.
    #[must_use]
    pub const fn new(transport: Reliability) -> Self {
        Self { transport, state: ServerNonInviteState::Trying }
    }

    /// Takes the request again: whatever [`super::Key::server`] assigns to this transaction.
    pub fn receive(&mut self, _request: &Request, effects: &mut Vec<Effect>) {
        match &self.state {
            ServerNonInviteState::Proceeding { last: response } | ServerNonInviteState::Completed { response, .. } => {
                effects.push(Effect::Transmit(response.clone()));
            }
            ServerNonInviteState::Trying | ServerNonInviteState::Terminated => {}
        }
    }

    /// Sends a response of the user.
    pub fn respond(&mut self, response: &Response, now: Instant, effects: &mut Vec<Effect>) {
        match self.state {
            ServerNonInviteState::Trying | ServerNonInviteState::Proceeding { .. } => {
                let bytes = response.to_bytes();
                self.state = if response.status.is_provisional() {
                    ServerNonInviteState::Proceeding { last: bytes.clone() }
                } else {
                    match self.transport {
                        Reliability::Reliable => ServerNonInviteState::Terminated,
                        Reliability::Unreliable => {
                            ServerNonInviteState::Completed { response: bytes.clone(), until: now + T1_X64 }
                        }
                    }
                };
                effects.push(Effect::Transmit(bytes));
            }
            ServerNonInviteState::Completed { .. } | ServerNonInviteState::Terminated => {}
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant) {
        match &self.state {
            ServerNonInviteState::Completed { until, .. } if *until <= now => {
                self.state = ServerNonInviteState::Terminated;
            }
            ServerNonInviteState::Trying
            | ServerNonInviteState::Proceeding { .. }
            | ServerNonInviteState::Completed { .. }
            | ServerNonInviteState::Terminated => {}
        }
    }

    /// When [`Self::timeout`] is to be called.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        match &self.state {
            ServerNonInviteState::Completed { until, .. } => Some(*until),
            ServerNonInviteState::Trying
            | ServerNonInviteState::Proceeding { .. }
            | ServerNonInviteState::Terminated => None,
        }
    }

    /// The transport failed for good.
    pub fn transport_failed(&mut self, effects: &mut Vec<Effect>) {
        match self.state {
            ServerNonInviteState::Trying
            | ServerNonInviteState::Proceeding { .. }
            | ServerNonInviteState::Completed { .. } => {
                effects.push(Effect::TransportFailed);
                self.state = ServerNonInviteState::Terminated;
            }
            ServerNonInviteState::Terminated => {}
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> &ServerNonInviteState {
        &self.state
    }

    /// Whether it can be dropped.
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        matches!(self.state, ServerNonInviteState::Terminated)
    }
}
