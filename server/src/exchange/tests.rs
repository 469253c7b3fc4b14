//! The room from outside.

mod attach;
mod bounds;
mod harness;
mod precedents;
mod storage;
mod torture;
mod trust;

use super::visitors::MAX_STRANGERS;
use crate::ports::LineEvents as _;
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_MOVED};
use app::phone::Status;
use futures::SinkExt as _;
use harness::{Hello, PATIENCE, bye, call, options, register, server, server_with, signed};
use sip::digest::Algorithm;
use sip::message::{Message as SipMessage, Response};
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
        let again = signed("1002", 2, "secret", &algorithm, &challenge);
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
    one.send(options(1)).await;
    assert_eq!(one.response().await.status.code(), 200, "it may still say goodbye");
    server.neighbours.moved.send((1, 8)).unwrap();
    one.send(options(2)).await;
    assert_eq!(one.response().await.status.code(), 200, "even when the line is somebody else's already");
    assert_eq!(one.closed().await, CLOSE_LOGGED_OUT);
    let gone = timeout(std::time::Duration::from_secs(1), server.until("1001", Status::Offline)).await;
    gone.expect("a phone that is not coming back is gone at once");
    assert_eq!(server.exchange.status("1002"), Status::Online);
}

#[tokio::test]
async fn a_binding_that_was_taken_over_stays_when_its_old_session_ends() {
    let server = server().await;
    let mut old = server.tab("1").await;
    old.register("1001").await;
    server.neighbours.logged_out.lock().unwrap().push(1);
    server.neighbours.ended.send(1).unwrap();
    old.send(options(1)).await;
    assert_eq!(old.response().await.status.code(), 200);
    let mut next = server.stranger().await;
    assert_eq!(next.sign_in("1001", "secret").await, 200);
    assert_eq!(old.closed().await, CLOSE_LOGGED_OUT);
    next.send(register("1002", 1)).await;
    assert_eq!(next.response().await.status.code(), 401, "the desk has seen the old one close");
    assert_eq!(server.exchange.status("1001"), Status::Online);
}

#[tokio::test]
async fn guesses_over_several_connections_make_an_extension_wait() {
    let server = server().await;
    for guess in 0..5 {
        assert_eq!(server.stranger().await.sign_in("1001", &format!("guess {guess}")).await, 401);
    }
    assert_eq!(server.stranger().await.sign_in("1001", "secret").await, 401, "right, but too early");
    assert_eq!(server.stranger().await.sign_in("1002", "secret").await, 200, "another extension");
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted_one_by_one() {
    let server = server().await;
    let mut stranger = server.stranger().await;
    stranger.send(register("1001", 1)).await;
    let challenge = stranger.response().await;
    for seq in 2..=8 {
        let password = if seq == 8 { "secret" } else { "wrong" };
        stranger.send(signed("1001", seq, password, &Algorithm::Sha256, &challenge)).await;
    }
    for _ in 2..=8 {
        assert_eq!(stranger.response().await.status.code(), 401);
    }
}

#[tokio::test]
async fn a_phone_that_registers_is_never_throttled_by_itself_nor_by_those_who_guess() {
    let server = server().await;
    for _ in 0..8 {
        assert_eq!(server.stranger().await.sign_in("1001", "secret").await, 200);
    }
    let mut phone = server.stranger().await;
    for seq in 1..=30 {
        phone.send(register("1001", seq)).await;
        assert_eq!(phone.response().await.status.code(), 401, "asked for its password");
    }
    assert_eq!(phone.sign_in("1001", "secret").await, 200);
    for _ in 0..6 {
        assert_eq!(server.stranger().await.sign_in("1001", "guess").await, 401);
    }
    assert_eq!(phone.sign_in("1001", "secret").await, 200, "it proved already who it is");
}

#[tokio::test]
async fn who_does_not_exist_is_refused_like_who_does() {
    let server = server().await;
    let mut answers = Vec::new();
    for user in ["1001", "1009"] {
        let mut stranger = server.stranger().await;
        stranger.send(register(user, 1)).await;
        let challenge = stranger.response().await;
        stranger.send(signed(user, 2, "wrong", &Algorithm::Md5, &challenge)).await;
        let answer = stranger.response().await;
        let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.to_owned()).collect();
        answers.push((answer.status, names));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn who_signs_nothing_does_not_stay() {
    let server = server_with(std::time::Duration::from_millis(1500)).await;
    let (mut idle, mut phone) = (server.stranger().await, server.stranger().await);
    assert_eq!(phone.sign_in("1002", "secret").await, 200);
    idle.send("\r\n\r\n").await;
    idle.send(register("1001", 1)).await;
    assert_eq!(idle.closed().await, 1008, "whatever it says");
    phone.send("\r\n\r\n").await;
    assert_eq!(phone.text().await, "\r\n", "who signed stays");
}

#[tokio::test]
async fn an_address_has_only_so_many_connections_without_a_signature() {
    let server = server().await;
    let mut open = Vec::new();
    for _ in 0..MAX_STRANGERS {
        open.push(server.stranger().await);
    }
    let hello = || Hello { query: "", origin: None, cookie: None, protocol: Some("sip") };
    assert_eq!(server.connect(hello()).await.map(drop), Err(429));
    let _tab = server.tab("1").await;
    assert_eq!(open[0].sign_in("1002", "secret").await, 200);
    open[0].send("\r\n\r\n").await;
    assert_eq!(open[0].text().await, "\r\n");
    let another = server.connect(hello()).await;
    assert!(another.is_ok(), "who signed is not counted any more");
    assert_eq!(server.connect(hello()).await.map(drop), Err(429));
}

#[tokio::test]
async fn a_phone_is_told_how_many_messages_wait() {
    let server = server().await;
    let (mut one, mut two) = (server.tab("1").await, server.tab("2").await);
    two.register("1002").await;
    let request = |line: &str, user: u32, more: &str| {
        format!(
            "{line} SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKs{user}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: s{user}\r\n{more}\r\n"
        )
    };
    let more = "CSeq: 1 SUBSCRIBE\r\nEvent: message-summary\r\nContact: <sip:1002@x.invalid;transport=ws>\r\n";
    two.send(request("SUBSCRIBE sip:1002@tabphone", 1002, more)).await;
    let mut summaries = Vec::new();
    while summaries.len() < 2 {
        let SipMessage::Request(told) = SipMessage::parse(two.text().await.as_bytes()).unwrap() else { continue };
        let is_message = told.method == sip::message::Method::Message;
        let status = if is_message { sip::message::Status::TEMPORARILY_UNAVAILABLE } else { sip::message::Status::OK };
        two.send(String::from_utf8(Response::to_request(&told, status).to_bytes()).unwrap()).await;
        if !is_message {
            summaries.push(String::from_utf8_lossy(&told.body).replace("\r\n", " "));
        }
        if summaries.len() == 1 && !is_message {
            one.send(request("MESSAGE sip:1002@tabphone", 1001, "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n")).await;
        }
    }
    assert!(summaries[0].contains("Messages-Waiting: no"), "{summaries:?}");
    assert!(
        summaries[1].contains("Messages-Waiting: yes") && summaries[1].contains("Text-Message: 1/0"),
        "{summaries:?}"
    );
}

#[tokio::test]
async fn no_phone_is_asked_to_dial_a_code() {
    let server = server().await;
    let (mut one, mut two) = (server.tab("1").await, server.tab("2").await);
    two.register("1002").await;
    let refer = |seq: u32, to: &str| {
        format!(
            "REFER sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKf{seq}\r\nMax-Forwards: 70\r\n\
             From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: f\r\nCSeq: {seq} REFER\r\n\
             Contact: <sip:1001@x.invalid;transport=ws>\r\nRefer-To: {to}\r\n\r\n"
        )
    };
    for (seq, to) in [(1, "<sip:*78@tabphone>"), (2, "sip:%2A721003@tabphone"), (3, "<tel:*78;phone-context=tabphone>")]
    {
        one.send(refer(seq, to)).await;
        assert_eq!(one.response().await.status.code(), 403, "{to}");
    }
    one.send(refer(4, "<sip:1003@tabphone>")).await;
    let asked = two.request().await;
    assert_eq!(asked.headers.raw(&sip::message::HeaderName::CSeq).next(), Some("4 REFER"), "nothing came before");
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
