//! What stands for an rtpengine: it writes down what it is asked, and puts a line into every description.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

pub struct Engine {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Engine {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<Value>>>::default();
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut bytes = vec![0; 65_536];
            while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                let text = std::str::from_utf8(&bytes[..length]).unwrap();
                let (cookie, question) = text.split_once(' ').unwrap();
                let question: Value = serde_json::from_str(question).unwrap();
                let answer = match question["command"].as_str().unwrap() {
                    "ping" => json!({ "result": "pong" }),
                    "offer" | "answer" => json!({ "result": "ok", "sdp": made(&question) }),
                    _ => json!({ "result": "ok" }),
                };
                if question["command"] != "ping" {
                    seen.lock().unwrap().push(question);
                }
                socket.send_to(format!("{cookie} {answer}").as_bytes(), from).await.unwrap();
            }
        });
        Self { address, asked }
    }

    /// What it was asked, so many of them, and nothing else; then they are forgotten.
    pub async fn asked(&self, count: usize) -> Vec<Value> {
        let all = async {
            while self.asked.lock().unwrap().len() < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let there = timeout(Duration::from_secs(5), all).await;
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        assert!(there.is_ok() && asked.len() == count, "{count}: {asked:#?}");
        asked
    }
}

/// The description as it comes out.
fn made(question: &Value) -> String {
    format!("{}a=by-the-engine\r\n", question["sdp"].as_str().unwrap())
}
