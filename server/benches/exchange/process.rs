//! The processes of a server: where they run, and what they cost.

use super::Failure;
use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The kernel's clock tick: what /proc counts in, on every architecture that Linux still has.
const TICK: Duration = Duration::from_millis(10);
/// How long a server has to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// Where the processes may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cores {
    /// The server on the first core, the client on the second.
    Pinned,
    /// Anywhere.
    All,
}

/// A server that runs until this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Whether it has pages, which phones run in.
    pub(crate) has_pages: bool,
    /// Its own files.
    pub(crate) directory: TempDir,
    child: Child,
}

/// A command that runs on the server's cores, and is asked to end when this process ends.
pub(crate) fn command(program: &str, cores: Cores) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]);
    match cores {
        Cores::All => command.arg(program),
        Cores::Pinned => command.args(["taskset", "-c", "0", program]),
    };
    command
}

/// Puts this process, the client, onto its core.
pub(crate) fn pin_client(cores: Cores) -> Result<(), Failure> {
    let all = fs::read_to_string("/sys/devices/system/cpu/online")?;
    let list = match cores {
        Cores::Pinned => "1",
        Cores::All => all.trim(),
    };
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-cp", list, &own]).stdout(Stdio::null()).status()?;
    if pinned.success() { Ok(()) } else { Err("taskset (of util-linux) and two cores are needed".into()) }
}

impl Server {
    pub(crate) const fn new(address: SocketAddr, has_pages: bool, directory: TempDir, child: Child) -> Self {
        Self { address, has_pages, directory, child }
    }

    /// utime and stime of all its processes.
    pub(crate) fn cpu(&self) -> Duration {
        let ticks: u32 = self.processes().iter().filter_map(|id| Some(stat(*id)?.ticks)).sum();
        TICK * ticks
    }

    /// The proportional set size of all its processes, in bytes: what they share counts once.
    pub(crate) fn pss(&self) -> u64 {
        let of = |id: &u32| {
            let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
        };
        self.processes().iter().filter_map(of).sum::<u64>() * 1024
    }

    /// What it wrote last, when something went wrong.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    fn processes(&self) -> Vec<u32> {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let parents: HashMap<u32, u32> = ids.filter_map(|id| Some((id, stat(id)?.parent))).collect();
        let root = self.child.id();
        let is_own = |mut id: u32| {
            while id != root {
                match parents.get(&id) {
                    Some(parent) => id = *parent,
                    None => return false,
                }
            }
            true
        };
        parents.keys().copied().filter(|id| is_own(*id)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both stop their other processes themselves when the first one is asked to.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let until = Instant::now() + FAREWELL;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > until {
                let _ = self.child.kill();
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// Where a server writes its log.
pub(crate) fn log(directory: &TempDir) -> Result<Stdio, Failure> {
    Ok(fs::File::create(PathBuf::from(directory.path()).join("log"))?.into())
}

struct Stat {
    parent: u32,
    ticks: u32,
}

fn stat(id: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u32>().ok();
    Some(Stat { parent: number(1)?, ticks: number(11)? + number(12)? })
}
