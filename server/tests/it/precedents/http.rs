//! Requests that brought down other servers of HTTP, done to this one.

use super::{head, is_well};
use crate::house::{House, SOON};
use crate::siege::frames;
use crate::tls;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// `ENHANCE_YOUR_CALM`
const CALM: u32 = 11;

#[tokio::test]
async fn a_length_takes_no_memory_and_two_of_them_are_refused() {
    let house = House::open().await;
    let endless = format!("1;{}", "x".repeat(100_000));
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (name, lines, body) in [
        ("a petabyte", "Content-Length: 1000000000000000\r\n", "extension=1"),
        ("more than there are numbers for", "Content-Length: 99999999999999999999999\r\n", "extension=1"),
        ("less than nothing", "Content-Length: -1\r\n", ""),
        ("two lengths", "Content-Length: 11\r\nContent-Length: 4\r\n", "extension=1"),
        ("a length of letters", "Content-Length: all\r\n", ""),
        ("another coding", "Transfer-Encoding: gzip\r\n", "extension=1"),
        ("a chunk of a petabyte", "Transfer-Encoding: chunked\r\n", "fffffffffffff\r\nextension=1"),
        ("a chunk of letters", "Transfer-Encoding: chunked\r\n", "zz\r\n"),
        ("a chunk with words that do not end", "Transfer-Encoding: chunked\r\n", &endless),
    ] {
        let mut stream = TcpStream::connect(house.reached().address).await.unwrap();
        let request = format!("POST /login HTTP/1.1\r\nHost: localhost\r\n{form}{lines}\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        // What is announced does not come.
        stream.shutdown().await.unwrap();
        let answer = head(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{name}: {answer}");
        assert!(!answer.starts_with("HTTP/1.1 401"), "{name} was read as a login: {answer}");
    }
    is_well(&house).await;
}

#[tokio::test]
async fn what_follows_a_request_with_two_ends_is_no_request() {
    let house = House::open().await;
    // Who believes the length sees two requests, and who believes the chunks sees one.
    let hidden = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = TcpStream::connect(house.reached().address).await.unwrap();
    let request = format!(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        5 + hidden.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answers = String::new();
    let mut reading = stream;
    let _ = timeout(Duration::from_secs(1), reading.read_to_string(&mut answers)).await;
    assert!(!answers.contains("ok\n"), "{answers}");
}

/// How the server ends a connection of HTTP/2 on which this is said: with the code of its GOAWAY, if it says one.
async fn http2(house: &House, issued: &tls::Issued, said: impl Fn(u32) -> Vec<u8>) -> Option<u32> {
    let stream = tls::connect(house.reached().address, issued.root(), "h2").await;
    let (mut reading, mut writing) = split(stream);
    let sending = async {
        let mut open = writing.write_all(&frames::http2_begin()).await.is_ok();
        let mut number = 0;
        while open {
            open = writing.write_all(&said(number)).await.is_ok();
            number += 1;
        }
    };
    let ending = async {
        loop {
            let mut head = [0; 9];
            reading.read_exact(&mut head).await.ok()?;
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            reading.read_exact(&mut payload).await.ok()?;
            if head[3] == frames::GOAWAY {
                return Some(u32::from_be_bytes([payload[4], payload[5], payload[6], payload[7]]));
            }
        }
    };
    let ended = async {
        let mut ending = std::pin::pin!(ending);
        tokio::select! {
            biased;
            code = &mut ending => code,
            () = sending => ending.await,
        }
    };
    timeout(SOON, ended).await.expect("it is served on and on")
}

fn get(stream: u32, more: &[u8]) -> Vec<u8> {
    let block = [frames::request(tls::NAME, "/login"), more.to_vec()].concat();
    frames::http2(frames::HEADERS, frames::END_HEADERS | frames::END_STREAM, stream, &block)
}

#[tokio::test]
async fn who_resets_what_they_asked_for_over_and_over_is_cut_off() {
    let (house, issued, _folder) = tls::house().await;
    let reset = |number: u32| {
        let stream = 2 * number + 1;
        [get(stream, &[]), frames::http2(frames::RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
    };
    assert!(matches!(http2(&house, &issued, reset).await, None | Some(CALM)));
    let browser = tls::browser(house.reached().address, issued.root());
    assert_eq!(browser.get("/healthz").await.body(), "ok\n");
}

#[tokio::test]
async fn headers_of_http_2_that_do_not_end_are_not_collected() {
    let (house, issued, _folder) = tls::house().await;
    let literal = frames::literal("x-more", &"a".repeat(1_000));
    let endless = |number: u32| match number {
        0 => frames::http2(frames::HEADERS, frames::END_STREAM, 1, &frames::request(tls::NAME, "/login")),
        _ => frames::http2(frames::HTTP2_CONTINUATION, 0, 1, &literal),
    };
    assert!(matches!(http2(&house, &issued, endless).await, None | Some(CALM | 1)));
    // Nor when there is nothing in them.
    let empty = |number: u32| match number {
        0 => frames::http2(frames::HEADERS, frames::END_STREAM, 1, &frames::request(tls::NAME, "/login")),
        _ => frames::http2(frames::HTTP2_CONTINUATION, 0, 1, &[]),
    };
    assert!(matches!(http2(&house, &issued, empty).await, None | Some(CALM | 1)));
    let browser = tls::browser(house.reached().address, issued.root());
    assert_eq!(browser.get("/healthz").await.body(), "ok\n");
}

#[tokio::test]
async fn a_header_that_is_named_ten_thousand_times_is_not_written_out() {
    let (house, issued, _folder) = tls::house().await;
    let (kept, name) = frames::kept("x-large", &"a".repeat(4_000));
    let bomb = |number: u32| get(2 * number + 1, &[kept.clone(), vec![name; 10_000]].concat());
    // It is refused, and who goes on is cut off.
    assert!(matches!(http2(&house, &issued, bomb).await, None | Some(CALM | 1)));
    let browser = tls::browser(house.reached().address, issued.root());
    assert_eq!(browser.get("/healthz").await.body(), "ok\n");
}
