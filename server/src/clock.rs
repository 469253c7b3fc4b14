//! The server's clock: milliseconds that begin at the wall clock's time of the start and then only go up,
//! so that setting the machine's clock expires nothing, and ages still mean something after a restart.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

static START: LazyLock<(Instant, u64)> = LazyLock::new(|| {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    (Instant::now(), u64::try_from(wall).unwrap_or(0))
});

/// Now, in milliseconds.
#[must_use]
pub fn now() -> u64 {
    let (start, wall) = &*START;
    wall.saturating_add(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
}
