//! What the examples run in: phones, and an exchange between them, in one process and in virtual time.
//!
//! [`Office::settle`] is the loop that every user of the crate writes once: what an agent wants sent goes out, what
//! it asks is answered, what it tells is noted, and its deadline is kept. In a browser the connection is a
//! WebSocket, the answers come from `RTCPeerConnection` and the clock from `performance.now()`.

#![allow(dead_code, reason = "no example needs all of it")]
#![allow(unreachable_pub, missing_docs, reason = "it is a part of each example")]

mod event_server;

use event_server::EventServer;
use sip::agent::{Agent, Answer, Body, Config, Event, Input, Output, Question};
use sip::digest::{self, Ha1s};
use sip::message::{KeepAlive, Message, Method, Response, Status};
use sip::proxy::{self, Inbound, Proxy};
use sip::registrar::{self, Admission, Arrival, Domain, Flow, Registrar, Secrets};
use sip::transaction::Reliability;
use sip::{Duration, Instant, Random};
use std::collections::VecDeque;

/// The domain of the exchange, and the realm of its challenges.
pub const DOMAIN: &str = "example.com";
/// An audio offer or answer, as a browser might make it.
pub const AUDIO: &str = include_str!("audio.sdp");
/// The same with a shared screen.
pub const SCREEN: &str = include_str!("screen.sdp");

/// Phones and their exchange.
pub struct Office {
    pub now: Instant,
    registrar: Registrar,
    proxy: Proxy,
    phones: Vec<Phone>,
    /// What is under way, in order.
    wire: VecDeque<Parcel>,
    /// The first lines of what went over the wire, with who sent it.
    pub ladder: Vec<String>,
    /// What users published.
    pub event_server: EventServer,
}

/// One phone, and what its user noticed.
pub struct Phone {
    pub user: &'static str,
    pub agent: Agent,
    pub events: Vec<Event>,
    /// What it says when an offer or an answer is asked for.
    pub describes: &'static str,
}

enum Parcel {
    Opened(usize),
    Up(usize, Vec<u8>),
    Down(usize, Vec<u8>),
}

impl Office {
    /// An office with a phone for each of these users. Nobody is registered yet.
    pub fn new(users: &[&'static str]) -> Self {
        let now = Instant::from_millis(0);
        let domain = || Domain::new(DOMAIN, &[]).expect("it is a name");
        Self {
            now,
            registrar: Registrar::new(registrar::Config::new(domain(), [7; 32]), [1; 32]),
            proxy: Proxy::new(proxy::Config::new(domain(), [7; 32]), [2; 32]),
            phones: users.iter().zip(10..).map(|(user, seed)| Phone::new(user, seed, now)).collect(),
            wire: VecDeque::new(),
            ladder: Vec::new(),
            event_server: EventServer::default(),
        }
    }

    /// All of them registered.
    pub fn open(users: &[&'static str]) -> Self {
        let mut office = Self::new(users);
        for user in users {
            let now = office.now;
            office.phone(user).agent.start(now);
            office.settle();
        }
        office
    }

    /// This user's phone. Call [`Self::settle`] after doing something with its agent.
    pub fn phone(&mut self, user: &str) -> &mut Phone {
        self.phones.iter_mut().find(|phone| phone.user == user).expect("there is such a phone")
    }

    /// Lets everything that is under way arrive, and whatever follows from it.
    pub fn settle(&mut self) {
        self.drain();
        while let Some(parcel) = self.wire.pop_front() {
            match parcel {
                Parcel::Opened(at) => self.opened(at),
                Parcel::Up(at, bytes) => self.arrived(at, &bytes),
                Parcel::Down(at, bytes) => self.input(at, Input::Received(&bytes)),
            }
            self.drain();
        }
    }

    /// Takes a phone's page away, and its connection with it: what was under way on it is lost.
    pub fn close(&mut self, user: &str) {
        let Some(at) = self.phones.iter().position(|phone| phone.user == user) else { return };
        self.wire.retain(
            |parcel| !matches!(parcel, Parcel::Opened(of) | Parcel::Up(of, _) | Parcel::Down(of, _) if *of == at),
        );
        let flow = Flow(at as u64);
        self.registrar.handle(registrar::Input::Closed(flow), self.now);
        self.proxy.handle(proxy::Input::Closed(flow), self.now);
        if let Some(phone) = self.phones.get_mut(at) {
            // A phone that was never started does nothing, like a page that is not there.
            phone.agent = Agent::new(phone.agent.config().clone(), [0; 32], self.now);
            phone.events.clear();
        }
        self.drain();
    }

    /// Lets time pass, with all the timers that run out in it.
    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let phones = self.phones.iter().filter_map(|phone| phone.agent.deadline());
            let next = phones.chain(self.registrar.deadline()).chain(self.proxy.deadline()).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            for at in 0..self.phones.len() {
                self.input(at, Input::Timeout);
            }
            self.registrar.handle(registrar::Input::Timeout, self.now);
            self.proxy.handle(proxy::Input::Timeout, self.now);
            self.settle();
        }
        self.now = end;
    }

    fn input(&mut self, at: usize, input: Input<'_>) {
        if let Some(phone) = self.phones.get_mut(at) {
            phone.agent.handle(input, self.now);
        }
    }

    /// Does what the agents and the exchange want done.
    fn drain(&mut self) {
        for (at, phone) in self.phones.iter_mut().enumerate() {
            while let Some(output) = phone.agent.poll() {
                match output {
                    Output::Connect(_) => self.wire.push_back(Parcel::Opened(at)),
                    Output::Disconnect => {}
                    Output::Transmit(bytes) => self.wire.push_back(Parcel::Up(at, bytes)),
                    Output::Ask(id, question) => {
                        let answer = phone.answer(&question);
                        phone.agent.handle(Input::Answer(id, answer), self.now);
                    }
                    Output::Event(event) => phone.events.push(event),
                }
            }
        }
        self.drain_exchange();
    }

    fn drain_exchange(&mut self) {
        let mut down = |flow: Flow, bytes| {
            if let Ok(at) = usize::try_from(flow.0) {
                self.wire.push_back(Parcel::Down(at, bytes));
            }
        };
        while let Some(output) = self.registrar.poll() {
            match output {
                registrar::Output::Transmit { flow, bytes } => down(flow, bytes),
                registrar::Output::Ask(id, registrar::Question::Credentials { user }) => {
                    self.registrar.handle(registrar::Input::Answer(id, Some(secrets(&user))), self.now);
                }
                registrar::Output::Event(registrar::Event::Bindings { user, bindings, .. }) => {
                    self.proxy.handle(proxy::Input::Bindings { user, bindings }, self.now);
                }
                registrar::Output::Event(registrar::Event::Refreshed { .. } | registrar::Event::Rejected { .. }) => {}
            }
        }
        while let Some(output) = self.proxy.poll() {
            match output {
                proxy::Output::Transmit { flow, bytes } => down(flow, bytes),
                proxy::Output::Ask(id, question) => {
                    self.proxy.handle(proxy::Input::Answer(id, look_up(question)), self.now);
                }
                proxy::Output::Event(_) => {}
            }
        }
    }

    /// A connection stands: its phone has to sign what it sends.
    fn opened(&mut self, at: usize) {
        let arrival = Arrival {
            flow: Flow(at as u64),
            admission: Admission::Digest,
            host: None,
            reliability: Reliability::Reliable,
        };
        self.registrar.handle(registrar::Input::Opened(arrival.clone()), self.now);
        self.proxy.handle(proxy::Input::Opened(arrival), self.now);
        self.input(at, Input::Connected);
    }

    /// A message from a phone reached the exchange.
    fn arrived(&mut self, at: usize, bytes: &[u8]) {
        let flow = Flow(at as u64);
        if let (Some(phone), Ok(message)) = (self.phones.get(at), Message::parse(bytes)) {
            self.ladder.push(format!("{}: {}", phone.user, first_line(&message)));
        }
        match Inbound::read(bytes) {
            Inbound::KeepAlive(KeepAlive::Ping) => self.wire.push_back(Parcel::Down(at, b"\r\n".to_vec())),
            Inbound::Register(request) => {
                self.registrar.handle(registrar::Input::Received { flow, request }, self.now);
            }
            // An exchange would ask for a signature first.
            Inbound::Other(Message::Request(request)) if request.method == Method::Publish => {
                let response = self.event_server.publish(&request);
                self.wire.push_back(Parcel::Down(at, response.to_bytes()));
            }
            Inbound::Other(message) => self.proxy.handle(proxy::Input::Received { flow, message }, self.now),
            Inbound::Refused(response) => self.wire.push_back(Parcel::Down(at, response)),
            Inbound::KeepAlive(KeepAlive::Pong | KeepAlive::Empty) | Inbound::Dropped => {}
        }
    }
}

impl Phone {
    fn new(user: &'static str, seed: u8, now: Instant) -> Self {
        let address = format!("<sip:{user}@{DOMAIN}>").parse().expect("it is an address");
        let registrar = format!("sip:{DOMAIN}").parse().expect("it is a URI");
        let config = Config { max_calls: 2, ..Config::new(address, registrar, &mut Random::new([seed; 32])) };
        Self { user, agent: Agent::new(config, [seed; 32], now), events: Vec::new(), describes: AUDIO }
    }

    /// Whether its user was told of this.
    pub fn noticed(&self, what: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(what)
    }

    /// What an agent cannot know by itself: media, and signatures. The password is nowhere in the agent.
    fn answer(&self, question: &Question) -> Answer {
        match question {
            Question::Offer { .. } | Question::Answer { .. } => {
                Answer::Description(Body { content_type: "application/sdp".into(), bytes: self.describes.into() })
            }
            Question::Digest { challenges, nc, method, uri, body, username } => {
                let Some(challenge) = digest::choose(challenges, digest::Policy::default()) else {
                    return Answer::NoCredentials;
                };
                let ha1 = digest::ha1(&challenge.algorithm(), username, &challenge.realm, &password(username));
                Answer::Credentials(digest::sign(challenge, &ha1, username, method, uri, body, "cnonce", *nc))
            }
            // Nobody here asks for any.
            Question::Token { .. } => Answer::NoCredentials,
        }
    }
}

fn look_up(question: proxy::Question) -> proxy::Answer {
    match question {
        proxy::Question::Credentials { user } => proxy::Answer::Credentials(Some(secrets(&user))),
        proxy::Question::Route { user } => proxy::Answer::Route(Some(registrar::Party { user, name: None }.into())),
        // An office without services: what they would answer goes to the phones, and nothing is kept.
        proxy::Question::Serve { request, .. } => {
            proxy::Answer::Served(Response::to_request(&request, Status::BAD_EVENT))
        }
        proxy::Question::Keep { .. } => proxy::Answer::Kept(Err(proxy::Refusal::Full)),
    }
}

fn secrets(user: &str) -> Secrets {
    Secrets { ha1s: Ha1s::new(user, DOMAIN, &password(user)), name: None }
}

fn password(user: &str) -> String {
    format!("the password of {user}")
}

fn first_line(message: &Message) -> String {
    match message {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => response.status.to_string(),
    }
}
