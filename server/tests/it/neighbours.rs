//! The programs that stand beside a Tabphone, as `.ci/install peers` brings them: the proxies with the configurations that
//! are shipped, and a TURN server.

use crate::command_line::{bound, said, tabphone};
use crate::house::{ALICE, House, browser, sign_in};
use crate::ports::free_address;
use reqwest::StatusCode;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::{TcpStream, UdpSocket};

/// Longer than any of them takes to start.
const PATIENCE: Duration = Duration::from_secs(15);

/// A program that ends with the test.
struct Neighbour(Child, TempDir);

impl Neighbour {
    fn start(program: &str, folder: TempDir, arguments: &[&str]) -> Self {
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = bound(program)
            .args(arguments)
            .current_dir(folder.path())
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; .ci/install peers brings it"));
        Self(child, folder)
    }

    fn said(&self) -> String {
        fs::read_to_string(self.1.path().join("log")).unwrap()
    }

    /// When somebody listens at this port.
    async fn listens(&self, port: u16) {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(begun.elapsed() < PATIENCE, "nobody listens: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server behind a proxy that listens at this port.
async fn behind(port: u16) -> (House, String) {
    let origin = format!("http://127.0.0.1:{port}");
    let public = origin.clone();
    (House::open_with(|options| options.origin = Some(public)).await, origin)
}

/// What people need of a server behind a proxy: pages, both WebSockets, and that nobody reads what is not for them.
async fn works_behind(origin: &str) {
    let alice = sign_in(browser(origin.to_owned()), ALICE).await;
    let page = alice.browser.get("/").await.text().await.unwrap();
    assert!(page.contains("Alice Adams"), "{page}");
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let mut sip = alice.sip(epoch, ALICE.0).await;
    assert!(sip.is_open().await);
    assert_eq!(alice.browser.get("/metrics").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(alice.browser.get("/healthz").await.text().await.unwrap(), "ok\n");
}

fn deployed(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)).unwrap()
}

/// The shipped configuration without TLS, on this machine.
#[tokio::test]
async fn people_come_in_through_nginx() {
    let port = free_address().port();
    let (house, origin) = behind(port).await;
    let folder = tempfile::tempdir().unwrap();
    let shipped = deployed("nginx.conf");
    let server = shipped
        .replace("127.0.0.1:8080", house.url("").trim_start_matches("http://"))
        .replace("listen 443 ssl http2;", &format!("listen 127.0.0.1:{port};"))
        .replace("listen 80;", &format!("listen 127.0.0.1:{};", free_address().port()))
        .replace("phone.example.com", "127.0.0.1")
        .replace("proxy_set_header Host $host;", "proxy_set_header Host $http_host;");
    let server: String =
        server.lines().filter(|line| !line.contains("ssl_certificate")).map(|line| format!("{line}\n")).collect();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = temporary.iter().map(|name| format!("{name}_temp_path {name};\n")).collect();
    let path = folder.path().display();
    // One process: the others of a master that is killed would go on.
    let whole = format!(
        "daemon off; master_process off; pid {path}/pid; error_log stderr; events {{}}\nhttp {{\naccess_log off;\n{temporary}{server}}}\n"
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, whole).unwrap();
    let (prefix, file) = (path.to_string(), file.to_str().unwrap().to_owned());
    let proxy = Neighbour::start("nginx", folder, &["-p", &prefix, "-e", "stderr", "-c", &file]);
    proxy.listens(port).await;
    works_behind(&origin).await;
}

#[tokio::test]
async fn nothing_goes_on_when_a_test_is_killed() {
    // Something that nobody ends, begun by who is killed.
    let length = format!("600.{}", std::process::id());
    let runs = || {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let mut lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
        lines.any(|line| line == format!("sleep\0{length}\0").as_bytes())
    };
    let sleep = bound("sleep");
    let words = [sleep.get_program()].into_iter().chain(sleep.get_args()).map(|word| word.to_str().unwrap());
    let line = format!("{} {length} & wait", words.collect::<Vec<_>>().join(" "));
    let mut test = std::process::Command::new("sh").args(["-c", &line]).spawn().unwrap();
    let until = async |there: bool| {
        let begun = Instant::now();
        while runs() != there {
            assert!(begun.elapsed() < PATIENCE, "does it run? It should: {there}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    until(true).await;
    test.kill().unwrap();
    test.wait().unwrap();
    until(false).await;
}

#[tokio::test]
async fn people_come_in_through_caddy() {
    let port = free_address().port();
    let (house, origin) = behind(port).await;
    let folder = tempfile::tempdir().unwrap();
    let site = deployed("Caddyfile")
        .replace("127.0.0.1:8080", house.url("").trim_start_matches("http://"))
        .replace("phone.example.com {", &format!("http://127.0.0.1:{port} {{"));
    fs::write(folder.path().join("Caddyfile"), format!("{{\nadmin off\n}}\n{site}")).unwrap();
    let proxy = Neighbour::start("caddy", folder, &["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
    proxy.listens(port).await;
    works_behind(&origin).await;
}

/// coturn with the shipped configuration and a secret that it shares, and the port where it is.
async fn turn(secret: &str) -> (Neighbour, u16) {
    turn_with(secret, |_| true).await
}

/// The same with some lines of its configuration.
async fn turn_with(secret: &str, keeps: impl Fn(&str) -> bool) -> (Neighbour, u16) {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_address().port());
    let shipped = deployed("turnserver.conf").replace("A-LONG-RANDOM-TEXT", secret).replace("3478", &port.to_string());
    let shipped: String = shipped.lines().filter(|line| keeps(line)).map(|line| format!("{line}\n")).collect();
    let settings = format!(
        "{shipped}listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nno-tls\nno-dtls\nlog-file=stdout\npidfile={0}/pid\n\
         userdb={0}/users\n",
        folder.path().display()
    );
    fs::write(folder.path().join("conf"), settings).unwrap();
    let turn = Neighbour::start("turnserver", folder, &["-c", "conf"]);
    turn.listens(port).await;
    (turn, port)
}

#[tokio::test]
async fn check_asks_the_turn_server_as_a_page_would() {
    let (turn, port) = turn("the north wind").await;
    let files = tempfile::tempdir().unwrap();
    let secret = |text: &str| {
        let path = files.path().join(text.replace(' ', "-"));
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let check = |arguments: &[&str]| {
        let words = [&["check", "--listen", "127.0.0.1:0"], arguments].concat();
        said(&tabphone(&files.path().join("data"), &words, "").stdout)
    };
    let (udp, tcp) = (format!("turn:127.0.0.1:{port}"), format!("turn:127.0.0.1:{port}?transport=tcp"));
    let stun = format!("stun:127.0.0.1:{port}");
    let good = secret("the north wind");
    let servers = ["--turn-server", &udp, "--turn-server", &tcp, "--ice-server", &stun, "--turn-secret-file"];
    let found = check(&[&servers[..], &[&good]].concat());
    for url in [&udp, &tcp] {
        let line = format!("ok       TURN server    {url} takes the credential, and relays at 127.0.0.1:");
        assert!(found.contains(&line), "{found}{}", turn.said());
    }
    assert!(
        found.contains(&format!("ok       STUN server    {stun} answers, and sees this machine as 127.0.0.1:")),
        "{found}"
    );

    let wrong = check(&["--turn-server", &udp, "--turn-secret-file", &secret("the south wind")]);
    assert!(wrong.contains(&format!("problem  TURN server    {udp}: it refuses: 401 ")), "{wrong}");
    assert!(wrong.contains("the secret is not the one of that server"), "{wrong}");
}

#[tokio::test]
async fn the_shipped_relay_refuses_who_is_not_to_be_reached() {
    let files = tempfile::tempdir().unwrap();
    let secret = files.path().join("secret");
    fs::write(&secret, "the north wind").unwrap();
    let check = |port: u16| {
        let url = format!("turn:127.0.0.1:{port}");
        let secret = secret.to_str().unwrap();
        let words = ["check", "--listen", "127.0.0.1:0", "--turn-server", &url, "--turn-secret-file", secret];
        said(&tabphone(&files.path().join("data"), &words, "").stdout)
    };
    let (shipped, port) = turn("the north wind").await;
    let found = check(port);
    assert!(found.contains("ok       TURN server "), "{found}{}", shipped.said());
    // As coturn is without being told.
    let (bare, port) = turn_with("the north wind", |line| !line.starts_with("denied-peer-ip")).await;
    let found = check(port);
    assert!(
        found.contains("warning  TURN server ") && found.contains(", also to 169.254.169.254\n"),
        "{found}{}",
        bare.said()
    );
    assert!(found.contains("refuse it with denied-peer-ip"), "{found}");
}

#[tokio::test]
async fn check_notices_who_does_not_answer_or_is_something_else() {
    let files = tempfile::tempdir().unwrap();
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let answering = tokio::spawn(async move {
        let mut bytes = [0; 100];
        let (_, from) = other.recv_from(&mut bytes).await.unwrap();
        other.send_to(b"who is there?", from).await.unwrap();
        other
    });
    let data = files.path().join("data");
    let (nobody, else_) = (format!("stun:127.0.0.1:{}", free_address().port()), format!("stun:127.0.0.1:{port}"));
    let check = tokio::task::spawn_blocking(move || {
        let words = ["check", "--ice-server", &nobody, "--ice-server", &else_, "--ice-server", "stun:nowhere.invalid"];
        said(&tabphone(&data, &words, "").stdout)
    });
    let found = check.await.unwrap();
    drop(answering.await.unwrap());
    assert!(found.contains("it does not answer"), "{found}");
    assert!(found.contains("what answers is no STUN"), "{found}");
    assert!(found.contains("nobody knows the name nowhere.invalid"), "{found}");
}
