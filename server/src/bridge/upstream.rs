//! The connection to a PBX, in a task of its own with a bounded queue each way.

use crate::pbx::{ConnectError, Pbx, Socket, Target, stream, websocket};
use axum::extract::ws::close_code;
use futures::{SinkExt as _, StreamExt as _};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

/// How many messages may wait each way; who sends more waits.
const QUEUE: usize = 16;
/// How long one address has to let a connection in.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one message may take to leave.
const SEND: Duration = Duration::from_secs(10);
/// How often the PBX is asked for a sign of life; what stands before it often cuts who is silent for a minute.
const PING: Duration = Duration::from_secs(25);
/// How long it may take to give one.
const PONG: Duration = Duration::from_secs(10);
/// How long the PBX has to say goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// An open connection.
pub(super) struct Upstream {
    /// What is said to the PBX.
    pub(super) to: mpsc::Sender<Say>,
    /// What it says.
    pub(super) from: mpsc::Receiver<Vec<u8>>,
    task: JoinHandle<Closed>,
}

/// What is said to a PBX.
pub(super) enum Say {
    /// This message.
    Message(Vec<u8>),
    /// Goodbye, with this close code.
    Close(u16),
}

/// How a connection ended: a close code that can be passed on, and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) code: u16,
    pub(super) words: String,
}

impl Upstream {
    /// To the first of these addresses that lets it in; the ones before are gone from the list.
    pub(super) async fn open(pbx: &Pbx, targets: &mut VecDeque<Target>) -> Option<Self> {
        while let Some(target) = targets.pop_front() {
            let opened = timeout(CONNECT, connect(pbx, &target)).await;
            let why = match opened {
                Ok(Ok(socket)) => return Some(Self::over(socket)),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer in time".to_owned(),
            };
            tracing::warn!(pbx = pbx.name, address = %target.uri, error = why, "the PBX lets no phone in");
        }
        None
    }

    fn over(socket: Socket) -> Self {
        let (to, said) = mpsc::channel(QUEUE);
        let (heard, from) = mpsc::channel(QUEUE);
        Self { to, from, task: tokio::spawn(run(socket, said, heard)) }
    }

    /// How it ended, once nothing comes any more.
    pub(super) async fn ended(&mut self) -> Closed {
        (&mut self.task).await.unwrap_or_else(|_| Closed::lost("the connection to the telephone system broke"))
    }

    /// Says goodbye, and waits a moment for the answer.
    pub(super) async fn close(self, code: u16) {
        let Self { to, mut from, task } = self;
        let goodbye = async {
            let _ = to.send(Say::Close(code)).await;
            // What comes meanwhile is for nobody.
            while from.recv().await.is_some() {}
            let _ = task.await;
        };
        let _ = timeout(FAREWELL + FAREWELL, goodbye).await;
    }
}

impl Closed {
    fn lost(words: &str) -> Self {
        Self { code: close_code::AGAIN, words: words.to_owned() }
    }

    /// What the PBX said, where it can be said on: some codes are never sent (RFC 6455 7.4.1), and those from 4000 on mean
    /// something of our own to a page.
    fn mirrored(frame: Option<CloseFrame>) -> Self {
        let Some(frame) = frame else { return Self::lost("the telephone system hung up") };
        let code = u16::from(frame.code);
        let code = match code {
            1000..=1003 | 1007..=1013 | 3000..=3999 => code,
            _ => close_code::AGAIN,
        };
        Self { code, words: frame.reason.chars().filter(|sign| !sign.is_control()).take(40).collect() }
    }
}

async fn connect(pbx: &Pbx, target: &Target) -> Result<Socket, ConnectError> {
    let (wire, _) = stream(pbx, target).await?;
    websocket(wire, &target.uri).await
}

async fn run(mut socket: Socket, mut said: mpsc::Receiver<Say>, heard: mpsc::Sender<Vec<u8>>) -> Closed {
    let mut ping = Instant::now() + PING;
    let mut alive: Option<Instant> = None;
    let mut room = None;
    loop {
        let due = alive.map_or(ping, |alive| alive.min(ping));
        tokio::select! {
            say = said.recv() => match say {
                Some(Say::Message(bytes)) => {
                    if let Err(closed) = send(&mut socket, frame(bytes)).await {
                        return closed;
                    }
                }
                Some(Say::Close(code)) => return goodbye(&mut socket, code).await,
                None => return goodbye(&mut socket, close_code::AWAY).await,
            },
            // Nothing is read that nobody has room for: the PBX waits.
            permit = heard.reserve(), if room.is_none() => match permit {
                Ok(permit) => room = Some(permit),
                Err(_) => return goodbye(&mut socket, close_code::AWAY).await,
            },
            message = socket.next(), if room.is_some() => {
                alive = None;
                let bytes = match message {
                    Some(Ok(Message::Text(text))) => Vec::from(Bytes::from(text)),
                    Some(Ok(Message::Binary(bytes))) => Vec::from(bytes),
                    // Pings are answered by the library.
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(frame))) => return Closed::mirrored(frame),
                    Some(Err(Error::Capacity(_))) => {
                        return Closed { code: close_code::SIZE, words: "a SIP message has 64 KiB at most".to_owned() };
                    }
                    Some(Err(_)) | None => return Closed::lost("the telephone system hung up"),
                };
                if let Some(permit) = room.take() {
                    permit.send(bytes);
                }
            }
            () = sleep_until(due) => {
                let now = Instant::now();
                // Where nothing is read, no sign of life can be seen.
                if alive.is_some_and(|alive| alive <= now) && room.is_some() {
                    return Closed::lost("the telephone system gives no sign of life");
                }
                alive = alive.filter(|alive| *alive > now);
                if ping <= now {
                    ping = now + PING;
                    alive = alive.or(Some(now + PONG));
                    if let Err(closed) = send(&mut socket, Message::Ping(Bytes::new())).await {
                        return closed;
                    }
                }
            }
        }
    }
}

async fn send(socket: &mut Socket, message: Message) -> Result<(), Closed> {
    match timeout(SEND, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Closed::lost("the telephone system hung up")),
        Err(_) => Err(Closed::lost("the telephone system does not read")),
    }
}

async fn goodbye(socket: &mut Socket, code: u16) -> Closed {
    let frame = CloseFrame { code: code.into(), reason: "".into() };
    if send(socket, Message::Close(Some(frame))).await.is_ok() {
        let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = socket.next().await {} }).await;
    }
    Closed { code, words: String::new() }
}

/// Many read text only; a body that is no text cannot be sent as such.
fn frame(bytes: Vec<u8>) -> Message {
    match String::from_utf8(bytes) {
        Ok(text) => Message::text(text),
        Err(error) => Message::binary(error.into_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_close_codes_that_mean_the_same_to_a_page_are_passed_on() {
        let code = |code: u16| Closed::mirrored(Some(CloseFrame { code: code.into(), reason: "so\u{7}".into() }));
        for same in [1000, 1001, 1008, 1012, 3333] {
            assert_eq!(code(same), Closed { code: same, words: "so".to_owned() });
        }
        for other in [1005, 1006, 1015, 4001, 4002, 4999] {
            assert_eq!(code(other).code, close_code::AGAIN, "{other}");
        }
        assert_eq!(Closed::mirrored(None).code, close_code::AGAIN);
    }
}
