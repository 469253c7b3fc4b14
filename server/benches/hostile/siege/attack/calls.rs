//! SIP: guesses, what nobody signed, and what people with a password do to others.

use super::{CLOSED, Siege};
use crate::siege::people::{INSIDERS, VICTIMS, phone};
use crate::siege::phone::{Gate, Phone, Stream};
use crate::siege::{DOMAIN, Failure};
use futures::future::join_all;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use sip::message::Method;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

/// Where these come from.
const GUESSING: u8 = 40;
const UNSIGNED: u8 = 41;
const INSIDE: u8 = 42;
const VICTIM: u8 = 50;

/// Who reads nothing, and who is never there; all others among the victims are there and answer nothing.
const DEAF: u32 = VICTIMS.end - 1;
const AWAY: u32 = VICTIMS.end - 2;
/// How long who reads nothing stays so.
const DEAFNESS: Duration = Duration::from_secs(15);
/// How long it takes at most until all of what was sent was read.
const AWAKE: Duration = Duration::from_secs(10);
/// What a large message has.
const LARGE: usize = 60_000;

pub(super) async fn all(siege: &Siege<'_>) {
    let few = siege.strength.0;
    let insiders = INSIDERS.len();
    tokio::join!(
        join_all((VICTIMS.start..AWAY).map(|extension| suffers(siege, extension))),
        siege.repeat("SIP: guessed passwords", few, async |number| guess(siege, number).await),
        siege.repeat("SIP: requests that nobody signed", few, async |_| unsigned(siege).await),
        siege.repeat("SIP: everything to everybody, signed", insiders / 2, async |number| {
            everybody(siege, INSIDERS.start + number as u32).await
        }),
        siege.repeat("SIP: large messages to who reads nothing", insiders / 2, async |number| {
            to_the_deaf(siege, INSIDERS.start + (insiders / 2 + number) as u32).await
        }),
        siege.repeat("SIP: a phone that reads nothing", 1, async |_| deaf(siege).await),
    );
}

/// A phone that is there, reads, and answers nothing.
async fn suffers(siege: &Siege<'_>, extension: u32) {
    while Instant::now() < siege.until {
        let suffering = async {
            let mut phone = Phone::over(siege.target.sip(VICTIM).await?, &extension.to_string(), 0);
            phone.register().await?;
            loop {
                phone.next().await?;
            }
        };
        let _: Result<Result<(), Failure>, _> = timeout_at(siege.until, suffering).await;
        sleep(Duration::from_millis(500)).await;
    }
}

async fn guess(siege: &Siege<'_>, number: usize) -> Result<String, Failure> {
    let mut socket = siege.target.sip(GUESSING).await?;
    let wrong = "username=\"2001\", realm=\"tabphone\", nonce=\"x\", uri=\"sip:tabphone\", response=\"0\"";
    for guess in 0..100 {
        let register = format!(
            "REGISTER sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/WS h.invalid;branch=z9hG4bKg{number}x{guess}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:8000@{DOMAIN}>;tag=1\r\nTo: <sip:8000@{DOMAIN}>\r\nCall-ID: g\r\n\
             CSeq: {guess} REGISTER\r\nAuthorization: Digest {wrong}\r\nContent-Length: 0\r\n\r\n"
        );
        if socket.send(Message::text(register)).await.is_err() {
            break;
        }
    }
    while let Some(message) = socket.next().await {
        if let Message::Close(Some(frame)) = message? {
            return Ok(u16::from(frame.code).to_string());
        }
    }
    Ok(CLOSED.into())
}

async fn unsigned(siege: &Siege<'_>) -> Result<String, Failure> {
    let mut stranger = Phone::over(siege.target.sip(UNSIGNED).await?, "8001", 0);
    loop {
        for victim in VICTIMS {
            for method in [Method::Invite, Method::Subscribe, Method::Message, Method::Options] {
                let request = request(&mut stranger, &method, victim, "", 100);
                if let Some(end) = say(&mut stranger, request).await {
                    return Ok(end);
                }
            }
        }
        // Who shares this thread wants to be served, too.
        tokio::task::yield_now().await;
    }
}

/// As fast as it goes, and with a new connection when that was too fast.
async fn everybody(siege: &Siege<'_>, extension: u32) -> Result<String, Failure> {
    let mut insider = phone(siege.target, INSIDE, &extension.to_string(), 0).await?;
    loop {
        for victim in VICTIMS {
            for method in [Method::Message, Method::Invite, Method::Subscribe, Method::Register] {
                let gate = if method == Method::Register { Gate::Registrar } else { Gate::Proxy };
                let signature = insider.signature(gate, &method, &uri(&method, victim))?;
                let request = request(&mut insider, &method, victim, &signature, 1_000);
                if let Some(end) = say(&mut insider, request).await {
                    return Ok(end);
                }
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Slowly enough not to be cut off.
async fn to_the_deaf(siege: &Siege<'_>, extension: u32) -> Result<String, Failure> {
    let mut insider = phone(siege.target, INSIDE, &extension.to_string(), 0).await?;
    for _ in 0..300 {
        for victim in [DEAF, AWAY] {
            let signature = insider.signature(Gate::Proxy, &Method::Message, &uri(&Method::Message, victim))?;
            let request = request(&mut insider, &Method::Message, victim, &signature, LARGE);
            if let Some(end) = say(&mut insider, request).await {
                return Ok(end);
            }
        }
        sleep(Duration::from_millis(40)).await;
    }
    Ok("sent all of it".into())
}

/// Registers, and then reads nothing; it is cut off if the server closed meanwhile.
async fn deaf(siege: &Siege<'_>) -> Result<String, Failure> {
    let stream: Stream = Box::new(siege.target.narrow(VICTIM).await?);
    let mut phone = Phone::over(siege.target.sip_over(stream).await?, &DEAF.to_string(), 1);
    phone.register().await?;
    sleep(DEAFNESS).await;
    // What was sent before is there still, and then its end, if there was one.
    let reading = async {
        loop {
            if let Err(error) = phone.next().await {
                return code(&error.to_string());
            }
        }
    };
    Ok(timeout(AWAKE, reading).await.unwrap_or_else(|_| "was not cut off".into()))
}

/// Sends, and reads what came: how the server closed, if it did.
async fn say(phone: &mut Phone, request: String) -> Option<String> {
    let sent = phone.send(request).await;
    while let Some(heard) = phone.next().now_or_never() {
        if let Err(error) = heard {
            return Some(code(&error.to_string()));
        }
    }
    sent.err().map(|error| code(&error.to_string()))
}

/// The close code in what a phone says went wrong.
fn code(error: &str) -> String {
    for (name, code) in [("Policy", "1008"), ("Again", "1013"), ("Size", "1009"), ("Away", "1001")] {
        if error.contains(&format!("code: {name}")) {
            return code.into();
        }
    }
    CLOSED.into()
}

fn uri(method: &Method, to: u32) -> String {
    if *method == Method::Register { format!("sip:{DOMAIN}") } else { format!("sip:{to}@{DOMAIN}") }
}

fn request(from: &mut Phone, method: &Method, to: u32, signature: &str, length: usize) -> String {
    let name = method.as_str();
    let start = from.start(name, &uri(method, to), &format!("{name}{to}"));
    let to = if *method == Method::Register { from.user.clone() } else { to.to_string() };
    let (more, length) = if *method == Method::Message {
        ("Content-Type: text/plain\r\n", length)
    } else if *method == Method::Subscribe {
        ("Event: presence\r\nExpires: 600\r\n", 0)
    } else {
        ("", 0)
    };
    format!(
        "{start}To: <sip:{to}@{DOMAIN}>\r\nContact: <sip:{}@{};transport=ws>\r\n{signature}{more}\
         Content-Length: {length}\r\n\r\n{}",
        from.user,
        from.host,
        "m".repeat(length)
    )
}
