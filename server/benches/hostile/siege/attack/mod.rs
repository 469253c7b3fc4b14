//! What hostile clients do, each again and again from an address of its own, until the siege is over.

mod calls;
mod http;
mod http2;
mod sockets;

use super::Failure;
use super::tally::Tally;
use super::way::{Refused, Target};
use std::cell::RefCell;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_tungstenite::tungstenite;

/// What is there when the siege is over was not cut off.
pub(crate) const LEFT: &str = "still there at the end";
/// The server closed without a word.
pub(crate) const CLOSED: &str = "closed";
/// The siege itself does not work.
pub(crate) const FAILED: &str = "failed";

/// How long somebody who was cut off waits before the next time.
const PAUSE: Duration = Duration::from_millis(20);

/// How many do each of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strength(pub(crate) usize);

/// What they do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Means {
    /// Everything at once.
    Everything(Strength),
    /// A thousand messages a second over one connection, and five thousand connections on which headers come byte by byte.
    #[allow(dead_code)]
    Flood,
}

/// One siege.
struct Siege<'a> {
    target: &'a Target,
    strength: Strength,
    until: Instant,
    tally: RefCell<Tally>,
}

/// Besieges for so long.
pub(crate) async fn all(target: &Target, means: Means, lasting: Duration) -> Tally {
    let until = Instant::now() + lasting;
    let siege = |strength| Siege { target, strength, until, tally: RefCell::default() };
    match means {
        Means::Everything(strength) => {
            let siege = siege(strength);
            tokio::join!(http::all(&siege), http2::all(&siege), sockets::all(&siege), calls::all(&siege));
            siege.tally.into_inner()
        }
        Means::Flood => {
            let siege = siege(Strength(1));
            tokio::join!(http::drips(&siege), sockets::thousand(&siege));
            siege.tally.into_inner()
        }
    }
}

impl Siege<'_> {
    /// Has so many do the same over and over, and writes down how it ended.
    async fn repeat(
        &self,
        attack: &'static str,
        clients: usize,
        doing: impl AsyncFn(usize) -> Result<String, Failure>,
    ) {
        let client = async |number: usize| {
            while Instant::now() < self.until {
                let begun = Instant::now();
                let end = match timeout_at(self.until, doing(number)).await {
                    Ok(Ok(end)) => end,
                    Ok(Err(error)) => failed(&error),
                    Err(_) => LEFT.to_owned(),
                };
                self.note(attack, end, begun.elapsed());
                sleep(PAUSE).await;
            }
        };
        futures::future::join_all((0..clients).map(client)).await;
    }

    fn note(&self, attack: &'static str, end: impl Into<String>, lasted: Duration) {
        self.tally.borrow_mut().add(attack, end, lasted);
    }
}

/// How something ended that could not be done to its end: a connection that is reset was cut off as well.
fn failed(error: &Failure) -> String {
    if let Some(Refused(status)) = error.downcast_ref() {
        status.to_string()
    } else if error.is::<io::Error>() || error.is::<tungstenite::Error>() {
        CLOSED.to_owned()
    } else {
        format!("{FAILED}: {}", error.to_string().chars().take(80).collect::<String>())
    }
}

/// Reads until the server closes: how much that was.
async fn closed(mut stream: impl AsyncRead + Unpin) -> usize {
    let (mut all, mut bytes) = (0, vec![0; 16 * 1024]);
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        all += count;
    }
    all
}
