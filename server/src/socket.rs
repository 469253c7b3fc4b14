//! What every WebSocket of the server does alike: how it ends, how long it waits, and how much it takes.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How long one message may take to leave.
const SEND: Duration = Duration::from_secs(10);
/// How long the other side has to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// How much is read at once. Every connection keeps such a buffer, and all of it is written before each read; what
/// does not fit is read in several parts.
pub const AT_ONCE: usize = 4 * 1024;

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing more can be said.
    Gone,
    /// With this close code and these words.
    Close(u16, &'static str),
}

/// What a socket may still send: a token bucket.
#[derive(Debug)]
pub struct Budget {
    burst: f64,
    rate: f64,
    tokens: f64,
    at: Instant,
}

impl Budget {
    /// `burst` messages at once, and `rate` a second in the long run.
    #[must_use]
    pub fn new(burst: f64, rate: f64) -> Self {
        Self { burst, rate, tokens: burst, at: Instant::now() }
    }

    /// Whether one more message is within the limit.
    pub fn spend(&mut self) -> bool {
        let now = Instant::now();
        self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * self.rate).min(self.burst);
        self.at = now;
        self.tokens -= 1.0;
        self.tokens >= 0.0
    }
}

/// Sends one message.
///
/// # Errors
/// [`End::Gone`] when it cannot be sent, or not in time.
pub async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    match timeout(SEND, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

/// Closes a socket as it ended.
pub async fn close(socket: &mut WebSocket, end: End) {
    if let End::Close(code, words) = end {
        close_with(socket, code, words.to_owned()).await;
    }
}

/// Closes a socket with this code and these words.
pub async fn close_with(socket: &mut WebSocket, code: u16, words: String) {
    let frame = CloseFrame { code, reason: words.into() };
    if send(socket, Message::Close(Some(frame))).await.is_ok() {
        // The other side's close, so that it does not see a cut connection.
        let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = socket.recv().await {} }).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_runs_dry_and_fills_up_again() {
        let mut dry = Budget::new(3.0, 0.0);
        assert_eq!([(); 4].map(|()| dry.spend()), [true, true, true, false]);
        let mut filling = Budget::new(1.0, 1e12);
        assert!((0..100).all(|_| {
            std::thread::yield_now();
            filling.spend()
        }));
    }
}
