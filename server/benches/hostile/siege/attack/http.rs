//! Connections, handshakes, headers and bodies.

use super::{CLOSED, LEFT, Siege, closed};
use crate::siege::Failure;
use crate::siege::castle::PER_ADDRESS;
use futures::future::join_all;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// Where these come from.
const SILENT: u8 = 10;
const SLOW: u8 = 11;
const LARGE: u8 = 12;
const GUESSING: u8 = 13;
const MANY: u8 = 14;
/// The first of those that have [`DRIPPERS`] together.
const CROWD: u8 = 100;
const EACH: usize = 200;
const DRIPPERS: usize = 5_000;

/// Time between the bytes of who sends slowly.
const DRIP: Duration = Duration::from_millis(200);
/// The same of five thousand.
const SLOW_DRIP: Duration = Duration::from_secs(2);
/// The beginning of a TLS handshake.
const HELLO: [u8; 6] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01];

pub(super) async fn all(siege: &Siege<'_>) {
    let few = siege.strength.0;
    tokio::join!(
        siege.repeat("a connection without a word", 8 * few, async |_| {
            closed(siege.target.tcp(SILENT).await?).await;
            Ok(CLOSED.into())
        }),
        siege.repeat("half a TLS handshake", 8 * few, async |_| {
            let mut stream = siege.target.tcp(SILENT).await?;
            stream.write_all(&HELLO).await?;
            closed(stream).await;
            Ok(CLOSED.into())
        }),
        siege.repeat("a handshake, and then nothing", 4 * few, async |_| {
            closed(siege.target.http2(SILENT).await?).await;
            Ok(CLOSED.into())
        }),
        siege.repeat("headers byte by byte", 8 * few, async |_| slow_headers(siege, SLOW, DRIP).await),
        siege.repeat("a body that stops", 4 * few, async |_| {
            let mut stream = siege.target.http1(SLOW).await?;
            stream.write_all(&post("/login", 1_000)).await?;
            stream.write_all(b"extension=").await?;
            status(stream).await
        }),
        siege.repeat("headers that are too large", few, async |_| {
            let mut stream = siege.target.http1(LARGE).await?;
            let request =
                format!("GET /login HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n\r\n", "a".repeat(48 * 1024));
            stream.write_all(request.as_bytes()).await?;
            status(stream).await
        }),
        siege.repeat("too many headers", few, async |_| {
            let mut stream = siege.target.http1(LARGE).await?;
            let request = format!("GET /login HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "A: b\r\n".repeat(4_000));
            stream.write_all(request.as_bytes()).await?;
            status(stream).await
        }),
        siege.repeat("a body of a petabyte", few, async |_| huge_body(siege).await),
        siege.repeat("wrong passwords at the login", 2 * few, async |number| {
            let form = format!("extension=8{number:03}&password=letmein");
            let mut stream = siege.target.http1(GUESSING).await?;
            stream.write_all(&post("/login", form.len())).await?;
            stream.write_all(form.as_bytes()).await?;
            status(stream).await
        }),
        crowd(siege),
    );
}

/// Five thousand connections on which headers come byte by byte.
pub(super) async fn drips(siege: &Siege<'_>) {
    let client = async |number: usize| slow_headers(siege, CROWD + (number / EACH) as u8, SLOW_DRIP).await;
    siege.repeat("headers byte by byte, 5,000 connections", DRIPPERS, client).await;
}

async fn slow_headers(siege: &Siege<'_>, from: u8, drip: Duration) -> Result<String, Failure> {
    let (reading, mut writing) = split(siege.target.http1(from).await?);
    let dripping = async {
        writing.write_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\nX: ").await?;
        loop {
            writing.write_all(b"a").await?;
            writing.flush().await?;
            sleep(drip).await;
        }
    };
    let dripping: Result<(), std::io::Error> = tokio::select! {
        _ = closed(reading) => Ok(()),
        ended = dripping => ended,
    };
    dripping?;
    Ok(CLOSED.into())
}

async fn huge_body(siege: &Siege<'_>) -> Result<String, Failure> {
    let (reading, mut writing) = split(siege.target.http1(LARGE).await?);
    let sending = async {
        writing.write_all(&post("/login", 1_000_000_000_000_000)).await?;
        let piece = [b'a'; 16 * 1024];
        loop {
            writing.write_all(&piece).await?;
            // Others of this client want to be served, too.
            tokio::task::yield_now().await;
        }
    };
    let mut answer = pin!(status(reading));
    let _: Result<(), std::io::Error> = tokio::select! {
        biased;
        answer = &mut answer => return answer,
        sent = sending => sent,
    };
    // It was answered before the connection was closed, if it was answered.
    timeout(Duration::from_secs(1), answer).await.unwrap_or_else(|_| Ok(CLOSED.into()))
}

/// Opens more connections from one address than it may have, and holds them.
async fn crowd(siege: &Siege<'_>) {
    const NAME: &str = "connections beyond those of an address";
    while Instant::now() < siege.until {
        let one = async |_: usize| {
            let begun = Instant::now();
            let Ok(stream) = siege.target.tcp(MANY).await else { return };
            let end = match timeout_at(siege.until, closed(stream)).await {
                Ok(_) if begun.elapsed() < Duration::from_secs(1) => "closed at once",
                Ok(_) => CLOSED,
                Err(_) => LEFT,
            };
            siege.note(NAME, end, begun.elapsed());
        };
        join_all((0..PER_ADDRESS + 64).map(one)).await;
    }
}

fn post(path: &str, length: usize) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}

/// The status of the answer; what comes behind it is waited for only as long as it comes at once.
async fn status(mut stream: impl AsyncRead + Unpin) -> Result<String, Failure> {
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).await.is_err() {
        return Ok(CLOSED.into());
    }
    let _ = timeout(Duration::from_secs(1), closed(stream)).await;
    Ok(String::from_utf8_lossy(&answer[9..]).into_owned())
}
