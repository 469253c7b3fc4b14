//! What happened in the network, to be read by people.

use sip::Instant;
use sip::header::ContentType;
use sip::message::{HeaderName, Headers, KeepAlive, Message, is_keepalive};
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

/// What a message carries.
fn body(headers: &Headers, bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    match headers.get::<ContentType>() {
        Ok(ContentType(kind)) if kind.is("application/sdp") => match super::direction(bytes) {
            Some(direction) => format!(" with description, {direction}"),
            None => " with description".into(),
        },
        Ok(ContentType(kind)) => format!(" with {kind}"),
        Err(_) => " with description".into(),
    }
}

/// The headers that decide what a message means, where it has them.
const SHOWN: [&str; 9] =
    ["Diversion", "RSeq", "RAck", "Refer-To", "Referred-By", "SIP-If-Match", "Min-SE", "Min-Expires", "Retry-After"];

/// Those of a message, in brackets.
fn shown(headers: &Headers) -> String {
    let line = |name: &str| {
        let header = name.parse::<HeaderName>().expect("a name");
        // The dialog that is to be replaced is a random one.
        let short = |value: &str| match value.split_once('?') {
            Some((before, _)) => format!("{before}?…>"),
            None => value.to_string(),
        };
        let values: Vec<String> = headers.raw(&header).map(short).collect();
        (!values.is_empty()).then(|| format!("{name}: {}", values.join(", ")))
    };
    let lines: Vec<String> = SHOWN.iter().filter_map(|name| line(name)).collect();
    if lines.is_empty() { String::new() } else { format!(" [{}]", lines.join("; ")) }
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
            let body = match sip::body::sipfrag::SipFrag::status(&request.body) {
                Some(status) => format!(" of {status} {}", status.reason()),
                None => body(&request.headers, &request.body),
            };
            let replaces = if request.headers.contains(HeaderName::Replaces) { " with Replaces" } else { "" };
            let state = request.headers.get::<sip::header::SubscriptionState>();
            let state = state.map_or_else(|_| String::new(), |state| format!(" {}", state.state));
            let shown = shown(&request.headers);
            format!("{}{state}{replaces}{body}{shown}", request.method)
        }
        Ok(Message::Response(response)) => {
            let (body, shown) = (body(&response.headers, &response.body), shown(&response.headers));
            let cseq = response.headers.get::<sip::header::CSeq>();
            let method = cseq.map_or_else(|error| error.to_string(), |cseq| cseq.method.to_string());
            format!("{} {} ({method}){body}{shown}", response.status, response.reason())
        }
        Err(error) => format!("garbage: {error}"),
    }
}
