//! The client of rtpengine: its ng protocol, JSON over UDP. What is asked again has the same cookie, so that it is done once.

use crate::store::key::random_word;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long it has for an answer, each time that it is asked.
const TRIES: [Duration; 3] = [Duration::from_millis(300), Duration::from_millis(700), Duration::from_millis(1_500)];
/// How many questions may be open.
const MOST: usize = 4_096;
/// No answer is larger.
const LARGEST: usize = 64 * 1024;

/// An rtpengine, by the address of its ng protocol.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    socket: Arc<UdpSocket>,
    waiting: Waiting,
    /// What cookies begin with: another process has others.
    name: String,
    last: AtomicU64,
    reader: JoinHandle<()>,
}

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Value>>>>;

/// The engine did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The system has no socket, or no random numbers for it.
    #[error("no socket for rtpengine: {0}")]
    Socket(#[from] std::io::Error),
    /// It did not answer.
    #[error("rtpengine does not answer")]
    Silent,
    /// Too many questions are open.
    #[error("rtpengine is asked too much at once")]
    Busy,
    /// It refused.
    #[error("rtpengine says: {0}")]
    Refused(String),
}

impl Engine {
    /// A client of the engine at this address; nothing is sent yet.
    ///
    /// # Errors
    /// [`EngineError::Socket`].
    pub async fn open(address: SocketAddr) -> Result<Self, EngineError> {
        let any: SocketAddr =
            if address.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
        let socket = Arc::new(UdpSocket::bind(any).await?);
        // Nobody else is heard then.
        socket.connect(address).await?;
        let waiting = Waiting::default();
        let name = random_word(12).map_err(|_| std::io::Error::other("no random numbers"))?;
        let reader = tokio::spawn(read(Arc::clone(&socket), Arc::clone(&waiting)));
        Ok(Self(Arc::new(Inner { socket, waiting, name, last: AtomicU64::new(0), reader })))
    }

    /// Whether it is there.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.ask(&json!({ "command": "ping" })).await.map(|_| ())
    }

    /// Asks it, and again when it says nothing: its answer.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn ask(&self, command: &Value) -> Result<Value, EngineError> {
        let inner = &*self.0;
        let cookie = format!("{}_{}", inner.name, inner.last.fetch_add(1, Ordering::Relaxed));
        let (told, mut answered) = oneshot::channel();
        {
            let mut waiting = lock(&inner.waiting);
            if waiting.len() >= MOST {
                return Err(EngineError::Busy);
            }
            waiting.insert(cookie.clone(), told);
        }
        let _asked = Asked { waiting: &inner.waiting, cookie: &cookie };
        let datagram = format!("{cookie} {command}");
        for patience in TRIES {
            // What cannot be sent now may be a moment later.
            let _ = inner.socket.send(datagram.as_bytes()).await;
            if let Ok(Ok(answer)) = timeout(patience, &mut answered).await {
                return judged(answer);
            }
        }
        Err(EngineError::Silent)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// A question that is forgotten with whoever asked it.
struct Asked<'a> {
    waiting: &'a Waiting,
    cookie: &'a str,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        lock(self.waiting).remove(self.cookie);
    }
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Value>>> {
    // A panic while a question was noted leaves nothing half done.
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(socket: Arc<UdpSocket>, waiting: Waiting) {
    let mut bytes = vec![0; LARGEST];
    loop {
        let Ok(length) = socket.recv(&mut bytes).await else {
            // Nobody listens there: who asked waits in vain, and says so.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let text = bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let Some((cookie, answer)) = text.split_once(' ') else { continue };
        if let Some(asked) = lock(&waiting).remove(cookie)
            && let Ok(answer) = serde_json::from_str(answer)
        {
            // Who asked may have given up.
            let _ = asked.send(answer);
        }
    }
}

fn judged(answer: Value) -> Result<Value, EngineError> {
    match answer.get("result").and_then(Value::as_str) {
        Some("ok" | "pong") => Ok(answer),
        _ => {
            let words = answer.get("error-reason").and_then(Value::as_str).unwrap_or("nothing that can be understood");
            Err(EngineError::Refused(words.chars().take(200).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn engine() -> (UdpSocket, Engine) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let engine = Engine::open(socket.local_addr().unwrap()).await.unwrap();
        (socket, engine)
    }

    async fn hear(socket: &UdpSocket) -> (String, Value, SocketAddr) {
        let mut bytes = [0; 4096];
        let (length, from) = socket.recv_from(&mut bytes).await.unwrap();
        let text = std::str::from_utf8(&bytes[..length]).unwrap();
        let (cookie, question) = text.split_once(' ').unwrap();
        (cookie.to_owned(), serde_json::from_str(question).unwrap(), from)
    }

    #[tokio::test]
    async fn what_is_lost_is_asked_again_with_the_same_cookie() {
        let (socket, engine) = engine().await;
        let answers = async {
            let (first, _, _) = hear(&socket).await;
            let (second, question, from) = hear(&socket).await;
            assert_eq!((&first, &question["command"]), (&second, &json!("ping")));
            // Not ours, no JSON, and then the answer.
            for answer in ["other {\"result\":\"pong\"}", "nonsense", &format!("{first} {{\"result\":\"pong\"}}")] {
                socket.send_to(answer.as_bytes(), from).await.unwrap();
            }
        };
        let (asked, ()) = tokio::join!(engine.ping(), answers);
        asked.unwrap();
        assert!(lock(&engine.0.waiting).is_empty());
    }

    #[tokio::test]
    async fn a_refusal_and_silence_are_told_apart() {
        let (socket, engine) = engine().await;
        let refuses = async {
            let (cookie, _, from) = hear(&socket).await;
            let answer = format!("{cookie} {{\"result\":\"error\",\"error-reason\":\"no port\"}}");
            socket.send_to(answer.as_bytes(), from).await.unwrap();
        };
        let (asked, ()) = tokio::join!(engine.ping(), refuses);
        assert_eq!(asked.unwrap_err().to_string(), "rtpengine says: no port");
        drop(socket);
        assert!(matches!(engine.ping().await, Err(EngineError::Silent)));
        assert!(lock(&engine.0.waiting).is_empty());
    }
}
