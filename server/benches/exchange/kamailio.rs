//! Kamailio with WebSocket: a registrar in memory and a proxy, with the same digest and the same accounts.

use super::process::{Cores, Server, command, log};
use super::round::{PHONES, extensions};
use super::{DOMAIN, Failure, PASSWORD};
use sip::digest::{Algorithm, ha1};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How it comes onto a machine that misses it.
pub(crate) const INSTALL: &str = "apt-get install --no-install-recommends kamailio kamailio-websocket-modules";

const TEMPLATE: &str = include_str!("kamailio.cfg");
/// How often, and how far apart, it is asked whether it listens.
const TRIES: u32 = 100;
const APART: Duration = Duration::from_millis(50);
/// Shared and private memory, in MiB: as much as it takes; only what is touched is counted.
const SHARED_MEMORY: &str = "1024";
const PRIVATE_MEMORY: &str = "32";

/// Whether there is one.
pub(crate) fn is_installed() -> bool {
    let version = Command::new("kamailio").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Its version, for the table.
pub(crate) fn version() -> String {
    let said = Command::new("kamailio").arg("-v").output().map(|output| output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    said.split_whitespace().nth(2).unwrap_or_default().to_owned()
}

/// Starts it on a free port, with one process that reads sockets for each core.
pub(crate) fn start(cores: Cores) -> Result<Server, Failure> {
    let directory = tempfile::tempdir()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let workers = match cores {
        Cores::Pinned => 1,
        Cores::All => std::thread::available_parallelism()?.get(),
    };
    let accounts = extensions(PHONES);
    let ha1s = accounts.map(|user| {
        let ha1 = ha1(&Algorithm::Md5, &user, DOMAIN, PASSWORD);
        format!("    $sht(ha1=>{user}) = \"{ha1}\";\n")
    });
    let config = TEMPLATE.replace("@WORKERS@", &workers.to_string()).replace("@DOMAIN@", DOMAIN);
    let config = config.replace("@PORT@", &port.to_string()).replace("@HA1S@", &ha1s.collect::<String>());
    let path = directory.path().join("kamailio.cfg");
    std::fs::write(&path, config)?;
    let mut serve = command("kamailio", cores);
    serve.args(["-DD", "-E", "-m", SHARED_MEMORY, "-M", PRIVATE_MEMORY, "-f"]).arg(&path);
    serve.arg("-Y").arg(directory.path()).arg("-P").arg(directory.path().join("pid"));
    let log = (log(&directory)?, log(&directory)?);
    let child = serve.stdin(Stdio::null()).stdout(log.0).stderr(log.1).spawn()?;
    let server = Server::new(([127, 0, 0, 1], port).into(), false, directory, child);
    for _ in 0..TRIES {
        if TcpStream::connect(server.address).is_ok() {
            return Ok(server);
        }
        sleep(APART);
    }
    Err(format!("Kamailio does not listen: {}", server.last_words()).into())
}
