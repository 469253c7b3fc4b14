//! A phone that registers, in each of its states, and what it wanted of its surroundings.

use super::super::{Agent, CallId, Config, Event, Input, Output, Registration, Server};
use crate::Instant;
use crate::header::Contact;
use crate::message::{Message, Method, Request, Response, Status};
use alloc::vec::Vec;
use core::time::Duration;

/// A phone, its clock, and what it wanted.
pub(super) struct Table {
    pub(super) agent: Agent,
    pub(super) now: Instant,
    /// All requests that were sent.
    pub(super) sent: Vec<Request>,
    /// What it wanted of its transport since this was looked at last.
    pub(super) wanted: Vec<&'static str>,
    pub(super) stopped: usize,
    pub(super) ended: Vec<CallId>,
}

pub(super) fn idle_with(configure: impl FnOnce(&mut Config)) -> Table {
    let mut config = super::config();
    configure(&mut config);
    let now = Instant::from_millis(0);
    let agent = Agent::new(config, [1; 32], now);
    Table { agent, now, sent: Vec::new(), wanted: Vec::new(), stopped: 0, ended: Vec::new() }
}

pub(super) fn idle() -> Table {
    idle_with(|_| {})
}

pub(super) fn waiting() -> Table {
    let mut table = idle();
    table.start();
    table
}

pub(super) fn asking() -> Table {
    let mut table = waiting();
    table.on(Input::Connected);
    table
}

pub(super) fn bound() -> Table {
    let mut table = asking();
    table.accept();
    table
}

pub(super) fn refused(status: Status) -> Table {
    let mut table = asking();
    table.refuse(status);
    table
}

/// A binding that is being refreshed.
pub(super) fn refreshing() -> Table {
    let mut table = bound();
    table.pass(531);
    assert_eq!(table.registers(), 2);
    table
}

pub(super) fn unbinding() -> Table {
    let mut table = bound();
    table.stop();
    table
}

/// On the first of two servers.
pub(super) fn of_two() -> Table {
    let mut table = idle_with(|config| config.servers = Vec::from([Server::default(); 2]));
    table.start();
    table.on(Input::Connected);
    table
}

impl Table {
    pub(super) fn on(&mut self, input: Input<'_>) {
        self.agent.handle(input, self.now);
        self.drain();
    }

    pub(super) fn start(&mut self) {
        self.agent.start(self.now);
        self.drain();
    }

    pub(super) fn stop(&mut self) {
        self.agent.stop(self.now);
        self.drain();
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.agent.poll() {
            match output {
                Output::Connect(_) => self.wanted.push("connect"),
                Output::Disconnect => self.wanted.push("disconnect"),
                Output::Transmit(bytes) if bytes == b"\r\n\r\n" => {
                    self.agent.handle(Input::Received(b"\r\n"), self.now)
                }
                Output::Transmit(bytes) => match Message::parse(&bytes).unwrap() {
                    Message::Request(request) => self.sent.push(request),
                    Message::Response(_) => {}
                },
                Output::Event(Event::Stopped) => self.stopped += 1,
                Output::Event(Event::Ended { call, .. }) => self.ended.push(call),
                Output::Event(_) => {}
                Output::Ask(id, _) => {
                    let offer = super::super::Body { content_type: "application/sdp".into(), bytes: b"v=0".to_vec() };
                    self.agent.handle(Input::Answer(id, super::super::Answer::Description(offer)), self.now);
                }
            }
        }
    }

    /// Lets time pass, in which pings are answered.
    pub(super) fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.agent.deadline().filter(|due| *due <= end) {
            self.now = due;
            self.on(Input::Timeout);
        }
        self.now = end;
    }

    pub(super) fn all(&self, method: &Method) -> Vec<&Request> {
        self.sent.iter().filter(|request| request.method == *method).collect()
    }

    pub(super) fn registers(&self) -> usize {
        self.all(&Method::Register).len()
    }

    pub(super) fn last(&self) -> &Request {
        self.all(&Method::Register).pop().unwrap()
    }

    pub(super) fn answer(&mut self, request: &Request, status: Status, write: impl FnOnce(&mut Response)) {
        let mut response = Response::to_request(request, status);
        response.set_to_tag("registrar");
        write(&mut response);
        let bytes = response.to_bytes();
        self.on(Input::Received(&bytes));
    }

    pub(super) fn accept(&mut self) {
        let register = self.last().clone();
        self.answer(&register, Status::OK, |response| {
            let own = register.headers.get::<Contact>().unwrap();
            response.headers.push_raw("Contact", &std::format!("{own};expires=600")).unwrap();
        });
    }

    pub(super) fn refuse(&mut self, status: Status) {
        let register = self.last().clone();
        self.answer(&register, status, |_| {});
    }

    pub(super) fn wanted(&mut self) -> Vec<&'static str> {
        core::mem::take(&mut self.wanted)
    }

    pub(super) fn is(&self, registration: Registration) -> bool {
        self.agent.registration() == registration
    }

    /// A call whose INVITE found its flow failed.
    pub(super) fn call_that_fails(&mut self) -> CallId {
        let call = self.agent.call("sip:bob@example.com".parse().unwrap(), self.now).unwrap();
        self.drain();
        let invite = self.all(&Method::Invite).pop().unwrap().clone();
        self.answer(&invite, Status::FLOW_FAILED, |_| {});
        call
    }
}
