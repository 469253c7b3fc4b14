//! A network in virtual time: phones (real agents), one exchange, and the connections between them.
//!
//! Nothing waits: the clock jumps to whatever is next. Every message takes [`LATENCY`]. What a person would see
//! in a sequence diagram is written into a ladder; what a user would notice is kept in each phone's log.
//!
//! The exchange is whatever implements [`Exchange`]: the real one, or a scripted [`Wire`].
//!
//! With [`Network::replace_after`] a phone's page is replaced once, after its n-th input: its agent is saved,
//! serialized, and goes on as another one that was restored from it. [`with_replacements`] runs a flow
//! again with each such moment.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "several tests share it, each a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ladder;
mod phone;
mod rerun;
mod users;
mod wire;

pub use ladder::Ladder;
pub use phone::{Phone, Replace, Seen, config, direction};
pub use rerun::{with_cuts, with_replacements};
pub use wire::Wire;

use sip::agent::{Agent, Answer, Input, Output, QuestionId};
use sip::header::CSeq;
use sip::message::{Message, Method};
use sip::{Duration, Instant};
use std::collections::BTreeMap;

/// How long a message, or opening a connection, takes.
pub const LATENCY: Duration = Duration::from_millis(10);

/// What phones connect to. Connections are named by numbers that are never used again.
pub trait Exchange {
    /// A phone connected.
    fn opened(&mut self, flow: u64, user: &str, now: Instant);
    /// A connection is gone.
    fn closed(&mut self, flow: u64, now: Instant);
    /// A message arrived.
    fn received(&mut self, flow: u64, bytes: &[u8], now: Instant);
    /// The deadline came.
    fn timeout(&mut self, now: Instant);
    /// The next message to send.
    fn poll(&mut self) -> Option<(u64, Vec<u8>)>;
    /// When `timeout` is due.
    fn deadline(&self) -> Option<Instant>;
    /// A message to this user did not arrive: their connection broke.
    fn undelivered(&mut self, _user: &str, _bytes: Vec<u8>) {}
}

/// The network.
pub struct Network<E> {
    pub now: Instant,
    pub exchange: E,
    phones: Vec<Phone>,
    /// What is under way, by arrival and order.
    under_way: BTreeMap<(Instant, u64), Arrival>,
    order: u64,
    last_flow: u64,
    ladder: Ladder,
    /// Whether connections can be made.
    pub reachable: bool,
    /// The servers to which none can be made.
    pub down: Vec<usize>,
    /// How long timers run after each time that all settled: what was lost with a connection is sent again.
    pub patience: Duration,
}

enum Arrival {
    /// A connection that a phone asked for stands, or cannot be made.
    Opened(usize),
    ToExchange(u64, Vec<u8>),
    ToPhone(usize, Vec<u8>),
}

impl<E: Exchange> Network<E> {
    /// A network with a phone for each of these users.
    pub fn new(exchange: E, users: &[&str]) -> Self {
        let now = Instant::from_millis(0);
        let phones = users.iter().enumerate().map(|(at, user)| Phone::new(user, at, now)).collect();
        Self {
            now,
            exchange,
            phones,
            under_way: BTreeMap::new(),
            order: 0,
            last_flow: 0,
            ladder: Ladder::default(),
            reachable: true,
            down: Vec::new(),
            patience: Duration::ZERO,
        }
    }

    /// Replaces this phone's page once, after so many inputs.
    pub fn replace_after(&mut self, phone: usize, inputs: usize) {
        self.phones[phone].replace = Replace::After(inputs);
    }

    /// Replaces this phone's page after every input.
    pub fn replace_always(&mut self, phone: usize) {
        self.phones[phone].replace = Replace::Always;
    }

    /// How many phones there are.
    pub fn phones(&self) -> usize {
        self.phones.len()
    }

    /// The messages and events so far.
    pub fn ladder(&self) -> &str {
        self.ladder.as_str()
    }

    pub fn phone(&self, phone: usize) -> &Phone {
        &self.phones[phone]
    }

    pub fn phone_mut(&mut self, phone: usize) -> &mut Phone {
        &mut self.phones[phone]
    }

    /// A heading in the ladder.
    pub fn note(&mut self, text: &str) {
        self.ladder.note(text);
    }

    /// Lets messages arrive until none is under way. Timers that are due later do not run.
    pub fn settle(&mut self) {
        while let Some((&(at, _), _)) = self.under_way.first_key_value() {
            self.advance(at);
        }
        if !self.patience.is_zero() {
            self.run(self.patience);
        }
    }

    /// Lets so much time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.next()
            && next <= end
        {
            self.advance(next);
        }
        self.now = end;
    }

    fn next(&self) -> Option<Instant> {
        let arrival = self.under_way.keys().next().map(|(at, _)| *at);
        let phones = self.phones.iter().filter_map(|phone| phone.agent.deadline()).min();
        [arrival, phones, self.exchange.deadline()].into_iter().flatten().min()
    }

    /// Goes to a moment, and does what is due then.
    fn advance(&mut self, to: Instant) {
        self.now = self.now.max(to);
        while let Some(entry) = self.under_way.first_entry()
            && entry.key().0 <= self.now
        {
            let arrival = entry.remove();
            self.arrive(arrival);
        }
        for phone in 0..self.phones.len() {
            if self.phones[phone].agent.deadline().is_some_and(|deadline| deadline <= self.now) {
                self.act(phone, |agent, now| agent.handle(Input::Timeout, now));
            }
        }
        if self.exchange.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.exchange.timeout(self.now);
        }
        self.drain_exchange();
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Opened(phone) if self.reachable && !self.down.contains(&self.phones[phone].server) => {
                self.open(phone);
                self.act(phone, |agent, now| agent.handle(Input::Connected, now));
            }
            Arrival::Opened(phone) => self.act(phone, |agent, now| agent.handle(Input::Disconnected, now)),
            Arrival::ToExchange(flow, bytes) => self.exchange.received(flow, &bytes, self.now),
            Arrival::ToPhone(phone, bytes) => {
                let again = self.phones[phone].received.contains(&bytes);
                self.phones[phone].refreshes = again || is_registered(&bytes);
                self.act(phone, |agent, now| agent.handle(Input::Received(&bytes), now));
                self.phones[phone].received.push(bytes);
            }
        }
        self.drain_exchange();
    }

    /// Lets an agent do something, carries out what it wants, and replaces its page if that is due.
    fn act<T>(&mut self, phone: usize, act: impl FnOnce(&mut Agent, Instant) -> T) -> T {
        let result = act(&mut self.phones[phone].agent, self.now);
        self.carry_out(phone);
        result
    }

    /// What follows an input.
    fn carry_out(&mut self, phone: usize) {
        let mut answers = self.drain_phone(phone);
        if self.phones[phone].is_replaced() {
            // The page that was asked is gone; the next one is asked again.
            answers = self.replace(phone);
        }
        if self.phones[phone].cut_after == Some(self.phones[phone].inputs) && self.phones[phone].flow.is_some() {
            if self.phones[phone].cuts_silently {
                self.cut_silently(phone);
                // The browser says that the network is back.
                self.hint(phone);
            } else {
                self.cut(phone);
            }
        }
        for (id, answer) in answers {
            let now = self.now;
            self.phones[phone].agent.handle(Input::Answer(id, answer), now);
            self.carry_out(phone);
        }
    }

    /// Carries out what an agent wants; the answers that its user has at once are returned.
    fn drain_phone(&mut self, phone: usize) -> Vec<(QuestionId, Answer)> {
        let mut answers = Vec::new();
        while let Some(output) = self.phones[phone].agent.poll() {
            match output {
                Output::Connect(server) => {
                    self.phones[phone].server = server;
                    if !self.phones[phone].agent.config().servers.is_empty() {
                        self.note(&format!("{} goes to server {server}", self.phones[phone].user));
                    }
                    self.after(LATENCY, Arrival::Opened(phone));
                }
                Output::Disconnect => {
                    self.stop_opening(phone);
                    self.close(phone);
                }
                Output::Transmit(bytes) => self.sent(phone, bytes),
                Output::Ask(id, question) => {
                    answers.extend(self.phones[phone].asked(id, &question).map(|answer| (id, answer)));
                }
                Output::Event(event) => {
                    if let Some(line) = self.phones[phone].told(event) {
                        self.ladder.told(self.now, &self.phones[phone].user, &line);
                    }
                }
            }
        }
        answers
    }

    fn drain_exchange(&mut self) {
        while let Some((flow, bytes)) = self.exchange.poll() {
            let Some(phone) = self.phones.iter().position(|phone| phone.flow == Some(flow)) else { continue };
            self.ladder.sent(self.now, "exchange", &self.phones[phone].user, &bytes);
            self.after(LATENCY, Arrival::ToPhone(phone, bytes));
        }
    }

    fn sent(&mut self, phone: usize, bytes: Vec<u8>) {
        self.ladder.sent(self.now, &self.phones[phone].user, "exchange", &bytes);
        self.phones[phone].sent.push(bytes.clone());
        if let Some(flow) = self.phones[phone].flow {
            self.after(LATENCY, Arrival::ToExchange(flow, bytes));
        }
    }

    fn open(&mut self, phone: usize) {
        self.last_flow += 1;
        self.phones[phone].flow = Some(self.last_flow);
        let user = self.phones[phone].user.clone();
        self.exchange.opened(self.last_flow, &user, self.now);
    }

    fn close(&mut self, phone: usize) {
        if let Some(flow) = self.phones[phone].flow.take() {
            let user = self.phones[phone].user.clone();
            let exchange = &mut self.exchange;
            self.under_way.retain(|_, arrival| match arrival {
                Arrival::ToPhone(who, bytes) if *who == phone => {
                    exchange.undelivered(&user, std::mem::take(bytes));
                    false
                }
                Arrival::ToPhone(..) => true,
                Arrival::ToExchange(by, _) => *by != flow,
                Arrival::Opened(_) => true,
            });
            self.exchange.closed(flow, self.now);
        }
    }

    /// A page is replaced by another one that goes on with its agent. The connection is a new one too; nothing
    /// that is under way gets lost.
    fn replace(&mut self, phone: usize) -> Vec<(QuestionId, Answer)> {
        let was_connected = self.phones[phone].flow.is_some();
        self.stop_opening(phone);
        self.phones[phone].restore(self.now);
        if was_connected {
            let flow = self.phones[phone].flow.take();
            self.open(phone);
            let new = self.phones[phone].flow.unwrap();
            for arrival in self.under_way.values_mut() {
                if let Arrival::ToExchange(by, _) = arrival
                    && Some(*by) == flow
                {
                    *by = new;
                }
            }
            if let Some(flow) = flow {
                self.exchange.closed(flow, self.now);
            }
        }
        let answers = self.drain_phone(phone);
        if was_connected {
            self.stop_opening(phone);
            self.phones[phone].refreshes = true;
            self.act(phone, |agent, now| agent.handle(Input::Connected, now));
        }
        self.drain_exchange();
        answers
    }

    fn stop_opening(&mut self, phone: usize) {
        self.under_way.retain(|_, arrival| !matches!(arrival, Arrival::Opened(who) if *who == phone));
    }

    fn after(&mut self, time: Duration, arrival: Arrival) {
        self.order += 1;
        self.under_way.insert((self.now + time, self.order), arrival);
    }
}

/// Whether this answers a REGISTER.
fn is_registered(bytes: &[u8]) -> bool {
    match Message::parse(bytes) {
        Ok(Message::Response(response)) => {
            response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Register)
        }
        Ok(Message::Request(_)) | Err(_) => false,
    }
}
