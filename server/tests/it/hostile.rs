//! Honest people beside hostile ones, at the program itself. `make bench-hostile` measures what this does not look at: how
//! long anything takes hangs on the machine and on what else it does.

use crate::siege::attack::{CLOSED, FAILED, Means, Strength};
use crate::siege::castle::Castle;
use crate::siege::people::People;
use crate::siege::process::Cores;
use crate::siege::tally::Tally;
use crate::siege::{Failure, besiege, runtime};
use std::time::Duration;

/// Longer than anybody has for a handshake or for headers.
const SIEGE: Duration = Duration::from_secs(14);
/// How long the honest are busy meanwhile, and at which share of what they do in the measurement.
const SECONDS: u32 = 12;
const SHARE: f64 = 0.2;
/// What a server may have more afterwards: far more than it has, and far less than one of these attacks would make it
/// if it were not bounded.
const MEMORY: u64 = 192 * 1024 * 1024;

/// What each ends with, so that it is known that it was cut off, and why. What takes longer to be cut off is only in
/// the measurement.
const ENDS: [(&str, &[&str]); 26] = [
    ("a connection without a word", &[CLOSED]),
    ("half a TLS handshake", &[CLOSED]),
    ("a handshake, and then nothing", &[CLOSED]),
    ("headers byte by byte", &[CLOSED]),
    ("headers that are too large", &["431"]),
    ("too many headers", &["431"]),
    ("a body of a petabyte", &["400"]),
    ("wrong passwords at the login", &["401", "429"]),
    ("connections beyond those of an address", &["closed at once"]),
    ("HTTP/2: requests that are reset at once", &["GOAWAY 11", CLOSED]),
    ("HTTP/2: headers that do not end", &["GOAWAY 11", CLOSED]),
    ("HTTP/2: a header that is named again and again", &["refused", "GOAWAY 11", CLOSED]),
    ("HTTP/2: pings without end", &["GOAWAY 11", CLOSED]),
    ("HTTP/2: settings without end", &["GOAWAY 11", CLOSED]),
    ("sockets beyond those of an address", &["429"]),
    ("messages without end", &["1008"]),
    ("nonsense without end", &["1008"]),
    ("pings without end", &["1008"]),
    ("pongs without end", &["1008"]),
    ("fragments without end", &["1009", CLOSED]),
    ("a message that is too long", &["1009"]),
    ("a frame of a gigabyte", &["1009", CLOSED]),
    ("what is no frame", &["1002", CLOSED]),
    ("SIP: guessed passwords", &["1008"]),
    ("SIP: requests that nobody signed", &["1008"]),
    ("SIP: everything to everybody, signed", &["1008"]),
];

#[test]
fn honest_people_notice_nothing_and_the_hostile_are_cut_off() -> Result<(), Failure> {
    let runtime = runtime()?;
    let castle = runtime.block_on(Castle::build(Cores::All))?;
    let mut people = runtime.block_on(People::settle(castle.target()))?;
    runtime.block_on(people.live(2, SHARE))?;
    let (before, memory) = (runtime.block_on(castle.gauges())?, castle.memory());

    // Everything that they do has to work, or this fails. A machine that is busy with other things besieges for longer.
    let mut tally = Tally::default();
    for times in [1, 2, 4] {
        let live = || runtime.block_on(people.live(SECONDS * times, SHARE));
        let (day, seen) = besiege(&castle, Means::Everything(Strength(1)), SIEGE * times, live)?;
        assert!(day.outcomes.iter().all(|(_, outcome)| !outcome.latencies.is_empty()));
        tally.merge(seen);
        if ENDS.iter().all(|(attack, expected)| ended(&tally, attack, expected)) {
            break;
        }
    }

    runtime.block_on(castle.rests(&before, &mut people))?;
    let after = castle.memory();
    assert!(after < memory + MEMORY, "{memory} bytes became {after}");
    for (attack, expected) in ENDS {
        assert!(ended(&tally, attack, expected), "{attack} was not cut off: {tally:?}");
    }
    for (attack, ends) in tally.rows() {
        assert!(!ends.keys().any(|end| end.starts_with(FAILED)), "{attack}: {ends:?}");
    }
    runtime.block_on(people.live(2, SHARE)).map(drop)
}

/// Whether an attack ended as it has to, once at least.
fn ended(tally: &Tally, attack: &str, expected: &[&str]) -> bool {
    expected.iter().any(|end| tally.of(attack, end).times > 0)
}
