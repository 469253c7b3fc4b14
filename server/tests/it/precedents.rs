//! What brought down other servers, done to this one: upgrades, frames of WebSocket, and requests of HTTP. The whole list,
//! with the test of each, is `precedents.md`; the messages of SIP are in `server/src/exchange/tests/precedents.rs`.

mod http;

use crate::house::{ALICE, House, SOON, open_socket};
use crate::siege::frames::{self, BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT};
use app::encoding;
use app::lease::{FromTab, SUBPROTOCOL, ToTab};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PAGE: &str = include_str!("precedents.md");
/// A message that everybody may send, and nobody needs to sign.
const ALIVE: &[u8] = b"\r\n\r\n";

/// A WebSocket whose frames are written by hand.
struct Raw(TcpStream);

impl Raw {
    /// As a SIP client that has not said who it is.
    async fn sip(house: &House) -> Self {
        Self::open(house, "/sip", "Sec-WebSocket-Protocol: sip\r\n").await
    }

    /// As a tab of Alice's that has not said a word.
    async fn line(house: &House) -> Self {
        let alice = house.signed_in(ALICE).await;
        let (origin, cookie) = (&alice.browser.origin, &alice.cookie);
        let lines = format!("Origin: {origin}\r\nCookie: {cookie}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n");
        Self::open(house, "/line", &lines).await
    }

    async fn open(house: &House, path: &str, lines: &str) -> Self {
        let address = house.reached().address;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = head(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        Self(stream)
    }

    async fn send(&mut self, frame: impl AsRef<[u8]>) {
        self.0.write_all(frame.as_ref()).await.unwrap();
    }

    /// The next frame: its opcode and what is in it.
    async fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        timeout(SOON, self.0.read_exact(&mut head)).await.expect("nothing comes").ok()?;
        let length = match head[1] {
            126 => usize::from(self.0.read_u16().await.ok()?),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((head[0] & 0x0f, payload))
    }

    /// The next message, whatever pings come before.
    async fn text(&mut self) -> String {
        loop {
            match self.next().await.expect("the server closed") {
                (TEXT | BINARY, payload) => return String::from_utf8(payload).unwrap(),
                (CLOSE, payload) => panic!("the server closed: {payload:?}"),
                _ => {}
            }
        }
    }

    /// How the server closes: its code, or nothing.
    async fn closed(&mut self) -> Option<u16> {
        loop {
            if let (CLOSE, payload) = self.next().await? {
                return Some(u16::from_be_bytes(*payload.first_chunk()?));
            }
        }
    }

    /// Whether the server still answers here.
    async fn lives(&mut self) {
        self.send(frames::websocket(true, TEXT, ALIVE)).await;
        assert_eq!(self.text().await, "\r\n");
    }
}

/// The head of an answer.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    let reading = async {
        while !answer.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => answer.push(byte),
                Err(_) => break,
            }
        }
    };
    timeout(SOON, reading).await.expect("there is no answer");
    String::from_utf8(answer).unwrap()
}

/// An OPTIONS that nobody signed, which is answered.
fn options() -> Vec<u8> {
    b"OPTIONS sip:tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKo\r\nMax-Forwards: 70\r\n\
      From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:tabphone>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\n\r\n"
        .to_vec()
}

async fn is_well(house: &House) {
    assert_eq!(house.browser().get("/healthz").await.text().await.unwrap(), "ok\n");
}

#[tokio::test]
async fn fragments_without_anything_are_a_part_of_their_message() {
    let house = House::open().await;
    let mut raw = Raw::sip(&house).await;
    let whole = options();
    for pieces in [
        vec![&whole[..], b""],
        vec![&b""[..], &whole[..]],
        vec![&whole[..100], b"", b"", &whole[100..], b""],
        whole.chunks(1).collect(),
    ] {
        let last = pieces.len() - 1;
        for (number, piece) in pieces.into_iter().enumerate() {
            let opcode = if number == 0 { TEXT } else { CONTINUATION };
            raw.send(frames::websocket(number == last, opcode, piece)).await;
        }
        assert!(raw.text().await.starts_with("SIP/2.0 407"));
    }
    // A message of nothing is nothing.
    raw.send(frames::websocket(true, TEXT, b"")).await;
    raw.lives().await;
    // What is said between the fragments is not one of them, and many that are empty are no more than one.
    raw.send(frames::websocket(false, TEXT, &whole[..50])).await;
    raw.send(frames::websocket(false, CONTINUATION, b"").repeat(5_000)).await;
    raw.send(frames::websocket(true, PING, b"between")).await;
    assert_eq!(raw.next().await, Some((PONG, b"between".to_vec())));
    raw.send(frames::websocket(true, CONTINUATION, &whole[50..])).await;
    assert!(raw.text().await.starts_with("SIP/2.0 407"));
    is_well(&house).await;
}

#[tokio::test]
async fn fragments_are_no_way_around_the_size_of_a_message() {
    let house = House::open().await;
    let mut raw = Raw::sip(&house).await;
    raw.send(frames::websocket(false, BINARY, &[b'a'; 30_000])).await;
    raw.send(frames::websocket(false, CONTINUATION, &[b'a'; 30_000])).await;
    raw.send(frames::websocket(true, CONTINUATION, &[b'a'; 30_000])).await;
    assert_eq!(raw.closed().await, Some(1009));
    // One that never ends is cut off once it is longer than all that is read.
    let mut raw = Raw::sip(&house).await;
    raw.send(frames::websocket(false, BINARY, b"a")).await;
    let (mut reading, mut writing) = split(raw.0);
    let endless = frames::websocket(false, CONTINUATION, &[b'a'; 4_000]);
    let writing = async { while writing.write_all(&endless).await.is_ok() {} };
    let reading = async {
        let mut rest = Vec::new();
        let _ = reading.read_to_end(&mut rest).await;
    };
    timeout(SOON, async { tokio::join!(writing, reading) }).await.expect("it is read on and on");
    is_well(&house).await;
}

#[tokio::test]
async fn an_upgrade_that_is_written_to_hurt_is_refused() {
    let house = House::open().await;
    let key = |key: &str| format!("Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n");
    let sip = "Sec-WebSocket-Protocol: sip\r\n";
    let many = "sip2, ".repeat(4_000);
    for (name, lines, refused) in [
        ("no key", format!("Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{sip}"), true),
        ("no version", format!("Connection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n{sip}"), true),
        ("another version", key("eA==").replace("13", "8") + sip, true),
        ("a version that is no number", key("eA==").replace("13", "-1") + sip, true),
        ("a key of twenty kilobytes", key(&"a".repeat(20_000)) + sip, false),
        ("many subprotocols, and ours", format!("{}Sec-WebSocket-Protocol: {many}sip\r\n", key("eA==")), false),
        ("many subprotocols", format!("{}Sec-WebSocket-Protocol: {many}\r\n", key("eA==")), true),
        ("a subprotocol of nothing", format!("{}Sec-WebSocket-Protocol: \r\n", key("eA==")), true),
        ("subprotocols of commas", format!("{}Sec-WebSocket-Protocol: {}\r\n", key("eA=="), ",".repeat(20_000)), true),
        (
            "more than headers may have",
            format!("{}Sec-WebSocket-Protocol: {}\r\n", key("eA=="), "s".repeat(40_000)),
            true,
        ),
        ("no wish for an upgrade", key("eA==").replace("Connection: Upgrade", "Connection: close") + sip, true),
    ] {
        let mut stream = TcpStream::connect(house.reached().address).await.unwrap();
        let request = format!("GET /sip HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = head(&mut stream).await;
        let status = answer.get(9..12).unwrap_or_default();
        assert_eq!(!status.starts_with("101"), refused, "{name}: {answer}");
        assert!(!refused || status.starts_with('4'), "{name}: {answer}");
    }
    is_well(&house).await;
}

#[tokio::test]
async fn a_pong_that_nobody_asked_for_is_nothing() {
    let house = House::open().await;
    let mut raw = Raw::sip(&house).await;
    for payload in [&b""[..], b"why?", &[0xff; 125]] {
        raw.send(frames::websocket(true, PONG, payload)).await;
        raw.lives().await;
    }
    // Before the first word of a tab, and after it.
    let mut line = Raw::line(&house).await;
    let pong = frames::websocket(true, PONG, b"unasked");
    line.send(&pong).await;
    let hello = FromTab::Hello { tab: "a".to_owned(), running: None, loaded: true };
    line.send(frames::websocket(true, BINARY, &encoding::encode(&hello))).await;
    line.send(pong).await;
    line.send(frames::websocket(true, BINARY, &encoding::encode(&FromTab::Alive))).await;
    loop {
        let (opcode, payload) = line.next().await.expect("the server closed");
        if opcode == BINARY && matches!(encoding::decode::<ToTab>(&payload), Ok(ToTab::Alive)) {
            break;
        }
    }
}

#[tokio::test]
async fn pings_and_pongs_count_as_messages() {
    let house = House::open().await;
    for opcode in [PING, PONG] {
        for mut raw in [Raw::sip(&house).await, Raw::line(&house).await] {
            // What is sent when it is closed already is not wanted.
            let _ = raw.0.write_all(&frames::websocket(true, opcode, b"again").repeat(1_000)).await;
            assert_eq!(raw.closed().await, Some(1008));
        }
    }
    is_well(&house).await;
}

#[tokio::test]
async fn what_is_no_frame_closes_its_socket_and_nothing_else() {
    let house = House::open().await;
    let mut other = Raw::sip(&house).await;
    for (name, frame) in [
        ("without a mask", b"\x81\x02hi".to_vec()),
        ("a reserved opcode", frames::websocket(true, 3, b"what?")),
        ("a reserved opcode of control", frames::websocket(true, 11, b"what?")),
        ("a reserved bit", [&[0xc1][..], &frames::websocket(true, TEXT, b"what?")[1..]].concat()),
        ("a ping in fragments", frames::websocket(false, PING, b"are you")),
        ("a ping that is too long", frames::websocket(true, PING, &[b'a'; 126])),
        ("a continuation of nothing", frames::websocket(true, CONTINUATION, b"and so on")),
        (
            "a message within a message",
            [frames::websocket(false, TEXT, b"one"), frames::websocket(true, TEXT, b"two")].concat(),
        ),
        ("text that is none", frames::websocket(true, TEXT, &[0xff, 0xfe])),
        ("a length that is written long", b"\x81\xff\x80\0\0\0\0\0\0\x01\0\0\0\0a".to_vec()),
    ] {
        let mut raw = Raw::sip(&house).await;
        raw.send(frame).await;
        let code = raw.closed().await;
        assert!(matches!(code, None | Some(1002 | 1007 | 1009)), "{name}: {code:?}");
    }
    // Half a code to close with is an end as well.
    let mut raw = Raw::sip(&house).await;
    raw.send(frames::websocket(true, CLOSE, b"\x03")).await;
    raw.closed().await;
    other.lives().await;
    is_well(&house).await;
}

#[tokio::test]
async fn sockets_that_are_dropped_in_any_state_leave_nothing() {
    let house = House::open().await;
    let sockets = async || {
        let text = house.browser().get("/metrics").await.text().await.unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("tabphone_sockets{"));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).sum::<u32>()
    };
    let before = sockets().await;
    let whole = options();
    for turn in 0..60_usize {
        let mut raw = Raw::sip(&house).await;
        match turn % 4 {
            0 => {}
            1 => raw.send(frames::websocket_head(true, TEXT, 40_000)).await,
            2 => raw.send(frames::websocket(true, TEXT, &whole)).await,
            _ => raw.send(frames::websocket(false, TEXT, &whole[..turn])).await,
        }
        // As a browser that is killed: what it was sent is not read any more.
        raw.0.set_zero_linger().unwrap();
    }
    let gone = async {
        while sockets().await != before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, gone).await.expect("sockets are left");
}

#[tokio::test]
async fn there_is_nobody_before_somebody_was_made() {
    let data = tempfile::tempdir().unwrap();
    let mut server = crate::command_line::Server::start(data.path(), &[]);
    let (printed, url) = server.ready();
    assert_eq!(printed, "", "no password is told, as there is none");
    let list = crate::command_line::tabphone(data.path(), &["user", "list"], "");
    assert_eq!(crate::command_line::said(&list.stdout), "");
    let browser = crate::house::browser(url.clone());
    for (extension, password) in [("admin", "admin"), ("1001", "1001"), ("root", "")] {
        assert_eq!(browser.log_in(extension, password).await.status(), 401, "{extension}");
    }
    let headers = [("sec-websocket-protocol", "sip".to_owned())];
    let mut sip = open_socket(&url.replace("localhost", "127.0.0.1"), "/sip", &headers).await.ok().unwrap();
    sip.say_raw(&crate::house::register("1001", 1)).await;
    assert!(sip.hear_raw().await.starts_with("SIP/2.0 401"));
}

/// The rows of the list: what it is, what it means here, and what shows it.
fn rows() -> Vec<[&'static str; 3]> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|line| line.split(" | ").collect::<Vec<_>>());
    let rows = rows.map(|cells| <[&str; 3]>::try_from(cells).unwrap_or_else(|cells| panic!("three cells: {cells:?}")));
    rows.filter(|[name, ..]| *name != "Precedent" && !name.starts_with("---")).collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn every_test_of_the_list_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let all = sources(&root.join("server/tests")).into_iter().chain(sources(&root.join("server/src")));
    let all: BTreeSet<_> =
        all.chain(sources(&root.join("app/sip"))).chain(sources(&root.join("end2end/journeys"))).collect();
    let mut named = 0;
    for [name, _, shown] in rows() {
        for test in shown.trim_matches('`').split("`, `") {
            let (file, test) =
                test.split_once("::").unwrap_or_else(|| panic!("{name}: `file::test` is expected: {test}"));
            let path = all.iter().find(|path| path.ends_with(file));
            let path = path.unwrap_or_else(|| panic!("{name}: there is no file {file}"));
            let text = std::fs::read_to_string(path).unwrap();
            let is_there = match path.extension().and_then(|end| end.to_str()) {
                Some("rs") => text.contains(&format!("fn {test}(")),
                _ => text.contains(&format!("'{test}'")),
            };
            assert!(is_there, "{name}: there is no test {test} in {file}");
            named += 1;
        }
    }
    assert!(named > 60, "the list is read: {named}");
}
