//! Kamailio, where it is installed.

use std::process::Stdio;
use std::time::Duration;

/// A registrar in memory that knows 2001, over UDP, TCP and WebSocket at one port.
const KAMAILIO: &str = r#"
debug=-3
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
alias="example.com"
listen=udp:127.0.0.1:@PORT@
listen=tcp:127.0.0.1:@PORT@
tcp_accept_no_cl=yes
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "nathelper.so"
loadmodule "auth.so"
loadmodule "xhttp.so"
loadmodule "websocket.so"
modparam("usrloc", "db_mode", 0)
modparam("nathelper|registrar", "received_avp", "$avp(RECEIVED)")
request_route {
    force_rport();
    if ($au != "2001" || !pv_www_authenticate("example.com", "only the pbx knows", "0")) {
        www_challenge("example.com", "1");
        exit;
    }
    if (!save("location")) {
        sl_reply_error();
    }
    exit;
}
event_route[xhttp:request] {
    set_reply_close();
    set_reply_no_connect();
    if ($hdr(Upgrade) =~ "websocket" && $rm =~ "GET") {
        if (ws_handle_handshake()) {
            exit;
        }
    }
    xhttp_reply("404", "Not Found", "", "");
}
"#;

/// A real PBX that ends with the test.
pub struct Kamailio {
    child: std::process::Child,
    pub port: u16,
    _directory: tempfile::TempDir,
}

impl Kamailio {
    /// None where it is not installed.
    pub async fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = directory.path().join("kamailio.cfg");
        std::fs::write(&config, KAMAILIO.replace("@PORT@", &port.to_string())).unwrap();
        if std::process::Command::new("kamailio").arg("-v").stdout(Stdio::null()).status().is_err() {
            return None;
        }
        // Asked to end, it ends its own processes; they would outlive one that is killed.
        let mut serve = std::process::Command::new("setpriv");
        serve.args(["--pdeathsig", "TERM", "kamailio", "-DD", "-E", "-m", "64", "-M", "8", "-f"]).arg(&config);
        serve.arg("-Y").arg(directory.path()).arg("-P").arg(directory.path().join("pid"));
        let child = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let kamailio = Self { child, port, _directory: directory };
        let listens = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), listens).await.expect("Kamailio does not listen");
        Some(kamailio)
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Its children end with it.
        let _ = std::process::Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
