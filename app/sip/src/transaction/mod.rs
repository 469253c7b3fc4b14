//! The four transaction machines (RFC 3261 17, with the Accepted states of RFC 6026).
//!
//! A machine is told what arrived ([`ClientInvite::receive`], [`ServerInvite::receive`], …), what its user
//! wants to answer ([`ServerInvite::respond`]) and that its deadline came (`timeout`). What is to be done
//! is pushed as [`Effect`]s. It is dropped when `is_terminated()`. Its user finds it by its [`Key`].
//!
//! A client machine sends its request when it is made. If the transport is replaced by a new one while a
//! transaction is under way, `resend` sends again what the other end may have missed: to that end it is a
//! retransmission, which it absorbs, answering over the new connection.

mod client_invite;
mod client_non_invite;
mod derived;
mod key;
mod server_invite;
mod server_non_invite;
#[cfg(test)]
mod tests;

pub use client_invite::{ClientInvite, ClientInviteState};
pub use client_non_invite::{ClientNonInvite, ClientNonInviteState};
pub use derived::{ack, cancel};
pub use key::{COOKIE, Key};
pub use server_invite::{ServerInvite, ServerInviteState};
pub use server_non_invite::{ServerNonInvite, ServerNonInviteState};

use crate::Instant;
use crate::message::{Request, Response};
use alloc::vec::Vec;
use core::time::Duration;

/// The round-trip estimate (RFC 3261 17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// The longest interval between retransmissions.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may live in the network.
pub const T4: Duration = Duration::from_secs(5);
/// 64 × T1: how long a transaction waits (timers B, F, H, J, L, M).
pub const T1_X64: Duration = Duration::from_secs(32);
/// How long the user of an INVITE server transaction may stay silent before 100 Trying is sent (RFC 3261 17.2.1).
pub const TRYING_AFTER: Duration = Duration::from_millis(200);

/// Whether the transport delivers without loss (RFC 3261 17): TCP, TLS and WebSocket do, UDP does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reliability {
    /// Nothing is retransmitted, and there are no retransmissions to wait for.
    Reliable,
    /// Messages get lost and are sent again.
    Unreliable,
}

/// What a transaction wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send this message to the other end.
    Transmit(Vec<u8>),
    /// Client: a response for the transaction's user.
    Response(Response),
    /// Client: no final response came in 64 × T1 (timers B, F). To the user it is a 408 (RFC 3261 8.1.3.1).
    TimedOut,
    /// Server, INVITE: the ACK of a 2xx, for the user (RFC 6026 7.1).
    Ack(Request),
    /// Server, INVITE: the final response that is not a 2xx was never acknowledged (timer H).
    Unacknowledged,
    /// The transport failed and the transaction with it (RFC 3261 17.1.4, 17.2.4). To the user it is a 503.
    TransportFailed,
}

/// When to send the same bytes again, and how the interval grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Resend {
    /// When.
    pub at: Instant,
    /// The interval that ends then.
    pub interval: Duration,
}

impl Resend {
    /// The first one, T1 from now; none over a reliable transport.
    #[must_use]
    pub fn first(reliability: Reliability, now: Instant) -> Option<Self> {
        match reliability {
            Reliability::Reliable => None,
            Reliability::Unreliable => Some(Self::after(T1, now)),
        }
    }

    /// One that ends an interval which begins now.
    #[must_use]
    pub fn after(interval: Duration, now: Instant) -> Self {
        Self { at: now + interval, interval }
    }

    /// The next one: the interval doubles, up to `longest`, and is never nothing.
    #[must_use]
    pub fn doubled(self, longest: Duration, now: Instant) -> Self {
        Self::after(self.interval.saturating_mul(2).max(T1).min(longest), now)
    }

    /// Whether it is time.
    #[must_use]
    pub fn is_due(self, now: Instant) -> bool {
        self.at <= now
    }
}

/// The earlier of an end and a retransmission before it.
fn earlier(until: Instant, resend: Option<Resend>) -> Option<Instant> {
    Some(resend.map_or(until, |resend| resend.at.min(until)))
}
