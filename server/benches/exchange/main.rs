//! The exchange under load, beside a Kamailio that does the same work: `make bench-exchange`.
//!
//! Both servers are started on loopback, pinned to one core while the load comes from another, and stopped again;
//! they take turns, and every number is the median of the rounds. One round more is not pinned.
//!
//! `cargo bench -p server --bench exchange -- [rounds]`; without Kamailio only ours is measured.

mod call;
mod echo;
mod kamailio;
mod load;
mod pages;
mod phone;
mod process;
mod round;
mod table;
mod tabphone;
mod wire;

use process::{Cores, Server};
use round::Report;

/// What stops the measurement.
type Failure = Box<dyn std::error::Error>;

/// The SIP domain, and the digest realm.
const DOMAIN: &str = "tabphone";
/// Everybody's.
const PASSWORD: &str = "measured together";
/// How often each server is measured, pinned.
const ROUNDS: usize = 3;

fn main() -> Result<(), Failure> {
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if std::env::args().nth(1).as_deref() == Some(echo::ARGUMENT) {
        return runtime.block_on(echo::serve());
    }
    let accounts = tempfile::tempdir()?;
    runtime.block_on(tabphone::prepare(accounts.path()))?;
    let rival = kamailio::is_installed();
    if !rival {
        eprintln!("Kamailio is not installed, ours is measured alone. To compare: {}", kamailio::INSTALL);
    }

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let one = |cores: Cores, ours: &mut Vec<Report>, theirs: &mut Vec<Report>| -> Result<(), Failure> {
        ours.push(measure(&runtime, tabphone::start(accounts.path(), cores)?)?);
        if rival {
            theirs.push(measure(&runtime, kamailio::start(cores)?)?);
        }
        Ok(())
    };
    process::pin_client(Cores::Pinned)?;
    for turn in 1..=rounds {
        eprintln!("round {turn} of {rounds}, pinned");
        one(Cores::Pinned, &mut ours, &mut theirs)?;
    }
    let echoes = (0..rounds).map(|_| runtime.block_on(echo::measure())).collect::<Result<Vec<f64>, Failure>>()?;
    println!("{}", table::pinned(&ours, &theirs, echoes));
    process::pin_client(Cores::All)?;
    eprintln!("one round more, not pinned");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    one(Cores::All, &mut ours, &mut theirs)?;
    println!("{}", table::unpinned(&ours, &theirs));
    Ok(())
}

fn measure(runtime: &tokio::runtime::Runtime, server: Server) -> Result<Report, Failure> {
    let report = runtime.block_on(round::run_all(&server));
    if report.is_err() {
        eprintln!("{}", server.last_words());
    }
    report
}
