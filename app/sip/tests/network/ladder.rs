//! What happened in the network, to be read by people.

use sip::Instant;
use sip::header::ContentType;
use sip::message::{Headers, KeepAlive, Message, is_keepalive};
use std::fmt::Write as _;

/// Messages and events so far, one a line.
#[derive(Default)]
pub struct Ladder(String);

impl Ladder {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A heading.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(self.0, "-- {text}");
    }

    /// Somebody was told something.
    pub fn told(&mut self, now: Instant, who: &str, what: &str) {
        let _ = writeln!(self.0, "{:>7} {who}: {what}", now.as_millis());
    }

    /// A message was sent.
    pub fn sent(&mut self, now: Instant, from: &str, to: &str, bytes: &[u8]) {
        let _ = writeln!(self.0, "{:>7} {from} -> {to}: {}", now.as_millis(), first_line(bytes));
    }
}

/// Whether there is a body, and whether it is one of a call.
fn body(headers: &Headers, body: &[u8]) -> &'static str {
    let other = headers.get::<ContentType>().is_ok_and(|content_type| !content_type.is("application/sdp"));
    match (body.is_empty(), other) {
        (true, _) => "",
        (false, false) => " with description",
        (false, true) => " with body",
    }
}

/// What a message is, in short.
fn first_line(bytes: &[u8]) -> String {
    match is_keepalive(bytes) {
        Some(KeepAlive::Ping) => return "ping".into(),
        Some(KeepAlive::Pong) => return "pong".into(),
        Some(KeepAlive::Empty) => return "nothing".into(),
        None => {}
    }
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => {
            let body = body(&request.headers, &request.body);
            format!("{}{body}", request.method)
        }
        Ok(Message::Response(response)) => {
            let body = body(&response.headers, &response.body);
            let cseq = response.headers.get::<sip::header::CSeq>();
            let method = cseq.map_or_else(|error| error.to_string(), |cseq| cseq.method.to_string());
            format!("{} {} ({method}){body}", response.status, response.reason())
        }
        Err(error) => format!("garbage: {error}"),
    }
}
