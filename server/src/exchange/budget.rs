use tokio::time::Instant;

/// How many messages a client may send at once, and how many a second in the long run.
const BURST: f64 = 400.0;
const RATE: f64 = 100.0;

/// What a connection may still send: a token bucket.
pub(super) struct Budget {
    tokens: f64,
    at: Instant,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { tokens: BURST, at: Instant::now() }
    }

    /// Whether one more message is within the limit.
    pub(super) fn spend(&mut self) -> bool {
        let now = Instant::now();
        self.tokens = (self.tokens + now.duration_since(self.at).as_secs_f64() * RATE).min(BURST);
        self.at = now;
        self.tokens -= 1.0;
        self.tokens >= 0.0
    }
}
