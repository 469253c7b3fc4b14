//! Kamailio, where it is installed.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A registrar and proxy in memory, over UDP, TCP and WebSocket at one port; also of the journeys.
const KAMAILIO: &str = include_str!("../../../../end2end/peers/kamailio.cfg");
/// Of everybody from 2001 to 2006.
pub const SECRET: &str = "only the pbx knows";

/// A real PBX that ends with the test.
pub struct Kamailio {
    child: Child,
    pub port: u16,
    directory: tempfile::TempDir,
}

/// Where a phone is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The Contact.
    pub address: String,
    /// The connection that it came over.
    pub received: String,
}

impl Kamailio {
    /// None where it is not installed.
    pub async fn start() -> Option<Self> {
        Self::start_with("MD5").await
    }

    /// Whose challenges are of this algorithm.
    pub async fn start_with(algorithm: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let port = crate::ports::free_address().port();
        let config = KAMAILIO.replace("@PORT@", &port.to_string()).replace("@PASSWORD@", SECRET);
        let config = config.replace("@ALGORITHM@", algorithm).replace("@DEBUG@", "-3").replace("@TLS@", "");
        std::fs::write(directory.path().join("kamailio.cfg"), config).unwrap();
        let child = spawn(directory.path())?;
        let kamailio = Self { child, port, directory };
        kamailio.listens().await;
        Some(kamailio)
    }

    /// Ends without a word, and starts again: what was registered is forgotten.
    pub async fn restart(&mut self) {
        self.stop();
        self.child = spawn(self.directory.path()).unwrap();
        self.listens().await;
    }

    /// All that is registered, by extension.
    pub async fn locations(&self) -> BTreeMap<String, Vec<Location>> {
        let asked = r#"{"jsonrpc":"2.0","method":"ul.dump","id":1}"#;
        let post = reqwest::Client::new().post(format!("http://127.0.0.1:{}/rpc", self.port)).body(asked);
        let answer: Value = serde_json::from_str(&post.send().await.unwrap().text().await.unwrap()).unwrap();
        let domains = answer["result"]["Domains"].as_array().cloned().unwrap_or_default();
        let users = domains.iter().flat_map(|domain| domain["Domain"]["AoRs"].as_array().cloned().unwrap_or_default());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        users
            .map(|user| {
                let contacts = user["Info"]["Contacts"].as_array().cloned().unwrap_or_default();
                let location = |contact: &Value| Location {
                    address: text(&contact["Contact"]["Address"]),
                    received: text(&contact["Contact"]["Received"]),
                };
                (text(&user["Info"]["AoR"]), contacts.iter().map(location).collect())
            })
            .collect()
    }

    async fn listens(&self) {
        let listens = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(10), listens).await.expect("Kamailio does not listen");
    }

    fn stop(&mut self) {
        // Its children end with it.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(directory: &std::path::Path) -> Option<Child> {
    Command::new("kamailio").arg("-v").stdout(Stdio::null()).status().ok()?;
    // Asked to end, it ends its own processes; they would outlive one that is killed.
    let mut serve = Command::new("setpriv");
    serve
        .args(["--pdeathsig", "TERM", "kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-f"])
        .arg(directory.join("kamailio.cfg"));
    serve.arg("-Y").arg(directory).arg("-P").arg(directory.join("pid"));
    serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}
