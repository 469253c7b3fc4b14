//! WebSockets: silent ones, and those that say too much.

use super::{CLOSED, LEFT, Siege, failed};
use crate::siege::Failure;
use crate::siege::frames;
use crate::siege::phone::Stream;
use futures::future::join_all;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::time::{Instant, timeout, timeout_at};

/// Where these come from.
const SILENT: u8 = 30;
const MANY: u8 = 31;
const LOUD: u8 = 32;
const LARGE: u8 = 33;
const BROKEN: u8 = 34;

/// Asks what the server can do, and says who asks.
const OPTIONS: &str = "OPTIONS sip:tabphone SIP/2.0\r\nVia: SIP/2.0/WS h.invalid;branch=z9hG4bKo\r\nMax-Forwards: 70\r\n\
    From: <sip:8000@tabphone>;tag=1\r\nTo: <sip:tabphone>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/// More than an address may have on which nobody signed in.
const CROWD: usize = 80;
/// How long what was said last may be read.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn all(siege: &Siege<'_>) {
    let few = siege.strength.0;
    tokio::join!(
        siege.repeat("a socket without a word", 4 * few, async |_| {
            let (reading, _writing) = split(open(siege, SILENT).await?);
            Ok(end(reading).await)
        }),
        crowd(siege),
        siege.repeat("messages without end", few, async |_| {
            flood(siege, LOUD, &[], &frames::websocket(true, frames::TEXT, b"\r\n").repeat(64)).await
        }),
        siege.repeat("nonsense without end", few, async |_| {
            flood(siege, LOUD, &[], &frames::websocket(true, frames::BINARY, &[0xff; 1_000]).repeat(16)).await
        }),
        siege.repeat("pings without end", few, async |_| {
            flood(siege, LOUD, &[], &frames::websocket(true, frames::PING, b"are you there?").repeat(64)).await
        }),
        siege.repeat("pongs without end", few, async |_| {
            flood(siege, LOUD, &[], &frames::websocket(true, frames::PONG, b"").repeat(64)).await
        }),
        siege.repeat("fragments without end", few, async |_| {
            let first = frames::websocket(false, frames::TEXT, b"OPTIONS ");
            let again = frames::websocket(false, frames::CONTINUATION, b"sip:tabphone SIP");
            flood(siege, LARGE, &first, &again.repeat(1_024)).await
        }),
        siege.repeat("empty fragments without end", few, async |_| {
            let first = frames::websocket(false, frames::TEXT, b"O");
            flood(siege, LARGE, &first, &frames::websocket(false, frames::CONTINUATION, b"").repeat(1_024)).await
        }),
        siege.repeat("a message that is too long", few, async |_| {
            let (reading, mut writing) = split(open(siege, LARGE).await?);
            writing.write_all(&frames::websocket(true, frames::BINARY, &vec![b'a'; 70_000])).await?;
            Ok(end(reading).await)
        }),
        siege.repeat("a frame of a gigabyte", few, async |_| {
            flood(siege, LARGE, &frames::websocket_head(true, frames::BINARY, 1 << 30), &[b'a'; 16 * 1024]).await
        }),
        siege.repeat("half a message", 4 * few, async |_| {
            let (reading, mut writing) = split(open(siege, SILENT).await?);
            writing.write_all(&frames::websocket_head(true, frames::TEXT, 60_000)).await?;
            writing.write_all(&[b'a'; 50_000]).await?;
            Ok(end(reading).await)
        }),
        siege.repeat("what is no frame", few, async |_| {
            let (reading, mut writing) = split(open(siege, BROKEN).await?);
            // No client may send it without a mask.
            writing.write_all(&[0x81, 0x02, b'h', b'i']).await?;
            Ok(end(reading).await)
        }),
        siege.repeat("sockets that are dropped", 2 * few, async |_| {
            drop(open(siege, BROKEN).await?);
            Ok("gone by themselves".into())
        }),
    );
}

/// A thousand messages a second over one connection.
pub(super) async fn thousand(siege: &Siege<'_>) {
    let options = frames::websocket(true, frames::TEXT, OPTIONS.as_bytes()).repeat(10);
    let flood = async |_: usize| {
        let (reading, mut writing) = split(open(siege, LOUD).await?);
        let mut beat = tokio::time::interval(Duration::from_millis(10));
        let sending = async {
            loop {
                beat.tick().await;
                writing.write_all(&options).await?;
            }
        };
        let mut end = std::pin::pin!(end(reading));
        let _: Result<(), std::io::Error> = tokio::select! {
            biased;
            end = &mut end => return Ok(end),
            sent = sending => sent,
        };
        Ok(timeout(FAREWELL, end).await.unwrap_or_else(|_| CLOSED.into()))
    };
    siege.repeat("1,000 messages a second over one connection", 1, flood).await;
}

/// Opens more sockets than an address may have on which nobody signed in.
async fn crowd(siege: &Siege<'_>) {
    const NAME: &str = "sockets beyond those of an address";
    while Instant::now() < siege.until {
        let one = async |_: usize| {
            let begun = Instant::now();
            let opening = async {
                match open(siege, MANY).await {
                    Ok(stream) => end(stream).await,
                    Err(error) => failed(&error),
                }
            };
            let end = timeout_at(siege.until, opening).await.unwrap_or_else(|_| LEFT.into());
            siege.note(NAME, end, begun.elapsed());
        };
        join_all((0..CROWD).map(one)).await;
    }
}

/// A socket whose frames are written by hand.
async fn open(siege: &Siege<'_>, from: u8) -> Result<Stream, Failure> {
    Ok(siege.target.sip(from).await?.into_inner())
}

/// Sends the same over and over until the server ends it.
async fn flood(siege: &Siege<'_>, from: u8, first: &[u8], again: &[u8]) -> Result<String, Failure> {
    let (reading, mut writing) = split(open(siege, from).await?);
    let sending = async {
        if writing.write_all(first).await.is_err() {
            return;
        }
        while writing.write_all(again).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    let mut ending = std::pin::pin!(end(reading));
    tokio::select! {
        biased;
        end = &mut ending => return Ok(end),
        () = sending => {}
    }
    Ok(timeout(FAREWELL, ending).await.unwrap_or_else(|_| CLOSED.into()))
}

/// The code with which the server closes, or that it says nothing. What a server sends has no mask, and is short here.
async fn end(mut stream: impl AsyncRead + Unpin) -> String {
    loop {
        let mut head = [0; 2];
        if stream.read_exact(&mut head).await.is_err() {
            return CLOSED.into();
        }
        let length = match head[1] {
            126 => match stream.read_u16().await {
                Ok(length) => length.into(),
                Err(_) => return CLOSED.into(),
            },
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).await.is_err() {
            return CLOSED.into();
        }
        if head[0] & 0x0f == frames::CLOSE && length >= 2 {
            return u16::from_be_bytes([payload[0], payload[1]]).to_string();
        }
    }
}
