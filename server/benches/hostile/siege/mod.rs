//! A server under siege: honest people use it while others do what they can to keep them from it.
//!
//! A part of two programs: the measurement `make bench-hostile`, and a short run among the tests of the server, which
//! asserts only what does not hang on how fast the machine is.

#[allow(dead_code, unreachable_pub)]
#[path = "../../exchange/call.rs"]
mod call;
#[allow(dead_code, unreachable_pub)]
#[path = "../../exchange/load.rs"]
mod load;
#[allow(dead_code, unreachable_pub)]
#[path = "../../exchange/phone.rs"]
mod phone;
#[allow(dead_code, unreachable_pub)]
#[path = "../../exchange/process.rs"]
pub(crate) mod process;
#[allow(dead_code, unreachable_pub)]
#[path = "../../exchange/wire.rs"]
mod wire;

pub(crate) mod attack;
pub(crate) mod castle;
pub(crate) mod frames;
pub(crate) mod people;
pub(crate) mod tally;
mod way;

pub(crate) use load::Outcome;

use attack::Means;
use castle::Castle;
use std::time::Duration;
use tally::Tally;
use tokio::runtime::{Builder, Runtime};

/// What stops a siege.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// The SIP domain, and the digest realm.
const DOMAIN: &str = "tabphone";
/// Everybody's.
const PASSWORD: &str = "measured together";

/// Where this client's threads do their work.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Besieges a server for so long, in a thread of its own, while `meanwhile` is done in this one. What the hostile
/// clients did and what became of them is told at the end.
pub(crate) fn besiege<T>(
    castle: &Castle,
    means: Means,
    lasting: Duration,
    meanwhile: impl FnOnce() -> Result<T, Failure>,
) -> Result<(T, Tally), Failure> {
    let target = castle.target().clone();
    let hostile = std::thread::spawn(move || -> Result<Tally, String> {
        // Who measures must not wait for who makes the noise: they share a core.
        let _ = rustix::process::nice(15);
        let runtime = runtime().map_err(|error| error.to_string())?;
        Ok(runtime.block_on(attack::all(&target, means, lasting)))
    });
    let done = meanwhile();
    let tally = hostile.join().map_err(|_| "the hostile thread panicked")??;
    Ok((done?, tally))
}
