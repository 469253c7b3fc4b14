//! Reads an input as a sequence of steps: what the bodies of the machines go by.

use sip::message::{Message, Response, Status};

/// The steps that are left.
pub struct Script<'a>(pub &'a [u8]);

/// No machine may say more than this to one input: it can be told of that many calls, transactions and phones at
/// most by the steps of one script, and says a few things of each.
pub const OUTPUTS: usize = 600;

/// The number of steps of one script.
pub const STEPS: usize = 64;

impl<'a> Script<'a> {
    /// One byte; 0 when there are no more.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The bytes up to the next 0xFF, which is no part of UTF-8, and never of what is sensible.
    pub fn chunk(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == 0xff).unwrap_or(self.0.len());
        let (chunk, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        chunk
    }

    /// The same as text.
    pub fn text(&mut self) -> &'a str {
        std::str::from_utf8(self.chunk()).unwrap_or_default()
    }

    /// A time: seldom long.
    pub fn millis(&mut self) -> u64 {
        1 << (self.byte() % 20)
    }
}

/// The answer to a request that was sent, with any status, and lines and a body of the script.
pub fn answer(sent: &[u8], script: &mut Script<'_>) -> Option<Vec<u8>> {
    let Ok(Message::Request(request)) = Message::parse(sent) else { return None };
    let codes = [100, 180, 183, 200, 202, 302, 401, 403, 404, 407, 408, 423, 481, 486, 487, 491, 500, 503, 603];
    let code = codes[usize::from(script.byte()) % codes.len()];
    let mut response = Response::to_request(&request, Status::new(code)?);
    response.set_to_tag("there");
    for line in script.text().split('\n') {
        if let Some((name, value)) = line.split_once(':') {
            let _ = response.headers.push_raw(name, value);
        }
    }
    response.body = script.chunk().into();
    Some(response.to_bytes())
}

/// What is sent is a message that others can read, or keeps a connection open.
pub fn readable(bytes: &[u8]) {
    if sip::message::is_keepalive(bytes).is_some() {
        return;
    }
    let message = Message::parse(bytes).unwrap_or_else(|error| panic!("{error} of {}", bytes.escape_ascii()));
    assert_eq!(message.to_bytes().escape_ascii().to_string(), bytes.escape_ascii().to_string());
    // The answer to an incomplete request is as incomplete.
    let repeats = match &message {
        Message::Response(response) => response.status == Status::BAD_REQUEST,
        Message::Request(_) => false,
    };
    let valid = message.validate();
    assert!(repeats || valid.is_ok(), "{valid:?} of {}", bytes.escape_ascii());
}
