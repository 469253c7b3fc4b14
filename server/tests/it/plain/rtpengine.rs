//! The real rtpengine.

use crate::ports::free_address as free;
use server::exchange::relay;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};

/// What is measured in time with sound has the machine for itself.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The engine, which ends with the test.
pub struct Rtpengine {
    child: Child,
    _alone: MutexGuard<'static, ()>,
    pub address: SocketAddr,
}

impl Rtpengine {
    /// None where it is not installed.
    pub async fn start() -> Option<Self> {
        if !is_installed("rtpengine") {
            return None;
        }
        let alone = ALONE.lock().await;
        let address = free();
        let mut serve = Command::new("setpriv");
        serve.args([
            "--pdeathsig",
            "TERM",
            "rtpengine",
            "--config-file=none",
            "--table=-1",
            "--interface=127.0.0.1",
            "--foreground",
        ]);
        serve.args([&format!("--listen-ng={address}"), "--log-stderr", "--log-level=3"]);
        // Below what the system and the tests give to others.
        serve.args(["--port-min=10000", "--port-max=14999"]);
        let child = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let engine = Self { child, _alone: alone, address };
        let client = relay::Engine::open(address).await.unwrap();
        let answers = async {
            while client.ping().await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(10), answers).await.expect("rtpengine does not answer");
        Some(engine)
    }
}

/// Whether this machine has a program; where it has not, what is shown with it is left out.
pub fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        eprintln!("SKIPPED: there is no {program} on this machine, see .ci/install");
    }
    found
}

impl Drop for Rtpengine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
