//! HTTPS: where the certificate comes from, and what is spoken with it.

use crate::command_line::Server;
use crate::house::{ALICE, House, SOON};
use crate::tls::{self, Issued, NAME, Tab};
use http::{HeaderMap, Method, StatusCode, Version};
use reqwest::{Client, redirect};
use server::listen::Tls;
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("{name} is missing")).to_str().unwrap()
}

#[tokio::test]
async fn pages_come_over_http_2() {
    let (house, issued, _folder) = tls::house().await;
    let browser = tls::browser(house.reached().address, issued.root());
    let page = browser.get("/login").await;
    assert_eq!((page.status(), page.version()), (StatusCode::OK, Version::HTTP_2));
    assert!(!page.body().contains("opened without HTTPS"));
    let login = browser.log_in(ALICE.0, ALICE.1).await;
    assert_eq!((login.status(), text(login.headers(), "location")), (StatusCode::SEE_OTHER, "/"));
    assert!(text(login.headers(), "set-cookie").starts_with("__Host-tabphone="));
    let phone = browser.get("/").await;
    assert_eq!((phone.status(), phone.version()), (StatusCode::OK, Version::HTTP_2));
    assert!(phone.body().contains("Alice Adams"));
}

/// Clients count frames in which nothing is, and close the connection at a hundred.
#[tokio::test]
async fn a_connection_carries_more_than_a_hundred_pages() {
    let (house, issued, _folder) = tls::house().await;
    let browser = tls::browser(house.reached().address, issued.root());
    browser.log_in(ALICE.0, ALICE.1).await;
    assert_eq!(browser.get_often("/", 110).await, 110);
}

#[tokio::test]
async fn a_login_over_http_2_names_its_origin_by_the_authority() {
    let (house, issued, _folder) = tls::house().await;
    let browser = tls::browser(house.reached().address, issued.root());
    let logout =
        async |origin: String| browser.ask(Method::POST, "/logout", &[("origin", &origin)], "").await.unwrap().status();
    assert_eq!(logout(browser.origin.clone()).await, StatusCode::SEE_OTHER);
    assert_eq!(logout(browser.origin.replacen("https", "http", 1)).await, StatusCode::FORBIDDEN);
    assert_eq!(logout("https://evil.example".to_owned()).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn sockets_go_over_tls_and_are_closed_in_words_at_the_end() {
    let (house, issued, _folder) = tls::house().await;
    let mut tab = Tab::open(house.reached().address, issued.root()).await;
    tab.lives().await;
    let (code, _house) = tokio::join!(tab.closed(), house.restart());
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn a_new_certificate_is_taken_and_no_connection_dropped() {
    let (house, issued, _folder) = tls::house().await;
    let address = house.reached().address;
    let before = issued.root();
    let mut tab = Tab::open(address, before.clone()).await;
    issued.renew();
    let after = issued.root();
    assert_ne!(before, after);
    let changed = async {
        while tls::try_connect(address, NAME, after.clone(), "http/1.1").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, changed).await.expect("the new certificate is not used");
    assert!(tls::try_connect(address, NAME, before, "http/1.1").await.is_err(), "the one before is gone");
    tab.lives().await;
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_refused_in_words_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let issued = Issued::in_folder(folder.path());
    let data = tempfile::tempdir().unwrap();
    let start = async |issued: &Issued| {
        let (certificate, key) = (issued.certificate.to_str().unwrap(), issued.key.to_str().unwrap());
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--tls-certificate", certificate, "--tls-key", key];
        let output = crate::command_line::tabphone(data.path(), &arguments, "");
        assert!(!output.status.success());
        crate::command_line::said(&output.stderr)
    };
    let other = tempfile::tempdir().unwrap();
    let other = Issued::in_folder(other.path());
    std::fs::copy(&other.key, &issued.key).unwrap();
    let words = start(&issued).await;
    assert!(words.contains("privkey.pem is not the key of the certificate in "), "{words}");
    std::fs::write(&issued.certificate, "nothing").unwrap();
    let words = start(&issued).await;
    assert!(words.contains("fullchain.pem holds no certificate in PEM"), "{words}");
    std::fs::remove_file(&issued.certificate).unwrap();
    let words = start(&issued).await;
    assert!(words.contains("fullchain.pem: No such file"), "{words}");
}

#[tokio::test]
async fn a_self_signed_certificate_is_made_once_and_can_be_compared() {
    let names = vec![NAME.to_owned(), "192.0.2.7".to_owned()];
    let tls = || Some(Tls::SelfSigned(names.clone()));
    let house = House::open_with(|options| options.listen.tls = tls()).await;
    let fingerprint = house.reached().fingerprint.clone().unwrap();
    let certificate = house.data.path().join("self-signed.crt");
    let mode = std::fs::metadata(house.data.path().join("self-signed.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let house = house.restart_with(|options| options.listen.tls = tls()).await;
    assert_eq!(house.reached().fingerprint.as_ref(), Some(&fingerprint), "it is the same at the second start");
    let root = tls::root(&certificate);
    for name in [NAME, "192.0.2.7", "localhost", "127.0.0.1", "::1"] {
        let stream = tls::try_connect(house.reached().address, name, root.clone(), "http/1.1").await;
        let stream = stream.unwrap_or_else(|error| panic!("{name}: {error}"));
        let shown = stream.get_ref().1.peer_certificates().unwrap();
        let digest: Vec<String> = Sha256::digest(&shown[0]).iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(digest.join(":"), fingerprint);
    }
    let browser = tls::browser(house.reached().address, root);
    let login = browser.log_in(ALICE.0, ALICE.1).await;
    assert!(text(login.headers(), "set-cookie").starts_with("__Host-tabphone="));
    assert!(!login.headers().contains_key("strict-transport-security"), "nobody could look past a new one");
}

#[tokio::test]
async fn the_program_says_the_fingerprint_and_where_https_is() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &["--self-signed"]);
    let (printed, url) = server.ready();
    assert!(url.starts_with("https://localhost:"), "{url}");
    let fingerprint = printed.trim().strip_prefix("The certificate's SHA-256 fingerprint: ").unwrap();
    assert_eq!(fingerprint.split(':').filter(|byte| u8::from_str_radix(byte, 16).is_ok()).count(), 32, "{printed}");
}

#[tokio::test]
async fn plain_http_is_led_to_https_and_gets_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Issued::in_folder(folder.path()).tls();
    let house = House::open_with(|options| {
        options.listen.tls = tls;
        options.listen.redirect = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let (https, plain) = (house.reached().address.port(), house.reached().redirect.unwrap());
    let client = Client::builder().redirect(redirect::Policy::none()).resolve(NAME, plain).build().unwrap();
    let url = format!("http://{NAME}:{}/history?page=2", plain.port());
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(text(response.headers(), "location"), format!("https://{NAME}:{https}/history?page=2"));
    assert!(!response.headers().contains_key("strict-transport-security"), "RFC 6797 7.2");
    let login = client.post(format!("http://{NAME}:{}/login", plain.port()));
    let login = login.form(&[("extension", ALICE.0), ("password", ALICE.1)]).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::FORBIDDEN);
    assert!(!login.headers().contains_key("set-cookie") && !login.headers().contains_key("location"));
    let socket = client.get(&url).header("connection", "upgrade").header("upgrade", "websocket").send().await.unwrap();
    assert_eq!(socket.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn plain_http_on_the_port_of_https_is_told_what_to_do() {
    let (house, _issued, _folder) = tls::house().await;
    let mut stream = TcpStream::connect(house.reached().address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: phone.example\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("open the same address with https://"), "{answer}");
}
