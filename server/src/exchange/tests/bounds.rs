//! What one user, one address and one connection may take, on the wire; and that nobody else notices who takes more.

use super::harness::{Client, Hello, PATIENCE, Server, bye, call_numbered, of_call, options, register, server};
use app::phone::Status;
use futures::future::join_all;
use futures::{SinkExt as _, StreamExt as _};
use sip::message::{Method, Response};
use std::time::Instant;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, client_async};

#[tokio::test]
async fn a_user_has_ten_phones_and_the_next_one_is_refused() {
    let server = server().await;
    let mut phones = Vec::new();
    for place in 0..10 {
        let mut phone = server.tab("1").await;
        phone.send(phone_of("1001", place)).await;
        assert_eq!(phone.response().await.status.code(), 200);
        phones.push(phone);
    }
    let mut another = server.tab("1").await;
    another.send(phone_of("1001", 10)).await;
    assert_eq!(another.response().await.status.code(), 403);
    phones[0].send(phone_of("1001", 0).replace("CSeq: 1", "CSeq: 2").replace("0r1", "0r2")).await;
    assert_eq!(phones[0].response().await.status.code(), 200, "those that are there stay");
    let mut other = server.tab("2").await;
    other.register("1002").await;
}

#[tokio::test]
async fn a_connection_has_so_many_requests_under_way_and_the_next_is_put_off() {
    let server = server().await;
    let (mut caller, mut callee, mut third) = (server.tab("1").await, server.tab("2").await, server.tab("3").await);
    callee.register("1002").await;
    for seq in 0..64 {
        caller.send(message("1001", "1002", seq, 10)).await;
        assert_eq!(callee.request().await.method, Method::Message);
    }
    caller.send(message("1001", "1002", 64, 10)).await;
    let refused = caller.response().await;
    assert_eq!(refused.status.code(), 503);
    assert!(
        refused.headers.raw(&sip::message::HeaderName::RetryAfter).next().is_some(),
        "it is said when to come back"
    );
    third.send(message("1003", "1002", 1, 10)).await;
    assert_eq!(callee.request().await.method, Method::Message, "another connection");
}

#[tokio::test]
async fn a_message_that_is_too_long_is_told_so_and_its_connection_is_closed() {
    let server = server().await;
    let mut tab = server.tab("1").await;
    tab.send(options(1).replace("\r\n\r\n", &format!("\r\nX-Long: {}\r\n\r\n", "x".repeat(9 * 1024)))).await;
    assert_eq!(tab.response().await.status.code(), 513, "one header is too long");
    tab.send(options(2)).await;
    assert_eq!(tab.response().await.status.code(), 200, "the connection goes on");
    tab.send(message("1001", "1002", 3, 65 * 1024)).await;
    assert_eq!(tab.closed().await, 1009);
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_closed_and_delays_nobody() {
    let server = server().await;
    let mut deaf = deaf(&server, "3").await;
    deaf.send(register("1003", 1)).await;
    server.until("1003", Status::Online).await;
    // More than the sockets and its queue hold, from several connections: one has only so much under way.
    let mut senders = Vec::new();
    for _ in 0..8 {
        senders.push(server.tab("1").await);
    }
    let flood = join_all(senders.iter_mut().zip(0..).map(|(sender, place)| async move {
        for seq in 60 * place..60 * (place + 1) {
            sender.send(message("1001", "1003", seq, 30_000)).await;
        }
    }));
    let normal = async {
        let started = Instant::now();
        normal_call(&server, 1).await;
        started.elapsed()
    };
    let (_, took) = tokio::join!(flood, normal);
    println!("a call beside a client that reads nothing: {took:?}");
    server.until("1003", Status::Offline).await;
    drop(deaf);
}

#[tokio::test]
async fn a_call_is_made_beside_every_kind_of_flood() {
    let server = server().await;
    let floods = async {
        tokio::join!(
            pings_until_it_is_cut_off(&server),
            guesses(&server),
            knocks_and_goes(&server),
            says_half_a_sentence(&server),
            calls_nobody(&server),
        )
    };
    let calls = async {
        for number in 1..=3 {
            let started = Instant::now();
            normal_call(&server, number).await;
            println!("a call beside floods: {:?}", started.elapsed());
        }
    };
    tokio::join!(floods, calls);
    normal_call(&server, 4).await;
}

/// Two register, call, and hang up; each call has a number.
async fn normal_call(server: &Server, number: u32) {
    let (mut caller, mut callee) = (server.tab("1").await, server.tab("2").await);
    for (phone, user) in [(&mut caller, "1001"), (&mut callee, "1002")] {
        phone.send(register(user, number)).await;
        assert_eq!(phone.response().await.status.code(), 200);
    }
    let accepted = call_numbered(&mut caller, &mut callee, number).await;
    caller.send(of_call(&bye(&accepted), number)).await;
    let arrived = callee.request().await;
    assert_eq!(arrived.method, Method::Bye);
    let answer = Response::to_request(&arrived, sip::message::Status::OK);
    callee.send(String::from_utf8(answer.to_bytes()).unwrap()).await;
    assert_eq!(caller.response().await.status.code(), 200);
    // Neither is there for the next one.
    for mut phone in [caller, callee] {
        phone.socket.close(None).await.unwrap();
        while phone.socket.next().await.is_some_and(|message| message.is_ok()) {}
    }
}

async fn pings_until_it_is_cut_off(server: &Server) {
    let mut tab = server.tab("3").await;
    for _ in 0..1_000 {
        if tab.socket.send(Message::text("\r\n\r\n")).await.is_err() {
            break;
        }
    }
    assert_eq!(tab.closed().await, 1008);
}

async fn guesses(server: &Server) {
    let mut stranger = server.stranger().await;
    let wrong = "Authorization: Digest username=\"1003\", realm=\"tabphone\", nonce=\"x\", uri=\"sip:tabphone\", response=\"0\"";
    for seq in 1..=10 {
        stranger.send(register("1003", seq).replace("\r\n\r\n", &format!("\r\n{wrong}\r\n\r\n"))).await;
    }
    assert_eq!(stranger.closed().await, 1008);
}

/// Opens connections and drops them, and knocks without a word.
async fn knocks_and_goes(server: &Server) {
    for _ in 0..40 {
        let hello = Hello { query: "", origin: None, cookie: None, protocol: Some("sip") };
        drop(server.connect(hello).await);
        drop(TcpStream::connect(&server.address).await.unwrap());
    }
}

/// Frames and messages that do not end.
async fn says_half_a_sentence(server: &Server) {
    for _ in 0..20 {
        let mut tab = server.tab("3").await;
        let MaybeTlsStream::Plain(socket) = tab.socket.get_mut() else { panic!("it is no TLS") };
        // A masked binary frame of 60,000 bytes, of which a few come.
        socket.write_all(&[0x82, 0xfe, 0xea, 0x60, 1, 2, 3, 4, 5, 6, 7, 8]).await.unwrap();
    }
    let mut tab = server.tab("3").await;
    tab.send(&options(1)[..60]).await;
    tab.socket.send(Message::binary(vec![0xff; 60_000])).await.unwrap();
}

/// As many calls as a connection may begin, to who is not there.
async fn calls_nobody(server: &Server) {
    let mut tab = server.tab("3").await;
    for seq in 0..300 {
        tab.send(message("1003", &format!("9{seq}"), seq, 1_000)).await;
    }
    for _ in 0..300 {
        let status = tab.response().await.status.code();
        assert!(matches!(status, 404 | 503), "{status}");
    }
}

/// A tab that will read nothing, over a socket that holds little.
async fn deaf(server: &Server, account: &str) -> Client {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(server.address.parse().unwrap()).await.unwrap();
    let mut request = format!("ws://{}/sip?epoch=7", server.address).into_client_request().unwrap();
    let own = format!("http://{}", server.address);
    for (name, value) in [("origin", own.as_str()), ("cookie", account), ("sec-websocket-protocol", "sip")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let handshake = client_async(request, MaybeTlsStream::Plain(stream));
    let (socket, _) = timeout(PATIENCE, handshake).await.expect("it opens").unwrap();
    Client { socket }
}

/// The registration of one of several phones.
fn phone_of(user: &str, place: u32) -> String {
    register(user, 1)
        .replace(&format!("<urn:uuid:{user}>"), &format!("<urn:uuid:{user}-{place}>"))
        .replace(&format!("sip:{user}@x.invalid"), &format!("sip:{user}@x{place}.invalid"))
        .replace(&format!("Call-ID: r{user}"), &format!("Call-ID: r{user}{place}"))
        .replace("z9hG4bKr", &format!("z9hG4bK{place}r"))
}

fn message(from: &str, to: &str, seq: u32, length: usize) -> String {
    format!(
        "MESSAGE sip:{to}@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKm{from}{seq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:{from}@tabphone>;tag=1\r\nTo: <sip:{to}@tabphone>\r\nCall-ID: m{from}{seq}\r\n\
         CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{}",
        "m".repeat(length)
    )
}
