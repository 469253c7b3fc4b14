//! A certificate from an authority: Pebble, the test server of Let's Encrypt, on the loopback.

use crate::command_line::bound;
use crate::house::House;
use crate::ports::free_address;
use crate::tls::{self, NAME};
use axum::body::Body;
use http::{Request, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use server::Options;
use server::listen::{Acme, Tls};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

/// An authority looks after a second, and is asked again after one.
const PATIENCE: Duration = Duration::from_secs(60);

/// An authority, and a name server that leads every name here.
struct Pebble {
    folder: TempDir,
    _processes: [Process; 2],
    directory: SocketAddr,
    management: SocketAddr,
    /// Where it looks who has a name.
    looks_at: SocketAddr,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(program: &str, arguments: &[&str]) -> Process {
    let mut command = bound(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    // It looks at once, and takes every nonce.
    command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_WFE_NONCEREJECT", "0");
    Process(command.spawn().unwrap_or_else(|error| panic!("{program} is needed (.ci/install test): {error}")))
}

impl Pebble {
    /// Its certificates last for five years.
    async fn start() -> Self {
        Self::start_with(5 * 365 * 86_400).await
    }

    /// Its certificates last for so many seconds.
    async fn start_with(validity: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(file("server.crt"), made.cert.pem()).unwrap();
        std::fs::write(file("server.key"), made.key_pair.serialize_pem()).unwrap();
        let (names, mock, directory, management, looks_at) =
            (free_address(), free_address(), free_address(), free_address(), free_address());
        let config = serde_json::json!({ "pebble": {
            "listenAddress": directory.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": file("server.crt"),
            "privateKey": file("server.key"),
            "httpPort": free_address().port(),
            "tlsPort": looks_at.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": validity,
        }});
        std::fs::write(file("pebble.json"), config.to_string()).unwrap();
        let (names, mock) = (names.to_string(), mock.to_string());
        let nobody = ["-http01", "", "-https01", "", "-tlsalpn01", ""];
        let servers = ["-dns01", &names, "-management", &mock, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""];
        let processes = [
            run("pebble-challtestsrv", &[&servers[..], &nobody].concat()),
            run("pebble", &["-config", &file("pebble.json"), "-dnsserver", &names]),
        ];
        let pebble = Self { folder, _processes: processes, directory, management, looks_at };
        timeout(PATIENCE, pebble.ready()).await.expect("pebble does not answer");
        pebble
    }

    async fn ready(&self) {
        while self.get(self.directory, "/dir").await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn get(&self, from: SocketAddr, path: &str) -> Option<Response<String>> {
        let request = Request::get(path).header("host", from.to_string()).body(Body::empty()).unwrap();
        let root = tls::root(&self.folder.path().join("server.crt"));
        tls::send(from, "127.0.0.1", root, "http/1.1", request).await.ok()
    }

    /// The certificate that all of its certificates lead to.
    async fn root(&self) -> CertificateDer<'static> {
        let pem = self.get(self.management, "/roots/0").await.unwrap();
        CertificateDer::from_pem_slice(pem.body().as_bytes()).unwrap()
    }

    fn options(&self, options: &mut Options) {
        options.listen.address = self.looks_at;
        options.listen.tls = Some(Tls::Acme(Acme {
            domains: vec![NAME.to_owned(), "second.phone.example".to_owned()],
            contact: vec!["mailto:admin@phone.example".to_owned()],
            directory: format!("https://{}/dir", self.directory),
            authority: Some(self.folder.path().join("server.crt")),
        }));
    }
}

/// The certificate that the server shows, as soon as it has one that leads to this root.
async fn shown(address: SocketAddr, name: &str, root: &CertificateDer<'static>) -> CertificateDer<'static> {
    let handshake = async {
        loop {
            if let Ok(stream) = tls::try_connect(address, name, root.clone(), "http/1.1").await {
                break stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, handshake).await.expect("there is no certificate")
}

fn is_private(path: &Path) -> bool {
    let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    if path.is_dir() { mode == 0o700 } else { mode == 0o600 }
}

#[tokio::test]
async fn an_authority_gives_a_certificate_that_is_kept_for_the_next_start() {
    let pebble = Pebble::start().await;
    let root = pebble.root().await;
    let house = House::open_with(|options| pebble.options(options)).await;
    let certificate = shown(house.reached().address, NAME, &root).await;
    assert_eq!(shown(house.reached().address, "second.phone.example", &root).await, certificate);
    let page = tls::browser(house.reached().address, root.clone()).get("/login").await;
    assert!(page.status().is_success());

    let vault = house.data.path().join("acme");
    assert!(is_private(&vault));
    let stored = async {
        loop {
            let files = std::fs::read_dir(&vault).unwrap().map(|file| file.unwrap().path());
            let files: Vec<_> = files.filter(|path| path.extension().is_none()).collect();
            if files.len() == 2 {
                break files;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let stored = timeout(PATIENCE, stored).await.expect("an account and a certificate are kept");
    assert!(stored.iter().all(|file| is_private(file)), "{stored:?}");

    let house = house.restart_with(|options| pebble.options(options)).await;
    assert_eq!(shown(house.reached().address, NAME, &root).await, certificate, "nothing was asked for again");
}

#[tokio::test]
async fn a_certificate_is_renewed_before_it_ends_and_no_connection_is_dropped() {
    // The authority looks for a second, and two thirds of the time are over before it is asked again.
    let pebble = Pebble::start_with(15).await;
    let root = pebble.root().await;
    let house = House::open_with(|options| pebble.options(options)).await;
    let address = house.reached().address;
    let first = shown(address, NAME, &root).await;
    let mut tab = tls::Tab::open(address, root.clone()).await;
    let renewed = async {
        // Each of these handshakes wants one that is not over yet.
        while shown(address, NAME, &root).await == first {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(PATIENCE, renewed).await.expect("it is not renewed");
    tab.lives().await;
}
