//! A network in virtual time: phones (real agents), one exchange, and the connections between them.
//!
//! Nothing waits: the clock jumps to whatever is next. Every message takes [`LATENCY`]. What a person would see
//! in a sequence diagram is written into a ladder; what a user would notice is kept in each phone's log.
//!
//! The exchange is whatever implements [`Exchange`]: the real one, or a scripted [`Wire`].
//!
//! With [`Network::replace_after`] a phone's page is replaced once, after its n-th input: its agent is saved,
//! serialized, and goes on as another one that was restored from it. [`with_replacements`] runs a
//! again with each such moment.
#![allow(dead_code, unreachable_pub, missing_docs)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ladder;
mod phone;
mod rerun;
mod wire;

pub use ladder::Ladder;
pub use phone::{Phone, Replace, Seen, config, direction};
pub use rerun::{with_cuts, with_replacements};
pub use wire::Wire;

use sip::agent::{Agent, Answer, Body, CallId, Input, MediaFailure, Output, QuestionId, VerbError};
use sip::header::CSeq;
use sip::message::{Message, Method};
use sip::{Duration, Instant};
use std::collections::BTreeMap;

/// How long a message, or opening a connection, takes.
pub const LATENCY: Duration = Duration::from_millis(10);

impl Network<Wire> {
    /// Sends a phone something that a test made, over the exchange.
    pub fn say(&mut self, phone: usize, bytes: Vec<u8>) {
        let user = self.phones[phone].user.clone();
        self.exchange.send(&user, bytes);
        self.drain_exchange();
    }
}

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

    /// Starts a phone, and lets everything settle.
    pub fn start(&mut self, phone: usize) {
        self.act(phone, |agent, now| agent.start(now));
        self.settle();
    }

    pub fn stop(&mut self, phone: usize) {
        self.note(&format!("{} stops", self.phones[phone].user));
        self.act(phone, |agent, now| agent.stop(now));
    }

    /// Calls a user.
    pub fn dial(&mut self, phone: usize, user: &str) -> CallId {
        self.try_dial(phone, user).unwrap()
    }

    pub fn try_dial(&mut self, phone: usize, user: &str) -> Result<CallId, VerbError> {
        self.note(&format!("{} calls {user}", self.phones[phone].user));
        let target = format!("sip:{user}@example.com").parse().unwrap();
        self.act(phone, |agent, now| agent.call(target, now))
    }

    /// The only call of this phone, answered.
    pub fn answer(&mut self, phone: usize) {
        self.verb(phone, "answers", Agent::answer);
    }

    pub fn decline(&mut self, phone: usize) {
        self.verb(phone, "declines", Agent::decline);
    }

    pub fn hang_up(&mut self, phone: usize) {
        self.verb(phone, "hangs up", Agent::hangup);
    }

    pub fn reoffer(&mut self, phone: usize) {
        self.verb(phone, "offers anew", Agent::reoffer);
    }

    pub fn hold(&mut self, phone: usize) {
        self.verb(phone, "holds", Agent::hold);
    }

    pub fn resume(&mut self, phone: usize) {
        self.verb(phone, "resumes", Agent::resume);
    }

    /// Sends these digits, each for a tenth of a second.
    pub fn press(&mut self, phone: usize, digits: &str) {
        for digit in digits.chars().filter_map(sip::agent::Digit::new) {
            let verb = |agent: &mut Agent, id, now| agent.send_digit(id, digit, Duration::from_millis(100), now);
            self.verb(phone, &format!("presses {digit}"), verb);
        }
    }

    /// Candidates of a phone that follow its description.
    pub fn trickle(&mut self, phone: usize, fragment: &str) {
        let body = Body { content_type: "application/trickle-ice-sdpfrag".into(), bytes: fragment.into() };
        self.verb(phone, "finds candidates", |agent, id, now| agent.trickle(id, body, now));
    }

    pub fn fail(&mut self, phone: usize, failure: MediaFailure) {
        self.verb(phone, "loses its media", |agent, id, now| agent.fail(id, failure, now));
    }

    /// Tries something with the first call of a phone, if there is one.
    pub fn with_call(&mut self, phone: usize, verb: impl FnOnce(&mut Agent, CallId) -> Result<(), VerbError>) {
        let call = self.phones[phone].agent.calls().next();
        if let Some(call) = call {
            // A verb that does not fit is refused, and that is all.
            let _ = self.act(phone, |agent, _| verb(agent, call.id));
        }
    }

    /// Lets a phone's user have what its agent wants, after something was done to the agent itself.
    pub fn answer_questions(&mut self, phone: usize) {
        self.carry_out(phone);
    }

    /// Lets a phone's user do something, with its calls by name.
    pub fn on<T>(&mut self, phone: usize, what: &str, verb: impl FnOnce(&mut Agent, Instant) -> T) -> T {
        self.note(&format!("{} {what}", self.phones[phone].user));
        self.act(phone, verb)
    }

    /// Does something with a phone's agent, under a heading.
    pub fn doing<T>(&mut self, phone: usize, what: &str, act: impl FnOnce(&mut Agent, Instant) -> T) -> T {
        self.note(&format!("{} {what}", self.phones[phone].user));
        self.act(phone, act)
    }

    /// Sends a phone a message that nobody sent.
    pub fn deliver(&mut self, phone: usize, bytes: &[u8]) {
        self.ladder.sent(self.now, "exchange", &self.phones[phone].user, bytes);
        self.after(LATENCY, Arrival::ToPhone(phone, bytes.to_vec()));
    }

    /// Answers the oldest question that a phone left open.
    pub fn answer_held(&mut self, phone: usize) {
        let (id, question) = self.phones[phone].held.remove(0);
        let answer = self.phones[phone].answer_to(&question);
        self.act(phone, |agent, now| agent.handle(Input::Answer(id, answer), now));
    }

    /// Cuts a phone's connection, so that both ends notice. What is under way on it is lost.
    pub fn cut(&mut self, phone: usize) {
        self.note(&format!("{} loses its connection", self.phones[phone].user));
        self.close(phone);
        self.act(phone, |agent, now| agent.handle(Input::Disconnected, now));
    }

    /// Cuts a phone's connection so that the phone does not notice: what it sends gets lost.
    pub fn cut_silently(&mut self, phone: usize) {
        self.note(&format!("{} loses its connection, and does not know", self.phones[phone].user));
        self.close(phone);
    }

    /// Says that the network may be back.
    pub fn hint(&mut self, phone: usize) {
        self.act(phone, |agent, now| agent.handle(Input::Hint, now));
    }

    /// Gives a phone a message that nobody sent.
    pub fn inject(&mut self, phone: usize, bytes: &[u8]) {
        self.act(phone, |agent, now| agent.handle(Input::Received(bytes), now));
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

    fn verb(
        &mut self,
        phone: usize,
        what: &str,
        verb: impl FnOnce(&mut Agent, CallId, Instant) -> Result<(), VerbError>,
    ) {
        self.note(&format!("{} {what}", self.phones[phone].user));
        let call = self.phones[phone].agent.calls().next().expect("there is a call").id;
        self.act(phone, |agent, now| verb(agent, call, now)).expect("the verb fits the call");
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
