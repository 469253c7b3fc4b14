//! What slow and many clients get: an end, while others are served.

use crate::house::{ALICE, House, SOON, browser};
use crate::tls;
use reqwest::{Client, Method, StatusCode};
use server::client::Proxies;
use server::login::throttle::FREE_PER_ADDRESS;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(300);
/// No deadline that a test waits for.
const LONG: Duration = Duration::from_secs(3600);

async fn connect(house: &House) -> TcpStream {
    TcpStream::connect(house.reached().address).await.unwrap()
}

/// Waits until the server closes, whatever it says before.
async fn closed(mut stream: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    let mut said = Vec::new();
    let end = async { while matches!(stream.read_buf(&mut said).await, Ok(count) if count > 0) {} };
    timeout(SOON, end).await.expect("the connection stays open");
    said
}

async fn is_served(address: SocketAddr) {
    let response = Client::new().get(format!("http://{address}/alive")).send();
    let response = timeout(SOON, response).await.expect("others are not served").unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn who_never_finishes_a_handshake_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let issued = tls::Issued::in_folder(folder.path());
    let tls = issued.tls();
    let house = House::open_with(|options| {
        options.listen.tls = tls;
        options.listen.limits.handshake = SHORT;
    })
    .await;
    let silent = connect(&house).await;
    let mut slow = connect(&house).await;
    // The beginning of a ClientHello.
    slow.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).await.unwrap();
    let browser = tls::browser(house.reached().address, issued.root());
    assert_eq!(browser.get("/alive").await.status(), StatusCode::NO_CONTENT, "others are served");
    assert_eq!(closed(silent).await, b"");
    closed(slow).await;
}

#[tokio::test]
async fn who_never_asks_after_the_handshake_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let issued = tls::Issued::in_folder(folder.path());
    let tls = issued.tls();
    let house = House::open_with(|options| {
        options.listen.tls = tls;
        options.listen.proxies = Proxies::none();
        options.listen.limits.header = SHORT;
    })
    .await;
    for protocol in ["h2", "http/1.1"] {
        closed(tls::connect(house.reached().address, issued.root(), protocol).await).await;
    }
}

#[tokio::test]
async fn who_sends_headers_slowly_is_cut_off_while_others_are_served() {
    let house = House::open_with(|options| {
        options.listen.proxies = Proxies::none();
        options.listen.limits.header = SHORT;
    })
    .await;
    let stream = connect(&house).await;
    let (reading, mut writing) = stream.into_split();
    let dripping = async {
        for byte in b"GET /alive HTTP/1.1\r\nHost: localhost\r\nX: ".iter().chain(std::iter::repeat(&b'a')) {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    let served = async {
        for _ in 0..5 {
            is_served(house.reached().address).await;
        }
    };
    tokio::select! {
        _ = async { tokio::join!(closed(reading), served) } => {}
        () = dripping => {}
    }
}

#[tokio::test]
async fn who_sends_a_body_slowly_is_cut_off_although_it_never_pauses() {
    let house = House::open_with(|options| options.listen.limits.body = 3 * SHORT).await;
    let (reading, mut writing) = connect(&house).await.into_split();
    let head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    let dripping = async {
        let _ = writing.write_all(head.as_bytes()).await;
        while writing.write_all(b"a").await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
        std::future::pending::<()>().await;
    };
    let said = tokio::select! {
        said = closed(reading) => said,
        () = dripping => unreachable!(),
    };
    assert!(said.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&said));
    is_served(house.reached().address).await;
}

#[tokio::test]
async fn headers_have_an_end() {
    let house = House::open().await;
    let long = "a".repeat(40 * 1024);
    for header in [("x-long", long.as_str()), ("cookie", long.as_str())] {
        let request = house.browser().client.get(house.url("/alive")).header(header.0, header.1);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "{}", header.0);
    }
    let mut many = house.browser().client.get(house.url("/alive"));
    for number in 0..200 {
        many = many.header(format!("x-{number}"), "1");
    }
    assert_eq!(many.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let (house, issued, _folder) = tls::house().await;
    let browser = tls::browser(house.reached().address, issued.root());
    let request = browser.ask(Method::GET, "/alive", &[("x-long", &long)], "").await;
    assert!(!request.is_ok_and(|response| response.status().is_success()), "over HTTP/2");
}

#[tokio::test]
async fn one_network_has_so_many_connections_and_a_socket_is_one_of_them() {
    let house = House::open_with(|options| {
        options.listen.proxies = Proxies::none();
        options.listen.limits.per_network = 3;
        options.listen.limits.header = LONG;
    })
    .await;
    // The browser's own connection stays open, as browsers keep them; the tab's socket is the second one.
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("a", None).await;
    tab.granted().await;
    let third = connect(&house).await;
    assert_eq!(closed(connect(&house).await).await, b"", "closed before anything was read");
    drop(third);
    let mut again = connect(&house).await;
    let answered = async {
        loop {
            let _ = again.write_all(b"GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
            let mut first = [0; 12];
            if again.read_exact(&mut first).await.is_ok() {
                break first;
            }
            again = connect(&house).await;
        }
    };
    assert_eq!(&timeout(SOON, answered).await.expect("the place is not free again"), b"HTTP/1.1 204");
}

#[tokio::test]
async fn proxies_have_as_many_connections_as_they_need() {
    let house = House::open_with(|options| options.listen.limits.per_network = 1).await;
    let _idle = [connect(&house).await, connect(&house).await, connect(&house).await];
    is_served(house.reached().address).await;
}

/// Guesses until the address has none left, and then as somebody else.
async fn guesses(house: &House, addresses: [&str; 2]) -> [StatusCode; 2] {
    let browser = browser(house.url(""));
    let guess = async |address: &str, extension: u32| {
        let request = browser.client.post(house.url("/login")).header("x-forwarded-for", address);
        request.form(&[("extension", &*extension.to_string()), ("password", "wrong")]).send().await.unwrap().status()
    };
    for extension in 0..FREE_PER_ADDRESS {
        assert_eq!(guess(addresses[0], 5000 + extension).await, StatusCode::UNAUTHORIZED);
    }
    [guess(addresses[0], 6000).await, guess(addresses[1], 6001).await]
}

#[tokio::test]
async fn a_trusted_proxy_says_whose_guesses_they_are() {
    let house = House::open().await;
    let asked = guesses(&house, ["203.0.113.1", "203.0.113.1, 203.0.113.2"]).await;
    assert_eq!(asked, [StatusCode::TOO_MANY_REQUESTS, StatusCode::UNAUTHORIZED]);
}

#[tokio::test]
async fn nobody_else_says_so() {
    let house = House::open_with(|options| options.listen.proxies = Proxies::none()).await;
    let asked = guesses(&house, ["203.0.113.1", "203.0.113.2"]).await;
    assert_eq!(asked, [StatusCode::TOO_MANY_REQUESTS, StatusCode::TOO_MANY_REQUESTS]);
}
