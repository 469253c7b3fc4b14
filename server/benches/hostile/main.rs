//! Honest and hostile clients side by side: `make bench-hostile`.
//!
//! The server runs on one core, all clients on the other; those who attack give way to those who measure. It is measured
//! without hostile clients, and then with them, round after round; after each round the server comes to rest, and its
//! memory is looked at.
//!
//! `cargo bench -p server --bench hostile -- [rounds]`.

// The tests of the server use the other half of it.
#[allow(dead_code)]
mod siege;
mod table;

use siege::attack::{Means, Strength};
use siege::castle::Castle;
use siege::people::{Day, People};
use siege::process::{self, Cores};
use siege::tally::Tally;
use siege::{Failure, besiege, runtime};
use std::time::Duration;

/// How often it is besieged.
const ROUNDS: usize = 4;
/// How long each time, in seconds: longer than anybody has who does nothing.
const SECONDS: u32 = 40;
/// How long it is measured without hostile clients.
const QUIET: u32 = 20;
/// How many do each of what can be done.
const EVERYTHING: Means = Means::Everything(Strength(4));

/// What was measured.
struct Report {
    quiet: Day,
    flooded: Day,
    besieged: Vec<Day>,
    tally: Tally,
    /// In bytes: before, after the flood, and after each round.
    memory: Vec<u64>,
    /// How long it took until nothing of a round was left.
    rests: Vec<Duration>,
}

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    process::pin_client(Cores::Pinned)?;
    let runtime = runtime()?;
    let castle = runtime.block_on(Castle::build(Cores::Pinned))?;
    let report = measure(&runtime, &castle, rounds);
    if report.is_err() {
        eprintln!("{}", castle.last_words());
    }
    println!("{}", table::write(&report?));
    Ok(())
}

fn measure(runtime: &tokio::runtime::Runtime, castle: &Castle, rounds: usize) -> Result<Report, Failure> {
    let mut people = runtime.block_on(People::settle(castle.target()))?;
    // Once for what is made only once.
    runtime.block_on(people.live(5, 1.0))?;
    let quiet = runtime.block_on(people.live(QUIET, 1.0))?;
    let before = runtime.block_on(castle.gauges())?;
    let mut tally = Tally::default();
    let (mut memory, mut rests) = (vec![castle.memory()], Vec::new());
    let mut round = |means| -> Result<Day, Failure> {
        let lasting = Duration::from_secs(SECONDS.into());
        let live = || runtime.block_on(people.live(SECONDS, 1.0));
        let (day, ends) = besiege(castle, means, lasting, live)?;
        tally.merge(ends);
        rests.push(runtime.block_on(castle.rests(&before, &mut people))?);
        memory.push(castle.memory());
        Ok(day)
    };
    eprintln!("a flood");
    let flooded = round(Means::Flood)?;
    let mut besieged = Vec::new();
    for number in 1..=rounds {
        eprintln!("siege {number} of {rounds}");
        besieged.push(round(EVERYTHING)?);
    }
    Ok(Report { quiet, flooded, besieged, tally, memory, rests })
}
