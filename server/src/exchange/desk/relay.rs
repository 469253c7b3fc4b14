//! What leaves for pages and plain phones, by way of rtpengine where it has to.
//!
//! While the engine is asked, what leaves for the same phone in the same call waits behind: a CANCEL does not overtake its
//! INVITE.

use super::{Desk, now};
use crate::clock;
use crate::exchange::mail::{Order, Outgoing};
use crate::exchange::relay::{self, Engine, EngineError, Leaving, Marked, Relay, unmark};
use serde_json::Value;
use sip::header::{CallId, Warning};
use sip::message::{Message, Request, Response, Status, is_keepalive};
use sip::proxy;
use sip::registrar::Flow;
use std::collections::{HashMap, VecDeque};
use tokio::sync::mpsc::error::TrySendError;

/// What is on its way to phones. Without plain phones everything leaves as it is.
#[derive(Default)]
pub(super) struct Passing {
    /// There are plain phones.
    on: bool,
    pub(super) engine: Option<Engine>,
    /// Sound between plain phones goes through it, too.
    relay_all: bool,
    pub(super) relay: Relay,
    held: HashMap<(Flow, String), VecDeque<Held>>,
    /// The last number given to a question.
    last: u64,
}

/// What leaves next.
enum Held {
    Ready(Message),
    /// When the engine has answered.
    Asking {
        id: u64,
        message: Message,
        /// As it is, should it say nothing.
        direct: bool,
    },
}

/// What the engine said.
pub(in crate::exchange) struct Relayed {
    id: u64,
    flow: Flow,
    call: String,
    body: Result<Vec<u8>, EngineError>,
}

impl Passing {
    pub(super) const fn is_on(&self) -> bool {
        self.on
    }

    /// Asks nothing and waits for nothing: the engine is told.
    pub(super) fn tell(&self, command: Option<Value>) {
        if let (Some(engine), Some(command)) = (self.engine.clone(), command) {
            tokio::spawn(async move {
                if let Err(error) = engine.ask(&command).await {
                    tracing::debug!(%error, "a call that is over was not told");
                }
            });
        }
    }

    /// Nothing leaves there any more.
    pub(super) fn closed(&mut self, flow: Flow) {
        if self.on {
            self.held.retain(|(other, _), _| *other != flow);
        }
    }

    /// Whether what leaves for a page has to be looked at.
    fn concerns(&self, bytes: &[u8]) -> bool {
        let starts = |text: &str| bytes.starts_with(text.as_bytes());
        // A response with a failure, a call, or the end of one.
        let failed = bytes.strip_prefix(b"SIP/2.0 ").and_then(|rest| rest.first()).is_some_and(|digit| *digit >= b'3');
        failed || starts("INVITE ") || starts("BYE ") || !self.held.is_empty() || relay::may_be_marked(bytes)
    }
}

impl Desk {
    /// There are plain phones from now on.
    pub(in crate::exchange) fn serve_plain(&mut self, engine: Option<Engine>, relay_all: bool) {
        self.passing.on = true;
        self.passing.engine = engine;
        self.passing.relay_all = relay_all;
    }

    /// Sends, or closes a connection whose client does not read.
    pub(super) fn transmit(&mut self, flow: Flow, bytes: Vec<u8>) {
        let Some(connection) = self.connections.get(&flow) else { return };
        let plain = connection.edge.is_some();
        if !self.passing.on || is_keepalive(&bytes).is_some() || !(plain || self.passing.concerns(&bytes)) {
            return self.push(flow, Outgoing::Message(bytes));
        }
        // It is ours, and may have grown beyond what may be read: a phone would not read it, either.
        let Ok(mut message) = Message::parse(&bytes) else { return };
        let marked = unmark(&mut message);
        let edge = self.connections.get(&flow).and_then(|connection| connection.edge.as_ref());
        let over = self.passing.relay.ends(&message, &marked, edge);
        self.passing.tell(over);
        self.pass(flow, message, &marked);
    }

    fn pass(&mut self, flow: Flow, mut message: Message, marked: &Marked) {
        let Some(connection) = self.connections.get(&flow) else { return };
        let (edge, has_engine) = (connection.edge.as_ref(), self.passing.engine.is_some());
        let apart = connection.natted || self.passing.relay_all;
        let relay = &mut self.passing.relay;
        match relay.leaves(&message, marked, edge, apart, has_engine, clock::now()) {
            Leaving::AsIs => self.leave(flow, message),
            Leaving::With(body) => {
                set_body(&mut message, body);
                self.leave(flow, message);
            }
            Leaving::Ask { command, direct } => self.ask_engine(flow, message, command, direct),
            Leaving::Refused(words) => self.unrelayed(flow, message, words),
        }
    }

    /// What the engine said to it leaves, and what waited behind it.
    pub(super) fn relayed(&mut self, relayed: Relayed) {
        let Relayed { id, flow, call, body } = relayed;
        let key = (flow, call);
        let Some(waiting) = self.passing.held.get_mut(&key) else { return };
        let is = |held: &Held| matches!(held, Held::Asking { id: other, .. } if *other == id);
        let Some(at) = waiting.iter().position(is) else { return };
        let Some(Held::Asking { mut message, direct, .. }) = waiting.remove(at) else { return };
        let edge = self.connections.get(&flow).and_then(|connection| connection.edge.as_ref());
        match body {
            Ok(body) => {
                self.passing.relay.made(&message, edge, &body, clock::now());
                set_body(&mut message, body);
                waiting.insert(at, Held::Ready(message));
            }
            // RL9.
            Err(error) if direct => {
                tracing::warn!(%error, "the sound of a call goes from phone to phone, which may not reach each other");
                self.passing.relay.goes_directly(&message, edge, clock::now());
                waiting.insert(at, Held::Ready(message));
            }
            Err(error) => {
                tracing::warn!(%error, "a call has no sound between a browser and a phone");
                // Its place is not taken any more.
                if waiting.is_empty() {
                    self.passing.held.remove(&key);
                }
                self.unrelayed(flow, message, relay::SILENT);
            }
        }
        self.flush(&key);
    }

    /// Sends it, or puts it behind what waits.
    fn leave(&mut self, flow: Flow, message: Message) {
        let waiting = call_of(&message).and_then(|call| self.passing.held.get_mut(&(flow, call)));
        match waiting {
            Some(waiting) => waiting.push_back(Held::Ready(message)),
            None => self.push_message(flow, message),
        }
    }

    fn flush(&mut self, key: &(Flow, String)) {
        while let Some(waiting) = self.passing.held.get_mut(key) {
            match waiting.pop_front() {
                Some(Held::Ready(message)) => self.push_message(key.0, message),
                Some(asking @ Held::Asking { .. }) => {
                    waiting.push_front(asking);
                    return;
                }
                None => {
                    self.passing.held.remove(key);
                }
            }
        }
    }

    fn ask_engine(&mut self, flow: Flow, message: Message, command: Value, direct: bool) {
        let (Some(engine), Some(call)) = (self.passing.engine.clone(), call_of(&message)) else { return };
        let waiting = self.passing.held.entry((flow, call.clone())).or_default();
        // A transaction repeats itself.
        if waiting.iter().any(|held| matches!(held, Held::Asking { message: other, .. } if *other == message)) {
            return;
        }
        self.passing.last += 1;
        let (id, orders) = (self.passing.last, self.orders.clone());
        waiting.push_back(Held::Asking { id, message, direct });
        tokio::spawn(async move {
            let answer = engine.ask(&command).await;
            let body = answer.and_then(|answer| {
                let sdp = answer.get("sdp").and_then(Value::as_str);
                sdp.map(|sdp| sdp.as_bytes().to_vec()).ok_or_else(|| EngineError::Refused("no description".to_owned()))
            });
            // Without a desk nobody waits for it any more.
            let _ = orders.send(Order::Relayed(Relayed { id, flow, call, body }));
        });
    }

    /// RL7, RL8: nobody can put it into other words.
    fn unrelayed(&mut self, flow: Flow, message: Message, words: &str) {
        match message {
            Message::Request(request) => {
                self.passing.last += 1;
                let response = not_acceptable(&request, self.passing.last, words);
                let message = Message::Response(response);
                self.proxy.handle(proxy::Input::Received { flow, message }, now());
            }
            Message::Response(mut response) if response.status.is_provisional() => {
                response.body = Vec::new();
                response.headers.remove(sip::message::HeaderName::ContentType);
                self.leave(flow, Message::Response(response));
            }
            Message::Response(response) => {
                let failed = failed(&response, words);
                self.leave(flow, Message::Response(failed));
            }
        }
    }

    fn push_message(&mut self, flow: Flow, mut message: Message) {
        let Some(connection) = self.connections.get(&flow) else { return };
        let port = connection.edge.as_ref().and_then(|edge| edge.sent(&mut message, &self.domain));
        let bytes = message.to_bytes();
        self.push(
            flow,
            port.map_or_else(|| Outgoing::Message(bytes.clone()), |port| Outgoing::ToPort(bytes.clone(), port)),
        );
    }

    fn push(&mut self, flow: Flow, outgoing: Outgoing) {
        let Some(connection) = self.connections.get(&flow) else { return };
        match connection.queue.try_send(outgoing) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.tally.slow += 1;
                self.close(flow);
            }
            Err(TrySendError::Closed(_)) => self.close(flow),
        }
    }
}

fn call_of(message: &Message) -> Option<String> {
    Some(message.headers().get::<CallId>().ok()?.as_str().to_owned())
}

fn set_body(message: &mut Message, body: Vec<u8>) {
    match message {
        Message::Request(request) => request.body = body,
        Message::Response(response) => response.body = body,
    }
}

/// What the phone is said to have answered.
fn not_acceptable(request: &Request, number: u64, words: &str) -> Response {
    let mut response = Response::to_request(request, Status::NOT_ACCEPTABLE_HERE);
    response.set_to_tag(&format!("relay{number}"));
    warn(&mut response, words);
    response
}

/// What the caller is told in place of an answer.
fn failed(answer: &Response, words: &str) -> Response {
    let mut response = Response::new(Status::NOT_ACCEPTABLE_HERE);
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        if let Ok(name) = name.parse() {
            response.headers.copy_from(&answer.headers, &name);
        }
    }
    warn(&mut response, words);
    response
}

/// Pages show these words.
fn warn(response: &mut Response, words: &str) {
    if let Ok(warning) = Warning::new(Warning::MISCELLANEOUS, "tabphone", words) {
        response.headers.push(&warning);
    }
}
