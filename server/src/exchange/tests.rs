//! The room from outside.

mod harness;

use crate::ports::LineEvents as _;
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_MOVED};
use app::phone::Status;
use futures::SinkExt as _;
use harness::{Hello, PATIENCE, bye, call, options, register, server};
use sip::digest::{self, Algorithm, Policy};
use sip::message::Response;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn who_may_connect() {
    let server = server().await;
    let hello = |query, origin, cookie, protocol| Hello { query, origin, cookie, protocol };
    let (own, sip, one) = (Some("own"), Some("sip"), Some("1"));
    let partner = Some("https://partner.example");
    let evil = Some("https://evil.example");
    for (case, hello, expected) in [
        ("a foreign origin", hello("?epoch=7", evil, one, sip), Err(403)),
        ("a foreign origin without subprotocol", hello("", evil, None, None), Err(403)),
        ("no subprotocol", hello("?epoch=7", own, one, None), Err(400)),
        ("another subprotocol", hello("?epoch=7", own, one, Some("xmpp")), Err(400)),
        ("no session", hello("?epoch=7", own, None, sip), Err(401)),
        ("no epoch", hello("", own, one, sip), Err(409)),
        ("an old epoch", hello("?epoch=6", own, one, sip), Err(409)),
        ("the holder", hello("?epoch=7", own, one, sip), Ok(())),
        ("among other subprotocols", hello("?a=b&epoch=7", own, one, Some("msrp, sip")), Ok(())),
        ("an allowed origin", hello("", partner, None, sip), Ok(())),
        ("no origin", hello("", None, None, sip), Ok(())),
    ] {
        assert_eq!(server.connect(hello).await.map(drop), expected, "{case}");
    }
}

#[tokio::test]
async fn a_session_is_an_extension_and_strangers_sign() {
    let server = server().await;
    let mut tab = server.tab("1").await;
    tab.register("1001").await;
    server.until("1001", Status::Online).await;
    tab.send(register("1002", 1)).await;
    assert_eq!(tab.response().await.status.code(), 403);

    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut stranger = server.stranger().await;
        stranger.send(register("1002", 1)).await;
        let challenge = stranger.response().await;
        assert_eq!(challenge.status.code(), 401);
        let offered: Vec<_> =
            digest::offered(&challenge).into_iter().filter(|one| one.algorithm() == algorithm).collect();
        let chosen = digest::choose(&offered, Policy::default()).unwrap();
        let ha1 = digest::ha1(&algorithm, "1002", "tabphone", "secret");
        let method = sip::message::Method::Register;
        let signed = digest::sign(chosen, &ha1, "1002", &method, "sip:tabphone", &[], "c", 1);
        let again = register("1002", 2).replace("\r\n\r\n", &format!("\r\nAuthorization: {signed}\r\n\r\n"));
        stranger.send(again).await;
        assert_eq!(stranger.response().await.status.code(), 200);
        server.until("1002", Status::Online).await;
    }
}

#[tokio::test]
async fn a_call_goes_on_beside_every_kind_of_nonsense() {
    let server = server().await;
    let (mut caller, mut callee) = (server.tab("1").await, server.tab("2").await);
    caller.register("1001").await;
    callee.register("1002").await;
    let accepted = call(&mut caller, &mut callee).await;
    server.until("1001", Status::InCall).await;
    server.until("1002", Status::InCall).await;

    let mut third = server.tab("3").await;
    third.send(options(1).replace("SIP/2.0\r\nVia", "SIP/9.0\r\nVia")).await;
    assert_eq!(third.response().await.status.code(), 505);
    third.send(options(2).replace("CSeq: 2 OPTIONS", "CSeq: x")).await;
    assert_eq!(third.response().await.status.code(), 400);
    third.send(&options(3)[..40]).await;
    third.send("\u{0}\u{1}\u{2} what?").await;
    third.send("").await;
    third.socket.send(Message::binary(vec![0xff; 1000])).await.unwrap();
    third.send("\r\n\r\n").await;
    assert_eq!(third.text().await, "\r\n", "the connection is still open, and nothing else was answered");
    third.socket.send(Message::binary(options(4).replace("1001", "1003").into_bytes())).await.unwrap();
    assert_eq!(third.response().await.status.code(), 200, "binary is as good as text");
    third.send(bye(&accepted)).await;
    assert_eq!(third.response().await.status.code(), 481, "it is not in that call");
    third.send("x".repeat(65 * 1024)).await;
    assert_eq!(third.closed().await, 1009);

    caller.send(bye(&accepted)).await;
    let arrived = callee.request().await;
    assert_eq!(arrived.method, sip::message::Method::Bye);
    let answer = Response::to_request(&arrived, sip::message::Status::OK);
    callee.send(String::from_utf8(answer.to_bytes()).unwrap()).await;
    assert_eq!(caller.response().await.status.code(), 200);
    server.until("1001", Status::Online).await;
}

#[tokio::test]
async fn who_sends_too_much_is_cut_off() {
    let server = server().await;
    let mut tab = server.tab("1").await;
    for _ in 0..1_000 {
        if tab.socket.send(Message::text("\r\n")).await.is_err() {
            break;
        }
    }
    assert_eq!(tab.closed().await, 1008);
}

#[tokio::test]
async fn who_guesses_passwords_is_cut_off() {
    let server = server().await;
    let mut stranger = server.stranger().await;
    let wrong = "Authorization: Digest username=\"1001\", realm=\"tabphone\", nonce=\"x\", uri=\"sip:tabphone\", response=\"0\"";
    for seq in 1..=10 {
        stranger.send(register("1001", seq).replace("\r\n\r\n", &format!("\r\n{wrong}\r\n\r\n"))).await;
    }
    assert_eq!(stranger.closed().await, 1008);
}

#[tokio::test]
async fn a_line_that_moves_leaves_its_old_socket() {
    let server = server().await;
    let (mut old, mut other) = (server.tab("1").await, server.tab("2").await);
    old.register("1001").await;
    server.neighbours.epochs.lock().unwrap().insert(1, 8);
    server.neighbours.moved.send((1, 8)).unwrap();
    assert_eq!(old.closed().await, CLOSE_MOVED);
    other.register("1002").await;
    let hello = Hello { query: "?epoch=8", origin: Some("own"), cookie: Some("1"), protocol: Some("sip") };
    let mut new = server.connect(hello).await.unwrap();
    new.send(register("1001", 2)).await;
    assert_eq!(new.response().await.status.code(), 200);
    assert_eq!(server.exchange.status("1001"), Status::Online, "nobody saw it go");
}

#[tokio::test]
async fn a_session_that_ends_takes_its_socket_along() {
    let server = server().await;
    let (mut one, mut two) = (server.tab("1").await, server.tab("2").await);
    one.register("1001").await;
    two.register("1002").await;
    server.neighbours.logged_out.lock().unwrap().push(1);
    server.neighbours.ended.send(1).unwrap();
    assert_eq!(one.closed().await, CLOSE_LOGGED_OUT);
    server.exchange.unbind("1001", "urn:uuid:1001");
    server.until("1001", Status::Offline).await;
    assert_eq!(server.exchange.status("1002"), Status::Online);
}

#[tokio::test]
async fn who_closes_is_offline_soon() {
    let server = server().await;
    let mut tab = server.tab("1").await;
    tab.register("1001").await;
    server.until("1001", Status::Online).await;
    drop(tab);
    server.until("1001", Status::Offline).await;
}

#[tokio::test]
async fn stopping_says_goodbye() {
    let server = server().await;
    let mut tab = server.tab("1").await;
    tab.register("1001").await;
    server.stopper.begin();
    assert_eq!(tab.closed().await, 1001);
    drop(tab);
    let hello = Hello { query: "", origin: None, cookie: None, protocol: Some("sip") };
    assert_eq!(server.connect(hello).await.map(drop), Err(503), "nobody else comes in");
    timeout(PATIENCE, server.stopper.finished()).await.expect("nobody is left");
    assert!(!server.serving.is_finished());
}
